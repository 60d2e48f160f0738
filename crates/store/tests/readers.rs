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

/// Every entry says in how many commits it was written, so that what is older is seen to be.
#[test]
fn an_entry_that_a_commit_has_stored_is_read_as_it_or_a_later_one_left_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let (reader, done) = (store.reader(), AtomicBool::new(false));
    let keys: Vec<u128> = (0..40_u128).map(|n| n << 121 | n).collect();
    let written_by = |value: &Option<Vec<u8>>| -> u64 {
        value.as_ref().map_or(0, |value| u64::from_be_bytes(value.as_slice().try_into().unwrap()))
    };
    // A commit writes every fourth key, so that the one before wrote all of them within four.
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::SeqCst) || reads < 100 {
                let position = reader.position().unwrap();
                for (place, value) in (0..).zip(&reader.load(&keys).unwrap()) {
                    let due = (1..=position).rev().find(|n| n % 4 == place % 4).unwrap_or(0);
                    assert!(written_by(value) >= due, "{place}: {value:?} after {position}");
                }
                reads += 1;
            }
        });
        for position in 1..=120_u64 {
            let of_commit = (0_u64..).zip(&keys).filter(|(place, _)| place % 4 == position % 4);
            let entries = of_commit.map(|(_, key)| (*key, position.to_be_bytes().to_vec()));
            let entries = entries.collect();
            store.commit(&Commit { position, entries, ..Commit::default() }).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        reading.join().unwrap();
    });
    assert!(store.stats().unwrap().runs > 1, "nothing was written as a run");
}
