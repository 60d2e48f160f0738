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

const VERSION: u8 = 1;

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
