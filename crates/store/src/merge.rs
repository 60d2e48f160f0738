//! Many sorted sources as one; of entries with one key the newest is given (STO-4).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fmt;
use std::ops::Range;

use crate::disk::{Bytes, Disk};
use crate::error::StoreError;
use crate::memtable::read_entry;
use crate::run::{Run, content};

/// A place in a sorted source.
pub(crate) enum Cursor<'a> {
    Run(RunCursor<'a>),
    Memory(std::vec::IntoIter<(u128, &'a [u8])>, &'a [u8]),
}

pub(crate) struct RunCursor<'a> {
    disk: &'a Disk,
    run: &'a Run,
    /// The chunk that is read next.
    number: usize,
    chunk: Option<Bytes>,
    next: usize,
    value: Range<usize>,
}

impl<'a> Cursor<'a> {
    /// The run's entries from a key on.
    pub(crate) fn of_run(disk: &'a Disk, run: &'a Run, from: u128) -> Self {
        let number = run.chunk_of(from).unwrap_or(0);
        Self::Run(RunCursor { disk, run, number, chunk: None, next: 0, value: 0..0 })
    }

    pub(crate) fn of_memory(entries: Vec<(u128, &'a [u8])>) -> Self {
        Self::Memory(entries.into_iter(), &[])
    }

    /// Moves to the next entry and gives its key.
    fn advance(&mut self) -> Result<Option<u128>, StoreError> {
        match self {
            Self::Run(run) => run.advance(),
            Self::Memory(entries, value) => Ok(entries.next().map(|(key, next)| {
                *value = next;
                key
            })),
        }
    }

    fn value(&self) -> &[u8] {
        match self {
            Self::Run(run) => {
                let chunk = run.chunk.as_deref().map(content).unwrap_or_default();
                chunk.get(run.value.clone()).unwrap_or_default()
            }
            Self::Memory(_, value) => value,
        }
    }
}

impl RunCursor<'_> {
    fn advance(&mut self) -> Result<Option<u128>, StoreError> {
        loop {
            if let Some(chunk) = &self.chunk {
                let all = content(chunk);
                let rest = all.get(self.next..).unwrap_or_default();
                if !rest.is_empty() {
                    let (key, value, left) = read_entry(rest)
                        .ok_or_else(|| self.disk.damaged(b"xs", "a chunk that is not entries"))?;
                    self.next = all.len() - left.len();
                    self.value = self.next - value.len()..self.next;
                    return Ok(Some(key));
                }
            }
            self.chunk = self.run.chunk(self.disk, self.number)?;
            if self.chunk.is_none() {
                return Ok(None);
            }
            self.number += 1;
            self.next = 0;
        }
    }
}

/// Sources, newest first, merged in the order of their keys up to a last key.
pub(crate) struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    heap: BinaryHeap<Reverse<(u128, usize)>>,
    last: u128,
}

impl<'a> Merge<'a> {
    /// Merges the entries whose keys are from `first` to `last`.
    pub(crate) fn new(
        mut cursors: Vec<Cursor<'a>>,
        first: u128,
        last: u128,
    ) -> Result<Self, StoreError> {
        let mut heap = BinaryHeap::with_capacity(cursors.len());
        for (rank, cursor) in cursors.iter_mut().enumerate() {
            let mut key = cursor.advance()?;
            while key.is_some_and(|key| key < first) {
                key = cursor.advance()?;
            }
            heap.extend(key.map(|key| Reverse((key, rank))));
        }
        Ok(Self { cursors, heap, last })
    }

    /// The next key; its value is put into `value`.
    pub(crate) fn next(&mut self, value: &mut Vec<u8>) -> Result<Option<u128>, StoreError> {
        let Some(Reverse((key, rank))) = self.heap.peek().copied() else { return Ok(None) };
        if key > self.last {
            return Ok(None);
        }
        value.clear();
        if let Some(cursor) = self.cursors.get(rank) {
            value.extend_from_slice(cursor.value());
        }
        // The lowest rank is the newest; the others of this key are passed over.
        while let Some(mut top) = self.heap.peek_mut() {
            let Reverse((at, rank)) = *top;
            if at != key {
                break;
            }
            match self.cursors.get_mut(rank).map(Cursor::advance).transpose()?.flatten() {
                Some(next) => *top = Reverse((next, rank)),
                None => {
                    PeekMut::pop(top);
                }
            }
        }
        Ok(Some(key))
    }
}

/// All entries in the order of their keys, the newest of each.
pub struct EntryIter<'a> {
    merge: Merge<'a>,
    failed: bool,
}

impl<'a> EntryIter<'a> {
    pub(crate) fn new(cursors: Vec<Cursor<'a>>) -> Result<Self, StoreError> {
        Ok(Self { merge: Merge::new(cursors, 0, u128::MAX)?, failed: false })
    }
}

impl Iterator for EntryIter<'_> {
    type Item = Result<(u128, Vec<u8>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let mut value = Vec::new();
        let next = self.merge.next(&mut value);
        self.failed = next.is_err();
        next.transpose().map(|key| key.map(|key| (key, value)))
    }
}

impl fmt::Debug for EntryIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryIter").field("sources", &self.merge.cursors.len()).finish()
    }
}
