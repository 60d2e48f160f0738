//! (c) Decoding alone, folding in memory alone, and folding durably, per family.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::time::Duration;

use tonghop_core::commit::Commit;
use tonghop_core::fold::{Message, Projection};
use tonghop_core::limits::BATCH_EVENTS_MAX;
use tonghop_core::projector::{Effect, Input, Projector};
use tonghop_node::commands::grouped;
use tonghop_node::nats::Raw;
use tonghop_store::{OpenOptions, Store};
use tonghop_wire::Decoder;

use crate::input::{self, decode};
use crate::table::{Goal, Spread, middle, over, per_second};
use crate::{Bench, process, tell};

/// The families, in the order of the table; units come first, for the others need them.
const FAMILIES: [&str; 7] = ["unit", "procedure", "dossier", "document", "meeting", "site", "post"];
/// Families whose timelines are one or two events: what the durable fold is measured with.
const ADDITIVE: [&str; 2] = ["document", "post"];
/// About how many events of a family are measured. One with fewer is measured with copies of its
/// events, under other identities; CPU time is counted in hundredths of a second.
const EVENTS: usize = 200_000;
/// Events a CPU-second that the durable fold should reach.
const DURABLE_GOAL: u64 = 400_000;

/// Remembers what the fold wants remembered.
trait Keep {
    fn load(&mut self, keys: &[u128]) -> anyhow::Result<Vec<Option<Vec<u8>>>>;
    fn commit(&mut self, commit: Commit) -> anyhow::Result<()>;
}

/// Keys are fingerprints: their upper half is as good as any hash of them.
#[derive(Debug, Default)]
struct UpperHalf(u64);

impl Hasher for UpperHalf {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = u64::try_from(key >> 64).unwrap_or_default();
    }
}

/// Entries in a map; cells are dropped.
#[derive(Debug, Default, Clone)]
struct InMemory(HashMap<u128, Vec<u8>, BuildHasherDefault<UpperHalf>>);

impl Keep for InMemory {
    fn load(&mut self, keys: &[u128]) -> anyhow::Result<Vec<Option<Vec<u8>>>> {
        Ok(keys.iter().map(|key| self.0.get(key).cloned()).collect())
    }

    fn commit(&mut self, commit: Commit) -> anyhow::Result<()> {
        black_box(&commit.cells);
        self.0.extend(commit.entries);
        Ok(())
    }
}

impl Keep for Store {
    fn load(&mut self, keys: &[u128]) -> anyhow::Result<Vec<Option<Vec<u8>>>> {
        Ok(Self::load(self, keys)?)
    }

    fn commit(&mut self, commit: Commit) -> anyhow::Result<()> {
        Ok(Self::commit(self, &commit)?)
    }
}

/// The CPU time of one round of a family, and over how many events.
#[derive(Debug, Default)]
struct Times {
    decode: Vec<Duration>,
    decoded: u64,
    fold: Vec<Duration>,
    durable: Vec<Duration>,
    folded: u64,
}

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    tell("(c) reading the sample into memory");
    let families = read(bench)?;
    let units = decoded(families.first().map_or(&[], Vec::as_slice));
    let mut every: Vec<Times> = FAMILIES.iter().map(|_| Times::default()).collect();
    for round in 1..=bench.rounds {
        tell(&format!("(c) round {round}: decode, fold, fold durably"));
        for ((name, raws), times) in FAMILIES.iter().zip(&families).zip(&mut every) {
            if !raws.is_empty() {
                measure_family(bench, name, raws, &units, times)?;
            }
        }
    }
    for (name, times) in FAMILIES.iter().zip(&every) {
        add_rows(bench, name, times);
    }
    Ok(())
}

/// The messages of each family, in order.
fn read(bench: &Bench) -> anyhow::Result<Vec<Vec<Raw>>> {
    let mut families: Vec<Vec<Raw>> = FAMILIES.iter().map(|_| Vec::new()).collect();
    for line in bench.sample.lines()? {
        let raw = input::message(1, line?)?;
        let place = FAMILIES.iter().position(|name| *name == input::family(&raw));
        if let Some(family) = place.and_then(|place| families.get_mut(place))
            && family.len() < EVENTS
        {
            family.push(raw);
        }
    }
    Ok(families)
}

fn decoded(raws: &[Raw]) -> Vec<Message> {
    let mut decoder = Decoder::new();
    raws.iter().map(|raw| decode(&mut decoder, raw)).collect()
}

