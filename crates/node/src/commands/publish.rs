//! `tonghop publish`: events from files onto the log, and what became of them.
//!
//! It can be stopped and run again at any time: it goes on after the last event that is known to
//! be stored, and what is sent twice is a duplicate that changes nothing.
//!
//! **Invariant PUB-1:** an event is counted as stored only when the log has confirmed it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::Client;
use clap::Args;
use tokio::sync::watch;

use super::{DONE, FAILED, NO, USAGE, grouped, stop_signal};
use crate::nats::{
    Identity, NatsError, Publisher, PublisherSettings, connect, who_am_i, without_user,
};
use crate::outcome::Listener;
use crate::settings::Settings;
use crate::worker;

mod halt;
mod heads;
mod import;
mod input;
pub(super) mod mapping;
mod mending;
mod oddities;
mod plan;
mod refused_rows;
mod rehearsal;
mod resume;
mod rows;
mod said;
mod sending;
mod summary;
mod through_outbox;

use halt::{Halt, Halts};
use plan::Plan;
use resume::Bookmark;
use sending::Sending;
use summary::{Fate, Summary, Tally};

/// How long a server that went away is waited for, unless `--patience` says otherwise.
const PATIENCE_SECONDS: u64 = 30;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "Each line of an NDJSON file is one CloudEvent in structured JSON. A CSV or XLSX \
file is read by a mapping (--map): which column is what, see docs/import.md; `tonghop template` \
writes a table with its mapping. Without one, the first row names the attributes (id, source, type, \
subject, time, unit, sequence, replaces) and the fields of data (data.procedure, data.dueOn, \
…).\n\nExamples:\n  tonghop publish events.ndjson\n  tonghop sample --scale 0.01 | tonghop publish \
-\n  tonghop publish --dry-run --map ho-so.toml ho-so.xlsx\n  tonghop publish --map ho-so.toml \
--refused loi.xlsx ho-so.xlsx\n  tonghop publish --outbox /var/lib/igate/outbox today.ndjson   nothing is \
lost at a power cut, here or there\n  tonghop publish --outbox /var/lib/igate/outbox               \
what waits there, say once an hour"
)]
pub struct PublishArgs {
    /// NDJSON, CSV or XLSX files; - is standard input (NDJSON)
    #[arg(required_unless_present = "outbox", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The mapping of CSV and XLSX files: which column is which attribute or field
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Send nothing: read every row as the projector will, and say what would be refused
    #[arg(long)]
    dry_run: bool,
    /// Write the events that would be sent to this file, as NDJSON: with their ids
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    events: Option<PathBuf>,
    /// Write the rows that were refused to this file, to be mended and published again
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Keep the events in this directory until the log has them for good, numbered and sent again
    /// if need be; without FILE, send what waits there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dry_run", "refused"])]
    outbox: Option<PathBuf>,
    /// Exit with 1 also when an event is refused, and with 3 when that is not known
    #[arg(long)]
    strict: bool,
    /// Do not wait for a projector to say what became of the events
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for a projector that says nothing, in seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    wait: u64,
    /// How long to wait for a NATS server that went away, in seconds
    #[arg(long, default_value_t = PATIENCE_SECONDS, value_name = "SECONDS")]
    patience: u64,
    /// Events on their way at a time
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u16).range(1..=16_384))]
    window: u16,
}

impl PublishArgs {
    /// One file, whose refusals make the answer a no.
    pub fn strict(file: &Path) -> Self {
        Self {
            files: vec![file.to_owned()],
            map: None,
            dry_run: false,
            events: None,
            refused: None,
            outbox: None,
            strict: true,
            no_wait: false,
            wait: 10,
            window: 64,
            patience: PATIENCE_SECONDS,
        }
    }
}

