//! Sealing the stream: by a worker beside the projector, or once when asked.
//!
//! It reads the stream by itself, with what may read it, and publishes nothing. In memory are one
//! row group of a segment, at most 32 MiB as received and about as much again while it is written,
//! and the batches of its reader.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonghop_core::limits::{BATCHES_WAITING_MAX, PAYLOAD_BYTES_MAX};
use tonghop_ledger::archive::{
    Archive, ArchiveError, LOG, Manifest, Record, SEGMENT_ROWS_MAX, Stream,
};
use tonghop_ledger::log::Log;
use tonghop_ledger::message::Message;
use tonghop_ledger::note::{Note, SigningKey};

use crate::folder::header_pairs;
use crate::nats::{
    Batch, ConnectSettings, NatsError, Raw, Reader, ReaderSettings, StreamIdentity, StreamName,
    connect, streams,
};
use crate::receipts::Settled;
use crate::worker::background;

/// After so long without a message what there is is sealed, although it fills no segment.
const QUIET: Duration = Duration::from_hours(1);
/// How often it is looked whether there is something to seal.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Where checkpoints are published.
const CHECKPOINT_SUBJECT: &str = "tonghop.evidence.checkpoint";
/// How long to wait after an error.
const RETRY_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of a batch that is read to be sealed.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

const _: () = assert!(BATCH_BYTES_MAX > 2 * PAYLOAD_BYTES_MAX);

/// Why sealing ended.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The log.
    #[error(transparent)]
    Log(#[from] NatsError),
    /// A task.
    #[error("sealing has panicked")]
    Panicked,
    /// A thread.
    #[error("no thread to seal on: {0}")]
    NoThread(std::io::Error),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
}

/// What was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The last position that is sealed now.
    pub position: u64,
    /// How many messages were sealed.
    pub messages: u64,
    /// In how many segments.
    pub segments: u64,
}

/// What to seal.
#[derive(Debug, Clone)]
pub struct Sealer {
    /// The log.
    pub context: jetstream::Context,
    /// Which log.
    pub log: StreamIdentity,
    /// The directory of the archive.
    pub dir: PathBuf,
    /// The last position to be sealed.
    pub end: u64,
    /// Seal also what fills no segment.
    pub rest: bool,
}

impl Sealer {
    /// Seals up to the end, or until it is stopped: then the segment at hand is sealed next time.
    /// `tell` hears of each position that was sealed.
    pub async fn run(
        self,
        stop: watch::Receiver<bool>,
        tell: fn(u64, u64),
    ) -> Result<Sealed, SealError> {
        let stream = Stream { name: self.log.name.clone(), created_ns: self.log.created_ns };
        let dir = self.dir.clone();
        let opened = tokio::task::spawn_blocking(move || Archive::open(&dir, &stream, None)).await;
        let archive = opened.map_err(|_| SealError::Panicked)??;
        let position = archive.manifest().position();
        if self.log.last < position {
            archive.check_last(None)?;
        }
        // The one that was sealed last is looked at again first.
        let after = position.saturating_sub(1);
        let worthwhile = if self.rest { 1 } else { SEGMENT_ROWS_MAX };
        let begun = self.end >= position.saturating_add(worthwhile);
        if !begun && (position == 0 || self.log.last == 0) {
            return Ok(Sealed { position, messages: 0, segments: 0 });
        }
        let mut settings = ReaderSettings::new(self.log.name.clone(), after);
        settings.created_ns = Some(self.log.created_ns);
        settings.batch_messages_max = 4_096;
        settings.batch_bytes_max = BATCH_BYTES_MAX;
        let (batches, received) = mpsc::channel(BATCHES_WAITING_MAX);
        let reading = tokio::spawn(Reader::new(self.context, settings).run(batches, stop));
        let task = Task { archive, received, end: self.end, worthwhile, tell };
        let sealing = background::run("seal", move || task.run()).map_err(SealError::NoThread)?;
        let sealed = sealing.await.map_err(|_| SealError::Panicked)?;
        let read = if reading.is_finished() { reading.await.ok() } else { None };
        match (sealed, read) {
            // The reader says why there was nothing more to seal.
            (Ok(sealed), Some(Err(error))) if sealed.position < self.end => Err(error.into()),
            (sealed, _) => sealed,
        }
    }
}

