//! What `docs/evidence.md` gives as an example is what this crate computes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::leaf::Leaf;
use tonghop_ledger::log::Log;
use tonghop_ledger::message::{Message, commitment};
use tonghop_ledger::note::{Kind, Note, SigningKey};
use tonghop_ledger::tree::{Frontier, leaf_hash};

const PAGE: &str = include_str!("../../../docs/evidence.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn message() -> Vec<u8> {
    let headers = [("Content-Type", "application/cloudevents+json"), ("A", "2"), ("A", "1")];
    let subject = "tonghop.v1.H41-16.document.issued";
    let mut bytes = Vec::new();
    Message { subject, headers: &headers, payload: b"{\"id\":\"d1\"}" }.encode(&mut bytes);
    bytes
}

/// The leaf of a position; its salt is 32 times that number.
fn leaf(position: u8) -> Vec<u8> {
    let leaf = Leaf {
        position: u64::from(position),
        recorded_ms: 1_631_600_000_000,
        previous: u64::from(position) - 1,
        unit: "H41.16".to_owned(),
        kind: "document.issued".to_owned(),
        source: "/H41.16/ioffice".to_owned(),
        id: format!("d{position}"),
        sequence: 0,
        commitment: commitment(&[position; 32], &message()),
    };
    let mut bytes = Vec::new();
    leaf.encode(&mut bytes);
    bytes
}

#[test]
fn the_examples_of_the_page_are_true() {
    let log_key = SigningKey::new("h41.example/log", Kind::Note, &[3; 32]).unwrap();
    let witness = SigningKey::new("w.example/1", Kind::Cosignature, &[7; 32]).unwrap();
    let leaves: Vec<_> = (1..=3).map(leaf).collect();
    let hashes: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();

    let dir = tempfile::TempDir::new().unwrap();
    let log = Log::open(dir.path()).unwrap();
    let mut tree = Frontier::new();
    log.append(&mut tree, &hashes).unwrap();
    let signed = log.sign(&tree, &log_key, &[]).unwrap();
    let mut cosigned = signed.clone();
    cosigned.cosign(&witness, 1_700_000_000);
    let proof = log.prove(2, log_key.verifier()).unwrap();
    assert!(proof.verify(&hashes[1], log_key.verifier()).is_ok());
    let opened = Checkpoint::open(cosigned.to_string().as_bytes(), log_key.verifier());
    assert!(opened.is_ok_and(|(checkpoint, _)| checkpoint.head() == tree.head()));
    let read = Note::decode(cosigned.to_string().as_bytes()).unwrap();
    assert_eq!(read.verify(witness.verifier()), Ok(Some(1_700_000_000)));

    let examples = BTreeMap::from([
        ("message", hex(&message())),
        ("commitment 1", hex(&commitment(&[1; 32], &message()))),
        ("leaf 1", hex(&leaves[0])),
        ("leaf hash 1", hex(&hashes[0])),
        ("leaf hash 2", hex(&hashes[1])),
        ("leaf hash 3", hex(&hashes[2])),
        ("root", hex(&tree.root())),
        ("root, base64", STANDARD.encode(tree.root())),
        ("frontier", hex(&tree.encode())),
        ("log's key", log_key.verifier().to_string()),
        ("log's secret", log_key.secret()),
        ("witness's key", witness.verifier().to_string()),
        ("cosigned", cosigned.to_string()),
        ("proof", proof.to_string()),
    ]);
    // Bytes in hex stand in lines of 64 digits.
    let page: String = PAGE.split_whitespace().collect();
    for (name, example) in &examples {
        let example: String = example.split_whitespace().collect();
        assert!(page.contains(&example), "{name}: {example}\n{examples:#?}");
    }
}
