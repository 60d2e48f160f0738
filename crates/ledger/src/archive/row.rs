//! A message on its way into a segment, and as it is read from one.

use bytes::Bytes;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::Raw;
use tonghop_wire::row::Row;

use super::manifest::Chain;
use crate::leaf::{Leaf, named};
use crate::message::{Message, Salt, commitment};

/// A message as the log holds it, and where.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The place in the log, from 1.
    pub position: u64,
    /// When the log stored it by its server's clock, Unix milliseconds.
    pub recorded_ms: i64,
    /// The message as received.
    pub message: Message<'a>,
}

/// A message as a segment has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What everybody may know of it.
    pub leaf: Leaf,
    /// When the log stored it by its server's clock, Unix milliseconds: see [`Leaf::recorded_ms`].
    pub stored_ms: i64,
    /// The message, unless it was erased.
    pub kept: Option<Kept>,
    /// By which decision it was erased.
    pub redacted: Option<String>,
}

/// A message that was not erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The salt of its commitment.
    pub salt: Salt,
    /// The NATS subject.
    pub subject: String,
    /// The NATS headers, by name.
    pub headers: Vec<(String, String)>,
    /// The payload, byte for byte.
    pub payload: Bytes,
}

impl Kept {
    /// The commitment to it.
    pub fn commitment(&self) -> [u8; 32] {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut encoded = Vec::new();
        let message = Message { subject: &self.subject, headers: &headers, payload: &self.payload };
        message.encode(&mut encoded);
        commitment(&self.salt, &encoded)
    }
}

/// The leaf of a message, and what it says in columns. `encoded` is room to work in.
pub(super) fn leaf_of(
    record: &Record<'_>,
    salt: &Salt,
    encoded: &mut Vec<u8>,
    chain: &Chain,
) -> (Leaf, Row) {
    let Message { subject, headers, payload } = record.message;
    encoded.clear();
    record.message.encode(encoded);
    let row = Row::read(&Raw { subject, headers, payload });
    let (unit, kind) = named(subject);
    let unit = unit.map_or_else(String::new, |unit| unit.as_str().to_owned());
    let leaf = Leaf {
        position: record.position,
        recorded_ms: chain.recorded(record.recorded_ms),
        previous: if unit.is_empty() { 0 } else { chain.previous(&unit) },
        unit,
        kind: kind.unwrap_or_default().to_owned(),
        source: row.source.clone().unwrap_or_default(),
        id: row.id.clone().unwrap_or_default(),
        sequence: row.sequence.unwrap_or_default(),
        commitment: commitment(salt, encoded),
    };
    (leaf, row)
}

/// The unit that a NATS subject names, as its leaf has it.
pub fn unit_of(subject: &str) -> Option<UnitCode> {
    named(subject).0
}
