//! The tree of RFC 6962: what one hash says of a whole log.
//!
//! ```text
//! leaf    SHA-256(0x00, leaf)
//! node    SHA-256(0x01, left, right)
//! root    of no leaves SHA-256(""); of one leaf its hash; of n leaves the node of the root of the
//!         first k and of the root of the rest, k the largest power of two below n
//! ```
//!
//! The hash at (level, index) is the root of the 2^level leaves from index × 2^level; it is stored
//! once those leaves are there, and never changes. Whoever makes a proof hands in how it is read.
//!
//! A [`Frontier`] is what has to be kept of a tree to go on with it: the stored hashes that make
//! up its size, the largest first. As bytes it is the size (u64, big-endian) and those hashes.
//!
//! **Invariant ROOT-1:** a tree grown leaf by leaf has the root of RFC 6962 at every size.

use sha2::{Digest, Sha256};

/// SHA-256, of a leaf, of a node or of a whole tree.
pub type Hash = [u8; 32];

/// How many leaves a tree has at most: what other programs read as a signed number.
pub const SIZE_MAX: u64 = (1 << 63) - 1;

/// How many bytes an encoded frontier has at most.
pub const FRONTIER_BYTES_MAX: usize = 8 + 32 * 63;

/// The hash of a leaf, as it stands in the tree.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// The hash of two subtrees side by side.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::new().finalize().into()
}

/// What a tree is known by: how many leaves it has, and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many leaves.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
}

/// What has to be kept of a tree to go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One for each bit of `size`, the largest subtree first.
    peaks: Vec<Hash>,
}

/// Bytes that are no frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no frontier of a tree")]
pub struct NoFrontier;

impl Frontier {
    /// Of the tree without leaves.
    #[expect(clippy::new_without_default, reason = "an empty tree is stated, never assumed")]
    pub fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// Of the first `size` leaves, from the hashes that are stored of them.
    pub fn stored<E>(
        size: u64,
        read: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        Ok(Self { size, peaks: peaks(0, size, read)? })
    }

    /// Appends the hash of one leaf: see [`leaf_hash`].
    ///
    /// # Panics
    /// If the tree has [`SIZE_MAX`] leaves, which no log comes near.
    pub fn push(&mut self, leaf: Hash) {
        assert!(self.push_subtree(0, leaf), "a tree has at most 2^63 − 1 leaves");
    }

    /// Appends the 2^`level` leaves of which the hash is the root; false, and nothing is appended,
    /// if such a subtree cannot begin where the tree ends, or would make it too large.
    ///
    /// # Panics
    /// Never: a frontier has a hash for each bit of its size.
    pub fn push_subtree(&mut self, level: u32, root: Hash) -> bool {
        let Some(leaves) = 1_u64.checked_shl(level) else { return false };
        if !self.size.is_multiple_of(leaves) || self.size > SIZE_MAX - leaves {
            return false;
        }
        let mut node = root;
        for _ in 0..(self.size >> level).trailing_ones() {
            let left = self.peaks.pop().expect("a frontier has a hash for each bit of its size");
            node = node_hash(&left, &node);
        }
        self.peaks.push(node);
        self.size += leaves;
        true
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        joined(self.peaks.iter().copied())
    }

    /// Size and root.
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }

    /// Writes the frontier as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.size.to_be_bytes().to_vec();
        out.extend(self.peaks.as_flattened());
        out
    }

    /// Reads what `encode` wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoFrontier> {
        let (size, rest) = bytes.split_first_chunk().ok_or(NoFrontier)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, odd) = rest.as_chunks();
        let whole = odd.is_empty() && usize::try_from(size.count_ones()) == Ok(peaks.len());
        if !whole || size > SIZE_MAX {
            return Err(NoFrontier);
        }
        Ok(Self { size, peaks: peaks.to_vec() })
    }
}

/// The root over the subtrees that make up a tree, the largest first.
pub(crate) fn joined(peaks: impl DoubleEndedIterator<Item = Hash>) -> Hash {
    peaks.rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}

/// The stored hashes that make up the leaves from `begin` up to `end`, the largest first.
///
/// `begin` is 0, or where a subtree of a tree of at least `end` leaves begins.
fn peaks<E>(
    begin: u64,
    end: u64,
    read: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut peaks = Vec::new();
    let mut at = begin;
    while at < end {
        let level = (end - at).ilog2();
        assert!(at.trailing_zeros() >= level, "a subtree begins at a multiple of its size");
        peaks.push(read(level, at >> level)?);
        at += 1 << level;
    }
    Ok(peaks)
}

mod growth;
mod paths;

pub use growth::{NotGrown, goes_on};
pub use paths::{
    PATH_HASHES_MAX, Unproven, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};

#[cfg(test)]
mod tests;
