//! The fold: a batch of messages in, one commit out.
//!
//! Whether an event is accepted depends on the log before it and on nothing else, so that any cut
//! of the log into batches gives the same projections.
//!
//! **Invariant DUP-1:** an event that was accepted before changes nothing.
//! **Invariant ACC-1:** every message is folded, a duplicate, or refused: the three counts add up
//! to the number of messages.
//! **Invariant BIT-1:** the cells recorded up to a day are the cells of the messages up to that
//! day, because a difference is booked on the recorded day of the event that caused it, and
//! recorded days never go back.
//! **Invariant PART-1:** what becomes of a unit's messages depends on them, on those of the family
//! `unit`, and on the highest recorded instant before each; not on what other units say.

use std::sync::Arc;

use crate::commit::Commit;
use crate::day::{Day, Instant};
use crate::event::{Body, Event};
use crate::family::source;
use crate::limits::{FUTURE_MS_MAX, TIMELINE_EVENTS_MAX, UNITS_MAX};
use crate::refusal::{Refusal, RefusalCode};
use crate::registry::Registry;
use crate::sources::{Heard, Hearing, Sources, Speaker};
use crate::timeline::{Entry, Timeline};
use crate::unit_code::UnitCode;
use crate::words::Family;

mod deltas;
mod identity;
mod plan;
mod records;

pub use deltas::Deltas;
use identity::IdentityRecord;
pub use plan::{Message, Plan};

/// Which fold this is: it is raised when the same messages would give other timelines or other
/// contributions, so that what was published by another fold is not held against this one.
pub const VERSION: u32 = 1;

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its timeline has grown by it.
    Folded,
    /// It was accepted before.
    Duplicate,
    /// It cannot be accepted.
    Refused,
}

/// How many messages came to what end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted for the first time.
    pub folded: u64,
    /// Accepted before.
    pub duplicates: u64,
    /// Refused.
    pub refused: u64,
}

impl Counts {
    /// All messages.
    pub const fn total(self) -> u64 {
        self.folded + self.duplicates + self.refused
    }
}

/// A stored value that is not what the fold wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// What was read.
    pub what: String,
}

/// What a batch came to.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// What is to be stored.
    pub commit: Commit,
    /// What became of each message, in order.
    pub outcomes: Vec<Outcome>,
    /// The refused messages: position and reason.
    pub refusals: Vec<(u64, Refusal)>,
    /// Whether the registry of units has changed.
    pub units_changed: bool,
    /// The sources that were heard, as they stand now.
    pub heard: Vec<Heard>,
}

/// What the fold remembers between batches, beside what it asks the store for.
#[derive(Debug, Clone, Default)]
pub struct Projection {
    registry: Registry,
    sources: Sources,
    position: u64,
    /// The highest recorded instant so far.
    recorded_ms: i64,
    /// When the log says that it stored the message at the position.
    last_ms: i64,
    counts: Counts,
    tables: Tables,
}

/// What a batch works with: memory that the next one uses again, for fresh memory has to be zeroed
/// by the kernel, which costs as much as folding. Empty between batches.
#[derive(Debug, Default, Clone)]
struct Tables {
    identities: Vec<Option<IdentityRecord>>,
    identities_new: Vec<usize>,
    timelines: Vec<Working>,
    dirty: Vec<usize>,
    deltas: Deltas,
}

impl Tables {
    fn make_room(&mut self, keys: usize) {
        self.identities.resize(keys, None);
        self.timelines.resize_with(keys, Working::default);
    }

    fn clear(&mut self) {
        self.identities.clear();
        self.identities_new.clear();
        self.timelines.clear();
        self.dirty.clear();
        self.deltas.forget();
    }
}

/// A timeline while a batch touches it.
#[derive(Debug, Default, Clone)]
struct Working {
    timeline: Option<Timeline>,
    /// Its contributions before the current recorded day's events are taken away already.
    dirty: bool,
    changed: bool,
    unit: Option<UnitCode>,
}

