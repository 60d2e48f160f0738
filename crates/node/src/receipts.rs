//! Answers publishers which numbers of their sources the log has, for good or not yet.
//!
//! A number that is in the account may go again: when the log is put back to an earlier state, it
//! is folded anew, and the account with it. So an answer also says up to which position the log is
//! safe on its server's disk: what was stored so long ago that the server has made it safe since
//! (its `sync_interval`, twice, for it is counted from any moment).
//!
//! **Invariant RCP-2:** `end` was seen after the request came, and the account is that of
//! `position`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::{Client, Message, jetstream};
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, interval};
use tonghop_client::receipts::{self, Account, Answer};
use tonghop_core::limits::{SOURCE_BYTES_MAX, SOURCES_PER_UNIT_MAX};
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;

use crate::nats::{StreamName, streams};
use crate::view::View;

/// How often it is noted where the fold stands.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Gaps that one answer names, of all sources of a unit together.
const GAPS_TOLD_MAX: usize = 8_192;
/// Bytes of a gap, two numbers, and of a source's name and what else its account says.
const GAP_BYTES_MAX: usize = 2 * 20 + 4;
const ACCOUNT_BYTES_MAX: usize = 6 * SOURCE_BYTES_MAX + 128;
/// Those of which something was accepted, and those of which nothing was.
const SOURCES_MAX: usize = 128;
const _: () = assert!(SOURCES_PER_UNIT_MAX * 2 == 128);
/// A server takes no longer message, unless it is told to.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const _: () =
    assert!(GAPS_TOLD_MAX * GAP_BYTES_MAX + SOURCES_MAX * ACCOUNT_BYTES_MAX < ANSWER_BYTES_MAX / 2);
/// Requests that one look at the log answers.
const TURN: usize = 256;

/// How far the log is safe: where the fold stood so long ago.
#[derive(Debug)]
pub(crate) struct Settled {
    after: Duration,
    /// When, and where; the oldest first.
    noted: VecDeque<(Instant, u64)>,
    position: u64,
}

impl Settled {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after, noted: VecDeque::new(), position: 0 }
    }

    pub(crate) fn note(&mut self, now: Instant, position: u64) {
        if self.noted.back().is_none_or(|(_, last)| *last < position) {
            self.noted.push_back((now, position));
        }
        while let Some((then, position)) = self.noted.front()
            && now.saturating_duration_since(*then) >= self.after
        {
            self.position = *position;
            self.noted.pop_front();
        }
    }

    /// Up to which position the log is safe.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }
}

/// Answers until the connection is gone. `settle_after` is how long a confirmed message may take
/// until it is safe on the disk of the log's server.
pub(crate) async fn serve(client: Client, view: Arc<View>, settle_after: Duration) {
    let mut requests = match client.subscribe(format!("{}*", receipts::PREFIX)).await {
        Ok(requests) => requests,
        Err(error) => return tracing::warn!(%error, "publishers get no receipts now"),
    };
    let context = jetstream::new(client.clone());
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let generation = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
    let mut settled = Settled::new(settle_after);
    let mut tick = interval(NOTE_EVERY);
    loop {
        let first = tokio::select! {
            _ = tick.tick() => {
                settled.note(Instant::now(), view.position());
                continue;
            }
            request = requests.next() => request,
        };
        let Some(first) = first else { return };
        let mut asked = vec![first];
        while asked.len() < TURN
            && let Some(Some(more)) = requests.next().now_or_never()
        {
            asked.push(more);
        }
        let log = match streams::identity(&context, StreamName::Events.as_str()).await {
            Ok(log) => log,
            Err(error) => {
                // Whoever asked asks again.
                tracing::debug!(%error, "the end of the log is not known now");
                continue;
            }
        };
        settled.note(Instant::now(), view.position());
        for request in &asked {
            answer(&client, &view, request, generation, log.last, settled.position).await;
        }
    }
}

