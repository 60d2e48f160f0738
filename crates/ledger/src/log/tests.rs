use std::collections::BTreeMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::note::{Kind, NoteError};
use crate::tree::leaf_hash;

fn key() -> SigningKey {
    SigningKey::new("h41.example/log", Kind::Note, &[3; 32]).unwrap()
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(leaf).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier
}

/// A log that was sealed and signed at these sizes.
fn sealed(sizes: &[u64]) -> (TempDir, Log, Frontier) {
    let dir = TempDir::new().unwrap();
    let log = Log::open(&dir.path().join("log")).unwrap();
    let mut frontier = Frontier::new();
    for size in sizes {
        let more = leaves(frontier.size()..*size);
        log.append(&mut frontier, &more).unwrap();
        log.sign(&frontier, &key(), &[]).unwrap();
    }
    (dir, log, frontier)
}

/// All files, by their paths below the log.
fn files(log: &Log) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut dirs) = (BTreeMap::new(), vec![log.dir.clone()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let name = path.strip_prefix(&log.dir).unwrap().display().to_string();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn flip(log: &Log, name: &str) {
    let path = log.dir.join(name);
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn why(result: Result<impl std::fmt::Debug, LogError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn what_is_appended_and_signed_is_found_again() {
    let (_dir, log, tree) = sealed(&[0, 3, 300, 700]);
    assert_eq!(tree, frontier(&leaves(0..700)));
    let log = Log::open(&log.dir).unwrap();
    let (checkpoint, note) = log.checkpoint(key().verifier()).unwrap().unwrap();
    assert_eq!(checkpoint.head(), tree.head());
    assert_eq!(note.verify(key().verifier()), Ok(None));
    for position in [1, 256, 257, 700] {
        let proof = log.prove(position, key().verifier()).unwrap();
        let proof = Proof::decode(proof.to_string().as_bytes()).unwrap();
        let proved = proof.verify(&leaf(position - 1), key().verifier()).unwrap();
        assert_eq!(proved.head(), tree.head());
    }
    for position in [0, 701] {
        let error = log.prove(position, key().verifier());
        assert!(matches!(error, Err(LogError::NotCovered { size: 700, .. })), "{error:?}");
    }
    let names: Vec<String> = files(&log).into_keys().collect();
    let full = ["checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/188"];
    // The partial tiles of the full ones are gone, those that a tree of 300 leaves had stay.
    assert_eq!(names, [full.as_slice(), &["tile/1/000.p/1", "tile/1/000.p/2"]].concat());
}

#[test]
fn a_tree_that_is_signed_is_not_signed_again() {
    let (_dir, log, tree) = sealed(&[300]);
    let mut seen = log.checkpoint(key().verifier()).unwrap().unwrap().1;
    let witness = SigningKey::new("w.example", Kind::Cosignature, &[7; 32]).unwrap();
    seen.cosign(&witness, 1_700_000_000);
    fs::write(log.dir.join("checkpoint"), seen.to_string()).unwrap();
    assert_eq!(log.sign(&tree, &key(), &[]).unwrap(), seen, "what a witness added stays");
    fs::remove_file(log.dir.join("checkpoint")).unwrap();
    let elsewhere = seen.to_string();
    let signed = log.sign(&tree, &key(), &[("the office", elsewhere.as_bytes())]).unwrap();
    assert_eq!(signed, seen, "it comes back from elsewhere");
    assert_eq!(files(&log)["checkpoint"], elsewhere.into_bytes());
}

/// LOG-1, each with what was signed before and what is to be signed.
#[test]
fn nothing_is_signed_that_does_not_extend_what_was_signed() {
    let (_dir, log, tree) = sealed(&[300]);
    let mut other = leaves(0..300);
    other[17] = leaf(1_000);
    let signed = |leaves: &[Hash]| {
        let tree = frontier(leaves).head();
        Checkpoint::new(key().verifier(), tree).sign(&key()).to_string()
    };
    let same_size = signed(&other);
    let earlier = signed(&other[..200]);
    let later = signed(&leaves(0..301));
    let before = files(&log);
    for (elsewhere, what) in [
        (&same_size, "two logs: it has size 300 and root"),
        (&earlier, "two logs: it has size 200 and root"),
        (&later, "it has size 301 and root"),
    ] {
        let why = why(log.sign(&tree, &key(), &[("the office", elsewhere.as_bytes())]));
        let begin = "nothing is signed, for the checkpoint in the office is not extended: ";
        assert!(why.starts_with(&format!("{begin}{what}")), "{why}");
        fs::write(log.dir.join("checkpoint"), elsewhere).unwrap();
        assert!(matches!(log.sign(&tree, &key(), &[]), Err(LogError::NotExtended { .. })));
        fs::write(log.dir.join("checkpoint"), &before["checkpoint"]).unwrap();
    }
    let good = signed(&leaves(0..200));
    let all = [("a", good.as_bytes()), ("b", &before["checkpoint"]), ("c", same_size.as_bytes())];
    assert!(
        matches!(log.sign(&tree, &key(), &all), Err(LogError::NotExtended { place, .. }) if place == "c")
    );
    assert_eq!(files(&log), before);
    let fork = LogError::NotExtended {
        place: "c".to_owned(),
        source: Box::new(NotGrown::Forked {
            old: frontier(&other).head(),
            new: tree.head(),
            there: tree.root(),
        }),
    };
    assert_eq!(why(log.sign(&tree, &key(), &all)), fork.to_string());
    assert!(log.sign(&tree, &key(), &all[..2]).is_ok());
}

#[test]
fn a_checkpoint_of_another_key_or_log_stops_the_signing() {
    let (_dir, log, tree) = sealed(&[300]);
    let other = SigningKey::new("h41.example/log", Kind::Note, &[4; 32]).unwrap();
    let foreign = Checkpoint::new(other.verifier(), tree.head()).sign(&other).to_string();
    let unsigned = NoteError::Unsigned(key().verifier().to_string()).to_string();
    for (bytes, what) in
        [(foreign.as_bytes(), unsigned), (b"?".as_slice(), NoteError::NoNote.to_string())]
    {
        let error = why(log.sign(&tree, &key(), &[("the office", bytes)]));
        assert_eq!(error, format!("the checkpoint in the office: {what}"));
    }
    assert!(matches!(log.sign(&tree, &other, &[]), Err(LogError::Checkpoint { .. })));
}

#[test]
fn tiles_that_are_not_those_of_the_tree_are_named() {
    let (_dir, log, tree) = sealed(&[300]);
    let grown = |log: &Log| log.append(&mut tree.clone(), &leaves(300..301));
    let damaged = LogError::Frontier(Box::new(NotGrown::Damaged { new: tree.head() })).to_string();

    flip(&log, "tile/0/001.p/44");
    assert_eq!(why(grown(&log)), damaged);
    assert_eq!(why(log.sign(&tree, &key(), &[])), damaged);
    flip(&log, "tile/0/001.p/44");
    fs::remove_file(log.dir.join("tile/0/001.p/44")).unwrap();
    assert_eq!(why(grown(&log)), "tile/0/001.p/44 is missing");
    fs::write(log.dir.join("tile/0/001.p/44"), vec![0; 9_000]).unwrap();
    assert_eq!(why(grown(&log)), "tile/0/001.p/44 has 8193 bytes instead of 1408");

    // Not at the edge of the tree, but of what was signed before.
    let (_dir, log, mut tree) = sealed(&[100]);
    log.append(&mut tree, &leaves(100..300)).unwrap();
    flip(&log, "tile/0/000");
    let error = log.sign(&tree, &key(), &[]);
    assert!(matches!(error, Err(LogError::NotExtended { .. })), "{error:?}");
}

#[test]
fn a_tile_that_ran_ahead_has_to_be_the_same() {
    let (_dir, log, tree) = sealed(&[300]);
    log.append(&mut tree.clone(), &leaves(300..600)).unwrap();
    let before = files(&log);
    let mut other = leaves(300..600);
    other[0] = leaf(1_000);
    let error = why(log.append(&mut tree.clone(), &other));
    assert!(error.contains("tile/0/001 holds other hashes"), "{error}");
    let error = why(log.append(&mut tree.clone(), &other[..10]));
    assert!(error.contains("tile/0/001.p/54 holds other hashes"), "{error}");
    assert_eq!(files(&log), before);
    log.append(&mut tree.clone(), &leaves(300..600)).unwrap();
    assert_eq!(files(&log), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// LOG-2: whatever of the files of an append a kill leaves, in whatever cuts it goes on.
    #[test]
    fn a_kill_leaves_the_old_tree_and_the_way_on(
        old in 1u64..600, more in 1u64..600, left in any::<u64>(), removed in any::<bool>(),
        torn in prop::collection::vec(any::<u8>(), 0..9000), cut in any::<u64>(),
    ) {
        let (_dir, log, tree) = sealed(&[old]);
        let written = appended(old, &leaves(old..old + more), |tile| log.tile(tile)).unwrap();
        for (place, (tile, bytes)) in written.iter().enumerate() {
            if left >> place & 1 == 1 {
                log.write(&log.dir.join(tile.to_string()), bytes).unwrap();
                if removed && tile.is_full() {
                    absent(fs::remove_dir_all(log.dir.join(format!("{tile}.p")))).unwrap();
                }
            }
        }
        fs::write(log.dir.join("new"), torn).unwrap();

        let log = Log::open(&log.dir).unwrap();
        prop_assert!(log.prove(old, key().verifier()).is_ok());
        let mut tree = tree;
        let cut = old + cut % more;
        for next in [cut, old + more] {
            let more = leaves(tree.size()..next);
            log.append(&mut tree, &more).unwrap();
            log.sign(&tree, &key(), &[]).unwrap();
        }
        prop_assert_eq!(&tree, &frontier(&leaves(0..old + more)));
        for position in [1, old, old + 1, cut.max(1), old + more] {
            let proof = log.prove(position, key().verifier()).unwrap();
            prop_assert!(proof.verify(&leaf(position - 1), key().verifier()).is_ok());
        }
    }
}
