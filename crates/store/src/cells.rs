//! Cells at rest: pages, and the changes that wait in memory to be folded into them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::measure::{Code, FacetKind};
use tonghop_core::pack::{Packer, Unpacker};

use crate::disk::{Batch, Disk, Scan};
use crate::entries::Entries;
use crate::error::StoreError;
use crate::faults::Point;
use crate::journal::Journal;
use crate::keys::{self, PageGroup};
use crate::limits::Limits;
use crate::page::{self, Tail, Tails};

/// Changes of cells that are durable, but not yet in their pages.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) groups: BTreeMap<PageGroup, BTreeMap<Tail, i64>>,
    pub(crate) cells: usize,
    pub(crate) position: u64,
    /// Set when a commit failed: what is in memory and what is on disk may not fit (STO-8).
    pub(crate) in_doubt: bool,
}

/// What the writer and the readers have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) disk: Disk,
    /// Held for writing only while a commit becomes visible or a slice of it moves into pages.
    waiting: RwLock<Waiting>,
    /// Held for writing while entries become visible, and while runs are written or merged.
    entries: RwLock<Entries>,
}

impl Shared {
    pub(crate) fn new(disk: Disk, waiting: Waiting, entries: Entries) -> Self {
        Self { disk, waiting: RwLock::new(waiting), entries: RwLock::new(entries) }
    }

    /// The entries, for reading; commits wait for it.
    pub(crate) fn entries(&self) -> Result<RwLockReadGuard<'_, Entries>, StoreError> {
        drop(self.read()?);
        self.entries.read().map_err(|_| self.in_doubt(0))
    }

    /// The entries, for the writer; readers wait for it.
    pub(crate) fn entries_mut(&self) -> Result<RwLockWriteGuard<'_, Entries>, StoreError> {
        self.entries.write().map_err(|_| self.in_doubt(0))
    }

    pub(crate) fn read(&self) -> Result<RwLockReadGuard<'_, Waiting>, StoreError> {
        let waiting = self.waiting.read().map_err(|_| self.in_doubt(0))?;
        if waiting.in_doubt { Err(self.in_doubt(waiting.position)) } else { Ok(waiting) }
    }

    pub(crate) fn write(&self) -> Result<RwLockWriteGuard<'_, Waiting>, StoreError> {
        let waiting = self.waiting.write().map_err(|_| self.in_doubt(0))?;
        if waiting.in_doubt { Err(self.in_doubt(waiting.position)) } else { Ok(waiting) }
    }

    /// Refuses everything from now on.
    pub(crate) fn doubt(&self) {
        match self.waiting.write() {
            Ok(mut waiting) => waiting.in_doubt = true,
            Err(poisoned) => poisoned.into_inner().in_doubt = true,
        }
    }

    fn in_doubt(&self, position: u64) -> StoreError {
        StoreError::InDoubt { path: self.disk.path().to_path_buf(), position }
    }
}

impl Waiting {
    /// Reads the journal of cells, but for what a fold that was cut off has moved into pages: the
    /// caller finishes that fold before anything is added to the journal.
    pub(crate) fn open(disk: &Disk, limits: &Limits) -> Result<(Self, Journal), StoreError> {
        let mut waiting = Self { position: disk.get_u64(keys::POSITION)?, ..Self::default() };
        let folded = match disk.get(keys::FOLD)? {
            None => None,
            Some(key) => Some(
                PageGroup::parse_prefix(&key)
                    .ok_or_else(|| disk.damaged(keys::FOLD, "not a page group"))?,
            ),
        };
        let slot_bytes = limits.piece_bytes;
        let journal = Journal::open(disk, *b"dc", keys::CELLS_EPOCH, slot_bytes, |mut content| {
            while !content.is_empty() {
                let (group, cells, rest) = read_block(content)?;
                content = rest;
                if folded.is_none_or(|folded| group > folded) {
                    waiting.add(group, cells);
                }
            }
            Some(())
        })?;
        Ok((waiting, journal))
    }

    pub(crate) fn add(&mut self, group: PageGroup, cells: Tails) {
        let of_group = self.groups.entry(group).or_default();
        let before = of_group.len();
        for (tail, amount) in cells {
            let sum = of_group.entry(tail).or_insert(0);
            let added = sum.checked_add(amount);
            assert!(added.is_some(), "STO-1: a cell left the range of 64 bits");
            *sum = added.unwrap_or_default();
        }
        self.cells += of_group.len() - before;
    }
}

/// The changes of a commit by page group.
pub(crate) fn by_group(changes: &[CellChange]) -> BTreeMap<PageGroup, Tails> {
    let empty: Code = Arc::from("");
    let mut groups: BTreeMap<PageGroup, Tails> = BTreeMap::new();
    for change in changes {
        let (group, tail) = page::place(&change.key, &empty);
        groups.entry(group).or_default().push((tail, change.amount));
    }
    for cells in groups.values_mut() {
        cells.sort_unstable();
    }
    groups
}

