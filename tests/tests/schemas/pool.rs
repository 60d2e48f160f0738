//! Values that an agency might send, good, odd and wrong.

use serde_json::{Value, json};
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_wire::kind::{Field, Form, Kind};

/// Numbers that look random, always the same for a seed.
#[derive(Debug)]
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }
}

/// Values of every type, none of them good for every field.
fn anything() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(4_294_967_295_u32),
        json!(4_294_967_296_u64),
        json!(""),
        json!("7"),
        json!("00"),
        json!("x"),
        json!("UNSPECIFIED"),
        json!("a\u{7}b"),
        json!("a\u{85}b"),
        json!("Sở TT&TT"),
        json!("x".repeat(64)),
        json!("x".repeat(65)),
        json!("x".repeat(1_024)),
        json!("x".repeat(1_025)),
        json!("x".repeat(16_385)),
        json!("H41.16"),
        json!("000.00.16.H41"),
        json!("H41..16"),
        json!("h41"),
        json!("A".repeat(36)),
        json!("2021-09-06"),
        json!("2021-02-29"),
        json!("2024-02-29"),
        json!("2000-02-29"),
        json!("1989-12-31"),
        json!("1990-01-01"),
        json!("2099-12-31"),
        json!("2100-01-01"),
        json!("2021-9-06"),
        json!("2021-09-06T08:30:00+07:00"),
        json!("2021-09-06t08:30:60.125z"),
        json!("2021-09-06T24:00:00Z"),
        json!("2021-09-06T08:30:00"),
        json!([]),
        json!(["bao-chi"]),
        json!([""]),
        json!([null]),
        json!({}),
        json!([{"into": "H41.18"}]),
        json!([{"into": "H41.18", "fields": []}, {"into": "H41.19", "fields": ["a", "b"]}]),
        json!([{"fields": ["a"]}]),
        json!([{"into": "H41.18", "other": 1}]),
    ]
}

/// Values of the right type, on both sides of every bound.
fn fitting(field: &Field) -> Vec<Value> {
    match field.form {
        Form::Word(words) => words
            .iter()
            .map(|(word, _)| json!(word))
            .chain([json!("OTHER"), json!(words[0].1), json!(99)])
            .collect(),
        Form::Count => {
            vec![json!(0), json!(field.max), json!(u64::from(field.max) + 1), json!("3")]
        }
        Form::Flag => vec![json!(true), json!(false), json!("true")],
        Form::Codes => vec![json!(vec!["a"; 64]), json!(vec!["a"; 65])],
        Form::Parts(_) => {
            let part = json!({"into": "H41.18"});
            vec![json!(vec![part.clone(); 16]), json!(vec![part; 17])]
        }
        Form::Text
        | Form::LongText
        | Form::Code
        | Form::Procedure
        | Form::Unit
        | Form::Day
        | Form::Moment => vec![json!("2021-09-07"), json!("H41")],
    }
}

/// Spellings that are read, though no system should write them: what a schema calls invalid.
pub(crate) fn is_lenient(field: &Field, value: &Value) -> bool {
    let is_list = matches!(field.form, Form::Codes | Form::Parts(_));
    match (field.form, value) {
        (Form::Word(_), Value::Number(_)) | (Form::Count, Value::String(_)) => true,
        (Form::Word(_), Value::String(word)) => word.is_empty() || word == "UNSPECIFIED",
        (_, Value::String(text)) => text.is_empty() && !is_list,
        _ => false,
    }
}

/// Changes some of the data; whether a spelling is among them that is only read.
pub(crate) fn vary(data: &mut Value, kind: Kind, choices: &mut Choices) -> bool {
    let fields = kind.spec().fields;
    if choices.one_in(40) {
        *data = choices.of(&anything());
        return false;
    }
    let Some(members) = data.as_object_mut() else { return false };
    let mut lenient = false;
    for field in fields {
        let value = match choices.below(8) {
            0 => choices.of(&anything()),
            1 | 2 => choices.of(&fitting(field)),
            3 if !field.required || choices.one_in(6) => {
                members.remove(field.json);
                continue;
            }
            _ => continue,
        };
        lenient |= is_lenient(field, &value);
        let name = if choices.one_in(12) { field.proto } else { field.json };
        if name != field.json {
            lenient = true;
            members.remove(field.json);
        }
        members.insert(name.to_owned(), value);
    }
    if choices.one_in(12) {
        members.insert("note2".to_owned(), Value::Null);
    }
    lenient
}

fn for_attribute(name: &str) -> Vec<Value> {
    let texts: &[&str] = match name {
        "specversion" => &["1.0", "0.3"],
        "id" | "replaces" => &["a", "a b", "ở", "~!", "vd-1"],
        "source" => {
            &["/H41.16/x", "/H41.16", "/H41.16/", "H41.16/x", "/H41.16/a b", "/h41", "/H41"]
        }
        "type" => &["vn.tonghop.dossier.accepted.v1", "vn.tonghop.dossier.accepted.v2", "dossier"],
        "subject" => &["posts", "a b", "H41.16,2021-06-24,51/KH-STTTT", "A.II.2.1", "a\u{7}"],
        "time" => &["2021-09-06T01:30:00.25Z", "2021-09-06", "2021-09-06T08:30:00"],
        "unit" => &["H41.16", "000.00.16.H41", "H41", "h41"],
        "sequence" => &["1", "0", "-1", "012", "1.0", "9999999999999999999"],
        "datacontenttype" => &["application/json", "text/plain", "application/protobuf"],
        _ => &["x"],
    };
    texts.iter().map(|text| json!(text)).collect()
}

const ATTRIBUTES: [&str; 12] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "unit",
    "sequence",
    "replaces",
    "datacontenttype",
    "data_base64",
    "traceparent",
];

/// Changes some of the attributes; whether a spelling is among them that is only read.
pub(crate) fn vary_envelope(event: &mut Value, choices: &mut Choices) -> bool {
    let Some(members) = event.as_object_mut() else { return false };
    let mut lenient = false;
    for name in ATTRIBUTES {
        let value = match choices.below(16) {
            0 => choices.of(&[json!(""), Value::Null, json!(7), json!("x".repeat(300)), json!({})]),
            1 | 2 => choices.of(&for_attribute(name)),
            3 if choices.one_in(3) => {
                members.remove(name);
                continue;
            }
            _ => continue,
        };
        lenient |= is_only_read(name, &value);
        members.insert(name.to_owned(), value);
    }
    lenient
}

/// Empty texts of what may be left out, `null` beside the members that a schema forbids.
fn is_only_read(name: &str, value: &Value) -> bool {
    match name {
        "sequence" | "replaces" => value == "",
        "data_base64" => value.is_null(),
        "datacontenttype" => !value.is_string(),
        _ => false,
    }
}

/// Whether this refusal is of a rule over several attributes, which the schema's text names.
pub(crate) fn crosses(event: &Value, refusal: &Refusal) -> bool {
    let attribute = refusal.args.iter().find(|(name, _)| *name == "attribute");
    let attribute = attribute.map(|(_, value)| value.as_str());
    let is_of = |family: &str| {
        event["type"].as_str().is_some_and(|kind| kind.contains(&format!(".{family}.")))
    };
    match (refusal.code, attribute) {
        (RefusalCode::UnitMismatch, _) => true,
        (RefusalCode::EnvelopeBadAttribute, Some("replaces")) => event["replaces"] == event["id"],
        (RefusalCode::EnvelopeBadAttribute, Some("subject")) => is_of("source"),
        _ => false,
    }
}
