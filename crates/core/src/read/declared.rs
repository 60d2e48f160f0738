//! What is declared, rolled up: a unit speaks for its whole subtree; where it does not, those below
//! it do together.
//!
//! Who spoke for whom is a matter of the tree of the window's last day, whichever tree is read: a
//! district that moved its communes away last year still had them in what it said before. So the
//! same statements make up a province in every tree (READ-1), and only where they are shown
//! differs.
//!
//! **Invariant SAID-4:** that nobody said anything is not zero. A sum in which a unit that stands on
//! the window's last day is silent is at least what the others said; a ratio or a distinct count is
//! not told at all.

use std::collections::BTreeMap;

use super::chains::chains;
use super::lineage::Folding;
use super::{Opened, Scope, Value};
use crate::catalogue::Nature;
use crate::declared::{for_window, over_units, statements};
use crate::measure::FacetKind;

/// Who may speak, and for whom; worked out when a declared figure is first read.
#[derive(Debug)]
pub(super) struct Speakers {
    /// For each place, those above it on the window's last day, nearest first.
    above: Vec<Vec<usize>>,
    /// For each place, that of who goes on with it in the tree that is read, and of those above
    /// that one up to the root; empty outside the subtree.
    shown: Vec<Vec<usize>>,
    /// The places of the units that stand on the window's last day.
    standing: Vec<usize>,
}

impl Speakers {
    fn above(&self, place: usize) -> &[usize] {
        self.above.get(place).map_or(&[], Vec::as_slice)
    }

    fn shown(&self, place: usize) -> &[usize] {
        self.shown.get(place).map_or(&[], Vec::as_slice)
    }
}

impl Scope<'_> {
    fn speakers(&self) -> &Speakers {
        self.trees.speakers.get_or_init(|| {
            let (day, codes) = (self.days.to, &self.trees.codes);
            let above = codes.iter().map(|code| {
                let chain = self.registry.chain(*code, day);
                chain.iter().skip(1).filter_map(|code| codes.binary_search(code).ok()).collect()
            });
            let folding = Folding::of(self.query.tree, self.registry, codes);
            let tree = chains(self.query, self.registry, codes, codes, &folding, day);
            let mut shown = vec![Vec::new(); codes.len()];
            for (place, chain) in tree.units {
                if let Some(held) = shown.get_mut(place) {
                    *held = chain;
                }
            }
            let standing = (0..codes.len()).filter(|place| self.level_on(*place, day).is_some());
            Speakers { above: above.collect(), shown, standing: standing.collect() }
        })
    }

    /// Whether what the unit at this place declares is shown below the root.
    pub(super) fn shows(&self, place: usize) -> bool {
        !self.speakers().shown(place).is_empty()
    }

    /// What was declared for every unit's subtree, in the order of `codes`.
    pub(super) fn declared(
        &self,
        indicator: &str,
        nature: Nature,
        book: &Opened<'_>,
    ) -> Vec<Value> {
        let said = self.said(indicator, nature, book);
        let mut sums = vec![Value::Missing; self.trees.codes.len()];
        if said.is_empty() {
            return sums;
        }
        let speakers = self.speakers();
        // Whether anybody said anything below a place, on the window's last day.
        let mut is_heard = vec![false; self.trees.codes.len()];
        for place in said.keys() {
            for heard in speakers.above(*place).iter().chain([place]) {
                if let Some(held) = is_heard.get_mut(*heard) {
                    *held = true;
                }
            }
        }
        // A unit counts below all that show it, up to who shows the words of one that spoke for it.
        let counts_for = |place: usize| {
            let spoke = speakers.above(place).iter().filter(|above| said.contains_key(above));
            let for_it: Vec<&[usize]> = spoke.map(|above| speakers.shown(*above)).collect();
            let is_free = move |at: &&usize| !for_it.iter().any(|shown| shown.contains(at));
            speakers.shown(place).iter().take_while(is_free)
        };
        let mut is_told = vec![false; self.trees.codes.len()];
        for (place, value) in &said {
            for at in counts_for(*place) {
                let (Some(sum), Some(told)) = (sums.get_mut(*at), is_told.get_mut(*at)) else {
                    continue;
                };
                *sum = if *told {
                    over_units(nature, *sum, *value).unwrap_or(Value::Missing)
                } else {
                    *value
                };
                *told = true;
            }
        }
        let is_silent = |place: &&usize| is_heard.get(**place) == Some(&false);
        let mut lacks = vec![false; self.trees.codes.len()];
        for place in speakers.standing.iter().filter(is_silent) {
            for at in counts_for(*place) {
                if let Some(held) = lacks.get_mut(*at) {
                    *held = true;
                }
            }
        }
        let with_silence = |(sum, lacks)| if lacks { at_least(nature, sum) } else { sum };
        sums.into_iter().zip(lacks).map(with_silence).collect()
    }

    /// What each unit said of the window itself, by its place.
    fn said(&self, indicator: &str, nature: Nature, book: &Opened<'_>) -> BTreeMap<usize, Value> {
        let books = book.facets.get(&FacetKind::Declared);
        let statements = statements(books, Some(indicator), self.query.known);
        let mut by_unit: BTreeMap<usize, Vec<_>> = BTreeMap::new();
        for statement in &statements {
            if let Ok(place) = self.trees.codes.binary_search(&statement.unit) {
                by_unit.entry(place).or_default().push(statement);
            }
        }
        let read = |(place, of_unit): (usize, Vec<_>)| {
            Some((place, for_window(nature, &of_unit, self.query.window)?))
        };
        by_unit.into_iter().filter_map(read).collect()
    }
}

/// A sum in which somebody is silent.
fn at_least(nature: Nature, sum: Value) -> Value {
    match nature {
        Nature::Flow | Nature::Stock => {
            over_units(nature, sum, Value::Missing).unwrap_or(Value::Missing)
        }
        Nature::Ratio | Nature::Distinct | Nature::Declared => Value::Missing,
    }
}
