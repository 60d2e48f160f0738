//! `tonghop refusals show` and `requeue`: one refused message whole, and what was refused again.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use async_nats::{Client, jetstream};
use clap::Args;
use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::limits::PAYLOAD_BYTES_MAX;
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;

use super::super::{DONE, NO, print, printable};
use super::{Way, code, unit};
use crate::gateway::{
    Asked, Fate, Gateway, GatewaySettings, REQUEUE_MAX, RequeueError, Requeued, Word, find,
};
use crate::nats::who_am_i;
use crate::refusals::own;
use crate::settings::Settings;

/// Subjects of which only the gateway may publish both.
const MARK: &str = "tonghop.evidence.requeued.1";
const EVENT: &str = "tonghop.v1.H41.dossier.accepted";

/// What is sent again.
#[derive(Debug, Args)]
#[command(
    after_help = "A message is sent again whole, on its own subject, with headers that say of \
which refusal it is and when it came first. What was sent again is not sent once more, unless it \
was refused again. Where NATS asks for keys, it needs that of the gateway.\n\nExamples:\n  tonghop refusals requeue --code unit.unknown --unit H41.99\n  \
tonghop refusals show 4711\n  tonghop refusals requeue 4711 --payload mended.json"
)]
#[group(id = "what", required = true, multiple = true,
        args = ["position", "code", "unit", "since"])]
pub(super) struct RequeueArgs {
    /// The position of one refused message
    #[arg(conflicts_with_all = ["code", "unit", "since"])]
    position: Option<u64>,
    /// A file whose bytes take the place of its payload
    #[arg(long, value_name = "FILE", requires = "position")]
    payload: Option<PathBuf>,
    /// All of this code, such as unit.unknown
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Option<RefusalCode>,
    /// All of this unit's subjects
    #[arg(long, value_name = "CODE", value_parser = unit)]
    unit: Option<UnitCode>,
    /// Only what the log has had since then: a day, or an instant with its offset
    #[arg(long, value_name = "INSTANT", value_parser = since)]
    since: Option<Instant>,
}

fn since(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .or_else(|| Instant::parse(&format!("{text}T00:00:00+07:00")))
        .ok_or_else(|| "give 2021-09-06, or 2021-09-06T08:00:00+07:00".to_owned())
}

impl RequeueArgs {
    /// Reads the mended payload before anything else is done.
    pub(super) fn asked(&self) -> anyhow::Result<Asked> {
        let Some(position) = self.position else {
            let Self { code, unit, since, .. } = self;
            return Ok(Asked::Matching { code: *code, unit: *unit, since: *since });
        };
        let payload = self.payload.as_deref().map(mended).transpose()?;
        Ok(Asked::One(position, payload.map(Into::into)))
    }
}

fn mended(file: &Path) -> anyhow::Result<Vec<u8>> {
    let payload = std::fs::read(file).with_context(|| file.display().to_string())?;
    anyhow::ensure!(
        payload.len() <= PAYLOAD_BYTES_MAX,
        "{}: an event has at most {PAYLOAD_BYTES_MAX} bytes",
        file.display()
    );
    Ok(payload)
}

/// Sends again, and says what became of it.
pub(super) async fn requeue(
    asked: Asked,
    client: Client,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    if let Some(who) = who_am_i(&client).await
        && !(who.may_publish(MARK) && who.may_publish(EVENT))
    {
        eprintln!(
            "tonghop: {} may not send again for others, and nothing was sent: give --creds with a \
             key of the gateway (`tonghop agency add --role gateway --creds-out FILE` makes one), \
             or send POST /v1/refusals/POSITION/requeue with a token of the office",
            who.account
        );
        return Ok(ExitCode::from(NO));
    }
    let connection = settings.connection("tonghop refusals");
    let gateway = Gateway::new(&settings.data, connection, GatewaySettings::default());
    match gateway.with_client(client).requeue(asked).await {
        Ok(requeued) => Ok(tell(&requeued, settings.json)),
        Err(error @ RequeueError::NotRefused(_)) => {
            eprintln!("tonghop: {error}");
            Ok(ExitCode::from(NO))
        }
        Err(error) => Err(error.into()),
    }
}