/// Runs the command.
pub async fn run(args: &PublishArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    for path in &args.files {
        can_be_read(path)?;
    }
    if args.outbox.is_some() && args.map.is_some() {
        eprintln!(
            "tonghop: --map needs no --outbox, and takes none: the table is there as long as you \
             keep it, and publishing it again sends what was lost and counts nothing twice"
        );
        return Ok(ExitCode::from(USAGE));
    }
    if let Some(dir) = &args.outbox {
        return through_outbox::run(args, dir, settings).await;
    }
    let plan = match Plan::of(args) {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("tonghop: {why}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    if args.dry_run {
        plan.rehearse(args, settings).await
    } else {
        send(args, plan, settings).await
    }
}

async fn send(args: &PublishArgs, plan: Plan, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let (client, who) = reach(settings, &stop).await?;
    // An agency sees nothing of the log but what becomes of its own events.
    let log = match who.unit() {
        Some(_) => None,
        None => Some(worker::events(&async_nats::jetstream::new(client.clone())).await?),
    };
    let mut listener = Listener::start(&client, who.unit()).await?;
    let halts = Halts::watch(client.clone(), Duration::from_secs(args.patience), stop.clone());
    let begun = Instant::now();
    let mut tally = Tally::new(args.refused.is_some());
    let mapping = plan.fingerprint().to_owned();
    let import = plan.import(&settings.data, log.as_ref())?;
    let mut halted = None;
    let mut failed = None;
    for (file, path) in args.files.iter().enumerate() {
        halted = halts.now();
        if halted.is_some() {
            break;
        }
        let window = usize::from(args.window);
        let sending = PublisherSettings { window, ..PublisherSettings::new() };
        let publisher = Publisher::start(client.clone(), sending).await?;
        let mut bookmark = Bookmark::open(&settings.data, path, &mapping, log.as_ref())?;
        if args.refused.is_some() {
            bookmark = bookmark.begun_anew();
        }
        let (halts, import) = (halts.clone(), import.clone());
        let sending = Sending { path, file, bookmark, window, halts, import, who: &who };
        match sending.run(publisher, &mut tally).await {
            Ok(None) => {}
            Ok(halt) => {
                halted = halt;
                break;
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    tally.interrupted = halted.is_some();
    let took = begun.elapsed();
    let wait = !args.no_wait && !tally.interrupted && failed.is_none();
    if wait && tally.stored > 0 {
        let quiet_max = Duration::from_secs(args.wait);
        listener.wait_for(&tally.positions, quiet_max, stop).await;
    }
    let fate = match listener.outcome(&tally.positions) {
        _ if !wait => Fate::NotAsked,
        Some(outcome) => Fate::Known(outcome, listener.reasons()),
        None => Fate::Unknown,
    };
    if let Some(halt) = halted {
        tell_halt(halt, args, settings, tally.stored);
    }
    let import = import.as_deref();
    Summary { files: &args.files, tally: &tally, fate, import, took, kept: None }
        .tell(settings.json);
    plan::after(args, &tally, &listener, import, failed.is_none(), settings.lang)?;
    match failed {
        Some(error) if error.is::<input::NotLines>() => {
            eprintln!("tonghop: {error:#}");
            Ok(ExitCode::from(NO))
        }
        Some(error) => Err(error),
        None => Ok(ExitCode::from(exit_code(args, &tally, fate))),
    }
}

/// Connects, and asks who one is there.
async fn reach(
    settings: &Settings,
    stop: &watch::Receiver<bool>,
) -> Result<(Client, Identity), NatsError> {
    let mut connection = settings.connection("tonghop publish");
    connection.leaving = Some(stop.clone());
    let client = connect(&connection).await?;
    let who = who_am_i(&client).await.unwrap_or_default();
    Ok((client, who))
}

fn exit_code(args: &PublishArgs, tally: &Tally, fate: Fate<'_>) -> u8 {
    match fate {
        _ if tally.interrupted => FAILED,
        _ if tally.unsendable_count > 0 => NO,
        Fate::Known(outcome, _) if args.strict && outcome.refused > 0 => NO,
        // Asked to be strict, not knowing is not a yes.
        Fate::NotAsked | Fate::Unknown if args.strict && tally.stored > 0 => FAILED,
        Fate::Known(..) | Fate::NotAsked | Fate::Unknown => DONE,
    }
}

fn tell_halt(halt: Halt, args: &PublishArgs, settings: &Settings, stored: u64) {
    let again = if args.files.iter().any(|path| path == Path::new("-")) {
        "the same input again is safe, for what is stored already is a duplicate"
    } else {
        "the same command goes on from here"
    };
    let stored = grouped(stored);
    match halt {
        Halt::Stopped => eprintln!("stopped; {stored} stored; {again}"),
        Halt::Gone => eprintln!(
            "NATS at {} has been gone for {} s; {stored} stored; {again}",
            without_user(&settings.nats),
            args.patience
        ),
    }
}

/// Before anything is sent: a name that was mistyped is found while nothing is published.
fn can_be_read(path: &Path) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return Ok(());
    }
    let refused = || format!("nothing was published: {}", path.display());
    let about = std::fs::metadata(path).with_context(refused)?;
    // A pipe can be opened once only.
    if about.is_file() {
        std::fs::File::open(path).with_context(refused)?;
    }
    anyhow::ensure!(!about.is_dir(), "nothing was published: {} is a directory", path.display());
    Ok(())
}