/// One batch at work.
struct Batch<'a> {
    projection: &'a mut Projection,
    keys: &'a [u128],
    values: Vec<Option<Vec<u8>>>,
    tables: Tables,
    changed_units: Vec<UnitCode>,
    folded: Folded,
}

impl Projection {
    /// The log position that is folded.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// When the log says that it stored the message at the position: by this a log is known again
    /// that has lost its end and has grown since.
    pub fn last_recorded(&self) -> Instant {
        Instant::from_unix_ms(self.last_ms)
    }

    /// What became of the messages up to the position.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The units.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What was heard of each source.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The highest recorded day so far.
    pub fn recorded(&self) -> Day {
        Instant::from_unix_ms(self.recorded_ms).day().unwrap_or(Day::MIN)
    }

    /// Passes over the messages up to the position, this one counted, as whoever folds some units
    /// alone does (PART-1). Of what is passed over nothing is counted and no source is heard.
    ///
    /// # Panics
    /// If the position lies behind (POS-1): that is a defect of the caller.
    pub fn pass_over(&mut self, position: u64) {
        assert!(position >= self.position, "POS-1: {position} lies behind {}", self.position);
        self.position = position;
    }

    /// Folds a batch. `values` are what the store holds for `plan.keys()`, in that order. The
    /// projection has moved on when this returns: if the commit then cannot be stored, it must be
    /// restored from the store.
    ///
    /// # Panics
    /// If the messages do not follow the position (POS-1): that is a defect of the caller.
    pub fn fold(&mut self, plan: Plan, values: Vec<Option<Vec<u8>>>) -> Result<Folded, Damaged> {
        let Plan { messages, keys, slots } = plan;
        let mut batch = Batch::new(self, &keys, values)?;
        let mut day = batch.projection.recorded();
        for (message, slots) in messages.into_iter().zip(slots) {
            let recorded_ms = message.recorded.unix_ms().max(batch.projection.recorded_ms);
            batch.projection.recorded_ms = recorded_ms;
            let recorded = batch.projection.recorded();
            if recorded != day {
                batch.settle(day);
                day = recorded;
            }
            assert!(
                message.position == batch.projection.position + 1,
                "POS-1: position {} follows {}",
                message.position,
                batch.projection.position
            );
            batch.projection.position = message.position;
            batch.projection.last_ms = message.recorded.unix_ms();
            let (speaker, verdict) = match message.said {
                Ok(event) => {
                    let speaker = Speaker {
                        unit: event.unit,
                        source: Arc::clone(&event.source),
                        sequence: event.statement.sequence,
                    };
                    (Some(speaker), batch.admit(event, slots, message.position, recorded)?)
                }
                Err(refusal) => (refusal.speaker.as_deref().cloned(), Err(refusal)),
            };
            batch.note(message.position, speaker, verdict);
        }
        batch.settle(day);
        Ok(batch.finish())
    }
}

impl<'a> Batch<'a> {
    fn new(
        projection: &'a mut Projection,
        keys: &'a [u128],
        values: Vec<Option<Vec<u8>>>,
    ) -> Result<Self, Damaged> {
        if keys.len() != values.len() {
            let what = format!("{} values for {} keys", values.len(), keys.len());
            return Err(Damaged { what });
        }
        let mut tables = std::mem::take(&mut projection.tables);
        tables.make_room(keys.len());
        Ok(Self {
            projection,
            keys,
            values,
            tables,
            changed_units: Vec::new(),
            folded: Folded::default(),
        })
    }

    fn note(&mut self, position: u64, speaker: Option<Speaker>, verdict: Result<Outcome, Refusal>) {
        let counts = &mut self.projection.counts;
        let outcome = match verdict {
            Ok(outcome) => outcome,
            Err(refusal) => {
                self.folded.refusals.push((position, refusal));
                Outcome::Refused
            }
        };
        let hearing = match outcome {
            Outcome::Folded => {
                counts.folded += 1;
                Hearing::Accepted
            }
            Outcome::Duplicate => {
                counts.duplicates += 1;
                Hearing::Duplicate
            }
            Outcome::Refused => {
                counts.refused += 1;
                Hearing::Refused
            }
        };
        self.folded.outcomes.push(outcome);
        if let Some(speaker) = speaker {
            self.projection.hear(speaker, hearing);
        }
    }

