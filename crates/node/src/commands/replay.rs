//! `tonghop replay`: folds the log afresh, beside the store that is in use, and compares.
//!
//! The replay has a store of its own below the data directory, which is removed at the end; the
//! store in use is only read.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::sync::watch;
use tonghop_core::day;
use tonghop_ledger::archive::{ArchiveError, Manifest};
use tonghop_store::Store;

use super::{DONE, FAILED, NO, grouped, print, stop_signal};
use crate::archive;
use crate::compare::{self, Comparison};
use crate::folder::Folder;
use crate::log::Log;
use crate::nats::{NatsError, StreamIdentity};
use crate::replay::Replay;
use crate::settings::Settings;
use crate::worker;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "With --compare, `up` or `project` must have stopped: the store that is compared \
with has one owner. Where no NATS server answers, and none is named, replay starts one of its own \
on the log in --data, and stops it at the end.\n\nExamples:\n  tonghop replay --compare\n  tonghop replay --until 120000\n  \
tonghop replay --from-archive --compare store\n  \
tonghop replay --until 2021-09-14T17:00:00+07:00"
)]
pub struct ReplayArgs {
    /// Stop after this log position, or before the first message recorded after this instant
    /// (RFC 3339)
    #[arg(long, value_name = "POSITION|INSTANT")]
    until: Option<Until>,
    /// Compare every cell, timeline and record with the store in use; exit with 1 on a difference
    #[arg(
        long, value_name = "store", conflicts_with = "until",
        num_args = 0..=1, default_missing_value = "store"
    )]
    compare: Option<Comparand>,
    /// Read what is sealed from this archive [default: archive in --data], every hash checked, and
    /// only what is behind it from the log, if there is one
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "named, named with a directory, or not")]
    from_archive: Option<Option<PathBuf>>,
}

/// What a replay is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Comparand {
    /// The store in use.
    Store,
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
            format!(
                "{text:?} is neither a position nor an instant such as 2021-09-14T17:00:00+07:00"
            )
        })
    }
}

/// Runs the command.
pub async fn run(args: &ReplayArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    // The store first: while a projector owns it, there is nothing to compare with.
    let in_use = match args.compare {
        Some(Comparand::Store) => Some(compare::open_in_use(&settings.data)?),
        None => None,
    };
    let opened = match Log::open(settings, "tonghop replay").await {
        Err(NatsError::NobodyListens { .. })
            if args.from_archive.is_some() && !settings.nats_is_named =>
        {
            eprintln!("no log is here: reading the archive alone");
            None
        }
        opened => Some(opened?),
    };
    let done = replay(args, settings, opened.as_ref(), in_use, stop).await;
    if let Some(opened) = opened {
        opened.close().await?;
    }
    done
}

async fn replay(
    args: &ReplayArgs,
    settings: &Settings,
    opened: Option<&Log>,
    in_use: Option<Store>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<ExitCode> {
    let own = || archive::dir(&settings.data);
    let dir = args.from_archive.clone().flatten().unwrap_or_else(own);
    let context = opened.map(|opened| jetstream::new(opened.client.clone()));
    let log = match &context {
        Some(context) => worker::events(context).await?,
        None => sealed(&dir)?,
    };
    let last = log.last;
    let end = match (&in_use, args.until) {
        (Some(store), _) => store.position()?,
        (None, Some(Until::Position(position))) => position.min(log.last),
        (None, _) => log.last,
    };
    let before = match args.until {
        Some(Until::Instant(instant)) => Some(instant),
        _ => None,
    };
    let begun = Instant::now();
    let archive_first = args.from_archive.is_some();
    let replay = Replay { context, archive: dir, archive_first, log, end, before };
    let Some(replayed) = replay.run(&settings.data, stop, progress).await? else {
        eprintln!("stopped before the end; nothing is left behind");
        return Ok(ExitCode::from(FAILED));
    };
    let comparison = match &in_use {
        Some(store) => Some(compare::compare(store, replayed.folder.store())?),
        None => None,
    };
    tell(&replayed.folder, begun.elapsed(), comparison.as_ref(), settings.json)?;
    if let (Some(_), true) = (&in_use, last > end) {
        eprintln!(
            "the store is at position {} of {}: what is behind it was not compared",
            grouped(end),
            grouped(last)
        );
    }
    let differs = comparison.is_some_and(|comparison| comparison.differences > 0);
    Ok(ExitCode::from(if differs { NO } else { DONE }))
}

/// The log as far as it is sealed.
fn sealed(dir: &Path) -> Result<StreamIdentity, ArchiveError> {
    let manifest = Manifest::read(dir)?;
    let manifest = manifest.ok_or_else(|| ArchiveError::Absent { dir: dir.to_owned() })?;
    Ok(StreamIdentity {
        last: manifest.position(),
        messages: manifest.position(),
        first: manifest.position().min(1),
        bytes: manifest.segments.iter().map(|segment| segment.bytes).sum(),
        name: manifest.stream.name,
        created_ns: manifest.stream.created_ns,
    })
}

fn progress(position: u64, end: u64, took: Duration) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = grouped(position.saturating_mul(1_000) / ms);
    eprintln!("  replayed {} of {} ({rate} events/s)", grouped(position), grouped(end));
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
