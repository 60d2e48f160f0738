//! The registry of units: names, levels, parents and codes, each by the day.
//!
//! It is derived from the timelines of the family `unit` alone. Before its registration a unit
//! stands where its registration puts it, so that every contribution has a place in the tree.
//!
//! **Invariant TREE-1:** on every day every unit has at most one parent, and no unit is its own
//! ancestor.

use std::collections::BTreeMap;

use crate::day::Day;
use crate::read::Drawn;
use crate::timeline::{Knowledge, Timeline};
use crate::unit_code::UnitCode;

mod lineage;
mod unit;

pub use lineage::{Heirs, Succession};
pub use unit::{Life, Since, Unit};

/// All units.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    units: BTreeMap<UnitCode, Unit>,
    /// What readings have worked out from the units.
    drawn: Drawn,
}

impl Registry {
    /// The unit of this code, if it was ever registered.
    pub fn get(&self, code: UnitCode) -> Option<&Unit> {
        self.units.get(&code).filter(|unit| unit.registered().is_some())
    }

    /// The trees that were drawn from it.
    pub(crate) fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// All registered units, in order of code.
    pub fn units(&self) -> impl Iterator<Item = (UnitCode, &Unit)> {
        self.units
            .iter()
            .filter(|(_, unit)| unit.registered().is_some())
            .map(|(code, unit)| (*code, unit))
    }

    /// Every timeline of a unit, registered or not, in order of code.
    pub fn timelines(&self) -> impl Iterator<Item = (UnitCode, &Timeline)> {
        self.units.iter().map(|(code, unit)| (*code, unit.timeline()))
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
        self.drawn.clear();
        self.units.insert(code, Unit::of(timeline));
    }

    /// The registry as it was known at the end of the recorded day.
    #[must_use]
    pub fn as_known(&self, recorded: Day) -> Self {
        let mut known = Self::default();
        for (code, unit) in &self.units {
            let timeline = unit.timeline().as_known(recorded);
            if !timeline.is_empty() {
                known.restore(*code, timeline);
            }
        }
        known
    }

    /// The registry as it was known.
    #[must_use]
    pub fn known(&self, knowledge: Knowledge) -> Self {
        let mut known = Self::default();
        for (code, unit) in &self.units {
            let timeline = unit.timeline().known(knowledge);
            if !timeline.is_empty() {
                known.restore(*code, timeline);
            }
        }
        known
    }

    /// Every code that may have cells: those with a timeline, and the offices that speak of them.
    pub fn codes(&self) -> Vec<UnitCode> {
        let mut codes: Vec<UnitCode> =
            self.units.keys().flat_map(|code| [*code, code.level_1()]).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
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
            let parents = self.units.get(&next).into_iter().flat_map(|unit| unit.parents().iter());
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
                unit.parents().windows(2).filter_map(|pair| match pair {
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
