//! `make bench`: what the parts cost beside each other, as ratios of one run on one machine.
//!
//! Both sides of a ratio are measured in turn (A B A B …), and the row shows the median of the
//! rounds with the smallest and the largest; absolute values stand beside it and mean little on
//! another machine. It never judges: a figure behind its goal says so and the exit code stays 0.
//!
//! ```text
//! cargo bench --locked -p tonghop-node --bench ratios [-- PART …]     PART: a … h
//! BENCH_SCALE    share of the sample's true volume, default 0.3
//! BENCH_ROUNDS   how often each pair is measured, default 3
//! ```
//!
//! Everything it makes is below cargo's target directory (on the disk that the build uses) and is
//! removed at the end.

mod agency;
mod batches;
mod catch_up;
mod decoding;
mod input;
mod log;
mod memory;
mod process;
mod projector;
mod publishing;
mod queries;
mod replay;
mod sizes;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;
use tonghop_node::commands::grouped;
use tonghop_node::sample::Scale;

use input::Sample;
use log::Log;
use table::Table;

/// What the program itself allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The share of the volume that is measured unless `BENCH_SCALE` says otherwise.
const SCALE: &str = "0.3";
/// The rounds that are measured unless `BENCH_ROUNDS` says otherwise.
const ROUNDS: u32 = 3;
/// The parts, in the order in which they run.
const PARTS: &str = "bafedgch";

/// What every part measures with.
struct Bench {
    runtime: tokio::runtime::Runtime,
    sample: Sample,
    dir: TempDir,
    rounds: u32,
    table: Table,
}

impl Bench {
    /// A new directory below the bench's own.
    fn dir(&self, name: &str) -> anyhow::Result<PathBuf> {
        let dir = self.dir.path().join(name);
        std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        Ok(dir)
    }
}

fn main() -> anyhow::Result<()> {
    let parts = asked_parts()?;
    let scale = Scale::parse(&std::env::var("BENCH_SCALE").unwrap_or_else(|_| SCALE.to_owned()))?;
    let rounds = match std::env::var("BENCH_ROUNDS") {
        Ok(text) => text.parse().context("BENCH_ROUNDS is no number of rounds")?,
        Err(_) => ROUNDS,
    };
    let below = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(below)?;
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(below)?;
    tell("writing the sample");
    let sample = Sample::write(dir.path(), scale)?;
    let (events, bytes) = (grouped(sample.events), grouped(sample.bytes));
    tell(&format!("{events} events, {bytes} bytes, {rounds} rounds"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut bench = Bench { runtime, sample, dir, rounds, table: Table::default() };
    measure(&mut bench, &parts)?;
    bench.table.print(&format!(
        "{events} events of the sample, {bytes} bytes; {rounds} rounds, median (smallest – largest)"
    ))
}

/// Runs the parts. Those that read a log share one.
fn measure(bench: &mut Bench, parts: &str) -> anyhow::Result<()> {
    let mut log = None;
    for part in parts.chars() {
        match part {
            'b' => log = Some(replay::measure(bench)?),
            'c' => {
                // Nothing else may run beside it: it counts the CPU time of this process.
                stop(bench, log.take())?;
                memory::measure(bench)?;
            }
            'g' | 'h' => {
                stop(bench, log.take())?;
                if part == 'g' { publishing::measure(bench)? } else { decoding::measure(bench)? }
            }
            _ => {
                let log = match &mut log {
                    Some(log) => log,
                    none => none.insert(filled(bench)?),
                };
                match part {
                    'a' => catch_up::measure(bench, log)?,
                    'd' => batches::measure(bench, log)?,
                    'e' => queries::measure(bench, log)?,
                    _ => sizes::measure(bench, log)?,
                }
            }
        }
    }
    stop(bench, log)
}

/// A log that holds the sample.
fn filled(bench: &Bench) -> anyhow::Result<Log> {
    tell("publishing the sample");
    let dir = bench.dir("log")?;
    bench.runtime.block_on(async {
        let mut log = Log::start(&dir).await?;
        let mut publishing = log.publish(&bench.sample.path, &dir)?;
        log::finished(&mut publishing).await?;
        log.look().await?;
        anyhow::ensure!(log.last() == bench.sample.events, "the log lacks events of the sample");
        Ok(log)
    })
}

fn stop(bench: &Bench, log: Option<Log>) -> anyhow::Result<()> {
    match log {
        Some(log) => bench.runtime.block_on(log.stop()),
        None => Ok(()),
    }
}

/// The parts that the command line names, or all; cargo's own flags are no parts.
fn asked_parts() -> anyhow::Result<String> {
    let asked: String = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let unknown: String = asked.chars().filter(|part| !PARTS.contains(*part)).collect();
    anyhow::ensure!(unknown.is_empty(), "{unknown:?} is no part; the parts are a to h");
    let chosen = |part: &char| asked.is_empty() || asked.contains(*part);
    Ok(PARTS.chars().filter(chosen).collect())
}

/// Progress, on standard error.
fn tell(what: &str) {
    eprintln!("bench: {what}");
}
