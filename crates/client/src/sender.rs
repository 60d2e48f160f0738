//! Sends what an outbox holds, until the office has it.
//!
//! An event is sent until the log confirms it, and again when an account shows that the log has
//! lost it ([`crate::receipts`]). It is sent byte for byte the same, so a second copy is a
//! duplicate and changes no figure. It leaves the outbox when it is received for good.
//!
//! After a start it is asked first what the log has: what a run before this one sent is not sent
//! again. Where nobody answers, everything is; but the first event of a source that gets its
//! numbers here waits for an answer, for numbers that the log has already would hide its loss.
//!
//! **Invariant RCP-1:** an event leaves the outbox only by an account that has its number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::Client;
use async_nats::connection::State as ConnectionState;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::accounts::{Accounts, Rounds};
use crate::heartbeat;
use crate::jitter;
use crate::outbox::contents::Contents;
use crate::outbox::{Outbox, OutboxError, State, Taken};
use crate::publisher::{Outgoing, PublishError, Publisher, PublisherSettings, Stored};
use crate::whoami::{Identity, who_am_i};

/// Events that are read from the disk, and confirmations that are written down, at a time.
const TURN: usize = 256;
/// How often accounts are asked for while events wait for them.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often while nobody answers.
const ASK_EVERY_ALONE: Duration = Duration::from_secs(10);
/// How often a server that does not say who the connection is gets asked.
const ASK_WHO_EVERY: Duration = Duration::from_mins(1);
/// How long events on their way, and heartbeats, may take to be confirmed at the end.
const LAST_MAX: Duration = Duration::from_secs(2);

/// How to send.
#[derive(Debug, Clone)]
pub struct SenderSettings {
    /// Events on their way at a time.
    pub window: usize,
    /// How often each source says how far it has come; also at the end.
    pub heartbeat_every: Duration,
    /// Who wants to know where each event was stored.
    pub confirmed: Option<mpsc::Sender<Confirmed>>,
}

impl SenderSettings {
    /// 1,024 on their way, a heartbeat an hour.
    pub fn new() -> Self {
        Self { window: 1_024, heartbeat_every: Duration::from_hours(1), confirmed: None }
    }
}

impl Default for SenderSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// The log has an event; not yet for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// Its place in the outbox ([`crate::outbox::Entered::entry`]).
    pub entry: u64,
    /// Its position in the log.
    pub position: u64,
}

/// Why sending ended.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The outbox failed.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The connection failed for good.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// It was ended, or has panicked.
    #[error("sending has ended")]
    Ended,
}

/// Sends what an outbox holds, in the background, while it is there.
#[derive(Debug)]
pub struct Sender {
    outbox: Arc<Outbox>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    task: JoinHandle<Result<(), SendError>>,
}

impl Sender {
    /// Begins to send on this connection, which should reconnect by itself for ever.
    pub async fn start(
        outbox: Arc<Outbox>,
        client: Client,
        settings: SenderSettings,
    ) -> Result<Self, SendError> {
        let publishing = PublisherSettings {
            window: settings.window,
            give_up_after: Duration::MAX,
            ..PublisherSettings::new()
        };
        let publisher = Publisher::start(client.clone(), publishing).await?;
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(false);
        let task = Task {
            accounts: Accounts::new(client.clone()),
            rounds: Rounds::default(),
            who: Who { client, is: Identity::default(), asked: None, ask_at: Instant::now() },
            outbox: Arc::clone(&outbox),
            on_way: FuturesUnordered::new(),
            promised: BTreeMap::new(),
            ask_at: Instant::now() + ASK_EVERY,
            unanswered: BTreeMap::new(),
            publisher,
            settings,
            stopped,
        };
        let task = tokio::spawn(async move {
            let result = task.run().await;
            end.send_replace(true);
            result
        });
        Ok(Self { outbox, stop, ended, task })
    }

    /// Waits until the log has confirmed every event that is in the outbox, but for those that it
    /// will not take ([`crate::outbox::Status::parked`]).
    pub async fn stored(&self) -> Result<(), SendError> {
        self.until(|outbox| outbox.read(|held| held.waiting.is_empty() && held.sent == 0)).await
    }

    /// Waits until the log has every event for good, but for those that it will not take.
    pub async fn emptied(&self) -> Result<(), SendError> {
        self.until(|outbox| outbox.read(Contents::is_settled)).await
    }

    async fn until(&self, holds: impl Fn(&Outbox) -> bool) -> Result<(), SendError> {
        let mut changes = self.outbox.changes();
        let mut ended = self.ended.clone();
        while !holds(&self.outbox) {
            tokio::select! {
                news = changes.changed() => news.map_err(|_| SendError::Ended)?,
                () = told(&mut ended) => return Err(SendError::Ended),
            }
        }
        Ok(())
    }

