//! How an agency reads its own refusals over NATS: by the consumer that was made for it.
//!
//! That is all of the log that its key may read. What was looked at only is given back, and comes
//! again, here and to the agency's own systems; what was acknowledged comes no more.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::{self, AckKind};
use futures::StreamExt;
use tokio::time::timeout;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::RefusedMessage;

use super::{Found, Gathering, Wanted};
use crate::accounts::refusals_consumer;
use crate::nats::StreamName;
use crate::provision::REFUSALS_MAX;

/// How long the server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Why an agency's refusals cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// Nobody has made what they are read by.
    #[error(
        "{unit} has nothing to read its refusals by yet: the office makes it with `tonghop \
         provision`; live ones come on tonghop.refused.{}",
        unit.token()
    )]
    NotProvisioned {
        /// Of this agency.
        unit: UnitCode,
    },
    /// The server did not answer.
    #[error("reading the refusals of {unit}: {why}")]
    Api {
        /// Of this agency.
        unit: UnitCode,
        /// What went wrong.
        why: String,
    },
}

/// What was refused of an agency, and not acknowledged by anybody: the oldest, as many as one
/// request brings.
#[derive(Debug)]
pub struct Pulled {
    client: async_nats::Client,
    messages: Vec<(RefusedMessage, jetstream::Message)>,
    /// Whether there are more.
    more: bool,
}

/// Asks for them.
pub async fn pull(client: &async_nats::Client, unit: UnitCode) -> Result<Pulled, OwnError> {
    match timeout(ANSWER_MAX, pull_all(client, unit)).await {
        Ok(pulled) => pulled,
        Err(_) => Err(OwnError::Api { unit, why: "the server does not answer".to_owned() }),
    }
}

async fn pull_all(client: &async_nats::Client, unit: UnitCode) -> Result<Pulled, OwnError> {
    let failed = |why: String| OwnError::Api { unit, why };
    let context = jetstream::new(client.clone());
    let name = refusals_consumer(unit);
    let found = context.get_consumer_from_stream(&name, StreamName::Refused.as_str()).await;
    let consumer: Consumer<pull::Config> = found.map_err(|error| match error.to_string() {
        why if why.contains("not found") => OwnError::NotProvisioned { unit },
        why => failed(why),
    })?;
    let asked = consumer.fetch().max_messages(REFUSALS_MAX.into()).messages().await;
    let mut arriving = asked.map_err(|error| failed(error.to_string()))?;
    let (mut messages, mut more) = (Vec::new(), false);
    while let Some(message) = arriving.next().await {
        let message = message.map_err(|error| failed(error.to_string()))?;
        more = message.info().is_ok_and(|info| info.pending > 0);
        match RefusedMessage::from_json(&message.payload) {
            Ok(refused) => messages.push((refused, message)),
            Err(error) => tracing::warn!(%error, "a refusal is left out"),
        }
    }
    Ok(Pulled { client: client.clone(), messages, more })
}

impl Pulled {
    /// Those that are wanted. They are acknowledged, or given back like all others.
    pub async fn page(self, wanted: Wanted, acknowledge: bool) -> anyhow::Result<Found> {
        let mut gathering = Gathering::new(wanted);
        for (refused, _) in &self.messages {
            gathering.take(refused.clone());
        }
        let mut found = gathering.found();
        found.more |= self.more;
        let shown = found.rows.iter().map(|row| row.position).filter(|_| acknowledge).collect();
        self.give_back_but(&shown).await?;
        Ok(found)
    }

    /// The one of this position, whole. All are given back.
    pub async fn find(self, position: u64) -> anyhow::Result<Option<RefusedMessage>> {
        let mut refused = self.messages.iter().map(|(refused, _)| refused);
        let found = refused.find(|refused| refused.position == position).cloned();
        self.give_back_but(&BTreeSet::new()).await?;
        Ok(found)
    }

    async fn give_back_but(&self, acknowledged: &BTreeSet<u64>) -> anyhow::Result<()> {
        for (refused, message) in &self.messages {
            let is_done = acknowledged.contains(&refused.position);
            let kind = if is_done { AckKind::Ack } else { AckKind::Nak(None) };
            message.ack_with(kind).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        Ok(self.client.flush().await?)
    }
}
