//! The outbox: events on disk from the moment they are handed over until the office has them.
//!
//! An event that [`Outbox::enqueue`] has taken survives a kill and a power cut of this machine. It
//! gets its number here, once, and keeps it however often it is sent. It leaves when an account of
//! the log says so ([`crate::receipts`]), and never before. Nothing here knows NATS.
//!
//! **Invariant OUT-1:** what was taken is there after a crash at any byte; what was not taken is
//! there as a whole or not at all.
//! **Invariant OUT-2:** the numbers that it gives the events of a source are 1, 2, 3 … in the order
//! in which they entered, each once, whatever crashes there are.
//! **Invariant OUT-3:** what cannot be read is named and not skipped.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::event::{self, Unfit};
use crate::whoami::Identity;

pub(crate) mod contents;
mod frame;
mod left;
mod plan;
mod reclaim;
mod record;
mod recovery;
mod segments;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use contents::State;
use contents::{Contents, Numbering, Place};
use plan::{Answer, Plan};
use record::Record;
use segments::Segment;
pub use status::{SourceStatus, Status};

/// The most sources of one outbox.
pub const SOURCES_MAX: usize = 4_096;
/// The most events that are taken at once.
pub const BATCH_MAX: usize = 10_000;
/// The longest segment; a smaller outbox has shorter ones.
const SEGMENT_BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// An outbox has at least so many segments before it is full, so that space comes free in time.
const SEGMENTS_MIN: u64 = 8;

const _: () = assert!(tonghop_core::limits::PAYLOAD_BYTES_MAX + 1_024 < frame::RECORD_MAX);

/// How much an outbox may hold.
#[derive(Debug, Clone)]
pub struct OutboxSettings {
    /// Bytes on disk.
    pub bytes_max: u64,
    /// Events; each takes about 200 bytes of memory.
    pub events_max: usize,
}

impl OutboxSettings {
    /// 1 GiB and a million events.
    pub fn new() -> Self {
        Self { bytes_max: 1 << 30, events_max: 1_000_000 }
    }

    fn segment_bytes(&self) -> u64 {
        (self.bytes_max / SEGMENTS_MIN).min(SEGMENT_BYTES_MAX)
    }
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the outbox does not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// Another process has it.
    #[error(
        "another process has the outbox {}; one at a time: stop that one, or name another directory",
        dir.display()
    )]
    Locked {
        /// The outbox.
        dir: PathBuf,
    },
    /// It holds as much as it may. Wait for [`Outbox::room`].
    #[error(
        "the outbox is full: {events} events, {bytes} bytes of at most {bytes_max}; it takes more \
         when the log has these"
    )]
    Full {
        /// Events in it.
        events: usize,
        /// Bytes on disk.
        bytes: u64,
        /// The most bytes.
        bytes_max: u64,
    },
    /// One of the events cannot be published; none of them was taken.
    #[error("event {index} of those handed over: {why}")]
    Unfit {
        /// Its place among those that were handed over, from 0.
        index: usize,
        /// Why.
        why: Unfit,
    },
    /// A source whose events have numbers sent one without, or the other way round.
    #[error(
        "event {index} of those handed over: either {source_name} numbers all of its events or the \
         outbox does; this one {}", if *numbered { "has a sequence" } else { "has none" }
    )]
    Numbering {
        /// Its place among those that were handed over, from 0.
        index: usize,
        /// The source.
        source_name: String,
        /// Whether it has one.
        numbered: bool,
    },
    /// More sources than an outbox may have.
    #[error("the outbox has events of {SOURCES_MAX} sources, and takes no more")]
    Sources,
    /// More events at once than are taken.
    #[error("{events} events at once; {BATCH_MAX} are the most")]
    Batch {
        /// How many.
        events: usize,
    },
    /// A source has events here already, so it cannot begin anywhere else.
    #[error("{source_name} has numbers in this outbox already")]
    Begun {
        /// The source.
        source_name: String,
    },
    /// What was safe on the disk cannot be read.
    #[error(
        "the outbox is damaged: {} at byte {offset}: {what}; nothing of it was changed. Put the \
         file back from a copy, or move the directory away and publish its events anew",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// A write failed so that nobody knows what is on the disk: open the outbox anew.
    #[error("{}: {source}; open the outbox anew to see what it has", path.display())]
    InDoubt {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be handled.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OutboxError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

/// An event that is in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Its place in the outbox, for as long as the outbox is open; none if it has left already.
    pub entry: Option<u64>,
    /// Whether it is there for the first time: the same bytes again are the same event.
    pub is_new: bool,
}

