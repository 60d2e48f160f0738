//! Computed figures of many units and windows, a few scopes at a time.
//!
//! Who declares chooses the windows, so that their number bounds nothing. A scope is some hundred
//! kilobytes for a province: only the last few are held, and an answer makes only so many.

use std::collections::BTreeMap;

use super::SCOPES_MAX;
use crate::catalogue::Rule;
use crate::day::{Day, Window};
use crate::form::Sources;
use crate::measure::Measure;
use crate::read::{Opened, Query, Readings, Scope, Total, Tree, Value};
use crate::unit_code::UnitCode;

/// Scopes that are held at once: of a comparison, the window, the period, and both as they were
/// known; of the rules, the window and its last day; of past periods, all.
pub(super) const HELD_MAX: usize = 12;
/// Scopes that one comparison makes: the window and the period, each as known now and then.
const SCOPES_OF_ONE: usize = 4;

/// What a scope is of.
type Of = (UnitCode, Window, Option<Day>);

/// Computed figures, each scope made once as long as it is held.
pub(super) struct Figures<'a> {
    tree: Tree,
    read_on: Option<Day>,
    sources: Sources<'a>,
    units: Vec<UnitCode>,
    held: BTreeMap<Of, Held<'a>>,
    /// Readings so far.
    turn: usize,
    /// Scopes made so far.
    pub(super) made: usize,
    refused: bool,
}

/// A scope with what was read in it.
struct Held<'a> {
    scope: Scope<'a>,
    opened: Opened<'a>,
    read: Readings<Total>,
    last_turn: usize,
}

/// What is computed of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Computed {
    /// The figure of the unit and what is below it.
    pub(super) subtree: Value,
    /// Whether any unit of the subtree ever reported what it is made of.
    pub(super) reported: bool,
}

impl<'a> Figures<'a> {
    pub(super) fn new(query: Query, sources: Sources<'a>) -> Self {
        let units = sources.book.units().map(|(code, _)| code).collect();
        let Query { tree, read_on, .. } = query;
        let (held, turn, made, refused) = (BTreeMap::new(), 0, 0, false);
        Self { tree, read_on, sources, units, held, turn, made, refused }
    }

    /// Whether there is room for what is computed of one declaration, and for why it may differ.
    pub(super) const fn has_room(&self) -> bool {
        self.made + SCOPES_OF_ONE <= SCOPES_MAX
    }

    /// Whether something was not read since this was last asked, because no more scopes are made.
    pub(super) const fn take_refused(&mut self) -> bool {
        std::mem::replace(&mut self.refused, false)
    }

    /// Scopes that are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// None for an indicator that is declared, and when no more scopes are made.
    pub(super) fn read(
        &mut self,
        rule: &Rule,
        unit: UnitCode,
        window: Window,
        known: Option<Day>,
    ) -> Option<Computed> {
        if let Rule::Declared { .. } = rule {
            return None;
        }
        let held = self.scope((unit, window, known))?;
        let measures: Vec<Measure> = rule.measures().collect();
        let subtree = held.scope.value(rule, &held.opened, &mut held.read);
        let reported = subtree != Value::Missing && held.scope.reports(&measures, &held.opened);
        Some(Computed { subtree, reported })
    }

    fn scope(&mut self, of: Of) -> Option<&mut Held<'a>> {
        self.turn += 1;
        if !self.held.contains_key(&of) {
            if self.made >= SCOPES_MAX {
                self.refused = true;
                return None;
            }
            if self.held.len() >= HELD_MAX {
                let oldest = self.held.iter().min_by_key(|(_, held)| held.last_turn);
                if let Some(oldest) = oldest.map(|(of, _)| *of) {
                    self.held.remove(&oldest);
                }
            }
            let made = self.make(of);
            self.held.insert(of, made);
        }
        let held = self.held.get_mut(&of)?;
        held.last_turn = self.turn;
        Some(held)
    }

    fn make(&mut self, (root, window, known): Of) -> Held<'a> {
        self.made += 1;
        let query = Query { root, window, known, tree: self.tree, read_on: self.read_on };
        let scope = Scope::new(query, self.sources.registry, &self.units);
        let opened = scope.open(self.sources.book, self.sources.facets);
        Held { scope, opened, read: Readings::default(), last_turn: self.turn }
    }
}
