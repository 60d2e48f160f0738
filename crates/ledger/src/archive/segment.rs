//! One segment: written row group by row group, and read so.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use sha2::{Digest, Sha256};

use super::columns::Columns;
use super::error::ArchiveError;
use super::group::Group;
use super::manifest::{Chain, Last, Segment};
use super::row::{Record, Sealed, leaf_of};
use super::salts::Secret;
use super::seal::Hashed;
use super::ungroup::Rows;
use super::{GROUP_ROWS_MAX, SEGMENT_ROWS_MAX};
use crate::tree::Hash;

/// Bytes that a file of a segment may say its columns take in memory, row group by row group.
const GROUP_BYTES_READ_MAX: i64 = 512 * 1024 * 1024;
/// Bytes of the description at the end of a file.
const FOOTER_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// A segment that is being written.
pub(super) struct SegmentWriter<W: Write + Send> {
    path: PathBuf,
    file: SerializedFileWriter<Hashed<W>>,
    group: Group,
    chain: Chain,
    secret: Secret,
    first: u64,
    rows: u64,
    /// Bytes of the messages as received.
    received: u64,
    recorded: Option<(i64, i64)>,
    last: Option<Last>,
    leaves: Vec<Hash>,
    room: Vec<u8>,
}

/// A segment that is written.
#[derive(Debug)]
pub(super) struct Written<W> {
    pub(super) segment: Segment,
    pub(super) last: Last,
    pub(super) chain: Chain,
    /// The hashes of its leaves.
    pub(super) leaves: Vec<Hash>,
    pub(super) inner: W,
}

impl<W: Write + Send> fmt::Debug for SegmentWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentWriter")
            .field("path", &self.path)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> SegmentWriter<W> {
    pub(super) fn new(
        inner: W,
        path: &Path,
        chain: Chain,
        secret: Secret,
    ) -> Result<Self, ArchiveError> {
        let columns = Columns::get();
        let to = Hashed { inner, sha256: Sha256::new(), bytes: 0 };
        let file = columns
            .schema()
            .and_then(|schema| SerializedFileWriter::new(to, schema, columns.properties()?));
        Ok(Self {
            file: file.map_err(failed(path))?,
            path: path.to_owned(),
            group: Group::new(),
            first: chain.next(),
            chain,
            secret,
            rows: 0,
            received: 0,
            recorded: None,
            last: None,
            leaves: Vec::new(),
            room: Vec::new(),
        })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Adds the next message; answers whether rows were written to the file.
    pub(super) fn push(&mut self, record: &Record<'_>) -> Result<bool, ArchiveError> {
        let (expected, found) = (self.chain.next(), record.position);
        if found != expected {
            return Err(ArchiveError::OutOfOrder { expected, found });
        }
        let salt = self.secret.salt(record.position);
        let chain = &self.chain;
        let (leaf, row) = leaf_of(record, &salt, &mut self.room, chain);
        let bytes = self.room.len();
        let pushed = self.group.push(record, &leaf, &salt, &row, bytes);
        pushed.map_err(failed(&self.path))?;
        let hash = self.chain.push(&leaf, &mut self.room);
        self.leaves.push(hash);
        self.rows += 1;
        self.received += u64::try_from(bytes).unwrap_or(u64::MAX);
        let at = leaf.recorded_ms;
        let (from, to) = self.recorded.unwrap_or((at, at));
        self.recorded = Some((from.min(at), to.max(at)));
        let (position, commitment) = (leaf.position, leaf.commitment);
        let stored_ms = record.recorded_ms;
        self.last = Some(Last { position, recorded_ms: at, stored_ms, commitment });
        let full = self.group.is_full();
        if full {
            self.group.write(&mut self.file).map_err(failed(&self.path))?;
        }
        Ok(full)
    }

    pub(super) fn finish(mut self) -> Result<Written<W>, ArchiveError> {
        let failed = failed(&self.path);
        if !self.group.is_empty() {
            self.group.write(&mut self.file).map_err(&failed)?;
        }
        let Hashed { inner, sha256, bytes } = self.file.into_inner().map_err(&failed)?;
        let last = self.last.expect("a segment has at least one message");
        let (from, to) = self.recorded.unwrap_or_default();
        let segment = Segment {
            first: self.first,
            last: last.position,
            bytes,
            sha256: sha256.finalize().into(),
            recorded_from_ms: from,
            recorded_to_ms: to,
            root: self.chain.frontier.root(),
        };
        let (chain, leaves) = (self.chain, self.leaves);
        Ok(Written { segment, last, chain, leaves, inner })
    }
}

fn failed(path: &Path) -> impl Fn(ParquetError) -> ArchiveError {
    let path = path.to_owned();
    move |error| ArchiveError::Segment { path: path.clone(), why: error.to_string() }
}

/// A file, of which no more is asked for than it has: the library believes what it reads.
#[derive(Debug)]
struct Bounded(File, u64);

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.1
    }
}

impl ChunkReader for Bounded {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let mut file = self.0.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = u64::try_from(length).ok().and_then(|length| start.checked_add(length));
        if end.is_none_or(|end| end > self.1) {
            return Err(ParquetError::EOF("it ends before what it speaks of".to_owned()));
        }
        self.0.get_bytes(start, length)
    }
}

