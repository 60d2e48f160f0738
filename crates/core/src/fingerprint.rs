//! Fingerprints: what events and timelines are known by.
//!
//! Each is BLAKE3 over length-prefixed fields with a domain of its own, cut to the width stated.

use std::fmt;

use crate::pack::Packer;
use crate::unit_code::UnitCode;
use crate::words::Family;

/// 128 bits that stand for (source, id): who an event is, for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u128);

/// 128 bits that stand for (unit, family, subject): which timeline an event belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimelineKey(pub u128);

/// 64 bits that stand for all that an event says; equal for the three encodings of one event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content(pub u64);

impl Identity {
    /// The identity of the event `id` of `source`.
    pub fn of(source: &str, id: &str, scratch: &mut Vec<u8>) -> Self {
        scratch.clear();
        let mut packer = Packer(scratch);
        packer.byte(1);
        packer.text(source);
        packer.text(id);
        Self(wide(scratch))
    }
}

impl TimelineKey {
    /// The key of the timeline of this subject.
    pub fn of(unit: UnitCode, family: Family, subject: &str, scratch: &mut Vec<u8>) -> Self {
        scratch.clear();
        let mut packer = Packer(scratch);
        packer.byte(2);
        packer.text(unit.as_str());
        packer.byte(family.byte());
        packer.text(subject);
        Self(wide(scratch))
    }
}

impl Content {
    /// The fingerprint of canonical bytes.
    pub fn of(canonical: &[u8]) -> Self {
        let hash = blake3::hash(canonical);
        let head: Option<&[u8; 8]> = hash.as_bytes().first_chunk();
        Self(head.map_or(0, |head| u64::from_be_bytes(*head)))
    }
}

fn wide(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    let half: Option<&[u8; 16]> = hash.as_bytes().first_chunk();
    half.map_or(0, |half| u128::from_be_bytes(*half))
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id:{:032x}", self.0)
    }
}

impl fmt::Debug for TimelineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timeline:{:032x}", self.0)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "content:{:016x}", self.0)
    }
}

/// A fingerprint of many lines, fed one by one.
#[derive(Debug, Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    /// A digest of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn line(&mut self, line: &str) {
        self.0.update(line.as_bytes());
        self.0.update(b"\n");
    }

    /// The fingerprint so far, in hexadecimal.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
