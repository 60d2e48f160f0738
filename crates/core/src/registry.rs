//! The registry of units: names, levels, parents and codes, each by the day.
//!
//! It is derived from the timelines of the family `unit` alone. Before its registration a unit
//! stands where its registration puts it, so that every contribution has a place in the tree.
//!
//! **Invariant TREE-1:** on every day every unit has at most one parent, and no unit is its own
//! ancestor.

use std::collections::BTreeMap;

use crate::contribution::Contributions;
use crate::day::Day;
use crate::event::{Body, Statement};
use crate::family::unit::{Change, Event};
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;
use crate::words::Level;

/// A value that holds from a day on.
pub type Since<T> = (Day, T);

/// One unit (cơ quan, đơn vị) over time.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    timeline: Timeline,
    names: Vec<Since<Box<str>>>,
    levels: Vec<Since<Level>>,
    parents: Vec<Since<Option<UnitCode>>>,
    aliases: Vec<Since<UnitCode>>,
    registered: Option<Day>,
    closed: Option<Day>,
}

impl Unit {
    /// What it was called on the day; the first name before its registration.
    pub fn name(&self, day: Day) -> &str {
        on(&self.names, day).map_or("", |name| name)
    }

    /// Its level on the day.
    pub fn level(&self, day: Day) -> Option<Level> {
        on(&self.levels, day).copied()
    }

    /// Its parent on the day.
    pub fn parent(&self, day: Day) -> Option<UnitCode> {
        on(&self.parents, day).copied().flatten()
    }

    /// The day of its registration.
    pub fn registered(&self) -> Option<Day> {
        self.registered
    }

    /// The first day on which it is no more.
    pub fn closed(&self) -> Option<Day> {
        self.closed
    }

    /// Whether it is registered by the day and not closed on it.
    pub fn stands_on(&self, day: Day) -> bool {
        self.registered.is_some_and(|since| since <= day)
            && self.closed.is_none_or(|closed| day < closed)
    }

    /// Other codes by which it is known, with the day since when.
    pub fn aliases(&self) -> &[Since<UnitCode>] {
        &self.aliases
    }

    /// Its events.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn derive(&mut self) {
        let timeline = std::mem::take(&mut self.timeline);
        *self = Self::default();
        for statement in timeline.in_force(&mut Contributions::default()) {
            if let Body::Unit(event) = &statement.body {
                self.take(statement, event);
            }
        }
        self.timeline = timeline;
    }

    fn take(&mut self, statement: &Statement, event: &Event) {
        let day = statement.day;
        match &event.change {
            Change::Registered { name, level, parent, .. } => {
                self.registered = self.registered.or(Some(day));
                self.closed = None;
                self.names.push((day, name.clone()));
                self.levels.push((day, *level));
                self.parents.push((day, *parent));
            }
            Change::Renamed { name } => self.names.push((day, name.clone())),
            Change::Moved { parent } => self.parents.push((day, Some(*parent))),
            Change::CodeAssigned { code } => self.aliases.push((day, *code)),
            Change::Closed { .. } => self.closed = self.closed.or(Some(day)),
        }
    }
}

/// The last value that holds on the day, or the first of all if none holds yet.
fn on<T>(values: &[Since<T>], day: Day) -> Option<&T> {
    let held = values.partition_point(|(since, _)| *since <= day);
    values.get(held.saturating_sub(1)).map(|(_, value)| value)
}

/// All units.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    units: BTreeMap<UnitCode, Unit>,
}

impl Registry {
    /// The unit of this code, if it was ever registered.
    pub fn get(&self, code: UnitCode) -> Option<&Unit> {
        self.units.get(&code).filter(|unit| unit.registered.is_some())
    }

    /// All registered units, in order of code.
    pub fn units(&self) -> impl Iterator<Item = (UnitCode, &Unit)> {
        self.units
            .iter()
            .filter(|(_, unit)| unit.registered.is_some())
            .map(|(code, unit)| (*code, unit))
    }

    /// How many units have a timeline.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether no unit has a timeline.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Whether the code is of level 1 and some unit with a timeline begins with it.
    pub fn has_office(&self, code: UnitCode) -> bool {
        // In the order of codes, a code is followed at once by those that begin with it.
        self.units.range(code..).next().is_some_and(|(first, _)| first.level_1() == code)
    }

    /// The timeline of a code, registered or not.
    pub fn timeline(&self, code: UnitCode) -> Option<&Timeline> {
        self.units.get(&code).map(Unit::timeline)
    }

    /// Puts a whole timeline in place, as it was stored.
    pub fn restore(&mut self, code: UnitCode, timeline: Timeline) {
        let unit = self.units.entry(code).or_default();
        unit.timeline = timeline;
        unit.derive();
    }

    /// The registry as it was known at the end of the recorded day.
    #[must_use]
    pub fn as_known(&self, recorded: Day) -> Self {
        let mut known = Self::default();
        for (code, unit) in &self.units {
            let timeline = unit.timeline.as_known(recorded);
            if !timeline.is_empty() {
                known.restore(*code, timeline);
            }
        }
        known
    }

    /// What the unit counts under on the day: its parent or, where none is known, the province of
    /// its code.
    pub fn parent_of(&self, code: UnitCode, day: Day) -> Option<UnitCode> {
        self.get(code)
            .and_then(|unit| unit.parent(day))
            .or_else(|| (!code.is_level_1()).then(|| code.level_1()))
    }

    /// The unit itself and its ancestors on the day, nearest first. However deep the tree is, the
    /// last is the province, or a total would lose the unit.
    pub fn chain(&self, code: UnitCode, day: Day) -> Vec<UnitCode> {
        let mut chain = vec![code];
        let mut current = code;
        loop {
            let parent = self.parent_of(current, day);
            match parent {
                Some(parent) if !chain.contains(&parent) => {
                    chain.push(parent);
                    current = parent;
                }
                _ => break,
            }
        }
        chain
    }

    /// Whether the unit is `root` or below it on the day.
    pub fn is_below(&self, code: UnitCode, root: UnitCode, day: Day) -> bool {
        self.chain(code, day).contains(&root)
    }

    /// Whether a parent for this unit would put it, on whatever day, among its own ancestors.
    pub fn would_be_circular(&self, code: UnitCode, parent: UnitCode) -> bool {
        let mut seen = Vec::new();
        let mut waiting = vec![parent];
        while let Some(next) = waiting.pop() {
            if next == code {
                return true;
            }
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            // Whenever it has no known parent it belongs to the province of its code.
            if !next.is_level_1() {
                waiting.push(next.level_1());
            }
            let parents = self.units.get(&next).into_iter().flat_map(|unit| unit.parents.iter());
            waiting.extend(parents.filter_map(|(_, parent)| *parent));
        }
        false
    }

    /// The days on which some unit has another parent than the day before, in order.
    pub fn boundaries(&self) -> Vec<Day> {
        let mut days: Vec<Day> = self
            .units
            .values()
            .flat_map(|unit| {
                unit.parents.windows(2).filter_map(|pair| match pair {
                    [(_, before), (day, after)] if before != after => Some(*day),
                    _ => None,
                })
            })
            .collect();
        days.sort_unstable();
        days.dedup();
        days
    }
}

#[cfg(test)]
mod tests;
