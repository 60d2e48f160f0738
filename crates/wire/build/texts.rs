//! Writes what the comments of `proto/` say of families, kinds, fields and words.
//!
//! A comment is prose, then lines of a key: `vi:` the Vietnamese name, `when:` when to send it,
//! `refused:` a code and its condition, `subject:` or `subject of KIND:`, `unit:`. A line of a key
//! goes on until the next key or an empty line.

use std::error::Error;
use std::fmt::Write;

use protox::prost_reflect::prost_types::FileDescriptorProto;
use protox::prost_reflect::{EnumDescriptor, FileDescriptor, Kind as Type, MessageDescriptor};

use crate::{Kind, list_name, part_module, pascal, stem};

/// The place of `syntax` in a descriptor of a file: what stands before it speaks of the file.
const SYNTAX: &[i32] = &[12];

/// A comment, taken apart.
struct Comment {
    about: String,
    keyed: Vec<(String, String)>,
}

impl Comment {
    fn at(file: &FileDescriptorProto, path: &[i32]) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let text = locations
            .filter(|location| location.path == path)
            .find_map(|location| location.leading_comments.as_deref());
        let mut comment = Self { about: String::new(), keyed: Vec::new() };
        let mut in_key = false;
        for line in text.unwrap_or_default().lines().map(str::trim) {
            let keyed = line.split_once(": ").filter(|(key, _)| is_key(key));
            if let Some((key, value)) = keyed {
                comment.keyed.push((key.to_owned(), value.to_owned()));
                in_key = true;
            } else if line.is_empty() {
                in_key = false;
            } else {
                let last = comment.keyed.last_mut().filter(|_| in_key);
                let text = last.map_or(&mut comment.about, |(_, value)| value);
                text.push_str(if text.is_empty() { "" } else { " " });
                text.push_str(line);
            }
        }
        comment
    }

    /// What the comment says at this key; what must be said and is not stops the build.
    fn of(&self, key: &str, what: &str) -> Result<&str, Box<dyn Error>> {
        let found = self.keyed.iter().find(|(name, _)| name == key);
        let missing = || format!("{what}: its comment has no line `{key}:`").into();
        found.map(|(_, value)| value.as_str().trim_end_matches('.')).ok_or_else(missing)
    }

    fn about(&self, what: &str) -> Result<&str, Box<dyn Error>> {
        if self.about.is_empty() {
            return Err(format!("{what} has no comment").into());
        }
        Ok(&self.about)
    }
}

fn is_key(key: &str) -> bool {
    matches!(key, "vi" | "when" | "refused" | "subject" | "unit") || key.starts_with("subject of ")
}

/// The tables of `describe.rs`.
pub(crate) fn write(kinds: &[Kind]) -> Result<String, Box<dyn Error>> {
    let mut texts = Texts { text: String::new(), parts: Vec::new(), sets: Vec::new() };
    texts.families(kinds)?;
    texts.kinds(kinds)?;
    let mut place = 0;
    while let Some(message) = texts.parts.get(place).cloned() {
        let name = part_module(&message).to_ascii_uppercase();
        writeln!(texts.text, "\nconst {name}: &[FieldText] = &[")?;
        texts.fields(&message)?;
        texts.text.push_str("];\n");
        place += 1;
    }
    for set in std::mem::take(&mut texts.sets) {
        texts.set(&set)?;
    }
    Ok(texts.text)
}

struct Texts {
    text: String,
    parts: Vec<MessageDescriptor>,
    sets: Vec<EnumDescriptor>,
}

impl Texts {
    fn families(&mut self, kinds: &[Kind]) -> Result<(), Box<dyn Error>> {
        self.text.push_str(super::LONG);
        self.text.push_str("const fn family_text(family: Family) -> &'static FamilyText {\n");
        self.text.push_str("match family {\n");
        let mut files: Vec<&FileDescriptor> = kinds.iter().map(|kind| &kind.file).collect();
        files.dedup();
        for file in files {
            let name = stem(file);
            let comment = Comment::at(file.file_descriptor_proto(), SYNTAX);
            writeln!(
                self.text,
                "Family::{} => &FamilyText {{ about: {:?}, vietnamese: {:?}, file: {:?} }},",
                pascal(&name),
                comment.about(&name)?,
                comment.of("vi", &name)?,
                file.name(),
            )?;
        }
        self.text.push_str("}\n}\n");
        Ok(())
    }

