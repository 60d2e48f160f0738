use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::note::{Kind, SigningKey};
use crate::tree::{Frontier, Head, leaf_hash, node_hash, prove_inclusion};

const SIZE: u64 = 11;

fn stored(level: u32, index: u64) -> Result<Hash, Infallible> {
    if level == 0 {
        return Ok(leaf_hash(&index.to_be_bytes()));
    }
    Ok(node_hash(&stored(level - 1, 2 * index)?, &stored(level - 1, 2 * index + 1)?))
}

fn head() -> Head {
    Frontier::stored(SIZE, &mut stored).unwrap().head()
}

fn log() -> SigningKey {
    SigningKey::new("h41.example/log", Kind::Note, &[3; 32]).unwrap()
}

fn proof(extra: &[u8]) -> Proof {
    let checkpoint = Checkpoint::new(log().verifier(), head()).sign(&log());
    let path = prove_inclusion(5, SIZE, &mut stored).unwrap();
    Proof { extra: extra.to_vec(), index: 5, path, checkpoint }
}

#[test]
fn a_proof_holds_all_that_is_needed_but_the_leaf_and_the_key() {
    for extra in [b"".as_slice(), b"of an office"] {
        let proof = proof(extra);
        let read = Proof::decode(proof.to_string().as_bytes()).unwrap();
        assert_eq!(read, proof);
        let leaf = leaf_hash(&5u64.to_be_bytes());
        assert_eq!(read.verify(&leaf, log().verifier()).unwrap().head(), head());
        let other = leaf_hash(&6u64.to_be_bytes());
        assert_eq!(read.verify(&other, log().verifier()), Err(ProofError::Unproven(5)));
        let stranger = SigningKey::new("h41.example/log", Kind::Note, &[4; 32]).unwrap();
        let verified = read.verify(&leaf, stranger.verifier());
        assert!(matches!(verified, Err(ProofError::Checkpoint(_))), "{verified:?}");
    }
}

#[test]
fn the_lines_are_those_of_the_specification() {
    let text = proof(b"of an office").to_string();
    let mut lines = text.split('\n');
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    assert_eq!(lines.next(), Some("extra b2YgYW4gb2ZmaWNl"));
    assert_eq!(lines.next(), Some("index 5"));
    let path: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    assert_eq!(path.len(), 4);
    assert_eq!(path[0], STANDARD.encode(stored(0, 4).unwrap()));
    assert_eq!(lines.next(), Some("h41.example/log"));
}

#[test]
fn what_is_no_proof_is_refused() {
    let good = proof(b"of an office").to_string();
    let line = format!("{}\n", STANDARD.encode([1; 32]));
    let extra = |bytes: usize| {
        let extra = format!("extra {}", STANDARD.encode(vec![7; bytes]));
        good.replace("extra b2YgYW4gb2ZmaWNl", &extra)
    };
    let path = |hashes: usize| {
        let (before, after) = good.split_once("index 5\n").unwrap();
        let (_, checkpoint) = after.split_once("\n\n").unwrap();
        format!("{before}index 5\n{}\n{checkpoint}", line.repeat(hashes))
    };
    assert!(Proof::decode(extra(EXTRA_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(Proof::decode(path(PATH_HASHES_MAX).as_bytes()).unwrap().path.len(), 64);
    assert_eq!(Proof::decode(path(0).as_bytes()).unwrap().path.len(), 0);
    for bad in [
        String::new(),
        good.replace("@v1", "@v2"),
        good.replace("index 5", "index 05"),
        good.replace("index 5", "index -5"),
        good.replace("index 5", "index +5"),
        good.replace("index 5", "index notanumber"),
        good.replace("index 5\n", ""),
        good.replace("extra b2YgYW4gb2ZmaWNl", "extra "),
        good.replace("extra b2YgYW4gb2ZmaWNl", "extra !!notbase64!!"),
        good.replace("extra b2Yg", "extra  b2Yg"),
        good.replace("\nindex 5", "\nextra b2Yg\nindex 5"),
        good.replace("index 5\n", "index 5\n!!notbase64!!\n"),
        good.replace("index 5\n", &format!("index 5\n{}\n", STANDARD.encode([1; 64]))),
        good.replace("\n\n", "\n"),
        good.replace('—', "-"),
        good.trim_end().to_owned(),
        extra(EXTRA_BYTES_MAX + 1),
        path(PATH_HASHES_MAX + 1),
        "x".repeat(PROOF_BYTES_MAX + 1),
    ] {
        assert_eq!(Proof::decode(bad.as_bytes()), Err(ProofError::NoProof), "{bad:.200}");
    }
}

proptest! {
    #[test]
    fn changed_bytes_are_no_proof_or_one_with_these_bytes(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), insert in any::<bool>(),
    ) {
        let good = proof(b"of an office");
        let mut bytes = good.to_string().into_bytes();
        let place = place.index(bytes.len());
        if insert { bytes.insert(place, byte) } else { bytes[place] = byte }
        if let Ok(proof) = Proof::decode(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), bytes);
            let proved = proof.verify(&leaf_hash(&5u64.to_be_bytes()), log().verifier());
            prop_assert!(proved.is_err() || (proof.index, proof.path) == (5, good.path));
        }
    }
}