    /// Ends sending, after a heartbeat of each source. What is in the outbox stays there.
    pub async fn close(self) -> Result<(), SendError> {
        self.stop.send_replace(true);
        self.task.await.unwrap_or(Err(SendError::Ended))
    }
}

type OnWay = BoxFuture<'static, (u64, Result<Stored, PublishError>)>;

/// Who the connection is: what that one may not publish is not sent, for nothing would answer.
struct Who {
    client: Client,
    is: Identity,
    /// The connection that was asked.
    asked: Option<u64>,
    ask_at: Instant,
}

impl Who {
    /// Asks anew when the connection was made anew; a server that does not say denies nothing.
    async fn look(&mut self) {
        let connection = Some(self.client.statistics().connects.load(Ordering::Relaxed));
        let is_there = self.client.connection_state() == ConnectionState::Connected;
        if connection == self.asked || !is_there || Instant::now() < self.ask_at {
            return;
        }
        match who_am_i(&self.client).await {
            Some(who) => (self.is, self.asked) = (who, connection),
            None => self.ask_at = Instant::now() + ASK_WHO_EVERY,
        }
    }
}

struct Task {
    outbox: Arc<Outbox>,
    who: Who,
    publisher: Publisher,
    accounts: Accounts,
    rounds: Rounds,
    settings: SenderSettings,
    on_way: FuturesUnordered<OnWay>,
    /// What the last heartbeat of a source has said.
    promised: BTreeMap<String, u64>,
    /// When accounts are asked for next.
    ask_at: Instant,
    /// Sources that wait to hear what the log has of them, and when that is asked again.
    unanswered: BTreeMap<usize, Instant>,
    stopped: watch::Receiver<bool>,
}

impl Task {
    async fn run(mut self) -> Result<(), SendError> {
        let mut changes = self.outbox.changes();
        changes.mark_changed();
        let mut stopped = self.stopped.clone();
        let mut heartbeat_at = Instant::now() + self.settings.heartbeat_every;
        while !*stopped.borrow() {
            tokio::select! {
                biased;
                () = told(&mut stopped) => break,
                Some(settled) = self.on_way.next() => self.confirm(settled).await?,
                news = changes.changed(), if self.on_way.len() < self.settings.window => {
                    news.map_err(|_| SendError::Ended)?;
                }
                () = sleep_until(self.ask_at) => self.ask().await?,
                () = sleep_until(heartbeat_at) => {
                    heartbeat_at = Instant::now() + self.settings.heartbeat_every;
                    self.promised.clear();
                    self.heartbeats().await?;
                }
            }
            self.who.look().await;
            self.introduce().await?;
            self.fill().await?;
        }
        self.last_words().await
    }

    /// Asks what the log has of sources that nothing was sent of since the start. Of which nothing
    /// was ever sent, they wait for the answer.
    async fn introduce(&mut self) -> Result<(), SendError> {
        let now = Instant::now();
        let strangers: Vec<(usize, Arc<str>, bool)> = self.outbox.read(|held| {
            let all = held.sources.iter().enumerate().filter(|(_, source)| !source.introduced);
            let due =
                all.filter(|(place, _)| self.unanswered.get(place).is_none_or(|at| *at <= now));
            due.map(|(place, source)| (place, Arc::clone(&source.name), source.must_ask()))
                .collect()
        });
        if strangers.is_empty() {
            return Ok(());
        }
        let names: BTreeSet<Arc<str>> =
            strangers.iter().map(|(_, name, _)| Arc::clone(name)).collect();
        let answers = self.accounts.ask(&names).await;
        let found = self.outbox.read(|held| answers.found(held));
        let mut known = Vec::with_capacity(strangers.len());
        for (place, name, must_ask) in strangers {
            let last = if must_ask { self.accounts.last(&answers, &name) } else { Some(0) };
            if let Some(last) = last {
                self.unanswered.remove(&place);
                known.push((place, last));
            } else if self.unanswered.insert(place, Instant::now() + ASK_EVERY).is_none() {
                tracing::warn!(
                    source = &*name,
                    "its events wait until a projector says which of its numbers the log has; none \
                     has answered, or it has not yet folded all of the log"
                );
            }
        }
        let outbox = Arc::clone(&self.outbox);
        off_executor(move || {
            for (place, last) in known {
                outbox.introduce(place, last)?;
            }
            // What is waiting although the log has it was sent by a run before this one.
            outbox.set(found);
            Ok(())
        })
        .await
    }

