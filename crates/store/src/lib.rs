//! Projections at rest: what [`tonghop_core::commit::Commit`] says, stored atomically and durably.
//!
//! # Layout
//!
//! ```text
//! <dir>/lock                      locked while open; the pid of who holds it, in decimal
//! <dir>/CURRENT                   the name of the generation in use, written by rename
//! <dir>/gen-000001/               one sled database, one tree; the only file format is sled's
//! <dir>/gen-000001/DAMAGED        there if somebody met an unreadable page: the next open rebuilds
//!
//! key                                                  value
//! m schema                                             u32 BE schema, u8 bits of a fan-out
//! m log                                                the identity of the log, text
//! m position                                           u64 BE
//! m cells | m entries                                  u64 BE: the epoch of that journal
//! m fold                                               the last page group folded in, if under way
//! r <record key>                                       the record
//! c kind:u8 unit 00 group:u8 month:u16 from:u16        a page of cells, BE, in order
//!   ├ codes: n, n texts                                (all integers of values are varints)
//!   └ days: day (the first as it is, then the distance), count, count × cell
//!       cell: [code index, if n > 1] measure:u8, recorded − day (zigzag), amount (zigzag)
//! d c slot:u32                                         journal of cells
//!   └ epoch:u64 BE, blocks: length, page key without `from`, length, page
//! d e slot:u32                                         journal of entries
//!   └ epoch:u64 BE, entries as in a chunk
//! x p depth:u8 prefix:u64                              a push-down under way: last seq, next child
//! x r seq:u64                                          a run: depth, prefix, entries, chunks,
//!                                                      bytes of its index, ranges of slots
//! x s slot:u32                                         seq:u64 BE, then a piece of that run:
//!   ├ chunk: entries: key:u128 BE, length, value       (its first `chunks` slots)
//!   └ index: chunks × first key:u128 BE, then blocks of the filter, 8 × u64 LE each
//! ```
//!
//! # How it works
//!
//! **Cells** wait in memory (and in the journal) until some thousands have changed, then their
//! pages are read, added to and written, so that a page is rewritten once for many commits. A page
//! holds the days from `from` to the next page's; one that grows is cut between two days.
//!
//! **Entries** have uniform 128-bit keys. The newest are in a table in memory (and in the journal);
//! when it is full, or when a commit is large, they become a *run*: sorted chunks, the first key of
//! each and a filter in memory. Runs gather at the root of a trie over the keys' first bits. When a
//! node has too many, its oldest are merged and *pushed down*, one child after the other, each
//! child getting one run; so a step of merging has the size of a run, however large the store is,
//! and what was done before a crash is not done again.
//!
//! **Slots are used again, never removed:** removing a key of sled costs more than writing it. A
//! slot that no run names is free, whatever it holds: the leftovers of a crash need no cleaning.
//!
//! # Invariants
//!
//! - **STO-1:** cells, entries, records and position change together, or not at all.
//! - **STO-2:** a commit that returned survives `kill -9`.
//! - **STO-3:** what a reader sees is the state after some commit, never half of one.
//! - **STO-4:** of two entries with one key, the newer is read.
//! - **STO-5:** no cell is zero, no page is empty.
//! - **STO-6:** a store that cannot be read opens empty, at position 0, and says why; never a panic.
//! - **STO-7:** one process at a time.
//! - **STO-8:** after a commit that failed, nothing is read or written until the store is opened
//!   again.
//!
//! **Architecture invariant:** the only crate that knows sled. No async, no NATS, no wire formats;
//! values of entries and records are bytes that it does not read.

mod cells;
mod disk;
mod entries;
mod error;
mod faults;
mod filter;
mod forest;
mod generation;
mod journal;
mod keys;
mod limits;
mod memtable;
mod merge;
mod open;
mod page;
mod pushdown;
mod reader;
mod run;
mod store;

pub use cells::CellIter;
pub use entries::HeldEntries;
pub use error::{Severity, StoreError};
pub use faults::{Faults, Point};
pub use limits::Limits;
pub use merge::EntryIter;
pub use open::{OpenOptions, Opened, Reason};
pub use reader::Reader;
pub use store::{Record, Stats, Store};
