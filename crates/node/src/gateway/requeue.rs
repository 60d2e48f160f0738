//! What was refused, published again: whole, on its subject, once its cause is mended.
//!
//! It gets a new position; headers say of which refusal it is and when the log had it first. That
//! it was sent again is kept in `TONGHOP_EVIDENCE` as `tonghop.evidence.requeued.<position>`, the
//! position being that of the first refusal, so that it is sent again once and not without end.
//! A crash between the two leaves it unsaid; the next time then sends a copy, which is a duplicate.
//!
//! **Invariant REQ-1:** what was sent again is sent again once more only if it was refused again.

use std::collections::BTreeMap;
use std::str::FromStr;

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use async_nats::jetstream;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tonghop_core::day::Instant;
use tonghop_core::limits::PAYLOAD_BYTES_MAX;
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{Raw, RefusedMessage};

use super::{Fate, Gateway};
use crate::nats::{NatsError, Outgoing, StreamName, streams};
use crate::refusals::for_each;

/// Refusals that are sent again by one call.
pub const REQUEUE_MAX: usize = 1_000;
/// Bytes of their payloads.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of the headers of one of them.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// What the names of headers begin with that are orders to the server, and no part of a message:
/// done again they would be another order.
const ORDERS: &str = "nats-";
/// The header that names the first refusal.
const REQUEUED: &str = "Tonghop-Requeued";
/// The header that says when the log had the message first.
const RECORDED: &str = "Tonghop-Recorded";

/// What is to be sent again.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The refusal of the message at this position, with another payload if one is given.
    One(u64, Option<Bytes>),
    /// All that match.
    Matching {
        /// Of this code.
        code: Option<RefusalCode>,
        /// By the subjects of this unit.
        unit: Option<UnitCode>,
        /// Recorded then or later.
        since: Option<Instant>,
    },
}

/// What was sent again, and what was not.
#[derive(Debug, Clone, Default)]
pub struct Requeued {
    /// The position that was asked for, and what became of the new message.
    pub sent: Vec<(u64, Fate)>,
    /// The position that was asked for, and the one at which it was sent again before.
    pub already: Vec<(u64, u64)>,
    /// Those that are too large, or whose headers cannot be sent.
    pub unsendable: Vec<u64>,
    /// Whether more match than one call sends.
    pub more: bool,
}

/// Why nothing, or not all, was sent again.
#[derive(Debug, thiserror::Error)]
pub enum RequeueError {
    /// No message at this position was refused.
    #[error("no message at position {0} was refused; `tonghop refusals` lists those that were")]
    NotRefused(u64),
    /// Another call is at it.
    #[error("refusals are being sent again by another call; ask again")]
    Busy,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] NatsError),
    /// The refusals cannot be read.
    #[error("the refusals cannot be read: {0:#}")]
    Unreadable(anyhow::Error),
}

/// What stands in `TONGHOP_EVIDENCE` of a refusal that was sent again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    /// Of the first refusal.
    position: u64,
    /// Of the message that was sent again.
    requeued_at: u64,
}

/// A refusal that is sent again.
struct Chosen {
    asked: u64,
    /// The first refusal of this message.
    root: u64,
    message: Outgoing,
}

impl Gateway {
    /// Sends again what is asked for, unless it was already and was not refused again.
    pub async fn requeue(&self, asked: Asked) -> Result<Requeued, RequeueError> {
        let _alone = self.requeueing.try_lock().map_err(|_| RequeueError::Busy)?;
        let context = jetstream::new(self.session().await?.client.clone());
        let mut requeued = Requeued::default();
        let chosen = match asked {
            Asked::One(position, payload) => {
                one(&context, position, payload, &mut requeued).await?
            }
            Asked::Matching { .. } => matching(&context, &asked, &mut requeued).await?,
        };
        if chosen.is_empty() {
            return Ok(requeued);
        }
        let published =
            self.publish(chosen.iter().map(|one| one.message.clone()).collect()).await?;
        for (one, position) in chosen.iter().zip(&published.stored) {
            mark(&context, &Mark { position: one.root, requeued_at: *position }).await?;
        }
        let fates = self.fates(published).await;
        requeued.sent = chosen.iter().map(|one| one.asked).zip(fates).collect();
        Ok(requeued)
    }
}

/// The refusal of the message at a position.
pub async fn find(
    context: &jetstream::Context,
    position: u64,
) -> Result<Option<RefusedMessage>, RequeueError> {
    let mut found = None;
    read(context, |refused| {
        if refused.position == position {
            found = Some(refused);
        }
    })
    .await?;
    Ok(found)
}

