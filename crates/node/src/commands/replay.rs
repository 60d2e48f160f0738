//! `tonghop replay`: folds the log afresh, beside the store that is in use, and compares.
//!
//! The replay has a store of its own below the data directory, which is removed at the end; the
//! store in use is only read.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::jetstream;
use clap::Args;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tonghop_core::day;
use tonghop_core::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCHES_WAITING_MAX};
use tonghop_core::refusal::Refusal;

use super::{DONE, FAILED, NO, grouped, print, stop_signal};
use crate::compare::{self, Comparison};
use crate::folder::{FoldError, Folder, Outside, Step};
use crate::nats::{
    Batch, ConnectSettings, NatsError, Reader, ReaderSettings, StreamIdentity, StreamName,
    connect, ensure_streams, REPLICAS,
};
use crate::settings::Settings;
use crate::worker;

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tonghop replay --compare\n  tonghop replay --until 120000\n  \
tonghop replay --until 2021-09-14T17:00:00+07:00")]
pub struct ReplayArgs {
    /// Stop after this log position, or before the first message recorded after this instant
    /// (RFC 3339)
    #[arg(long, value_name = "POSITION|INSTANT")]
    until: Option<Until>,
    /// Compare every cell, timeline and record with the store in use; exit with 1 on a difference
    #[arg(long)]
    compare: bool,
}

/// Where a replay ends.
#[derive(Debug, Clone, Copy)]
enum Until {
    Position(u64),
    Instant(day::Instant),
}

impl std::str::FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        day::Instant::parse(text).map(Self::Instant).ok_or_else(|| {
            format!("{text:?} is neither a position nor an instant such as 2021-09-14T17:00:00+07:00")
        })
    }
}

/// Runs the command.
pub async fn run(args: &ReplayArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let mut connection = ConnectSettings::new(&settings.nats, "tonghop replay");
    connection.creds.clone_from(&settings.creds);
    let client = connect(&connection).await?;
    let context = jetstream::new(client);
    let log = ensure_streams(&context, REPLICAS)
        .await?
        .into_iter()
        .find(|stream| stream.name == StreamName::Events.as_str())
        .context("the log has no stream of events")?;
    let in_use = match args.compare {
        true => Some(compare::open_in_use(&settings.data)?),
        false => None,
    };
    let end = match (&in_use, args.until) {
        (Some(store), _) => store.position()?,
        (None, Some(Until::Position(position))) => position.min(log.last),
        (None, _) => log.last,
    };
    let before = match args.until {
        Some(Until::Instant(instant)) => Some(instant),
        _ => None,
    };
    std::fs::create_dir_all(&settings.data)?;
    let dir = tempdir(&settings.data)?;
    let begun = Instant::now();
    let replay = Replay { context, log, end, before, dir: dir.0.clone() };
    let folded = replay.run(stop).await?;
    let Some(folder) = folded else {
        eprintln!("stopped before the end; nothing is left behind");
        return Ok(ExitCode::from(FAILED));
    };
    let comparison = match &in_use {
        Some(store) => Some(compare::compare(store, folder.store())?),
        None => None,
    };
    tell(&folder, begun.elapsed(), comparison.as_ref(), settings.json)?;
    let differs = comparison.is_some_and(|comparison| comparison.differences > 0);
    Ok(ExitCode::from(if differs { NO } else { DONE }))
}

/// A directory that is removed when it goes out of use.
#[derive(Debug)]
struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(dir = %self.0.display(), %error, "the replay's directory stays");
        }
    }
}

