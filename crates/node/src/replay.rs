//! Folding the log afresh, up to a place, into a store of its own beside the one in use.
//!
//! The same folder as live folding; only its outside is silent: the refusals were stored when the
//! messages were folded first. The directory is removed when the replay goes out of use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use tokio::sync::{mpsc, watch};
use tonghop_core::day;
use tonghop_core::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCHES_WAITING_MAX};
use tonghop_core::refusal::Refusal;
use tonghop_wire::Decoder;

use crate::archive::{self, Source};
use crate::folder::{Decoded, FoldError, Folder, Outside, Step};
use crate::nats::{
    Batch, ConnectSettings, NatsError, ReaderSettings, StreamIdentity, StreamName, connect,
};
use crate::reading::Reading;
use crate::view::View;
use crate::worker;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What to fold.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Where the log is; without it the log ends where its archive does.
    pub context: Option<jetstream::Context>,
    /// The archive of the log, whether there is one or not.
    pub archive: PathBuf,
    /// Read from the archive what is sealed, although the stream has it.
    pub archive_first: bool,
    /// Which log.
    pub log: StreamIdentity,
    /// The last position.
    pub end: u64,
    /// Messages recorded after this instant, and all behind them, are left out.
    pub before: Option<day::Instant>,
}

/// A finished replay: its folder, and the directory that it stands in.
#[derive(Debug)]
pub struct Replayed {
    /// The projections at the end of the replay.
    pub folder: Folder,
    dir: Dir,
}

/// A directory that is removed when it goes out of use.
#[derive(Debug)]
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(dir = %self.0.display(), %error, "the replay's directory stays");
        }
    }
}

impl Replay {
    /// Folds up to the end, in a directory below `data`; none if it was stopped before.
    pub async fn run(
        self,
        data: &Path,
        stop: watch::Receiver<bool>,
        tell: fn(u64, u64, Duration),
    ) -> anyhow::Result<Option<Replayed>> {
        let dir = Dir(data.join(format!("replay-{}-{}", std::process::id(), self.end)));
        std::fs::create_dir_all(&dir.0)?;
        let folder = Folder::open(worker::open_store(&dir.0, &self.log)?)?;
        if self.end == 0 {
            return Ok(Some(Replayed { folder, dir }));
        }
        let mut settings = ReaderSettings::new(StreamName::Events.as_str(), 0);
        settings.created_ns = Some(self.log.created_ns);
        settings.batch_messages_max = BATCH_EVENTS_MAX;
        settings.batch_bytes_max = BATCH_BYTES_MAX;
        let (batches, received) = mpsc::channel(BATCHES_WAITING_MAX);
        let (decoded, ready) = mpsc::channel(1);
        let (end, before) = (self.end, self.before);
        let Self { context, archive, archive_first, .. } = self;
        let source = Source { context, archive, archive_first, settings };
        let reading = tokio::spawn(source.run(batches, stop));
        let decoding =
            tokio::task::spawn_blocking(move || decode_until(received, &decoded, end, before));
        let folding = tokio::task::spawn_blocking(move || fold_all(folder, ready, end, tell));
        let folder = folding.await??;
        if decoding.await? {
            // The reader ends by itself: nobody receives from it any more.
            reading.abort();
            return Ok(Some(Replayed { folder, dir }));
        }
        reading.await??;
        Ok(None)
    }
}

/// Decodes up to the end, and answers whether it came there.
fn decode_until(
    mut received: mpsc::Receiver<Batch>,
    ready: &mpsc::Sender<Decoded>,
    end: u64,
    before: Option<day::Instant>,
) -> bool {
    let mut decoder = Decoder::new();
    while let Some(mut batch) = received.blocking_recv() {
        let cut = batch.messages.iter().position(|raw| {
            raw.position > end || before.is_some_and(|at| raw.recorded_ms > at.unix_ms())
        });
        batch.messages.truncate(cut.unwrap_or(usize::MAX));
        let whole = cut.is_some() || batch.messages.last().is_some_and(|raw| raw.position >= end);
        if ready.blocking_send(Decoded::new(batch, &mut decoder)).is_err() {
            return false;
        }
        if whole {
            return true;
        }
    }
    false
}

fn fold_all(
    mut folder: Folder,
    mut ready: mpsc::Receiver<Decoded>,
    end: u64,
    tell: fn(u64, u64, Duration),
) -> Result<Folder, FoldError> {
    let mut outside = Silent { begun: Instant::now(), told: Instant::now(), end, tell };
    while let Some(decoded) = ready.blocking_recv() {
        folder.fold(decoded, &mut outside)?;
    }
    Ok(folder)
}

#[derive(Debug)]
struct Silent {
    begun: Instant,
    told: Instant,
    end: u64,
    tell: fn(u64, u64, Duration),
}

impl Outside for Silent {
    fn refuse(&mut self, _: &Batch, _: &[(u64, Refusal)]) -> Result<(), NatsError> {
        Ok(())
    }

    fn announce(&mut self, step: &Step<'_>) {
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            (self.tell)(step.announcement.position, self.end, self.begun.elapsed());
        }
    }
}

/// Views of earlier positions of the log, for readers: made by replay, one at a time; the last one
/// is kept.
#[derive(Debug)]
pub struct Earlier {
    /// How to reach the log; each replay has a connection of its own.
    connection: ConnectSettings,
    data: PathBuf,
    stop: watch::Receiver<bool>,
    runtime: tokio::runtime::Handle,
    last: Mutex<Option<(u64, Arc<View>)>>,
}

impl Earlier {
    /// None made yet.
    pub fn new(connection: ConnectSettings, data: PathBuf, stop: watch::Receiver<bool>) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self { connection, data, stop, runtime, last: Mutex::new(None) }
    }

    /// The view of the log up to a position. It blocks, for as long as the replay takes.
    pub fn view(&self, position: u64, reading: &Reading) -> anyhow::Result<Arc<View>> {
        let mut last = match self.last.try_lock() {
            Ok(last) => last,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("another reader's replay is under way; ask again when it is done")
            }
        };
        if let Some((held, view)) = &*last
            && *held == position
        {
            view.replace_catalogue(reading.catalogue());
            return Ok(Arc::clone(view));
        }
        // The directory of the one before goes before the next is made.
        *last = None;
        let replayed = self.runtime.block_on(async {
            let context = jetstream::new(connect(&self.connection).await?);
            let log = worker::events(&context).await?;
            let end = position.min(log.last);
            let (context, archive) = (Some(context), archive::dir(&self.data));
            let replay = Replay { context, archive, archive_first: false, log, end, before: None };
            replay
                .run(&self.data, self.stop.clone(), |position, of, _| {
                    tracing::info!(position, of, "replaying for a reader");
                })
                .await
        })?;
        let replayed = replayed.ok_or_else(|| anyhow::anyhow!("stopped in the middle"))?;
        let view = Arc::new(worker::view_of(&replayed.folder, reading, replayed.dir)?);
        *last = Some((position, Arc::clone(&view)));
        Ok(view)
    }
}