    /// Sends as much as may be on its way.
    async fn fill(&mut self) -> Result<(), SendError> {
        loop {
            let room = self.settings.window.saturating_sub(self.on_way.len()).min(TURN);
            if room == 0 || *self.stopped.borrow() {
                return Ok(());
            }
            let (outbox, who) = (Arc::clone(&self.outbox), self.who.is.clone());
            let taken = off_executor(move || Ok(outbox.take(room, &who)?)).await?;
            if taken.is_empty() {
                return Ok(());
            }
            for Taken { entry, subject, payload } in taken {
                let outgoing =
                    Outgoing { subject: subject.into(), headers: None, payload: payload.into() };
                let mut stopped = self.stopped.clone();
                let receipt = tokio::select! {
                    receipt = self.publisher.publish(outgoing) => receipt?,
                    () = told(&mut stopped) => return Ok(()),
                };
                self.on_way.push(async move { (entry, receipt.stored().await) }.boxed());
            }
        }
    }

    async fn confirm(
        &mut self,
        first: (u64, Result<Stored, PublishError>),
    ) -> Result<(), SendError> {
        let mut next = Some(first);
        let mut states = Vec::new();
        while let Some((entry, result)) = next {
            let state = match result {
                Ok(Stored { position, .. }) => {
                    if let Some(confirmed) = &self.settings.confirmed {
                        // Who does not listen any more does not want to know.
                        confirmed.send(Confirmed { entry, position }).await.ok();
                    }
                    State::Stored { position, covered: None }
                }
                Err(error @ PublishError::Rejected { .. }) => {
                    tracing::warn!(%error, "an event stays in the outbox");
                    State::Parked(error.to_string().into())
                }
                Err(error) => return Err(error.into()),
            };
            states.push((entry, state));
            next = if states.len() < TURN {
                self.on_way.next().now_or_never().flatten()
            } else {
                None
            };
        }
        let outbox = Arc::clone(&self.outbox);
        off_executor(move || {
            outbox.set(states);
            Ok(())
        })
        .await
    }

    /// Asks for the accounts of the sources with events that the log has confirmed, and lets those
    /// go that are received for good.
    async fn ask(&mut self) -> Result<(), SendError> {
        let names: BTreeSet<Arc<str>> = self.outbox.read(|held| {
            let stored =
                held.entries.values().filter(|entry| matches!(entry.state, State::Stored { .. }));
            let sources: BTreeSet<usize> = stored.map(|entry| entry.source).collect();
            let names = sources.into_iter().filter_map(|place| held.sources.get(place));
            names.map(|source| Arc::clone(&source.name)).collect()
        });
        let answers = self.accounts.ask(&names).await;
        let pause =
            if names.is_empty() || !answers.is_empty() { ASK_EVERY } else { ASK_EVERY_ALONE };
        self.ask_at = Instant::now() + jitter::jittered(pause, jitter::seed());
        let (states, received) =
            self.outbox.read(|held| self.rounds.judge(&answers, held, Instant::now()));
        let lost = states.iter().filter(|(_, state)| *state == State::Waiting).count();
        if lost > 0 {
            tracing::warn!(events = lost, "the log has lost events that it had confirmed; again");
        }
        let parked = states.iter().filter(|(_, state)| matches!(state, State::Parked(_))).count();
        if parked > 0 {
            tracing::warn!(events = parked, "events stay in the outbox: no account has them");
        }
        if states.is_empty() && received.is_empty() {
            return Ok(());
        }
        let outbox = Arc::clone(&self.outbox);
        off_executor(move || {
            outbox.set(states);
            Ok(outbox.leave(&received)?)
        })
        .await
    }

    /// Lets each source say how far it has come, if all of its events are stored.
    async fn heartbeats(&mut self) -> Result<(), SendError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        for (source, last) in self.outbox.read(heartbeat::due) {
            if self.promised.get(&source) == Some(&last) {
                continue;
            }
            let Some(outgoing) = heartbeat::event(&source, last, now_ms) else { continue };
            if !self.who.is.may_publish(&outgoing.subject) {
                continue;
            }
            let receipt = self.publisher.publish(outgoing).await?;
            self.promised.insert(source, last);
            // Nothing depends on it: the next one says the same.
            tokio::spawn(receipt.stored());
        }
        Ok(())
    }

    /// What is on its way may still be confirmed; then each source says how far it has come.
    async fn last_words(mut self) -> Result<(), SendError> {
        let until = Instant::now() + LAST_MAX;
        while let Ok(Some(settled)) = tokio::time::timeout_at(until, self.on_way.next()).await {
            self.confirm(settled).await?;
        }
        if let Ok(told) = timeout(LAST_MAX, self.heartbeats()).await {
            told?;
        }
        // It ends once all of it is confirmed, or with the runtime.
        let Self { publisher, .. } = self;
        match timeout(LAST_MAX, publisher.finish()).await {
            Ok(finished) => Ok(finished?),
            Err(_) => Ok(()),
        }
    }
}

/// Waits until it is true; also when nobody can say so any more.
async fn told(flag: &mut watch::Receiver<bool>) {
    drop(flag.wait_for(|flag| *flag).await);
}

/// Work that waits for the disk.
async fn off_executor<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SendError> + Send + 'static,
) -> Result<T, SendError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SendError::Ended))
}
