//! A run: sorted entries in chunks, with the chunks' first keys and a filter in memory.

use std::collections::BTreeSet;

use tonghop_core::pack::{Packer, Unpacker};

use crate::disk::{Batch, Bytes, Disk};
use crate::error::StoreError;
use crate::faults::Point;
use crate::filter::Filter;
use crate::keys;
use crate::limits::{FAN_OUT_BITS, Limits};
use crate::memtable::{read_entry, write_entry};

const STAMP_BYTES: usize = 8;

/// A node of the trie: all keys that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId {
    pub(crate) depth: u8,
    /// The bits, at the lower end.
    pub(crate) prefix: u64,
}

impl NodeId {
    pub(crate) const ROOT: Self = Self { depth: 0, prefix: 0 };
    /// How many children a node has.
    pub(crate) const CHILDREN: u64 = 1 << FAN_OUT_BITS;

    pub(crate) const fn child(self, number: u64) -> Self {
        Self { depth: self.depth + 1, prefix: (self.prefix << FAN_OUT_BITS) | number }
    }

    pub(crate) fn parent(self) -> Option<Self> {
        let depth = self.depth.checked_sub(1)?;
        Some(Self { depth, prefix: self.prefix >> FAN_OUT_BITS })
    }

    /// The node of the next depth that has the key.
    pub(crate) fn child_with(self, key: u128) -> Self {
        let depth = self.depth + 1;
        let prefix = key.checked_shr(128 - u32::from(depth) * u32::from(FAN_OUT_BITS));
        Self { depth, prefix: u64::try_from(prefix.unwrap_or_default()).unwrap_or_default() }
    }

    pub(crate) fn first_key(self) -> u128 {
        let bits = u32::from(self.depth) * u32::from(FAN_OUT_BITS);
        u128::from(self.prefix).checked_shl(128 - bits).unwrap_or_default()
    }

    pub(crate) fn last_key(self) -> u128 {
        let bits = u32::from(self.depth) * u32::from(FAN_OUT_BITS);
        self.first_key() | u128::MAX.checked_shr(bits).unwrap_or_default()
    }
}

/// Slots for pieces; one that no run names is free, whatever it holds.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    free: BTreeSet<u32>,
    next: u32,
}

impl Slots {
    fn take(&mut self) -> u32 {
        self.free.pop_first().unwrap_or_else(|| {
            let slot = self.next;
            self.next += 1;
            slot
        })
    }

    pub(crate) fn give_back(&mut self, slots: &[u32]) {
        self.free.extend(slots);
    }

    /// All slots but the ones that these runs name.
    pub(crate) fn beside<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let used: BTreeSet<u32> = runs.flat_map(|run| run.slots.iter().copied()).collect();
        let next = used.last().map_or(0, |last| last + 1);
        Self { free: (0..next).filter(|slot| !used.contains(slot)).collect(), next }
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }
}

/// A run, as it is in memory.
#[derive(Debug)]
pub(crate) struct Run {
    /// Greater is newer.
    pub(crate) seq: u64,
    pub(crate) node: NodeId,
    pub(crate) entries: u64,
    /// The first key of each chunk.
    pub(crate) fences: Box<[u128]>,
    /// Chunks first, then the pieces of the index.
    pub(crate) slots: Box<[u32]>,
    pub(crate) filter: Filter,
}

impl Run {
    /// Reads a run's index, given its description.
    pub(crate) fn open(disk: &Disk, key: &[u8], description: &[u8]) -> Result<Self, StoreError> {
        let not = || disk.damaged(key, "not the description of a run");
        let seq = key.last_chunk::<8>().map(|seq| u64::from_be_bytes(*seq)).ok_or_else(not)?;
        let (node, entries, chunks, index_bytes, slots) =
            read_description(description).ok_or_else(not)?;
        let mut index = Vec::with_capacity(index_bytes);
        for slot in slots.get(chunks..).ok_or_else(not)? {
            index.extend_from_slice(content(&read_piece(disk, seq, *slot)?));
        }
        let (fences, filter) = index.split_at_checked(chunks * 16).ok_or_else(not)?;
        let (fences, _) = fences.as_chunks::<16>();
        let fences = fences.iter().map(|fence| u128::from_be_bytes(*fence)).collect();
        let filter = Filter::read(filter).ok_or_else(not)?;
        Ok(Self { seq, node, entries, fences, slots: slots.into_boxed_slice(), filter })
    }

    pub(crate) fn description(&self, index_bytes: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut packer = Packer(&mut bytes);
        packer.byte(self.node.depth);
        packer.int(self.node.prefix);
        packer.int(self.entries);
        packer.int(long(self.fences.len()));
        packer.int(long(index_bytes));
        for range in self.slots.chunk_by(|a, b| a + 1 == *b) {
            packer.int(range.first().copied().map_or(0, u64::from));
            packer.int(long(range.len()));
        }
        bytes
    }

    /// The chunk that has the key, if the run has it.
    pub(crate) fn chunk_of(&self, key: u128) -> Option<usize> {
        self.fences.partition_point(|fence| *fence <= key).checked_sub(1)
    }

