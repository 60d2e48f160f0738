//! The sealed log on disk: its tiles and the last checkpoint, in a directory that can be copied and
//! served as it is.
//!
//! ```text
//! <dir>/checkpoint            the last one that was signed
//! <dir>/tile/…                see [`crate::tiles`]
//! <dir>/new                   what is being written; a kill may leave it
//! ```
//!
//! How far the log is sealed is not said here: whoever seals keeps the frontier beside the position
//! in one file, appends, replaces that file, and then signs. Tiles may therefore run ahead of the
//! frontier after a crash; they are appended again, and have to be the same. Every file is written
//! beside, made safe and renamed, so that a path holds nothing or all that it will ever hold.
//!
//! **Invariant LOG-1:** a checkpoint that is signed extends every earlier one that is known, here or
//! elsewhere.
//! **Invariant LOG-2:** a kill at any moment leaves the tree readable at every size that was
//! appended, and no tile is ever replaced by another.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{NOTE_BYTES_MAX, Note, SigningKey, VerifierKey};
use crate::proof::Proof;
use crate::tiles::{Reader, Tile, TileError, WIDTH, appended};
use crate::tree::{Frontier, Hash, Head, NotGrown, goes_on, prove_inclusion};

/// What can go wrong with the log on disk.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk failed.
    #[error("{path}: {source}")]
    Disk {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A tile is missing or is none.
    #[error("{0}")]
    Tile(#[from] TileError),
    /// A tile that was written before has other hashes now.
    #[error(
        "{path} holds other hashes than are to be written there: it was changed, or is of another \
         log; keep a copy, and compare with the archive"
    )]
    Changed {
        /// The file of the tile.
        path: PathBuf,
    },
    /// The tiles do not give the tree that whoever seals has a frontier of.
    #[error("{0}")]
    Frontier(Box<NotGrown>),
    /// A checkpoint that is known cannot be read, or the log did not sign it.
    #[error("the checkpoint in {place}: {source}")]
    Checkpoint {
        /// Where it is kept.
        place: String,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The tree does not go on from a checkpoint that was signed: nothing is signed.
    #[error("nothing is signed, for the checkpoint in {place} is not extended: {source}")]
    NotExtended {
        /// Where that checkpoint is kept.
        place: String,
        /// Why it is not extended.
        source: Box<NotGrown>,
    },
    /// There is no such leaf in the tree of the last checkpoint.
    #[error("no checkpoint covers position {position}: the last one is of {size} messages")]
    NotCovered {
        /// The position that was asked for.
        position: u64,
        /// How far the last checkpoint goes.
        size: u64,
    },
}

/// The log in a directory.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
}

impl Log {
    /// The log in `dir`, which is made if it is not there.
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        fs::create_dir_all(dir).map_err(disk(dir))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Appends the hashes of leaves to the tree of `frontier`, and then to `frontier`.
    ///
    /// When it returns, the tiles are safe on disk. What of them is there already stays.
    pub fn append(&self, frontier: &mut Frontier, leaves: &[Hash]) -> Result<(), LogError> {
        self.holds(&frontier.head())?;
        let tiles = appended(frontier.size(), leaves, |tile| self.tile(tile))?;
        let mut dirs = BTreeSet::new();
        for (tile, bytes) in &tiles {
            let mut path = self.dir.join(tile.to_string());
            let there = self.tile(tile)?;
            let whole = if there.is_some() { None } else { self.tile(&tile.full())? };
            match (there, whole) {
                (None, None) => self.write(&path, bytes)?,
                (Some(there), _) if there == *bytes => {}
                (None, Some(whole)) if whole.starts_with(bytes) => {
                    path = self.dir.join(tile.full().to_string());
                }
                (_, _) => return Err(LogError::Changed { path }),
            }
            let above = path.ancestors().skip(1);
            dirs.extend(above.take_while(|dir| dir.starts_with(&self.dir)).map(Path::to_owned));
        }
        for dir in dirs.iter().rev() {
            sync(dir)?;
        }
        for leaf in leaves {
            frontier.push(*leaf);
        }
        // The full ones are safe, and whoever wants one of these is given the beginning of those.
        for (tile, _) in tiles.iter().filter(|(tile, _)| tile.is_full()) {
            let partial = self.dir.join(format!("{tile}.p"));
            absent(fs::remove_dir_all(&partial)).map_err(disk(&partial))?;
        }
        Ok(())
    }

