//! A journal: what commits added since it was last emptied, in slots that are used again.
//!
//! Emptying it is one small write: the epoch in the meta keys goes up, and slots of another epoch
//! count as empty. A small commit puts the last slot anew, a bit longer.

use crate::disk::{Batch, Disk};
use crate::error::StoreError;
use crate::keys;

const HEADER_BYTES: usize = 8;

#[derive(Debug)]
pub(crate) struct Journal {
    space: [u8; 2],
    epoch_key: &'static [u8],
    epoch: u64,
    /// The slot that is being filled, and what is in it.
    slot: u32,
    tail: Vec<u8>,
    changed: bool,
    slot_bytes: usize,
}

impl Journal {
    /// Reads a journal; every slot's content is handed to `replay`, oldest first, `None` from it
    /// being damage.
    pub(crate) fn open(
        disk: &Disk,
        space: [u8; 2],
        epoch_key: &'static [u8],
        slot_bytes: usize,
        mut replay: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<Self, StoreError> {
        let epoch = disk.get_u64(epoch_key)?;
        let mut journal =
            Self { space, epoch_key, epoch, slot: 0, tail: Vec::new(), changed: false, slot_bytes };
        for slot in 0.. {
            let key = keys::journal(space, slot);
            let Some(value) = disk.get(&key)? else { break };
            let Some((stamp, content)) = value.split_first_chunk::<HEADER_BYTES>() else {
                return Err(disk.damaged(&key, "shorter than its header"));
            };
            if u64::from_be_bytes(*stamp) != epoch {
                break;
            }
            replay(content).ok_or_else(|| disk.damaged(&key, "not a list of changes"))?;
            journal.slot = slot;
            journal.tail = value.to_vec();
        }
        Ok(journal)
    }

    /// Adds a block; it reaches the batch here or in [`Self::seal`].
    pub(crate) fn append(&mut self, block: &[u8], batch: &mut Batch) {
        let full = self.tail.len() + block.len() > self.slot_bytes;
        if full && self.tail.len() > HEADER_BYTES {
            self.seal(batch);
            self.slot += 1;
            self.tail.clear();
        }
        if self.tail.is_empty() {
            self.tail.extend_from_slice(&self.epoch.to_be_bytes());
        }
        self.tail.extend_from_slice(block);
        self.changed = true;
    }

    /// Puts the last slot, if it changed.
    pub(crate) fn seal(&mut self, batch: &mut Batch) {
        if self.changed {
            batch.put(&keys::journal(self.space, self.slot), self.tail.clone());
            self.changed = false;
        }
    }

    /// Empties the journal.
    pub(crate) fn empty(&mut self, batch: &mut Batch) {
        self.epoch += 1;
        self.slot = 0;
        self.tail.clear();
        self.changed = false;
        batch.put(self.epoch_key, self.epoch.to_be_bytes().to_vec());
    }
}
