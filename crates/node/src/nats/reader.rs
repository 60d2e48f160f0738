//! Reads a stream in order, from the position after the one that the store holds.
//!
//! The reader is an ephemeral consumer in the server's memory that acknowledges nothing: the
//! store owns the position (ACK-1), so the server has nothing to remember. Whenever anything is
//! doubtful (a gap, silence, a reconnect, no progress while the stream has more) the consumer is
//! thrown away and made anew at the position after the last one accepted. Recovery is the normal
//! path: it is how reading begins.
//!
//! Where one consumer after another fails at the same position, the message there may be one that
//! the client cannot be sent: it is then fetched by itself ([`single`]), and so are some behind it.
//! An identity that may make no consumer has every message fetched so, many on their way at once.
//!
//! It never skips a position, never delivers one twice, never orders by time, and never gives up
//! while the server is away. It ends when told to, when nobody receives any more, or when the
//! stream itself is not what it was: replaced, shortened, grown again with other messages after it
//! was shortened, or lacking messages.
//!
//! Memory is bounded by [`ReaderSettings::batch_bytes_max`] for the batch being gathered and each
//! one in the channel, and by two pulls of [`PULL_BYTES_MAX`] not yet looked at.
//!
//! **Invariant POS-1:** positions are delivered in order, each exactly once, without gaps.

mod doubt;
mod pull;
mod selection;
mod single;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use tokio::sync::{mpsc, watch as channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::error::NatsError;
use super::streams::{StreamIdentity, identity};
use doubt::{Doubt, Interrupt};
use pull::{Arrived, Pull};
pub use selection::Selection;
pub use single::message_at;
use watch::Watch;

/// How many messages one request to the server asks for.
pub const PULL_MESSAGES: usize = 5_000;
/// How many bytes one request to the server asks for.
pub const PULL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How many messages may be asked for and not yet looked at; the next request goes out when half
/// of a pull is left.
pub const OUTSTANDING_MESSAGES_MAX: usize = PULL_MESSAGES + PULL_MESSAGES / 2;
/// The pauses between two attempts to open the stream again.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often the reader looks whether all is well.
const TICK: Duration = Duration::from_millis(200);
/// How many interruptions in a row, with no message in between, make a connection a dead one: there
/// are headers at which the client's own task panics.
const DEAD_SEEN: u32 = 10;
/// How often the stream itself must say the same before it is believed to be broken.
const BROKEN_SEEN: u32 = 3;

/// What to read and in what portions.
#[derive(Debug, Clone)]
pub struct ReaderSettings {
    /// The name of the stream.
    pub stream: String,
    /// The last position that the caller has; 0 reads from the start.
    pub after: u64,
    /// When the stream was created ([`StreamIdentity::created_ns`]), if the caller knows: another
    /// stream under the name is then an error.
    pub created_ns: Option<i64>,
    /// When the log stored the message at `after`, if the caller knows: another message there is
    /// then an error.
    pub recorded_ms: Option<i64>,
    /// The most messages in a batch.
    pub batch_messages_max: usize,
    /// A batch is full when it holds as many bytes; the last message may go beyond.
    pub batch_bytes_max: usize,
    /// How long a batch may wait for more while the server says that it has more to send. A
    /// batch never waits when the server has no more.
    pub linger: Duration,
    /// How long nothing may arrive before the stream is asked whether it has more.
    pub stall: Duration,
}

impl ReaderSettings {
    /// The settings of the projector.
    pub fn new(stream: impl Into<String>, after: u64) -> Self {
        Self {
            stream: stream.into(),
            after,
            created_ns: None,
            recorded_ms: None,
            batch_messages_max: 32_768,
            batch_bytes_max: 16 * 1024 * 1024,
            linger: Duration::from_millis(25),
            stall: Duration::from_secs(5),
        }
    }
}

/// A stored message as received, and where it stands in the log.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The stream sequence, from 1.
    pub position: u64,
    /// When the server stored it, Unix milliseconds. Not in the order of positions.
    pub recorded_ms: i64,
    /// The subject that it was stored under.
    pub subject: Subject,
    /// The headers, if it has any.
    pub headers: Option<HeaderMap>,
    /// The payload, byte for byte.
    pub payload: Bytes,
}

/// Messages with consecutive positions; never empty.
#[derive(Debug)]
pub struct Batch {
    /// The messages, in order.
    pub messages: Vec<Raw>,
    /// The bytes of the messages, with subjects and headers.
    pub bytes: usize,
    /// How many more the server had to send when the last of these left it: the lag behind the
    /// log, less what was stored since.
    pub pending: u64,
}

