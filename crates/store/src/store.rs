//! The store as its one writer sees it.

use std::path::Path;
use std::sync::Arc;

use tonghop_core::commit::Commit;
use tonghop_core::measure::FacetKind;

use crate::cells::{self, CellIter, Shared};
use crate::disk::Batch;
use crate::entries::HeldEntries;
use crate::error::StoreError;
use crate::faults::Point;
use crate::generation;
use crate::journal::Journal;
use crate::keys;
use crate::limits::Limits;
use crate::memtable;
use crate::open::{OpenOptions, Opened};
use crate::pushdown::Credit;
use crate::reader::Reader;

/// Projections at rest; one writer.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    limits: Limits,
    cell_journal: Journal,
    entry_journal: Journal,
    credit: Credit,
}

/// Key and value of a record.
pub type Record = (Vec<u8>, Vec<u8>);

/// The size of a store, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Entries that are not in a run yet.
    pub memtable_entries: usize,
    /// Runs.
    pub runs: usize,
    /// Runs of the root: what every look-up of an absent key asks.
    pub root_runs: usize,
    /// Chunks of all runs.
    pub chunks: usize,
    /// Entries of all runs; one that was written anew counts as often as it is there.
    pub run_entries: u64,
    /// Bytes of memory of the runs' first keys and filters.
    pub index_bytes: usize,
    /// Slots that no run uses.
    pub slots_free: usize,
    /// Changed cells that are not in their pages yet.
    pub waiting_cells: usize,
}

impl Store {
    /// Opens the store in a directory, which is made if it is not there.
    pub fn open(dir: &Path, options: &OpenOptions) -> Result<(Self, Opened), StoreError> {
        crate::open::open(dir, options)
    }

    /// Opens the store that is there to read it as it is, of whatever log: nothing is begun anew.
    pub fn open_existing(dir: &Path) -> Result<Self, StoreError> {
        crate::open::open_existing(dir)
    }

    pub(crate) fn new(
        shared: Arc<Shared>,
        limits: Limits,
        cell_journal: Journal,
        entry_journal: Journal,
    ) -> Self {
        Self { shared, limits, cell_journal, entry_journal, credit: Credit::default() }
    }

    /// The log position that the projections reflect; 0 before the first commit.
    pub fn position(&self) -> Result<u64, StoreError> {
        Ok(self.shared.read()?.position)
    }

    /// Stores a commit, durably: when this returns, it survives a kill (STO-1, STO-2).
    ///
    /// After an error the commit is in doubt and the store refuses everything (STO-8).
    ///
    /// # Panics
    /// If entries or records are not in order, or the position goes back: the store would be wrong.
    pub fn commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let position = self.position()?;
        assert!(commit.position >= position, "the position went back from {position}");
        assert!(commit.entries.is_sorted_by(|a, b| a.0 < b.0), "STO-4: entries out of order");
        assert!(commit.records.is_sorted_by(|a, b| a.0 < b.0), "STO-1: records out of order");
        let result = self.write(commit);
        if result.is_err() {
            self.shared.doubt();
        }
        result
    }

    fn write(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.put(keys::POSITION, commit.position.to_be_bytes().to_vec());
        for (key, value) in &commit.records {
            batch.put(&keys::record(key), value.clone());
        }
        let groups = cells::by_group(&commit.cells);
        cells::log(&groups, &mut self.cell_journal, &mut batch);

        let disk = &self.shared.disk;
        let overflows = self.shared.entries()?.memtable.is_full_with(&commit.entries, &self.limits);
        let mut run = None;
        if overflows {
            let mut held = self.shared.entries_mut()?;
            run = held.write_run(disk, &self.limits, &commit.entries, &mut batch)?;
            drop(held);
            self.entry_journal.empty(&mut batch);
        } else {
            memtable::log(&commit.entries, &mut self.entry_journal, &mut batch);
        }

        disk.at(Point::BeforeBatch)?;
        disk.apply(batch)?;
        disk.at(Point::AfterBatch)?;
        disk.flush()?;
        disk.at(Point::AfterFlush)?;

        // It is durable: now it becomes visible, the position last.
        let mut held = self.shared.entries_mut()?;
        if overflows {
            held.memtable.clear();
            if let Some(run) = run {
                held.forest.add(run);
            }
        } else {
            for (key, value) in &commit.entries {
                held.memtable.put(*key, value.clone());
            }
        }
        drop(held);
        let waiting_cells = {
            let mut waiting = self.shared.write()?;
            waiting.position = commit.position;
            for (group, cells) in groups {
                waiting.add(group, cells);
            }
            waiting.cells
        };

        // What follows is durable with the next commit at the latest, and lost without harm.
        if waiting_cells >= self.limits.waiting_cells {
            cells::fold(&self.shared, &mut self.cell_journal, &self.limits)?;
        }
        self.credit.earn(commit.entries.len(), &self.limits);
        // Readers come in between two children, of which each has about a run.
        while self.shared.entries_mut()?.forest.push_down(
            &self.shared.disk,
            &self.limits,
            &mut self.credit,
        )? {}
        Ok(())
    }

    /// The values of these keys, each in its key's place. Cheapest with many keys at once.
    pub fn load(&self, keys: &[u128]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.shared.entries()?.load(&self.shared.disk, keys)
    }

    /// The records whose keys begin with a prefix, in order.
    pub fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        drop(self.shared.read()?);
        let mut records = Vec::new();
        for pair in self.shared.disk.scan_prefix(&keys::record(prefix)) {
            let (key, value) = pair?;
            let key = key.get(1..).unwrap_or_default().to_vec();
            records.push((key, value.to_vec()));
        }
        Ok(records)
    }

    /// All cells of one kind of facet, or of every kind, in the order of [`CellIter`].
    pub fn cells(&self, kind: Option<FacetKind>) -> CellIter<'_> {
        CellIter::new(&self.shared, kind)
    }

    /// All entries, held still: commits wait for as long as this is kept.
    pub fn entries(&self) -> Result<HeldEntries<'_>, StoreError> {
        Ok(HeldEntries::new(self.shared.entries()?, &self.shared.disk))
    }

    /// A handle that reads on other threads while commits go on.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Lets the next open rebuild the store: for [`StoreError::Damaged`].
    pub fn mark_damaged(&self, why: &str) -> Result<(), StoreError> {
        generation::mark_damaged(self.shared.disk.path(), why)
    }

    /// Bytes of all files of the current generation.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        generation::disk_bytes(self.shared.disk.path())
    }

    /// The size of the store, in parts.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let held = self.shared.entries()?;
        let runs = || held.forest.runs();
        Ok(Stats {
            memtable_entries: held.memtable.len(),
            runs: runs().count(),
            root_runs: runs().filter(|run| run.node.depth == 0).count(),
            chunks: runs().map(|run| run.fences.len()).sum(),
            run_entries: runs().map(|run| run.entries).sum(),
            index_bytes: runs().map(crate::run::Run::memory_bytes).sum(),
            slots_free: held.forest.slots.free(),
            waiting_cells: self.shared.read()?.cells,
        })
    }
}