/// Events on disk. Share it by reference; one process a directory.
#[derive(Debug)]
pub struct Outbox {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    settings: OutboxSettings,
    contents: Contents,
    /// In order; the last one grows.
    segments: Vec<Segment>,
    /// A write is in doubt, so nothing more is written.
    in_doubt: Option<PathBuf>,
    /// Held, not read: the kernel releases it when the process ends, however it ends.
    _lock: File,
}

/// An event to be sent.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) entry: u64,
    pub(crate) subject: String,
    pub(crate) payload: Vec<u8>,
}

impl Outbox {
    /// Opens the outbox of a directory, which is made if it is not there. What a crash left is
    /// mended: an event that was being handed over is there or is not.
    pub fn open(dir: impl AsRef<Path>, settings: OutboxSettings) -> Result<Self, OutboxError> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir).map_err(|e| OutboxError::io("creating", dir, e))?;
        let lock = lock(dir)?;
        let recovered = recovery::recover(segments::find(dir)?, left::load(dir))?;
        let recovery::Recovered { contents, mut segments } = recovered;
        if segments.is_empty() {
            segments.push(Segment::create(dir, 1, &[])?);
        }
        let inner = Inner {
            dir: dir.to_owned(),
            settings,
            contents,
            segments,
            in_doubt: None,
            _lock: lock,
        };
        Ok(Self { inner: Mutex::new(inner), changed: watch::Sender::new(()) })
    }

    /// What a directory's outbox holds, also while another process has it. Nothing is changed.
    pub fn look(dir: impl AsRef<Path>) -> Result<Status, OutboxError> {
        let found = segments::find(dir.as_ref())?;
        let bytes = found.iter().map(|found| found.bytes.len());
        let bytes = bytes.map(|n| u64::try_from(n).unwrap_or(u64::MAX)).sum();
        Ok(Status::of(&recovery::read(&found, Vec::new())?.contents, bytes))
    }

    /// Takes an event in structured JSON; it is safe on the disk when this returns. An event
    /// without `sequence` gets its source's next number.
    pub fn enqueue(&self, event: &[u8]) -> Result<Entered, OutboxError> {
        let entered = self.enqueue_all(&[event])?;
        entered.into_iter().next().ok_or(OutboxError::Batch { events: 0 })
    }

    /// Takes events, all or none, with one write that is made safe.
    pub fn enqueue_all(&self, events: &[impl AsRef<[u8]>]) -> Result<Vec<Entered>, OutboxError> {
        let entered = self.inner().enter(events)?;
        self.changed.send_replace(());
        Ok(entered)
    }

    /// Lets the numbers of a source that is new here begin after those that it has already.
    pub fn begin_after(&self, source: &str, last: u64) -> Result<(), OutboxError> {
        self.inner().begin_after(source, last)
    }

    /// Waits until an event has left, or none is there.
    pub async fn room(&self) {
        let mut changed = self.changed.subscribe();
        let held = || self.inner().contents.entries.len();
        let before = held();
        // The outbox keeps the sender for as long as it is there.
        while (1..=held()).contains(&before) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// What it holds.
    pub fn status(&self) -> Status {
        let inner = self.inner();
        Status::of(&inner.contents, inner.bytes())
    }

    /// Tells of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The next events to be sent, which count as on their way from now on. A source's first one
    /// is noted before it goes. Those that may not be sent are parked.
    pub(crate) fn take(&self, most: usize, who: &Identity) -> Result<Vec<Taken>, OutboxError> {
        let (taken, parked) = self.inner().take(most, who)?;
        if parked > 0 {
            tracing::warn!(events = parked, "events stay in the outbox: they may not be published");
            self.changed.send_replace(());
        }
        Ok(taken)
    }

    /// Says that it is known what the log has of a source. Where it has numbers of a source of
    /// which nothing was sent from here, an outbox before this one gave them: the events here get
    /// those that follow.
    pub(crate) fn introduce(&self, source: usize, last: u64) -> Result<(), OutboxError> {
        self.inner().introduce(source, last)
    }

    /// Says how far events have come.
    pub(crate) fn set(&self, states: impl IntoIterator<Item = (u64, State)>) {
        let mut inner = self.inner();
        states.into_iter().for_each(|(entry, state)| inner.contents.set(entry, state));
        drop(inner);
        self.changed.send_replace(());
    }

    /// Lets events go.
    pub(crate) fn leave(&self, entries: &[u64]) -> Result<(), OutboxError> {
        let left = self.inner().leave(entries);
        self.changed.send_replace(());
        left
    }

    /// Looks at everything; the look must be short.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.inner().contents)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while it was held would be a defect; what is on the disk is whole in any case.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    fn enter(&mut self, events: &[impl AsRef<[u8]>]) -> Result<Vec<Entered>, OutboxError> {
        if events.len() > BATCH_MAX {
            return Err(OutboxError::Batch { events: events.len() });
        }
        let mut plan = Plan::default();
        for (index, event) in events.iter().enumerate() {
            plan.add(index, event.as_ref(), &self.contents)?;
        }
        let records = plan.all_records();
        self.make_room(plan.fresh.len(), &records)?;
        let places = self.append(&records, true)?;
        let segment = self.segments.last().map_or(0, |segment| segment.number);
        for source in plan.sources {
            self.contents.add_source(&source.name, source.first, false);
        }
        let first = records.len() - plan.fresh.len();
        let mut new = Vec::with_capacity(plan.fresh.len());
        for (fresh, at) in plan.fresh.into_iter().zip(places.into_iter().skip(first)) {
            let Some(source) = self.contents.source(&fresh.source) else { continue };
            let place = Place { segment, at };
            new.push(self.contents.enter(source, fresh.number, fresh.key, place));
        }
        if let Some(last) = self.segments.last_mut() {
            last.live += u64::try_from(new.len()).unwrap_or(0);
        }
        let entered = plan.answers.into_iter().map(|answer| match answer {
            Answer::New(place) => Entered { entry: new.get(place).copied(), is_new: true },
            Answer::Here(entry) => Entered { entry: Some(entry), is_new: false },
            Answer::Again(place) => Entered { entry: new.get(place).copied(), is_new: false },
            Answer::Left => Entered { entry: None, is_new: false },
        });
        Ok(entered.collect())
    }

    /// Room for the records in the outbox and in its last segment.
    fn make_room(&mut self, events: usize, records: &[Vec<u8>]) -> Result<(), OutboxError> {
        let bytes: usize = records.iter().map(|record| record.len() + frame::HEAD).sum();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if events == 0 {
            return Ok(());
        }
        let held = self.contents.entries.len();
        let full = |bytes| {
            let bytes_max = self.settings.bytes_max;
            Err(OutboxError::Full { events: held, bytes, bytes_max })
        };
        if held + events > self.settings.events_max {
            return full(self.bytes());
        }
        if self.bytes().saturating_add(bytes) > self.settings.bytes_max {
            return full(self.bytes());
        }
        let limit = self.settings.segment_bytes();
        if self.segments.last().is_some_and(|last| last.live > 0 && last.bytes + bytes > limit) {
            self.begin_segment()?;
        }
        Ok(())
    }

    fn append(&mut self, records: &[Vec<u8>], make_safe: bool) -> Result<Vec<u64>, OutboxError> {
        if let Some(path) = self.in_doubt.clone() {
            let source = io::Error::other("a write before this one is in doubt");
            return Err(OutboxError::InDoubt { path, source });
        }
        let Some(last) = self.segments.last_mut() else { return Ok(Vec::new()) };
        let appended = last.append(records, make_safe);
        if let Err(OutboxError::InDoubt { path, .. }) = &appended {
            self.in_doubt = Some(path.clone());
        }
        appended
    }

    fn begin_after(&mut self, source: &str, last: u64) -> Result<(), OutboxError> {
        if self.contents.source(source).is_some() {
            return Err(OutboxError::Begun { source_name: source.to_owned() });
        }
        let numbering = Numbering::Ours { next: last.saturating_add(1) };
        self.append(&[Record::Source { name: source, numbering, begun: true }.pack()], true)?;
        self.contents.add_source(source, numbering, true);
        Ok(())
    }

    fn introduce(&mut self, source: usize, last: u64) -> Result<(), OutboxError> {
        let Some(known) = self.contents.sources.get(source) else { return Ok(()) };
        if let Numbering::Ours { next } = known.numbering
            && !known.begun
        {
            let held = self.contents.entries.values().filter(|entry| entry.source == source);
            let first = held.map(|entry| entry.number).min().unwrap_or(next);
            // They are higher already where a run before this one has seen to it.
            let by = last.saturating_add(1).saturating_sub(first);
            if by > 0 {
                // One short record, however many there are: a crash leaves all as they were, or none.
                let record = Record::Raised { name: &known.name, by }.pack();
                self.append(&[record], true)?;
                self.contents.raise(source, by);
            }
        }
        if let Some(known) = self.contents.sources.get_mut(source) {
            known.introduced = true;
        }
        Ok(())
    }

    /// Those to be sent, and how many may not be.
    fn take(&mut self, most: usize, who: &Identity) -> Result<(Vec<Taken>, usize), OutboxError> {
        let held = &self.contents;
        let waiting = |introduced: bool| {
            held.waiting.iter().filter_map(move |entry| {
                let found = held.entries.get(entry)?;
                let is_so = held.sources.get(found.source)?.introduced == introduced;
                is_so.then_some((*entry, found.source, found.number, found.place))
            })
        };
        // Who may not publish for a unit may not ask for its account either: its source is never
        // introduced.
        let unknown: Vec<(u64, usize, u64, Place)> = waiting(false).take(most).collect();
        let chosen: Vec<(u64, usize, u64, Place)> = waiting(true).take(most).collect();
        let (mut taken, mut begin, mut parked) = (Vec::with_capacity(chosen.len()), Vec::new(), 0);
        for (entry, from, number, place) in unknown.into_iter().chain(chosen) {
            let segment = self.segments.iter_mut().find(|s| s.number == place.segment);
            let Some(segment) = segment else { continue };
            let bytes = segment.read(place.at)?;
            let Some(Record::Event { subject, payload, source, .. }) = Record::unpack(&bytes)
            else {
                continue;
            };
            if let Some(why) = who.why_not(subject) {
                self.contents.set(entry, State::Parked(why.into()));
                parked += 1;
                continue;
            }
            if self.contents.sources.get(from).is_some_and(|source| !source.introduced) {
                continue;
            }
            let ours = self.contents.source(source).and_then(|s| self.contents.sources.get(s));
            let payload = match ours.map(|source| source.numbering) {
                Some(Numbering::Ours { .. }) => event::numbered(payload, number),
                Some(Numbering::Theirs) | None => payload.to_vec(),
            };
            taken.push(Taken { entry, subject: subject.to_owned(), payload });
            begin.push(from);
            self.contents.set(entry, State::Sent);
        }
        self.note_begun(begin.into_iter())?;
        Ok((taken, parked))
    }

    /// Writes down that events of these sources are on their way from now on.
    fn note_begun(&mut self, sources: impl Iterator<Item = usize>) -> Result<(), OutboxError> {
        let mut begin: Vec<usize> = sources
            .filter(|place| self.contents.sources.get(*place).is_some_and(|source| !source.begun))
            .collect();
        begin.sort_unstable();
        begin.dedup();
        let records = begin.iter().filter_map(|place| self.contents.sources.get(*place));
        let records: Vec<Vec<u8>> = records
            .map(|source| {
                let (name, numbering) = (&*source.name, source.numbering);
                Record::Source { name, numbering, begun: true }.pack()
            })
            .collect();
        if records.is_empty() {
            return Ok(());
        }
        self.append(&records, true)?;
        for place in begin {
            if let Some(source) = self.contents.sources.get_mut(place) {
                source.begun = true;
            }
        }
        Ok(())
    }
}

fn lock(dir: &Path) -> Result<File, OutboxError> {
    let path = dir.join("lock");
    let failed = |source| OutboxError::io("locking", &path, source);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OutboxError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
