//! Refused events: why, and the message whole, as `TONGHOP_REFUSED` holds them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tonghop_core::day::Instant;
use tonghop_core::refusal::{Refusal, RefusalCode};

use crate::envelope::{Envelope, Raw};
use crate::value::Values;

/// An event that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// The source, if it could be read; at most 200 characters of it.
    pub source: Option<String>,
    /// The id, if it could be read; at most 200 characters of it.
    pub id: Option<String>,
}

impl Refused {
    /// A refusal of a message that was decoded before: reads source and id again.
    pub fn new(refusal: Refusal, raw: &Raw<'_>) -> Self {
        let mut envelope = Envelope::default();
        match envelope.read(raw, &mut Values::new()) {
            Ok(()) => envelope.refused(refusal),
            Err(refused) => Self { refusal, ..refused },
        }
    }
}

impl fmt::Display for Refused {
    /// `data.missing_field (field: channel)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.refusal.code.word())?;
        let mut before = " (";
        for (name, value) in &self.refusal.args {
            write!(f, "{before}{name}: {value}")?;
            before = ", ";
        }
        if self.refusal.args.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

/// The JSON of a refused message, whole, for `TONGHOP_REFUSED`.
pub fn refusal_json(
    raw: &Raw<'_>,
    position: u64,
    recorded_at: Instant,
    refusal: &Refusal,
) -> Vec<u8> {
    let refused = Refused::new(refusal.clone(), raw);
    RefusedMessage::new(refused, raw, position, recorded_at).to_json()
}

/// A refused message with its refusal: one message of `TONGHOP_REFUSED`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedMessage {
    /// Why.
    pub code: RefusalCode,
    /// What the sentence of the code speaks of, in order.
    pub args: Vec<(String, String)>,
    /// The NATS subject that the message came by.
    pub subject: String,
    /// The place of the message in the log.
    pub position: u64,
    /// The source, if it could be read.
    pub source: Option<String>,
    /// The id, if it could be read.
    pub id: Option<String>,
    /// When the log stored the message.
    pub recorded_at: Instant,
    /// The message's headers.
    pub headers: Vec<(String, String)>,
    /// The message's payload.
    pub payload: Vec<u8>,
}

/// A message of `TONGHOP_REFUSED` is not what this version writes.
#[derive(Debug, thiserror::Error)]
#[error("refused message is unreadable: {0}")]
pub struct RefusedUnreadable(String);

impl RefusedMessage {
    /// The message whole, with why it was refused.
    pub fn new(refused: Refused, raw: &Raw<'_>, position: u64, recorded_at: Instant) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let Refused { refusal, source, id } = refused;
        let args = refusal.args.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self {
            code: refusal.code,
            args: args.collect(),
            subject: raw.subject.to_owned(),
            position,
            source,
            id,
            recorded_at,
            headers: raw.headers.iter().map(owned).collect(),
            payload: raw.payload.to_owned(),
        }
    }

    /// The JSON of the contract.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in it can fail to be written: every map has text keys.
        serde_json::to_vec(&Written {
            code: self.code.word().to_owned(),
            args: Args(self.args.clone()),
            subject: self.subject.clone(),
            position: self.position,
            source: self.source.clone(),
            id: self.id.clone(),
            recorded_at: self.recorded_at.to_string(),
            message: WrittenMessage {
                headers: self.headers.clone(),
                payload: BASE64.encode(&self.payload),
            },
        })
        .unwrap_or_default()
    }

    /// Reads the JSON of the contract.
    pub fn from_json(json: &[u8]) -> Result<Self, RefusedUnreadable> {
        let bad = |what: &str| RefusedUnreadable(what.to_owned());
        let written: Written =
            serde_json::from_slice(json).map_err(|why| RefusedUnreadable(why.to_string()))?;
        Ok(Self {
            code: RefusalCode::parse(&written.code).ok_or_else(|| bad("no such code"))?,
            args: written.args.0,
            subject: written.subject,
            position: written.position,
            source: written.source,
            id: written.id,
            recorded_at: Instant::parse(&written.recorded_at)
                .ok_or_else(|| bad("recordedAt is no instant"))?,
            headers: written.message.headers,
            payload: BASE64
                .decode(written.message.payload)
                .map_err(|_| bad("payload is no base64"))?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    code: String,
    args: Args,
    subject: String,
    position: u64,
    source: Option<String>,
    id: Option<String>,
    recorded_at: String,
    message: WrittenMessage,
}

#[derive(Serialize, Deserialize)]
struct WrittenMessage {
    headers: Vec<(String, String)>,
    payload: String,
}

/// A JSON object that keeps its order.
struct Args(Vec<(String, String)>);

impl Serialize for Args {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Args;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Args, A::Error> {
                let mut args = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    args.push(entry);
                }
                Ok(Args(args))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
