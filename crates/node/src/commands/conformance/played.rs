//! A run: what is sent, what is answered, and what can be read afterwards.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use async_nats::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tonghop_core::day::Instant as Moment;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::Message;

use super::events::{Played, Script};
use super::server::{Reply, Server, content_type};
use super::steps;
use super::verdict::{Report, Step};
use crate::commands::stop_signal;
use crate::gateway::{Gateway, GatewaySettings, Word};
use crate::nats::{Outgoing, connect, who_am_i, without_user};
use crate::settings::Settings;

/// The media type of one event.
const STRUCTURED: &str = "application/cloudevents+json";
/// How long readers may need to see what is folded.
const SEEN_MAX: Duration = Duration::from_secs(20);
/// How often it is looked whether they do.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Numbers that an earlier run left open which are taken up.
const OPEN_NUMBERS_MAX: u64 = 64;

/// A run that goes on.
pub(super) struct Game {
    pub(super) script: Script,
    pub(super) server: Server,
    /// The log, where events go over NATS.
    log: Option<Gateway>,
    /// Numbers that were left open, then those that were never used.
    open: VecDeque<u64>,
    next: u64,
    /// The last position that was told.
    position: u64,
    /// What was accepted and is in force: id and subject.
    pub(super) standing: Vec<(String, String)>,
    /// What the figures were before.
    pub(super) start: Figures,
}

/// What was said of one event.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// `stored`, `duplicate`, `refused CODE`, or what came instead.
    word: String,
    pub(super) position: Option<u64>,
    /// Over HTTP.
    pub(super) status: Option<u16>,
}

/// The figures of the day on which the events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    /// Documents issued.
    pub(super) issued: i64,
    /// Of them, signed by the organisation.
    pub(super) signed: i64,
}

/// What is known of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) last: u64,
    pub(super) promised: u64,
    pub(super) missing: u64,
    pub(super) ranges: Vec<(u64, u64)>,
}

/// What the projector took without saying whether it was new.
const TAKEN: &str = "taken";

impl Answer {
    /// What was said, where this was expected.
    pub(super) fn shown(&self, expected: &str) -> String {
        if self.word == TAKEN && ["stored", "duplicate"].contains(&expected) {
            return expected.to_owned();
        }
        self.word.clone()
    }

    pub(super) fn is_refused(&self) -> bool {
        !["stored", "duplicate", TAKEN].contains(&self.word.as_str())
    }

    pub(super) fn of(reply: &Reply) -> Self {
        Self { status: Some(reply.status), ..Self::of_item(&reply.body, reply.status) }
    }

    /// What stands in an answer, or in one item of it.
    pub(super) fn of_item(item: &Value, status: u16) -> Self {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let word = match (text("status"), text("code")) {
            (Some("refused"), code) => format!("refused {}", code.unwrap_or("without a code")),
            (Some(word), _) => word.to_owned(),
            (None, code) => format!("HTTP {status} {}", code.unwrap_or_default()),
        };
        let position = item.get("position").and_then(Value::as_u64);
        Self { word, position, status: None }
    }
}

/// Plays all steps; a sentence if there is nothing to be played with.
pub(super) async fn play(
    unit: UnitCode,
    on_live: bool,
    server: Server,
    settings: &Settings,
) -> anyhow::Result<Result<Report, String>> {
    let stop = stop_signal()?;
    let now = now();
    let script = Script { unit, run: format!("{:x}", now.unix_ms()) };
    let reply = server.get(&format!("/v1/completeness?unit={unit}")).await?;
    if reply.status != 200 {
        return Ok(Err(problem(&format!("{unit} cannot be played"), &reply)));
    }
    let sources = others(&reply.body, unit, &script.source());
    if !on_live && !sources.is_empty() {
        return Ok(Err(format!(
            "{} publishes for {unit} already: what is refused on purpose would stand among its \
             refusals for ever; take a unit for trials, or say --on-live",
            sources.join(", ")
        )));
    }
    // Whoever is let in is told that this is no media type.
    let let_in = server.post(&content_type("text/plain"), b"").await?;
    if !settings.nats_is_named && let_in.status != 415 {
        return Ok(Err(problem("the token is not taken", &let_in)));
    }
    let log = if settings.nats_is_named { Some(gateway(settings).await?) } else { None };
    let over = log.as_ref().map_or_else(
        || format!("HTTP at {}", server.address()),
        |_| format!("NATS at {}", without_user(&settings.nats)),
    );
    let about = format!("The system of {unit} as {}, played over {over}.", script.source());
    let start = Figures { issued: 0, signed: 0 };
    let (open, standing) = (VecDeque::new(), Vec::new());
    let mut game = Game { script, server, log, open, next: 1, position: 0, standing, start };
    let steps = game.all(&stop).await?;
    let mut notes = Vec::new();
    if *stop.borrow() {
        notes.push("It was stopped: the steps after the last one were not played.".to_owned());
    }
    Ok(Ok(Report { about, at: now.to_string(), steps, notes }))
}

