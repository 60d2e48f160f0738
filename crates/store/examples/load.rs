//! Fills a store with the volume of the demo and prints what that costs.
//!
//! `cargo run --release -p tonghop-store --example load [batches]`: so many commits of 32,768
//! events (two entries each, and 5,000 changes of cells), then 300 commits of 1,000 events, then
//! 2,000 of one event.
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tonghop_core::cells::{CellChange, CellKey, Cells};
use tonghop_core::commit::Commit;
use tonghop_core::day::Day;
use tonghop_core::measure::{Code, Facet, FacetKind, Measure};
use tonghop_core::unit_code::UnitCode;
use tonghop_store::{OpenOptions, Store, StoreError};

const BATCH_EVENTS: u32 = 32_768;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let batches: u32 = std::env::args().nth(1).map_or(Ok(70), |arg| arg.parse())?;
    let dir = std::env::temp_dir().join(format!("tonghop-load-{}", std::process::id()));
    let options = OpenOptions::new("load");
    let (mut store, _) = Store::open(&dir, &options)?;
    let mut world = World::new();
    let mut events = 0_u64;

    let mut spent = Spent::default();
    for _ in 0..batches {
        events += u64::from(BATCH_EVENTS);
        world.step(&mut store, BATCH_EVENTS, 5_000, &mut spent)?;
    }
    let millions = |cpu: Duration, events: u64| cpu.as_nanos() / u128::from(events.max(1));
    println!("{events} events in {batches} commits of {BATCH_EVENTS}");
    println!("  load   {} ns CPU an event", millions(spent.load, events));
    println!("  commit {} ns CPU an event", millions(spent.commit, events));
    println!("  wall   {} ms p50, {} ms p99 a commit", spent.p(50) / 1000, spent.p(99) / 1000);
    println!("  disk   {} bytes an event", store.disk_bytes()? / events);
    println!("  RSS    {} MiB", rss_kib() / 1024);
    println!("  {:?}", store.stats()?);

    for (count, size, cells) in [(300, 1_000, 1_000), (2_000, 1, 4)] {
        let mut spent = Spent::default();
        for _ in 0..count {
            events += u64::from(size);
            world.step(&mut store, size, cells, &mut spent)?;
        }
        println!("{count} commits of {size} events");
        println!(
            "  wall   {} µs p50, {} µs p99, {} µs max",
            spent.p(50),
            spent.p(99),
            spent.p(100)
        );
        println!("  CPU    {} µs a commit", (spent.load + spent.commit).as_micros() / count);
    }
    println!("  disk   {} bytes an event", store.disk_bytes()? / events);
    println!("  RSS    {} MiB", rss_kib() / 1024);

    let keys: Vec<u128> = (0..65_536_u64).map(|_| hash(world.random() % (events * 2))).collect();
    let at = cpu();
    let found = store.load(&keys)?.iter().flatten().count();
    println!("65,536 keys, {found} present: {} ns CPU each", since(at).as_nanos() / 65_536);
    let keys: Vec<u128> = keys.iter().take(2_000).copied().collect();
    let at = cpu();
    for key in &keys {
        store.load(&[*key])?;
    }
    println!("present keys one by one: {} ns CPU each", since(at).as_nanos() / 2_000);

    drop(store);
    let at = Instant::now();
    let (store, opened) = Store::open(&dir, &options)?;
    println!(
        "opened again in {} ms: {opened:?}, RSS {} MiB",
        at.elapsed().as_millis(),
        rss_kib() / 1024
    );
    let at = Instant::now();
    let cells = store.cells(None).collect::<Result<Vec<_>, _>>()?.len();
    println!("{cells} cells read in {} ms", at.elapsed().as_millis());
    let at = Instant::now();
    let mut entries = 0_u64;
    for entry in store.entries()?.in_order()? {
        entry?;
        entries += 1;
    }
    println!("{entries} entries read in {} ms", at.elapsed().as_millis());
    drop(store);
    fs::remove_dir_all(&dir)?;
    Ok(())
}