/// Writes the changes to the journal.
pub(crate) fn log(groups: &BTreeMap<PageGroup, Tails>, journal: &mut Journal, batch: &mut Batch) {
    let mut block = Vec::new();
    for (group, cells) in groups {
        block.clear();
        let (key, page) = (group.prefix(), page::encode(cells));
        let mut packer = Packer(&mut block);
        packer.int(u64::try_from(key.len()).unwrap_or(u64::MAX));
        packer.raw(&key);
        packer.int(u64::try_from(page.len()).unwrap_or(u64::MAX));
        packer.raw(&page);
        journal.append(&block, batch);
    }
    journal.seal(batch);
}

fn read_block(bytes: &[u8]) -> Option<(PageGroup, Tails, &[u8])> {
    let mut unpacker = Unpacker(bytes);
    let len = usize::try_from(unpacker.int()?).ok()?;
    let group = PageGroup::parse_prefix(unpacker.raw(len)?)?;
    let len = usize::try_from(unpacker.int()?).ok()?;
    let cells = page::decode(unpacker.raw(len)?)?;
    Some((group, cells, unpacker.0))
}

/// Folds all waiting changes into their pages, slice by slice; the last slice empties the journal.
///
/// A slice that is on disk is skipped when the journal is replayed: `m fold` says how far it went.
pub(crate) fn fold(
    shared: &Shared,
    journal: &mut Journal,
    limits: &Limits,
) -> Result<(), StoreError> {
    loop {
        let mut batch = Batch::default();
        let mut last = None;
        let done = {
            let waiting = shared.read()?;
            let mut groups = waiting.groups.iter();
            for (group, changes) in groups.by_ref() {
                rewrite(&shared.disk, group, changes, limits, &mut batch)?;
                last = Some(*group);
                if batch.keys() >= limits.batch_keys {
                    break;
                }
            }
            groups.next().is_none()
        };
        if done {
            batch.remove(keys::FOLD);
            journal.empty(&mut batch);
        } else if let Some(last) = last {
            batch.put(keys::FOLD, last.prefix());
        }
        // Pages and what waits change together for the readers (STO-3).
        let mut waiting = shared.write()?;
        shared.disk.apply(batch)?;
        if let Some(last) = last {
            let later = waiting.groups.split_off(&last);
            let folded = std::mem::replace(&mut waiting.groups, later);
            waiting.cells -= folded.values().map(BTreeMap::len).sum::<usize>();
            if let Some(of_last) = waiting.groups.remove(&last) {
                waiting.cells -= of_last.len();
            }
        }
        drop(waiting);
        shared.disk.at(Point::CellsFolded)?;
        if done {
            return Ok(());
        }
    }
}

/// Adds the changes of one group to its pages.
fn rewrite(
    disk: &Disk,
    group: &PageGroup,
    changes: &BTreeMap<Tail, i64>,
    limits: &Limits,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let mut pages = Vec::new();
    for pair in disk.scan_prefix(&group.prefix()) {
        let (key, value) = pair?;
        let Some((_, from)) = PageGroup::parse_page(&key) else {
            return Err(disk.damaged(&key, "not a key of a page"));
        };
        pages.push((from, Some(value)));
    }
    if pages.first().is_none_or(|(from, _)| *from > 0) {
        pages.insert(0, (0, None));
    }
    let mut changes = changes.iter().map(|(tail, amount)| (tail.clone(), *amount)).peekable();
    let ends: Vec<Option<u16>> =
        pages.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]).collect();
    for ((from, value), end) in pages.into_iter().zip(ends) {
        let mut of_page = Vec::new();
        while let Some(change) =
            changes.next_if(|(tail, _)| end.is_none_or(|end| tail.day.number() < end))
        {
            of_page.push(change);
        }
        if of_page.is_empty() {
            continue;
        }
        let key = group.page(from);
        let old = match &value {
            None => Tails::new(),
            Some(bytes) => {
                page::decode(bytes).ok_or_else(|| disk.damaged(&key, "not a page of cells"))?
            }
        };
        let new = page::add(old, of_page.into_iter());
        if new.is_empty() {
            if value.is_some() {
                batch.remove(&key);
            }
        } else {
            put_pages(group, from, &new, limits, batch);
        }
    }
    Ok(())
}

/// Writes a page, cut between two days as often as it is too large.
fn put_pages(
    group: &PageGroup,
    from: u16,
    cells: &[(Tail, i64)],
    limits: &Limits,
    batch: &mut Batch,
) {
    let bytes = page::encode(cells);
    if bytes.len() > limits.page_bytes
        && let Some((left, right)) = cut(cells)
        && let Some((first, _)) = right.first()
    {
        put_pages(group, from, left, limits, batch);
        put_pages(group, first.day.number(), right, limits, batch);
    } else {
        batch.put(&group.page(from), bytes);
    }
}

