//! What was promised with the last release, as lines of text, and whether the source still keeps it.
//!
//! Who wrote to the released contract must never have to change anything: what was accepted is
//! accepted, and what was read has the name, the number and the type that it had. Additions pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use tonghop_core::limits;
use tonghop_core::refusal::RefusalCode;
use tonghop_wire::describe::{self, FieldText};
use tonghop_wire::kind::{Field, Form, Kind};
use tonghop_wire::schema;

use super::asyncapi::address;

/// The file that holds it.
pub const PATH: &str = "proto/released.txt";

const HEAD: &str = "# What was promised with the last release; `cargo run -p tonghop-tests --bin contract -- release VERSION` rewrites it.\n";

/// A contract, as far as a change of it can break somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contract {
    /// The version that released it.
    pub version: String,
    /// By name.
    pub limits: BTreeMap<String, u64>,
    /// By code.
    pub refusals: BTreeSet<String>,
    /// The number of each word, by set and word.
    pub words: BTreeMap<(String, String), u8>,
    /// By name: `dossier.accepted`.
    pub kinds: BTreeMap<String, KindPromise>,
    /// By the kind or part that has it, and its number.
    pub fields: BTreeMap<(String, u32), FieldPromise>,
}

/// What is promised of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindPromise {
    /// The protobuf message.
    pub message: String,
    /// The NATS subject.
    pub subject: String,
    /// The attribute `type`.
    pub type_name: String,
}

/// What is promised of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPromise {
    /// The name in JSON.
    pub json: String,
    /// The name in protobuf.
    pub proto: String,
    /// The type and form: `CODE`, `word:Channel`.
    pub form: String,
    /// The largest number.
    pub max: u32,
    /// Whether it must be given.
    pub required: bool,
}

impl Contract {
    /// What the source says now.
    pub fn present(version: &str) -> Self {
        let mut contract = Self { version: version.to_owned(), ..Self::default() };
        contract.limits = limits();
        contract.refusals = RefusalCode::ALL.iter().map(|code| code.word().to_owned()).collect();
        for kind in Kind::ALL {
            let name = kind.name();
            let spec = kind.spec();
            contract.fields(&name, spec.fields, describe::kind(*kind).fields);
            let promise = KindPromise {
                message: spec.message.to_owned(),
                subject: address(*kind, "<unit>"),
                type_name: schema::type_of(*kind),
            };
            contract.kinds.insert(name, promise);
        }
        contract
    }

    fn fields(&mut self, owner: &str, fields: &[Field], texts: &[FieldText]) {
        for (field, text) in fields.iter().zip(texts) {
            let form = match field.form {
                Form::Parts(parts) => {
                    self.fields(&format!("{owner}/{}", field.json), parts, text.parts);
                    "parts".to_owned()
                }
                Form::Word(words) => {
                    let set = text.set.map_or("", |set| set.name);
                    for (word, number) in words {
                        self.words.insert((set.to_owned(), (*word).to_owned()), *number);
                    }
                    format!("word:{set}")
                }
                Form::Text
                | Form::LongText
                | Form::Code
                | Form::Procedure
                | Form::Unit
                | Form::Day
                | Form::Moment
                | Form::Flag
                | Form::Count
                | Form::Codes => format!("{:?}", field.form).to_lowercase(),
            };
            let promise = FieldPromise {
                json: field.json.to_owned(),
                proto: field.proto.to_owned(),
                form,
                max: field.max,
                required: field.required,
            };
            self.fields.insert((owner.to_owned(), field.number), promise);
        }
    }

    /// Reads what [`fmt::Display`] wrote; the line that cannot be read otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut contract = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            contract.line(line).ok_or_else(|| format!("{PATH}: cannot be read: {line}"))?;
        }
        Ok(contract)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["version", version] => (*version).clone_into(&mut self.version),
            ["limit", name, most] => {
                self.limits.insert((*name).to_owned(), most.parse().ok()?);
            }
            ["refusal", code] => {
                self.refusals.insert((*code).to_owned());
            }
            ["word", set, word, number] => {
                self.words.insert(((*set).to_owned(), (*word).to_owned()), number.parse().ok()?);
            }
            ["kind", name, message, subject, type_name] => {
                let promise = KindPromise {
                    message: (*message).to_owned(),
                    subject: (*subject).to_owned(),
                    type_name: (*type_name).to_owned(),
                };
                self.kinds.insert((*name).to_owned(), promise);
            }
            ["field", owner, number, json, proto, form, max, required] => {
                let promise = FieldPromise {
                    json: (*json).to_owned(),
                    proto: (*proto).to_owned(),
                    form: (*form).to_owned(),
                    max: max.parse().ok()?,
                    required: *required == "required",
                };
                self.fields.insert(((*owner).to_owned(), number.parse().ok()?), promise);
            }
            _ => return None,
        }
        Some(())
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(f, "version {}", self.version)?;
        for (name, most) in &self.limits {
            writeln!(f, "limit {name} {most}")?;
        }
        for code in &self.refusals {
            writeln!(f, "refusal {code}")?;
        }
        for ((set, word), number) in &self.words {
            writeln!(f, "word {set} {word} {number}")?;
        }
        for (name, kind) in &self.kinds {
            writeln!(f, "kind {name} {} {} {}", kind.message, kind.subject, kind.type_name)?;
        }
        for ((owner, number), field) in &self.fields {
            let required = if field.required { "required" } else { "optional" };
            let FieldPromise { json, proto, form, max, .. } = field;
            writeln!(f, "field {owner} {number} {json} {proto} {form} {max} {required}")?;
        }
        Ok(())
    }
}

