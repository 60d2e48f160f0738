//! (a) Catching up with the log, beside what the same client drains when it does nothing.

use std::time::Instant;

use tonghop_node::commands::grouped;

use crate::log::Log;
use crate::projector::Projector;
use crate::table::{Goal, Spread, float, middle, over, per_second};
use crate::{Bench, process, tell};

/// The part of the drain's speed that folding should reach.
const GOAL: f64 = 0.5;

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench, log: &Log) -> anyhow::Result<()> {
    let events = log.last();
    let mut ratios = Vec::new();
    let mut cpu_ratios = Vec::new();
    let (mut drained, mut folded, mut cpu_ms) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        tell(&format!("(a) round {round}: drain, then catch up"));
        let before = process::cpu()?;
        let drain = bench.runtime.block_on(log.drain())?;
        let drain_cpu = process::cpu()?.saturating_sub(before);
        let data = bench.dir(&format!("catch-up-{round}"))?;
        let before = process::cpu()?;
        let (catch_up, projector) = bench.runtime.block_on(async {
            let begun = Instant::now();
            let projector = Projector::start(log.url(), &data)?;
            projector.until(events).await?;
            anyhow::Ok((begun.elapsed(), projector))
        })?;
        let fold_cpu = process::cpu()?.saturating_sub(before);
        bench.runtime.block_on(projector.stop())?;
        std::fs::remove_dir_all(data)?;
        ratios.push(over(drain, catch_up));
        cpu_ratios.push(over(fold_cpu, drain_cpu));
        drained.push(per_second(events, drain));
        folded.push(per_second(events, catch_up));
        cpu_ms.push(fold_cpu.as_secs_f64() * 1e6 / float(events));
    }
    let ratio = Spread::of(ratios);
    let (folded, drained) = (grouped(middle(folded)), grouped(middle(drained)));
    bench.table.row(
        'a',
        "catch-up ÷ raw drain, messages/s",
        ratio,
        format!("{folded} of {drained} messages/s"),
        Some(Goal::new("≥ 0.5 (0.8 in the end)", ratio.median >= GOAL)),
    );
    bench.table.row(
        'a',
        "CPU of catch-up ÷ CPU of raw drain",
        Spread::of(cpu_ratios),
        format!("{:.2} CPU-s a million events, ours alone", Spread::of(cpu_ms).median),
        None,
    );
    Ok(())
}
