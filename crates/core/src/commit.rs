//! What the projector wants stored, as one atomic and durable step.

use crate::cells::CellChange;

/// One atomic step of the projections: all of it is stored, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The log position that the projections reflect after this step.
    pub position: u64,
    /// Changes of cells, in canonical order, one per key, none zero.
    pub cells: Vec<CellChange>,
    /// Timelines and identities: 128-bit key to value, in order of key, one per key; a value takes
    /// the place of the one that was there.
    pub entries: Vec<(u128, Vec<u8>)>,
    /// Small records that are all read back at the start (units, sources, counters): key to value,
    /// in order of key, one per key.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
}
