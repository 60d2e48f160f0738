//! The plan of a batch: which keys it needs from the store, and where each message finds them.

use crate::day::Instant;
use crate::event::Event;
use crate::refusal::Refusal;

/// A message of the log, decoded or refused by the decoder.
#[derive(Debug, Clone)]
pub struct Message {
    /// Position in the log.
    pub position: u64,
    /// When the log stored it, by the log's clock.
    pub recorded: Instant,
    /// What it says.
    pub said: Result<Event, Refusal>,
}

/// Where a message finds its keys: places in the plan's list of keys.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slots {
    pub(super) identity: usize,
    pub(super) timeline: usize,
    pub(super) replaces: Option<usize>,
}

/// A batch that is ready to be folded once its keys have been read.
#[derive(Debug)]
pub struct Plan {
    pub(super) messages: Vec<Message>,
    pub(super) keys: Vec<u128>,
    pub(super) slots: Vec<Slots>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Identity,
    Timeline,
    Replaces,
}

impl Plan {
    /// Plans a batch.
    pub fn new(messages: Vec<Message>) -> Self {
        let mut wanted: Vec<(u128, usize, Role)> = Vec::with_capacity(messages.len() * 2);
        for (place, message) in messages.iter().enumerate() {
            if let Ok(event) = &message.said {
                wanted.push((event.statement.identity.0, place, Role::Identity));
                wanted.push((event.timeline.0, place, Role::Timeline));
                if let Some(target) = event.statement.replaces {
                    wanted.push((target.0, place, Role::Replaces));
                }
            }
        }
        wanted.sort_unstable();
        let mut keys: Vec<u128> = Vec::with_capacity(wanted.len());
        let mut slots = vec![Slots::default(); messages.len()];
        for (key, place, role) in wanted {
            if keys.last() != Some(&key) {
                keys.push(key);
            }
            let slot = keys.len() - 1;
            if let Some(slots) = slots.get_mut(place) {
                match role {
                    Role::Identity => slots.identity = slot,
                    Role::Timeline => slots.timeline = slot,
                    Role::Replaces => slots.replaces = Some(slot),
                }
            }
        }
        Self { messages, keys, slots }
    }

    /// The keys to read from the store, in order, each once.
    pub fn keys(&self) -> &[u128] {
        &self.keys
    }

    /// The position of the last message, if there is one.
    pub fn last_position(&self) -> Option<u64> {
        self.messages.last().map(|message| message.position)
    }
}
