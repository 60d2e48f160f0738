//! What an outbox holds, for people.

use std::collections::BTreeMap;

use super::contents::{Contents, Numbering, State};

/// What an outbox holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Events in it.
    pub events: usize,
    /// Of them, those that are to be sent, or are on their way.
    pub unsent: usize,
    /// Those that the log has confirmed and no account covers for good.
    pub stored: usize,
    /// Those that the log will not take.
    pub parked: usize,
    /// Bytes on disk.
    pub bytes: u64,
    /// Its sources, by name.
    pub sources: BTreeMap<String, SourceStatus>,
}

/// What an outbox holds of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// Events in the outbox.
    pub events: usize,
    /// The number that its next event gets; none if it numbers its events itself.
    pub next: Option<u64>,
    /// Why one of its events is not taken by the log.
    pub parked: Option<String>,
}

impl Status {
    pub(super) fn of(contents: &Contents, bytes: u64) -> Self {
        let mut status = Self {
            events: contents.entries.len(),
            unsent: 0,
            stored: 0,
            parked: 0,
            bytes,
            sources: BTreeMap::new(),
        };
        for source in &contents.sources {
            let next = match source.numbering {
                Numbering::Ours { next } => Some(next),
                Numbering::Theirs => None,
            };
            let row = SourceStatus { next, ..SourceStatus::default() };
            status.sources.insert(source.name.to_string(), row);
        }
        for entry in contents.entries.values() {
            let name = contents.sources.get(entry.source).map(|source| source.name.as_ref());
            let Some(row) = name.and_then(|name| status.sources.get_mut(name)) else { continue };
            row.events += 1;
            match &entry.state {
                State::Waiting | State::Sent => status.unsent += 1,
                State::Stored { .. } => status.stored += 1,
                State::Parked(why) => {
                    status.parked += 1;
                    row.parked.get_or_insert_with(|| why.to_string());
                }
            }
        }
        status
    }
}
