use proptest::prelude::*;

use super::*;

/// The root as RFC 6962 defines it, word for word.
fn naive(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(&naive(&leaves[..k]), &naive(&leaves[k..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier
}

#[test]
fn the_frontier_has_the_root_of_rfc_6962_at_every_size() {
    let leaves = leaves(600);
    let mut frontier = Frontier::new();
    for size in 0..leaves.len() {
        assert_eq!(frontier.root(), naive(&leaves[..size]), "at size {size}");
        assert_eq!(Frontier::decode(&frontier.encode()), Ok(frontier.clone()));
        assert!(frontier.encode().len() <= FRONTIER_BYTES_MAX);
        frontier.push(leaves[size]);
        assert_eq!(frontier.size(), u64::try_from(size + 1).unwrap());
    }
}

#[test]
fn a_frontier_has_as_many_hashes_as_its_size_has_bits() {
    let bytes = frontier(&leaves(5)).encode();
    assert_eq!(bytes.len(), 8 + 2 * 32);
    for wrong in 0..bytes.len() {
        assert_eq!(Frontier::decode(&bytes[..wrong]), Err(NoFrontier));
    }
    assert_eq!(Frontier::decode(&[bytes.as_slice(), &[0]].concat()), Err(NoFrontier));
    assert_eq!(Frontier::decode(&[0xff; FRONTIER_BYTES_MAX + 32]), Err(NoFrontier));
}

proptest! {
    #[test]
    fn what_is_read_as_a_frontier_is_written_the_same(
        bytes in prop::collection::vec(any::<u8>(), 0..FRONTIER_BYTES_MAX + 64),
    ) {
        if let Ok(frontier) = Frontier::decode(&bytes) {
            prop_assert_eq!(frontier.encode(), bytes);
        }
    }
}
