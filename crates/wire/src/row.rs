//! A message as a row of a table: who speaks, and each value that it gives, in plain types.
//!
//! It says what the message says by itself, as [`crate::Decoder`] reads it; whether the event was
//! accepted is no part of it.

use tonghop_core::day::{Day, Instant};
use tonghop_core::limits::ID_CHARS_MAX;

use crate::attributes;
use crate::data;
use crate::decoder;
use crate::envelope::{Envelope, ID, Raw};
use crate::kind::{Field, Form, Kind};
use crate::value::{Value, Values};

/// A message in columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The source, if it can be read and may speak for the unit of the NATS subject.
    pub source: Option<String>,
    /// The id, if it can be read and is one.
    pub id: Option<String>,
    /// The number that the source gave the event, if there is a source.
    pub sequence: Option<u64>,
    /// What it says, if it can be read.
    pub said: Option<Said>,
}

/// What a message says that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The kind.
    pub kind: Kind,
    /// The business key, in the one spelling by which it is known.
    pub subject: String,
    /// When it happened.
    pub at: Instant,
    /// The local day of that.
    pub day: Day,
    /// The id of the event that it corrects or takes back.
    pub replaces: Option<String>,
    /// The values that are given, each with the place of its field among [`crate::kind::Spec`]'s.
    pub values: Vec<(usize, Plain)>,
}

/// A value in a type that every table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    /// A text or a code.
    Text(String),
    /// A word of a closed set.
    Word(&'static str),
    /// A local day; of an instant its local day.
    Day(Day),
    /// A truth value.
    Flag(bool),
    /// A number of things.
    Count(u32),
    /// A list, as JSON.
    Json(String),
}

impl Row {
    /// Reads a message in any of the encodings.
    pub fn read(raw: &Raw<'_>) -> Self {
        let mut envelope = Envelope::default();
        let mut values = Values::new();
        let mut row = Self { source: None, id: None, sequence: None, said: None };
        let read = envelope.read(raw, &mut values);
        // Of what is no event nothing is believed.
        if read.as_ref().is_err_and(|refused| refused.source.is_none()) {
            return row;
        }
        if let Some(speaker) = attributes::speaker(&envelope, raw.subject) {
            row.source = Some(speaker.source.as_ref().to_owned());
            row.sequence = speaker.sequence;
        }
        let is_id = |id: &&str| {
            (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        row.id = envelope.text(ID).filter(is_id).map(str::to_owned);
        if read.is_err() {
            return row;
        }
        let checked = decoder::check(&envelope, &mut values, Some(raw.subject));
        row.said = checked.ok().map(|attributes| Said {
            kind: attributes.kind,
            subject: attributes.subject.into_owned(),
            at: attributes.at,
            day: attributes.day,
            replaces: attributes.replaces.map(str::to_owned),
            values: plain(attributes.kind.spec().fields, &values),
        });
        row
    }
}

fn plain(fields: &'static [Field], values: &Values<'_>) -> Vec<(usize, Plain)> {
    let given = fields.iter().enumerate().map(|(place, field)| (place, field, values.get(place)));
    let plain = given.filter_map(|(place, field, value)| {
        let value = match (value, field.form) {
            (Value::Text(text) | Value::Unit(text), _) => Plain::Text(text.to_string()),
            (Value::On(_, day), _) => Plain::Day(*day),
            (Value::Flag(flag), _) => Plain::Flag(*flag),
            (Value::Count(count), _) => Plain::Count(*count),
            (Value::Word(number), Form::Word(words)) => {
                Plain::Word(words.iter().find(|(_, known)| known == number)?.0)
            }
            (Value::Absent | Value::Word(_), _) => return None,
            (list @ (Value::Codes(_) | Value::Parts(_)), _) => {
                let mut json = String::new();
                data::write_value(field, list, &mut json);
                Plain::Json(json)
            }
        };
        Some((place, value))
    });
    plain.collect()
}
