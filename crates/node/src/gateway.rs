//! The way onto the log for agencies that speak HTTP and not NATS.
//!
//! It publishes what an agency sends, byte for byte, waits until the log has it, and then for the
//! word of the projector. It decides nothing about an event but whose it is: what the holder of the
//! token may not say is never published.
//!
//! **Invariant GATE-1:** an event is answered as stored only when the log has confirmed it.
//! **Invariant GATE-2:** what is published speaks for the unit of the token and for no other, and in a family
//! of the office with a token of the office alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, jetstream};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tonghop_core::unit_code::UnitCode;

use crate::agencies::{Agencies, AgenciesError, Holder};
use crate::nats::{ConnectSettings, NatsError, Outgoing, Publisher, PublisherSettings, connect};
use crate::outcome::{Listener, Positions, Said};
use crate::refusals::{self, Page, Wanted};

mod limits;
mod metrics;
mod requeue;

pub use limits::{Admission, GatewaySettings, Limited, Limits};
pub use metrics::GatewayMetrics;
pub use requeue::{Asked, REQUEUE_MAX, RequeueError, Requeued, find};

/// Events of one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// How long the log may take to confirm all events of a request.
const CONFIRM_MAX: Duration = Duration::from_secs(5);
/// How long the projector may take to say what became of them.
const FOLD_MAX: Duration = Duration::from_secs(5);
/// How long the refusals may take to be read, where the projector's word does not tell all.
const REASONS_MAX: Duration = Duration::from_secs(5);
/// Refusals that are read then.
const REASONS_READ_MAX: usize = 8 * BATCH_EVENTS_MAX;
/// How long one confirmation may take before the event is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

const _: () = assert!(AGAIN_AFTER.as_secs() < CONFIRM_MAX.as_secs());

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// Its place in the log.
    pub position: u64,
    /// What the projector says.
    pub word: Word,
}

/// What the projector says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It is new, and counts.
    New,
    /// It was accepted before.
    Duplicate,
    /// It is refused.
    Refused {
        /// The code of the contract; none if it could not be read now.
        code: Option<String>,
        /// What the sentence of the code speaks of.
        args: Map<String, Value>,
    },
    /// Nothing, in the time that it has.
    Nothing,
}

/// The gateway of a process that has the log.
#[derive(Debug)]
pub struct Gateway {
    agencies: Agencies,
    connection: ConnectSettings,
    /// The connection of a command that has one already.
    client: Option<Client>,
    /// The unit whose agency it speaks as: it hears no more than what is told that unit.
    unit: Option<UnitCode>,
    requeueing: Mutex<()>,
    session: Mutex<Option<Arc<Session>>>,
    limits: Arc<Limits>,
    metrics: GatewayMetrics,
    /// Says when to stop waiting; `own` keeps it open where nobody will say so.
    leaving: watch::Receiver<bool>,
    _own: Option<watch::Sender<bool>>,
}

/// Messages that are stored.
#[derive(Debug)]
struct Published {
    session: Arc<Session>,
    listener: Listener,
    /// Their positions, in order.
    stored: Vec<u64>,
}

/// A connection and its publisher.
#[derive(Debug)]
struct Session {
    client: Client,
    publisher: Publisher,
}

impl Gateway {
    /// For the agencies of a data directory, onto the log of this connection, which is opened once
    /// somebody publishes.
    pub fn new(data: &Path, mut connection: ConnectSettings, settings: GatewaySettings) -> Self {
        connection.wait_max = Duration::ZERO;
        let (leaving, own) = if let Some(leaving) = connection.leaving.clone() {
            (leaving, None)
        } else {
            let (own, leaving) = watch::channel(false);
            (leaving, Some(own))
        };
        Self {
            agencies: Agencies::new(data),
            connection,
            client: None,
            unit: None,
            requeueing: Mutex::new(()),
            session: Mutex::new(None),
            limits: Arc::new(Limits::new(settings)),
            metrics: GatewayMetrics::default(),
            leaving,
            _own: own,
        }
    }

    /// For a command that is connected already.
    #[must_use]
    pub fn with_client(self, client: Client) -> Self {
        Self { client: Some(client), ..self }
    }

    /// For a command that has the key of an agency; none for a key that hears all.
    #[must_use]
    pub fn with_unit(self, unit: Option<UnitCode>) -> Self {
        Self { unit, ..self }
    }

    /// Whose token this is, if it holds now.
    pub fn holder(&self, token: &str) -> Result<Option<Holder>, AgenciesError> {
        self.agencies.holder(token)
    }

    /// How much each agency may send.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// What is counted.
    pub fn metrics(&self) -> &GatewayMetrics {
        &self.metrics
    }

