//! Cells: sums of contributions. Every figure is a reading of cells.
//!
//! Cells form a commutative group: two folds of disjoint timelines are added key by key. A cell
//! whose amount is zero is no cell.

use std::collections::BTreeMap;

use crate::day::Day;
use crate::measure::{Facet, Measure};
use crate::unit_code::UnitCode;

/// What a cell is the sum for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// The unit that published.
    pub unit: UnitCode,
    /// What is counted.
    pub measure: Measure,
    /// Under which facet.
    pub facet: Facet,
    /// The effective day.
    pub day: Day,
    /// The recorded day.
    pub recorded: Day,
}

/// A change of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// Which cell.
    pub key: CellKey,
    /// By how much; never 0.
    pub amount: i64,
}

/// Cells in memory, in canonical order: for tests, comparisons and small folds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells(BTreeMap<CellKey, i64>);

impl Cells {
    /// Adds an amount to a cell.
    pub fn add(&mut self, key: CellKey, amount: i64) {
        use std::collections::btree_map::Entry;
        match self.0.entry(key) {
            Entry::Vacant(vacant) => {
                if amount != 0 {
                    vacant.insert(amount);
                }
            }
            Entry::Occupied(mut cell) => {
                *cell.get_mut() += amount;
                if *cell.get() == 0 {
                    cell.remove();
                }
            }
        }
    }

    /// The cells in canonical order; none is zero.
    pub fn iter(&self) -> impl Iterator<Item = (&CellKey, i64)> {
        self.0.iter().map(|(key, amount)| (key, *amount))
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
