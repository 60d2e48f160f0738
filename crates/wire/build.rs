//! Reads `proto/` and writes what the crate knows of it: a table of the kinds and their fields for
//! the decoder, and the messages of prost and pbjson that the tests hold the decoder against.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use protox::prost_reflect::{
    DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, FileDescriptor,
    Kind as Type, MessageDescriptor, Value,
};

#[path = "build/texts.rs"]
mod texts;

const PROTO: &str = "../../proto";
const PACKAGE: &str = "tonghop.v1";
/// Stands before a function that grows with the kinds.
const LONG: &str =
    "#[allow(clippy::too_many_lines, reason = \"generated: a line for each kind\")]\n";
/// Files of the package that are no family.
const NO_FAMILIES: [&str; 2] = ["rule", "retracted"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO}/tonghop");
    println!("cargo:rerun-if-changed={PROTO}/golden");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/texts.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new([PROTO])?;
    compiler.include_source_info(true).include_imports(false);
    compiler.open_files(proto_files()?)?;
    let pool = compiler.descriptor_pool();
    let kinds = kinds(&pool)?;
    std::fs::write(out.join("kinds.rs"), Tables::write(&pool, &kinds)?)?;
    std::fs::write(out.join("texts.rs"), texts::write(&kinds)?)?;

    prost_build::Config::new().compile_fds(compiler.file_descriptor_set())?;
    pbjson_build::Builder::new()
        .register_descriptors(&compiler.encode_file_descriptor_set())?
        .build(&[format!(".{PACKAGE}")])?;
    Ok(())
}

fn proto_files() -> Result<Vec<String>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(Path::new(PROTO).join("tonghop/v1"))? {
        let name = entry?.file_name().into_string().map_err(|name| name.display().to_string())?;
        if Path::new(&name).extension().is_some_and(|extension| extension == "proto") {
            files.push(format!("tonghop/v1/{name}"));
        }
    }
    files.sort();
    Ok(files)
}

/// A kind of event and the message of its data.
struct Kind {
    family: String,
    word: String,
    message: MessageDescriptor,
    file: FileDescriptor,
}

impl Kind {
    fn is_retracted(&self) -> bool {
        self.word == "retracted"
    }

    /// The value of the generated enum: `Kind::Dossier(DossierKind::Accepted)`.
    fn value(&self) -> String {
        let family = pascal(&self.family);
        if self.is_retracted() {
            return format!("Self::Retracted(Family::{family})");
        }
        format!("Self::{family}({family}Kind::{})", pascal(&self.word))
    }
}

struct Tables {
    required: ExtensionDescriptor,
    form: ExtensionDescriptor,
    max: ExtensionDescriptor,
    text: String,
    words: Vec<EnumDescriptor>,
    /// Messages inside messages that are still to be written.
    parts: Vec<MessageDescriptor>,
}

impl Tables {
    fn write(pool: &DescriptorPool, kinds: &[Kind]) -> Result<String, Box<dyn Error>> {
        let option = |name: &str| {
            pool.get_extension_by_name(&format!("{PACKAGE}.{name}")).ok_or("rule.proto is missing")
        };
        let mut tables = Self {
            required: option("required")?,
            form: option("form")?,
            max: option("max")?,
            text: String::new(),
            words: Vec::new(),
            parts: Vec::new(),
        };
        tables.kinds(kinds)?;
        for kind in kinds {
            tables.places(&module(kind), &kind.message)?;
        }
        while let Some(message) = tables.parts.pop() {
            tables.places(&part_module(&message), &message)?;
        }
        for words in std::mem::take(&mut tables.words) {
            tables.word_list(&words)?;
        }
        Ok(tables.text)
    }

