//! (d) How long a durable batch of 1,000 live events takes on a store that holds the sample, beside
//! an fsync of as many bytes in a plain file on the same disk.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use tonghop_core::refusal::Refusal;
use tonghop_node::folder::{Decoded, Folder, Outside, Step};
use tonghop_node::nats::{Batch, NatsError};
use tonghop_node::worker;
use tonghop_wire::Decoder;

use crate::log::Log;
use crate::projector::Projector;
use crate::table::{Spread, middle, ms, over, percentile};
use crate::{Bench, input, process, tell};

/// Events of a batch.
const EVENTS: usize = 1_000;
/// The most batches of a round.
const BATCHES_MAX: usize = 200;

/// What a round came to.
#[derive(Debug, Default)]
struct Round {
    folds: Vec<Duration>,
    syncs: Vec<Duration>,
    bytes: Vec<u64>,
    refused: usize,
}

/// A live fold without an outside.
#[derive(Debug, Default)]
struct Alone {
    refused: usize,
}

impl Outside for Alone {
    fn refuse(&mut self, _: &Batch, refusals: &[(u64, Refusal)]) -> Result<(), NatsError> {
        self.refused += refusals.len();
        Ok(())
    }

    fn announce(&mut self, _: &Step<'_>) {}
}

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench, log: &Log) -> anyhow::Result<()> {
    let data = bench.dir("batches")?;
    tell("(d) catching up");
    bench.runtime.block_on(async {
        let projector = Projector::start(log.url(), &data)?;
        projector.until(log.last()).await?;
        projector.stop().await
    })?;
    let mut folder = Folder::open(worker::open_store(&data, &log.events)?)?;
    let mut plain = File::create(data.join("plain"))?;
    let mut batches = live_batches(bench, log.last())?;
    let per_round = batches.len() / usize::try_from(bench.rounds)?.max(1);
    let mut rounds = Vec::new();
    for round in 1..=bench.rounds {
        tell(&format!("(d) round {round}: {per_round} batches, each beside an fsync"));
        let some: Vec<Batch> = batches.drain(..per_round.min(batches.len())).collect();
        rounds.push(measure_once(&mut folder, &mut plain, some)?);
    }
    let refused: usize = rounds.iter().map(|round| round.refused).sum();
    anyhow::ensure!(refused == 0, "{refused} events of the live batches were refused");
    for hundredths in [50, 99] {
        let pairs: Vec<(Duration, Duration)> = rounds
            .iter()
            .map(|round| {
                (percentile(&round.folds, hundredths), percentile(&round.syncs, hundredths))
            })
            .collect();
        let ratio = Spread::of(pairs.iter().map(|(fold, sync)| over(*fold, *sync)));
        let shown = |pick: fn(&(Duration, Duration)) -> Duration| {
            let each: Vec<String> = pairs.iter().map(|pair| ms(pick(pair))).collect();
            each.join(", ")
        };
        let bytes = middle(rounds.iter().flat_map(|round| round.bytes.iter().copied()).collect());
        let beside = format!(
            "{} beside {} for {} KiB (median)",
            shown(|pair| pair.0),
            shown(|pair| pair.1),
            bytes >> 10
        );
        let what = format!("durable batch of 1,000 ÷ plain fsync, p{hundredths}");
        bench.table.row('d', what, ratio, beside, None);
    }
    drop(folder);
    std::fs::remove_dir_all(data)?;
    Ok(())
}

/// Folds each batch, then writes and syncs as many bytes in the plain file.
fn measure_once(
    folder: &mut Folder,
    plain: &mut File,
    batches: Vec<Batch>,
) -> anyhow::Result<Round> {
    let mut round = Round::default();
    let mut outside = Alone::default();
    let mut decoder = Decoder::new();
    let mut bytes = Vec::new();
    for batch in batches {
        let before = process::written()?;
        let begun = Instant::now();
        folder.fold(Decoded::new(batch, &mut decoder), &mut outside)?;
        round.folds.push(begun.elapsed());
        let written = process::written()?.saturating_sub(before);
        round.bytes.push(written);
        bytes.resize(usize::try_from(written)?.max(1), b'.');
        let begun = Instant::now();
        plain.write_all(&bytes)?;
        plain.sync_data()?;
        round.syncs.push(begun.elapsed());
    }
    round.refused = outside.refused;
    Ok(round)
}

/// Events of the middle of the sample once more, under other ids and subjects, after the position.
fn live_batches(bench: &Bench, after: u64) -> anyhow::Result<Vec<Batch>> {
    let events = usize::try_from(bench.sample.events)?;
    let rounds = usize::try_from(bench.rounds)?.max(1);
    let wanted = (events / 4 / EVENTS).min(BATCHES_MAX * rounds) * EVENTS;
    let mut messages = Vec::with_capacity(wanted);
    for line in bench.sample.lines()?.skip(events / 2).take(wanted) {
        let position = after + 1 + u64::try_from(messages.len())?;
        messages.push(input::message(position, input::twin(&line?))?);
    }
    let mut batches = Vec::new();
    while !messages.is_empty() {
        let rest = messages.split_off(messages.len().min(EVENTS));
        let messages = std::mem::replace(&mut messages, rest);
        batches.push(Batch { messages, bytes: 0, pending: 0 });
    }
    Ok(batches)
}
