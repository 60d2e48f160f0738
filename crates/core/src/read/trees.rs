//! The trees of a reading: who counts below its root on which of its days.
//!
//! They follow from the registry, the units that have cells, and what is asked; not from any cell.
//! So they are drawn once and kept with the registry for the next reading like it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::chains::{Chains, chains};
use super::declared::Speakers;
use super::lineage::{Detour, Folding};
use super::{Query, Tree};
use crate::book::Book;
use crate::day::{Day, Window};
use crate::registry::Registry;
use crate::unit_code::UnitCode;
use crate::words::Level;

/// Trees that are kept: what a few forms and their periods ask for, not what everybody ever asked.
const KEPT_MAX: usize = 16;

/// A stretch of the window with one tree.
#[derive(Debug)]
pub(super) struct Epoch {
    pub(super) window: Window,
    pub(super) chains: Chains,
}

/// What the trees are drawn for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    root: UnitCode,
    days: Window,
    tree: Tree,
    /// The units with cells, in order of code.
    units: Vec<UnitCode>,
}

/// The trees of the days of a reading.
#[derive(Debug)]
pub(super) struct Trees {
    asked: Asked,
    /// Every unit that a sum may be for, in order of code; a place is an index into this.
    pub(super) codes: Vec<UnitCode>,
    /// The tree of the day before the window.
    pub(super) opening: Chains,
    pub(super) epochs: Vec<Epoch>,
    /// For each place, whether what its unit did counts below the root in one of the trees.
    pub(super) is_below: Vec<bool>,
    /// Whether all units with cells count below the root on every day.
    pub(super) has_all: bool,
    /// For each place, the last level of its unit by the end of the window; worked out when it is
    /// first asked for, like the rest.
    pub(super) last_levels: OnceLock<Vec<Option<Level>>>,
    /// The units that stand on the window's last day, with their level and their chain.
    pub(super) standing: OnceLock<Vec<(usize, Level, Vec<usize>)>>,
    /// Who may speak for whom.
    pub(super) speakers: OnceLock<Speakers>,
}

impl Trees {
    /// Whether all that these units did counts below the root on every day.
    pub(super) fn have_all(&self, book: &Book) -> bool {
        // Both are in order of code.
        let mut asked = self.asked.units.iter();
        self.has_all && book.units().all(|(unit, _)| asked.any(|asked| *asked == unit))
    }

    fn draw(query: Query, registry: &Registry, asked: Asked) -> Self {
        let units = &asked.units;
        let folding = Folding::of(query.tree, registry, units);
        let mut codes = units.clone();
        codes.extend(registry.units().map(|(code, _)| code));
        codes.extend(folding.heirs());
        codes.push(query.root);
        codes.sort_unstable();
        codes.dedup();
        let tree_of = |day: Day| chains(query, registry, &codes, units, &folding, day);
        let mut epochs = Vec::new();
        let days = asked.days;
        let mut from = days.from;
        let boundaries = match query.tree {
            Tree::AsWas => registry.boundaries(),
            Tree::On(_) => Vec::new(),
        };
        let changes_at_once = boundaries.contains(&days.from);
        for day in boundaries.into_iter().filter(|day| days.contains(*day)) {
            if let Some(window) = day.previous().and_then(|last| Window::new(from, last)) {
                epochs.push(Epoch { window, chains: tree_of(window.from) });
                from = day;
            }
        }
        if let Some(window) = Window::new(from, days.to) {
            epochs.push(Epoch { window, chains: tree_of(from) });
        }
        let opening = match epochs.first() {
            Some(first) if !changes_at_once => first.chains.clone(),
            _ => tree_of(days.from.previous().unwrap_or(Day::MIN)),
        };
        let mut is_below = vec![false; codes.len()];
        let trees = epochs.iter().map(|epoch| &epoch.chains).chain([&opening]);
        let stays = |detour: &Detour| !detour.from.is_empty() && !detour.to.is_empty();
        let has_all =
            |tree: &Chains| tree.units.len() == units.len() && tree.detours.iter().all(stays);
        let has_all = trees.clone().all(has_all);
        for (place, _) in trees.flat_map(|tree| &tree.units) {
            if let Some(held) = is_below.get_mut(*place) {
                *held = true;
            }
        }
        Self {
            asked,
            codes,
            opening,
            epochs,
            is_below,
            has_all,
            last_levels: OnceLock::new(),
            standing: OnceLock::new(),
            speakers: OnceLock::new(),
        }
    }
}

/// The trees that were drawn from a registry. A copy of the registry begins without any.
#[derive(Debug, Default)]
pub(crate) struct Drawn(Mutex<VecDeque<Arc<Trees>>>);

impl Drawn {
    pub(crate) fn clear(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The trees for what is asked, drawn if they are not kept. `registry` is whose these are.
    pub(super) fn trees(
        &self,
        query: Query,
        registry: &Registry,
        units: &[UnitCode],
    ) -> Arc<Trees> {
        let (root, days, tree) = (query.root, query.days(), query.tree);
        let is_asked = |trees: &&Arc<Trees>| {
            let Asked { root: r, days: d, tree: t, units: u } = &trees.asked;
            (*r, *d, *t) == (root, days, tree) && u == units
        };
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trees) = kept().iter().find(is_asked) {
            return Arc::clone(trees);
        }
        let asked = Asked { root, days, tree, units: units.to_vec() };
        let trees = Arc::new(Trees::draw(query, registry, asked));
        let mut kept = kept();
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&trees));
        trees
    }
}

impl Clone for Drawn {
    fn clone(&self) -> Self {
        Self::default()
    }
}
