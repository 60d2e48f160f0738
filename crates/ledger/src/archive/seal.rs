//! Sealing: one segment after another, each durable before the manifest names it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ArchiveError;
use super::faults::{Faults, Point};
use super::manifest::{Chain, Last, Manifest, Segment, Stream, sync};
use super::row::Record;
use super::salts::{self, Secret};
use super::segment::{SegmentWriter, Written};
use super::{LOG, SEGMENT_BYTES_MAX, SEGMENT_ROWS_MAX};
use crate::log::Log;
use crate::message::commitment;

/// An archive that this process seals.
#[derive(Debug)]
pub struct Archive {
    manifest: Manifest,
    at: At,
    _lock: File,
}

/// Where the archive is, and what a test does there.
#[derive(Debug, Clone)]
pub(super) struct At {
    dir: PathBuf,
    faults: Option<Arc<dyn Faults>>,
}

impl At {
    pub(super) fn point(&self, point: Point) -> Result<(), ArchiveError> {
        match &self.faults {
            Some(faults) => faults.at(point, &self.dir).map_err(ArchiveError::io(&self.dir)),
            None => Ok(()),
        }
    }
}

impl Archive {
    /// Opens the archive of a stream to seal it, or begins one.
    pub fn open(
        dir: &Path,
        stream: &Stream,
        faults: Option<Arc<dyn Faults>>,
    ) -> Result<Self, ArchiveError> {
        for made in [dir.to_owned(), dir.join("segments"), dir.join("salts")] {
            fs::create_dir_all(&made).map_err(ArchiveError::io(&made))?;
        }
        let lock = lock(dir)?;
        let manifest = match Manifest::read(dir)? {
            Some(manifest) if manifest.stream == *stream => manifest,
            Some(manifest) => {
                let why = format!(
                    "{} was created at {} ns, the sealed one, {}, at {} ns",
                    stream.name,
                    stream.created_ns,
                    manifest.stream.name,
                    manifest.stream.created_ns
                );
                return Err(ArchiveError::Forked { dir: dir.to_owned(), why });
            }
            None => Manifest::new(stream.clone()),
        };
        let at = At { dir: dir.to_owned(), faults };
        let archive = Self { manifest, at, _lock: lock };
        archive.set_aside()?;
        Ok(archive)
    }

    /// What is sealed.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the log still has the message that was sealed last (ARC-3).
    pub fn check_last(&self, found: Option<&Record<'_>>) -> Result<(), ArchiveError> {
        let Some(last) = &self.manifest.last else { return Ok(()) };
        let forked = |why: String| ArchiveError::Forked { dir: self.at.dir.clone(), why };
        let Some(found) = found else {
            return Err(forked(format!("it has no message at position {}", last.position)));
        };
        let other = || forked(format!("it has another message at position {}", last.position));
        if found.position != last.position || found.recorded_ms != last.stored_ms {
            return Err(other());
        }
        let first = self.manifest.segments.last().map_or(0, |segment| segment.first);
        // Of a segment whose secret is gone, for something in it was erased, the time must do.
        let Some(secret) = Secret::read(&self.at.dir, first)? else { return Ok(()) };
        let mut encoded = Vec::new();
        found.message.encode(&mut encoded);
        if commitment(&secret.salt(last.position), &encoded) == last.commitment {
            Ok(())
        } else {
            Err(other())
        }
    }

