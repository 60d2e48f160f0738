//! The bound of everything that comes from outside or waits in memory.
//!
//! A limit is changed here and nowhere else; how the limits relate is asserted below.

/// Bytes of a message's payload; a larger one is refused `size.exceeded`.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;
/// Characters of an event's `id`.
pub const ID_CHARS_MAX: usize = 64;
/// Bytes of `source`.
pub const SOURCE_BYTES_MAX: usize = 128;
/// Bytes of `subject`, the business key.
pub const SUBJECT_BYTES_MAX: usize = 256;
/// Characters of a unit code (Quyết định 20/2020/QĐ-TTg).
pub const UNIT_CODE_CHARS_MAX: usize = 35;
/// Bytes of a code in `data`: a field, a document kind, a procedure.
pub const CODE_BYTES_MAX: usize = 64;
/// Bytes of a name or a reason in `data`.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Parts of a unit that is split.
pub const SPLIT_PARTS_MAX: usize = 16;
/// Fields that one part of a split takes over.
pub const SPLIT_FIELDS_MAX: usize = 64;
/// Bytes of the text of a section of a report.
pub const NARRATIVE_BYTES_MAX: usize = 16 * 1_024;
/// Bytes of the code that a declared figure's cell is known by.
pub const STATEMENT_BYTES_MAX: usize = 1_280;
/// Sources that one unit may publish from; an event from one more is refused `source.too_many`.
pub const SOURCES_PER_UNIT_MAX: u32 = 64;
/// Ranges in which the numbers of one source's events are kept; the oldest gaps beyond are counted.
pub const NUMBER_RANGES_MAX: usize = 256;
/// Heartbeats of one source that are kept, the latest.
pub const HEARTBEATS_KEPT_MAX: usize = 64;
/// Units that the registry holds; a registration of one more is refused `unit.too_many`.
pub const UNITS_MAX: usize = 20_000;
/// Events of one timeline; one more is refused `timeline.full`.
pub const TIMELINE_EVENTS_MAX: usize = 512;
/// Milliseconds by which an event's time may be ahead of the log's clock.
pub const FUTURE_MS_MAX: i64 = 5 * 60 * 1_000;
/// Events in one batch of the projector.
pub const BATCH_EVENTS_MAX: usize = 32_768;
/// Bytes of payload in one batch of the projector.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Batches that wait between the reader and the fold.
pub const BATCHES_WAITING_MAX: usize = 2;

const _: () = assert!(BATCH_BYTES_MAX >= 2 * PAYLOAD_BYTES_MAX);
const _: () = assert!(SPLIT_PARTS_MAX * SPLIT_FIELDS_MAX * CODE_BYTES_MAX < PAYLOAD_BYTES_MAX);
const _: () = assert!(NARRATIVE_BYTES_MAX < PAYLOAD_BYTES_MAX);
const _: () = assert!(SUBJECT_BYTES_MAX > ID_CHARS_MAX);
const _: () = assert!(HEARTBEATS_KEPT_MAX < TIMELINE_EVENTS_MAX);
const _: () = assert!(NUMBER_RANGES_MAX >= 4);
const _: () = assert!(TIMELINE_EVENTS_MAX < BATCH_EVENTS_MAX);
