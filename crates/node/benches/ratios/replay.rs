//! (b) `tonghop replay` from the stream, beside folding the same events while they are published.

use std::time::Instant;

use anyhow::Context;
use tonghop_node::commands::grouped;

use crate::log::{Log, finished};
use crate::projector::Projector;
use crate::table::{Spread, float, middle, per_second};
use crate::{Bench, process, tell};

/// What a round came to, in events a second.
#[derive(Debug, Clone, Copy)]
struct Round {
    live: u64,
    replay: u64,
    /// CPU-seconds of the projector for a million events, live.
    live_cpu: f64,
}

/// Measures and adds the row; answers the log of the last round, which holds the sample.
pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<Log> {
    let mut rounds = Vec::new();
    let mut last: Option<Log> = None;
    for round in 1..=bench.rounds.max(1) {
        if let Some(log) = last.take() {
            bench.runtime.block_on(log.stop())?;
        }
        tell(&format!("(b) round {round}: publish and fold, then replay"));
        let dir = bench.dir(&format!("live-{round}"))?;
        let (log, one) = bench.runtime.block_on(measure_once(bench, &dir))?;
        rounds.push(one);
        last = Some(log);
    }
    let (live, replay) = rounds.iter().map(|round| (round.live, round.replay)).unzip();
    let cpu = Spread::of(rounds.iter().map(|round| round.live_cpu));
    bench.table.row(
        'b',
        "replay ÷ publishing and folding at once, events/s",
        Spread::of(rounds.iter().map(|round| float(round.replay) / float(round.live.max(1)))),
        format!(
            "{} and {} events/s; live {:.2} CPU-s a million events",
            grouped(middle(replay)),
            grouped(middle(live)),
            cpu.median
        ),
        None,
    );
    last.context("no round was measured")
}

async fn measure_once(bench: &Bench, dir: &std::path::Path) -> anyhow::Result<(Log, Round)> {
    let events = bench.sample.events;
    let mut log = Log::start(dir).await?;
    let projector = Projector::start(log.url(), dir)?;
    let before = process::cpu()?;
    let begun = Instant::now();
    let mut publishing = log.publish(&bench.sample.path, &dir.join("publisher"))?;
    let told = finished(&mut publishing).await?;
    anyhow::ensure!(told.get("stored") == Some(&events.into()), "not all was published: {told}");
    projector.until(events).await?;
    let live = per_second(events, begun.elapsed());
    let cpu = process::cpu()?.saturating_sub(before);
    projector.stop().await?;
    log.look().await?;
    // It says itself how fast it was, without its start and the fingerprint that it prints.
    let mut replaying = log.tonghop(dir, &["replay", "--json"])?;
    let told = finished(&mut replaying).await?;
    let replay = told.get("perSecond").and_then(serde_json::Value::as_u64);
    let replay = replay.with_context(|| format!("a replay without a rate: {told}"))?;
    let live_cpu = cpu.as_secs_f64() * 1e6 / float(events);
    Ok((log, Round { live, replay, live_cpu }))
}