fn tell(requeued: &Requeued, as_json: bool) -> ExitCode {
    let refused = |fate: &Fate| matches!(fate.word, Word::Refused { .. });
    let is_no = requeued.sent.iter().any(|(_, fate)| refused(fate))
        || !requeued.unsendable.is_empty()
        || (requeued.sent.is_empty() && !requeued.already.is_empty());
    let text = if as_json { format!("{}\n", json(requeued)) } else { words(requeued) };
    if requeued.more {
        eprintln!("{REQUEUE_MAX} at a time: there are more behind the last of these");
    }
    let printed = print(&text);
    if is_no { ExitCode::from(NO) } else { printed }
}

fn words(requeued: &Requeued) -> String {
    let mut text = String::new();
    for (of, Fate { position, word }) in &requeued.sent {
        let said = match word {
            Word::New => "stored".to_owned(),
            Word::Duplicate => "duplicate".to_owned(),
            Word::Nothing => "stored; no projector has said more".to_owned(),
            Word::Refused { code, args } => {
                let code = code.as_deref().unwrap_or("refused");
                printable(&format!("refused again: {code} {}", Value::from(args.clone())))
            }
        };
        writeln!(text, "{of} → {position}  {said}").ok();
    }
    for (of, at) in &requeued.already {
        writeln!(text, "{of}  already requeued at position {at}").ok();
    }
    for of in &requeued.unsendable {
        writeln!(text, "{of}  cannot be sent: it is too large, or its headers cannot be read").ok();
    }
    if text.is_empty() {
        eprintln!("nothing that matches was refused");
    }
    text
}

fn json(requeued: &Requeued) -> Value {
    let sent = requeued.sent.iter().map(|(of, fate)| {
        let mut row = json!({"of": of, "position": fate.position});
        let more = match &fate.word {
            Word::New => json!({"status": "stored"}),
            Word::Duplicate => json!({"status": "duplicate"}),
            Word::Nothing => json!({"status": "stored", "folded": false}),
            Word::Refused { code, args } => {
                json!({"status": "refused", "code": code, "args": args})
            }
        };
        if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
            row.extend(more);
        }
        row
    });
    let already = requeued.already.iter().map(|(of, at)| json!({"of": of, "position": at}));
    json!({
        "requeued": sent.collect::<Vec<_>>(),
        "already": already.collect::<Vec<_>>(),
        "unsendable": requeued.unsendable,
        "more": requeued.more,
    })
}

/// Prints one refused message whole.
pub(super) async fn show(
    position: u64,
    client: Client,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let found = match Way::of(&client).await {
        Ok(Way::All) => find(&jetstream::new(client), position).await?,
        Ok(Way::Own(unit)) => own::pull(&client, unit).await?.find(position).await?,
        Err(why) => {
            eprintln!("tonghop: {why}");
            return Ok(ExitCode::from(NO));
        }
    };
    let Some(refused) = found else {
        eprintln!("tonghop: {}", RequeueError::NotRefused(position));
        return Ok(ExitCode::from(NO));
    };
    if settings.json {
        print(&format!("{}\n", String::from_utf8_lossy(&refused.to_json())));
        return Ok(ExitCode::from(DONE));
    }
    let mut text = String::new();
    let args: Vec<String> =
        refused.args.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let (word, recorded) = (refused.code.word(), refused.recorded_at);
    writeln!(text, "refused: {}", printable(&format!("{word} ({})", args.join(", ")))).ok();
    writeln!(text, "recorded: {recorded}\nsubject: {}", printable(&refused.subject)).ok();
    for (name, value) in &refused.headers {
        writeln!(text, "{}", printable(&format!("{name}: {value}"))).ok();
    }
    writeln!(text, "\n{}", payload(&refused.payload)).ok();
    Ok(print(&text))
}

/// A payload for a terminal; what is no text is only counted.
fn payload(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.lines().map(printable).collect::<Vec<_>>().join("\n"),
        Err(_) => format!("{} bytes that are no text; --json has them in base64", bytes.len()),
    }
}
