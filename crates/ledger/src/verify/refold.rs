//! Folds the open messages again, by the fold that published them.
//!
//! What is held is what these messages come to, never the log: their timelines and identities.

use std::collections::{BTreeMap, BTreeSet};

use tonghop_core::day::Instant;
use tonghop_core::event::Event;
use tonghop_core::fold::{Message, Plan, Projection};
use tonghop_core::registry::Registry;
use tonghop_core::sources::Sources;
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::{Decoder, Raw};

use crate::leaf::Leaf;

/// Messages that are folded at once.
const BATCH_MAX: usize = 1_024;

/// The fold of the open messages.
#[derive(Debug, Default)]
pub(super) struct Refold {
    decoder: Decoder,
    projection: Projection,
    /// What a store would hold, by key.
    entries: BTreeMap<u128, Vec<u8>>,
    /// The keys of the timelines of each unit and family.
    timelines: BTreeMap<(UnitCode, Family), BTreeSet<u128>>,
    waiting: Vec<Message>,
}

impl Refold {
    /// Takes the next open message.
    pub(super) fn take(&mut self, leaf: &Leaf, raw: &Raw<'_>) {
        let said = self.decoder.decode(raw).map_err(|refused| refused.refusal);
        let follows = |last: &Message| last.position + 1 == leaf.position;
        if self.waiting.len() >= BATCH_MAX || !self.waiting.last().is_none_or(follows) {
            self.fold();
        }
        let of_units = said.as_ref().is_ok_and(|event| event.family == Family::Unit);
        if let Ok(Event { unit, family, timeline, .. }) = &said {
            self.timelines.entry((*unit, *family)).or_default().insert(timeline.0);
        }
        let recorded = Instant::from_unix_ms(leaf.recorded_ms);
        self.waiting.push(Message { position: leaf.position, recorded, said });
        // Whether other messages are heard depends on the units as they stand.
        if of_units {
            self.fold();
        }
    }

    /// Folds what waits.
    ///
    /// # Panics
    /// Never: the values are those that the fold itself wrote.
    pub(super) fn fold(&mut self) {
        let messages = std::mem::take(&mut self.waiting);
        let Some(first) = messages.first() else { return };
        self.projection.pass_over(first.position - 1);
        let plan = Plan::new(messages);
        let values = plan.keys().iter().map(|key| self.entries.get(key).cloned()).collect();
        let folded = self.projection.fold(plan, values).expect("values are what the fold wrote");
        self.entries.extend(folded.commit.entries);
    }

    /// The units, as far as everything was folded.
    pub(super) fn registry(&self) -> &Registry {
        self.projection.registry()
    }

    /// The sources, of which only what they promise is whole.
    pub(super) fn sources(&self) -> &Sources {
        self.projection.sources()
    }

    /// The families of each unit of which there is a timeline.
    pub(super) fn families(&self) -> impl Iterator<Item = (UnitCode, Family)> {
        let held = |keys: &BTreeSet<u128>| keys.iter().any(|key| self.entries.contains_key(key));
        self.timelines.iter().filter(move |(_, keys)| held(keys)).map(|(of, _)| *of)
    }

    /// The timelines of a unit and family, by the first of their positions.
    pub(super) fn timelines(&self, unit: UnitCode, family: Family) -> Vec<(u64, u128)> {
        let keys = self.timelines.get(&(unit, family)).into_iter().flatten();
        let first = |key: &u128| {
            let timeline = self.timeline(*key)?;
            Some((timeline.entries().iter().map(|entry| entry.position).min()?, *key))
        };
        let mut timelines: Vec<(u64, u128)> = keys.filter_map(first).collect();
        timelines.sort_unstable();
        timelines
    }

    /// The timeline of a key.
    pub(super) fn timeline(&self, key: u128) -> Option<Timeline> {
        Timeline::unpack(self.entries.get(&key)?)
    }
}
