//! Random commits on narrow domains, and a model of what the store should hold.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::should_implement_trait,
    clippy::missing_panics_doc,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tonghop_core::cells::{CellChange, CellKey, Cells};
use tonghop_core::commit::Commit;
use tonghop_core::day::Day;
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::unit_code::UnitCode;
use tonghop_store::{Limits, OpenOptions, Store};

pub fn options() -> OpenOptions {
    OpenOptions { limits: Limits::TINY, cache_bytes: 1 << 20, ..OpenOptions::new("log-1") }
}

/// A uniform key from a number.
pub fn hashed(number: u64) -> u128 {
    let mut random = Random(number.wrapping_mul(77));
    u128::from(random.next()) << 64 | u128::from(random.next())
}

pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn random_cell(random: &mut Random) -> CellKey {
    let unit = UnitCode::parse(["H41", "H41.1", "H41.16"][random.below(3) as usize]).unwrap();
    let measures = [Measure::DossierPending, Measure::DossierReturned, Measure::DocumentIssued];
    let measure = measures[random.below(3) as usize];
    let facet = match random.below(3) {
        0 => Facet::All,
        n => Facet::Of(FacetKind::Procedure, Arc::from(["1.001", "2.002"][n as usize - 1])),
    };
    let day = Day::from_number(18_790 + random.below(40) as u16);
    let recorded = Day::from_number(18_800 + random.below(2) as u16);
    CellKey { unit, measure, facet, day, recorded }
}

pub fn random_commit(position: u64, seed: u64) -> Commit {
    let mut random = Random(seed);
    let events = 1 + random.below(12);
    let mut entries = BTreeMap::new();
    let mut cells = Cells::default();
    let mut records = BTreeMap::new();
    for _ in 0..events {
        let value = vec![random.next() as u8; random.below(40) as usize];
        entries.insert(hashed(random.below(80)), value);
        cells.add(random_cell(&mut random), random.below(5) as i64 - 2);
    }
    for _ in 0..random.below(3) {
        records.insert(vec![b'k', random.below(5) as u8], vec![random.next() as u8]);
    }
    Commit {
        position: position + events,
        cells: cells.iter().map(|(key, amount)| CellChange { key: key.clone(), amount }).collect(),
        entries: entries.into_iter().collect(),
        records: records.into_iter().collect(),
    }
}

type OfFacet = (UnitCode, u8, FacetKind, u16);

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Model {
    pub position: u64,
    pub cells: BTreeMap<CellKey, i64>,
    pub entries: BTreeMap<u128, Vec<u8>>,
    pub records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Model {
    pub fn apply(&mut self, commit: &Commit) {
        self.position = commit.position;
        for change in &commit.cells {
            *self.cells.entry(change.key.clone()).or_insert(0) += change.amount;
        }
        self.cells.retain(|_, amount| *amount != 0);
        self.entries.extend(commit.entries.iter().cloned());
        self.records.extend(commit.records.iter().cloned());
    }

    /// What a store holds.
    pub fn of(store: &Store) -> Self {
        let cells: Vec<_> = store.cells(None).map(Result::unwrap).collect();
        let entries: Vec<_> =
            store.entries().unwrap().in_order().unwrap().map(Result::unwrap).collect();
        assert!(entries.is_sorted_by(|a, b| a.0 < b.0), "entries out of order");
        assert!(cells.iter().all(|(_, amount)| *amount != 0), "STO-5");
        let model = Self {
            position: store.position().unwrap(),
            cells: cells.iter().cloned().collect(),
            entries: entries.into_iter().collect(),
            records: store.records(b"").unwrap().into_iter().collect(),
        };
        assert_eq!(model.cells.len(), cells.len(), "a cell was given twice");
        let keys: Vec<u128> = model.entries.keys().copied().collect();
        let loaded = store.load(&keys).unwrap();
        for ((key, value), loaded) in model.entries.iter().zip(loaded) {
            assert_eq!(loaded.as_ref(), Some(value), "key {key:032x} looked up, and read in order");
        }
        model
    }

    pub fn check(&self, store: &Store) {
        let stored = Self::of(store);
        assert_eq!(stored.position, self.position);
        assert_eq!(stored.records, self.records);
        for (key, value) in &self.entries {
            assert_eq!(stored.entries.get(key), Some(value), "key {key:032x}");
        }
        assert_eq!(stored.entries.len(), self.entries.len());
        for (key, amount) in &self.cells {
            assert_eq!(stored.cells.get(key), Some(amount), "{key:?}");
        }
        assert_eq!(stored.cells.len(), self.cells.len());
    }

    /// For each unit, group, kind and month: the cells up to that month.
    pub fn facets(&self) -> BTreeMap<OfFacet, BTreeMap<CellKey, i64>> {
        let of = |key: &CellKey| {
            (key.unit, key.measure.group(), key.facet.kind(), key.day.month_number())
        };
        let mut facets: BTreeMap<OfFacet, BTreeMap<CellKey, i64>> = BTreeMap::new();
        for of_facet in self.cells.keys().map(of) {
            let cells = self.cells.iter().filter(|(key, _)| {
                let other = of(key);
                (other.0, other.1, other.2) == (of_facet.0, of_facet.1, of_facet.2)
                    && other.3 <= of_facet.3
            });
            facets.insert(of_facet, cells.map(|(key, amount)| (key.clone(), *amount)).collect());
        }
        facets
    }
}

/// Copies a directory until two copies in a row are equal: what a kill would leave.
pub fn image(from: &Path, to: &Path) {
    let mut before = Vec::new();
    loop {
        let mut files = Vec::new();
        read_all(from, from, &mut files);
        if files == before {
            break;
        }
        before = files;
    }
    for (name, bytes) in before {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

fn read_all(root: &Path, dir: &Path, files: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files.push((path.strip_prefix(root).unwrap().join(".keep"), Vec::new()));
            read_all(root, &path, files);
        } else if let Ok(bytes) = std::fs::read(&path) {
            files.push((path.strip_prefix(root).unwrap().to_path_buf(), bytes));
        }
    }
}
