//! What a reading is added up in: an amount for each unit, or the root's alone.

use std::collections::BTreeMap;

use crate::catalogue::{Counted, Only};

/// Where amounts are added up.
pub trait Sums {
    /// Whether nothing but the root's amount is added up.
    const IS_ROOT_ALONE: bool;

    /// Nothing yet, of so many units.
    fn zero(units: usize) -> Self;

    /// Adds an amount to a unit and its ancestors, except to those in `except`. Each of the two
    /// chains is empty or ends with the root.
    fn add(&mut self, chain: &[usize], except: &[usize], amount: i64);

    /// Adds what was added up elsewhere.
    fn add_all(&mut self, other: &Self, sign: i64);
}

/// An amount for each unit of a scope, in the order of its codes.
#[derive(Debug, Clone)]
pub struct Amounts {
    /// Of the unit alone.
    pub own: Vec<i64>,
    /// Of the unit and what is below it.
    pub subtree: Vec<i64>,
}

impl Sums for Amounts {
    const IS_ROOT_ALONE: bool = false;

    fn zero(units: usize) -> Self {
        Self { own: vec![0; units], subtree: vec![0; units] }
    }

    fn add(&mut self, chain: &[usize], except: &[usize], amount: i64) {
        let mut counted = chain.iter().filter(|place| !except.contains(place)).peekable();
        if let Some(own) = chain.first().filter(|own| counted.peek() == Some(own))
            && let Some(sum) = self.own.get_mut(*own)
        {
            *sum += amount;
        }
        for place in counted {
            if let Some(sum) = self.subtree.get_mut(*place) {
                *sum += amount;
            }
        }
    }

    fn add_all(&mut self, other: &Self, sign: i64) {
        let pairs = [(&mut self.own, &other.own), (&mut self.subtree, &other.subtree)];
        for (sums, amounts) in pairs {
            for (sum, amount) in sums.iter_mut().zip(amounts) {
                *sum += sign * amount;
            }
        }
    }
}

/// The amount of the root and what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total(pub i64);

impl Sums for Total {
    const IS_ROOT_ALONE: bool = true;

    fn zero(_: usize) -> Self {
        Self(0)
    }

    fn add(&mut self, chain: &[usize], except: &[usize], amount: i64) {
        if !chain.is_empty() && except.is_empty() {
            self.0 += amount;
        }
    }

    fn add_all(&mut self, other: &Self, sign: i64) {
        self.0 += sign * other.0;
    }
}

/// What was read already of one book in one scope: many columns of a form share their terms.
#[derive(Debug)]
pub struct Readings<S>(pub(super) BTreeMap<(Counted, Only), S>);

impl<S> Default for Readings<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