/// The rows of a segment, in order. In memory is one row group at a time.
pub struct SegmentReader {
    path: PathBuf,
    file: SerializedFileReader<Bounded>,
    group: usize,
    rows: Option<Rows>,
}

impl fmt::Debug for SegmentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SegmentReader {
    /// Opens a file that is what the manifest says, byte for byte.
    pub fn open(dir: &Path, segment: &Segment) -> Result<Self, ArchiveError> {
        let path = segment.path(dir);
        let (sha256, bytes) = hash(&path)?;
        if bytes != segment.bytes || sha256 != segment.sha256 {
            let why = format!(
                "is not the file that was sealed: it has {bytes} bytes with the SHA-256 {}, sealed \
                 were {} with {}",
                super::hex::encode(&sha256),
                segment.bytes,
                super::hex::encode(&segment.sha256)
            );
            return Err(ArchiveError::Segment { path, why });
        }
        let rows = segment.last - segment.first + 1;
        Self::parse(path, rows)
    }

    /// Opens a file without asking what it should be.
    pub(super) fn parse(path: PathBuf, rows: u64) -> Result<Self, ArchiveError> {
        let file = walled(&path, || {
            let file = File::open(&path)?;
            let length = file.metadata()?.len();
            footer(&file, length)?;
            let file = SerializedFileReader::new(Bounded(file, length))?;
            check(&file, rows)?;
            Ok(file)
        })?;
        Ok(Self { path, file, group: 0, rows: None })
    }

    /// The next row; none at the end.
    pub fn next_row(&mut self) -> Result<Option<Sealed>, ArchiveError> {
        loop {
            if let Some(rows) = &mut self.rows
                && let Some(row) = rows.next_row(&self.path)?
            {
                return Ok(Some(row));
            }
            self.rows = None;
            if self.group == self.file.num_row_groups() {
                return Ok(None);
            }
            let rows = walled(&self.path, || {
                let group = self.file.get_row_group(self.group)?;
                Rows::read(group.as_ref())
            })?;
            self.rows = Some(rows);
            self.group += 1;
        }
    }
}

/// Refuses a description that is larger than any of ours.
fn footer(mut file: &File, length: u64) -> ParquetResult<()> {
    let refused = || ParquetError::General("it has no end of a Parquet file".to_owned());
    let mut end = [0; 8];
    file.seek(SeekFrom::Start(length.checked_sub(8).ok_or_else(refused)?))?;
    file.read_exact(&mut end)?;
    let [a, b, c, d, ..] = end;
    if u32::from_le_bytes([a, b, c, d]) > FOOTER_BYTES_MAX || !end.ends_with(b"PAR1") {
        return Err(refused());
    }
    Ok(())
}

/// Refuses a file that says that it has other rows than the segment, or more than fits in memory.
fn check(file: &SerializedFileReader<Bounded>, rows: u64) -> ParquetResult<()> {
    let refused = |why: &str| Err(ParquetError::General(why.to_owned()));
    let said = file.metadata().file_metadata().num_rows();
    if rows > SEGMENT_ROWS_MAX || u64::try_from(said).ok() != Some(rows) {
        return refused("it has another number of rows than the segment");
    }
    let schema = file.metadata().file_metadata().schema_descr();
    let expected = Columns::get().schema()?;
    let fields = expected.get_fields().iter().take(super::columns::place::FAMILIES);
    for (place, field) in fields.enumerate() {
        if place >= schema.num_columns() || schema.column(place).self_type() != &**field {
            return refused("it has other columns than a segment");
        }
    }
    for group in file.metadata().row_groups() {
        let mut bytes = 0_i64;
        for column in group.columns() {
            bytes = bytes.saturating_add(column.uncompressed_size().max(0));
        }
        let many = u64::try_from(group.num_rows()).map_or(true, |rows| rows > GROUP_ROWS_MAX);
        if many || bytes > GROUP_BYTES_READ_MAX {
            return refused("it has a row group that is larger than any that was sealed");
        }
    }
    Ok(())
}

/// What the library says of a file, or that it gave up on it: a panic there is its answer to bytes
/// that it did not think of.
fn walled<T>(path: &Path, read: impl FnOnce() -> ParquetResult<T>) -> Result<T, ArchiveError> {
    catch_unwind(AssertUnwindSafe(read)).map_or_else(
        |_| {
            let why = "is no segment: the Parquet library gave up on it".to_owned();
            Err(ArchiveError::Segment { path: path.to_owned(), why })
        },
        |read| read.map_err(failed(path)),
    )
}

/// The SHA-256 of a file, and how long it is.
fn hash(path: &Path) -> Result<(Hash, u64), ArchiveError> {
    let mut file = File::open(path).map_err(ArchiveError::io(path))?;
    let (mut sha256, mut bytes) = (Sha256::new(), 0);
    let mut room = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut room).map_err(ArchiveError::io(path))?;
        if read == 0 {
            return Ok((sha256.finalize().into(), bytes));
        }
        sha256.update(room.get(..read).unwrap_or_default());
        bytes += u64::try_from(read).unwrap_or(u64::MAX);
    }
}
