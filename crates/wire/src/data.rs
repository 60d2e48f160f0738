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

use crate::json::{Malformed, Scalar, Scanner};
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
#[inline]
pub(crate) fn read_object<'a>(
    spec: &'static Spec,
    scanner: &mut Scanner<'a>,
    values: &mut Values<'a>,
) -> Result<(), Refusal> {
    read_members(spec.fields, scanner, values)
}

fn read_members<'a>(
    fields: &'static [Field],
    scanner: &mut Scanner<'a>,
    values: &mut Values<'a>,
) -> Result<(), Refusal> {
    // A field that is given as null says nothing, but is given.
    let mut seen = 0_u32;
    let mut goes_on = scanner.object().map_err(malformed)?;
    let mut likely = 0;
    while goes_on {
        let (place, field) = next_field(fields, likely, scanner)?;
        likely = place + 1;
        let bit = 1 << place;
        if seen & bit != 0 {
            return Err(unreadable().with("field", field.json));
        }
        seen |= bit;
        let scalar = scanner.value().map_err(malformed)?;
        let slot = values.slot(place).ok_or_else(unreadable)?;
        if let (Form::Codes | Form::Parts(_), Scalar::Nested(text)) = (field.form, &scalar) {
            read_list(field, text, slot)?;
        } else {
            slot.take_json(field, scalar)?;
        }
        goes_on = scanner.more().map_err(malformed)?;
    }
    Ok(())
}

/// Reads a JSON array of a field that is a list; an empty one says nothing.
#[cold]
fn read_list<'a>(
    field: &'static Field,
    text: &'a str,
    slot: &mut Value<'a>,
) -> Result<(), Refusal> {
    let mut scanner = Scanner::new(text);
    *slot = Value::Absent;
    let mut goes_on = scanner.array().map_err(|_| unreadable().with("field", field.json))?;
    while goes_on {
        if let Form::Parts(fields) = field.form {
            let mut part = Values::new();
            read_members(fields, &mut scanner, &mut part)?;
            slot.push_part(field, part)?;
        } else {
            match scanner.value().map_err(malformed)? {
                Scalar::Text(code) => slot.push_code(field, code)?,
                Scalar::Null | Scalar::Flag(_) | Scalar::Number(_) | Scalar::Nested(_) => {
                    return Err(unreadable().with("field", field.json));
                }
            }
        }
        goes_on = scanner.next_item().map_err(malformed)?;
    }
    scanner.end().map_err(malformed)
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
    read_message(spec.fields, bytes, values)
}

fn read_message<'a>(
    fields: &'static [Field],
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
        let Some((place, field)) = places.zip(fields).find(|(_, field)| is_numbered(field)) else {
            return Err(unknown(&format!("#{number}")));
        };
        let bit = 1 << place;
        if seen & bit != 0 && !is_list(field) {
            return Err(unreadable().with("field", field.json));
        }
        seen |= bit;
        let slot = values.slot(place).ok_or_else(unreadable)?;
        match tag & 7 {
            VARINT => slot.take_varint(field, from.int().ok_or_else(unreadable)?)?,
            BYTES if is_list(field) => read_item(field, &mut from, slot)?,
            BYTES => {
                let text = from.text().ok_or_else(unreadable)?;
                slot.take_text(field, Cow::Borrowed(text))?;
            }
            _ => return Err(unreadable().with("field", field.json)),
        }
    }
    Ok(())
}

fn is_list(field: &Field) -> bool {
    matches!(field.form, Form::Codes | Form::Parts(_))
}

/// Reads one item of a protobuf list.
#[cold]
fn read_item<'a>(
    field: &'static Field,
    from: &mut Unpacker<'a>,
    slot: &mut Value<'a>,
) -> Result<(), Refusal> {
    let Form::Parts(fields) = field.form else {
        return slot.push_code(field, Cow::Borrowed(from.text().ok_or_else(unreadable)?));
    };
    let length = from.int().and_then(|length| usize::try_from(length).ok());
    let bytes = length.and_then(|length| from.raw(length)).ok_or_else(unreadable)?;
    let mut part = Values::new();
    read_message(fields, bytes, &mut part)?;
    slot.push_part(field, part)
}

/// Writes the canonical protobuf bytes.
pub(crate) fn write_protobuf(spec: &'static Spec, values: &Values<'_>, out: &mut Vec<u8>) {
    write_message(spec.fields, values, out);
}

fn write_message(fields: &'static [Field], values: &Values<'_>, out: &mut Vec<u8>) {
    let mut packer = Packer(out);
    for (field, value) in values.given(fields) {
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
            Value::Codes(codes) => {
                for code in codes {
                    bytes(code);
                }
                continue;
            }
            Value::Parts(parts) => {
                write_parts(field, parts, &mut packer);
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

fn write_parts(field: &'static Field, parts: &[Values<'_>], packer: &mut Packer<'_>) {
    let Form::Parts(fields) = field.form else { return };
    for part in parts {
        let mut bytes = Vec::new();
        write_message(fields, part, &mut bytes);
        packer.int((u64::from(field.number) << 3) | BYTES);
        packer.int(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        packer.raw(&bytes);
    }
}

/// Writes proto3 JSON, fields by number.
pub(crate) fn write_json(spec: &'static Spec, values: &Values<'_>) -> String {
    let mut out = String::new();
    write_object(spec.fields, values, &mut out);
    out
}

fn write_object(fields: &'static [Field], values: &Values<'_>, out: &mut String) {
    out.push('{');
    for (place, (field, value)) in values.given(fields).enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(field.json, out);
        out.push(':');
        write_value(field, value, out);
    }
    out.push('}');
}

/// Writes one value as proto3 JSON.
pub(crate) fn write_value(field: &'static Field, value: &Value<'_>, out: &mut String) {
    match value {
        Value::Absent => out.push_str("null"),
        Value::Text(text) | Value::Unit(text) | Value::On(text, _) => quote(text, out),
        Value::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Count(count) => push_number(*count, out),
        Value::Word(word) => quote(name_of(field, *word), out),
        Value::Codes(codes) => write_array(codes, out, |code, out| quote(code, out)),
        Value::Parts(parts) => {
            let Form::Parts(fields) = field.form else { return out.push_str("null") };
            write_array(parts, out, |part, out| write_object(fields, part, out));
        }
    }
}

fn write_array<T>(items: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(']');
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
