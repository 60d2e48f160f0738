//! Readers beside the writer never see half of a commit, nor half of a fold into pages (STO-3).
#![allow(clippy::unwrap_used, reason = "a test")]

mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tonghop_core::cells::{CellChange, CellKey, Cells};
use tonghop_core::commit::Commit;
use tonghop_core::day::Day;
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::unit_code::UnitCode;
use tonghop_store::{Limits, OpenOptions, Store};
use world::{Random, options};

/// Every commit takes from one day what it gives to another, so that the sum is always 0.
fn transfer(position: u64, random: &mut Random) -> Commit {
    let mut cells = Cells::default();
    let mut add = |day: u64, amount: i64| {
        let day = Day::from_number(18_700 + u16::try_from(day).unwrap());
        let unit = UnitCode::parse("H41.16").unwrap();
        let measure = Measure::DossierPending;
        cells.add(CellKey { unit, measure, facet: Facet::All, day, recorded: day }, amount);
    };
    for _ in 0..10 {
        let amount = i64::try_from(random.below(1_000)).unwrap();
        add(random.below(90), amount);
        add(random.below(90), -amount);
    }
    let cells = cells.iter().map(|(key, amount)| CellChange { key: key.clone(), amount }).collect();
    Commit { position, cells, ..Commit::default() }
}

#[test]
fn the_sum_is_nil_whenever_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { waiting_cells: 60, ..Limits::TINY };
    let (mut store, _) = Store::open(dir.path(), &OpenOptions { limits, ..options() }).unwrap();
    let (reader, done) = (store.reader(), AtomicBool::new(false));
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut reads, mut positions) = (0, 0..=0);
            while !done.load(Ordering::SeqCst) || reads < 100 {
                let position = reader.position().unwrap();
                assert!(position >= *positions.end(), "the position went back");
                positions = 0..=position;
                let unit = UnitCode::parse("H41.16").unwrap();
                let group = Measure::DossierPending.group();
                let cells = reader.facet_cells(unit, group, FacetKind::All, u16::MAX).unwrap();
                let sum: i64 = cells.iter().map(|(_, amount)| amount).sum();
                assert_eq!(sum, 0, "half of a commit after {position}");
                assert!(cells.is_sorted_by(|a, b| a.0.day < b.0.day));
                reads += 1;
            }
            reads
        });
        let mut random = Random(3);
        for position in 1..=300 {
            store.commit(&transfer(position, &mut random)).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        assert!(reading.join().unwrap() >= 100);
    });
}
