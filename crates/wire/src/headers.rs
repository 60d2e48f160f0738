//! The headers of a `CloudEvent` in binary mode, and the media types that tell the encodings apart.
//!
//! Values are read as the HTTP and NATS bindings of `CloudEvents` 1.0 say: quotes are taken off, then
//! one round of percent-decoding.

use std::borrow::Cow;
use std::fmt::Write;

/// The header that tells the mode.
pub(crate) const CONTENT_TYPE: &str = "content-type";
/// The media type of an event in structured mode.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
/// The header that stands for those which cannot be read.
pub(crate) const UNREADABLE: &str = "Tonghop-Unreadable-Headers";
/// What the name of a header that carries an attribute begins with.
const PREFIX: &str = "ce-";

/// How the event is put into the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// All of it in the payload.
    Structured,
    /// Attributes in headers, data in the payload.
    Binary,
    /// Neither.
    Foreign,
}

/// How the data are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataType {
    /// proto3 JSON.
    Json,
    /// Protobuf.
    Protobuf,
    /// Something else.
    Foreign,
}

/// The mode that the headers tell. Without a content type and without attributes it is structured.
pub(crate) fn mode(headers: &[(&str, &str)]) -> Mode {
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(UNREADABLE)) {
        return Mode::Foreign;
    }
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE));
    if content_type.is_some_and(|(_, value)| *value == STRUCTURED) {
        return Mode::Structured;
    }
    let of_cloudevents = content_type.map(|(_, value)| essence(value)).filter(|essence| {
        essence.get(..23).is_some_and(|head| head.eq_ignore_ascii_case("application/cloudevents"))
    });
    let is_binary = headers.iter().any(|(name, _)| attribute(name).is_some());
    match (of_cloudevents, content_type) {
        (Some(essence), _) if essence.eq_ignore_ascii_case(STRUCTURED) => Mode::Structured,
        (Some(_), _) => Mode::Foreign,
        (None, _) if is_binary => Mode::Binary,
        (None, Some((_, value))) if data_type(value) != DataType::Json => Mode::Foreign,
        (None, _) => Mode::Structured,
    }
}

/// What a media type says of the data.
pub(crate) fn data_type(media_type: &str) -> DataType {
    let essence = essence(media_type).to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => DataType::Json,
        "application/protobuf" | "application/x-protobuf" => DataType::Protobuf,
        other if other.ends_with("+json") => DataType::Json,
        _ => DataType::Foreign,
    }
}

/// The media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// The name of the attribute that the header carries, in small letters.
pub(crate) fn attribute(header: &str) -> Option<Cow<'_, str>> {
    let (prefix, name) = header.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(Cow::Owned(name.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(name))
}

/// The value of an attribute as its header carries it; none if that is malformed.
pub(crate) fn decode(value: &str) -> Option<Cow<'_, str>> {
    let value = unquote(value.trim_matches([' ', '\t']));
    if !value.contains('%') {
        return Some(value);
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let (digits, tail) = rest.split_first_chunk::<2>()?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        bytes.push(u8::try_from(high? * 16 + low?).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Takes off double quotes, and the backslashes within.
fn unquote(value: &str) -> Cow<'_, str> {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => {
            let mut out = String::with_capacity(inner.len());
            let mut letters = inner.chars();
            while let Some(letter) = letters.next() {
                out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
            }
            Cow::Owned(out)
        }
    }
}

/// The value as a header may carry it: printable ASCII; space, quote, per cent and all else as
/// `%XX`.
pub(crate) fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'%' | 0..=0x20 | 0x7f.. => {
                write!(out, "%{byte:02X}").unwrap_or_default();
            }
            printable => out.push(char::from(printable)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for value in ["plain", "Sở TT&TT", "100 %", "a\"b\\c", "%41", "\u{1F600}", ""] {
            assert_eq!(decode(&encode(value)).as_deref(), Some(value));
            assert!(encode(value).bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }

    #[test]
    fn values_are_read_as_the_binding_says() {
        for (value, expected) in [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", Some("Euro € 😀")),
            ("%e2%82%ac", Some("€")),
            (" \"quoted \\\"%41\\\"\" ", Some("quoted \"A\"")),
            ("%4", None),
            ("%zz", None),
            ("%+4", None),
            ("%ff", None),
        ] {
            assert_eq!(decode(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn modes() {
        for (headers, expected) in [
            (&[][..], Mode::Structured),
            (&[("content-TYPE", "Application/CloudEvents+JSON; charset=utf-8")], Mode::Structured),
            (&[("Content-Type", "application/json")], Mode::Structured),
            (&[("Content-Type", "application/json"), ("CE-Id", "1")], Mode::Binary),
            (&[("ce-id", "1"), ("Content-Type", "application/cloudevents+json")], Mode::Structured),
            (&[("Content-Type", "application/cloudevents-batch+json")], Mode::Foreign),
            (&[("Content-Type", "text/plain")], Mode::Foreign),
            (&[("Nats-Msg-Id", "1")], Mode::Structured),
            (&[("Tonghop-Unreadable-Headers", "/w==")], Mode::Foreign),
            (&[("Content-Type", STRUCTURED), ("tonghop-unreadable-headers", "")], Mode::Foreign),
            (&[("ce-id", "1"), ("Tonghop-Unreadable-Headers", "")], Mode::Foreign),
        ] {
            assert_eq!(mode(headers), expected, "{headers:?}");
        }
    }
}
