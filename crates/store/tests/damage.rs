//! Stores that cannot be read: they open as they were, or empty with a reason; never a panic
//! (STO-6). And stores that somebody else has open (STO-7).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use std::fs;
use std::path::{Path, PathBuf};

use tonghop_store::{OpenOptions, Opened, Reason, Store, StoreError};
use world::{Model, Random, image, options, random_commit};

fn filled(dir: &Path, commits: u64) -> Vec<Model> {
    let (mut store, opened) = Store::open(dir, &options()).unwrap();
    assert_eq!(opened, Opened::Fresh);
    let mut states = vec![Model::default()];
    for seed in 0..commits {
        let mut next = states[states.len() - 1].clone();
        let commit = random_commit(next.position, seed);
        store.commit(&commit).unwrap();
        next.apply(&commit);
        states.push(next);
    }
    states
}

fn generation(dir: &Path) -> PathBuf {
    dir.join(fs::read_to_string(dir.join("CURRENT")).unwrap().trim())
}

/// The database, without the store.
fn by_hand(dir: &Path) -> sled::Db {
    sled::Config::new().path(generation(dir)).segment_size(1 << 20).open().unwrap()
}

/// Opens, and accepts a rebuilt store or one that is equal to a state; a page that turns out to be
/// damaged when it is read leads to a rebuild.
fn opens_well(dir: &Path, states: &[Model], what: &str) -> bool {
    let (store, opened) = Store::open(dir, &options()).unwrap();
    if let Opened::Rebuild(reason) = opened {
        assert!(matches!(reason, Reason::Damaged { .. }), "{what}: {reason:?}");
        assert_eq!(Model::of(&store), Model::default(), "{what}");
        return false;
    }
    let read = store.cells(None).try_for_each(|cell| cell.map(drop)).and_then(|()| {
        store.records(b"")?;
        store.entries()?.in_order()?.try_for_each(|entry| entry.map(drop))
    });
    match read {
        Ok(()) => {
            let found = Model::of(&store);
            assert!(states.contains(&found), "{what}: a state that never was");
            true
        }
        Err(error @ StoreError::Damaged { .. }) => {
            store.mark_damaged(&error.to_string()).unwrap();
            drop(store);
            let (_, opened) = Store::open(dir, &options()).unwrap();
            assert!(
                matches!(opened, Opened::Rebuild(Reason::Damaged { .. })),
                "{what}: {opened:?}"
            );
            false
        }
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn flipped_and_cut_files_open_as_they_were_or_empty() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("store");
    let states = filled(&dir, 40);
    let files: Vec<PathBuf> = fs::read_dir(generation(&dir))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file() && path.metadata().unwrap().len() > 0)
        .collect();
    let mut random = Random(7);
    let mut rebuilt = 0;
    for round in 0..60 {
        let copy = base.path().join(format!("copy-{round}"));
        image(&dir, &copy);
        let file = &files[usize::try_from(random.next()).unwrap() % files.len()];
        let file = copy.join(file.strip_prefix(&dir).unwrap());
        let mut bytes = fs::read(&file).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        let at = usize::try_from(random.next()).unwrap_or(usize::MAX) % used;
        let what = match round % 3 {
            0 => {
                bytes[at] ^= 1 << random.below(8);
                "a bit flipped"
            }
            1 => {
                bytes.truncate(at);
                "cut"
            }
            _ => {
                for byte in bytes.iter_mut().skip(at).take(4_096) {
                    *byte = random.next().to_le_bytes()[0];
                }
                "4 KiB of garbage"
            }
        };
        fs::write(&file, bytes).unwrap();
        rebuilt +=
            usize::from(!opens_well(&copy, &states, &format!("round {round}: {what} at {at}")));
        fs::remove_dir_all(&copy).unwrap();
    }
    assert!(rebuilt > 0, "no damage was noticed");
}

#[test]
fn missing_files_lead_to_a_rebuild() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("store");
    let states = filled(&dir, 10);
    let broken = |name: &str, harm: &dyn Fn(&Path)| {
        let copy = base.path().join(name);
        image(&dir, &copy);
        harm(&copy);
        let (store, opened) = Store::open(&copy, &options()).unwrap();
        assert!(matches!(opened, Opened::Rebuild(Reason::Damaged { .. })), "{name}: {opened:?}");
        assert_eq!(store.position().unwrap(), 0);
        assert!(copy.join("gen-000002").is_dir() || name == "generation", "{name}");
        assert!(!copy.join("gen-000001").is_dir() || name == "generation", "{name}");
    };
    broken("database", &|copy| fs::remove_file(copy.join("gen-000001/db")).unwrap());
    broken("generation", &|copy| fs::remove_dir_all(copy.join("gen-000001")).unwrap());
    broken("current", &|copy| fs::write(copy.join("CURRENT"), "nonsense").unwrap());

    let copy = base.path().join("snapshot");
    image(&dir, &copy);
    fs::write(copy.join("gen-000001/snap.0000000000000001.generating"), b"half").unwrap();
    assert!(opens_well(&copy, &states, "an unfinished snapshot"));
}

#[test]
fn another_log_is_refused_and_another_schema_leads_to_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 3);
    let other = OpenOptions { log: "log-2".to_owned(), ..options() };
    let refused = Store::open(dir.path(), &other).unwrap_err().to_string();
    assert!(refused.contains("log-1") && refused.contains("log-2"), "{refused}");
    let (_, opened) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!(opened, Opened::Resumed, "nothing was thrown away");
    for (schema, older) in [(0_u32, true), (9, false)] {
        let db = by_hand(dir.path());
        db.insert(b"mschema", schema.to_be_bytes().to_vec()).unwrap();
        drop(db);
        let (_, opened) = Store::open(dir.path(), &other).unwrap();
        match opened {
            Opened::Rebuild(Reason::SchemaOlder { found, expected: 3 }) => {
                assert!(older && found == schema);
            }
            Opened::Rebuild(Reason::SchemaNewer { found, expected: 3 }) => {
                assert!(!older && found == schema);
            }
            Opened::Fresh | Opened::Resumed | Opened::Rebuild(_) => panic!("{opened:?}"),
        }
    }
}

#[test]
fn an_altered_page_is_named() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 40);
    let db = by_hand(dir.path());
    let (key, _) = db.scan_prefix(b"c").next().unwrap().unwrap();
    db.insert(key, b"\x07nonsense").unwrap();
    drop(db);
    let (store, opened) = Store::open(dir.path(), &options()).unwrap();
    assert_eq!(opened, Opened::Resumed);
    let error = store.cells(None).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("the cells of unit H41, measures of group 3"), "{error}");
}

#[test]
fn a_second_opener_is_told_who_has_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(dir.path(), &options()).unwrap();
    let reader = store.reader();
    for _ in 0..2 {
        let error = Store::open(dir.path(), &options()).unwrap_err();
        let StoreError::Locked { pid, .. } = &error else { panic!("{error}") };
        assert_eq!(*pid, std::process::id());
        let text = format!("is in use by process {pid}: stop that process, or use another");
        assert!(error.to_string().contains(&text), "{error}");
    }
    drop(store);
    assert!(Store::open(dir.path(), &options()).is_err(), "a reader still reads");
    drop(reader);
    assert!(Store::open(dir.path(), &options()).is_ok());
}
