//! Whether a tree goes on from an earlier one, by the hashes that are stored of it.
//!
//! A log asks before it signs, and a witness before it says that it saw.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Frontier, Hash, Head, prove_consistency, verify_consistency};

/// Why a tree does not go on from an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotGrown {
    /// It has fewer leaves.
    Behind {
        /// The tree that was signed before.
        old: Head,
        /// The tree that is to be signed.
        new: Head,
    },
    /// It has other leaves: there are two logs.
    Forked {
        /// The tree that was signed before.
        old: Head,
        /// The tree that is to be signed.
        new: Head,
        /// The root that this one had at the size of the earlier one.
        there: Hash,
    },
    /// The stored hashes are not those of the tree, or contradict one another.
    Damaged {
        /// The tree that is to be signed.
        new: Head,
    },
}

impl fmt::Display for NotGrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind { old, new } => {
                write!(f, "it has {old}, and the tree here is at an earlier state, with {new}")
            }
            Self::Forked { old, new, there } => write!(
                f,
                "two logs: it has {old}, and the tree here, with {new}, had the root {} at size {}",
                STANDARD.encode(there),
                old.size
            ),
            Self::Damaged { new } => {
                write!(f, "the tiles are incomplete or damaged: they do not give the tree of {new}")
            }
        }
    }
}

impl std::error::Error for NotGrown {}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "size {} and root {}", self.size, STANDARD.encode(self.root))
    }
}

/// Whether `new`, the tree whose stored hashes `read` gives, goes on from `old`.
///
/// The hashes are believed only as far as they prove it.
pub fn goes_on<E>(
    old: &Head,
    new: &Head,
    read: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Result<(), NotGrown>, E> {
    let (old, new) = (*old, *new);
    if old.size > new.size {
        return Ok(Err(NotGrown::Behind { old, new }));
    }
    if Frontier::stored(new.size, read)?.root() != new.root {
        return Ok(Err(NotGrown::Damaged { new }));
    }
    let there = Frontier::stored(old.size, read)?.root();
    if there != old.root {
        return Ok(Err(NotGrown::Forked { old, new, there }));
    }
    let path = prove_consistency(old.size, new.size, read)?;
    Ok(verify_consistency(&old, &new, &path).map_err(|_| NotGrown::Damaged { new }))
}
