//! Messages of released versions, byte for byte, with what they were decoded to.
//!
//! One file a release in `proto/golden/released`; each line is a message. A file is written once
//! and never again: what an agency sent then is in the logs for ever.

use serde_json::{Value, json};
use tonghop_core::event::Event;
use tonghop_wire::kind::Kind;
use tonghop_wire::{
    Decoder, Message, Raw, describe, route, schema, to_binary_json, to_protobuf, to_structured,
};

use super::pages::hex;

/// The folder that holds the files.
pub const FOLDER: &str = "proto/golden/released";

/// Every kind in the three encodings, with all that its example has and with what it must have.
pub fn lines() -> Result<String, String> {
    let mut out = String::new();
    for kind in Kind::ALL {
        let full = describe::kind(*kind).example.trim_end().to_owned();
        let bare = bare(*kind)?;
        let mut lines = vec![full];
        if lines.iter().all(|line| *line != bare) {
            lines.push(bare);
        }
        for line in lines {
            for (encoding, message) in encodings(&line)? {
                out.push_str(&frozen(*kind, encoding, &line, &message)?.to_string());
                out.push('\n');
            }
        }
    }
    Ok(out)
}

/// The example without what may be left out.
fn bare(kind: Kind) -> Result<String, String> {
    let mut event = schema::example(kind);
    let fields = kind.spec().fields;
    if let Some(data) = event.get_mut("data").and_then(Value::as_object_mut) {
        let value = data.get("value").cloned();
        data.retain(|name, _| fields.iter().any(|field| field.required && field.json == name));
        // The one field that is required by another's value.
        if let (Some(value), "figure.declared") = (value, kind.name().as_str()) {
            data.insert("value".to_owned(), value);
        }
    }
    if let Some(members) = event.as_object_mut() {
        members.remove("sequence");
    }
    // In the order of the contract, as all examples are.
    let line = event.to_string();
    let raw = Raw { subject: "", headers: &[], payload: line.as_bytes() };
    to_structured(&raw).map_err(|refused| format!("{}: {refused}", kind.name()))
}

fn encodings(line: &str) -> Result<[(&'static str, Message); 3], String> {
    let bytes = line.as_bytes();
    let structured = Message {
        headers: vec![("Content-Type".to_owned(), "application/cloudevents+json".to_owned())],
        payload: bytes.to_vec(),
    };
    Ok([
        ("structured", structured),
        ("json", to_binary_json(bytes).map_err(|refused| refused.to_string())?),
        ("protobuf", to_protobuf(bytes).map_err(|refused| refused.to_string())?),
    ])
}

fn frozen(kind: Kind, encoding: &str, line: &str, message: &Message) -> Result<Value, String> {
    let subject = route(line.as_bytes()).map_err(|refused| refused.to_string())?;
    let event = decode(&subject, &message.headers, &message.payload)?;
    let mut line = json!({
        "kind": kind.name(), "encoding": encoding, "subject": subject,
        "headers": message.headers, "event": marks(&event),
    });
    let (name, payload) = match std::str::from_utf8(&message.payload) {
        Ok(text) if encoding != "protobuf" => ("payload", text.to_owned()),
        _ => ("payloadHex", hex(&message.payload)),
    };
    if let Some(members) = line.as_object_mut() {
        members.insert(name.to_owned(), Value::String(payload));
    }
    Ok(line)
}

/// Decodes a message.
pub fn decode(subject: &str, headers: &[(String, String)], bytes: &[u8]) -> Result<Event, String> {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let raw = Raw { subject, headers: &headers, payload: bytes };
    Decoder::new().decode(&raw).map_err(|refused| format!("{subject}: {refused}"))
}

/// What an event is known by: identity, timeline and content.
pub fn marks(event: &Event) -> String {
    let (identity, timeline) = (event.statement.identity.0, event.timeline.0);
    format!("{identity:032x} {timeline:032x} {:016x}", event.content.0)
}
