//! Publishes into streams with many confirmations outstanding at once.
//!
//! A message is sent again, byte for byte the same, until the server says that it is stored
//! (ACK-1): after a timeout, a lost connection, a stream that is not there yet. So it may be
//! stored twice when only its confirmation was lost; identity is in the event, and a second copy
//! changes nothing. It never sets a message id by itself, never changes a message, and never
//! reports a message stored that was not.
//!
//! [`Publisher::publish`] gives a [`Receipt`]; who awaits the receipts in the order of publishing
//! gets the positions in that order. At most [`PublisherSettings::window`] messages are
//! outstanding; publishing waits while the window is full.
//!
//! **Invariant ACK-1:** a message is confirmed to a caller only after the server has stored it.

mod answer;
mod window;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::client::PublishErrorKind;
use async_nats::connection::State;
use async_nats::{Client, HeaderMap, Message, Statistics, Subject, Subscriber};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use crate::jitter;
use answer::Answer;
use window::Window;

/// The largest window: all its confirmations fit into one subscription twice.
pub const WINDOW_LIMIT: usize = 16_384;
/// How many messages wait between the callers and the window.
const QUEUE: usize = 1_024;
/// How many messages, and how many confirmations, are handled before the other gets its turn.
const TURN: usize = 256;
/// How often it is looked at what is overdue.
const TICK: Duration = Duration::from_millis(100);
/// How long the client may take to accept a message before we look after the rest.
const HAND_OVER_MAX: Duration = Duration::from_secs(1);
/// How long after a reconnect the client may take to send what it had queued, before it is sent
/// again.
const RECONNECT_GRACE: Duration = Duration::from_secs(1);

/// Why a message is not stored.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The server or the client will not take this message, however often it is sent.
    #[error("message for {subject} was rejected ({code}): {description}")]
    Rejected {
        /// Its subject.
        subject: String,
        /// The code of `JetStream`; 0 when the client itself said no.
        code: u64,
        /// Why.
        description: String,
    },
    /// The server did not confirm in all the time that it was given.
    #[error("{unconfirmed} messages were not confirmed as stored within {waited:?}: {last_reason}")]
    GaveUp {
        /// How many were outstanding then.
        unconfirmed: usize,
        /// The age of the oldest.
        waited: Duration,
        /// What the last attempt said.
        last_reason: String,
    },
    /// The connection does not take the subscription by which confirmations come.
    #[error("subscribing to confirmations: {source}")]
    Subscribing {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The publisher has ended.
    #[error(
        "the connection to NATS ended while messages were on their way; what is stored is not lost: \
         the same again goes on from there"
    )]
    Closed,
}

/// How to publish.
#[derive(Debug, Clone)]
pub struct PublisherSettings {
    /// How many messages may be outstanding; between 1 and [`WINDOW_LIMIT`].
    pub window: usize,
    /// How long a confirmation may take before the message is sent again.
    pub confirm_max: Duration,
    /// How long a message may stay unconfirmed before all are given up; [`Duration::MAX`] is never.
    pub give_up_after: Duration,
}

impl PublisherSettings {
    /// A window of 1,024 (measured: four and sixteen times as many are no faster, and after a
    /// kill of the server more is stored twice), and ten minutes before giving up.
    pub fn new() -> Self {
        Self {
            window: 1_024,
            confirm_max: Duration::from_secs(5),
            give_up_after: Duration::from_mins(10),
        }
    }
}

impl Default for PublisherSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The subject, which decides the stream.
    pub subject: Subject,
    /// The headers, if any. `Nats-Msg-Id` among them makes the server suppress repetitions within
    /// its duplicate window; events never carry it.
    pub headers: Option<HeaderMap>,
    /// The payload.
    pub payload: Bytes,
}

impl Outgoing {
    /// The same message with a `Nats-Msg-Id`, for our own streams.
    #[must_use]
    pub fn with_message_id(mut self, id: &str) -> Self {
        self.headers.get_or_insert_default().insert(async_nats::header::NATS_MESSAGE_ID, id);
        self
    }
}

