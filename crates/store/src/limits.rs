//! The sizes by which the store works; tests make them small so that everything happens.

/// How much waits, and how large things are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries that wait in memory before they become a run.
    pub memtable_entries: usize,
    /// Bytes of values that wait in memory before they become a run.
    pub memtable_bytes: usize,
    /// Bytes of a chunk, a piece of an index, a slot of a journal.
    pub piece_bytes: usize,
    /// Runs of a node at which its push-down begins.
    pub runs_per_node: usize,
    /// Changed cells that wait in memory before they are folded into their pages.
    pub waiting_cells: usize,
    /// Bytes of a page of cells beyond which it is cut between two days.
    pub page_bytes: usize,
    /// Keys in a batch that is not a commit.
    pub batch_keys: usize,
}

/// Bits of the key that tell the children of a node apart: 16 children.
pub(crate) const FAN_OUT_BITS: u8 = 4;
/// Nodes deeper than this do not push down; 16^10 runs are never reached.
pub(crate) const DEPTH_MAX: u8 = 10;
/// sled keeps at most this many keys in a leaf.
const KEYS_PER_LEAF: usize = 17;
/// sled writes a leaf into a file of its own, which it does not sync, if it is larger than a
/// quarter of this.
pub(crate) const SEGMENT_BYTES: usize = 1024 * 1024;

impl Limits {
    /// What a running system uses.
    pub const PRODUCTION: Self = Self {
        memtable_entries: 64 * 1024,
        memtable_bytes: 16 * 1024 * 1024,
        piece_bytes: 7_600,
        runs_per_node: 16,
        waiting_cells: 64 * 1024,
        page_bytes: 2 * 1024,
        batch_keys: 128,
    };
    /// What makes runs, merges and folds happen within a few commits.
    pub const TINY: Self = Self {
        memtable_entries: 8,
        memtable_bytes: 512,
        piece_bytes: 96,
        runs_per_node: 2,
        waiting_cells: 12,
        page_bytes: 24,
        batch_keys: 4,
    };
}

const _: () = assert!(Limits::PRODUCTION.piece_bytes * KEYS_PER_LEAF * 4 < SEGMENT_BYTES);
const _: () = assert!(Limits::PRODUCTION.page_bytes < Limits::PRODUCTION.piece_bytes);