async fn one(
    context: &jetstream::Context,
    position: u64,
    payload: Option<Bytes>,
    requeued: &mut Requeued,
) -> Result<Vec<Chosen>, RequeueError> {
    let none = RequeueError::NotRefused(position);
    let mut refused = find(context, position).await?.ok_or(none)?;
    let (root, at) = chain(context, &refused).await?;
    if let Some(at) = at.filter(|at| *at != position) {
        // Refused again it is sent again as it came the last time.
        let Some(again) = find(context, at).await? else {
            requeued.already.push((position, at));
            return Ok(Vec::new());
        };
        refused = again;
    }
    if let Some(payload) = payload {
        refused.payload = payload.into();
    }
    Ok(choose(position, root, refused, requeued).into_iter().collect())
}

async fn matching(
    context: &jetstream::Context,
    asked: &Asked,
    requeued: &mut Requeued,
) -> Result<Vec<Chosen>, RequeueError> {
    let mut found: BTreeMap<u64, RefusedMessage> = BTreeMap::new();
    let (mut bytes, mut more) = (0, false);
    read(context, |refused| {
        if !asked.matches(&refused) || found.contains_key(&refused.position) {
            return;
        }
        bytes += refused.payload.len();
        found.insert(refused.position, refused);
        while found.len() > REQUEUE_MAX || bytes > BYTES_MAX {
            let Some((_, last)) = found.pop_last() else { break };
            bytes = bytes.saturating_sub(last.payload.len());
            more = true;
        }
    })
    .await?;
    requeued.more = more;
    let mut chosen = Vec::with_capacity(found.len());
    for (position, refused) in found {
        let (root, at) = chain(context, &refused).await?;
        match at.filter(|at| *at != position) {
            Some(at) => requeued.already.push((position, at)),
            None => chosen.extend(choose(position, root, refused, requeued)),
        }
    }
    Ok(chosen)
}

impl Asked {
    fn matches(&self, refused: &RefusedMessage) -> bool {
        match self {
            Self::One(position, _) => refused.position == *position,
            Self::Matching { code, unit, since } => {
                let of = refused.subject.split('.').nth(2).and_then(UnitCode::parse_token);
                code.is_none_or(|code| refused.code == code)
                    && unit.is_none_or(|unit| of == Some(unit))
                    && since.is_none_or(|since| refused.recorded_at >= since)
            }
        }
    }
}

/// The first refusal of a message, and the position at which it was sent again last. A header is
/// believed only if what was kept says the same: a publisher can write one too.
async fn chain(
    context: &jetstream::Context,
    refused: &RefusedMessage,
) -> Result<(u64, Option<u64>), RequeueError> {
    let said = header(refused, REQUEUED).and_then(|text| text.parse::<u64>().ok());
    if let Some(root) = said.filter(|root| *root < refused.position)
        && let Some(at) = marked(context, root).await?
        && at >= refused.position
    {
        return Ok((root, Some(at)));
    }
    Ok((refused.position, marked(context, refused.position).await?))
}

fn choose(
    asked: u64,
    root: u64,
    refused: RefusedMessage,
    requeued: &mut Requeued,
) -> Option<Chosen> {
    let chosen = again(root, refused).map(|message| Chosen { asked, root, message });
    if chosen.is_none() {
        requeued.unsendable.push(asked);
    }
    chosen
}

/// The message as it came, with what is said of it; none if it is too large to be accepted ever, or
/// its headers cannot be sent.
fn again(root: u64, refused: RefusedMessage) -> Option<Outgoing> {
    let is_first = refused.position == root;
    let said = header(&refused, RECORDED).filter(|_| !is_first).map(str::to_owned);
    let recorded = said.unwrap_or_else(|| refused.recorded_at.to_string());
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let is_order = |name: &str| name.get(..ORDERS.len()).is_some_and(|begins| is(begins, ORDERS));
    let bytes: usize = refused.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if refused.payload.len() > PAYLOAD_BYTES_MAX || bytes > HEADER_BYTES_MAX {
        return None;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &refused.headers {
        if is(name, Raw::UNREADABLE_HEADERS) {
            return None;
        }
        if !is(name, REQUEUED) && !is(name, RECORDED) && !is_order(name) {
            headers.append(HeaderName::from_str(name).ok()?, HeaderValue::from_str(value).ok()?);
        }
    }
    headers.insert(REQUEUED, root.to_string());
    headers.insert(RECORDED, recorded);
    let (subject, payload) = (refused.subject.into(), refused.payload.into());
    Some(Outgoing { subject, headers: Some(headers), payload })
}

fn header<'a>(refused: &'a RefusedMessage, name: &str) -> Option<&'a str> {
    let found = refused.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

async fn read(
    context: &jetstream::Context,
    mut take: impl FnMut(RefusedMessage),
) -> Result<(), RequeueError> {
    let stream = streams::look(context, StreamName::Refused).await?;
    for_each(context, &stream, |payload| match RefusedMessage::from_json(payload) {
        Ok(refused) => take(refused),
        Err(error) => tracing::warn!(%error, "a message of {} is left out", StreamName::Refused),
    })
    .await
    .map_err(RequeueError::Unreadable)
}