/// Sealing, on a thread of its own.
struct Task {
    archive: Archive,
    received: mpsc::Receiver<Batch>,
    end: u64,
    worthwhile: u64,
    tell: fn(u64, u64),
}

impl Task {
    fn run(mut self) -> Result<Sealed, SealError> {
        let begun = self.archive.manifest().position();
        let mut waiting: std::vec::IntoIter<Raw> = Vec::new().into_iter();
        let mut next = || loop {
            if let Some(raw) = waiting.next() {
                return Some(raw);
            }
            waiting = self.received.blocking_recv()?.messages.into_iter();
        };
        let mut sealed = Sealed { position: begun, messages: 0, segments: 0 };
        if begun > 0 {
            let Some(last) = next() else { return Ok(sealed) };
            with_record(&last, |record| self.archive.check_last(Some(record)))?;
        }
        while self.end >= sealed.position.saturating_add(self.worthwhile) {
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(SealError::NoRandomness)?;
            let mut sealing = self.archive.begin(random)?;
            while !sealing.is_full() && sealed.position + sealing.rows() < self.end {
                // Stopped, or the log failed: what is begun is begun anew.
                let Some(raw) = next() else { return Ok(sealed) };
                with_record(&raw, |record| sealing.push(record))?;
            }
            sealing.finish()?;
            let position = self.archive.manifest().position();
            sealed = Sealed { position, messages: position - begun, segments: sealed.segments + 1 };
            (self.tell)(position, self.end);
        }
        Ok(sealed)
    }
}

/// Seals the log up to its end of now, and signs what is sealed: the position and the checkpoint.
/// The checkpoint is published as
/// evidence too, which is where the next one is held against it. None if it was stopped.
///
/// While another process seals, it waits for that one.
pub async fn seal_and_sign(
    context: &jetstream::Context,
    dir: &std::path::Path,
    key: &Arc<SigningKey>,
    stop: &watch::Receiver<bool>,
) -> Result<Option<(u64, Note)>, SealError> {
    let log = streams::identity(context, StreamName::Events.as_str()).await?;
    let position = loop {
        let (context, log, dir, end) = (context.clone(), log.clone(), dir.to_owned(), log.last);
        let whole = Sealer { context, log, dir, end, rest: true };
        match whole.run(stop.clone(), progress).await {
            Ok(done) if done.position < end => return Ok(None),
            Ok(done) => break done.position,
            Err(SealError::Archive(ArchiveError::Locked { .. })) if !*stop.borrow() => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(error) => return Err(error),
        }
    };
    let published = last_checkpoint(context).await?;
    let (dir, key) = (dir.to_owned(), Arc::clone(key));
    let known = published.clone();
    let signing = tokio::task::spawn_blocking(move || sign(&dir, position, &key, known.as_deref()));
    let (position, note) = signing.await.map_err(|_| SealError::Panicked)??;
    let text = note.to_string();
    if published.as_deref() != Some(text.as_bytes()) {
        let failed = |error: jetstream::context::PublishError| NatsError::Api {
            what: "publishing a checkpoint",
            source: Box::new(error),
        };
        let sent = context.publish(CHECKPOINT_SUBJECT, text.into()).await.map_err(failed)?;
        sent.await.map_err(failed)?;
    }
    Ok(Some((position, note)))
}

