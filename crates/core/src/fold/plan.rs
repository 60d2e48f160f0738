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

/// What a message wants a key for.
#[derive(Clone, Copy)]
enum Role {
    Identity,
    Timeline,
    Replaces,
}

/// Sorts by key. The upper 96 bits of each key and its place are sorted as one integer, which is
/// several times faster than sorting pairs; keys that agree in 96 bits are put in order after.
fn in_order(wanted: &[u128]) -> Vec<u32> {
    const PLACE_BITS: u128 = 0xffff_ffff;
    let mut packed: Vec<u128> = wanted
        .iter()
        .zip(0_u32..)
        .map(|(key, place)| (key & !PLACE_BITS) | u128::from(place))
        .collect();
    packed.sort_unstable();
    let mut places: Vec<u32> =
        packed.iter().map(|packed| u32::try_from(packed & PLACE_BITS).unwrap_or(0)).collect();
    let key_of = |place: &u32| {
        usize::try_from(*place).ok().and_then(|place| wanted.get(place)).copied().unwrap_or(0)
    };
    for run in places.chunk_by_mut(|a, b| key_of(a) >> 32 == key_of(b) >> 32) {
        if run.len() > 1 {
            run.sort_unstable_by_key(|place| (key_of(place), *place));
        }
    }
    places
}

impl Plan {
    /// Plans a batch.
    pub fn new(messages: Vec<Message>) -> Self {
        let mut wanted: Vec<u128> = Vec::with_capacity(messages.len() * 2);
        let mut owners: Vec<(usize, Role)> = Vec::with_capacity(messages.len() * 2);
        for (place, message) in messages.iter().enumerate() {
            if let Ok(event) = &message.said {
                wanted.extend([event.statement.identity.0, event.timeline.0]);
                owners.extend([(place, Role::Identity), (place, Role::Timeline)]);
                if let Some(target) = event.statement.replaces {
                    wanted.push(target.0);
                    owners.push((place, Role::Replaces));
                }
            }
        }
        let mut keys: Vec<u128> = Vec::with_capacity(wanted.len());
        let mut slots = vec![Slots::default(); messages.len()];
        for place in in_order(&wanted) {
            let Ok(place) = usize::try_from(place) else { continue };
            let (Some(key), Some((owner, role))) = (wanted.get(place), owners.get(place)) else {
                continue;
            };
            if keys.last() != Some(key) {
                keys.push(*key);
            }
            let slot = keys.len() - 1;
            if let Some(slots) = slots.get_mut(*owner) {
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