async fn answer(
    client: &Client,
    view: &View,
    request: &Message,
    generation: u64,
    end: u64,
    settled: u64,
) {
    let (Some(unit), Some(reply)) = (receipts::unit_of(&request.subject), &request.reply) else {
        return;
    };
    if !may_be_answered(reply) {
        return tracing::warn!(%reply, "a request for receipts asks to be answered where it may not");
    }
    let account = view.read(&[], |moment| {
        let each = GAPS_TOLD_MAX / moment.sources.of(unit).count().max(1);
        let sources = moment.sources.of(unit).map(|(name, source)| {
            let uncertain = source.uncertain().map_or(0, |(to, _)| to);
            let account = Account {
                last: source.last_sequence(),
                missing: source.missing().collect(),
                uncertain,
            };
            (name.to_string(), shortened(account, each))
        });
        Answer {
            generation,
            position: moment.position,
            end,
            settled,
            registered: is_known(moment.registry(None).as_ref(), unit),
            sources: sources.collect(),
        }
    });
    let text = match account.map(|account| serde_json::to_vec(&account)) {
        Ok(Ok(text)) => text,
        Ok(Err(error)) => return tracing::error!(%error, "an account cannot be written"),
        Err(error) => return tracing::debug!(%error, "an account cannot be read now"),
    };
    if let Err(error) = client.publish(reply.clone(), text.into()).await {
        tracing::debug!(%error, "an account could not be told");
    }
}

/// The account with only so many gaps, the highest; up to those that are left out it is uncertain.
fn shortened(mut account: Account, gaps_max: usize) -> Account {
    let left_out = account.missing.len().saturating_sub(gaps_max);
    if let Some((_, last)) = account.missing.drain(..left_out).next_back() {
        account.uncertain = last;
    }
    account
}

/// An answer is no event, and no order to the server: nobody gets us to publish one.
fn may_be_answered(reply: &str) -> bool {
    !reply.starts_with("tonghop.") && !reply.starts_with('$')
}

/// The fold hears the sources of such units, refused events included.
fn is_known(registry: &Registry, unit: UnitCode) -> bool {
    registry.get(unit).is_some() || registry.has_office(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_to_an_inbox() {
        for (reply, may) in [
            ("_INBOX.a.b", true),
            ("_INBOX_H41-16.a", true),
            ("_R_.x", true),
            ("tonghop.v1.H41-17.document.issued", false),
            ("$JS.API.STREAM.DELETE.TONGHOP_EVENTS", false),
        ] {
            assert_eq!(may_be_answered(reply), may, "{reply}");
        }
    }

    #[test]
    fn an_account_that_is_too_long_is_uncertain_of_its_oldest_numbers() {
        let all = Account { last: 9, missing: vec![(3, 4), (6, 6), (8, 8)], uncertain: 1 };
        assert_eq!(shortened(all.clone(), 3), all);
        let two = Account { missing: vec![(6, 6), (8, 8)], uncertain: 4, ..all.clone() };
        assert_eq!(shortened(all.clone(), 2), two);
        let none = Account { missing: Vec::new(), uncertain: 8, ..all };
        assert_eq!(shortened(two, 0), none);
        assert!(none.has(9) && !none.has(7));
    }

    #[test]
    fn the_log_is_safe_as_far_as_the_fold_stood_when_it_was_last_made_safe() {
        let (begun, second) = (Instant::now(), Duration::from_secs(1));
        let mut settled = Settled::new(2 * second);
        for (after, position, expected) in
            [(0, 10, 0), (1, 20, 0), (2, 20, 10), (3, 30, 20), (4, 30, 20), (9, 30, 30)]
        {
            settled.note(begun + after * second, position);
            assert_eq!(settled.position, expected, "after {after} s");
        }
        let mut always = Settled::new(Duration::ZERO);
        always.note(begun, 7);
        assert_eq!(always.position, 7);
    }
}
