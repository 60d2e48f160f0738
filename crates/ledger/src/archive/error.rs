//! Why an archive cannot be written or read.

use std::io;
use std::path::PathBuf;

use crate::log::LogError;

/// Why an archive cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The disk failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// Another process seals.
    #[error("{} is being written by another process: wait until it has sealed", dir.display())]
    Locked {
        /// The archive.
        dir: PathBuf,
    },
    /// There is no archive.
    #[error("{} has no archive: `tonghop seal` makes one", dir.display())]
    Absent {
        /// The directory.
        dir: PathBuf,
    },
    /// The manifest is not one.
    #[error("{}: {why}", path.display())]
    Manifest {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file of the archive is not what the manifest says, or is none.
    #[error("{}: {why}", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A row of a segment is not what was sealed.
    #[error("{}: position {position}: {why}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Where in the log.
        position: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The log is another one than was sealed.
    #[error(
        "the log is not the one that was sealed: {why}; nothing was sealed. Put the right log \
         back, or keep {} as it is and seal this log with another data directory", dir.display()
    )]
    Forked {
        /// The archive.
        dir: PathBuf,
        /// What differs.
        why: String,
    },
    /// The sealed log beside the segments.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A message does not follow the one before.
    #[error("position {found} was to be sealed where {expected} follows")]
    OutOfOrder {
        /// What follows.
        expected: u64,
        /// What came.
        found: u64,
    },
}

impl ArchiveError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
