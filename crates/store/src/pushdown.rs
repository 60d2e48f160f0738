//! Pushing down: a node's oldest runs, merged child by child.
//!
//! The bound of a step is the size of a child's share, about that of one run. Each step is atomic
//! and kept: after a crash the next child is the next.

use tonghop_core::pack::{Packer, Unpacker};

use crate::disk::{Batch, Disk};
use crate::error::StoreError;
use crate::faults::Point;
use crate::forest::Forest;
use crate::keys;
use crate::limits::{DEPTH_MAX, Limits};
use crate::merge::{Cursor, Merge};
use crate::run::{NodeId, RunWriter};

/// Entries that may be merged for each entry that is committed: more than the trie has levels.
const MERGED_PER_COMMITTED: u64 = 5;

/// A push-down under way: of the runs up to `last_seq`, the children before `next_child` have their
/// share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) last_seq: u64,
    pub(crate) next_child: u64,
}

impl Push {
    pub(crate) fn read(key: &[u8], value: &[u8]) -> Option<(NodeId, Self)> {
        let (depth, prefix) = key.strip_prefix(keys::PUSHES)?.split_first()?;
        let node = NodeId { depth: *depth, prefix: u64::from_be_bytes(prefix.try_into().ok()?) };
        let mut unpacker = Unpacker(value);
        let (last_seq, next_child) = (unpacker.int()?, unpacker.int()?);
        let known = *depth < DEPTH_MAX && next_child < NodeId::CHILDREN;
        known.then_some((node, Self { last_seq, next_child }))
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut packer = Packer(&mut bytes);
        packer.int(self.last_seq);
        packer.int(self.next_child);
        bytes
    }
}

/// How much merging the commits so far have paid for.
#[derive(Debug, Default)]
pub(crate) struct Credit(u64);

impl Credit {
    pub(crate) fn earn(&mut self, entries: usize, limits: &Limits) {
        let earned = u64::try_from(entries).unwrap_or(u64::MAX);
        let most = u64::try_from(limits.memtable_entries).unwrap_or(u64::MAX);
        self.0 = self.0.saturating_add(earned.saturating_mul(MERGED_PER_COMMITTED));
        self.0 = self.0.min(most.saturating_mul(2 * MERGED_PER_COMMITTED));
    }
}

impl Forest {
    /// Gives one child its share, if a push-down is due and there is credit for it; whether it did.
    pub(crate) fn push_down(
        &mut self,
        disk: &Disk,
        limits: &Limits,
        credit: &mut Credit,
    ) -> Result<bool, StoreError> {
        let Some((id, push)) = self.due(limits) else { return Ok(false) };
        let cost = self.share(id, push);
        if credit.0 < cost {
            return Ok(false);
        }
        credit.0 -= cost;
        self.push_child(disk, limits, id, push)?;
        Ok(true)
    }

    /// The uppermost push-down that is under way, or else that is due.
    fn due(&self, limits: &Limits) -> Option<(NodeId, Push)> {
        for (id, node) in &self.nodes {
            if let Some(push) = node.push {
                return Some((*id, push));
            }
            if id.depth < DEPTH_MAX && node.runs.len() >= limits.runs_per_node {
                let last = node.runs.get(limits.runs_per_node - 1)?;
                return Some((*id, Push { last_seq: last.seq, next_child: 0 }));
            }
        }
        None
    }

    /// Entries that the next child will get, about.
    fn share(&self, id: NodeId, push: Push) -> u64 {
        let runs = self.nodes.get(&id).map(|node| node.runs.as_slice()).unwrap_or_default();
        let entries: u64 =
            runs.iter().filter(|run| run.seq <= push.last_seq).map(|run| run.entries).sum();
        entries.div_ceil(NodeId::CHILDREN)
    }

    fn push_child(
        &mut self,
        disk: &Disk,
        limits: &Limits,
        id: NodeId,
        push: Push,
    ) -> Result<(), StoreError> {
        let seq = self.take_seq();
        let child = id.child(push.next_child);
        let runs = self.nodes.get(&id).map(|node| node.runs.as_slice()).unwrap_or_default();
        let cursors = runs
            .iter()
            .rev()
            .filter(|run| run.seq <= push.last_seq)
            .map(|run| Cursor::of_run(disk, run, child.first_key()))
            .collect();
        let mut merge = Merge::new(cursors, child.first_key(), child.last_key())?;
        let mut writer = RunWriter::new(disk, &mut self.slots, limits, seq, child);
        let mut value = Vec::new();
        while let Some(key) = merge.next(&mut value)? {
            writer.push(key, &value)?;
        }
        let written = writer.finish()?;
        drop(merge);

        let mut batch = Batch::default();
        if let Some((run, description)) = &written {
            batch.put(&keys::run(run.seq), description.clone());
        }
        let next_child = push.next_child + 1;
        let push_key = keys::push(id.depth, id.prefix);
        let next = (next_child < NodeId::CHILDREN).then_some(Push { next_child, ..push });
        if let Some(next) = next {
            batch.put(&push_key, next.bytes());
        } else {
            batch.remove(&push_key);
            for run in runs.iter().filter(|run| run.seq <= push.last_seq) {
                batch.remove(&keys::run(run.seq));
            }
        }
        disk.at(Point::BeforePush)?;
        disk.apply(batch)?;
        disk.at(Point::AfterPush)?;
        self.installed(id, push, next, written.map(|(run, _)| run));
        Ok(())
    }

    fn installed(
        &mut self,
        id: NodeId,
        push: Push,
        next: Option<Push>,
        run: Option<crate::run::Run>,
    ) {
        if let Some(node) = self.nodes.get_mut(&id) {
            node.push = next;
            if next.is_none() {
                for run in node.runs.extract_if(.., |run| run.seq <= push.last_seq) {
                    self.slots.give_back(&run.slots);
                }
            }
        }
        if let Some(run) = run {
            self.add(run);
        }
    }
}