/// Where a message was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its position in its stream.
    pub position: u64,
    /// The server had a message with this id already, and this is its position.
    pub duplicate: bool,
}

/// The promise to say where a message was stored.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<Stored, PublishError>>);

impl Receipt {
    /// Waits until the message is stored, rejected, or given up.
    pub async fn stored(mut self) -> Result<Stored, PublishError> {
        self.settled().await
    }

    /// The same, for who may stop waiting and come back; once it has answered, it says no more.
    pub async fn settled(&mut self) -> Result<Stored, PublishError> {
        (&mut self.0).await.unwrap_or(Err(PublishError::Closed))
    }
}

/// A message and who wants to know.
#[derive(Debug)]
struct Job {
    outgoing: Outgoing,
    receipt: oneshot::Sender<Result<Stored, PublishError>>,
}

/// The caller's end of a publisher; share it by reference.
#[derive(Debug)]
pub struct Publisher {
    jobs: mpsc::Sender<Job>,
    task: JoinHandle<Result<(), PublishError>>,
}

impl Publisher {
    /// Starts a publisher on this connection.
    pub async fn start(client: Client, settings: PublisherSettings) -> Result<Self, PublishError> {
        let inbox = client.new_inbox();
        let wildcard = format!("{inbox}.*");
        let subscriber = client
            .subscribe(wildcard)
            .await
            .map_err(|error| PublishError::Subscribing { source: error.into() })?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let statistics = client.statistics();
        let task = Task {
            connects: statistics.connects.load(Ordering::Relaxed),
            window: Window::new(
                settings.window.clamp(1, WINDOW_LIMIT),
                settings.confirm_max,
                jitter::seed(),
            ),
            prefix: format!("{inbox}."),
            last_reason: "no answer yet".to_owned(),
            told_overdue: false,
            statistics,
            subscriber,
            settings,
            client,
        };
        Ok(Self { jobs, task: tokio::spawn(task.run(queue)) })
    }

    /// Hands a message over, waiting while the window is full.
    pub async fn publish(&self, outgoing: Outgoing) -> Result<Receipt, PublishError> {
        let (receipt, promise) = oneshot::channel();
        let job = Job { outgoing, receipt };
        self.jobs.send(job).await.map_err(|_| PublishError::Closed)?;
        Ok(Receipt(promise))
    }

    /// Whether it has given up, and takes nothing more.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until everything handed over is stored or rejected; an error when it was given up.
    pub async fn finish(self) -> Result<(), PublishError> {
        drop(self.jobs);
        self.task.await.unwrap_or(Err(PublishError::Closed))
    }
}

