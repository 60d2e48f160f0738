//! What was heard of each source (hệ thống nguồn): which of its events came, and which did not.
//!
//! A source numbers its events 1, 2, 3 … (`sequence`) and may say how far it has come
//! (`source.heartbeat`); what lies between and never came is missing. A refused message was
//! received: its number is not missing, it stands among the refusals. A message whose unit, source
//! or number cannot be read is counted by the fold alone.
//!
//! **Invariant SEQ-1:** the same messages give the same account of their sources, in whatever
//! order they came within a recorded day.
//! **Invariant SEQ-2:** the numbers received and the numbers missing are those from 1 to the
//! highest that was received or promised.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::day::{Day, Instant};
use crate::limits::SOURCES_PER_UNIT_MAX;
use crate::pack::{Packer, Unpacker};
use crate::refusal::{Refusal, RefusalCode};
use crate::registry::Registry;
use crate::unit_code::UnitCode;

mod numbers;
#[cfg(test)]
mod tests;

pub use numbers::Numbers;

/// A source is silent for longer than usual after so many times its mean interval.
const SILENT_INTERVALS: u32 = 3;
/// Days on which a source must have been heard before its interval is known.
const INTERVAL_DAYS_MIN: u32 = 5;

/// Who speaks, as far as a message says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The unit.
    pub unit: UnitCode,
    /// The system.
    pub source: Arc<str>,
    /// The number that it gave the event.
    pub sequence: Option<u64>,
}

/// What a source says of how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// The number of its last event.
    pub last: u64,
    /// The recorded day on which it first said so.
    pub on: Day,
}

/// How a message was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It was accepted for the first time.
    Accepted,
    /// It was accepted before.
    Duplicate,
    /// It was refused.
    Refused,
}

/// What was heard of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Events accepted for the first time.
    pub accepted: u64,
    /// Events accepted before.
    pub duplicates: u64,
    /// Messages refused.
    pub refused: u64,
    /// Accepted events whose number another accepted event has.
    pub reused: u64,
    /// What its heartbeat says.
    pub promise: Option<Promise>,
    /// The highest recorded instant at which it was heard.
    heard_ms: i64,
    /// The first recorded day on which it was heard.
    first: Option<Day>,
    /// On how many recorded days it was heard.
    days: u32,
    /// The numbers that came, refused or not.
    received: Numbers,
    /// The numbers of accepted events.
    taken: Numbers,
}

impl Source {
    fn hear(&mut self, how: Hearing, sequence: Option<u64>, recorded: Instant, on: Day) {
        if self.first.is_none() || self.last_day() != on {
            self.days = self.days.saturating_add(1);
        }
        self.first = Some(self.first.map_or(on, |first| first.min(on)));
        self.heard_ms = self.heard_ms.max(recorded.unix_ms());
        match how {
            Hearing::Accepted => self.accepted += 1,
            Hearing::Duplicate => self.duplicates += 1,
            Hearing::Refused => self.refused += 1,
        }
        let given = |number: &u64| *number > 0 && how != Hearing::Duplicate;
        let Some(number) = sequence.filter(given) else { return };
        if how == Hearing::Refused || self.taken.insert(number, on) {
            self.received.insert(number, on);
        } else {
            self.reused += 1;
        }
    }

    /// When it was heard last.
    pub fn heard(&self) -> Instant {
        Instant::from_unix_ms(self.heard_ms)
    }

    fn last_day(&self) -> Day {
        self.heard().day().unwrap_or(Day::MIN)
    }

    /// Whether it numbers its events.
    pub fn is_numbered(&self) -> bool {
        self.upto() > 0
    }

    /// The highest number that came; 0 if none did.
    pub fn last_sequence(&self) -> u64 {
        self.received.highest()
    }

    /// The highest number that came or was promised.
    pub fn upto(&self) -> u64 {
        self.last_sequence().max(self.promise.map_or(0, |promise| promise.last))
    }

    /// Whether numbers are missing.
    pub fn is_incomplete(&self) -> bool {
        !self.received.is_whole(self.upto())
    }

    /// How many numbers are missing. Exact, unless more gaps were open at once than are kept and
    /// numbers below them came twice; then it is at least so many.
    pub fn missing_count(&self) -> u64 {
        self.received.missing(self.upto())
    }

    /// The missing numbers as first and last, in order, after the uncertain ones.
    pub fn missing(&self) -> impl Iterator<Item = (u64, u64)> {
        self.received.gaps(self.upto())
    }

    /// Of the numbers from 1 to the first, the second many are missing, and it is not known which.
    pub fn uncertain(&self) -> Option<(u64, u64)> {
        self.received.uncertain()
    }

    /// Numbers that were refused and not accepted since.
    pub fn refused_numbers(&self) -> u64 {
        self.received.count().saturating_sub(self.taken.count())
    }

    /// The recorded day since which the lowest missing number has been known to be missing.
    pub fn since(&self) -> Option<Day> {
        let lowest = self.received.lowest_missing(self.upto())?;
        let promised = self.promise.filter(|promise| promise.last >= lowest);
        self.received.since(self.upto()).into_iter().chain(promised.map(|p| p.on)).min()
    }

    /// The usual days from one recorded day on which it is heard to the next, rounded up; none
    /// before it was heard on five days.
    pub fn usual_interval(&self) -> Option<u32> {
        if self.days < INTERVAL_DAYS_MIN {
            return None;
        }
        let span = u32::from(self.last_day().number().saturating_sub(self.first?.number()));
        Some(span.div_ceil(self.days - 1))
    }

    /// Whether it has been silent for more than three times its usual interval.
    pub fn is_silent(&self, today: Day) -> bool {
        let silence = u32::from(today.number().saturating_sub(self.last_day().number()));
        self.usual_interval().is_some_and(|usual| silence > SILENT_INTERVALS * usual)
    }