/// Reads one stream into a channel.
#[derive(Debug)]
pub struct Reader {
    context: jetstream::Context,
    settings: ReaderSettings,
    /// The last position accepted into `batch` or sent.
    position: u64,
    /// The last position sent.
    sent: u64,
    batch: Batch,
    created_ns: Option<i64>,
    /// When the log stored the message at `position`: no other message there has the same.
    recorded_ms: Option<i64>,
    /// The gap or the end of the stream that was seen last, and how often in a row.
    broken: (u64, u32),
    /// How many interruptions there were since the last message.
    stuck: u32,
    /// How many messages are to be fetched one by one.
    suspects: u32,
    /// All are, because this identity may make no consumer.
    singly: bool,
    doubts: Arc<AtomicU64>,
}

impl Reader {
    /// A reader that has not begun.
    pub fn new(context: jetstream::Context, settings: ReaderSettings) -> Self {
        Self {
            position: settings.after,
            sent: settings.after,
            batch: Batch { messages: Vec::new(), bytes: 0, pending: 0 },
            created_ns: settings.created_ns,
            recorded_ms: settings.recorded_ms,
            broken: (0, 0),
            stuck: 0,
            // What stopped the reader before this one may be the very next message.
            suspects: 1,
            singly: false,
            doubts: Arc::default(),
            context,
            settings,
        }
    }

