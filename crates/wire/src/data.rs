//! The data of an event in its two encodings, proto3 JSON and protobuf, and back.
//!
//! Protobuf is read by the table of the kind and not by generated code, because a field that the
//! message does not have is refused, where generated code would ignore it.
//!
//! **Invariant DATA-1:** [`write_protobuf`] gives the same bytes for the same values, whichever
//! encoding they came in: fields by number, each at most once, shortest varints.

use std::borrow::Cow;
use std::fmt::Write;

use tonghop_core::pack::{Packer, Unpacker};
use tonghop_core::refusal::{Refusal, RefusalCode};

use crate::json::{Malformed, Scanner};
use crate::kind::{Field, Form, Spec};
use crate::value::{Value, Values};

const VARINT: u64 = 0;
const BYTES: u64 = 2;

/// Reads a JSON object, or `null` for one that says nothing.
pub(crate) fn read_json<'a>(
    spec: &'static Spec,
    text: &'a str,
    values: &mut Values<'a>,
) -> Result<(), Refusal> {
    let mut scanner = Scanner::new(text);
    match scanner.peek() {
        Some(b'n') => drop(scanner.value().map_err(malformed)?),
        _ => read_object(spec, &mut scanner, values)?,
    }
    scanner.end().map_err(malformed)
}

/// Reads a JSON object and leaves the scanner behind it.
pub(crate) fn read_object<'a>(
    spec: &'static Spec,
    scanner: &mut Scanner<'a>,
    values: &mut Values<'a>,
) -> Result<(), Refusal> {
    // A field that is given as null says nothing, but is given.
    let mut seen = 0_u32;
    let mut goes_on = scanner.object().map_err(malformed)?;
    let mut likely = 0;
    while goes_on {
        let (place, field) = next_field(spec.fields, likely, scanner)?;
        likely = place + 1;
        let bit = 1 << place;
        if seen & bit != 0 {
            return Err(unreadable().with("field", field.json));
        }
        seen |= bit;
        let scalar = scanner.value().map_err(malformed)?;
        values.slot(place).ok_or_else(unreadable)?.take_json(field, scalar)?;
        goes_on = scanner.more().map_err(malformed)?;
    }
    Ok(())
}

/// The field that the next member names. Most clients write fields in the order of the message.
fn next_field(
    fields: &'static [Field],
    mut likely: usize,
    scanner: &mut Scanner<'_>,
) -> Result<(usize, &'static Field), Refusal> {
    for field in fields.get(likely..).unwrap_or_default() {
        if scanner.named(field.json) {
            return Ok((likely, field));
        }
        likely += 1;
    }
    let name = scanner.name().map_err(malformed)?;
    let is_named = |field: &Field| field.json == name || field.proto == name;
    let mut places = (0_usize..).zip(fields);
    places.find(|(_, field)| is_named(field)).ok_or_else(|| unknown(&name))
}

/// Reads a protobuf message.
pub(crate) fn read_protobuf<'a>(
    spec: &'static Spec,
    bytes: &'a [u8],
    values: &mut Values<'a>,
) -> Result<(), Refusal> {
    let mut seen = 0_u32;
    let mut from = Unpacker(bytes);
    while !from.is_empty() {
        let tag = from.int().ok_or_else(unreadable)?;
        let number = tag >> 3;
        let places = 0_usize..;
        let is_numbered = |field: &Field| u64::from(field.number) == number;
        let Some((place, field)) = places.zip(spec.fields).find(|(_, field)| is_numbered(field))
        else {
            return Err(unknown(&format!("#{number}")));
        };
        let bit = 1 << place;
        if seen & bit != 0 {
            return Err(unreadable().with("field", field.json));
        }
        seen |= bit;
        let slot = values.slot(place).ok_or_else(unreadable)?;
        match tag & 7 {
            VARINT => slot.take_varint(field, from.int().ok_or_else(unreadable)?)?,
            BYTES => {
                let text = from.text().ok_or_else(unreadable)?;
                slot.take_text(field, Cow::Borrowed(text))?;
            }
            _ => return Err(unreadable().with("field", field.json)),
        }
    }
    Ok(())
}

/// Writes the canonical protobuf bytes.
pub(crate) fn write_protobuf(spec: &'static Spec, values: &Values<'_>, out: &mut Vec<u8>) {
    let mut packer = Packer(out);
    for (field, value) in values.given(spec) {
        let number = u64::from(field.number) << 3;
        let mut bytes = |text: &str| {
            packer.int(number | BYTES);
            packer.text(text);
        };
        let varint = match value {
            Value::Absent => continue,
            Value::Text(text) | Value::Unit(text) | Value::On(text, _) => {
                bytes(text);
                continue;
            }
            Value::Flag(flag) => u64::from(*flag),
            Value::Count(count) => u64::from(*count),
            Value::Word(word) => u64::from(*word),
        };
        packer.int(number | VARINT);
        packer.int(varint);
    }
}

/// Writes proto3 JSON, fields by number.
pub(crate) fn write_json(spec: &'static Spec, values: &Values<'_>) -> String {
    let mut out = String::from("{");
    for (field, value) in values.given(spec) {
        if out.len() > 1 {
            out.push(',');
        }
        quote(field.json, &mut out);
        out.push(':');
        match value {
            Value::Absent => out.push_str("null"),
            Value::Text(text) | Value::Unit(text) | Value::On(text, _) => quote(text, &mut out),
            Value::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Count(count) => push_number(*count, &mut out),
            Value::Word(word) => quote(name_of(field, *word), &mut out),
        }
    }
    out.push('}');
    out
}

fn name_of(field: &Field, number: u8) -> &'static str {
    let Form::Word(words) = field.form else { return "" };
    words.iter().find(|(_, known)| *known == number).map_or("", |(word, _)| word)
}

/// Writes a JSON string.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if u32::from(control) < 0x20 => push_escape(control, out),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn push_escape(control: char, out: &mut String) {
    // Writing to a String cannot fail.
    write!(out, "\\u{:04x}", u32::from(control)).unwrap_or_default();
}

fn push_number(number: u32, out: &mut String) {
    write!(out, "{number}").unwrap_or_default();
}

fn malformed(_: Malformed) -> Refusal {
    unreadable()
}

fn unreadable() -> Refusal {
    Refusal::new(RefusalCode::DataUnreadable)
}

fn unknown(field: &str) -> Refusal {
    Refusal::new(RefusalCode::DataUnknownField).with("field", field)
}
