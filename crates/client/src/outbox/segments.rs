//! The files of the outbox: written at one end, removed at the other.
//!
//! ```text
//! <dir>/lock            held by the process that has the outbox
//!       left            events that left, so that one that comes again is known
//!       00000007.seg    8 bytes of name, 4 of chance, then frames; the last one grows
//! ```
//! A segment is written under another name and takes its own once its head is safe, so that one that
//! is there is whole. The head says of every source which number is next: with it the older segments
//! can go.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::OutboxError;
use super::frame::{self, HEAD};

const NAME: &[u8; 8] = b"TGHOUTB1";
const HEAD_BYTES: usize = 12;

/// One file.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    path: PathBuf,
    file: File,
    salt: u32,
    /// Bytes written, and how many of them are safe.
    pub(super) bytes: u64,
    synced: u64,
    /// Events in it that have not left.
    pub(super) live: u64,
}

/// The bytes of a segment that was found, and what can be read of them.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    salt: u32,
}

/// What can be read of a segment.
#[derive(Debug)]
pub(super) struct Records<'a> {
    /// Each with its place.
    pub(super) records: Vec<(u64, &'a [u8])>,
    /// Where they end.
    pub(super) end: u64,
}

impl Found {
    /// What can be read. An error if what was safe once cannot
    /// be read; only the last segment may end in the middle of a write.
    pub(super) fn records(&self, is_last: bool) -> Result<Records<'_>, OutboxError> {
        let mut records = Vec::new();
        let mut at = HEAD_BYTES;
        while at < self.bytes.len() {
            let Some(frame) = frame::read(&self.bytes, self.salt, at) else {
                if !is_last || frame::was_synced(&self.bytes, self.salt, at) {
                    return Err(self.damaged(at, "a record that was written cannot be read"));
                }
                break;
            };
            records.push((offset(frame.at), frame.record));
            at = frame.end;
        }
        Ok(Records { records, end: offset(at) })
    }

    /// An error that names the place.
    pub(super) fn damaged(&self, at: usize, what: &str) -> OutboxError {
        let (path, what) = (self.path.clone(), what.to_owned());
        OutboxError::Damaged { path, offset: offset(at), what }
    }

    /// Goes on writing behind what can be read; what is behind that was cut off by a crash.
    pub(super) fn open(self, end: u64) -> Result<Segment, OutboxError> {
        let failed = |source| OutboxError::io("opening", &self.path, source);
        let file = OpenOptions::new().read(true).write(true).open(&self.path).map_err(failed)?;
        if end < offset(self.bytes.len()) {
            file.set_len(end).map_err(failed)?;
        }
        // A killed process may have left what is written but not safe.
        file.sync_all().map_err(failed)?;
        let Self { number, path, salt, .. } = self;
        Ok(Segment { number, path, file, salt, bytes: end, synced: end, live: 0 })
    }
}

