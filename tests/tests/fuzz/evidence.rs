//! What comes from the log of somebody else: notes, checkpoints, proofs, keys, paths of tiles,
//! frontiers, leaves.

use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::leaf::Leaf;
use tonghop_ledger::note::{Kind, Note, SigningKey, VerifierKey};
use tonghop_ledger::proof::Proof;
use tonghop_ledger::tiles::Tile;
use tonghop_ledger::tree::{Frontier, leaf_hash};
use tonghop_tests::fuzz::{Memory, Random, mutated, run};

use crate::HELD;

/// A text, what it is split into, and the same text written again.
const OF_EVIDENCE: Memory = Memory { fixed: 64 * 1024, factor: 16 };

fn key(kind: Kind) -> SigningKey {
    SigningKey::new("h41.example/log", kind, &[3; 32]).unwrap()
}

/// One of each, good ones.
fn examples() -> Vec<Vec<u8>> {
    let mut frontier = Frontier::new();
    for leaf in 0..100u8 {
        frontier.push(leaf_hash(&[leaf]));
    }
    let (log, witness) = (key(Kind::Note), key(Kind::Cosignature));
    let checkpoint = Checkpoint::new(log.verifier(), frontier.head()).to_string();
    let mut note = Note::new(checkpoint.clone()).unwrap();
    note.sign(&log);
    note.cosign(&witness, 1_700_000_000);
    let path = vec![[7; 32]; 7];
    let proof = Proof { extra: b"more".to_vec(), index: 5, path, checkpoint: note.clone() };
    let mut leaf = Vec::new();
    Leaf {
        position: 7,
        recorded_ms: 1_700_000_000_000,
        previous: 3,
        unit: "H41.16".to_owned(),
        kind: "dossier.accepted".to_owned(),
        source: "/H41.16/igate".to_owned(),
        id: "ig-000123".to_owned(),
        sequence: 123,
        commitment: [9; 32],
    }
    .encode(&mut leaf);
    let texts = [
        checkpoint,
        note.to_string(),
        proof.to_string(),
        log.verifier().to_string(),
        witness.secret(),
        "tile/0/x001/x234/067.p/255".to_owned(),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    all.extend([frontier.encode(), leaf]);
    all
}

/// What is read is written again as it was, by all that read anything of it.
#[test]
fn evidence() {
    let examples = examples();
    let make = |random: &mut Random| {
        let example = &examples[random.below(examples.len())];
        mutated(random, example, &examples)
    };
    let (log, witness) = (key(Kind::Note), key(Kind::Cosignature));
    run(("evidence", &HELD, OF_EVIDENCE), 1_500, make, Vec::len, |bytes| {
        if let Ok(note) = Note::decode(bytes) {
            assert_eq!(note.to_string().as_bytes(), bytes);
            let opened = Checkpoint::open(bytes, log.verifier()).is_ok();
            assert!(!opened || note.verify(log.verifier()) == Ok(None));
            note.verify(witness.verifier()).ok();
        }
        if let Ok(proof) = Proof::decode(bytes) {
            assert_eq!(proof.to_string().as_bytes(), bytes);
            proof.verify(&leaf_hash(&[5]), log.verifier()).ok();
        }
        if let Ok(frontier) = Frontier::decode(bytes) {
            assert_eq!(frontier.encode(), *bytes);
        }
        if let Ok(leaf) = Leaf::decode(bytes) {
            let mut again = Vec::new();
            leaf.encode(&mut again);
            assert_eq!(again, *bytes);
        }
        let Ok(text) = str::from_utf8(bytes) else { return };
        let again = [
            Checkpoint::decode(text).ok().map(|checkpoint| checkpoint.to_string()),
            VerifierKey::parse(text).ok().map(|key| key.to_string()),
            SigningKey::parse(text).ok().map(|key| key.secret()),
            Tile::parse(text).ok().map(|tile| tile.to_string()),
        ];
        assert!(again.into_iter().flatten().all(|again| again == text));
    });
}
