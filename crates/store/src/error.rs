//! What can go wrong at rest, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

/// The world failing, as seen from the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error(
        "store {} is in use by process {pid}: stop that process, or use another directory",
        path.display()
    )]
    Locked {
        /// The store's directory.
        path: PathBuf,
        /// Who holds it; 0 if the lock does not say.
        pid: u32,
    },
    /// The file system refused something.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something stored cannot be read back.
    #[error("store {} is damaged at {place}: {cause}", path.display())]
    Damaged {
        /// The generation's directory.
        path: PathBuf,
        /// Which key, in words.
        place: String,
        /// What was found.
        cause: String,
    },
    /// There is no store that can be read as it is.
    #[error("{} holds no store that can be read: {why}", path.display())]
    Unusable {
        /// The store's directory.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A commit failed, and only opening the store again can tell whether it is there.
    #[error(
        "a commit up to position {position} to store {} is in doubt until it is opened again",
        path.display()
    )]
    InDoubt {
        /// The generation's directory.
        path: PathBuf,
        /// The last position that is certain.
        position: u64,
    },
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Give up with the message: somebody has to do something first.
    Stop,
    /// Drop the store and open it again, after a pause.
    Reopen,
    /// Call `mark_damaged`, drop the store and open it again: it is rebuilt from the log.
    Rebuild,
}

impl StoreError {
    /// What to do about it.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Locked { .. } | Self::Unusable { .. } => Severity::Stop,
            Self::Io { .. } | Self::InDoubt { .. } => Severity::Reopen,
            Self::Damaged { .. } => Severity::Rebuild,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_path_buf(), source }
    }

    pub(crate) fn damaged(path: &Path, key: &[u8], cause: impl Into<String>) -> Self {
        let place = crate::keys::describe(key);
        Self::Damaged { path: path.to_path_buf(), place, cause: cause.into() }
    }
}