async fn gateway(settings: &Settings) -> anyhow::Result<Gateway> {
    let connection = settings.connection("tonghop conformance");
    let client = connect(&connection).await?;
    let who = who_am_i(&client).await.unwrap_or_default();
    let gateway = Gateway::new(&settings.data, connection, GatewaySettings::default());
    Ok(gateway.with_client(client).with_unit(who.unit()))
}

pub(super) fn now() -> Moment {
    Moment::from_unix_ms(chrono::Utc::now().timestamp_millis())
}

fn problem(what: &str, reply: &Reply) -> String {
    let detail = reply.body.get("detail").and_then(Value::as_str).unwrap_or("it gives no reason");
    format!("{what}: HTTP {}: {detail}", reply.status)
}

/// The other sources of which the unit has events.
fn others(completeness: &Value, unit: UnitCode, own: &str) -> Vec<String> {
    let rows = completeness.get("sources").and_then(Value::as_array).into_iter().flatten();
    let text = |row: &Value, name: &str| {
        row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let of_unit = rows.filter(|row| text(row, "unit") == unit.as_str());
    of_unit.map(|row| text(row, "source")).filter(|source| source != own).collect()
}

impl Game {
    async fn all(
        &mut self,
        stop: &tokio::sync::watch::Receiver<bool>,
    ) -> anyhow::Result<Vec<Step>> {
        let heard = self.heard().await?;
        let left = heard.ranges.iter().flat_map(|(from, to)| *from..=*to);
        self.open = left.take(usize::try_from(OPEN_NUMBERS_MAX).unwrap_or(0)).collect();
        self.next = heard.last.max(heard.promised) + 1;
        self.start = self.figures().await?;
        let bar = indicatif::ProgressBar::new(u64::try_from(steps::NAMES.len()).unwrap_or(0));
        let mut done = Vec::new();
        for name in steps::NAMES {
            bar.set_message(*name);
            if *stop.borrow() {
                break;
            }
            match steps::play(self, name).await {
                Ok(played) => done.push(played),
                Err(error) => {
                    // What stands is taken back also when the world fails in between.
                    steps::taken_back(self, heard.missing).await.ok();
                    return Err(error);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        done.push(steps::taken_back(self, heard.missing).await?);
        Ok(done)
    }

    /// A number for the next event.
    pub(super) fn number(&mut self) -> u64 {
        self.open.pop_front().unwrap_or_else(|| self.fresh())
    }

    /// A number behind all others.
    pub(super) fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    pub(super) fn is_over_nats(&self) -> bool {
        self.log.is_some()
    }

    /// Sends an event in structured JSON.
    pub(super) async fn send(&mut self, event: &Played) -> anyhow::Result<Answer> {
        let subject = event.nats_subject(self.script.unit);
        self.send_bytes(&subject, event.0.to_string().as_bytes()).await
    }

    /// Sends an event that is to count, and remembers to take it back.
    pub(super) async fn say(&mut self, event: &Played) -> anyhow::Result<Answer> {
        let answer = self.send(event).await?;
        if !answer.is_refused() {
            let known = (event.text("id").to_owned(), event.text("subject").to_owned());
            if !self.standing.contains(&known) {
                self.standing.push(known);
            }
        }
        Ok(answer)
    }

    /// Sends a payload as it is.
    pub(super) async fn send_bytes(
        &mut self,
        subject: &str,
        payload: &[u8],
    ) -> anyhow::Result<Answer> {
        if self.is_over_nats() {
            let headers = vec![("Content-Type".to_owned(), STRUCTURED.to_owned())];
            return self.publish(subject, Message { headers, payload: payload.to_vec() }).await;
        }
        let reply = self.server.post(&content_type(STRUCTURED), payload).await?;
        Ok(self.heard_of(Answer::of(&reply)))
    }

    /// Sends an event in binary mode.
    pub(super) async fn send_message(
        &mut self,
        subject: &str,
        mut message: Message,
    ) -> anyhow::Result<Answer> {
        if self.is_over_nats() {
            return self.publish(subject, message).await;
        }
        for (name, _) in &mut message.headers {
            if name == "ce-datacontenttype" {
                "content-type".clone_into(name);
            }
        }
        let reply = self.server.post(&message.headers, &message.payload).await?;
        Ok(self.heard_of(Answer::of(&reply)))
    }

    pub(super) fn heard_of(&mut self, answer: Answer) -> Answer {
        self.position = self.position.max(answer.position.unwrap_or(0));
        answer
    }

    async fn publish(&mut self, subject: &str, message: Message) -> anyhow::Result<Answer> {
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            headers.append(HeaderName::from_str(name)?, HeaderValue::from_str(value)?);
        }
        let payload = message.payload.into();
        let outgoing = Outgoing { subject: subject.into(), headers: Some(headers), payload };
        let Some(log) = &self.log else { anyhow::bail!("no connection to NATS") };
        let fates = log.store(vec![outgoing]).await?;
        let Some(fate) = fates.into_iter().next() else { anyhow::bail!("the log said nothing") };
        let said = |word: &str| Answer {
            word: word.to_owned(),
            position: Some(fate.position),
            status: None,
        };
        let answer = match &fate.word {
            Word::New => said("stored"),
            Word::Duplicate => said("duplicate"),
            Word::Refused { code: Some(code), .. } => said(&format!("refused {code}")),
            Word::Refused { code: None, .. } | Word::Nothing => said(TAKEN),
        };
        let answer = self.heard_of(answer);
        if answer.word != TAKEN {
            return Ok(answer);
        }
        // Who may not listen to the projector reads it over HTTP.
        let refused = self.refusal(fate.position).await?;
        Ok(refused.map_or(answer, |code| said(&format!("refused {code}"))))
    }

    /// Asks until the answer is of the last position that was told.
    async fn read(&self, target: &str) -> anyhow::Result<Value> {
        let until = Instant::now() + SEEN_MAX;
        loop {
            let reply = self.server.get(target).await?;
            anyhow::ensure!(reply.status == 200, problem(target, &reply));
            let position = reply.body.get("position").and_then(Value::as_u64).unwrap_or(0);
            if position >= self.position || Instant::now() > until {
                return Ok(reply.body);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The figures of the day of the events.
    pub(super) async fn figures(&self) -> anyhow::Result<Figures> {
        Ok(Figures {
            issued: self.issued(super::events::DAY).await?,
            signed: self.figure("documents.signed_share", super::events::DAY).await?,
        })
    }

    /// Documents issued on a day.
    pub(super) async fn issued(&self, day: &str) -> anyhow::Result<i64> {
        self.figure("documents.issued", day).await
    }

    /// A figure of the unit on one day; of a ratio the part; 0 where there is no data yet.
    async fn figure(&self, indicator: &str, day: &str) -> anyhow::Result<i64> {
        let unit = self.script.unit;
        let target = format!("/v1/figures?indicator={indicator}&unit={unit}&from={day}&to={day}");
        let answer = self.read(&target).await?;
        let part = || answer.get("ratio")?.get("part")?.as_i64();
        let nothing = || answer.get("missing")?.as_bool().filter(|so| *so).map(|_| 0);
        let value = answer.get("value").and_then(Value::as_i64).or_else(part).or_else(nothing);
        value.ok_or_else(|| anyhow::anyhow!("{target}: there is no number in {answer}"))
    }

    /// What is known of the source.
    pub(super) async fn heard(&self) -> anyhow::Result<Heard> {
        let answer = self.read(&format!("/v1/completeness?unit={}", self.script.unit)).await?;
        let own = self.script.source();
        let rows = answer.get("sources").and_then(Value::as_array).into_iter().flatten();
        let mut rows = rows.filter(|row| row.get("source").and_then(Value::as_str) == Some(&*own));
        let Some(row) = rows.next() else { return Ok(Heard::default()) };
        let number = |name: &str| row.get(name).and_then(Value::as_u64).unwrap_or(0);
        let ranges = row.get("missing").and_then(Value::as_array).into_iter().flatten();
        let ends = |range: &Value| Some((range.get(0)?.as_u64()?, range.get(1)?.as_u64()?));
        Ok(Heard {
            last: number("lastSequence"),
            promised: number("promised"),
            missing: number("missingCount"),
            ranges: ranges.filter_map(ends).collect(),
        })
    }

    /// The code of what was refused at a position.
    pub(super) async fn refusal(&self, position: u64) -> anyhow::Result<Option<String>> {
        let after = position.saturating_sub(1);
        let answer = self.read(&format!("/v1/refusals?after={after}&limit=1")).await?;
        let row = answer.get("refusals").and_then(|rows| rows.get(0)).cloned().unwrap_or_default();
        let is_it = row.get("position").and_then(Value::as_u64) == Some(position);
        let code = row.get("code").and_then(Value::as_str).filter(|_| is_it);
        Ok(code.map(str::to_owned))
    }
}