    fn kinds(&mut self, kinds: &[Kind]) -> Result<(), Box<dyn Error>> {
        let derives = "#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\n";
        let mut families: Vec<&str> = kinds.iter().map(|kind| kind.family.as_str()).collect();
        families.dedup();
        let out = &mut self.text;
        write!(out, "/// A kind of event, by family.\n{derives}pub enum Kind {{\n")?;
        out.push_str("/// `retracted`, which every family has.\nRetracted(Family),\n");
        for family in &families {
            let name = pascal(family);
            writeln!(out, "/// A kind of the family `{family}`.\n{name}({name}Kind),")?;
        }
        out.push_str("}\n");
        for family in &families {
            writeln!(out, "\n/// The kinds of the family `{family}`.")?;
            writeln!(out, "{derives}pub enum {}Kind {{", pascal(family))?;
            for kind in kinds.iter().filter(|kind| kind.family == *family && !kind.is_retracted()) {
                writeln!(out, "/// `{family}.{}`\n{},", kind.word, pascal(&kind.word))?;
            }
            out.push_str("}\n");
        }
        self.lookups(kinds)
    }

    fn lookups(&mut self, kinds: &[Kind]) -> Result<(), Box<dyn Error>> {
        let out = &mut self.text;
        out.push_str("\nimpl Kind {\n/// Every kind.\npub const ALL: &'static [Self] = &[\n");
        for kind in kinds {
            writeln!(out, "{},", kind.value())?;
        }
        out.push_str("];\n\n/// The kind of this name: `dossier.accepted`.\n");
        out.push_str(LONG);
        out.push_str("pub fn parse(name: &str) -> Option<Self> {\nSome(match name {\n");
        for kind in kinds {
            writeln!(out, "\"{}.{}\" => {},", kind.family, kind.word, kind.value())?;
        }
        out.push_str("_ => return None,\n})\n}\n\n/// All that is known of the kind.\n");
        out.push_str(LONG);
        out.push_str("pub const fn spec(self) -> &'static Spec {\nmatch self {\n");
        for kind in kinds {
            let fields = format!("{}::TABLE", module(kind));
            writeln!(
                out,
                "{} => &Spec {{ family: Family::{}, word: \"{}\", message: \"{}\", fields: {fields} }},",
                kind.value(),
                pascal(&kind.family),
                kind.word,
                kind.message.name(),
            )?;
        }
        out.push_str("}\n}\n}\n");
        Ok(())
    }

    /// The module of a message: its fields, and the place of each by name.
    fn places(&mut self, module: &str, message: &MessageDescriptor) -> Result<(), Box<dyn Error>> {
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        self.text.push_str("\n#[allow(dead_code, reason = \"not every place is named\")]\n");
        writeln!(self.text, "pub(crate) mod {module} {{")?;
        self.text.push_str("use super::Field;\n");
        for (place, field) in fields.iter().enumerate() {
            let name = field.name().to_ascii_uppercase();
            writeln!(self.text, "pub(crate) const {name}: usize = {place};")?;
        }
        self.text.push_str("pub(super) const TABLE: &[Field] = &[\n");
        for field in &fields {
            let form = self.form_of(field)?;
            let options = field.options();
            let required = matches!(&*options.get_extension(&self.required), Value::Bool(true));
            let max = if options.has_extension(&self.max) {
                literal(options.get_extension(&self.max).as_u32().ok_or("(max) is a uint32")?)
            } else {
                "u32::MAX".to_owned()
            };
            writeln!(
                self.text,
                "Field {{ json: \"{}\", proto: \"{}\", number: {}, required: {required}, max: {max}, form: super::{form} }},",
                field.json_name(),
                field.name(),
                field.number(),
            )?;
        }
        self.text.push_str("];\n}\n");
        Ok(())
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "types that the contract does not use")]
    fn form_of(&mut self, field: &FieldDescriptor) -> Result<String, Box<dyn Error>> {
        if field.is_list() {
            return self.form_of_list(field);
        }
        if !field.supports_presence() {
            return Err(format!("{} must be optional", field.full_name()).into());
        }
        Ok(match field.kind() {
            Type::Bool => "Form::Flag".to_owned(),
            Type::Uint32 => "Form::Count".to_owned(),
            Type::Enum(words) => {
                let list = list_name(&words);
                if !self.words.contains(&words) {
                    self.words.push(words);
                }
                format!("Form::Word(super::{list})")
            }
            Type::String => {
                let options = field.options();
                let number = options.get_extension(&self.form).as_enum_number().unwrap_or(0);
                let form = match number {
                    1 => "Text",
                    2 => "Code",
                    3 => "Procedure",
                    4 => "Unit",
                    5 => "Day",
                    6 => "Moment",
                    20 => "LongText",
                    _ => return Err(format!("{} needs a (form)", field.full_name()).into()),
                };
                format!("Form::{form}")
            }
            other => return Err(format!("{}: no rule for {other:?}", field.full_name()).into()),
        })
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "types that the contract does not use")]
    fn form_of_list(&mut self, field: &FieldDescriptor) -> Result<String, Box<dyn Error>> {
        match field.kind() {
            Type::Message(message) => {
                let fields = format!("{}::TABLE", part_module(&message));
                if !self.parts.contains(&message) {
                    self.parts.push(message);
                }
                Ok(format!("Form::Parts(super::{fields})"))
            }
            Type::String
                if field.options().get_extension(&self.form).as_enum_number() == Some(2) =>
            {
                Ok("Form::Codes".to_owned())
            }
            other => Err(format!("{}: no rule for a list of {other:?}", field.full_name()).into()),
        }
    }

    fn word_list(&mut self, words: &EnumDescriptor) -> Result<(), Box<dyn Error>> {
        writeln!(self.text, "\nconst {}: &[(&str, u8)] = &[", list_name(words))?;
        for value in words.values().filter(|value| value.number() != 0) {
            let number = u8::try_from(value.number())?;
            writeln!(self.text, "(\"{}\", {number}),", value.name())?;
        }
        self.text.push_str("];\n");
        Ok(())
    }
}

