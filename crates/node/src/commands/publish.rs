//! `tonghop publish`: events from files onto the log, and what became of them.
//!
//! It can be stopped and run again at any time: it goes on after the last event that is known to
//! be stored, and what is sent twice is a duplicate that changes nothing.
//!
//! **Invariant PUB-1:** an event is counted as stored only when the log has confirmed it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};

use super::{DONE, FAILED, NO, grouped, print, stop_signal};
use crate::nats::{
    ConnectSettings, NatsError, Outgoing, Publisher, PublisherSettings, Receipt, connect,
};
use crate::settings::Settings;
use crate::worker;

mod csv_lines;
mod input;
mod outcome;
mod resume;

use input::{Line, Unsendable};
use outcome::{Listener, Positions};
use resume::Bookmark;

/// Lines that are read ahead of the network.
const LINES_WAITING_MAX: usize = 8_192;
/// How often the bookmark is written and progress is told.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// How long events on their way may take to be confirmed after a stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How long they may take at the end of a file.
const CONFIRM_MAX: Duration = Duration::from_mins(15);

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "Each line of an NDJSON file is one CloudEvent in structured JSON. The first \
row of a CSV file names the attributes (id, source, type, subject, time, unit, sequence, replaces) \
and the fields of data (data.procedure, data.dueOn, …).\n\nExamples:\n  tonghop publish \
events.ndjson\n  tonghop sample --scale 0.01 | tonghop publish -"
)]
pub struct PublishArgs {
    /// NDJSON or CSV files; - is standard input (NDJSON)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Exit with 1 when an event is refused, and with 3 when that is not known
    #[arg(long)]
    strict: bool,
    /// Do not wait for a projector to say what became of the events
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for a projector that says nothing, in seconds
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    wait: u64,
    /// Events on their way at a time
    #[arg(long, default_value_t = 1_024, value_parser = clap::value_parser!(u16).range(1..=16_384))]
    window: u16,
}

impl PublishArgs {
    /// One file, whose refusals make the answer a no.
    pub fn strict(file: &std::path::Path) -> Self {
        Self { files: vec![file.to_owned()], strict: true, no_wait: false, wait: 10, window: 64 }
    }
}

/// What a run has done so far.
#[derive(Debug, Default)]
struct Tally {
    positions: Positions,
    stored: u64,
    bytes: u64,
    unsendable: Vec<Unsendable>,
    unsendable_count: u64,
    interrupted: bool,
}

/// Runs the command.
pub async fn run(args: &PublishArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let mut connection = ConnectSettings::new(&settings.nats, "tonghop publish");
    connection.creds.clone_from(&settings.creds);
    let client = connect(&connection).await?;
    let log = worker::events(&async_nats::jetstream::new(client.clone())).await?;
    let mut listener = Listener::start(&client).await?;
    let begun = Instant::now();
    let mut tally = Tally::default();
    for path in &args.files {
        if *stop.borrow() {
            tally.interrupted = true;
            break;
        }
        let mut sending = PublisherSettings::new();
        let window = usize::from(args.window);
        sending.window = window;
        let publisher = Publisher::start(client.clone(), sending).await?;
        let bookmark = Bookmark::open(&settings.data, path, &log)?;
        let sent = send(path, bookmark, publisher, window, &mut tally, stop.clone()).await;
        if let Err(error) = sent {
            tell(&tally, None, begun.elapsed(), settings.json);
            return Err(error);
        }
    }
    let seconds = begun.elapsed();
    if !args.no_wait && !tally.interrupted && tally.stored > 0 {
        let quiet_max = Duration::from_secs(args.wait);
        listener.wait_for(&tally.positions, quiet_max, stop).await;
    }
    let outcome = (!args.no_wait).then(|| listener.outcome(&tally.positions)).flatten();
    tell(&tally, outcome, seconds, settings.json);
    let refused = tally.unsendable_count + outcome.map_or(0, |outcome| outcome.refused);
    let unknown = outcome.is_none() && tally.stored > 0;
    Ok(ExitCode::from(match (args.strict, refused > 0) {
        _ if tally.interrupted => FAILED,
        (true, true) => NO,
        // Asked to be strict, not knowing is not a yes.
        (true, false) if unknown => FAILED,
        (true | false, _) => DONE,
    }))
}

