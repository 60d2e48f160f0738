//! What a log says of itself at a moment: C2SP tlog-checkpoint, the text of a signed note.
//!
//! ```text
//! origin              which log it is: the name of its key
//! size                how many leaves its tree has, in decimal
//! root                the root of that tree, in base64
//! extension lines     none in ours; kept as they are in those of others
//! ```
//!
//! **Invariant CHK-1:** a checkpoint has one encoding, and no bytes make its decoder panic.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::note::{Note, NoteError, SigningKey, VerifierKey};
use crate::tree::{Hash, Head, SIZE_MAX};

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: Head,
    /// Lines that end with a newline, or nothing.
    extension: String,
}

/// Why a checkpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note is none, or not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is no checkpoint.
    #[error("the note is no checkpoint: an origin, a size and a root, each on its line")]
    NoCheckpoint,
    /// The log's key signed what another log says.
    #[error("it is a checkpoint of {0}, not of the log whose key is asked for")]
    Origin(String),
}

impl Checkpoint {
    /// Of the log of a key, whose name is its origin.
    pub fn new(log: &VerifierKey, head: Head) -> Self {
        Self { origin: log.name().to_owned(), head, extension: String::new() }
    }

    /// Reads a signed note that the log signed; what else signed it is in the note.
    pub fn open(note: &[u8], log: &VerifierKey) -> Result<(Self, Note), CheckpointError> {
        let note = Note::decode(note)?;
        note.verify(log)?;
        let checkpoint = Self::decode(note.text())?;
        if checkpoint.origin == log.name() {
            Ok((checkpoint, note))
        } else {
            Err(CheckpointError::Origin(checkpoint.origin))
        }
    }

    /// Reads what `Display` writes, and nothing else. It says nothing of who wrote it.
    pub fn decode(text: &str) -> Result<Self, CheckpointError> {
        let read = |text: &str| {
            let (origin, rest) = text.split_once('\n')?;
            let (size, rest) = rest.split_once('\n')?;
            let (root, extension) = rest.split_once('\n')?;
            let size = size.parse().ok().filter(|size| *size <= SIZE_MAX)?;
            let head = Head { size, root: hash(root)? };
            Some(Self { origin: origin.to_owned(), head, extension: extension.to_owned() })
        };
        let checkpoint = read(text).ok_or(CheckpointError::NoCheckpoint)?;
        let lines = checkpoint.extension.split_inclusive('\n');
        let whole = lines.into_iter().all(|line| line.len() > 1 && line.ends_with('\n'));
        if whole && !checkpoint.origin.is_empty() && checkpoint.to_string() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::NoCheckpoint)
        }
    }

    /// Which log it is of.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root of its tree.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The checkpoint as a note, signed by the log.
    ///
    /// Whoever has not made sure that it extends all that the key signed before forks the log: only
    /// [`crate::log`] signs.
    ///
    /// # Panics
    /// If the key is not that of the origin.
    pub(crate) fn sign(&self, key: &SigningKey) -> Note {
        assert_eq!(self.origin, key.verifier().name(), "a log signs its own checkpoints");
        let text = Note::new(self.to_string());
        let mut note = text.expect("the name of a key and numbers are the text of a note");
        note.sign(key);
        note
    }
}

/// The text, as it is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, head: Head { size, root }, extension } = self;
        write!(f, "{origin}\n{size}\n{}\n{extension}", STANDARD.encode(root))
    }
}

/// A hash as it stands in a line.
pub(crate) fn hash(line: &str) -> Option<Hash> {
    (line.len() == 44).then(|| STANDARD.decode(line).ok())??.try_into().ok()
}

#[cfg(test)]
mod tests;
