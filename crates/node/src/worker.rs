//! A projector worker: owns the store of a data directory, folds the log into it, and shows it.
//!
//! Start and recovery are one path: read the position from the store, go on from there. What
//! fails on the way, a full disk or a server that is gone, is tried again; at the start it is an
//! error.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::{Client, jetstream};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tonghop_core::book::Book;
use tonghop_core::day::Day;
use tonghop_core::fold::Projection;
use tonghop_core::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCHES_WAITING_MAX};
use tonghop_core::measure::FacetKind;
use tonghop_core::refusal::Refusal;
use tonghop_store::Severity as StoreSeverity;

use crate::accounts;
use crate::agencies::Agencies;
use crate::announce::{self, FOLDED_SUBJECT, REASONS_MAX, Reason};
use crate::archive::{self, Source};
use crate::folder::{self, Decoded, FoldError, Folder, Outside, Step};
use crate::http::{self, Api};
use crate::nats::{
    Batch, ConnectSettings, NatsError, PublishError, Publisher, PublisherSettings, REPLICAS,
    ReaderSettings, Severity as LogSeverity, StreamIdentity, StreamName, ensure_streams, streams,
};
use crate::reading::Reading;
use crate::receipts;
use crate::refused;
use crate::socket::ReadSocket;
use crate::view::{FacetSource, View};

/// How often progress is told while the worker catches up.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// How long to wait before the log is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How long to wait before a store that could not be opened again is tried again.
const REOPEN_PAUSE: Duration = Duration::from_secs(5);

pub(crate) mod background;
mod opening;

pub use opening::open_store;

/// What a worker works with.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Directory of the projections.
    pub data: PathBuf,
    /// How to reach the log; each session has a connection of its own.
    pub connection: ConnectSettings,
    /// How long what the log has confirmed may take until it is safe on its server's disk.
    pub settle_after: Duration,
}

/// How a session ended.
enum Ended {
    Stopped,
    Again,
}

/// Folds until `stop` holds true, and answers readers on the data directory's socket meanwhile.
///
/// All that has to do with the log runs on threads of its own, which step back for readers.
pub async fn run(
    settings: &WorkerSettings,
    reading: &Arc<Reading>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let (readers, threads) = (Handle::current(), background::Threads::start()?);
    let (settings, reading) = (settings.clone(), Arc::clone(reading));
    let working = async move { work(&settings, &reading, stop, &readers).await };
    threads.run(working).await.context("the projector has panicked")?
}

