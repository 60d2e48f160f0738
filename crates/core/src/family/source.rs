//! Sources (hệ thống nguồn): how far a source says that it has come.
//!
//! A heartbeat contributes to no cell (what is odd about a correction is an anomaly, as in every
//! family): it says which numbers are missing (`core::sources`).
//! The latest heartbeat counts, so that a wrong one is put right by the next. Of each source the
//! latest [`HEARTBEATS_KEPT_MAX`] are kept, for they come for ever.

use crate::contribution::Contributions;
use crate::event::Body;
use crate::limits::HEARTBEATS_KEPT_MAX;
use crate::pack::{Packer, Unpacker};
use crate::sources::Promise;
use crate::timeline::Timeline;

/// What an event says about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The source is alive, and has come so far.
    Heartbeat {
        /// The number (`sequence`) of the last event that it has emitted; 0 if none.
        last_sequence: u32,
    },
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        let Self::Heartbeat { last_sequence } = self;
        out.byte(1);
        out.int(u64::from(*last_sequence));
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Heartbeat { last_sequence: u32::try_from(from.int()?).ok()? },
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        let Self::Heartbeat { .. } = self;
        1
    }
}

/// Keeps the latest heartbeats, and answers what they promise.
pub fn settle(timeline: &mut Timeline) -> Option<Promise> {
    timeline.keep_last(HEARTBEATS_KEPT_MAX);
    let in_force = timeline.in_force(&mut Contributions::default());
    let number = |body: &Body| {
        let Body::Source(Event::Heartbeat { last_sequence }) = body else { return None };
        Some(u64::from(*last_sequence))
    };
    let last = in_force.iter().rev().find_map(|statement| number(&statement.body))?;
    let said = timeline.entries().iter().filter(|entry| {
        number(&entry.statement.body).is_some_and(|number| number >= last)
            && in_force.iter().any(|held| held.identity == entry.statement.identity)
    });
    Some(Promise { last, on: said.map(|entry| entry.recorded).min()? })
}
