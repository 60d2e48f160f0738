//! Lineage: who goes on with what a unit did.
//!
//! A unit that was merged or split hands what it did to its heirs, and they to theirs. On a day
//! only what happened by then counts: a unit that still exists on it has handed on no more than
//! the fields that it shed. A unit that ended and has no heir keeps what it did, under its parent.
//!
//! **Invariant LIN-1:** on every day all that a unit did in one field, and all that it did in no
//! field, has exactly one heir.

use std::collections::BTreeSet;

use super::{Registry, Unit};
use crate::day::Day;
use crate::family::unit::Part;
use crate::measure::Code;
use crate::unit_code::UnitCode;

/// Who goes on with what a unit did, as of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heirs {
    /// With all that no field below names; the unit itself if nobody else does.
    pub rest: UnitCode,
    /// Fields that go elsewhere, in order of code.
    pub fields: Vec<(Code, UnitCode)>,
}

/// One unit following another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The unit that ended or shrank.
    pub of: UnitCode,
    /// The unit that goes on.
    pub into: UnitCode,
    /// Since when.
    pub on: Day,
    /// With which fields; none: with the rest.
    pub fields: Box<[Code]>,
    /// Whether the unit ended.
    pub ends: bool,
}

impl Unit {
    /// Every unit that follows this one, in order of day.
    fn successions(&self, of: UnitCode) -> impl Iterator<Item = Succession> {
        let succession = move |on: Day, part: &Part, ends: bool| Succession {
            of,
            into: part.into,
            on,
            fields: part.fields.clone(),
            ends,
        };
        self.lives().iter().flat_map(move |life| {
            let shed = life.shed.iter().flat_map(move |(on, parts)| {
                parts.iter().map(move |part| succession(*on, part, false))
            });
            let ends = life
                .until
                .into_iter()
                .flat_map(move |on| life.heirs.iter().map(move |part| succession(on, part, true)));
            shed.filter(|shed| !shed.fields.is_empty()).chain(ends)
        })
    }

    /// The next unit after this one by the day, for what it did in this field or in none.
    fn heir(&self, field: Option<&str>, day: Day) -> Option<UnitCode> {
        let life = self.life(day)?;
        let heirs = if life.is_over(day) { &*life.heirs } else { &[] };
        let shed = life.shed.iter().rev().filter(|(since, _)| *since <= day);
        field
            .and_then(|field| {
                let named = |parts: &[Part]| {
                    let has = |part: &&Part| part.fields.iter().any(|held| **held == *field);
                    parts.iter().find(has).map(|part| part.into)
                };
                named(heirs).or_else(|| shed.clone().find_map(|(_, parts)| named(parts)))
            })
            .or_else(|| {
                let rest = heirs.iter().find(|part| part.fields.is_empty());
                rest.or(heirs.first()).map(|part| part.into)
            })
    }

    /// The parts that count by the day.
    fn parts(&self, day: Day) -> impl Iterator<Item = &Part> {
        self.life(day).into_iter().flat_map(move |life| {
            let heirs = if life.is_over(day) { &*life.heirs } else { &[] };
            let shed = life.shed.iter().filter(move |(since, _)| *since <= day);
            heirs.iter().chain(shed.flat_map(|(_, parts)| parts))
        })
    }
}

impl Registry {
    /// Who goes on, as of the day, with what the unit did in this field or in none.
    pub fn heir(&self, unit: UnitCode, field: Option<&str>, day: Day) -> UnitCode {
        let mut seen = vec![unit];
        let mut current = unit;
        while let Some(next) = self.get(current).and_then(|unit| unit.heir(field, day)) {
            // No circle is ever accepted; were there one, somebody in it must count.
            if seen.contains(&next) {
                break;
            }
            seen.push(next);
            current = next;
        }
        current
    }

    /// Who goes on, as of the day, with what the unit did.
    pub fn heirs(&self, unit: UnitCode, day: Day) -> Heirs {
        if self.get(unit).is_none_or(|unit| unit.parts(day).next().is_none()) {
            return Heirs { rest: unit, fields: Vec::new() };
        }
        let rest = self.heir(unit, None, day);
        let mut names: BTreeSet<&Code> = BTreeSet::new();
        let mut seen = vec![unit];
        let mut waiting = vec![unit];
        while let Some(next) = waiting.pop() {
            for part in self.get(next).into_iter().flat_map(|unit| unit.parts(day)) {
                names.extend(&part.fields);
                if !seen.contains(&part.into) {
                    seen.push(part.into);
                    waiting.push(part.into);
                }
            }
        }
        let fields = names
            .into_iter()
            .map(|field| (field.clone(), self.heir(unit, Some(field), day)))
            .filter(|(_, heir)| *heir != rest)
            .collect();
        Heirs { rest, fields }
    }

    /// The units whose heirs, as of the day, depend on the field, in order of code.
    pub fn divided(&self, day: Day) -> Vec<UnitCode> {
        let is_divided = |unit: &UnitCode| !self.heirs(*unit, day).fields.is_empty();
        self.units().map(|(code, _)| code).filter(is_divided).collect()
    }

    /// Every unit that follows another, in order of the code of the one before, then of day.
    pub fn successions(&self) -> Vec<Succession> {
        self.units().flat_map(|(code, unit)| unit.successions(code)).collect()
    }

    /// Whether this successor for the unit would make it, on whatever day, its own successor.
    pub fn would_follow_itself(&self, code: UnitCode, into: UnitCode) -> bool {
        let mut seen = Vec::new();
        let mut waiting = vec![into];
        while let Some(next) = waiting.pop() {
            if next == code {
                return true;
            }
            if !seen.contains(&next) {
                seen.push(next);
                waiting.extend(self.units.get(&next).into_iter().flat_map(Unit::named));
            }
        }
        false
    }
}
