//! A store in memory, and a fold that runs on it.

use std::collections::BTreeMap;

use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::cells::{CellKey, Cells};
use tonghop_core::commit::Commit;
use tonghop_core::fold::{Damaged, Message, Outcome, Plan, Projection};
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::refusal::Refusal;

/// What commits have stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) position: u64,
    pub(crate) cells: Cells,
    pub(crate) entries: BTreeMap<u128, Vec<u8>>,
    pub(crate) records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Store {
    /// The values of these keys.
    pub(crate) fn load(&self, keys: &[u128]) -> Vec<Option<Vec<u8>>> {
        assert!(keys.is_sorted_by(|a, b| a < b), "keys in order, each once");
        keys.iter().map(|key| self.entries.get(key).cloned()).collect()
    }

    /// Applies a commit; it must be as `core::commit` promises.
    pub(crate) fn apply(&mut self, commit: &Commit) {
        assert!(commit.position > self.position, "POS-1: the position moves with every commit");
        assert!(commit.cells.is_sorted_by(|a, b| a.key < b.key), "cells in order, one per key");
        assert!(commit.entries.is_sorted_by(|a, b| a.0 < b.0), "entries in order, one per key");
        assert!(commit.records.is_sorted_by(|a, b| a.0 < b.0), "records in order, one per key");
        self.position = commit.position;
        for change in &commit.cells {
            assert_ne!(change.amount, 0, "{:?}", change.key);
            self.cells.add(change.key.clone(), change.amount);
        }
        self.entries.extend(commit.entries.iter().cloned());
        self.records.extend(commit.records.iter().cloned());
    }

    /// A projection that comes back from the records.
    pub(crate) fn restore(&self) -> Result<Projection, Damaged> {
        Projection::restore(self.records.clone())
    }

    /// Cells of all, for reading.
    pub(crate) fn book(&self) -> Book {
        let mut book = Book::default();
        for (key, amount) in self.cells.iter().filter(|(key, _)| key.facet == Facet::All) {
            book.add(key, amount);
        }
        book
    }

    /// Cells by facet, for reading.
    pub(crate) fn facets(&self) -> BTreeMap<FacetKind, FacetBooks> {
        let mut facets: BTreeMap<FacetKind, FacetBooks> = BTreeMap::new();
        for (key, amount) in self.cells.iter() {
            facets.entry(key.facet.kind()).or_default().add(key, amount);
        }
        facets
    }

    /// The cells that the day of knowledge has.
    pub(crate) fn cells_known(&self, keep: impl Fn(&CellKey) -> bool) -> Cells {
        let mut cells = Cells::default();
        for (key, amount) in self.cells.iter().filter(|(key, _)| keep(key)) {
            cells.add(key.clone(), amount);
        }
        cells
    }
}

/// A projection with its store and all that it ever answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) projection: Projection,
    pub(crate) store: Store,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) refusals: Vec<(u64, Refusal)>,
}

impl World {
    /// Folds these messages as one batch into a new world.
    pub(crate) fn of(messages: &[Message]) -> Self {
        let mut world = Self::default();
        world.fold(messages);
        world
    }

    /// Folds one batch and stores it.
    pub(crate) fn fold(&mut self, messages: &[Message]) {
        if messages.is_empty() {
            return;
        }
        let plan = Plan::new(messages.to_vec());
        let values = self.store.load(plan.keys());
        let folded = self.projection.fold(plan, values).expect("a store that is not damaged");
        self.store.apply(&folded.commit);
        self.outcomes.extend(folded.outcomes);
        self.refusals.extend(folded.refusals);
    }

    /// All that must be equal for two worlds to be one, as text for what has no equality.
    pub(crate) fn assert_same(&self, other: &Self) {
        assert_eq!(self.store, other.store);
        assert_eq!(self.outcomes, other.outcomes);
        assert_eq!(self.refusals, other.refusals);
        assert_eq!(format!("{:?}", self.projection), format!("{:?}", other.projection));
    }
}