/// Every kind, those of a family together, `retracted` last.
fn kinds(pool: &DescriptorPool) -> Result<Vec<Kind>, Box<dyn Error>> {
    let retracted = pool
        .get_message_by_name(&format!("{PACKAGE}.Retracted"))
        .ok_or("retracted.proto is missing")?;
    let mut kinds = Vec::new();
    for file in pool.files().filter(|file| file.package_name() == PACKAGE) {
        let family = stem(&file);
        if !NO_FAMILIES.contains(&family.as_str()) {
            kinds.extend(kinds_of(&file, &family));
            let word = "retracted".to_owned();
            kinds.push(Kind { family, word, message: retracted.clone(), file });
        }
    }
    Ok(kinds)
}

fn kinds_of(file: &FileDescriptor, family: &str) -> Vec<Kind> {
    let prefix = pascal(family);
    let of = |message: MessageDescriptor| {
        let word = snake(message.name().strip_prefix(&prefix)?);
        let starts_with_word = !word.is_empty() && message.child_enums().len() == 0;
        starts_with_word.then(|| Kind {
            family: family.to_owned(),
            word,
            message,
            file: file.clone(),
        })
    };
    file.messages().filter_map(of).collect()
}

fn stem(file: &FileDescriptor) -> String {
    Path::new(file.name()).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned()
}

/// The number with `_` between its thousands.
fn literal(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// The module of a message inside a message: `unit_split_part`.
fn part_module(message: &MessageDescriptor) -> String {
    let parent = message.parent_message().map(|parent| snake(parent.name()) + "_");
    parent.unwrap_or_default() + &snake(message.name())
}

fn module(kind: &Kind) -> String {
    format!("{}_{}", kind.family, kind.word)
}

/// `Level.Word` → `LEVEL`.
fn list_name(words: &EnumDescriptor) -> String {
    let parent = words.parent_message().map(|parent| snake(parent.name()));
    parent.unwrap_or_else(|| snake(words.name())).to_ascii_uppercase()
}

fn pascal(snake: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    snake.split('_').map(capital).collect()
}

fn snake(pascal: &str) -> String {
    let mut out = String::new();
    for letter in pascal.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
