//! The entries: those in memory and the runs, as the writer and the readers share them.

use std::sync::RwLockReadGuard;

use crate::disk::{Batch, Disk};
use crate::error::StoreError;
use crate::forest::{Forest, Wanted};
use crate::limits::Limits;
use crate::memtable::Memtable;
use crate::merge::{Cursor, EntryIter};
use crate::run::Run;

/// The newest entries, and the older ones in runs.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) memtable: Memtable,
    pub(crate) forest: Forest,
}

impl Entries {
    /// Writes the memtable and newer entries as a run, and names it in the batch.
    pub(crate) fn write_run(
        &mut self,
        disk: &Disk,
        limits: &Limits,
        newer: &[(u128, Vec<u8>)],
        batch: &mut Batch,
    ) -> Result<Option<Run>, StoreError> {
        self.forest.write_run(disk, limits, &self.memtable, newer, batch)
    }

    /// The values of these keys, each in its key's place.
    pub(crate) fn load(
        &self,
        disk: &Disk,
        keys: &[u128],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut found = Vec::new();
        found.resize_with(keys.len(), || None);
        let mut wanted: Vec<Wanted> = Vec::with_capacity(keys.len());
        for (place, (key, value)) in keys.iter().zip(&mut found).enumerate() {
            match self.memtable.get(*key) {
                Some(newest) => *value = Some(newest.to_vec()),
                None => wanted.push((*key, place)),
            }
        }
        if !wanted.is_sorted() {
            wanted.sort_unstable();
        }
        self.forest.load(disk, wanted, &mut found)?;
        Ok(found)
    }
}

/// All entries of a store, held still.
#[derive(Debug)]
pub struct HeldEntries<'a> {
    entries: RwLockReadGuard<'a, Entries>,
    disk: &'a Disk,
}

impl<'a> HeldEntries<'a> {
    pub(crate) fn new(entries: RwLockReadGuard<'a, Entries>, disk: &'a Disk) -> Self {
        Self { entries, disk }
    }

    /// They, in the order of their keys.
    pub fn in_order(&self) -> Result<EntryIter<'_>, StoreError> {
        let mut cursors = vec![Cursor::of_memory(self.entries.memtable.in_order())];
        cursors.extend(self.entries.forest.cursors(self.disk));
        EntryIter::new(cursors)
    }
}