/// What of the released contract the present one does not keep, a sentence each.
pub fn broken(released: &Contract, present: &Contract) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, most) in &released.limits {
        match present.limits.get(name) {
            Some(now) if now >= most => {}
            Some(now) => broken.push(format!("the limit {name} was {most} and is {now}")),
            None => broken.push(format!("the limit {name} is no longer promised")),
        }
    }
    for code in released.refusals.difference(&present.refusals) {
        broken.push(format!("the refusal {code} is gone"));
    }
    for ((set, word), number) in &released.words {
        match present.words.get(&(set.clone(), word.clone())) {
            Some(now) if now == number => {}
            Some(now) => broken.push(format!("{set}: the word {word} was {number} and is {now}")),
            None => broken.push(format!("{set}: the word {word} is gone")),
        }
    }
    for (name, kind) in &released.kinds {
        match present.kinds.get(name) {
            None => broken.push(format!("the kind {name} is gone")),
            Some(now) => {
                let parts = [
                    ("message", &kind.message, &now.message),
                    ("subject", &kind.subject, &now.subject),
                    ("type", &kind.type_name, &now.type_name),
                ];
                for (what, was, is) in parts.into_iter().filter(|(_, was, is)| was != is) {
                    broken.push(format!("{name}: the {what} was {was} and is {is}"));
                }
            }
        }
    }
    broken.extend(broken_fields(released, present));
    broken
}

fn broken_fields(released: &Contract, present: &Contract) -> Vec<String> {
    let mut broken = Vec::new();
    // What a kind that is gone had is gone with it.
    let is_there = |owner: &str| {
        present.kinds.contains_key(owner.split('/').next().unwrap_or(owner))
            && released.kinds.contains_key(owner.split('/').next().unwrap_or(owner))
    };
    for ((owner, number), field) in released.fields.iter().filter(|((o, _), _)| is_there(o)) {
        let name = &field.json;
        if let Some(now) = present.fields.get(&(owner.clone(), *number)) {
            broken.extend(narrower(owner, field, now));
            continue;
        }
        let moved = present.fields.iter().find(|((o, _), now)| o == owner && now.json == *name);
        broken.push(match moved {
            Some(((_, now), _)) => {
                format!("{owner}: the field {name} had the number {number} and has {now}")
            }
            None => format!("{owner}: the field {name} ({number}) is gone"),
        });
    }
    for ((owner, number), field) in present.fields.iter().filter(|((o, _), _)| is_there(o)) {
        if field.required && !released.fields.contains_key(&(owner.clone(), *number)) {
            broken.push(format!(
                "{owner}: the field {} is new and required: what was accepted is refused",
                field.json
            ));
        }
    }
    broken
}

fn narrower(owner: &str, was: &FieldPromise, is: &FieldPromise) -> Vec<String> {
    let mut broken = Vec::new();
    let mut differ = |what: &str, one: &dyn fmt::Display, other: &dyn fmt::Display| {
        let mut says = String::new();
        // Writing to a String cannot fail.
        write!(says, "{owner}: the field {} had the {what} {one} and has {other}", was.json)
            .unwrap_or_default();
        broken.push(says);
    };
    if was.json != is.json {
        differ("name", &was.json, &is.json);
    }
    if was.proto != is.proto {
        differ("protobuf name", &was.proto, &is.proto);
    }
    if was.form != is.form {
        differ("type", &was.form, &is.form);
    }
    if is.max < was.max {
        differ("largest number", &was.max, &is.max);
    }
    if is.required && !was.required {
        broken.push(format!("{owner}: the field {} was optional and is required", was.json));
    }
    broken
}

fn limits() -> BTreeMap<String, u64> {
    let limits = [
        ("payload.bytes", limits::PAYLOAD_BYTES_MAX),
        ("id.characters", limits::ID_CHARS_MAX),
        ("source.bytes", limits::SOURCE_BYTES_MAX),
        ("subject.bytes", limits::SUBJECT_BYTES_MAX),
        ("code.bytes", limits::CODE_BYTES_MAX),
        ("text.bytes", limits::TEXT_BYTES_MAX),
        ("narrative.bytes", limits::NARRATIVE_BYTES_MAX),
        ("unit.characters", limits::UNIT_CODE_CHARS_MAX),
        ("parts", limits::SPLIT_PARTS_MAX),
        ("parts.fields", limits::SPLIT_FIELDS_MAX),
        ("timeline.events", limits::TIMELINE_EVENTS_MAX),
    ];
    let wide = |(name, most): (&str, usize)| (name.to_owned(), u64::try_from(most).unwrap_or(0));
    limits.into_iter().map(wide).collect()
}
