//! The runs, in a trie over the first bits of their keys, and looking keys up in them.
//!
//! A node's runs are newer than the runs of its children; within a node the greater `seq` is newer.

use std::collections::BTreeMap;

use crate::disk::{Batch, Disk};
use crate::error::StoreError;
use crate::keys;
use crate::limits::Limits;
use crate::memtable::Memtable;
use crate::merge::{Cursor, Merge};
use crate::pushdown::Push;
use crate::run::{NodeId, Run, RunWriter, Slots, find_in};

/// A node's runs, oldest first, and its push-down, if one is under way.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) runs: Vec<Run>,
    pub(crate) push: Option<Push>,
}

/// All runs.
#[derive(Debug)]
pub(crate) struct Forest {
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) slots: Slots,
    pub(crate) next_seq: u64,
}

/// A key that is looked for, and where its value goes.
pub(crate) type Wanted = (u128, usize);

impl Forest {
    pub(crate) fn open(disk: &Disk) -> Result<Self, StoreError> {
        let mut nodes: BTreeMap<NodeId, Node> = BTreeMap::new();
        let mut next_seq = 1;
        for pair in disk.scan_prefix(keys::RUNS) {
            let (key, value) = pair?;
            let run = Run::open(disk, &key, &value)?;
            next_seq = next_seq.max(run.seq + 1);
            // The keys are in order of `seq`.
            nodes.entry(run.node).or_default().runs.push(run);
        }
        for pair in disk.scan_prefix(keys::PUSHES) {
            let (key, value) = pair?;
            let (node, push) = Push::read(&key, &value)
                .ok_or_else(|| disk.damaged(&key, "not the state of a push-down"))?;
            nodes.entry(node).or_default().push = Some(push);
        }
        // A node all of whose runs went down still leads to its children.
        let known: Vec<NodeId> = nodes.keys().copied().collect();
        for id in known {
            let mut above = id.parent();
            while let Some(id) = above {
                nodes.entry(id).or_default();
                above = id.parent();
            }
        }
        let slots = Slots::beside(nodes.values().flat_map(|node| &node.runs));
        Ok(Self { nodes, slots, next_seq })
    }

    pub(crate) fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Writes the memtable and newer entries as a run of the root, and names it in the batch; the
    /// caller adds it with [`Self::add`] once the batch is applied.
    pub(crate) fn write_run(
        &mut self,
        disk: &Disk,
        limits: &Limits,
        memtable: &Memtable,
        entries: &[(u128, Vec<u8>)],
        batch: &mut Batch,
    ) -> Result<Option<Run>, StoreError> {
        let seq = self.take_seq();
        let mut writer = RunWriter::new(disk, &mut self.slots, limits, seq, NodeId::ROOT);
        if memtable.len() == 0 {
            for (key, value) in entries {
                writer.push(*key, value)?;
            }
        } else {
            let newer = entries.iter().map(|(key, value)| (*key, value.as_slice())).collect();
            let cursors = vec![Cursor::of_memory(newer), Cursor::of_memory(memtable.in_order())];
            let mut merge = Merge::new(cursors, 0, u128::MAX)?;
            let mut value = Vec::new();
            while let Some(key) = merge.next(&mut value)? {
                writer.push(key, &value)?;
            }
        }
        let Some((run, description)) = writer.finish()? else { return Ok(None) };
        batch.put(&keys::run(seq), description);
        Ok(Some(run))
    }

    pub(crate) fn add(&mut self, run: Run) {
        self.nodes.entry(run.node).or_default().runs.push(run);
    }

    /// Looks keys up, which are in order; what is found is put into `found`.
    pub(crate) fn load(
        &self,
        disk: &Disk,
        wanted: Vec<Wanted>,
        found: &mut [Option<Vec<u8>>],
    ) -> Result<(), StoreError> {
        self.load_below(disk, NodeId::ROOT, wanted, found)
    }

    fn load_below(
        &self,
        disk: &Disk,
        id: NodeId,
        mut wanted: Vec<Wanted>,
        found: &mut [Option<Vec<u8>>],
    ) -> Result<(), StoreError> {
        if let Some(node) = self.nodes.get(&id) {
            for run in node.runs.iter().rev() {
                if wanted.is_empty() {
                    return Ok(());
                }
                load_from(disk, run, &mut wanted, found)?;
            }
        }
        // Children exist only below a node that has pushed down, or all of whose runs went there.
        if self.nodes.range(id.child(0)..=id.child(NodeId::CHILDREN - 1)).next().is_none() {
            return Ok(());
        }
        for of_child in wanted.chunk_by(|a, b| id.child_with(a.0) == id.child_with(b.0)) {
            if let Some((key, _)) = of_child.first() {
                self.load_below(disk, id.child_with(*key), of_child.to_vec(), found)?;
            }
        }
        Ok(())
    }

    /// Cursors over all runs, newest first.
    pub(crate) fn cursors<'a>(&'a self, disk: &'a Disk) -> Vec<Cursor<'a>> {
        // Of a node that is being pushed down, what its children have already is read too: to skip
        // it in one run and not in another would let an older entry win.
        let runs = self.nodes.values().flat_map(|node| node.runs.iter().rev());
        runs.map(|run| Cursor::of_run(disk, run, 0)).collect()
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.nodes.values().flat_map(|node| &node.runs)
    }
}

/// Takes what the run has out of `wanted`.
fn load_from(
    disk: &Disk,
    run: &Run,
    wanted: &mut Vec<Wanted>,
    found: &mut [Option<Vec<u8>>],
) -> Result<(), StoreError> {
    let filter = &run.filter;
    let mut any = false;
    let mut chunk = None;
    let candidates = wanted.iter().filter(|(key, _)| filter.may_contain(*key));
    for (key, place) in candidates {
        let Some(number) = run.chunk_of(*key) else { continue };
        // Keys are in order, so that a chunk is fetched once.
        if chunk.as_ref().is_none_or(|(at, _)| *at != number) {
            chunk = run.chunk(disk, number)?.map(|bytes| (number, bytes));
        }
        let Some((_, bytes)) = &chunk else { continue };
        let value = find_in(disk, bytes, *key)?;
        if let (Some(value), Some(of_key)) = (value, found.get_mut(*place)) {
            *of_key = Some(value.to_vec());
            any = true;
        }
    }
    if any {
        wanted.retain(|(_, place)| found.get(*place).is_some_and(Option::is_none));
    }
    Ok(())
}