    /// The bytes of a chunk, the stamp before it; `None` after the last.
    pub(crate) fn chunk(&self, disk: &Disk, number: usize) -> Result<Option<Bytes>, StoreError> {
        if number >= self.fences.len() {
            return Ok(None);
        }
        self.slots.get(number).map(|slot| read_piece(disk, self.seq, *slot)).transpose()
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.fences.len() * 16 + self.slots.len() * 4 + self.filter.bytes()
    }
}

type Description = (NodeId, u64, usize, usize, Vec<u32>);

fn read_description(bytes: &[u8]) -> Option<Description> {
    let mut unpacker = Unpacker(bytes);
    let node = NodeId { depth: unpacker.byte()?, prefix: unpacker.int()? };
    let entries = unpacker.int()?;
    let chunks = usize::try_from(unpacker.int()?).ok()?;
    let index_bytes = usize::try_from(unpacker.int()?).ok()?;
    let mut slots = Vec::new();
    while !unpacker.is_empty() {
        let start = u32::try_from(unpacker.int()?).ok()?;
        let count = u32::try_from(unpacker.int()?).ok()?;
        slots.extend(start..start.checked_add(count)?);
    }
    Some((node, entries, chunks, index_bytes, slots))
}

/// Reads a piece and checks that it belongs to the run.
fn read_piece(disk: &Disk, seq: u64, slot: u32) -> Result<Bytes, StoreError> {
    let key = keys::piece(slot);
    let value = disk.must_get(&key)?;
    if value.first_chunk::<STAMP_BYTES>() != Some(&seq.to_be_bytes()) {
        return Err(disk.damaged(&key, format!("not a piece of run {seq}")));
    }
    Ok(value)
}

/// What a piece holds.
pub(crate) fn content(piece: &[u8]) -> &[u8] {
    piece.get(STAMP_BYTES..).unwrap_or_default()
}

/// The value of a key in a chunk.
pub(crate) fn find_in<'a>(
    disk: &Disk,
    chunk: &'a [u8],
    key: u128,
) -> Result<Option<&'a [u8]>, StoreError> {
    let mut rest = content(chunk);
    while !rest.is_empty() {
        let (at, value, next) =
            read_entry(rest).ok_or_else(|| disk.damaged(b"xs", "a chunk that is not entries"))?;
        if at >= key {
            return Ok((at == key).then_some(value));
        }
        rest = next;
    }
    Ok(None)
}

/// Writes a run, piece by piece, into free slots; nothing names it until the caller does.
pub(crate) struct RunWriter<'a> {
    disk: &'a Disk,
    slots: &'a mut Slots,
    limits: &'a Limits,
    seq: u64,
    node: NodeId,
    batch: Batch,
    piece: Vec<u8>,
    keys: Vec<u128>,
    fences: Vec<u128>,
    taken: Vec<u32>,
}

impl<'a> RunWriter<'a> {
    pub(crate) fn new(
        disk: &'a Disk,
        slots: &'a mut Slots,
        limits: &'a Limits,
        seq: u64,
        node: NodeId,
    ) -> Self {
        let piece = Vec::with_capacity(limits.piece_bytes);
        let (batch, keys, fences, taken) = (Batch::default(), Vec::new(), Vec::new(), Vec::new());
        Self { disk, slots, limits, seq, node, batch, piece, keys, fences, taken }
    }

    /// Adds an entry; its key is greater than those before.
    pub(crate) fn push(&mut self, key: u128, value: &[u8]) -> Result<(), StoreError> {
        let after = self.piece.len() + value.len() + 20;
        if after > self.limits.piece_bytes && self.piece.len() > STAMP_BYTES {
            self.end_piece()?;
        }
        if self.piece.is_empty() {
            self.piece.extend_from_slice(&self.seq.to_be_bytes());
            self.fences.push(key);
        }
        write_entry(key, value, &mut self.piece);
        self.keys.push(key);
        Ok(())
    }

    /// The run and its description; `None` if there were no entries.
    pub(crate) fn finish(mut self) -> Result<Option<(Run, Vec<u8>)>, StoreError> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        self.end_piece()?;
        let filter = Filter::of(&self.keys);
        let mut index = Vec::with_capacity(self.fences.len() * 16 + filter.bytes());
        for fence in &self.fences {
            index.extend_from_slice(&fence.to_be_bytes());
        }
        filter.write(&mut index);
        for part in index.chunks(self.limits.piece_bytes - STAMP_BYTES) {
            self.piece.extend_from_slice(&self.seq.to_be_bytes());
            self.piece.extend_from_slice(part);
            self.end_piece()?;
        }
        self.disk.apply(std::mem::take(&mut self.batch))?;
        self.disk.at(Point::PiecesWritten)?;
        let run = Run {
            seq: self.seq,
            node: self.node,
            entries: long(self.keys.len()),
            fences: self.fences.into_boxed_slice(),
            slots: self.taken.into_boxed_slice(),
            filter,
        };
        let description = run.description(index.len());
        Ok(Some((run, description)))
    }

    fn end_piece(&mut self) -> Result<(), StoreError> {
        let slot = self.slots.take();
        self.taken.push(slot);
        let room = Vec::with_capacity(self.limits.piece_bytes);
        self.batch.put(&keys::piece(slot), std::mem::replace(&mut self.piece, room));
        if self.batch.keys() >= self.limits.batch_keys {
            self.disk.apply(std::mem::take(&mut self.batch))?;
            self.disk.at(Point::PiecesWritten)?;
        }
        Ok(())
    }
}

fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