fn subject(root: u64) -> String {
    format!("tonghop.evidence.requeued.{root}")
}

/// At which position the refusal was sent again last, if it ever was.
async fn marked(context: &jetstream::Context, root: u64) -> Result<Option<u64>, RequeueError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| NatsError::Api {
        what: "looking at what was sent again",
        source,
    };
    let stream = context.get_stream(StreamName::Evidence.as_str()).await;
    let stream = stream.map_err(|error| failed(Box::new(error)))?;
    match stream.get_last_raw_message_by_subject(&subject(root)).await {
        Ok(message) => {
            let mark: Result<Mark, _> = serde_json::from_slice(&message.payload);
            Ok(Some(mark.map_err(|error| failed(Box::new(error)))?.requeued_at))
        }
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(failed(Box::new(error)).into()),
    }
}

async fn mark(context: &jetstream::Context, mark: &Mark) -> Result<(), NatsError> {
    let failed = |error: jetstream::context::PublishError| NatsError::Api {
        what: "keeping what was sent again",
        source: Box::new(error),
    };
    let payload = serde_json::to_vec(mark).unwrap_or_default();
    let sent = context.publish(subject(mark.position), payload.into()).await.map_err(failed)?;
    sent.await.map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tonghop_core::refusal::Refusal;
    use tonghop_wire::Refused;

    use super::*;

    fn refused(position: u64, headers: &[(&str, &str)]) -> RefusedMessage {
        let subject = "tonghop.v1.H41-16.dossier.accepted";
        let raw = Raw { subject, headers, payload: b" {}\n" };
        let refused = Refused::new(Refusal::new(RefusalCode::UnitUnknown), &raw);
        RefusedMessage::new(refused, &raw, position, Instant::from_unix_ms(0))
    }

    #[test]
    fn a_message_goes_again_as_it_came_with_what_is_said_of_it() {
        let given = [
            ("ce-id", "1"),
            ("ce-id", "2"),
            ("tonghop-recorded", "never"),
            ("Nats-Expected-Last-Sequence", "3"),
        ];
        let message = again(7, refused(7, &given)).unwrap();
        assert_eq!(message.payload, &b" {}\n"[..]);
        let headers = message.headers.unwrap();
        let values = |name: &str| -> Vec<String> {
            headers.get_all(name).map(|value| value.as_str().to_owned()).collect()
        };
        assert_eq!(values("ce-id"), ["1", "2"]);
        assert_eq!(values(REQUEUED), ["7"]);
        assert_eq!(values(RECORDED), ["1970-01-01T07:00:00+07:00"], "a client's word is not kept");
        for gone in ["tonghop-recorded", "Nats-Expected-Last-Sequence"] {
            assert_eq!(values(gone), [""; 0]);
        }
        // The second time it is still of the first refusal.
        let given = [(REQUEUED, "7"), (RECORDED, "1970-01-01T07:00:00+07:00")];
        let mut second = refused(9, &given);
        second.recorded_at = Instant::from_unix_ms(86_400_000);
        let headers = again(7, second).unwrap().headers.unwrap();
        assert_eq!(headers.get(RECORDED).unwrap().as_str(), "1970-01-01T07:00:00+07:00");
        assert!(again(7, refused(7, &[(Raw::UNREADABLE_HEADERS, "/w==")])).is_none());
        let mut large = refused(7, &[]);
        large.payload = vec![b' '; PAYLOAD_BYTES_MAX + 1];
        assert!(again(7, large).is_none());
    }

    #[test]
    fn what_matches_is_of_the_code_the_unit_and_the_time() {
        let all = Asked::Matching { code: None, unit: None, since: None };
        let of = |unit: &str| UnitCode::parse(unit);
        for (asked, expected) in [
            (all, true),
            (Asked::One(7, None), true),
            (Asked::One(8, None), false),
            (Asked::Matching { code: None, unit: of("H41.16"), since: None }, true),
            (Asked::Matching { code: None, unit: of("H41.17"), since: None }, false),
            (
                Asked::Matching {
                    code: Some(RefusalCode::UnitUnknown),
                    unit: None,
                    since: Some(Instant::from_unix_ms(0)),
                },
                true,
            ),
            (Asked::Matching { code: Some(RefusalCode::IdReused), unit: None, since: None }, false),
            (
                Asked::Matching { code: None, unit: None, since: Some(Instant::from_unix_ms(1)) },
                false,
            ),
        ] {
            assert_eq!(asked.matches(&refused(7, &[])), expected, "{asked:?}");
        }
    }
}
