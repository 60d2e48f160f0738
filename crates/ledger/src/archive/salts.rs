//! The secret of a segment, and the salts that it gives.
//!
//! salt = HMAC-SHA-256(secret, position as u64, big-endian)

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::error::ArchiveError;
use crate::message::Salt;

/// 32 random bytes that the salts of one segment are made of.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Of random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The salt of the message at a position.
    ///
    /// # Panics
    /// Never: a key may have any length.
    pub fn salt(&self, position: u64) -> Salt {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key may have any length");
        mac.update(&position.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The secret of the segment that begins at this position, if it is kept.
    pub(super) fn read(dir: &Path, first: u64) -> Result<Option<Self>, ArchiveError> {
        let path = path(dir, first);
        match fs::read(&path) {
            Ok(bytes) => match bytes.try_into() {
                Ok(secret) => Ok(Some(Self(secret))),
                Err(_) => Err(ArchiveError::Segment { path, why: "is no secret".to_owned() }),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ArchiveError::io(path)(error)),
        }
    }

    /// Writes it for the segment that begins at this position, under the name of a file that is
    /// not yet its own.
    pub(super) fn write(&self, dir: &Path, first: u64) -> Result<PathBuf, ArchiveError> {
        let path = path(dir, first).with_extension("new");
        let mut file = private(&path).map_err(ArchiveError::io(&path))?;
        let written = file.write_all(&self.0).and_then(|()| file.sync_all());
        written.map_err(ArchiveError::io(&path))?;
        Ok(path)
    }
}

/// Where the secret of the segment that begins at this position is kept.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join("salts").join(format!("{first:010}"))
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).open(path)
}
