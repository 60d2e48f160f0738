//! The newest entries, in memory and in the journal of entries.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use tonghop_core::pack::{Packer, Unpacker};

use crate::disk::{Batch, Disk};
use crate::error::StoreError;
use crate::journal::Journal;
use crate::keys;
use crate::limits::Limits;

/// Keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default();
    }
}

/// Key to value; nothing depends on its order.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    entries: HashMap<u128, Vec<u8>, BuildHasherDefault<KeyHasher>>,
    bytes: usize,
}

impl Memtable {
    /// Reads the journal of entries.
    pub(crate) fn open(disk: &Disk, limits: &Limits) -> Result<(Self, Journal), StoreError> {
        let mut table = Self::default();
        let slot_bytes = limits.piece_bytes;
        let journal =
            Journal::open(disk, *b"de", keys::ENTRIES_EPOCH, slot_bytes, |mut content| {
                while !content.is_empty() {
                    let (key, value, rest) = read_entry(content)?;
                    table.put(key, value.to_vec());
                    content = rest;
                }
                Some(())
            })?;
        Ok((table, journal))
    }

    /// Whether these entries would not fit any more.
    pub(crate) fn is_full_with(&self, entries: &[(u128, Vec<u8>)], limits: &Limits) -> bool {
        let bytes: usize = entries.iter().map(|(_, value)| value.len()).sum();
        self.entries.len() + entries.len() >= limits.memtable_entries
            || self.bytes + bytes >= limits.memtable_bytes
    }

    pub(crate) fn put(&mut self, key: u128, value: Vec<u8>) {
        self.bytes += value.len();
        if let Some(old) = self.entries.insert(key, value) {
            self.bytes -= old.len();
        }
    }

    pub(crate) fn get(&self, key: u128) -> Option<&[u8]> {
        self.entries.get(&key).map(Vec::as_slice)
    }

    /// Empties it; the memory stays, for the next entries are as many.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn in_order(&self) -> Vec<(u128, &[u8])> {
        let mut entries: Vec<(u128, &[u8])> =
            self.entries.iter().map(|(key, value)| (*key, value.as_slice())).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }
}

/// Writes entries to the journal.
pub(crate) fn log(entries: &[(u128, Vec<u8>)], journal: &mut Journal, batch: &mut Batch) {
    let mut block = Vec::new();
    for (key, value) in entries {
        block.clear();
        write_entry(*key, value, &mut block);
        journal.append(&block, batch);
    }
    journal.seal(batch);
}

/// Writes an entry as chunks and the journal hold it.
pub(crate) fn write_entry(key: u128, value: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&key.to_be_bytes());
    Packer(bytes).int(u64::try_from(value.len()).unwrap_or(u64::MAX));
    bytes.extend_from_slice(value);
}

/// Reads an entry from the front: key, value, what is left.
pub(crate) fn read_entry(bytes: &[u8]) -> Option<(u128, &[u8], &[u8])> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    let mut unpacker = Unpacker(rest);
    let len = usize::try_from(unpacker.int()?).ok()?;
    let value = unpacker.raw(len)?;
    Some((u128::from_be_bytes(*key), value, unpacker.0))
}