    /// Publishes the messages, and hears what became of them. An error says that some may be
    /// stored: the same again is safe.
    pub async fn store(&self, messages: Vec<Outgoing>) -> Result<Vec<Fate>, NatsError> {
        let published = self.publish(messages).await?;
        Ok(self.fates(published).await)
    }

    /// Publishes the messages; returns once all of them are stored.
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<Published, NatsError> {
        let until = Instant::now() + CONFIRM_MAX;
        timeout_at(until, self.confirmed(messages)).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn confirmed(&self, messages: Vec<Outgoing>) -> Result<Published, NatsError> {
        let session = self.session().await?;
        if session.client.connection_state() != State::Connected {
            return Err(slow());
        }
        // Before anything is published, so that no word of it is missed.
        let listener = Listener::start(&session.client, self.unit).await?;
        let mut receipts = Vec::with_capacity(messages.len());
        for message in messages {
            receipts.push(session.publisher.publish(message).await?);
        }
        let mut stored = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            stored.push(receipt.stored().await?.position);
        }
        Ok(Published { session, listener, stored })
    }

    /// What the projector says of what is published.
    async fn fates(&self, published: Published) -> Vec<Fate> {
        let Published { session, mut listener, stored } = published;
        let mut positions = Positions::default();
        for (place, position) in (0..).zip(&stored) {
            positions.add(*position, 0, place);
        }
        let listening = listener.wait_for(&positions, FOLD_MAX, self.leaving.clone());
        if timeout(FOLD_MAX, listening).await.is_err() {
            tracing::debug!(events = stored.len(), "the projector has said nothing yet");
        }
        let mut fates: Vec<Fate> = stored
            .iter()
            .map(|position| Fate { position: *position, word: Word::of(listener.said(*position)) })
            .collect();
        self.read_reasons(&session.client, &mut fates).await;
        fates
    }

    /// The connection to the log, with a publisher that has not given up.
    async fn session(&self) -> Result<Arc<Session>, NatsError> {
        let mut held = self.session.lock().await;
        let client = match &*held {
            Some(session) if !session.publisher.has_ended() => return Ok(Arc::clone(session)),
            Some(session) => session.client.clone(),
            None => match &self.client {
                Some(client) => client.clone(),
                None => connect(&self.connection).await?,
            },
        };
        let settings = PublisherSettings {
            confirm_max: AGAIN_AFTER,
            // Nobody waits for it any longer than this.
            give_up_after: CONFIRM_MAX,
            ..PublisherSettings::new()
        };
        let publisher = Publisher::start(client.clone(), settings).await?;
        Ok(Arc::clone(held.insert(Arc::new(Session { client, publisher }))))
    }

    /// The projector tells the reasons of the first refusals of a step; those of the rest stand in
    /// the log of refusals, and stood there before it spoke (REF-1).
    async fn read_reasons(&self, client: &Client, fates: &mut [Fate]) {
        let lacks = |fate: &Fate| matches!(fate.word, Word::Refused { code: None, .. });
        let Some(first) = fates.iter().filter(|fate| lacks(fate)).map(|fate| fate.position).min()
        else {
            return;
        };
        let page = Page::After(first.saturating_sub(1), REASONS_READ_MAX);
        let context = jetstream::new(client.clone());
        let wanted = Wanted { unit: None, code: None, page };
        let found = match timeout(REASONS_MAX, refusals::read(&context, wanted)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return tracing::warn!("reasons of refusals: {error:#}"),
            Err(_) => return tracing::warn!("reasons of refusals were not read in time"),
        };
        let rows: BTreeMap<u64, Value> =
            found.rows.iter().map(|row| (row.position, row.json())).collect();
        for fate in fates.iter_mut().filter(|fate| lacks(fate)) {
            let Some(row) = rows.get(&fate.position) else { continue };
            let code = row.get("code").and_then(Value::as_str).map(str::to_owned);
            let args = row.get("args").and_then(Value::as_object).cloned().unwrap_or_default();
            fate.word = Word::Refused { code, args };
        }
    }
}

impl Word {
    fn of(said: Option<Said>) -> Self {
        match said {
            None => Self::Nothing,
            Some(Said::New) => Self::New,
            Some(Said::Duplicate) => Self::Duplicate,
            Some(Said::Refused(None)) => Self::Refused { code: None, args: Map::new() },
            Some(Said::Refused(Some(reason))) => {
                let args = reason.args.into_iter().map(|(name, text)| (name, Value::from(text)));
                Self::Refused { code: Some(reason.code), args: args.collect() }
            }
        }
    }
}

fn slow() -> NatsError {
    NatsError::Api { what: "storing events", source: "the log does not answer in time".into() }
}