struct Task {
    client: Client,
    settings: PublisherSettings,
    subscriber: Subscriber,
    /// What the reply subjects begin with; the number of the message follows.
    prefix: String,
    window: Window,
    statistics: Arc<Statistics>,
    connects: u64,
    last_reason: String,
    /// It was said that messages are overdue, and none was stored since.
    told_overdue: bool,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), PublishError> {
        let mut tick = every(TICK);
        let mut turn = Vec::with_capacity(TURN);
        let mut open = true;
        let mut flowing = true;
        while open || !self.window.is_empty() {
            let room = self.window.room().min(TURN);
            tokio::select! {
                biased;
                _ = tick.tick() => {
                    flowing = self.client.connection_state() == State::Connected;
                    self.look_after(Instant::now())?;
                }
                answer = self.subscriber.next() => {
                    let Some(answer) = answer else { return self.ended() };
                    self.confirm_ready(answer);
                }
                taken = queue.recv_many(&mut turn, room), if open && flowing && room > 0 => {
                    open = taken > 0;
                    let now = Instant::now();
                    for job in turn.drain(..) {
                        self.window.push(job, now);
                    }
                }
            }
            flowing = flowing && self.send_due().await;
        }
        Ok(())
    }

    /// Hands what is due to the client; false when the client takes nothing now.
    async fn send_due(&mut self) -> bool {
        let now = Instant::now();
        while let Some((number, outgoing)) = self.window.next_due(now) {
            let reply = Subject::from(format!("{}{number}", self.prefix));
            let Outgoing { subject, headers, payload } = outgoing;
            let (client, to) = (&self.client, subject.clone());
            let sending = async {
                match headers {
                    Some(headers) => {
                        client.publish_with_reply_and_headers(to, reply, headers, payload).await
                    }
                    None => client.publish_with_reply(to, reply, payload).await,
                }
            };
            match timeout(HAND_OVER_MAX, sending).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => match error.kind() {
                    PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject => {
                        let (subject, description) = (subject.to_string(), error.to_string());
                        let rejected = PublishError::Rejected { subject, code: 0, description };
                        self.window.settle(number, Err(rejected));
                    }
                    PublishErrorKind::Send => {
                        self.last_reason = error.to_string();
                        self.window.refused(number, Instant::now());
                    }
                },
                Err(_) => {
                    "the connection takes nothing".clone_into(&mut self.last_reason);
                    self.window.refused(number, Instant::now());
                    return false;
                }
            }
        }
        true
    }

    fn confirm_ready(&mut self, first: Message) {
        let mut next = Some(first);
        for _ in 0..TURN {
            let Some(message) = next else { return };
            self.confirm(&message);
            next = self.subscriber.next().now_or_never().flatten();
        }
        if let Some(message) = next {
            self.confirm(&message);
        }
    }

    fn confirm(&mut self, message: &Message) {
        let number = message.subject.strip_prefix(self.prefix.as_str());
        let Some(number) = number.and_then(|number| number.parse().ok()) else { return };
        match answer::read(message) {
            Answer::Stored(stored) => {
                self.told_overdue = false;
                self.window.settle(number, Ok(stored));
            }
            Answer::Never { code, description } => {
                let subject = self.window.subject(number).unwrap_or_default();
                let rejected = PublishError::Rejected { subject, code, description };
                self.window.settle(number, Err(rejected));
            }
            Answer::NotNow(reason) => {
                self.last_reason = reason;
                self.window.refused(number, Instant::now());
            }
        }
    }

    /// Sends again what is overdue, and gives up when the oldest is too old.
    fn look_after(&mut self, now: Instant) -> Result<(), PublishError> {
        let connects = self.statistics.connects.load(Ordering::Relaxed);
        if connects != self.connects {
            self.connects = connects;
            "the connection was lost".clone_into(&mut self.last_reason);
            self.window.expect_all_before(now + RECONNECT_GRACE);
        }
        let overdue = self.window.queue_overdue(now);
        if overdue > 0 {
            let reason = &self.last_reason;
            // Once an outage: what is overdue stays so until the server is back.
            if self.told_overdue {
                tracing::debug!(overdue, %reason, "sending again what is not confirmed as stored");
            } else {
                tracing::warn!(overdue, %reason, "sending again what is not confirmed as stored");
            }
            self.told_overdue = true;
        }
        match self.window.oldest_age(now) {
            Some(age) if age > self.settings.give_up_after => Err(self.give_up(age)),
            Some(_) | None => Ok(()),
        }
    }

    fn give_up(&mut self, waited: Duration) -> PublishError {
        let unconfirmed = self.window.unsettled();
        let last_reason = self.last_reason.clone();
        let error =
            move || PublishError::GaveUp { unconfirmed, waited, last_reason: last_reason.clone() };
        self.window.settle_all(&error);
        error()
    }

    fn ended(&mut self) -> Result<(), PublishError> {
        self.window.settle_all(&|| PublishError::Closed);
        Err(PublishError::Closed)
    }
}

fn every(period: Duration) -> Interval {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
