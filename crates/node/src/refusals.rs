//! What stands in `TONGHOP_REFUSED`, for people: in order of position, each refusal once.
//!
//! The stream is read from its beginning each time: a refusal is told again when a step is done
//! again after a crash, and all are when a store is computed anew, so that only the position says
//! which is which. Memory is bounded by the page that is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, watch};
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::RefusedMessage;

use crate::nats::{
    ConnectSettings, Reader, ReaderSettings, StreamIdentity, StreamName, connect, streams,
};

pub mod own;

/// How long the stream may take to be read.
const READ_MAX: Duration = Duration::from_mins(1);

/// A refusal, without the message.
#[derive(Debug, Clone)]
pub struct Row {
    /// The place of the message in the log.
    pub position: u64,
    /// The unit of the subject that the message came by, if it names one.
    pub unit: Option<UnitCode>,
    refused: RefusedMessage,
}

impl Row {
    fn new(mut refused: RefusedMessage) -> Self {
        // What is shown of a refusal is its reason; the message stays in the stream.
        refused.payload = Vec::new();
        refused.headers = Vec::new();
        let unit = refused.subject.split('.').nth(2).and_then(UnitCode::parse_token);
        Self { position: refused.position, unit, refused }
    }

    /// As the contract writes a refusal, with the unit, and without the message.
    pub fn json(&self) -> Value {
        let args = self.refused.args.iter().map(|(name, text)| (name.clone(), json!(text)));
        json!({
            "position": self.position,
            "unit": self.unit.map(|unit| unit.to_string()),
            "code": self.refused.code.word(),
            "args": args.collect::<Map<_, _>>(),
            "subject": self.refused.subject,
            "source": self.refused.source,
            "id": self.refused.id,
            "recordedAt": self.refused.recorded_at.to_string(),
        })
    }

    /// `data.missing_field (field: channel)`.
    pub fn reason(&self) -> String {
        let args: Vec<String> =
            self.refused.args.iter().map(|(name, text)| format!("{name}: {text}")).collect();
        let code = self.refused.code.word();
        if args.is_empty() { code.to_owned() } else { format!("{code} ({})", args.join(", ")) }
    }

    /// Source and id, as far as they could be read.
    pub fn sender(&self) -> (&str, &str) {
        let RefusedMessage { source, id, .. } = &self.refused;
        (source.as_deref().unwrap_or("–"), id.as_deref().unwrap_or("–"))
    }

    /// When the log stored the message.
    pub fn recorded_at(&self) -> String {
        self.refused.recorded_at.to_string()
    }
}

/// Which refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Of this unit only.
    pub unit: Option<UnitCode>,
    /// Of this code only.
    pub code: Option<RefusalCode>,
    /// Which of them.
    pub page: Page,
}

/// Which refusals of those that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The first so many behind a position.
    After(u64, usize),
    /// The last so many.
    Last(usize),
}

/// The refusals of a page, in order of position.
#[derive(Debug, Clone)]
pub struct Found {
    /// They.
    pub rows: Vec<Row>,
    /// Whether there are more that match: behind the page, or before it.
    pub more: bool,
}

/// Gathers a page from refusals in any order.
#[derive(Debug)]
struct Gathering {
    wanted: Wanted,
    rows: BTreeMap<u64, Row>,
    more: bool,
}

impl Gathering {
    fn new(wanted: Wanted) -> Self {
        Self { wanted, rows: BTreeMap::new(), more: false }
    }

    fn take(&mut self, refused: RefusedMessage) {
        let row = Row::new(refused);
        let Wanted { unit, code, page } = self.wanted;
        let is_wanted = unit.is_none_or(|unit| row.unit == Some(unit))
            && code.is_none_or(|code| row.refused.code == code);
        let (after, limit) = match page {
            Page::After(after, limit) => (after, limit),
            Page::Last(limit) => (0, limit),
        };
        if !is_wanted || row.position <= after {
            return;
        }
        self.rows.insert(row.position, row);
        if self.rows.len() > limit {
            self.more = true;
            match page {
                Page::After(..) => self.rows.pop_last(),
                Page::Last(_) => self.rows.pop_first(),
            };
        }
    }

    fn found(self) -> Found {
        Found { rows: self.rows.into_values().collect(), more: self.more }
    }
}

/// Reads the refusals that are wanted.
pub async fn read(context: &jetstream::Context, wanted: Wanted) -> anyhow::Result<Found> {
    let stream = streams::look(context, StreamName::Refused).await?;
    let mut gathering = Gathering::new(wanted);
    for_each(context, &stream, |payload| match RefusedMessage::from_json(payload) {
        Ok(refused) => gathering.take(refused),
        Err(error) => tracing::warn!(%error, "a message of {} is left out", StreamName::Refused),
    })
    .await?;
    Ok(gathering.found())
}