type TwoPages<'a> = (&'a [(Tail, i64)], &'a [(Tail, i64)]);

/// Cuts between two days, as near to the middle as can be.
fn cut(cells: &[(Tail, i64)]) -> Option<TwoPages<'_>> {
    let middle = cells.get(cells.len() / 2)?.0.day;
    let before = cells.partition_point(|(tail, _)| tail.day < middle);
    let at =
        if before > 0 { before } else { cells.partition_point(|(tail, _)| tail.day <= middle) };
    cells.split_at_checked(at).filter(|(_, right)| !right.is_empty())
}

/// All cells of one kind of facet, or of every kind, in the order of the pages: kind, unit, group
/// of measures, month, day, code, measure, recorded day.
#[derive(Debug)]
pub struct CellIter<'a> {
    shared: &'a Shared,
    scan: Scan<'a>,
    kind: Option<FacetKind>,
    /// A page that was read, but belongs to the next group.
    ahead: Option<(PageGroup, Tails)>,
    /// A whole group that was read, but comes after one that only waits.
    held: Option<(PageGroup, Tails)>,
    /// The last group whose waiting changes were given out.
    last: Option<PageGroup>,
    ready: std::vec::IntoIter<(CellKey, i64)>,
    failed: bool,
}

impl<'a> CellIter<'a> {
    pub(crate) fn new(shared: &'a Shared, kind: Option<FacetKind>) -> Self {
        let prefix = match kind {
            None => vec![keys::CELLS],
            Some(kind) => vec![keys::CELLS, kind.byte()],
        };
        let scan = shared.disk.scan_prefix(&prefix);
        let ready = Vec::new().into_iter();
        Self { shared, scan, kind, ahead: None, held: None, last: None, ready, failed: false }
    }

    /// The cells of the next group, from pages and waiting changes.
    fn next_group(&mut self) -> Result<Option<(PageGroup, Tails)>, StoreError> {
        let stored = match self.held.take() {
            Some(held) => Some(held),
            None => self.next_stored()?,
        };
        let waiting = self.shared.read()?;
        let from = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let next = waiting
            .groups
            .range((from, Bound::Unbounded))
            .find(|(group, _)| self.kind.is_none_or(|kind| kind == group.kind));
        let copied = |changes: &BTreeMap<Tail, i64>| {
            changes.iter().map(|(tail, amount)| (tail.clone(), *amount)).collect::<Tails>()
        };
        match (stored, next) {
            (None, None) => Ok(None),
            (Some((group, cells)), next) if next.is_none_or(|(other, _)| *other > group) => {
                self.last = Some(group);
                Ok(Some((group, cells)))
            }
            (Some((group, cells)), Some((other, changes))) if *other == group => {
                self.last = Some(group);
                Ok(Some((group, page::add(cells, copied(changes).into_iter()))))
            }
            (stored, Some((group, changes))) => {
                self.held = stored;
                self.last = Some(*group);
                Ok(Some((*group, page::add(Tails::new(), copied(changes).into_iter()))))
            }
            (stored @ Some(_), None) => Ok(stored),
        }
    }

    /// All pages of the next group that has pages.
    fn next_stored(&mut self) -> Result<Option<(PageGroup, Tails)>, StoreError> {
        let mut current = self.ahead.take();
        loop {
            let Some(pair) = self.scan.next() else { return Ok(current) };
            let (key, value) = pair?;
            let (group, cells) = read_page(&self.shared.disk, &key, &value)?;
            match &mut current {
                None => current = Some((group, cells)),
                Some((of, all)) if *of == group => all.extend(cells),
                Some(_) => {
                    self.ahead = Some((group, cells));
                    return Ok(current);
                }
            }
        }
    }
}

impl Iterator for CellIter<'_> {
    type Item = Result<(CellKey, i64), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(cell) = self.ready.next() {
                return Some(Ok(cell));
            }
            if self.failed {
                return None;
            }
            match self.next_group() {
                Ok(None) => return None,
                Ok(Some((group, tails))) => self.ready = of_group(&group, tails),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

pub(crate) fn of_group(group: &PageGroup, tails: Tails) -> std::vec::IntoIter<(CellKey, i64)> {
    let cells: Vec<(CellKey, i64)> =
        tails.into_iter().map(|(tail, amount)| (page::cell(group, tail), amount)).collect();
    cells.into_iter()
}

pub(crate) fn read_page(
    disk: &Disk,
    key: &[u8],
    value: &[u8],
) -> Result<(PageGroup, Tails), StoreError> {
    let (group, _) =
        PageGroup::parse_page(key).ok_or_else(|| disk.damaged(key, "not a key of a page"))?;
    let cells = page::decode(value).ok_or_else(|| disk.damaged(key, "not a page of cells"))?;
    Ok((group, cells))
}
