//! The file of the events that left: what comes again is known, and is not given a second number.
//!
//! 16 bytes an event, and a checksum at the end. Without it an event that comes again would get
//! another number and be refused as `id.reused`; nothing would be lost.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::OutboxError;
use super::contents::Key;
use super::segments::sync_dir;

const FILE: &str = "left";

/// Writes it anew, as a whole.
pub(super) fn save<'a>(
    dir: &Path,
    keys: impl ExactSizeIterator<Item = &'a Key>,
) -> Result<(), OutboxError> {
    let path = dir.join(FILE);
    let new = dir.join("left.new");
    let mut bytes = Vec::with_capacity(keys.len() * 16 + 4);
    keys.for_each(|key| bytes.extend_from_slice(&key.0.to_le_bytes()));
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    let failed = |source| OutboxError::io("writing", &path, source);
    let mut file = File::create(&new).map_err(failed)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&new, &path).map_err(failed)?;
    sync_dir(dir)
}

/// Reads it; nothing where it is not there or not whole.
pub(super) fn load(dir: &Path) -> Vec<Key> {
    let Ok(bytes) = fs::read(dir.join(FILE)) else { return Vec::new() };
    let Some((keys, checksum)) = bytes.split_last_chunk::<4>() else { return Vec::new() };
    if crc32fast::hash(keys) != u32::from_le_bytes(*checksum) {
        tracing::warn!(dir = %dir.display(), "which events left the outbox cannot be read");
        return Vec::new();
    }
    let key = |chunk: &[u8]| chunk.try_into().ok().map(|bytes| Key(u128::from_le_bytes(bytes)));
    keys.chunks_exact(16).filter_map(key).collect()
}