fn tempdir(data: &std::path::Path) -> anyhow::Result<Dir> {
    let dir = data.join(format!("replay-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    Ok(Dir(dir))
}

struct Replay {
    context: jetstream::Context,
    log: StreamIdentity,
    end: u64,
    before: Option<day::Instant>,
    dir: PathBuf,
}

impl Replay {
    /// Folds up to the end; none if it was stopped before.
    async fn run(self, stop: watch::Receiver<bool>) -> anyhow::Result<Option<Folder>> {
        let folder = Folder::open(worker::open_store(&self.dir, &self.log)?)?;
        if self.end == 0 {
            return Ok(Some(folder));
        }
        let (batches, received) = mpsc::channel(BATCHES_WAITING_MAX);
        let mut settings = ReaderSettings::new(StreamName::Events.as_str(), 0);
        settings.created_ns = Some(self.log.created_ns);
        settings.batch_messages_max = BATCH_EVENTS_MAX;
        settings.batch_bytes_max = BATCH_BYTES_MAX;
        let reader = Reader::new(self.context, settings);
        let reading = tokio::spawn(reader.run(batches, stop.clone()));
        let (end, before) = (self.end, self.before);
        let folding =
            tokio::task::spawn_blocking(move || fold_until(folder, received, end, before));
        let (folder, whole) = folding.await??;
        // The folder has gone away from the channel, so that the reader ends by itself.
        match reading.await? {
            Err(error) if !whole => Err(error.into()),
            _ => Ok(whole.then_some(folder)),
        }
    }
}

fn fold_until(
    mut folder: Folder,
    mut received: mpsc::Receiver<Batch>,
    end: u64,
    before: Option<day::Instant>,
) -> Result<(Folder, bool), FoldError> {
    let mut outside = Silent { begun: Instant::now(), told: Instant::now(), end };
    while let Some(mut batch) = received.blocking_recv() {
        batch.messages.retain(|raw| raw.position <= end);
        let within = |ms: i64| before.is_none_or(|instant| ms <= instant.unix_ms());
        let cut = batch.messages.iter().position(|raw| !within(raw.recorded_ms));
        batch.messages.truncate(cut.unwrap_or(usize::MAX));
        folder.fold(&batch, &mut outside)?;
        if cut.is_some() || folder.projection().position() >= end {
            return Ok((folder, true));
        }
    }
    Ok((folder, false))
}

/// A replay refuses in silence: the refusals were stored when the messages were folded first.
#[derive(Debug)]
struct Silent {
    begun: Instant,
    told: Instant,
    end: u64,
}

impl Outside for Silent {
    fn refuse(&mut self, _: &Batch, _: &[(u64, Refusal)]) -> Result<(), NatsError> {
        Ok(())
    }

    fn announce(&mut self, step: &Step<'_>) {
        if self.told.elapsed() >= Duration::from_secs(2) {
            self.told = Instant::now();
            let position = step.announcement.position;
            let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = position.saturating_mul(1_000) / ms;
            let (position, end) = (grouped(position), grouped(self.end));
            eprintln!("  replayed {position} of {end} ({} events/s)", grouped(rate));
        }
    }
}

fn tell(
    folder: &Folder,
    took: Duration,
    comparison: Option<&Comparison>,
    as_json: bool,
) -> anyhow::Result<()> {
    let projection = folder.projection();
    let counts = projection.counts();
    let digest = compare::digest(folder.store())?;
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = projection.position().saturating_mul(1_000) / ms;
    if as_json {
        let answer = json!({
            "position": projection.position(),
            "folded": counts.folded,
            "duplicates": counts.duplicates,
            "refused": counts.refused,
            "cells": digest.cells,
            "digest": digest.hex,
            "perSecond": per_second,
            "compared": comparison.map(|c| json!({
                "cells": c.cells,
                "entries": c.entries,
                "differences": c.differences,
                "first": c.first,
            })),
        });
        print(&format!("{answer}\n"));
        return Ok(());
    }
    let mut text = format!(
        "position {} · folded {} · duplicate {} · refused {} · {} events/s\n{} cells, digest {}\n",
        grouped(projection.position()),
        grouped(counts.folded),
        grouped(counts.duplicates),
        grouped(counts.refused),
        grouped(per_second),
        grouped(digest.cells),
        digest.hex
    );
    if let Some(comparison) = comparison {
        text += &comparison.to_string();
    }
    print(&text);
    Ok(())
}