    /// Begins the next segment. `random` is its secret, unless a sealing that was killed has left
    /// one.
    pub fn begin(&mut self, random: [u8; 32]) -> Result<Sealing<'_>, ArchiveError> {
        let dir = self.at.dir.clone();
        let first = self.manifest.position() + 1;
        let secret = match Secret::read(&dir, first)? {
            Some(secret) => secret,
            None => self.keep_secret(Secret::new(random), first)?,
        };
        let partial = dir.join("segments").join(format!("{first:010}.partial"));
        let file = File::create(&partial).map_err(ArchiveError::io(&partial))?;
        let chain = Chain::of(&self.manifest);
        let writer = SegmentWriter::new(file, &partial, chain, secret)?;
        Ok(Sealing { archive: self, partial, writer })
    }

    fn keep_secret(&self, secret: Secret, first: u64) -> Result<Secret, ArchiveError> {
        let new = secret.write(&self.at.dir, first)?;
        self.at.point(Point::SecretWritten)?;
        let path = salts::path(&self.at.dir, first);
        fs::rename(&new, &path).map_err(ArchiveError::io(&path))?;
        sync(&self.at.dir.join("salts"))?;
        self.at.point(Point::SecretNamed)?;
        Ok(secret)
    }

    /// Removes what a kill left half written, and sets aside what it left whole and unnamed.
    fn set_aside(&self) -> Result<(), ArchiveError> {
        for dir in ["segments", "salts"].map(|name| self.at.dir.join(name)) {
            let entries = fs::read_dir(&dir).map_err(ArchiveError::io(&dir))?;
            for entry in entries {
                let path = entry.map_err(ArchiveError::io(&dir))?.path();
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("new" | "partial") => {
                        fs::remove_file(&path).map_err(ArchiveError::io(&path))?;
                    }
                    Some("parquet") if !self.names(&path) => self.aside(&path)?,
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }

    fn names(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.manifest.segments.iter().any(|segment| segment.name() == name)
    }

    fn aside(&self, path: &Path) -> Result<(), ArchiveError> {
        let dir = self.at.dir.join("aside");
        fs::create_dir_all(&dir).map_err(ArchiveError::io(&dir))?;
        let name = path.file_name().unwrap_or_default();
        fs::rename(path, dir.join(name)).map_err(ArchiveError::io(path))?;
        sync(&self.at.dir.join("segments"))
    }
}

fn lock(dir: &Path) -> Result<File, ArchiveError> {
    let path = dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(ArchiveError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(ArchiveError::io(path)(error)),
    }
}

/// A segment that is being sealed. Dropped before it is finished, nothing is sealed.
#[derive(Debug)]
pub struct Sealing<'a> {
    archive: &'a mut Archive,
    partial: PathBuf,
    writer: SegmentWriter<File>,
}

impl Sealing<'_> {
    /// Adds the next message.
    pub fn push(&mut self, record: &Record<'_>) -> Result<(), ArchiveError> {
        if self.writer.push(record)? {
            self.archive.at.point(Point::RowsWritten)?;
        }
        Ok(())
    }

    /// How many messages it has.
    pub fn rows(&self) -> u64 {
        self.writer.rows()
    }

    /// Whether it is to be finished now.
    pub fn is_full(&self) -> bool {
        self.writer.rows() >= SEGMENT_ROWS_MAX || self.writer.received() >= SEGMENT_BYTES_MAX
    }

    /// Seals the segment: it is durable, and so is the manifest that names it.
    ///
    /// # Panics
    /// If it has no message: a segment has at least one.
    pub fn finish(self) -> Result<(), ArchiveError> {
        let Self { archive, partial, writer } = self;
        let Written { segment, last, chain, leaves, inner } = writer.finish()?;
        inner.sync_all().map_err(ArchiveError::io(&partial))?;
        archive.at.point(Point::SegmentWritten)?;
        let path = segment.path(&archive.at.dir);
        fs::rename(&partial, &path).map_err(ArchiveError::io(&path))?;
        sync(&archive.at.dir.join("segments"))?;
        archive.at.point(Point::SegmentNamed)?;
        // They may run ahead of the manifest after a kill: they are appended again, and the same.
        let log = Log::open(&archive.at.dir.join(LOG))?;
        log.append(&mut archive.manifest.frontier().clone(), &leaves)?;
        archive.at.point(Point::TilesWritten)?;
        let manifest = archive.manifest.with(segment, last, chain);
        manifest.write(&archive.at.dir, &archive.at)?;
        archive.manifest = manifest;
        Ok(())
    }
}

impl Manifest {
    fn with(&self, segment: Segment, last: Last, chain: Chain) -> Self {
        let mut manifest = self.clone();
        manifest.root = segment.root;
        manifest.segments.push(segment);
        manifest.last = Some(last);
        manifest.set_chain(chain);
        manifest
    }
}

/// Counts and hashes what is written.
#[derive(Debug)]
pub(super) struct Hashed<W> {
    pub(super) inner: W,
    pub(super) sha256: sha2::Sha256,
    pub(super) bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use sha2::Digest;
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
