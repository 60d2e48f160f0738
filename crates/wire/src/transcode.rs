//! One event from one encoding to another: the same event, byte for byte the same identity.
//!
//! Extension attributes that the contract does not name are left behind; texts come out in
//! normalisation form C, codes of units in the newer form.

use crate::data;
use crate::decoder::check;
use crate::envelope::{Envelope, Raw, unreadable};
use crate::headers;
use crate::json::Malformed;
use crate::refused::Refused;
use crate::value::Values;

/// Headers and payload, ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub payload: Vec<u8>,
}

/// A structured-JSON event in binary mode with protobuf data.
pub fn to_protobuf(line: &[u8]) -> Result<Message, Refused> {
    binary(line, "application/protobuf")
}

/// A structured-JSON event in binary mode with JSON data.
pub fn to_binary_json(line: &[u8]) -> Result<Message, Refused> {
    binary(line, "application/json")
}

/// An event in any encoding as structured JSON on one line.
pub fn to_structured(raw: &Raw<'_>) -> Result<String, Refused> {
    let mut envelope = Envelope::default();
    let mut values = Values::new();
    envelope.read(raw, &mut values)?;
    let attributes = check(&envelope, &mut values, None).map_err(|why| envelope.refused(why))?;
    let mut out = String::from("{");
    for (name, value) in envelope.given() {
        data::quote(name, &mut out);
        out.push(':');
        data::quote(value, &mut out);
        out.push(',');
    }
    out.push_str("\"data\":");
    out.push_str(&data::write_json(attributes.kind.spec(), &values));
    out.push('}');
    Ok(out)
}

fn binary(line: &[u8], content_type: &str) -> Result<Message, Refused> {
    let mut envelope = Envelope::default();
    let mut values = Values::new();
    envelope.structured(line, &mut values).map_err(|Malformed| unreadable())?;
    let attributes = check(&envelope, &mut values, None).map_err(|why| envelope.refused(why))?;
    let mut headers: Vec<(String, String)> = envelope
        .given()
        .map(|(name, value)| (format!("ce-{name}"), headers::encode(value)))
        .collect();
    headers.push(("ce-datacontenttype".to_owned(), content_type.to_owned()));
    let spec = attributes.kind.spec();
    let payload = if content_type == "application/json" {
        data::write_json(spec, &values).into_bytes()
    } else {
        let mut bytes = Vec::new();
        data::write_protobuf(spec, &values, &mut bytes);
        bytes
    };
    Ok(Message { headers, payload })
}
