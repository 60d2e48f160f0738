//! What the outbox holds, in memory: which events, where they stand, how far each has come.
//!
//! Bookkeeping: it touches no file and sends nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// How many events that left are remembered, so that one which comes again is known.
pub(crate) const LEFT_MAX: usize = 1_000_000;

/// The bytes of an event as it was handed over, as a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(crate) u128);

impl Key {
    pub(crate) fn of(event: &[u8]) -> Self {
        let hash = blake3::hash(event.trim_ascii());
        let (upper, _) = hash.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Self(u128::from_le_bytes(*upper))
    }
}

/// Who gives a source's events their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// The outbox; `next` is the next one.
    Ours { next: u64 },
    /// The system itself: its events come with theirs.
    Theirs,
}

/// A system that events are from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) numbering: Numbering,
    /// Events of it were sent: what the log has of its numbers is ours.
    pub(crate) begun: bool,
    /// It is known what the log has of it, or need not be: its events may go.
    pub(crate) introduced: bool,
}

impl Source {
    /// Whether its first event may go only when it is known which numbers the log has.
    pub(crate) fn must_ask(&self) -> bool {
        !self.begun && matches!(self.numbering, Numbering::Ours { .. })
    }
}

/// How far an event has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// To be sent.
    Waiting,
    /// On its way.
    Sent,
    /// The log has confirmed it at this position. `covered`: an account knows it; whose, and where
    /// the fold stood then.
    Stored { position: u64, covered: Option<(u64, u64)> },
    /// The log will not take it, and says why.
    Parked(Arc<str>),
}

/// An event in the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) source: usize,
    pub(crate) number: u64,
    pub(crate) key: Key,
    pub(crate) place: Place,
    pub(crate) state: State,
}

/// Where an event's record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) at: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) sources: Vec<Source>,
    by_name: BTreeMap<Arc<str>, usize>,
    /// By the order in which they entered.
    pub(crate) entries: BTreeMap<u64, Entry>,
    by_key: HashMap<Key, u64>,
    pub(crate) waiting: BTreeSet<u64>,
    /// How many are on their way.
    pub(crate) sent: usize,
    left: VecDeque<Key>,
    left_keys: HashSet<Key>,
    next_entry: u64,
}

impl Contents {
    pub(crate) fn source(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn add_source(&mut self, name: &str, numbering: Numbering, begun: bool) -> usize {
        let place = self.sources.len();
        let name: Arc<str> = Arc::from(name);
        self.by_name.insert(Arc::clone(&name), place);
        self.sources.push(Source { name, numbering, begun, introduced: false });
        place
    }

    /// The entry with these bytes, if it is here.
    pub(crate) fn holding(&self, key: Key) -> Option<u64> {
        self.by_key.get(&key).copied()
    }

    /// Whether an event with these bytes has left, as far as that is remembered.
    pub(crate) fn has_left(&self, key: Key) -> bool {
        self.left_keys.contains(&key)
    }

    /// Takes an event in.
    pub(crate) fn enter(&mut self, source: usize, number: u64, key: Key, place: Place) -> u64 {
        let entry = self.next_entry;
        self.next_entry += 1;
        self.count(source, number);
        self.entries.insert(entry, Entry { source, number, key, place, state: State::Waiting });
        self.by_key.insert(key, entry);
        self.waiting.insert(entry);
        entry
    }

    /// A number of a source is given away.
    fn count(&mut self, source: usize, number: u64) {
        if let Some(Source { numbering: Numbering::Ours { next }, .. }) =
            self.sources.get_mut(source)
        {
            *next = (*next).max(number.saturating_add(1));
        }
    }

    /// An event stands in another place, perhaps with another number.
    pub(crate) fn moved(&mut self, entry: u64, number: u64, place: Place) {
        let Some(held) = self.entries.get_mut(&entry) else { return };
        (held.number, held.place) = (number, place);
        let source = held.source;
        self.count(source, number);
    }

    /// The numbers of a source's events, and of its next one, are that much higher.
    pub(crate) fn raise(&mut self, source: usize, by: u64) {
        for held in self.entries.values_mut().filter(|held| held.source == source) {
            held.number = held.number.saturating_add(by);
        }
        if let Some(Source { numbering: Numbering::Ours { next }, .. }) =
            self.sources.get_mut(source)
        {
            *next = next.saturating_add(by);
        }
    }

    /// Lets an event go; its segment.
    pub(crate) fn leave(&mut self, entry: u64) -> Option<Place> {
        let gone = self.entries.remove(&entry)?;
        self.sent -= usize::from(gone.state == State::Sent);
        self.waiting.remove(&entry);
        self.by_key.remove(&gone.key);
        self.remember(gone.key);
        Some(gone.place)
    }

    /// Remembers an event that left.
    pub(crate) fn remember(&mut self, key: Key) {
        if self.left_keys.insert(key) {
            self.left.push_back(key);
        }
        while self.left.len() > LEFT_MAX {
            if let Some(oldest) = self.left.pop_front() {
                self.left_keys.remove(&oldest);
            }
        }
    }

    /// Those that left and are remembered, the oldest first.
    pub(crate) fn left(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.left.iter()
    }

    /// Whether nothing more becomes of what is here, as far as is known.
    pub(crate) fn is_settled(&self) -> bool {
        self.entries.values().all(|entry| matches!(entry.state, State::Parked(_)))
    }

    pub(crate) fn set(&mut self, entry: u64, state: State) {
        let Some(held) = self.entries.get_mut(&entry) else { return };
        if state == State::Waiting {
            self.waiting.insert(entry);
        } else {
            self.waiting.remove(&entry);
        }
        self.sent -= usize::from(held.state == State::Sent);
        self.sent += usize::from(state == State::Sent);
        held.state = state;
    }
}