    fn pack(&self, out: &mut Packer<'_>) {
        for count in [self.accepted, self.duplicates, self.refused, self.reused] {
            out.int(count);
        }
        out.flag(self.promise.is_some());
        if let Some(promise) = self.promise {
            out.int(promise.last);
            out.int(u64::from(promise.on.number()));
        }
        out.signed(self.heard_ms);
        out.day(self.first);
        out.int(u64::from(self.days));
        self.received.pack(out);
        self.taken.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            accepted: from.int()?,
            duplicates: from.int()?,
            refused: from.int()?,
            reused: from.int()?,
            promise: if from.flag()? {
                Some(Promise { last: from.int()?, on: numbers::day(from)? })
            } else {
                None
            },
            heard_ms: from.signed()?,
            first: from.day()?,
            days: u32::try_from(from.int()?).ok()?,
            received: Numbers::unpack(from)?,
            taken: Numbers::unpack(from)?,
        })
    }
}

/// A source that was heard, as it stands after it.
pub type Heard = (UnitCode, Arc<str>, Source);

/// The sources of every unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    by_unit: BTreeMap<UnitCode, BTreeMap<Arc<str>, Held>>,
    /// Those heard since they were last told of, each once.
    changed: Vec<(UnitCode, Arc<str>)>,
}

/// A source, and whether it stands among the changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    source: Source,
    is_changed: bool,
}

impl Sources {
    /// Every source, in order of unit and name.
    pub fn iter(&self) -> impl Iterator<Item = (UnitCode, &Arc<str>, &Source)> {
        self.by_unit.iter().flat_map(|(unit, sources)| {
            sources.iter().map(move |(name, held)| (*unit, name, &held.source))
        })
    }

    /// Those of one unit, in order of name.
    pub fn of(&self, unit: UnitCode) -> impl Iterator<Item = (&Arc<str>, &Source)> {
        let sources = self.by_unit.get(&unit).into_iter().flatten();
        sources.map(|(name, held)| (name, &held.source))
    }

    /// Those of the units that are `root` or below it on a day, in order of unit and name.
    pub fn below<'a>(
        &'a self,
        registry: &'a Registry,
        root: UnitCode,
        day: Day,
    ) -> impl Iterator<Item = (UnitCode, &'a Arc<str>, &'a Source)> {
        let units =
            self.by_unit.iter().filter(move |(unit, _)| registry.is_below(**unit, root, day));
        units.flat_map(|(unit, sources)| {
            sources.iter().map(|(name, held)| (*unit, name, &held.source))
        })
    }

    /// Puts a source in its place.
    pub fn put(&mut self, (unit, name, source): Heard) {
        self.by_unit.entry(unit).or_default().insert(name, Held { source, is_changed: false });
    }

    /// An error if no event of the source was accepted yet and the unit has too many that were.
    pub(crate) fn check(&self, unit: UnitCode, name: &str) -> Result<(), Refusal> {
        let Some(known) = self.by_unit.get(&unit) else { return Ok(()) };
        if known.get(name).is_some_and(|held| held.source.accepted > 0) {
            return Ok(());
        }
        if many(known.values().filter(|held| held.source.accepted > 0)) {
            return Err(
                Refusal::new(RefusalCode::SourceTooMany).with("sources_max", SOURCES_PER_UNIT_MAX)
            );
        }
        Ok(())
    }

    /// Hears a message. Of a source of which nothing was accepted it is remembered only if the
    /// unit has not too many such.
    pub(crate) fn hear(&mut self, speaker: Speaker, how: Hearing, recorded: Instant, on: Day) {
        let known = self.by_unit.entry(speaker.unit).or_default();
        if let Some(held) = known.get_mut(&speaker.source) {
            held.source.hear(how, speaker.sequence, recorded, on);
            if !held.is_changed {
                held.is_changed = true;
                self.changed.push((speaker.unit, speaker.source));
            }
            return;
        }
        if how == Hearing::Refused && many(known.values().filter(|held| held.source.accepted == 0))
        {
            return;
        }
        let mut source = Source::default();
        source.hear(how, speaker.sequence, recorded, on);
        known.insert(Arc::clone(&speaker.source), Held { source, is_changed: true });
        self.changed.push((speaker.unit, speaker.source));
    }

    /// Says what the source's heartbeats say now.
    pub(crate) fn promise(&mut self, unit: UnitCode, name: &Arc<str>, promise: Option<Promise>) {
        let known = self.by_unit.entry(unit).or_default();
        known.entry(Arc::clone(name)).or_default().source.promise = promise;
    }

    /// The sources heard since this was asked last, in order, each once.
    pub(crate) fn take_changed(&mut self) -> Vec<Heard> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        let told = changed.into_iter().filter_map(|(unit, name)| {
            let held = self.by_unit.get_mut(&unit)?.get_mut(&name)?;
            held.is_changed = false;
            Some((unit, name, held.source.clone()))
        });
        told.collect()
    }
}

fn many<'a>(sources: impl Iterator<Item = &'a Held>) -> bool {
    u32::try_from(sources.count()).unwrap_or(u32::MAX) >= SOURCES_PER_UNIT_MAX
}

/// The bytes of a source, for the store.
pub(crate) fn pack(source: &Source) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    source.pack(&mut Packer(&mut bytes));
    bytes
}

/// Reads what [`pack`] wrote.
pub(crate) fn unpack(bytes: &[u8]) -> Option<Source> {
    let mut from = Unpacker(bytes);
    let source = Source::unpack(&mut from)?;
    from.is_empty().then_some(source)
}
