//! A leaf of the tree: one message of the log, as everybody may know it.
//!
//! ```text
//! version: u8 = 1    position: u64    recorded: i64, Unix milliseconds    previous: u64
//! unit, kind, source, id: each u8 length and text    sequence: u64, 0 for none
//! commitment: 32 bytes
//! ```
//!
//! All integers are big-endian. The leaf at position p has index p − 1 in the tree, for every
//! message of the log has a leaf, duplicates and refused ones too. What cannot be read of a message
//! is an empty text here.
//!
//! `previous` chains the messages of a unit: whoever is given the last of them can ask for the one
//! before until there is none, and has then seen all that the log holds of that unit.

use tonghop_core::unit_code::UnitCode;
use tonghop_wire::Raw;
use tonghop_wire::row::Row;
use tonghop_wire::subject::PREFIX;

const VERSION: u8 = 1;
/// Bytes of a family and of a kind that a leaf names.
const WORD_BYTES_MAX: usize = 64;

/// What a leaf says of its message, which the message says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The unit that the NATS subject names.
    pub unit: String,
    /// Family and kind, from the NATS subject.
    pub kind: String,
    /// The source.
    pub source: String,
    /// The id.
    pub id: String,
    /// The number.
    pub sequence: u64,
    /// The id of the event that it corrects or takes back, which no leaf says.
    pub replaces: Option<String>,
}

impl Said {
    /// What a leaf has to say of a message.
    pub fn of(raw: &Raw<'_>) -> Self {
        let row = Row::read(raw);
        let (unit, kind) = named(raw.subject);
        Self {
            unit: unit.map_or_else(String::new, |unit| unit.as_str().to_owned()),
            kind: kind.unwrap_or_default().to_owned(),
            source: row.source.unwrap_or_default(),
            id: row.id.unwrap_or_default(),
            sequence: row.sequence.unwrap_or_default(),
            replaces: row.said.and_then(|said| said.replaces),
        }
    }

    /// Whether the leaf says this.
    pub fn is_said_by(&self, leaf: &Leaf) -> bool {
        let Self { unit, kind, source, id, sequence, replaces: _ } = self;
        (unit, kind, source, id, sequence)
            == (&leaf.unit, &leaf.kind, &leaf.source, &leaf.id, &leaf.sequence)
    }
}

/// The unit that a NATS subject names, and the family and kind.
///
/// Which kinds there are does not count: a later version knows more, and the leaf stays.
pub fn named(subject: &str) -> (Option<UnitCode>, Option<&str>) {
    let Some((token, kind)) = subject.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'))
    else {
        return (None, None);
    };
    let is_word = |word: &str| {
        (1..=WORD_BYTES_MAX).contains(&word.len())
            && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    let words = kind.split_once('.').filter(|(family, kind)| is_word(family) && is_word(kind));
    (UnitCode::parse_token(token), words.map(|_| kind))
}

/// What everybody may know of a message of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The place in the log, from 1.
    pub position: u64,
    /// When the log stored it, Unix milliseconds; the highest that any message up to this one has,
    /// for a server's clock may be put back, and a fold reads it so.
    pub recorded_ms: i64,
    /// The position of the message before this one whose NATS subject names the same unit; 0 if
    /// there is none.
    pub previous: u64,
    /// The unit that the NATS subject names, written as in events (`H41.16`); empty if it names
    /// none.
    pub unit: String,
    /// Family and kind, from the NATS subject: `dossier.accepted`; empty if it names none.
    pub kind: String,
    /// The source, if it could be read and may speak for the unit.
    pub source: String,
    /// The id, if it could be read.
    pub id: String,
    /// The number that the source gave it, from 1; 0 for none.
    pub sequence: u64,
    /// The salted hash of the message: see [`crate::message::commitment`].
    pub commitment: [u8; 32],
}

/// Bytes that are no leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no leaf of version {VERSION}")]
pub struct NoLeaf;

impl Leaf {
    /// Writes the leaf as bytes.
    ///
    /// # Panics
    /// If one of its texts is longer than 255 bytes: no unit, kind, source or id is.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend(self.position.to_be_bytes());
        out.extend(self.recorded_ms.to_be_bytes());
        out.extend(self.previous.to_be_bytes());
        for text in [&self.unit, &self.kind, &self.source, &self.id] {
            out.push(u8::try_from(text.len()).expect("a text of a leaf has at most 255 bytes"));
            out.extend(text.as_bytes());
        }
        out.extend(self.sequence.to_be_bytes());
        out.extend(self.commitment);
    }

    /// Reads what `encode` wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoLeaf> {
        let mut from = Bytes(bytes);
        if from.array::<1>()? != [VERSION] {
            return Err(NoLeaf);
        }
        let leaf = Self {
            position: u64::from_be_bytes(from.array()?),
            recorded_ms: i64::from_be_bytes(from.array()?),
            previous: u64::from_be_bytes(from.array()?),
            unit: from.text()?,
            kind: from.text()?,
            source: from.text()?,
            id: from.text()?,
            sequence: u64::from_be_bytes(from.array()?),
            commitment: from.array()?,
        };
        if from.0.is_empty() { Ok(leaf) } else { Err(NoLeaf) }
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NoLeaf> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NoLeaf)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NoLeaf> {
        self.take(N)?.try_into().map_err(|_| NoLeaf)
    }

    fn text(&mut self) -> Result<String, NoLeaf> {
        let [length] = self.array()?;
        let text = self.take(usize::from(length))?;
        String::from_utf8(text.to_vec()).map_err(|_| NoLeaf)
    }
}

#[cfg(test)]
mod tests;
