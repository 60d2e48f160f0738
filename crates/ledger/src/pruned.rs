//! A tree of which only some leaves are shown: the others stand there as the roots of subtrees.
//!
//! From the first leaf to the last, each step is a leaf that is shown or a subtree, the largest
//! that begins there and has none. Whoever walks them has the root of the whole tree, and so knows
//! that the shown leaves are leaves of it and where; a leaf alone is its inclusion proof.
//!
//! **Invariant PRUNE-1:** the steps of a tree lead to its root, whichever leaves are shown.

use crate::tree::{Frontier, Hash, leaf_hash};

/// A step from the first leaf to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The leaf of this index is shown.
    Shown(u64),
    /// The stored hash at (level, index) stands for 2^level leaves from index × 2^level.
    Subtree(u32, u64),
}

/// The steps of a tree of this size that shows these leaves. `shown` ascends; what is not below the
/// size is left out.
pub fn steps(size: u64, shown: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Step> {
    let shown = shown.into_iter().filter(move |index| *index < size).map(Some).chain([None]);
    let mut next = 0;
    shown.flat_map(move |index| {
        let until = index.unwrap_or(size);
        let from = next;
        next = next.max(until.saturating_add(1));
        let leaf = index.filter(|index| from <= *index).map(Step::Shown);
        subtrees(from, until).map(|(level, index)| Step::Subtree(level, index)).chain(leaf)
    })
}

/// The subtrees, as level and index, that stand for the leaves from this one until that one.
pub fn subtrees(from: u64, until: u64) -> impl Iterator<Item = (u32, u64)> {
    let mut next = from;
    std::iter::from_fn(move || {
        let leaves = until.checked_sub(next).filter(|leaves| *leaves > 0)?;
        let level = largest(next, leaves);
        let subtree = (level, next >> level);
        next += 1 << level;
        Some(subtree)
    })
}

/// The level of the largest subtree that begins at this leaf and has at most so many leaves, of
/// which there is one at least.
fn largest(from: u64, leaves: u64) -> u32 {
    from.trailing_zeros().min(leaves.ilog2())
}

/// Walks the steps, and knows in the end what the root is.
#[derive(Debug)]
pub struct Walk(Frontier);

impl Walk {
    /// Before the first leaf.
    #[expect(clippy::new_without_default, reason = "a walk begins on purpose")]
    pub fn new() -> Self {
        Self(Frontier::new())
    }

    /// The index of the leaf that comes next.
    pub fn next(&self) -> u64 {
        self.0.size()
    }

    /// Goes over a leaf that is shown.
    pub fn leaf(&mut self, leaf: &[u8]) {
        self.0.push(leaf_hash(leaf));
    }

    /// Goes over a subtree; false if none of this level can begin here.
    pub fn subtree(&mut self, level: u32, root: Hash) -> bool {
        self.0.push_subtree(level, root)
    }

    /// The size of what was walked, and its root.
    pub fn end(self) -> (u64, Hash) {
        (self.0.size(), self.0.root())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn leaf(index: u64) -> [u8; 8] {
        index.to_be_bytes()
    }

    fn root_of(leaves: std::ops::Range<u64>) -> Hash {
        let mut tree = Frontier::new();
        leaves.for_each(|index| tree.push(leaf_hash(&leaf(index))));
        tree.root()
    }

    fn walked(size: u64, shown: &BTreeSet<u64>) -> (u64, Hash) {
        let mut walk = Walk::new();
        for step in steps(size, shown.iter().copied()) {
            match step {
                Step::Shown(index) => {
                    assert_eq!(walk.next(), index);
                    assert!(shown.contains(&index));
                    walk.leaf(&leaf(index));
                }
                Step::Subtree(level, index) => {
                    let leaves = (index << level)..((index + 1) << level);
                    assert_eq!(walk.next(), leaves.start);
                    assert!(walk.subtree(level, root_of(leaves)));
                }
            }
        }
        walk.end()
    }

    proptest! {
        /// PRUNE-1.
        #[test]
        fn every_choice_of_leaves_leads_to_the_root(
            size in 0..200_u64, shown in prop::collection::btree_set(0..220_u64, 0..20),
        ) {
            prop_assert_eq!(walked(size, &shown), (size, root_of(0..size)));
        }

        /// A leaf costs no more hashes than its inclusion proof, and one for what is behind.
        #[test]
        fn one_leaf_takes_few_steps(size in 1..u64::from(u32::MAX), at in any::<u64>()) {
            let count = steps(size, [at % size]).count();
            prop_assert!(count <= 2 * 32 + 1, "{count} steps");
        }
    }

    #[test]
    fn a_subtree_begins_only_where_one_can() {
        let mut walk = Walk::new();
        walk.leaf(b"0");
        assert!(!walk.subtree(1, [0; 32]));
        assert!(!walk.subtree(64, [0; 32]));
        assert!(walk.subtree(0, [0; 32]));
        assert!(walk.subtree(1, [0; 32]));
        assert_eq!(walk.next(), 4);
        let mut walk = Walk::new();
        assert!(walk.subtree(62, [0; 32]));
        assert!(!walk.subtree(63, [0; 32]));
    }
}
