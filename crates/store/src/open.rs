//! Opening: resume, or begin a new generation and say why (STO-6).

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::cells::{self, Shared, Waiting};
use crate::disk::{Batch, Disk};
use crate::entries::Entries;
use crate::error::StoreError;
use crate::faults::Faults;
use crate::forest::Forest;
use crate::generation::{self, Current};
use crate::keys;
use crate::limits::{FAN_OUT_BITS, Limits};
use crate::memtable::Memtable;
use crate::store::Store;

/// The schema of the layout in the crate's documentation.
const SCHEMA: u32 = 3;
/// Bytes of pages that sled keeps in memory.
const CACHE_BYTES: u64 = 256 * 1024 * 1024;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The identity of the log whose projections these are.
    pub log: String,
    /// Bytes of pages that sled keeps in memory.
    pub cache_bytes: u64,
    /// The sizes by which the store works.
    pub limits: Limits,
    /// What a test does within commits.
    pub faults: Option<Arc<dyn Faults>>,
}

impl OpenOptions {
    /// What a running system uses, for the log of this identity.
    pub fn new(log: impl Into<String>) -> Self {
        let (cache_bytes, limits) = (CACHE_BYTES, Limits::PRODUCTION);
        Self { log: log.into(), cache_bytes, limits, faults: None }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: a new store, at position 0.
    Fresh,
    /// A store of this log: go on after its position.
    Resumed,
    /// A store that is of no use: a new generation has taken its place, at position 0.
    Rebuild(Reason),
}

/// Why a store is rebuilt from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An older version of this program wrote it.
    SchemaOlder {
        /// Its schema.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// A newer version of this program wrote it.
    SchemaNewer {
        /// Its schema.
        found: u32,
        /// Ours.
        expected: u32,
    },
    /// It cannot be read.
    Damaged {
        /// What was found.
        cause: String,
    },
    /// Its position is one of another log.
    OtherLog {
        /// Its log.
        found: String,
        /// The log that is there now.
        expected: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SchemaOlder { found, expected } => {
                write!(f, "an older version wrote it (schema {found}, now {expected})")
            }
            Self::SchemaNewer { found, expected } => {
                write!(f, "a newer version wrote it (schema {found}, here {expected})")
            }
            Self::Damaged { cause } => write!(f, "it cannot be read ({cause})"),
            Self::OtherLog { found, expected } => {
                write!(f, "it was made from another log ({found}, now {expected})")
            }
        }
    }
}

/// Opens the store in a directory, which is made if it is not there.
pub(crate) fn open(dir: &Path, options: &OpenOptions) -> Result<(Store, Opened), StoreError> {
    let lock = Arc::new(generation::lock(dir)?);
    let number = match generation::current(dir)? {
        Current::None => return Ok((begin(dir, options, lock)?, Opened::Fresh)),
        Current::Unreadable => {
            let reason = Reason::Damaged { cause: "CURRENT names no generation".to_owned() };
            return Ok((begin(dir, options, lock)?, Opened::Rebuild(reason)));
        }
        Current::Is(number) => number,
    };
    generation::remove_others(dir, number)?;
    match resume(dir, number, options, Arc::clone(&lock)) {
        Ok(Ok(store)) => Ok((store, Opened::Resumed)),
        // It may be of use with its own log: nothing is thrown away because of a wrong address.
        Ok(Err(reason @ Reason::OtherLog { .. })) => {
            let why = format!(
                "{reason}: use another directory, or remove this one to have it built anew from \
                 the log that is there now"
            );
            Err(StoreError::Unusable { path: dir.to_path_buf(), why })
        }
        Ok(Err(reason)) => Ok((begin(dir, options, lock)?, Opened::Rebuild(reason))),
        Err(StoreError::Damaged { place, cause, .. }) => {
            let reason = Reason::Damaged { cause: format!("{place}: {cause}") };
            Ok((begin(dir, options, lock)?, Opened::Rebuild(reason)))
        }
        Err(
            error @ (StoreError::Locked { .. }
            | StoreError::Io { .. }
            | StoreError::Unusable { .. }
            | StoreError::InDoubt { .. }),
        ) => Err(error),
    }
}

