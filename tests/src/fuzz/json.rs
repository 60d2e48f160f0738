//! JSON that was good, changed value by value: hostile ones in place of some, names given twice,
//! members in another order, blanks between.

use std::fmt::Write;

use serde_json::Value;

use super::{HOSTILE, Random, mutated};

/// Values that are JSON, or nearly.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.0",
    "1e400",
    "-1e-400",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999",
    "01",
    "+1",
    ".5",
    "0x10",
    "1e",
    "NaN",
    "{}",
    "[]",
    "[null]",
    "[[],[],[]]",
    "\"\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"a\\u0301\"",
    "\"\\x41\"",
    "\"\u{1}\"",
    "'x'",
    "",
];

/// The text of a JSON value with some of it changed; now and then also its bytes.
pub fn json_mutated(random: &mut Random, value: &Value, others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = String::new();
    if random.once_in(40) {
        out.push('\u{feff}');
    }
    // One value in so many is changed, so that most of an event stays good.
    let rarely = 2 + random.below(30);
    write(random, value, rarely, &mut out);
    if random.once_in(60) {
        deep(random, &mut out);
    }
    if random.once_in(4) { mutated(random, out.as_bytes(), others) } else { out.into_bytes() }
}

/// The members of an object in another order, and nothing else changed.
pub fn members_reordered(random: &mut Random, value: &Value) -> String {
    let mut out = String::new();
    write(random, value, usize::MAX, &mut out);
    out
}

fn write(random: &mut Random, value: &Value, rarely: usize, out: &mut String) {
    let spoils = rarely != usize::MAX;
    if spoils && random.once_in(rarely) {
        out.push_str(random.one_of(VALUES));
        return;
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) if spoils && random.once_in(rarely) => {
            let place = random.below(HOSTILE.len());
            let hostile = HOSTILE.get(place).copied().unwrap_or_default();
            let joined =
                if random.once_in(2) { hostile.to_owned() } else { format!("{text}{hostile}") };
            string(random, &joined, out);
        }
        Value::String(text) => string(random, text, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write(random, item, rarely, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            for last in (1..members.len()).rev() {
                members.swap(last, random.below(last + 1));
            }
            if spoils && random.once_in(rarely) {
                let twice = random.below(members.len());
                members.extend(members.get(twice).copied());
            }
            if spoils && random.once_in(rarely) {
                members.pop();
            }
            out.push('{');
            for (place, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                blanks(random, out);
                string(random, name, out);
                blanks(random, out);
                out.push(':');
                blanks(random, out);
                write(random, value, rarely, out);
            }
            blanks(random, out);
            out.push('}');
        }
    }
}

fn blanks(random: &mut Random, out: &mut String) {
    if random.once_in(12) {
        out.push_str(random.one_of(&[" ", "\n", "\r\n", "\t", "  "]));
    }
}

/// The text in quotes, some letters of it escaped that need not be.
fn string(random: &mut Random, text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        if random.once_in(40) || letter < ' ' || letter == '"' || letter == '\\' {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}").unwrap_or_default();
            }
        } else {
            out.push(letter);
        }
    }
    out.push('"');
}

/// Brackets within brackets, closed or not, in place of the last brace.
fn deep(random: &mut Random, out: &mut String) {
    let depth_max = if random.once_in(20) { 100_000 } else { 70 };
    let depth = 1 + random.below(depth_max);
    let (open, close) = *random.one_of(&[&("[", "]"), &("{\"a\":", "}"), &("[0,", "]")]);
    out.pop();
    out.push_str(",\"x\":");
    out.push_str(&open.repeat(depth));
    if random.once_in(2) {
        out.push('0');
        out.push_str(&close.repeat(depth));
    }
    out.push('}');
}
