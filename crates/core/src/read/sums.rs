//! What a reading is added up in: an amount for each unit, or the root's alone.

use std::collections::BTreeMap;

use super::silence::Of;
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

    /// Whether nothing needs to be added any more to know that it is not 0.
    fn is_settled(&self) -> bool;

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

    fn is_settled(&self) -> bool {
        false
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

    fn is_settled(&self) -> bool {
        self.0 != 0
    }

    fn add_all(&mut self, other: &Self, sign: i64) {
        self.0 += sign * other.0;
    }
}

/// What was read already of one book in one scope: many columns of a form share their terms.
#[derive(Debug)]
pub struct Readings<S> {
    pub(super) sums: BTreeMap<(Counted, Only), S>,
    /// How many times a unit was heard of a family and, if the term is narrowed to one, a level.
    pub(super) heard: BTreeMap<Of, S>,
}

impl<S> Readings<S> {
    /// Forgets what was read of one code, before the next; who was heard is the same for all.
    pub fn next_code(&mut self) {
        self.sums.clear();
    }
}

impl<S> Default for Readings<S> {
    fn default() -> Self {
        Self { sums: BTreeMap::new(), heard: BTreeMap::new() }
    }
}
