//! The archive: the log sealed into segments, Parquet files that `DuckDB` and pandas read.
//!
//! ```text
//! <archive>/lock                                      who seals has it
//!           segments/0000000001-0000131072.parquet    the messages of these positions
//!           salts/0000000001                          the secret of the segment that begins there
//!           manifest.json                             what is sealed: see [`Manifest`]
//!           log/                                      checkpoint and tiles: see [`crate::log`]
//!           aside/                                    segments that a kill left unnamed
//! ```
//!
//! A segment is sealed in four steps, each durable before the next is begun: its secret, the file
//! under its name, the tiles of its leaves, the manifest that names it. What the manifest names is sealed; a file that it
//! does not name was left by a kill, is set aside, and sealed again.
//!
//! The salt of a message is made of the segment's secret and its position, so that a segment that
//! is sealed again has the same bytes. It stands in the segment too: whoever erases a message takes
//! away its payload and salt there, and the secret.
//!
//! **Invariant ARC-1:** the segments of a manifest follow one another from position 1, each message
//! once, whatever was killed when.
//! **Invariant ARC-2:** the same messages and the same secret give the same segment, byte for byte.
//! **Invariant ARC-3:** nothing that was sealed is written again: a log that has another message
//! where the last sealed one stood, or ends before it, is named and sealed no further.
//! **Invariant ARC-4:** a row that is read has the leaf that the tree has, and its message opens
//! the commitment of the leaf; else it is named and nothing is read.

mod columns;
mod error;
mod faults;
mod group;
mod hex;
mod manifest;
mod reader;
mod row;
mod salts;
mod seal;
mod segment;
mod ungroup;

pub use error::ArchiveError;
pub use faults::{Faults, Point};
pub use manifest::{Last, Manifest, Segment, Stream};
pub use reader::{Reader, Resealed, reseal};
pub use row::{Kept, Record, Sealed, unit_of};
pub use salts::Secret;
pub use seal::{Archive, Sealing};
pub use segment::SegmentReader;

/// The directory of the sealed log below that of the archive.
pub const LOG: &str = "log";
/// Messages of a segment.
pub const SEGMENT_ROWS_MAX: u64 = 131_072;
/// Bytes of the messages of a segment, as received: a segment that holds as many is full.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// Messages that are in memory at once while a segment is written.
const GROUP_ROWS_MAX: u64 = 65_536;
/// Bytes of them, as received; the last message may go beyond.
const GROUP_BYTES_MAX: u64 = 32 * 1024 * 1024;

const _: () = assert!(GROUP_ROWS_MAX < SEGMENT_ROWS_MAX && GROUP_BYTES_MAX < SEGMENT_BYTES_MAX);

#[cfg(test)]
mod tests;
