//! One consumer of the server and the requests to it.
//!
//! Core subscription and own requests rather than the client's `stream()`: that one clones its
//! whole context for each message, hides heartbeats, and decides by itself when to ask again
//! after a reconnect. Here a request goes out when half of one is left, so that the server never
//! waits, and everything else is a doubt for the reader.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::pull::{BatchConfig, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy};
use async_nats::jetstream::stream::ConsumerErrorKind;
use async_nats::{Message, StatusCode, Subject, Subscriber, jetstream};
use futures::{FutureExt, StreamExt};

use super::{Doubt, PULL_BYTES_MAX, PULL_MESSAGES, Raw};
use crate::nats::ack_subject;

/// How long the server keeps a request that it has nothing to send for.
const EXPIRY: Duration = Duration::from_secs(5);
/// How often the server says that it is there when it has nothing to send.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(500);
/// How long the server keeps a consumer that nobody asks; the reader's may wait that long for a slow
/// receiver before it has to be made anew.
pub(super) const INACTIVE_MAX: Duration = Duration::from_mins(1);

const _: () = assert!(HEARTBEAT.as_millis() * 2 < EXPIRY.as_millis(), "the server demands it");

/// Something that came from the server.
#[derive(Debug)]
pub(super) enum Arrived {
    /// A message of the stream; `first` when it is the first that this consumer sent.
    Message { raw: Raw, bytes: usize, pending: u64, first: bool },
    /// A sign of life.
    Alive,
    /// The consumer will send nothing more.
    Gone(String),
}

#[derive(Debug)]
pub(super) struct Pull {
    consumer: Consumer<Config>,
    subscriber: Subscriber,
    inbox: Subject,
    /// What was asked for and has not arrived.
    outstanding: usize,
}

impl Pull {
    /// A new consumer that begins after this position, of all subjects or, if it is not empty, of
    /// those that a filter has.
    pub(super) async fn open(
        context: &jetstream::Context,
        stream: &str,
        filter: &str,
        after: u64,
        inactive_max: Duration,
    ) -> Result<Self, Doubt> {
        let config = Config {
            description: Some("ordered reader of tonghop".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
            filter_subject: filter.to_owned(),
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: inactive_max,
            memory_storage: true,
            num_replicas: 1,
            ..Config::default()
        };
        let client = context.client();
        let inbox = Subject::from(client.new_inbox());
        let subscriber = client.subscribe(inbox.clone()).await.map_err(gone)?;
        let created = context.create_consumer_on_stream(config, stream).await;
        let consumer = created.map_err(|error| {
            let none = matches!(error.kind(), ConsumerErrorKind::JetStream(told)
                if told.error_code() == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT);
            if none { Doubt::NoConsumers } else { gone(error) }
        })?;
        Ok(Self { consumer, subscriber, inbox, outstanding: 0 })
    }

    /// Asks for more when at most half of a request is left.
    pub(super) async fn refill(&mut self) -> Result<(), Doubt> {
        if self.outstanding > PULL_MESSAGES / 2 {
            return Ok(());
        }
        self.ask(PULL_MESSAGES).await
    }

    /// Asks for so many more.
    pub(super) async fn ask(&mut self, messages: usize) -> Result<(), Doubt> {
        let request = BatchConfig {
            batch: messages,
            expires: Some(EXPIRY),
            max_bytes: PULL_BYTES_MAX,
            idle_heartbeat: HEARTBEAT,
            ..BatchConfig::default()
        };
        self.consumer.request_batch(request, self.inbox.clone()).await.map_err(gone)?;
        self.outstanding += messages;
        Ok(())
    }

    /// How many messages the consumer had when it was made.
    pub(super) fn found(&self) -> u64 {
        self.consumer.cached_info().num_pending
    }

    /// Whether anything that was asked for may still arrive.
    pub(super) fn is_asked(&self) -> bool {
        self.outstanding > 0
    }

    /// Waits for what comes next. Safe to drop.
    pub(super) async fn next(&mut self) -> Arrived {
        let next = self.subscriber.next().await;
        self.arrived(next)
    }

    /// What is there already. Asks for no more: the caller does, before it waits.
    pub(super) fn ready(&mut self) -> Option<Arrived> {
        if self.outstanding <= PULL_MESSAGES / 2 {
            return None;
        }
        let next = self.subscriber.next().now_or_never()?;
        Some(self.arrived(next))
    }

    fn arrived(&mut self, message: Option<Message>) -> Arrived {
        let Some(message) = message else {
            return Arrived::Gone("the subscription has ended".to_owned());
        };
        if let Some(status) = message.status {
            return self.told(status, &message);
        }
        self.outstanding = self.outstanding.saturating_sub(1);
        let Some(delivery) = message.reply.as_deref().and_then(ack_subject::parse) else {
            return Arrived::Gone(format!("a message without a position: {:?}", message.reply));
        };
        Arrived::Message {
            bytes: message.length,
            pending: delivery.pending,
            first: delivery.consumer_sequence == 1,
            raw: Raw {
                position: delivery.position,
                recorded_ms: delivery.recorded_ms,
                subject: message.subject,
                headers: message.headers,
                payload: message.payload,
            },
        }
    }

    /// A word of the server about a request: it lives, it ended with so many left, or else.
    fn told(&mut self, status: StatusCode, message: &Message) -> Arrived {
        if status == StatusCode::IDLE_HEARTBEAT {
            return Arrived::Alive;
        }
        let left = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get("Nats-Pending-Messages"))
            .and_then(|left| left.as_str().parse::<usize>().ok());
        if let Some(left) = left {
            self.outstanding = self.outstanding.saturating_sub(left);
            return Arrived::Alive;
        }
        let why = message.description.as_deref().unwrap_or_default();
        Arrived::Gone(format!("{status} {why}"))
    }
}

fn gone(error: impl std::fmt::Display) -> Doubt {
    Doubt::Gone(error.to_string())
}
