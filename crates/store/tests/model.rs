//! The store against a model: random commits, reopened at random, tiny limits (STO-1, 3, 4, 5).
#![allow(clippy::unwrap_used, reason = "a test")]

mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use tonghop_core::measure::FacetKind;
use tonghop_store::{Limits, Opened, Store};
use world::{Model, hashed, options, random_commit};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_what_was_committed(
        seeds in prop::collection::vec((any::<u64>(), 0_u8..10), 1..60),
        large in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut options = options();
        if large {
            options.limits = Limits { memtable_entries: 40, waiting_cells: 60, ..Limits::TINY };
        }
        let (mut store, opened) = Store::open(dir.path(), &options).unwrap();
        prop_assert_eq!(opened, Opened::Fresh);
        let mut model = Model::default();
        let mut reader = store.reader();
        for (seed, action) in seeds {
            let commit = random_commit(model.position, seed);
            store.commit(&commit).unwrap();
            model.apply(&commit);
            if action == 0 {
                drop(reader);
                drop(store);
                let (again, opened) = Store::open(dir.path(), &options).unwrap();
                prop_assert_eq!(opened, Opened::Resumed);
                store = again;
                reader = store.reader();
            }
            if action < 3 {
                model.check(&store);
            }
            let keys: Vec<u128> = (0..80).map(|n| hashed(n ^ (seed % 3))).collect();
            let expected: Vec<_> = keys.iter().map(|k| model.entries.get(k).cloned()).collect();
            prop_assert_eq!(store.load(&keys).unwrap(), expected);
        }
        model.check(&store);
        for kind in FacetKind::ALL {
            let of_kind: BTreeMap<_, _> = store.cells(Some(*kind)).map(Result::unwrap).collect();
            let mut expected = model.cells.clone();
            expected.retain(|key, _| key.facet.kind() == *kind);
            prop_assert_eq!(of_kind, expected);
        }
        for ((unit, group, kind, month), expected) in model.facets() {
            let cells = reader.facet_cells(unit, group, kind, month).unwrap();
            let cells: BTreeMap<_, _> = cells.into_iter().collect();
            prop_assert_eq!(cells, expected);
        }
    }
}

#[test]
fn records_are_read_by_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(dir.path(), &options()).unwrap();
    let mut commit = random_commit(0, 1);
    commit.records = [&b"a"[..], b"unit/1", b"unit/2", b"unit\xff\xff", b"v"]
        .map(|key| (key.to_vec(), b"x".to_vec()))
        .to_vec();
    store.commit(&commit).unwrap();
    let keys = |prefix: &[u8]| -> Vec<Vec<u8>> {
        store.records(prefix).unwrap().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(b"unit/"), [b"unit/1", b"unit/2"]);
    assert_eq!(keys(b"unit\xff\xff"), [b"unit\xff\xff"]);
    assert_eq!(keys(b"").len(), 5);
}