fn measure_family(
    bench: &Bench,
    name: &str,
    raws: &[Raw],
    units: &[Message],
    times: &mut Times,
) -> anyhow::Result<()> {
    let laps = EVENTS.div_ceil(raws.len());
    let before = process::cpu()?;
    let mut decoder = Decoder::new();
    for _ in 0..laps {
        for raw in raws {
            black_box(decode(&mut decoder, black_box(raw)));
        }
    }
    times.decode.push(process::cpu()?.saturating_sub(before));
    times.decoded = u64::try_from(raws.len() * laps)?;

    let messages = decoded(raws);
    if name == "unit" {
        // A unit is registered once, so each lap has a registry of its own.
        let mut took = Duration::ZERO;
        for _ in 0..laps {
            took += folding(&messages, &[], InMemory::default(), 1)?;
        }
        times.fold.push(took);
    } else {
        times.fold.push(folding(&messages, units, InMemory::default(), laps)?);
    }
    times.folded = times.decoded;
    if ADDITIVE.contains(&name) {
        let dir = bench.dir("durable")?;
        let (store, _) = Store::open(&dir, &OpenOptions::new("bench"))?;
        times.durable.push(folding(&messages, units, store, laps)?);
        std::fs::remove_dir_all(dir)?;
    }
    Ok(())
}

/// The CPU time of folding the messages `copies` times, after units that are not counted.
fn folding(
    messages: &[Message],
    units: &[Message],
    mut keep: impl Keep,
    copies: usize,
) -> anyhow::Result<Duration> {
    let mut projector = Projector::new(Projection::default());
    let mut position = 0;
    fold(&mut projector, &mut keep, batch(units, 0, &mut position))?;
    let mut batches = vec![Vec::new()];
    for copy in 0..u128::try_from(copies)? {
        for message in batch(messages, copy, &mut position) {
            match batches.last_mut() {
                Some(last) if last.len() < BATCH_EVENTS_MAX => last.push(message),
                _ => batches.push(vec![message]),
            }
        }
    }
    let before = process::cpu()?;
    for batch in batches {
        fold(&mut projector, &mut keep, batch)?;
    }
    let took = process::cpu()?.saturating_sub(before);
    let refused = projector.projection().counts().refused;
    anyhow::ensure!(refused == 0, "{refused} events of the sample were refused");
    Ok(took)
}

/// These messages after the position; a copy has identities and timelines of its own.
fn batch(messages: &[Message], copy: u128, position: &mut u64) -> Vec<Message> {
    let mut batch = messages.to_vec();
    for message in &mut batch {
        *position += 1;
        message.position = *position;
        if let Ok(event) = &mut message.said {
            event.statement.identity.0 ^= copy << 64;
            event.timeline.0 ^= copy << 64;
            if let Some(target) = &mut event.statement.replaces {
                target.0 ^= copy << 64;
            }
        }
    }
    batch
}

/// One step of the projector, as the folder performs it.
fn fold(
    projector: &mut Projector,
    keep: &mut impl Keep,
    messages: Vec<Message>,
) -> anyhow::Result<()> {
    let mut effect = projector.step(Input::Received(messages));
    loop {
        let input = match effect {
            Effect::Load(keys) => Input::Loaded(keep.load(&keys)?),
            Effect::StoreRefusals(_) => Input::RefusalsStored,
            Effect::Commit(commit) => {
                keep.commit(*commit)?;
                Input::Committed
            }
            Effect::Announce(announcement) => {
                black_box(&announcement);
                return Ok(());
            }
            Effect::Idle => return Ok(()),
            Effect::ReadFrom(position) => anyhow::bail!("positions break at {position}"),
            Effect::Rebuild(damaged) => anyhow::bail!("damaged: {}", damaged.what),
        };
        effect = projector.step(input);
    }
}

fn add_rows(bench: &mut Bench, name: &str, times: &Times) {
    if times.folded == 0 {
        return;
    }
    let rate = |count: u64, each: &[Duration]| {
        middle(each.iter().map(|took| per_second(count, *took)).collect())
    };
    let folds = rate(times.folded, &times.fold);
    let decodes = rate(times.decoded, &times.decode);
    let pairs = times.fold.iter().zip(&times.decode);
    bench.table.row(
        'c',
        format!("{name}: CPU of fold in memory ÷ CPU of decode"),
        Spread::of(pairs.map(|(fold, decode)| over(*fold, *decode))),
        format!("{} folded, {} decoded a CPU-second", grouped(folds), grouped(decodes)),
        None,
    );
    if !times.durable.is_empty() {
        let durable = rate(times.folded, &times.durable);
        let pairs = times.durable.iter().zip(&times.fold);
        bench.table.row(
            'c',
            format!("{name}: CPU of durable fold ÷ CPU of fold in memory"),
            Spread::of(pairs.map(|(durable, fold)| over(*durable, *fold))),
            format!("{} folded durably a CPU-second", grouped(durable)),
            Some(Goal::new("≥ 400,000", durable >= DURABLE_GOAL)),
        );
    }
}
