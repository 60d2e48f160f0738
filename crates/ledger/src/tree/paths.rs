//! Proofs of the tree: that it holds a leaf, and that it goes on from an earlier one.
//!
//! Both are the hashes of RFC 6962 (2.1.1 and 2.1.2), in its order; they are verified as RFC 9162
//! says (2.1.3.2 and 2.1.4.2).
//!
//! **Invariant PATH-1:** a path proves one leaf at one index, or one earlier tree, and nothing else.

use super::{Hash, Head, empty_root, joined, node_hash, peaks};

/// How many hashes a path has at most: one for each level of the largest tree, and one to begin.
pub const PATH_HASHES_MAX: usize = 64;

/// Hashes that do not prove what they were given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these hashes do not prove it")]
pub struct Unproven;

/// The hashes that prove the leaf at `index` to be in the tree of `size` leaves.
///
/// # Panics
/// If the tree has no such leaf.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    read: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(index < size, "a tree of {size} leaves has none at {index}");
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            path.push(joined(peaks(middle, end, read)?.into_iter()));
            end = middle;
        } else {
            path.push(joined(peaks(begin, middle, read)?.into_iter()));
            begin = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that prove the tree of `size` leaves to go on from the tree of its first `old`.
///
/// # Panics
/// If `old` is more than `size`.
pub fn prove_consistency<E>(
    old: u64,
    size: u64,
    read: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(old <= size, "a tree of {size} leaves does not go on from one of {old}");
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    if old == 0 {
        return Ok(path);
    }
    while end != old {
        let middle = begin + split(end - begin);
        if old <= middle {
            path.push(joined(peaks(middle, end, read)?.into_iter()));
            end = middle;
        } else {
            path.push(joined(peaks(begin, middle, read)?.into_iter()));
            begin = middle;
        }
    }
    if begin > 0 {
        path.push(joined(peaks(begin, end, read)?.into_iter()));
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that `tree` holds `leaf`, the hash of a leaf, at `index`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    tree: &Head,
    path: &[Hash],
) -> Result<(), Unproven> {
    if index >= tree.size {
        return Err(Unproven);
    }
    let mut way = Way { at: index, last: tree.size - 1 };
    let mut root = *leaf;
    for hash in path {
        root = if way.right()? { node_hash(hash, &root) } else { node_hash(&root, hash) };
        way.up();
    }
    if way.last == 0 && root == tree.root { Ok(()) } else { Err(Unproven) }
}

/// Whether `path` proves that `new` goes on from `old`.
///
/// Every tree goes on from the empty one, and each from itself; neither needs a hash.
pub fn verify_consistency(old: &Head, new: &Head, path: &[Hash]) -> Result<(), Unproven> {
    if old.size == 0 || old.size == new.size {
        let same = old.size != new.size || old.root == new.root;
        let empty = old.size != 0 || old.root == empty_root();
        return if same && empty && path.is_empty() { Ok(()) } else { Err(Unproven) };
    }
    if old.size > new.size {
        return Err(Unproven);
    }
    let mut way = Way { at: old.size - 1, last: new.size - 1 };
    // The largest subtree that ends where the old tree does: the old tree itself, or the first hash.
    let whole = way.at.trailing_ones();
    way = Way { at: way.at >> whole, last: way.last >> whole };
    let (first, path) = if old.size.is_power_of_two() {
        (&old.root, path)
    } else {
        path.split_first().ok_or(Unproven)?
    };
    let (mut old_root, mut new_root) = (*first, *first);
    for hash in path {
        if way.right()? {
            old_root = node_hash(hash, &old_root);
            new_root = node_hash(hash, &new_root);
        } else {
            new_root = node_hash(&new_root, hash);
        }
        way.up();
    }
    if way.last == 0 && old_root == old.root && new_root == new.root {
        Ok(())
    } else {
        Err(Unproven)
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// From a leaf to the root: the index of the node, and of the last one on its level.
struct Way {
    at: u64,
    last: u64,
}

impl Way {
    /// Whether the next hash stands to the left; an error if the node is the root already.
    ///
    /// A last node without a sibling is its own parent, up to where it is a right child.
    fn right(&mut self) -> Result<bool, Unproven> {
        if self.last == 0 {
            return Err(Unproven);
        }
        if self.at == self.last {
            let alone = self.at.trailing_zeros();
            self.at >>= alone;
            self.last >>= alone;
        }
        Ok(self.at % 2 == 1)
    }

    fn up(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }
}

#[cfg(test)]
mod tests;
