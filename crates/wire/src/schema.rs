//! JSON Schema (2020-12) of the envelope and of each kind's data, made from the tables and words
//! of `proto/`.
//!
//! A schema says what an agency should write, which is a little less than what the decoder reads.
//! **Invariant SCH-1:** what a schema finds valid is read, except for what its text says that no
//! schema can express. **Invariant SCH-2:** what is read is valid once it is written as
//! [`crate::to_structured`] writes it.

use serde_json::{Map, Value, json};
use tonghop_core::limits::{
    CODE_BYTES_MAX, ID_CHARS_MAX, NARRATIVE_BYTES_MAX, SOURCE_BYTES_MAX, SPLIT_FIELDS_MAX,
    SPLIT_PARTS_MAX, SUBJECT_BYTES_MAX, TEXT_BYTES_MAX, UNIT_CODE_CHARS_MAX,
};
use tonghop_core::words::Family;

use crate::describe::{self, FieldText, SetText};
use crate::kind::{DocumentKind, Field, Form, Kind, StaffKind};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A day from 1990 to 2099 that exists.
const DAY: &str = "(?:(?:199[0-9]|20[0-9]{2})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:199[26]|20(?:[02468][048]|[13579][26]))-02-29)";
/// What follows the day in an instant.
const CLOCK: &str = "[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
const UNIT: &str = "[0-9A-Z]+(?:\\.[0-9A-Z]+)*";
const NO_CONTROLS: &str = "[^\\u0000-\\u001f\\u007f-\\u009f]";
const NO_CONTROLS_NO_BLANKS: &str =
    "[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";

/// What no schema can say, and what is read beyond it.
const LIMITS_OF_SCHEMAS: &str = "Lengths of texts are in bytes of UTF-8 (normalisation form C), \
where a schema counts characters. Whole numbers are written in digits alone: 1, not 1.0 or 1e0. A \
name is given once in an object. Also read, though no system should write it: the names of fields \
and the numbers of words as in the .proto files, numbers as texts, and empty texts or UNSPECIFIED \
for what is not given.";

/// The schema of the data of a kind.
pub fn data(kind: Kind) -> Value {
    let text = describe::kind(kind);
    let mut schema = object(kind.spec().fields, text.fields);
    let mut says = vec![format!("{} ({}.)", text.about, text.vietnamese)];
    says.push(format!("Send it when {}.", text.when));
    says.extend(text.refused.iter().map(|(code, when)| format!("Refused {code} {when}")));
    let nothing_required = kind.spec().fields.iter().all(|field| !field.required);
    if nothing_required {
        schema.insert("type".to_owned(), json!(["object", "null"]));
    }
    schema.insert("$schema".to_owned(), json!(DIALECT));
    schema.insert("$comment".to_owned(), json!(LIMITS_OF_SCHEMAS));
    schema.insert("title".to_owned(), json!(type_of(kind)));
    schema.insert("description".to_owned(), json!(says.join(" ")));
    if let Some(data) = example(kind).get("data") {
        schema.insert("examples".to_owned(), json!([data]));
    }
    Value::Object(schema)
}

/// The schema of a whole event in structured JSON; the data refer to `<kind>.json` beside it.
pub fn envelope() -> Value {
    let types: Vec<String> = Kind::ALL.iter().map(|kind| type_of(*kind)).collect();
    let kinds: Vec<Value> = Kind::ALL.iter().map(|kind| of_kind(*kind)).collect();
    let mut properties = attributes();
    let members = [
        (
            "type",
            json!({
                "description": "vn.tonghop.<family>.<kind>.v1",
                "enum": types,
            }),
        ),
        (
            "data",
            json!({
                "description": "What happened: see the schema of the kind.",
                "type": ["object", "null"],
            }),
        ),
        (
            "datacontenttype",
            json!({
                "description": "How the data are written; may be left out.",
                "enum": ["application/json", null],
            }),
        ),
        ("data_base64", json!(false)),
    ];
    properties.extend(members.map(|(name, schema)| (name.to_owned(), schema)));
    let says = "One event in structured JSON: the attributes of CloudEvents 1.0, two extensions \
                for numbering and correction, and the data. Attributes that are not listed are \
                ignored. What no schema can say: `source` begins with the unit that speaks; \
                `replaces` is not the event's own `id`; events of the family unit are spoken by a \
                province, those of the family source are about their own `source`; the local day \
                (UTC+7) of `time` is from 1990-01-01 to 2099-12-31; `sequence` may have up to 20 \
                digits; a `datacontenttype` that is no text counts as not given, and every \
                `…+json` is read.";
    json!({
        "$schema": DIALECT,
        "$comment": LIMITS_OF_SCHEMAS,
        "title": "Event",
        "description": says,
        "type": "object",
        "properties": properties,
        "required": ["specversion", "id", "source", "type", "subject", "time", "unit"],
        "allOf": kinds,
    })
}