/// Sends one file.
async fn send(
    path: &std::path::Path,
    mut bookmark: Bookmark,
    publisher: Publisher,
    window: usize,
    tally: &mut Tally,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if bookmark.lines() > 0 {
        eprintln!("{}: going on after line {}", path.display(), grouped(bookmark.lines()));
    }
    let (mut waiting, read) = start_reading(path, bookmark.place());
    let bar = progress_bar(bookmark.bytes_total(), bookmark.place().bytes);
    let mut receipts: VecDeque<(input::Place, Option<Receipt>)> = VecDeque::new();
    let mut told = Instant::now();
    loop {
        let next = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {
                tally.interrupted = true;
                None
            }
            next = waiting.recv() => next,
        };
        let Some(line) = next else { break };
        let place = line.place();
        let receipt = match line {
            Line::Event { subject, payload, .. } => {
                tally.bytes += u64::try_from(payload.len()).unwrap_or(0);
                Some(publisher.publish(Outgoing { subject, headers: None, payload }).await?)
            }
            Line::Unsendable(unsendable) => {
                tally.unsendable_count += 1;
                if tally.unsendable.len() < 20 {
                    tally.unsendable.push(unsendable);
                }
                None
            }
        };
        receipts.push_back((place, receipt));
        // Twice as many as are on their way: the oldest is nearly always confirmed by then.
        while receipts.len() > 2 * window {
            confirm(&mut receipts, &mut bookmark, tally).await?;
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            bookmark.save()?;
            bar.set_position(bookmark.place().bytes);
            bar.set_message(grouped(tally.stored));
        }
    }
    drop(waiting);
    let until = Instant::now() + if tally.interrupted { DRAIN_MAX } else { CONFIRM_MAX };
    while !receipts.is_empty() {
        let confirming = confirm(&mut receipts, &mut bookmark, tally);
        if let Ok(confirmed) = tokio::time::timeout_at(until.into(), confirming).await {
            confirmed?;
        } else {
            bookmark.save()?;
            let waiting = grouped(u64::try_from(receipts.len()).unwrap_or(0));
            anyhow::bail!("{waiting} events are not confirmed; the same command sends them again");
        }
    }
    publisher.finish().await?;
    bar.finish_and_clear();
    if tally.interrupted {
        bookmark.save()?;
        eprintln!("stopped; the same command goes on from here");
        return Ok(());
    }
    read.await??;
    bookmark.done()
}

/// Reads on a thread of its own that ends with the process: while it waits for standard input,
/// nothing can tell it to stop.
fn start_reading(
    path: &std::path::Path,
    from: input::Place,
) -> (mpsc::Receiver<Line>, oneshot::Receiver<anyhow::Result<()>>) {
    let (lines, waiting) = mpsc::channel(LINES_WAITING_MAX);
    let (done, read) = oneshot::channel();
    let path = path.to_owned();
    std::thread::spawn(move || done.send(input::read(&path, from, &lines)));
    (waiting, read)
}

/// Waits for the oldest event on its way.
async fn confirm(
    receipts: &mut VecDeque<(input::Place, Option<Receipt>)>,
    bookmark: &mut Bookmark,
    tally: &mut Tally,
) -> Result<(), NatsError> {
    let Some((place, receipt)) = receipts.pop_front() else { return Ok(()) };
    let mut position = None;
    if let Some(receipt) = receipt {
        match receipt.stored().await {
            Ok(stored) => {
                tally.stored += 1;
                tally.positions.add(stored.position);
                position = Some(stored.position);
            }
            Err(error) => {
                bookmark.save().ok();
                return Err(error);
            }
        }
    }
    bookmark.move_to(place, position);
    Ok(())
}

fn progress_bar(total: Option<u64>, at: u64) -> indicatif::ProgressBar {
    let template = "{elapsed_precise} {wide_bar} {bytes}/{total_bytes} {msg} stored";
    let bar = match total {
        Some(total) => indicatif::ProgressBar::new(total),
        None => indicatif::ProgressBar::new_spinner(),
    };
    if let (Some(_), Ok(style)) = (total, indicatif::ProgressStyle::with_template(template)) {
        bar.set_style(style);
    } else if let Ok(style) =
        indicatif::ProgressStyle::with_template("{elapsed_precise} {msg} stored")
    {
        bar.set_style(style);
    }
    bar.set_position(at);
    bar
}

fn tell(tally: &Tally, outcome: Option<outcome::Outcome>, took: Duration, as_json: bool) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = tally.stored.saturating_mul(1_000) / ms;
    if as_json {
        let answer = json!({
            "stored": tally.stored,
            "bytes": tally.bytes,
            "new": outcome.map(|o| o.folded),
            "duplicate": outcome.map(|o| o.duplicates),
            "refused": outcome.map(|o| o.refused),
            "unsendable": tally.unsendable_count,
            "interrupted": tally.interrupted,
            "perSecond": per_second,
        });
        print(&format!("{answer}\n"));
        return;
    }
    for line in &tally.unsendable {
        eprintln!("{line}");
    }
    let named = u64::try_from(tally.unsendable.len()).unwrap_or(0);
    if tally.unsendable_count > named {
        eprintln!("and {} more lines that were not sent", grouped(tally.unsendable_count - named));
    }
    let mut parts = vec![format!("stored {}", grouped(tally.stored))];
    match outcome {
        Some(outcome) => parts.extend([
            format!("new {}", grouped(outcome.folded)),
            format!("duplicate {}", grouped(outcome.duplicates)),
            format!("refused {}", grouped(outcome.refused)),
        ]),
        None => parts.push("no projector has said yet what became of them".to_owned()),
    }
    if tally.unsendable_count > 0 {
        parts.push(format!("not sent {}", grouped(tally.unsendable_count)));
    }
    let text = parts.join(" · ");
    print(&format!("{text} · {} events/s\n", grouped(per_second)));
}
