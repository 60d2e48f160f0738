//! sled, behind a wall: its errors and panics become [`StoreError`], its garbage is drained.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::StoreError;
use crate::faults::{Faults, Point};
use crate::limits::SEGMENT_BYTES;

/// A value as sled lends it.
pub(crate) type Bytes = sled::IVec;

/// Keys that are written between two drains of the collector.
const KEYS_PER_DRAIN: usize = 64;

/// How often sled's lock of a database that was dropped just now is tried.
const LOCK_TRIES: u32 = 500;
/// The pause between two such tries.
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// One generation's database.
pub(crate) struct Disk {
    db: sled::Db,
    generation: PathBuf,
    dir: PathBuf,
    faults: Option<Arc<dyn Faults>>,
    /// Held as long as anybody can reach the database, readers too (STO-7).
    _lock: Arc<File>,
}

/// Changes that are applied together.
#[derive(Default)]
pub(crate) struct Batch {
    inner: sled::Batch,
    keys: usize,
}

impl Batch {
    pub(crate) fn put(&mut self, key: &[u8], value: Vec<u8>) {
        self.inner.insert(key, value);
        self.keys += 1;
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.inner.remove(key);
        self.keys += 1;
    }

    pub(crate) fn keys(&self) -> usize {
        self.keys
    }
}

impl Disk {
    /// Opens or creates the database of a generation.
    pub(crate) fn open(
        dir: &Path,
        generation: &Path,
        cache_bytes: u64,
        lock: Arc<File>,
        faults: Option<Arc<dyn Faults>>,
    ) -> Result<Self, StoreError> {
        remove_unfinished_snapshots(generation)?;
        let config = sled::Config::new()
            .path(generation)
            .cache_capacity(cache_bytes)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let mut tries = 0;
        let db = loop {
            match walled(generation, b"", || config.open()) {
                // Our own lock is held, so that sled's can only be one that its threads have not
                // let go of yet: they live on for a moment after a database is dropped.
                Err(StoreError::Io { source, .. })
                    if source.to_string().contains("could not acquire lock")
                        && tries < LOCK_TRIES =>
                {
                    tries += 1;
                    std::thread::sleep(LOCK_PAUSE);
                }
                opened => break opened?,
            }
        };
        let (dir, generation) = (dir.to_path_buf(), generation.to_path_buf());
        Ok(Self { db, generation, dir, faults, _lock: lock })
    }

    /// The generation's directory.
    pub(crate) fn path(&self) -> &Path {
        &self.generation
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        walled(&self.generation, key, || self.db.get(key))
    }

    /// A value that has to be there.
    pub(crate) fn must_get(&self, key: &[u8]) -> Result<Bytes, StoreError> {
        self.get(key)?.ok_or_else(|| self.damaged(key, "missing"))
    }

    /// A value of eight bytes; 0 if there is none.
    pub(crate) fn get_u64(&self, key: &[u8]) -> Result<u64, StoreError> {
        let Some(value) = self.get(key)? else { return Ok(0) };
        let bytes: [u8; 8] =
            value.as_ref().try_into().map_err(|_| self.damaged(key, "not eight bytes"))?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// Applies a batch: all of it or nothing, durable only after [`Self::flush`].
    pub(crate) fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let keys = batch.keys;
        walled(&self.generation, b"", || self.db.apply_batch(batch.inner))?;
        for _ in 0..=keys / KEYS_PER_DRAIN {
            crossbeam_epoch::pin().flush();
        }
        Ok(())
    }

    /// Makes everything applied so far durable.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        walled(&self.generation, b"", || self.db.flush())?;
        Ok(())
    }

    /// Keys and values from `from` (included) to `to` (excluded), in order.
    pub(crate) fn scan(&self, from: Vec<u8>, to: Vec<u8>) -> Scan<'_> {
        let range = (Bound::Included(from), Bound::Excluded(to));
        Scan { iter: self.db.range(range), path: &self.generation, last: Vec::new() }
    }

    pub(crate) fn scan_prefix(&self, prefix: &[u8]) -> Scan<'_> {
        self.scan(prefix.to_vec(), crate::keys::after(prefix))
    }

    pub(crate) fn damaged(&self, key: &[u8], cause: impl Into<String>) -> StoreError {
        StoreError::damaged(&self.generation, key, cause)
    }

    /// The point of a fault: nothing, unless a test says otherwise.
    pub(crate) fn at(&self, point: Point) -> Result<(), StoreError> {
        match &self.faults {
            None => Ok(()),
            Some(faults) => faults
                .at(point, &self.dir)
                .map_err(|source| StoreError::io("injected fault in", &self.dir, source)),
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Keys and values in order.
pub(crate) struct Scan<'a> {
    iter: sled::Iter,
    path: &'a Path,
    last: Vec<u8>,
}

impl Iterator for Scan<'_> {
    type Item = Result<(Bytes, Bytes), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = walled(self.path, &self.last, || self.iter.next().transpose());
        if let Ok(Some((key, _))) = &next {
            self.last.clear();
            self.last.extend_from_slice(key);
        }
        next.transpose()
    }
}

impl fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan").field("last", &self.last).finish_non_exhaustive()
    }
}

/// A kill while sled opens leaves such a file, and the next open would refuse.
fn remove_unfinished_snapshots(generation: &Path) -> Result<(), StoreError> {
    let Ok(files) = std::fs::read_dir(generation) else { return Ok(()) };
    for file in files {
        let path = file.map_err(|e| StoreError::io("listing", generation, e))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            std::fs::remove_file(&path).map_err(|e| StoreError::io("removing", &path, e))?;
        }
    }
    Ok(())
}

/// Calls sled; a panic of its is damage.
fn walled<T>(
    path: &Path,
    key: &[u8],
    call: impl FnOnce() -> sled::Result<T>,
) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(understood(path, key, error)),
        Err(panic) => {
            Err(StoreError::damaged(path, key, format!("sled panicked: {}", text_of(&*panic))))
        }
    }
}

fn understood(path: &Path, key: &[u8], error: sled::Error) -> StoreError {
    use std::io::ErrorKind;
    match error {
        sled::Error::Io(source) => {
            let damage = [ErrorKind::UnexpectedEof, ErrorKind::InvalidData, ErrorKind::NotFound];
            if damage.contains(&source.kind()) {
                StoreError::damaged(path, key, source.to_string())
            } else {
                StoreError::io("using sled in", path, source)
            }
        }
        other @ (sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_)
        | sled::Error::Corruption { .. }) => StoreError::damaged(path, key, other.to_string()),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "no message".to_owned())
}
