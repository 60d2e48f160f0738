//! Makes what the log is kept in: the streams, and a consumer for each agency by which it reads its
//! own refusals.
//!
//! Everything that is there already is left as it is, so that it can be done again at any time. An
//! agency cannot make a consumer itself: who may, may have messages delivered to any subject.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::AckPolicy;
use async_nats::jetstream::consumer::pull::Config;
use tonghop_core::unit_code::UnitCode;

use crate::accounts::refusals_consumer;
use crate::nats::{NatsError, StreamIdentity, StreamName, ensure_streams};

/// Refusals that one request brings, and that may wait for an acknowledgement.
pub const REFUSALS_MAX: u16 = 256;
/// Requests that wait for refusals at once, and how long one waits.
const REQUESTS_MAX: i64 = 16;
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// Makes the streams with so many replicas, and checks those that are there.
pub async fn streams(
    context: &jetstream::Context,
    replicas: usize,
) -> Result<[StreamIdentity; 3], NatsError> {
    ensure_streams(context, replicas).await
}

/// Makes the consumers of these agencies.
pub async fn consumers(
    context: &jetstream::Context,
    units: &BTreeSet<UnitCode>,
) -> Result<(), NatsError> {
    for unit in units {
        let config = Config {
            durable_name: Some(refusals_consumer(*unit)),
            description: Some(format!("the refusals of {unit}")),
            filter_subject: format!("tonghop.refused.{}", unit.token()),
            ack_policy: AckPolicy::Explicit,
            max_ack_pending: REFUSALS_MAX.into(),
            max_batch: REFUSALS_MAX.into(),
            max_waiting: REQUESTS_MAX,
            max_expires: REQUEST_MAX,
            ..Config::default()
        };
        let made = context.create_consumer_on_stream(config, StreamName::Refused.as_str()).await;
        made.map_err(|error| NatsError::Api {
            what: "making a consumer of refusals",
            source: error.into(),
        })?;
    }
    Ok(())
}