/// Opens the store that is there, of whatever log, and never begins another.
pub(crate) fn open_existing(dir: &Path) -> Result<Store, StoreError> {
    let unusable = |why: String| StoreError::Unusable { path: dir.to_path_buf(), why };
    if !dir.is_dir() {
        return Err(unusable("there is no such directory".to_owned()));
    }
    let lock = Arc::new(generation::lock(dir)?);
    let Current::Is(number) = generation::current(dir)? else {
        return Err(unusable("nothing was stored there yet".to_owned()));
    };
    let mut options = OpenOptions::new("");
    for _ in 0..2 {
        match resume(dir, number, &options, Arc::clone(&lock))? {
            Ok(store) => return Ok(store),
            Err(Reason::OtherLog { found, .. }) => options.log = found,
            Err(reason) => return Err(unusable(reason.to_string())),
        }
    }
    Err(unusable("its log changes".to_owned()))
}

/// Begins an empty generation beside the others, makes it current, removes the others.
fn begin(dir: &Path, options: &OpenOptions, lock: Arc<File>) -> Result<Store, StoreError> {
    let number = generation::all(dir)?.last().map_or(1, |last| last + 1);
    let path = generation::path(dir, number);
    let disk = Disk::open(dir, &path, options.cache_bytes, lock, options.faults.clone())?;
    let mut batch = Batch::default();
    batch.put(keys::SCHEMA, schema_value());
    batch.put(keys::LOG, options.log.as_bytes().to_vec());
    batch.put(keys::POSITION, 0_u64.to_be_bytes().to_vec());
    batch.put(keys::CELLS_EPOCH, 1_u64.to_be_bytes().to_vec());
    batch.put(keys::ENTRIES_EPOCH, 1_u64.to_be_bytes().to_vec());
    disk.apply(batch)?;
    disk.flush()?;
    let store = assemble(disk, options)?;
    generation::make_current(dir, number)?;
    generation::remove_others(dir, number)?;
    Ok(store)
}

fn schema_value() -> Vec<u8> {
    let mut value = SCHEMA.to_be_bytes().to_vec();
    value.push(FAN_OUT_BITS);
    value
}

fn resume(
    dir: &Path,
    number: u32,
    options: &OpenOptions,
    lock: Arc<File>,
) -> Result<Result<Store, Reason>, StoreError> {
    let path = generation::path(dir, number);
    if let Some(cause) = generation::damage(&path) {
        return Ok(Err(Reason::Damaged { cause }));
    }
    if !path.is_dir() {
        return Ok(Err(Reason::Damaged { cause: format!("{} is missing", path.display()) }));
    }
    let disk = Disk::open(dir, &path, options.cache_bytes, lock, options.faults.clone())?;
    let schema = disk.must_get(keys::SCHEMA)?;
    let Some((found, _)) = schema.split_first_chunk::<4>() else {
        return Err(disk.damaged(keys::SCHEMA, "too short"));
    };
    let (found, expected) = (u32::from_be_bytes(*found), SCHEMA);
    if found > expected {
        return Ok(Err(Reason::SchemaNewer { found, expected }));
    }
    if found < expected || schema.as_ref() != schema_value().as_slice() {
        return Ok(Err(Reason::SchemaOlder { found, expected }));
    }
    let log = disk.must_get(keys::LOG)?;
    if log.as_ref() != options.log.as_bytes() {
        let found = String::from_utf8_lossy(&log).into_owned();
        return Ok(Err(Reason::OtherLog { found, expected: options.log.clone() }));
    }
    disk.must_get(keys::POSITION)?;
    assemble(disk, options).map(Ok)
}

/// Reads what is kept in memory.
fn assemble(disk: Disk, options: &OpenOptions) -> Result<Store, StoreError> {
    let limits = options.limits;
    let (waiting, mut cell_journal) = Waiting::open(&disk, &limits)?;
    let (memtable, entry_journal) = Memtable::open(&disk, &limits)?;
    let forest = Forest::open(&disk)?;
    let fold_was_cut_off = disk.get(keys::FOLD)?.is_some();
    let shared = Arc::new(Shared::new(disk, waiting, Entries { memtable, forest }));
    if fold_was_cut_off {
        cells::fold(&shared, &mut cell_journal, &limits)?;
    }
    Ok(Store::new(shared, limits, cell_journal, entry_journal))
}
