//! What is remembered of every accepted event, for ever.
//!
//! ```text
//! content  8 bytes   what it said
//! timeline 8 bytes   the upper half of the key of its timeline
//! position varint    where it stands in the log
//! ```

use crate::event::Event;
use crate::pack::{Packer, Unpacker};

/// What an accepted event is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdentityRecord {
    pub(super) content: u64,
    pub(super) timeline: u64,
    pub(super) position: u64,
}

impl IdentityRecord {
    pub(super) fn of(event: &Event, position: u64) -> Self {
        let upper = u64::try_from(event.timeline.0 >> 64).unwrap_or(0);
        Self { content: event.content.0, timeline: upper, position }
    }

    pub(super) fn pack(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        let mut packer = Packer(&mut bytes);
        packer.raw(&self.content.to_be_bytes());
        packer.raw(&self.timeline.to_be_bytes());
        packer.int(self.position);
        bytes
    }

    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker(bytes);
        let record = Self {
            content: u64::from_be_bytes(from.array()?),
            timeline: u64::from_be_bytes(from.array()?),
            position: from.int()?,
        };
        from.is_empty().then_some(record)
    }
}