    /// How often a consumer was doubted and made anew, as it counts up; for the metrics.
    pub fn doubts(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.doubts)
    }

    /// Reads until `stop` holds true (or its sender is gone), or nobody receives; answers the last
    /// position that was sent. [`NatsError::Closed`] says that the connection is of no use any more,
    /// although it claims to be one: a reader on another connection goes on.
    pub async fn run(
        mut self,
        batches: mpsc::Sender<Batch>,
        mut stop: channel::Receiver<bool>,
    ) -> Result<u64, NatsError> {
        let mut pause = PAUSE_MIN;
        loop {
            let before = self.position;
            let interrupt = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Interrupt::Stopped,
                interrupt = self.read(&batches) => interrupt,
            };
            let doubt = match interrupt {
                Interrupt::Stopped => return Ok(self.end(&batches)),
                Interrupt::Broken(error) => return Err(error),
                Interrupt::Doubt(doubt) => doubt,
            };
            let (stream, position) = (&self.settings.stream, self.position);
            self.doubts.fetch_add(1, Ordering::Relaxed);
            self.stuck = self.stuck.saturating_add(1);
            tracing::warn!(%stream, position, ?doubt, "reading again from the last position");
            let connected = self.context.client().connection_state() == State::Connected;
            if self.stuck >= DEAD_SEEN && connected {
                return Err(NatsError::Closed);
            }
            if self.position > before {
                pause = PAUSE_MIN;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ok(self.end(&batches)),
                () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            }
        }
    }

    /// What is gathered is given away if there is room; otherwise it is read again next time.
    fn end(mut self, batches: &mpsc::Sender<Batch>) -> u64 {
        if !self.batch.messages.is_empty()
            && let Ok(permit) = batches.try_reserve()
        {
            self.send(permit);
        }
        self.sent
    }

    /// Makes a consumer and reads with it until something is doubtful. Dropping this loses
    /// nothing: what was accepted is in `self`.
    async fn read(&mut self, batches: &mpsc::Sender<Batch>) -> Interrupt {
        // Watched from before the consumer exists: a reconnect while it is made is seen too.
        let mut watch = Watch::new(self.context.client(), self.position);
        let mut pull = match self.open(batches).await {
            Ok(pull) => pull,
            Err(interrupt) => return interrupt,
        };
        watch.heard(self.position);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut began = Instant::now();
        let mut due = !self.batch.messages.is_empty();
        loop {
            if let Err(doubt) = pull.refill().await {
                return Interrupt::Doubt(doubt);
            }
            let gathering = !self.batch.messages.is_empty();
            let arrived = tokio::select! {
                biased;
                permit = batches.reserve(), if due => match permit {
                    Ok(permit) => { self.send(permit); due = false; continue }
                    Err(_) => return Interrupt::Stopped,
                },
                arrived = pull.next(), if !self.full() => arrived,
                () = sleep_until(began + self.settings.linger), if gathering && !due => {
                    due = true;
                    continue;
                }
                _ = tick.tick() => {
                    if let Err(interrupt) = self.check(&mut watch).await {
                        return interrupt;
                    }
                    continue;
                }
            };
            let taken = self.take_ready(&mut pull, arrived);
            watch.heard(self.position);
            if !gathering && !self.batch.messages.is_empty() {
                began = Instant::now();
            }
            due =
                due || self.full() || (self.batch.pending == 0 && !self.batch.messages.is_empty());
            if let Err(doubt) = taken {
                return self.doubted(doubt);
            }
        }
    }

    /// Takes this arrival and all that are there already.
    fn take_ready(&mut self, pull: &mut Pull, first: Arrived) -> Result<(), Doubt> {
        let mut next = Some(first);
        while let Some(arrived) = next {
            match arrived {
                Arrived::Message { raw, bytes, pending, first } => {
                    self.accept(raw, bytes, pending, first)?;
                }
                Arrived::Alive => {}
                Arrived::Gone(why) => return Err(Doubt::Gone(why)),
            }
            next = if self.full() { None } else { pull.ready() };
        }
        Ok(())
    }

    fn accept(&mut self, raw: Raw, bytes: usize, pending: u64, first: bool) -> Result<(), Doubt> {
        if raw.position <= self.position {
            return Ok(());
        }
        if raw.position != self.position + 1 {
            return Err(Doubt::Gap { got: raw.position, first });
        }
        self.position = raw.position;
        self.recorded_ms = Some(raw.recorded_ms);
        self.stuck = 0;
        self.batch.messages.push(raw);
        self.batch.bytes += bytes;
        self.batch.pending = pending;
        Ok(())
    }

    fn full(&self) -> bool {
        self.batch.messages.len() >= self.settings.batch_messages_max
            || self.batch.bytes >= self.settings.batch_bytes_max
    }

    fn send(&mut self, permit: mpsc::Permit<'_, Batch>) {
        let room = Vec::with_capacity(self.batch.messages.len());
        let empty = Batch { messages: room, bytes: 0, pending: self.batch.pending };
        let batch = std::mem::replace(&mut self.batch, empty);
        let first = batch.messages.first().map(|raw| raw.position);
        assert_eq!(first, Some(self.sent + 1), "POS-1: a batch follows the one before it");
        self.sent = self.position;
        permit.send(batch);
    }

    /// A gap that a new consumer shows as its very first message is a statement of the stream.
    fn doubted(&mut self, doubt: Doubt) -> Interrupt {
        let Doubt::Gap { got, first: true } = doubt else { return Interrupt::Doubt(doubt) };
        let from = self.position + 1;
        if !self.broken_again(from) {
            return Interrupt::Doubt(doubt);
        }
        let stream = self.settings.stream.clone();
        Interrupt::Broken(NatsError::Gap { stream, from, to: got.saturating_sub(1) })
    }

    /// Whether the same break has been seen often enough to be believed.
    fn broken_again(&mut self, at: u64) -> bool {
        let (known, times) = self.broken;
        self.broken = if known == at { (at, times + 1) } else { (at, 1) };
        self.broken.1 >= BROKEN_SEEN
    }

    async fn open(&mut self, batches: &mpsc::Sender<Batch>) -> Result<Pull, Interrupt> {
        let found = self.look().await?;
        if found.last < self.position {
            if !self.broken_again(u64::MAX) {
                return Err(Interrupt::Doubt(Doubt::Behind { last: found.last }));
            }
            return Err(Interrupt::Broken(NatsError::StreamBehind {
                stream: found.name,
                position: self.position,
                last: found.last,
            }));
        }
        self.check_last().await?;
        self.fetch_suspects(batches, found.last).await?;
        if !self.singly {
            let (stream, position) = (&self.settings.stream, self.position);
            match Pull::open(&self.context, stream, "", position, pull::INACTIVE_MAX).await {
                Err(Doubt::NoConsumers) => self.singly = true,
                opened => return opened.map_err(Interrupt::Doubt),
            }
        }
        Err(self.read_singly(batches).await)
    }

    /// The stream as it is now, which must be the one that was read before.
    async fn look(&mut self) -> Result<StreamIdentity, Interrupt> {
        let found = identity(&self.context, &self.settings.stream)
            .await
            .map_err(|error| Interrupt::Doubt(Doubt::Gone(error.to_string())))?;
        match self.created_ns {
            Some(expected_ns) if expected_ns != found.created_ns => {
                Err(Interrupt::Broken(NatsError::StreamReplaced {
                    stream: found.name,
                    expected_ns,
                    found_ns: found.created_ns,
                }))
            }
            Some(_) | None => {
                self.created_ns = Some(found.created_ns);
                Ok(found)
            }
        }
    }

    async fn check(&mut self, watch: &mut Watch) -> Result<(), Interrupt> {
        if self.full() {
            // We do not read now, so that nothing arrives says nothing.
            watch.paused();
        }
        watch.check_connection().map_err(Interrupt::Doubt)?;
        if watch.asks_stream(self.position, self.settings.stall) {
            let found = self.look().await?;
            watch.answered(self.position, found.last).map_err(Interrupt::Doubt)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::PULL_BYTES_MAX;
    use crate::nats::streams::PAYLOAD_MAX;

    #[test]
    fn a_request_has_room_for_the_largest_message() {
        assert!(usize::try_from(PAYLOAD_MAX).unwrap() * 4 <= PULL_BYTES_MAX);
    }
}
