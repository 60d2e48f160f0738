//! Evidence: what makes a figure defensible years later, on a machine that has nothing else.
//!
//! The log is sealed in order: what stands at a position, [`message::Message`], is committed to by
//! a salted hash, and that with the position, the time and the sender is a [`leaf::Leaf`] of a
//! Merkle tree (RFC 6962). Whoever erases a message with its salt leaves the leaf as it was.
//!
//! **Invariant LEAF-1:** a leaf has exactly one encoding, and an encoding is one leaf.
//!
//! A closing freezes a period at a position of the log: what was published, and of every unit and
//! family what its timelines contribute ([`closing`], [`contributed`]).
//!
//! A figure of a closing is proved by a [`bundle`], and [`verify()`](verify::verify) checks one on a
//! machine that has nothing else.
//!
//! **Architecture invariant:** no network, no async, no sled: somebody outside can build it, read
//! it, and believe it.

#[cfg(feature = "archive")]
pub mod archive;
pub mod bundle;
pub mod checkpoint;
pub mod closing;
pub mod contributed;
pub mod figure;
pub mod leaf;
pub mod line;
pub mod list;
pub mod log;
pub mod message;
pub mod note;
pub mod proof;
pub mod pruned;
pub mod tiles;
pub mod tree;
pub mod verify;