impl Segment {
    /// Makes a segment whose head is safe.
    pub(super) fn create(dir: &Path, number: u64, head: &[Vec<u8>]) -> Result<Self, OutboxError> {
        let path = dir.join(format!("{number:08}.seg"));
        let new = path.with_extension("new");
        let (upper, lower) = (crate::jitter::seed(), crate::jitter::seed());
        let salt = u32::try_from((upper ^ lower) & u64::from(u32::MAX)).unwrap_or(0);
        let mut bytes = NAME.to_vec();
        bytes.extend_from_slice(&salt.to_le_bytes());
        for record in head {
            frame::write(&mut bytes, salt, 0, record);
        }
        let failed = |source| OutboxError::io("writing", &new, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)
            .map_err(failed)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_all());
        written.map_err(failed)?;
        fs::rename(&new, &path).map_err(failed)?;
        sync_dir(dir)?;
        let bytes = offset(bytes.len());
        Ok(Self { number, path, file, salt, bytes, synced: bytes, live: 0 })
    }

    /// Appends records; where each stands. Nothing of them is there after an error, unless it is
    /// [`OutboxError::InDoubt`].
    pub(super) fn append(
        &mut self,
        records: &[Vec<u8>],
        make_safe: bool,
    ) -> Result<Vec<u64>, OutboxError> {
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            places.push(self.bytes + offset(bytes.len()));
            frame::write(&mut bytes, self.salt, self.synced, record);
        }
        let end = self.bytes;
        let written =
            self.file.seek(SeekFrom::Start(end)).and_then(|_| self.file.write_all(&bytes));
        if let Err(source) = written {
            // A full disk, mostly: what got onto it is taken away again.
            if let Err(source) = self.file.set_len(end) {
                return Err(self.in_doubt(source));
            }
            return Err(OutboxError::io("writing", &self.path, source));
        }
        self.bytes += offset(bytes.len());
        if make_safe {
            self.sync()?;
        }
        Ok(places)
    }

    /// Makes safe what is written. What a failed one left behind nobody knows.
    pub(super) fn sync(&mut self) -> Result<(), OutboxError> {
        if self.synced < self.bytes {
            self.file.sync_data().map_err(|source| self.in_doubt(source))?;
            self.synced = self.bytes;
        }
        Ok(())
    }

    fn in_doubt(&self, source: io::Error) -> OutboxError {
        OutboxError::InDoubt { path: self.path.clone(), source }
    }

    /// The record at a place, which was written there.
    pub(super) fn read(&mut self, at: u64) -> Result<Vec<u8>, OutboxError> {
        let (path, salt) = (self.path.clone(), self.salt);
        let failed = |source| OutboxError::io("reading", &path, source);
        let mut bytes = vec![0; HEAD];
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        self.file.read_exact(&mut bytes).map_err(failed)?;
        let length = bytes.get(4..8).and_then(|length| length.try_into().ok());
        let length = length.map_or(0, u32::from_le_bytes);
        let limit = u64::try_from(frame::RECORD_MAX).unwrap_or(0);
        let mut rest = Read::take(&mut self.file, u64::from(length).min(limit));
        rest.read_to_end(&mut bytes).map_err(failed)?;
        match frame::read(&bytes, salt, 0) {
            Some(frame) => Ok(frame.record.to_vec()),
            None => Err(OutboxError::Damaged {
                path,
                offset: at,
                what: "a record that was written cannot be read".to_owned(),
            }),
        }
    }

    /// Removes the file.
    pub(super) fn remove(self) -> Result<(), OutboxError> {
        fs::remove_file(&self.path).map_err(|e| OutboxError::io("removing", &self.path, e))
    }
}

/// Every segment of a directory, in order; an error if one between others is not there.
pub(super) fn find(dir: &Path) -> Result<Vec<Found>, OutboxError> {
    let failed = |source| OutboxError::io("reading", dir, source);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "seg")
            && let Some(number) = path.file_stem().and_then(|s| s.to_str()?.parse::<u64>().ok())
        {
            numbers.push((number, path));
        }
    }
    numbers.sort_unstable();
    let mut found: Vec<Found> = Vec::with_capacity(numbers.len());
    for (number, path) in numbers {
        if let Some(before) = found.last().filter(|before| before.number + 1 != number) {
            let what = format!("the segment behind {:08}.seg is not there", before.number);
            return Err(OutboxError::Damaged { path, offset: 0, what });
        }
        let bytes = fs::read(&path).map_err(|e| OutboxError::io("reading", &path, e))?;
        let head = bytes.split_first_chunk::<8>().filter(|(name, _)| *name == NAME);
        let Some((salt, _)) = head.and_then(|(_, rest)| rest.split_first_chunk::<4>()) else {
            let what = "it does not begin as a segment does".to_owned();
            return Err(OutboxError::Damaged { path, offset: 0, what });
        };
        found.push(Found { number, salt: u32::from_le_bytes(*salt), path, bytes });
    }
    Ok(found)
}

/// Makes safe that files of a directory have come, gone or changed their names.
pub(super) fn sync_dir(dir: &Path) -> Result<(), OutboxError> {
    if cfg!(unix) {
        let opened = File::open(dir).and_then(|dir| dir.sync_all());
        opened.map_err(|source| OutboxError::io("making safe", dir, source))?;
    }
    Ok(())
}

fn offset(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}
