//! The files beside the databases: the lock, the name of the current generation, marks of damage.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

const LOCK: &str = "lock";
const CURRENT: &str = "CURRENT";
const CURRENT_NEW: &str = "CURRENT.new";
const DAMAGED: &str = "DAMAGED";
const PREFIX: &str = "gen-";

/// What `CURRENT` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Current {
    /// There is no such file.
    None,
    /// It names this generation.
    Is(u32),
    /// It does not name a generation.
    Unreadable,
}

/// Takes the lock of a store (STO-7).
pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(dir).map_err(|e| StoreError::io("creating", dir, e))?;
    let path = dir.join(LOCK);
    let io = |e| StoreError::io("locking", &path, e);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(io)?;
            let pid = text.trim().parse().unwrap_or(0);
            return Err(StoreError::Locked { path: dir.to_path_buf(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    file.set_len(0).map_err(io)?;
    file.rewind().map_err(io)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(io)?;
    Ok(file)
}

/// The directory of a generation.
pub(crate) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{PREFIX}{number:06}"))
}

pub(crate) fn current(dir: &Path) -> Result<Current, StoreError> {
    let path = dir.join(CURRENT);
    match fs::read(&path) {
        Ok(bytes) => {
            let name = String::from_utf8_lossy(&bytes);
            Ok(number_of(name.trim()).map_or(Current::Unreadable, Current::Is))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Current::None),
        Err(error) => Err(StoreError::io("reading", &path, error)),
    }
}

/// Makes a generation the current one, so that a crash leaves the old one or the new one.
pub(crate) fn make_current(dir: &Path, number: u32) -> Result<(), StoreError> {
    let new = dir.join(CURRENT_NEW);
    let io = |e| StoreError::io("writing", &new, e);
    let mut file = File::create(&new).map_err(io)?;
    file.write_all(format!("{PREFIX}{number:06}\n").as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)?;
    fs::rename(&new, dir.join(CURRENT)).map_err(io)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

/// The generations that have a directory.
pub(crate) fn all(dir: &Path) -> Result<Vec<u32>, StoreError> {
    let io = |e| StoreError::io("listing", dir, e);
    let mut numbers = Vec::new();
    for file in fs::read_dir(dir).map_err(io)? {
        let name = file.map_err(io)?.file_name();
        numbers.extend(name.to_str().and_then(number_of));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes the generations that are not the current one.
pub(crate) fn remove_others(dir: &Path, keep: u32) -> Result<(), StoreError> {
    for number in all(dir)? {
        if number != keep {
            let path = path(dir, number);
            fs::remove_dir_all(&path).map_err(|e| StoreError::io("removing", &path, e))?;
        }
    }
    Ok(())
}

/// Lets the next open rebuild this generation.
pub(crate) fn mark_damaged(generation: &Path, why: &str) -> Result<(), StoreError> {
    let path = generation.join(DAMAGED);
    fs::write(&path, why).map_err(|e| StoreError::io("writing", &path, e))
}

/// Why this generation was marked as damaged, if it was.
pub(crate) fn damage(generation: &Path) -> Option<String> {
    fs::read(generation.join(DAMAGED)).ok().map(|why| String::from_utf8_lossy(&why).into_owned())
}

/// Bytes of all files of a generation.
pub(crate) fn disk_bytes(generation: &Path) -> Result<u64, StoreError> {
    let io = |e| StoreError::io("listing", generation, e);
    let mut bytes = 0;
    for file in fs::read_dir(generation).map_err(io)? {
        let file = file.map_err(io)?;
        let about = file.metadata().map_err(io)?;
        bytes += if about.is_dir() { disk_bytes(&file.path())? } else { about.len() };
    }
    Ok(bytes)
}

fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.parse().ok()
}