    fn kinds(&mut self, kinds: &[Kind]) -> Result<(), Box<dyn Error>> {
        self.text.push('\n');
        self.text.push_str(super::LONG);
        self.text.push_str("const fn kind_text(kind: Kind) -> &'static KindText {\nmatch kind {\n");
        for kind in kinds {
            let name = format!("{}.{}", kind.family, kind.word);
            let message = &kind.message;
            let comment = Comment::at(message.parent_file_descriptor_proto(), message.path());
            let of_family = Comment::at(kind.file.file_descriptor_proto(), SYNTAX);
            let unit = of_family.of("unit", &name).unwrap_or("the unit that speaks");
            write!(
                self.text,
                "{} => &KindText {{ about: {:?}, vietnamese: {:?}, when: {:?}, subject: {:?}, \
                 unit: {unit:?}, example: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \
                 \"/../../proto/golden/{name}.json\")), refused: &[",
                kind.value().replace("Self::", "Kind::"),
                comment.about(&name)?,
                comment.of("vi", &name)?,
                comment.of("when", &name)?,
                subject(&of_family, kind, &name)?,
            )?;
            for (_, refused) in comment.keyed.iter().filter(|(key, _)| key == "refused") {
                let (code, condition) = refused
                    .split_once(' ')
                    .ok_or_else(|| format!("{name}: `refused:` is a code and its condition"))?;
                write!(self.text, "({code:?}, {condition:?}), ")?;
            }
            self.text.push_str("], fields: &[\n");
            self.fields(message)?;
            self.text.push_str("] },\n");
        }
        self.text.push_str("}\n}\n");
        Ok(())
    }

    /// The fields of a message, by number as in the table of the kind.
    fn fields(&mut self, message: &MessageDescriptor) -> Result<(), Box<dyn Error>> {
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(protox::prost_reflect::FieldDescriptor::number);
        for field in fields {
            let name = field.full_name();
            let file = field.parent_message().parent_file();
            let comment = Comment::at(file.file_descriptor_proto(), field.path());
            let set = if let Type::Enum(set) = field.kind() {
                let list = list_name(&set);
                if !self.sets.contains(&set) {
                    self.sets.push(set);
                }
                format!("Some(&{list})")
            } else {
                "None".to_owned()
            };
            let parts = if let Type::Message(part) = field.kind() {
                let list = part_module(&part).to_ascii_uppercase();
                if !self.parts.contains(&part) {
                    self.parts.push(part);
                }
                list
            } else {
                "&[]".to_owned()
            };
            let (about, vietnamese) = (comment.about(name)?, comment.of("vi", name)?);
            writeln!(
                self.text,
                "FieldText {{ about: {about:?}, vietnamese: {vietnamese:?}, set: {set}, parts: {parts} }},"
            )?;
        }
        Ok(())
    }

    fn set(&mut self, set: &EnumDescriptor) -> Result<(), Box<dyn Error>> {
        let name = set.full_name();
        let parent = set.parent_message().ok_or_else(|| format!("{name} stands in no message"))?;
        let comment = Comment::at(parent.parent_file_descriptor_proto(), parent.path());
        writeln!(
            self.text,
            "\nconst {}: SetText = SetText {{ name: {:?}, about: {:?}, vietnamese: {:?}, words: &[",
            list_name(set),
            parent.name(),
            comment.about(name)?,
            comment.of("vi", name)?,
        )?;
        for value in set.values().filter(|value| value.number() != 0) {
            let path = value.path();
            let comment = Comment::at(set.parent_file().file_descriptor_proto(), path);
            let word = value.name();
            writeln!(
                self.text,
                "WordText {{ word: {word:?}, about: {:?}, vietnamese: {:?} }},",
                comment.about(word)?,
                comment.of("vi", word)?,
            )?;
        }
        self.text.push_str("] };\n");
        Ok(())
    }
}

/// What the business key of a kind is: said of all kinds of the family, or of some.
fn subject(comment: &Comment, kind: &Kind, name: &str) -> Result<String, Box<dyn Error>> {
    let of_kind = |key: &str| {
        let kinds = key.strip_prefix("subject of ");
        key == "subject" || kinds.is_some_and(|kinds| kinds.split(" and ").any(|k| k == kind.word))
    };
    let found = comment.keyed.iter().find(|(key, _)| of_kind(key));
    match found {
        Some((_, text)) => Ok(text.clone()),
        None if kind.is_retracted() => Ok("that of the event that is taken away.".to_owned()),
        None => Err(format!("{name}: no line `subject:` says what its subject is").into()),
    }
}