    /// Accepts an event into its timeline, or says why not.
    fn admit(
        &mut self,
        event: Event,
        slots: plan::Slots,
        position: u64,
        recorded: Day,
    ) -> Result<Result<Outcome, Refusal>, Damaged> {
        let own = IdentityRecord::of(&event, position);
        if let Some(held) = self.identity(slots.identity)? {
            return Ok(if held.content == own.content {
                Ok(Outcome::Duplicate)
            } else {
                Err(Refusal::new(RefusalCode::IdReused).with("first_position", held.position))
            });
        }
        if let Some(slot) = slots.replaces
            && let Some(target) = self.identity(slot)?
            && target.timeline != own.timeline
        {
            let refusal = Refusal::new(RefusalCode::ReplacesUnknown);
            return Ok(Err(refusal.with("target_position", target.position)));
        }
        if let Err(refusal) = self.check(&event) {
            return Ok(Err(refusal));
        }
        if self.timeline(slots.timeline)?.len() >= TIMELINE_EVENTS_MAX {
            let refusal = Refusal::new(RefusalCode::TimelineFull);
            return Ok(Err(refusal.with("events_max", TIMELINE_EVENTS_MAX)));
        }
        if let Some(place) = self.tables.identities.get_mut(slots.identity) {
            *place = Some(own);
            self.tables.identities_new.push(slots.identity);
        }
        self.grow(event, slots.timeline, position, recorded);
        Ok(Ok(Outcome::Folded))
    }

    /// What must hold of the units, the clock and the source.
    fn check(&self, event: &Event) -> Result<(), Refusal> {
        let ahead = event.statement.at.unix_ms().saturating_sub(self.projection.recorded_ms);
        if ahead > FUTURE_MS_MAX {
            let recorded = Instant::from_unix_ms(self.projection.recorded_ms);
            return Err(Refusal::new(RefusalCode::TimeInFuture)
                .with("time", event.statement.at)
                .with("recorded", recorded));
        }
        match &event.statement.body {
            Body::Unit(about) => {
                self.projection.check_unit_event(event.unit, about)?;
                let full = self.projection.registry.len() >= UNITS_MAX;
                if full && self.projection.registry.get(about.code).is_none() {
                    return Err(Refusal::new(RefusalCode::UnitTooMany).with("units_max", UNITS_MAX));
                }
            }
            // The office need not be registered itself to take back what it said about a unit.
            Body::Retracted if event.family == Family::Unit => {
                self.projection.check_office(event.unit)?;
            }
            // A unit that is closed may still take back what it said while it was not.
            Body::Retracted => self.projection.check_registered(event.unit).map(|_| ())?,
            Body::Procedure(_)
            | Body::Dossier(_)
            | Body::Document(_)
            | Body::Meeting(_)
            | Body::Site(_)
            | Body::Post(_)
            | Body::Feedback(_)
            | Body::Portal(_)
            | Body::Task(_)
            | Body::Inspection(_)
            | Body::Norm(_)
            | Body::Certificate(_)
            | Body::Account(_)
            | Body::Deployment(_)
            | Body::Staff(_)
            | Body::Figure(_)
            | Body::Narrative(_)
            | Body::Source(_) => self.projection.check_unit(event.unit, event.statement.day)?,
        }
        self.projection.sources.check(event.unit, &event.source)
    }

    fn grow(&mut self, event: Event, slot: usize, position: u64, recorded: Day) {
        let entry = Entry { position, recorded, statement: event.statement };
        let Some(working) = self.tables.timelines.get_mut(slot) else { return };
        let Some(timeline) = working.timeline.as_mut() else { return };
        if !working.dirty {
            self.tables.deltas.add(event.unit, timeline, -1);
            working.dirty = true;
            working.changed = true;
            working.unit = Some(event.unit);
            self.tables.dirty.push(slot);
        }
        timeline.insert(entry);
        if event.family == Family::Source {
            let promise = source::settle(timeline);
            self.projection.sources.promise(event.unit, &event.source, promise);
        }
        if event.family == Family::Unit
            && let Some(code) = code_of(timeline)
        {
            self.projection.registry.restore(code, timeline.clone());
            self.changed_units.push(code);
        }
    }

