//! Reading an archive: message by message, each checked against what was sealed.

use std::io;
use std::path::{Path, PathBuf};

use super::error::ArchiveError;
use super::manifest::{Chain, Manifest, Segment};
use super::row::{Kept, Record, Sealed};
use super::salts::Secret;
use super::segment::{SegmentReader, SegmentWriter};
use crate::message::Message;

/// The sealed messages behind a position, in order.
///
/// Each segment has its SHA-256 and each message opens its commitment. From position 0 the tree is
/// grown again too, and each segment ends with the root that the manifest names (ARC-4).
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    manifest: Manifest,
    /// What is not wanted is read and not told.
    after: u64,
    /// The place of the next segment.
    next: usize,
    open: Option<SegmentReader>,
    /// The last position that was read.
    position: u64,
    chain: Option<Chain>,
    room: Vec<u8>,
}

impl Reader {
    /// Reads the archive from the message behind this position.
    pub fn open(dir: &Path, after: u64) -> Result<Self, ArchiveError> {
        let manifest = Manifest::read(dir)?;
        let manifest = manifest.ok_or_else(|| ArchiveError::Absent { dir: dir.to_owned() })?;
        let next = manifest.segments.partition_point(|segment| segment.last <= after);
        let position = manifest.segments.get(next).map_or(after, |segment| segment.first - 1);
        let chain = (position == 0).then(Chain::new);
        let (dir, open, room) = (dir.to_owned(), None, Vec::new());
        Ok(Self { dir, manifest, after, next, open, position, chain, room })
    }

    /// What is sealed.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The next message; none at the end.
    pub fn next_row(&mut self) -> Result<Option<Sealed>, ArchiveError> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(segment) = self.manifest.segments.get(self.next) else { return Ok(None) };
                self.open = Some(SegmentReader::open(&self.dir, segment)?);
                continue;
            };
            let Some(row) = open.next_row()? else {
                self.close()?;
                self.open = None;
                continue;
            };
            self.check(&row)?;
            if row.leaf.position > self.after {
                return Ok(Some(row));
            }
        }
    }

    fn segment(&self) -> Option<&Segment> {
        self.manifest.segments.get(self.next)
    }

    fn check(&mut self, row: &Sealed) -> Result<(), ArchiveError> {
        let position = row.leaf.position;
        let why = if position != self.position + 1 {
            "it does not follow the row before it (ARC-1)"
        } else if row.kept.as_ref().is_some_and(|kept| kept.commitment() != row.leaf.commitment) {
            "its message is not the one that was sealed (ARC-4)"
        } else if self.chain.as_ref().is_some_and(|chain| !follows(chain, row)) {
            "it does not go on from the messages before it (ARC-4)"
        } else {
            self.position = position;
            if let Some(chain) = &mut self.chain {
                chain.push(&row.leaf, &mut self.room);
            }
            return Ok(());
        };
        let path = self.segment().map_or_else(PathBuf::new, |segment| segment.path(&self.dir));
        Err(ArchiveError::Row { path, position, why })
    }

    /// At the end of a segment.
    fn close(&mut self) -> Result<(), ArchiveError> {
        let Some(segment) = self.segment() else { return Ok(()) };
        let root = self.chain.as_ref().map(|chain| chain.frontier.root());
        let why = if self.position != segment.last {
            "ends at another position than the manifest says (ARC-1)"
        } else if root.is_some_and(|root| root != segment.root) {
            "gives another root than was sealed: a leaf in it is another one (ARC-4)"
        } else {
            self.next += 1;
            return Ok(());
        };
        let path = segment.path(&self.dir);
        Err(ArchiveError::Segment { path, why: why.to_owned() })
    }
}

fn follows(chain: &Chain, row: &Sealed) -> bool {
    let unit = &row.leaf.unit;
    let previous = if unit.is_empty() { 0 } else { chain.previous(unit) };
    row.leaf.previous == previous && row.leaf.recorded_ms == chain.recorded(row.stored_ms)
}

/// What sealing the messages of an archive again gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// Messages that were read and checked.
    pub messages: u64,
    /// Segments that came out as they are, byte for byte.
    pub same: u64,
    /// Segments that came out otherwise: by their first positions.
    pub other: Vec<u64>,
    /// Segments that cannot be sealed again, because a message of them was erased.
    pub erased: Vec<u64>,
}

/// Reads the whole archive with all checks, seals its messages again, and compares (ARC-2). Nothing
/// is written. `tell` hears of each segment that is done.
pub fn reseal(dir: &Path, mut tell: impl FnMut(&Segment)) -> Result<Resealed, ArchiveError> {
    let mut reader = Reader::open(dir, 0)?;
    let mut done = Resealed::default();
    let mut chain = Chain::new();
    for segment in reader.manifest.segments.clone() {
        let path = segment.path(dir);
        let secret = Secret::read(dir, segment.first)?;
        let mut writer = match secret {
            Some(secret) => Some(SegmentWriter::new(io::sink(), &path, chain.clone(), secret)?),
            None => None,
        };
        let mut room = Vec::new();
        while done.messages < segment.last {
            let Some(row) = reader.next_row()? else { break };
            done.messages += 1;
            chain.push(&row.leaf, &mut room);
            match (&mut writer, &row.kept) {
                (Some(writer), Some(kept)) => {
                    kept.with_record(&row, |record| writer.push(record))?;
                }
                (_, None) => writer = None,
                (None, _) => {}
            }
        }
        match writer.map(SegmentWriter::finish).transpose()? {
            Some(again) if again.segment == segment => done.same += 1,
            Some(_) => done.other.push(segment.first),
            None => done.erased.push(segment.first),
        }
        tell(&segment);
    }
    // The end of the last segment is checked where the next row would be.
    reader.next_row()?;
    Ok(done)
}

impl Kept {
    /// The message as it was sealed.
    pub fn with_record<T>(&self, row: &Sealed, with: impl FnOnce(&Record<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let message = Message { subject: &self.subject, headers: &headers, payload: &self.payload };
        let Sealed { leaf, .. } = row;
        with(&Record { position: leaf.position, recorded_ms: row.stored_ms, message })
    }
}