/// The attributes that every event has or may have, without its type.
pub fn attributes() -> Map<String, Value> {
    let id = format!("^[!-~]{{1,{ID_CHARS_MAX}}}$");
    let attributes = [
        ("specversion", json!({"const": "1.0"})),
        (
            "id",
            json!({
                "description": "Unique for its source, for ever. The same content again is a duplicate; other content is refused id.reused.",
                "type": "string", "pattern": id,
            }),
        ),
        (
            "source",
            json!({
                "description": "The sending system; begins with the unit: /H41.16/igate.",
                "type": "string", "maxLength": SOURCE_BYTES_MAX,
                "pattern": format!("^/{UNIT}(?:/{NO_CONTROLS_NO_BLANKS}*)?$"),
            }),
        ),
        (
            "subject",
            json!({
                "description": "The business key that the family asks for.",
                "type": "string", "maxLength": SUBJECT_BYTES_MAX,
                "pattern": format!("^{NO_CONTROLS}+$"),
            }),
        ),
        (
            "time",
            json!({
                "description": "When it happened, RFC 3339 with offset. The day that counts is the local one (UTC+7).",
                "type": "string", "format": "date-time", "pattern": format!("^{DAY}{CLOCK}$"),
            }),
        ),
        ("unit", unit("The unit that speaks, in either official form: H41.16 or 000.00.16.H41.")),
        (
            "sequence",
            json!({
                "description": "1, 2, 3 … for each source without gaps; says what is missing.",
                "type": ["string", "null"], "pattern": "^0*[1-9][0-9]{0,18}$",
            }),
        ),
        (
            "replaces",
            json!({
                "description": "The id, of the same source, of the event whose place this one takes.",
                "type": ["string", "null"], "pattern": id,
            }),
        ),
    ];
    attributes.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

/// The attribute `type` of events of a kind.
pub fn type_of(kind: Kind) -> String {
    format!("vn.tonghop.{}.v1", kind.name())
}

/// What the business key of a kind must be beyond what every one must be.
pub fn subject(kind: Kind) -> Value {
    let text = describe::kind(kind).subject;
    let mut schema = match (kind.spec().family, kind) {
        (Family::Unit, _) => unit(text),
        (_, Kind::Document(DocumentKind::Received)) => {
            json!({"pattern": format!("^[^,]+,{DAY},{NO_CONTROLS}+$")})
        }
        (Family::Figure | Family::Narrative, _) => {
            json!({"pattern": format!("^[A-Za-z0-9._-]{{1,{CODE_BYTES_MAX}}}$")})
        }
        (Family::Deployment, _) => json!({"maxLength": CODE_BYTES_MAX}),
        (_, Kind::Staff(StaffKind::Posts)) => json!({"const": "posts"}),
        (_, Kind::Staff(StaffKind::Moved)) => json!({"not": {"const": "posts"}}),
        _ => json!({}),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(text));
    }
    schema
}

fn of_kind(kind: Kind) -> Value {
    let mut required = Vec::new();
    if kind.spec().fields.iter().any(|field| field.required) {
        required.push("data");
    }
    let mut properties = Map::new();
    properties.insert("subject".to_owned(), subject(kind));
    properties.insert("data".to_owned(), json!({"$ref": format!("{}.json", kind.name())}));
    if let Kind::Retracted(_) = kind {
        required.push("replaces");
        properties.insert("replaces".to_owned(), json!({"type": "string"}));
    }
    json!({
        "if": {"properties": {"type": {"const": type_of(kind)}}, "required": ["type"]},
        "then": {"properties": properties, "required": required},
    })
}

fn object(fields: &[Field], texts: &[FieldText]) -> Map<String, Value> {
    let mut properties = Map::new();
    for (field, text) in fields.iter().zip(texts) {
        properties.insert(field.json.to_owned(), property(field, text));
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.json).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn property(field: &Field, text: &FieldText) -> Value {
    let least = u8::from(field.required);
    let mut schema = match field.form {
        Form::Text => json!({"type": "string", "minLength": 1, "maxLength": TEXT_BYTES_MAX}),
        Form::LongText => {
            json!({"type": "string", "minLength": 1, "maxLength": NARRATIVE_BYTES_MAX})
        }
        Form::Code | Form::Procedure => code(),
        Form::Unit => unit(""),
        Form::Day => json!({"type": "string", "format": "date", "pattern": format!("^{DAY}$")}),
        Form::Moment => json!({"type": "string", "pattern": format!("^{DAY}(?:{CLOCK})?$")}),
        Form::Flag => json!({"type": "boolean"}),
        Form::Count => json!({"type": "integer", "minimum": 0, "maximum": field.max}),
        Form::Word(words) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            json!({"type": "string", "enum": words})
        }
        Form::Codes => json!({
            "type": "array", "items": code(), "minItems": least, "maxItems": SPLIT_FIELDS_MAX,
        }),
        Form::Parts(parts) => json!({
            "type": "array", "items": object(parts, text.parts),
            "minItems": least, "maxItems": SPLIT_PARTS_MAX,
        }),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), json!(text.vietnamese));
        schema.insert("description".to_owned(), json!(said(text)));
        if !field.required {
            or_null(schema);
        }
    }
    schema
}

/// What is optional may be null.
fn or_null(schema: &mut Map<String, Value>) {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.clone(), "null"]);
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
}

/// What a field says, and what the words of its set mean.
fn said(text: &FieldText) -> String {
    let meaning = |set: &SetText| {
        let word = |word: &describe::WordText| {
            format!("{}: {} ({})", word.word, word.about.trim_end_matches('.'), word.vietnamese)
        };
        set.words.iter().map(word).collect::<Vec<_>>().join("; ")
    };
    match text.set {
        Some(set) => format!("{} {}.", text.about, meaning(set)),
        None => text.about.to_owned(),
    }
}

fn code() -> Value {
    json!({
        "type": "string", "minLength": 1, "maxLength": CODE_BYTES_MAX,
        "pattern": format!("^{NO_CONTROLS}+$"),
    })
}

fn unit(says: &str) -> Value {
    json!({
        "description": says, "type": "string", "maxLength": UNIT_CODE_CHARS_MAX,
        "pattern": format!("^{UNIT}$"),
    })
}

/// The example of a kind, read.
pub fn example(kind: Kind) -> Value {
    serde_json::from_str(describe::kind(kind).example).unwrap_or_default()
}