/// The same, with readers on the socket served where `readers` says.
async fn work(
    settings: &WorkerSettings,
    reading: &Arc<Reading>,
    stop: watch::Receiver<bool>,
    readers: &Handle,
) -> anyhow::Result<()> {
    opening::sweep(&settings.data);
    let mut local: Option<JoinHandle<()>> = None;
    while !*stop.borrow() {
        let mut stopped = stop.clone();
        let opening = tokio::select! {
            opened = opening::open(settings) => opened,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let (client, log, folder) = match opening {
            Ok(opened) => opened,
            // What ended a session before, a full disk say, may take a while to go away.
            Err(error) if local.is_some() && !*stop.borrow() => {
                tracing::error!("{error:#}; trying again");
                tokio::time::sleep(REOPEN_PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let view = show(&folder, reading)?;
        view.set_lag(log.last.saturating_sub(view.position()));
        view.expect(log.last);
        if view.position() == 0 {
            view.withhold_until(log.last);
        }
        // The store is locked now: only its owner takes the socket.
        if local.is_none() {
            let socket = ReadSocket::bind(&settings.data).await?;
            let router = http::router(&Api::new(Arc::clone(reading)));
            local = Some(readers.spawn(socket.serve(router, stop.clone())));
        }
        let ended = session(settings, client, &log, folder, &view, stop.clone()).await?;
        if matches!(ended, Ended::Stopped) {
            break;
        }
        // Readers of the view hold the store open.
        drop(view);
        reading.hide();
        tokio::time::sleep(RETRY_PAUSE).await;
    }
    if let Some(local) = local {
        local.await?;
    }
    Ok(())
}

/// The stream of events; the streams are made if they are not there, and checked.
pub async fn events(context: &jetstream::Context) -> anyhow::Result<StreamIdentity> {
    let streams = ensure_streams(context, REPLICAS).await?;
    streams
        .into_iter()
        .find(|stream| stream.name == StreamName::Events.as_str())
        .ok_or_else(|| anyhow::anyhow!("the log has no stream {}", StreamName::Events))
}

async fn session(
    settings: &WorkerSettings,
    client: Client,
    log: &StreamIdentity,
    folder: Folder,
    view: &Arc<View>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<Ended> {
    let context = &jetstream::new(client.clone());
    let (batches, received) = mpsc::channel(BATCHES_WAITING_MAX);
    let (decoded, ready) = mpsc::channel(1);
    let source = source(settings, context, log, folder.projection());
    let reading = tokio::spawn(source.run(batches, stop));
    let watching = tokio::spawn(watch_end(context.clone(), Arc::clone(view)));
    let answering = receipts::serve(client.clone(), Arc::clone(view), settings.settle_after);
    let answering = tokio::spawn(answering);
    // It ends by itself when either end of its channels is gone.
    let _decoding = background::run("decode", move || folder::decode_all(received, &decoded))?;
    let publisher = Publisher::start(client.clone(), PublisherSettings::new()).await?;
    let mut outside = Live {
        runtime: Handle::current(),
        client,
        publisher,
        view: Arc::clone(view),
        progress: Progress::new(log.last),
        began: Instant::now(),
        sized: None,
        reasons: Vec::new(),
        agencies: Agencies::new(&settings.data),
    };
    let folding = background::run("fold", move || fold_all(folder, ready, &mut outside))?.await;
    watching.abort();
    answering.abort();
    if let Err(error) = folding.context("the fold has panicked")? {
        // The reader would notice only when it has more to hand over.
        reading.abort();
        return goes_on_after(error);
    }
    match reading.await? {
        Ok(_) => Ok(Ended::Stopped),
        Err(error) => goes_on_after(error.into()),
    }
}

/// Keeps readers told of how far the log has come, whether or not anything is folded.
async fn watch_end(context: jetstream::Context, view: Arc<View>) {
    loop {
        tokio::time::sleep(PROGRESS_EVERY).await;
        match streams::identity(&context, StreamName::Events.as_str()).await {
            Ok(log) => view.log_is_at(log.last),
            Err(error) => tracing::debug!(%error, "the end of the log is not known now"),
        }
    }
}

/// Whether a new session can mend what ended this one; else the error.
fn goes_on_after(error: FoldError) -> anyhow::Result<Ended> {
    let can = match &error {
        // A publisher that has given up is made anew with the session.
        FoldError::ReadFrom(_)
        | FoldError::Damaged(_)
        // What the log lost is not folded any more: the store is computed anew when it is opened.
        | FoldError::Log(
            NatsError::Closed
            | NatsError::StreamBehind { .. }
            | NatsError::StreamChanged { .. }
            | NatsError::Publish(PublishError::Closed | PublishError::GaveUp { .. }),
        ) => true,
        FoldError::Store(error) => error.severity() != StoreSeverity::Stop,
        FoldError::Log(error) => error.severity() == LogSeverity::Retry,
    };
    if !can {
        return Err(error.into());
    }
    tracing::error!(%error, "folding begins again from what is stored");
    Ok(Ended::Again)
}

/// The log behind what is folded.
fn source(
    worker: &WorkerSettings,
    context: &jetstream::Context,
    log: &StreamIdentity,
    folded: &Projection,
) -> Source {
    let mut settings = ReaderSettings::new(StreamName::Events.as_str(), folded.position());
    settings.recorded_ms = Some(folded.last_recorded().unix_ms());
    settings.created_ns = Some(log.created_ns);
    settings.batch_messages_max = BATCH_EVENTS_MAX;
    settings.batch_bytes_max = BATCH_BYTES_MAX;
    let archive = archive::dir(&worker.data);
    Source { context: Some(context.clone()), archive, archive_first: false, settings }
}

/// Shows readers what the store holds.
pub fn show(folder: &Folder, reading: &Reading) -> Result<Arc<View>, FoldError> {
    let view = Arc::new(view_of(folder, reading, ())?);
    reading.show(Arc::clone(&view));
    Ok(view)
}

/// What readers see of a folder. `keep` is dropped with the view, after its readers of the store.
pub fn view_of(
    folder: &Folder,
    reading: &Reading,
    keep: impl Send + Sync + 'static,
) -> Result<View, FoldError> {
    let mut book = Book::default();
    for cell in folder.store().cells(Some(FacetKind::All)) {
        let (key, amount) = cell?;
        book.add(&key, amount);
    }
    let projection = folder.projection();
    let reader = || folder.store().reader();
    let (cells, position, timelines) = (reader(), reader(), reader());
    let source = FacetSource {
        cells: Box::new(move |unit, group, kind| {
            Ok(cells.facet_cells(unit, group, kind, Day::MAX.month_number())?)
        }),
        position: Box::new(move || {
            let _ = &keep;
            Ok(position.position()?)
        }),
        timelines: Box::new(move |keys| Ok(timelines.load(keys)?)),
    };
    Ok(View::new(
        reading.catalogue(),
        book,
        projection.registry().clone(),
        projection.position(),
        projection.recorded(),
        projection.counts(),
        source,
    )
    .with_sources(projection.sources()))
}

fn fold_all(
    mut folder: Folder,
    mut ready: mpsc::Receiver<Decoded>,
    outside: &mut Live,
) -> Result<(), FoldError> {
    while let Some(decoded) = ready.blocking_recv() {
        outside.began = Instant::now();
        if let Err(error) = folder.fold(decoded, outside) {
            let damage = match &error {
                FoldError::Damaged(damaged) => Some(damaged.what.clone()),
                FoldError::Store(store) if store.severity() == StoreSeverity::Rebuild => {
                    Some(store.to_string())
                }
                FoldError::Store(_) | FoldError::Log(_) | FoldError::ReadFrom(_) => None,
            };
            if let Some(what) = damage {
                folder.store().mark_damaged(&what)?;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The outside of live folding.
#[derive(Debug)]
struct Live {
    runtime: Handle,
    client: Client,
    publisher: Publisher,
    view: Arc<View>,
    progress: Progress,
    /// When the batch at hand was begun.
    began: Instant,
    /// When the size of the store was looked at last.
    sized: Option<Instant>,
    /// Why messages of the batch at hand were refused, as far as it is told.
    reasons: Vec<Reason>,
    /// Who is told of its own messages.
    agencies: Agencies,
}

impl Outside for Live {
    fn refuse(&mut self, batch: &Batch, refusals: &[(u64, Refusal)]) -> Result<(), NatsError> {
        for (_, refusal) in refusals {
            self.view.metrics().refused(refusal.code.word());
        }
        let told = refusals.iter().take(REASONS_MAX);
        self.reasons = told.map(|(position, refusal)| Reason::new(*position, refusal)).collect();
        let messages = refused::messages(batch, refusals);
        self.runtime.block_on(async {
            let mut receipts = Vec::with_capacity(messages.len());
            for message in messages {
                receipts.push(self.publisher.publish(message).await?);
            }
            for receipt in receipts {
                receipt.stored().await?;
            }
            Ok(())
        })
    }

    fn announce(&mut self, step: &Step<'_>) {
        let registry = step.announcement.units_changed.then(|| step.projection.registry().clone());
        self.view.metrics().committed(self.began.elapsed());
        self.view.apply(step.changes, step.announcement, registry);
        self.view.set_lag(step.pending);
        let reasons = std::mem::take(&mut self.reasons);
        self.tell_units(step, &reasons);
        let text = announce::to_json(step.announcement, step.pending, reasons);
        let told = self.runtime.block_on(self.client.publish(FOLDED_SUBJECT, text.into()));
        if let Err(error) = told {
            tracing::debug!(%error, "nobody could be told of the step");
        }
        if self.sized.is_none_or(|sized| sized.elapsed() >= PROGRESS_EVERY) || step.pending == 0 {
            self.sized = Some(Instant::now());
            self.view.metrics().stored(step.store.disk_bytes().unwrap_or(0));
        }
        self.progress.tell(step.announcement.position, step.pending);
    }
}

impl Live {
    /// Tells the agencies that have a key for NATS, each of its own messages.
    fn tell_units(&self, step: &Step<'_>, reasons: &[Reason]) {
        let units = self.agencies.with(accounts::units).unwrap_or_default();
        if units.is_empty() {
            return;
        }
        let units = units.into_iter().map(|unit| (unit.token(), unit)).collect();
        let subjects = step.batch.messages.iter().map(|raw| (raw.position, raw.subject.as_str()));
        let (announcement, lag) = (step.announcement, step.pending);
        let told = announce::to_json_by_unit(announcement, lag, reasons, &units, subjects);
        for (unit, text) in told {
            let subject = announce::folded_subject(unit);
            let told = self.runtime.block_on(self.client.publish(subject, text.into()));
            if let Err(error) = told {
                tracing::debug!(%error, %unit, "it could not be told of the step");
            }
        }
    }
}

/// Tells how far a long catch-up has come.
#[derive(Debug)]
struct Progress {
    last: u64,
    begun: Option<(Instant, u64)>,
    told: Instant,
    /// Whether anything was told since the log's end was last reached.
    is_told: bool,
}

impl Progress {
    fn new(last: u64) -> Self {
        Self { last, begun: None, told: Instant::now(), is_told: false }
    }

    fn tell(&mut self, position: u64, pending: u64) {
        let last = self.last.max(position.saturating_add(pending));
        if pending == 0 {
            self.begun = None;
            if std::mem::take(&mut self.is_told) {
                tracing::info!(position, "caught up with the log");
            }
            return;
        }
        let Some((since, from)) = self.begun else {
            // There is no rate yet; what is caught up with at once is not worth a line.
            self.begun = Some((Instant::now(), position));
            self.told = Instant::now();
            return;
        };
        if self.told.elapsed() < PROGRESS_EVERY {
            return;
        }
        let ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let per_second = position.saturating_sub(from).saturating_mul(1_000) / ms;
        tracing::info!(position, of = last, per_second, "folding");
        (self.told, self.is_told) = (Instant::now(), true);
    }
}