    /// Signs the tree of `frontier`, and keeps the checkpoint.
    ///
    /// `elsewhere` are checkpoints of this log that are kept in other places, each with the name of
    /// its place: who forges this directory does not forge those. Whatever cannot be shown to be
    /// extended stops it. A tree that is signed already is not signed again.
    pub fn sign(
        &self,
        frontier: &Frontier,
        key: &SigningKey,
        elsewhere: &[(&str, &[u8])],
    ) -> Result<Note, LogError> {
        let new = frontier.head();
        self.holds(&new)?;
        let path = self.dir.join(CHECKPOINT);
        let ours = read(&path, NOTE_BYTES_MAX)?;
        let place = path.display().to_string();
        let known = ours.iter().map(|bytes| (place.as_str(), bytes.as_slice()));
        let mut same = None;
        for (place, bytes) in known.chain(elsewhere.iter().copied()) {
            let (checkpoint, note) = open(place, bytes, key.verifier())?;
            let mut reader = self.reader(new.size);
            goes_on(&checkpoint.head(), &new, &mut |level, index| reader.hash(level, index))?
                .map_err(|why| LogError::NotExtended {
                    place: place.to_owned(),
                    source: Box::new(why),
                })?;
            if checkpoint.head() == new {
                same = same.or(Some(note));
            }
        }
        let note = same.unwrap_or_else(|| Checkpoint::new(key.verifier(), new).sign(key));
        let bytes = note.to_string().into_bytes();
        if ours != Some(bytes.clone()) {
            self.write(&path, &bytes)?;
        }
        sync(&self.dir)?;
        Ok(note)
    }

    /// The last checkpoint, if one was signed.
    pub fn checkpoint(&self, log: &VerifierKey) -> Result<Option<(Checkpoint, Note)>, LogError> {
        let path = self.dir.join(CHECKPOINT);
        let bytes = read(&path, NOTE_BYTES_MAX)?;
        bytes.map(|bytes| open(&path.display().to_string(), &bytes, log)).transpose()
    }

    /// The proof that the leaf of a position is in the tree of the last checkpoint.
    pub fn prove(&self, position: u64, log: &VerifierKey) -> Result<Proof, LogError> {
        let checkpoint = self.checkpoint(log)?;
        let size = checkpoint.as_ref().map_or(0, |(checkpoint, _)| checkpoint.head().size);
        let index = position.checked_sub(1).filter(|index| *index < size);
        let (Some(index), Some((_, checkpoint))) = (index, checkpoint) else {
            return Err(LogError::NotCovered { position, size });
        };
        let mut reader = self.reader(size);
        let path = prove_inclusion(index, size, &mut |level, index| reader.hash(level, index))?;
        Ok(Proof { extra: Vec::new(), index, path, checkpoint })
    }

    /// The stored hashes of the tree of `size` leaves.
    pub fn reader(
        &self,
        size: u64,
    ) -> Reader<impl FnMut(&Tile) -> Result<Option<Vec<u8>>, LogError>> {
        Reader::new(size, |tile: &Tile| self.tile(tile))
    }

    /// The bytes of a tile, if there is such a tile.
    pub fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, LogError> {
        read(&self.dir.join(tile.to_string()), TILE_BYTES_MAX)
    }

    /// Makes sure that the tiles give this tree.
    fn holds(&self, tree: &Head) -> Result<(), LogError> {
        let mut reader = self.reader(tree.size);
        goes_on(tree, tree, &mut |level, index| reader.hash(level, index))?
            .map_err(|why| LogError::Frontier(Box::new(why)))
    }

    /// Writes a file so that it is there as a whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), LogError> {
        let new = self.dir.join("new");
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(disk(&new))?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(disk(parent))?;
        }
        fs::rename(&new, path).map_err(disk(path))
    }
}

/// The file of the last checkpoint.
const CHECKPOINT: &str = "checkpoint";

/// How many bytes a tile has at most.
const TILE_BYTES_MAX: usize = 32 * 256;

const _: () = assert!(WIDTH == 256);

fn open(place: &str, bytes: &[u8], log: &VerifierKey) -> Result<(Checkpoint, Note), LogError> {
    Checkpoint::open(bytes, log)
        .map_err(|source| LogError::Checkpoint { place: place.to_owned(), source })
}

/// The bytes of a file, if it is there; of one that is too long, one byte more than it may have.
fn read(path: &Path, bytes_max: usize) -> Result<Option<Vec<u8>>, LogError> {
    let Some(file) = absent(File::open(path)).map_err(disk(path))? else { return Ok(None) };
    let limit = u64::try_from(bytes_max + 1).expect("a limit is small");
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(disk(path))?;
    Ok(Some(bytes))
}

fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn sync(dir: &Path) -> Result<(), LogError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(disk(dir))
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::Disk { path, source }
}

#[cfg(test)]
mod tests;