/// Reads every message that the stream of refusals held when it was looked at.
pub async fn for_each(
    context: &jetstream::Context,
    stream: &StreamIdentity,
    mut take: impl FnMut(&[u8]),
) -> anyhow::Result<()> {
    if stream.messages == 0 {
        return Ok(());
    }
    let (batches, mut received) = mpsc::channel(2);
    let (_keep, stop) = watch::channel(false);
    let settings = ReaderSettings::new(StreamName::Refused.as_str(), 0);
    let reading = tokio::spawn(Reader::new(context.clone(), settings).run(batches, stop));
    let read_all = async {
        while let Some(batch) = received.recv().await {
            for raw in &batch.messages {
                take(&raw.payload);
            }
            if batch.messages.last().is_some_and(|raw| raw.position >= stream.last) {
                return true;
            }
        }
        false
    };
    let ended = tokio::time::timeout(READ_MAX, read_all).await;
    drop(received);
    reading.abort();
    match ended {
        Ok(true) => Ok(()),
        Ok(false) => anyhow::bail!("{} broke off", StreamName::Refused),
        Err(_) => anyhow::bail!("{} could not be read within {READ_MAX:?}", StreamName::Refused),
    }
}

/// The refusals for readers of a process that has the log: one reading at a time.
#[derive(Debug)]
pub struct Refusals {
    connection: ConnectSettings,
    runtime: tokio::runtime::Handle,
    context: Mutex<Option<jetstream::Context>>,
}

impl Refusals {
    /// Reads from the log of this connection, once somebody asks.
    pub fn new(connection: ConnectSettings) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self { connection, runtime, context: Mutex::new(None) }
    }

    /// Those that are wanted; none if another reading is under way. It blocks.
    pub fn read(&self, wanted: Wanted) -> anyhow::Result<Option<Found>> {
        let Ok(mut held) = self.context.try_lock() else { return Ok(None) };
        let mut leaving = self.connection.leaving.clone();
        let stopped = async {
            match &mut leaving {
                Some(leaving) => leaving.wait_for(|leaving| *leaving).await.is_ok(),
                None => std::future::pending().await,
            }
        };
        let reading = async {
            let context = if let Some(context) = &*held {
                context.clone()
            } else {
                held.insert(jetstream::new(connect(&self.connection).await?)).clone()
            };
            read(&context, wanted).await.map(Some)
        };
        self.runtime.block_on(async {
            tokio::select! {
                found = reading => found,
                _ = stopped => anyhow::bail!("this process is stopping"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use tonghop_core::day::Instant;
    use tonghop_core::refusal::Refusal;
    use tonghop_wire::{Raw, Refused};

    use super::*;

    fn refused(position: u64, unit: &str, code: RefusalCode) -> RefusedMessage {
        let subject = format!("tonghop.v1.{unit}.dossier.accepted");
        let raw = Raw { subject: &subject, headers: &[], payload: b"{}" };
        let refused = Refused::new(Refusal::new(code).with("field", "kind"), &raw);
        RefusedMessage::new(refused, &raw, position, Instant::from_unix_ms(0))
    }

    fn gather(wanted: Wanted) -> (Vec<u64>, bool) {
        let mut gathering = Gathering::new(wanted);
        let (missing, unknown) = (RefusalCode::DataMissingField, RefusalCode::UnitUnknown);
        let mut told = vec![
            (5, "H41-16", missing),
            (2, "H41-16", unknown),
            (9, "H41", missing),
            (7, "H41-16", missing),
        ];
        // A store that was computed anew has told all of them again.
        told.extend(told.clone());
        for (position, unit, code) in told {
            gathering.take(refused(position, unit, code));
        }
        let found = gathering.found();
        (found.rows.iter().map(|row| row.position).collect(), found.more)
    }

    #[test]
    fn a_page_has_each_refusal_once_in_order_of_position() {
        let all = Wanted { unit: None, code: None, page: Page::After(0, 10) };
        let unit = UnitCode::parse("H41.16");
        let code = Some(RefusalCode::DataMissingField);
        for (wanted, positions, more) in [
            (all, vec![2, 5, 7, 9], false),
            (Wanted { page: Page::After(2, 2), ..all }, vec![5, 7], true),
            (Wanted { page: Page::After(5, 2), ..all }, vec![7, 9], false),
            (Wanted { page: Page::After(9, 2), ..all }, vec![], false),
            (Wanted { page: Page::Last(2), ..all }, vec![7, 9], true),
            (Wanted { unit, ..all }, vec![2, 5, 7], false),
            (Wanted { unit, code, ..all }, vec![5, 7], false),
            (Wanted { unit, code, page: Page::Last(1) }, vec![7], true),
        ] {
            assert_eq!(gather(wanted), (positions, more), "{wanted:?}");
        }
    }

    #[test]
    fn a_row_says_why_and_not_what() {
        let row = Row::new(refused(5, "H41-16", RefusalCode::DataMissingField));
        assert_eq!(row.reason(), "data.missing_field (field: kind)");
        let json = row.json();
        assert_eq!(json["unit"], "H41.16");
        assert_eq!(json["args"], serde_json::json!({"field": "kind"}));
        assert!(json.get("message").is_none(), "{json}");
    }
}
