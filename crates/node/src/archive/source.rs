//! The log for whoever folds it: what is no more in the stream from its segments, the rest from the
//! stream.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue, jetstream};
use tokio::sync::{mpsc, watch};
use tonghop_ledger::archive::{self, ArchiveError};

use crate::nats::{Batch, NatsError, Raw, Reader, ReaderSettings, streams};

/// Where the log is read from.
#[derive(Debug)]
pub struct Source {
    /// The stream; without it the log ends where the archive does.
    pub context: Option<jetstream::Context>,
    /// The archive, whether there is one or not.
    pub archive: PathBuf,
    /// Read from the archive what is sealed, although the stream has it.
    pub archive_first: bool,
    /// From where to read, and in what portions.
    pub settings: ReaderSettings,
}

impl Source {
    /// Reads like [`Reader::run`], and answers the same.
    pub async fn run(
        self,
        batches: mpsc::Sender<Batch>,
        stop: watch::Receiver<bool>,
    ) -> Result<u64, NatsError> {
        let Self { context, archive, archive_first, mut settings } = self;
        let sealed = match &context {
            Some(_) if archive_first => true,
            Some(context) => {
                // Where the stream cannot be asked now, its reader waits for it.
                let found = streams::identity(context, &settings.stream).await;
                found.is_ok_and(|found| found.first > settings.after.saturating_add(1))
            }
            None => true,
        };
        if sealed {
            let (of_archive, to, stopped) = (settings.clone(), batches.clone(), stop.clone());
            let reading = move || read(&archive, &of_archive, &to, &stopped);
            let read = tokio::task::spawn_blocking(reading).await;
            let Some(end) = read.map_err(|error| NatsError::Api {
                what: "reading the archive",
                source: error.into(),
            })??
            else {
                return Ok(settings.after);
            };
            if end.position > settings.after {
                settings.after = end.position;
                settings.recorded_ms = end.recorded_ms;
            }
        }
        match context {
            Some(context) => Reader::new(context, settings).run(batches, stop).await,
            None => Ok(settings.after),
        }
    }
}

/// What was read last.
struct End {
    position: u64,
    recorded_ms: Option<i64>,
}

/// Reads the archive to its end; none if it was stopped, or nobody receives.
fn read(
    dir: &Path,
    settings: &ReaderSettings,
    batches: &mpsc::Sender<Batch>,
    stop: &watch::Receiver<bool>,
) -> Result<Option<End>, NatsError> {
    let mut reader = archive::Reader::open(dir, settings.after)?;
    let manifest = reader.manifest();
    let (last, found_ns) = (manifest.position(), manifest.stream.created_ns);
    if let Some(expected_ns) = settings.created_ns.filter(|expected| *expected != found_ns) {
        let stream = format!("{} of the archive in {}", manifest.stream.name, dir.display());
        return Err(NatsError::StreamReplaced { stream, expected_ns, found_ns });
    }
    tracing::info!(from = settings.after + 1, to = last, "reading the log from its archive");
    let mut end = End { position: settings.after, recorded_ms: None };
    let mut batch = Batch { messages: Vec::new(), bytes: 0, pending: 0 };
    loop {
        let row = reader.next_row()?;
        let ended = row.is_none();
        if let Some(row) = row {
            let raw = raw(row, dir)?;
            (end.position, end.recorded_ms) = (raw.position, Some(raw.recorded_ms));
            batch.bytes += raw.payload.len() + raw.subject.len();
            batch.pending = last.saturating_sub(raw.position);
            batch.messages.push(raw);
        }
        let full = batch.messages.len() >= settings.batch_messages_max
            || batch.bytes >= settings.batch_bytes_max;
        if (full || ended) && !batch.messages.is_empty() {
            let room = Vec::with_capacity(batch.messages.len());
            let empty = Batch { messages: room, bytes: 0, pending: 0 };
            let batch = std::mem::replace(&mut batch, empty);
            if *stop.borrow() || batches.blocking_send(batch).is_err() {
                return Ok(None);
            }
        }
        if ended {
            return Ok(Some(end));
        }
    }
}

/// The sealed message at a position, as the log had it.
pub fn row_at(dir: &Path, position: u64) -> Result<Option<Raw>, NatsError> {
    let row = archive::Reader::open(dir, position.saturating_sub(1))?.next_row()?;
    Ok(row.map(|row| raw(row, dir)).transpose()?)
}

/// The message as the log had it.
pub(super) fn raw(row: archive::Sealed, dir: &Path) -> Result<Raw, ArchiveError> {
    let (position, path) = (row.leaf.position, dir.to_owned());
    let Some(kept) = row.kept else {
        let why = "it was erased, and cannot be folded again";
        return Err(ArchiveError::Row { path, position, why });
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &kept.headers {
        let pair = HeaderName::from_str(name).ok().zip(HeaderValue::from_str(value).ok());
        let Some((name, value)) = pair else {
            let why = "it has a header that no message has";
            return Err(ArchiveError::Row { path, position, why });
        };
        headers.append(name, value);
    }
    Ok(Raw {
        position,
        recorded_ms: row.stored_ms,
        subject: kept.subject.into(),
        headers: (!kept.headers.is_empty()).then_some(headers),
        payload: kept.payload,
    })
}