    /// Books the differences of the timelines that have grown, on the recorded day.
    fn settle(&mut self, recorded: Day) {
        let Tables { timelines, dirty, deltas, .. } = &mut self.tables;
        for slot in dirty.drain(..) {
            let Some(working) = timelines.get_mut(slot) else { continue };
            working.dirty = false;
            if let (Some(unit), Some(timeline)) = (working.unit, &working.timeline) {
                deltas.add(unit, timeline, 1);
            }
        }
        deltas.book(recorded, &mut self.folded.commit.cells);
    }

    fn identity(&mut self, slot: usize) -> Result<Option<IdentityRecord>, Damaged> {
        if let Some(Some(known)) = self.tables.identities.get(slot) {
            return Ok(Some(*known));
        }
        let Some(Some(bytes)) = self.values.get(slot) else { return Ok(None) };
        let record = IdentityRecord::unpack(bytes).ok_or_else(|| self.damaged(slot))?;
        if let Some(place) = self.tables.identities.get_mut(slot) {
            *place = Some(record);
        }
        Ok(Some(record))
    }

    fn timeline(&mut self, slot: usize) -> Result<&Timeline, Damaged> {
        let unread =
            self.tables.timelines.get(slot).is_none_or(|working| working.timeline.is_none());
        if unread {
            let timeline = match self.values.get(slot) {
                Some(Some(bytes)) => Timeline::unpack(bytes).ok_or_else(|| self.damaged(slot))?,
                _ => Timeline::default(),
            };
            if let Some(working) = self.tables.timelines.get_mut(slot) {
                working.timeline = Some(timeline);
            }
        }
        self.tables
            .timelines
            .get(slot)
            .and_then(|working| working.timeline.as_ref())
            .ok_or(Damaged { what: "a slot outside the plan".to_owned() })
    }

    fn damaged(&self, slot: usize) -> Damaged {
        Damaged { what: format!("entry {:032x}", self.keys.get(slot).copied().unwrap_or(0)) }
    }

    fn finish(mut self) -> Folded {
        self.folded.units_changed = !self.changed_units.is_empty();
        let mut entries = Vec::with_capacity(self.tables.identities_new.len() * 2);
        self.tables.identities_new.sort_unstable();
        let mut new = self.tables.identities_new.iter().peekable();
        for (slot, key) in self.keys.iter().enumerate() {
            if new.next_if(|next| **next == slot).is_some()
                && let Some(Some(record)) = self.tables.identities.get(slot)
            {
                entries.push((*key, record.pack()));
            }
            if let Some(Working { timeline: Some(timeline), changed: true, .. }) =
                self.tables.timelines.get(slot)
            {
                let mut bytes = Vec::with_capacity(64 * timeline.len());
                timeline.pack(&mut bytes);
                entries.push((*key, bytes));
            }
        }
        self.folded.heard = self.projection.sources.take_changed();
        let commit = &mut self.folded.commit;
        // In order already, unless a batch has several recorded days.
        if !commit.cells.is_sorted_by(|a, b| a.key < b.key) {
            commit.cells.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        }
        commit.position = self.projection.position;
        commit.entries = entries;
        commit.records = self.projection.records(self.changed_units, &self.folded.heard);
        self.tables.clear();
        self.projection.tables = self.tables;
        self.folded
    }
}

/// The code that a unit's timeline is about; none while it holds nothing but retractions.
fn code_of(timeline: &Timeline) -> Option<UnitCode> {
    timeline.entries().iter().find_map(|held| {
        let Body::Unit(about) = &held.statement.body else { return None };
        Some(about.code)
    })
}

#[cfg(test)]
mod tests;
