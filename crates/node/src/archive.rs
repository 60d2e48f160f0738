//! The archive of a data directory: who seals it, who reads it, and what may leave the stream then.
//!
//! What an archive is and promises is in `tonghop_ledger::archive`.
//!
//! **Invariant ARC-5:** nothing is sealed that a power cut could still take from the log, unless
//! somebody says so.
//! **Invariant ARC-6:** nothing leaves the stream that is not sealed and was not read again from
//! its segment just before, byte for byte.

use std::path::{Path, PathBuf};

mod sealer;
mod source;

pub use sealer::{SealError, Sealed, Sealer, seal, seal_and_sign};
pub use source::{Source, row_at};

/// Where the archive of a data directory is.
pub fn dir(data: &Path) -> PathBuf {
    data.join("archive")
}