fn sign(
    dir: &std::path::Path,
    position: u64,
    key: &SigningKey,
    published: Option<&[u8]>,
) -> Result<(u64, Note), SealError> {
    let manifest = Manifest::read(dir)?;
    let manifest = manifest.filter(|manifest| manifest.position() >= position);
    let manifest = manifest.ok_or_else(|| ArchiveError::Absent { dir: dir.to_owned() })?;
    let log = Log::open(&dir.join(LOG)).map_err(ArchiveError::from)?;
    let known: Vec<(&str, &[u8])> =
        published.iter().map(|bytes| (CHECKPOINT_SUBJECT, *bytes)).collect();
    let note = log.sign(manifest.frontier(), key, &known).map_err(ArchiveError::from)?;
    Ok((manifest.position(), note))
}

/// The checkpoint that was published last, if one was.
async fn last_checkpoint(context: &jetstream::Context) -> Result<Option<Vec<u8>>, SealError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| NatsError::Api {
        what: "looking at the checkpoint that was published last",
        source,
    };
    let stream = context.get_stream(StreamName::Evidence.as_str()).await;
    let stream = stream.map_err(|error| failed(Box::new(error)))?;
    match stream.get_last_raw_message_by_subject(CHECKPOINT_SUBJECT).await {
        Ok(message) => Ok(Some(message.payload.to_vec())),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(failed(Box::new(error)).into()),
    }
}

fn progress(position: u64, end: u64) {
    tracing::info!(position, of = end, "sealed");
}

/// A message as it is sealed.
pub(super) fn with_record<T>(raw: &Raw, with: impl FnOnce(&Record<'_>) -> T) -> T {
    let headers = header_pairs(raw);
    let message =
        Message { subject: raw.subject.as_str(), headers: &headers, payload: &raw.payload };
    with(&Record { position: raw.position, recorded_ms: raw.recorded_ms, message })
}

/// Seals what the log has for good, until `stop` holds true: whole segments as they fill, and what
/// there is after an hour without a message. A log that is not the one that was sealed ends it.
pub async fn seal(
    connection: ConnectSettings,
    dir: PathBuf,
    settle_after: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let stopped = stop.clone();
    let sealing = async {
        while let Err(error) = seal_from(&connection, &dir, settle_after, &stopped).await {
            if let SealError::Archive(ArchiveError::Forked { .. }) = error {
                return tracing::error!("{error}; the archive is not gone on with");
            }
            tracing::error!("{error}; sealing is tried again");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    };
    tokio::select! {
        () = sealing => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn seal_from(
    connection: &ConnectSettings,
    dir: &std::path::Path,
    settle_after: Duration,
    stop: &watch::Receiver<bool>,
) -> Result<(), SealError> {
    let context = jetstream::new(connect(connection).await?);
    let (mut settled, mut last, mut since) = (Settled::new(settle_after), 0, Instant::now());
    let mut sealed = None;
    while !*stop.borrow() {
        tokio::time::sleep(LOOK_EVERY).await;
        let log = streams::identity(&context, StreamName::Events.as_str()).await?;
        if log.last < last {
            // It was put back: nothing that was seen of it says anything any more.
            (settled, sealed) = (Settled::new(settle_after), None);
        }
        if log.last != last {
            (last, since) = (log.last, Instant::now());
        }
        settled.note(Instant::now(), log.last);
        let end = settled.position();
        let rest = since.elapsed() >= QUIET;
        let worthwhile = if rest { 1 } else { SEGMENT_ROWS_MAX };
        // The first look finds out what is sealed, and whether the log is still that one.
        if sealed.is_some_and(|sealed| end < worthwhile + sealed) || end == 0 {
            continue;
        }
        let (context, dir) = (context.clone(), dir.to_owned());
        let segments = Sealer { context, log, dir, end, rest };
        match segments.run(stop.clone(), |_, _| {}).await {
            Ok(done) => {
                if done.segments > 0 {
                    tracing::info!(position = done.position, segments = done.segments, "sealed");
                }
                sealed = Some(done.position);
            }
            // Somebody else seals just now.
            Err(SealError::Archive(ArchiveError::Locked { .. })) => sealed = None,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