#[derive(Default)]
struct Spent {
    load: Duration,
    commit: Duration,
    wall_us: Vec<u128>,
}

impl Spent {
    fn p(&self, percent: usize) -> u128 {
        let mut sorted = self.wall_us.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().unwrap_or_default()
    }
}

struct World {
    events: u64,
    state: u64,
    units: Vec<UnitCode>,
    codes: Vec<Code>,
}

impl World {
    fn new() -> Self {
        let units = (1..=530).filter_map(|n| UnitCode::parse(&format!("H41.{n}"))).collect();
        let codes = (1..=200).map(|n| Arc::from(format!("1.00{n:04}"))).collect();
        Self { events: 0, state: 1, units, codes }
    }

    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(1);
        u64::try_from(hash(self.state ^ 0xabcd_ef01) >> 65).unwrap_or_default()
    }

    fn below(&mut self, end: u64) -> usize {
        usize::try_from(self.random() % end).unwrap_or(0)
    }

    /// Loads the keys of new events, which are absent, and commits the events.
    fn step(
        &mut self,
        store: &mut Store,
        events: u32,
        changes: u32,
        spent: &mut Spent,
    ) -> Result<(), StoreError> {
        let mut commit =
            Commit { position: store.position()? + u64::from(events), ..Commit::default() };
        for _ in 0..events {
            let identity = vec![7; 14];
            let timeline = vec![9; usize::try_from(30 + self.random() % 30).unwrap_or(30)];
            commit.entries.push((hash(self.events * 2), identity));
            commit.entries.push((hash(self.events * 2 + 1), timeline));
            self.events += 1;
        }
        let keys: Vec<u128> = commit.entries.iter().map(|(key, _)| *key).collect();
        commit.entries.sort_unstable_by_key(|(key, _)| *key);
        commit.cells = self.cells(changes);
        commit.records.push((b"source/1".to_vec(), vec![1; 40]));

        let (start, at) = (Instant::now(), cpu());
        let found = store.load(&keys)?;
        assert!(found.iter().all(Option::is_none), "a new event was there already");
        spent.load += since(at);
        let at = cpu();
        store.commit(&commit)?;
        spent.commit += since(at);
        spent.wall_us.push(start.elapsed().as_micros());
        Ok(())
    }

    /// Time goes on: about 20,000 events a day.
    fn cells(&mut self, changes: u32) -> Vec<CellChange> {
        let day = u16::try_from(18_779 + self.events / 20_000).unwrap_or(u16::MAX);
        let measures = [
            Measure::DocumentReceived,
            Measure::DocumentReceivedElectronic,
            Measure::DocumentIssued,
            Measure::DossierReceivedOnline,
            Measure::DossierPending,
        ];
        let mut cells = Cells::default();
        for _ in 0..changes {
            let (unit, measure, code) = (self.below(530), self.below(5), self.below(40));
            let unit = self.units.get(unit).copied();
            let measure = measures.get(measure).copied();
            let code = self.codes.get(code).cloned();
            let (Some(unit), Some(measure), Some(code)) = (unit, measure, code) else { continue };
            let facet = match self.random() % 3 {
                0 => Facet::Of(FacetKind::Procedure, code),
                _ => Facet::All,
            };
            let late = u16::try_from(self.random() % 3).unwrap_or(0);
            let (day, recorded) = (Day::from_number(day - late), Day::from_number(day));
            cells.add(CellKey { unit, measure, facet, day, recorded }, 1);
        }
        cells.iter().map(|(key, amount)| CellChange { key: key.clone(), amount }).collect()
    }
}

/// A uniform key from a number.
fn hash(number: u64) -> u128 {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let high = mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
    u128::from(high) << 64 | u128::from(mix(high ^ 0x5555_5555_5555_5555))
}

/// CPU time of this process, all threads, user and system; in ticks of 10 ms, so that only sums of
/// many differences say something.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// CPU time since then.
fn since(at: Duration) -> Duration {
    cpu().saturating_sub(at)
}

fn rss_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
