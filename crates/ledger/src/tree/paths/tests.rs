use std::convert::Infallible;

use proptest::prelude::*;
use tlog_tiles as oracle;

use super::super::{Frontier, leaf_hash};
use super::*;

const SIZE: u64 = 70;

/// The stored hashes of a tree, computed from its leaves at every reading.
fn stored(level: u32, index: u64) -> Result<Hash, Infallible> {
    if level == 0 {
        return Ok(leaf_hash(&index.to_be_bytes()));
    }
    Ok(node_hash(&stored(level - 1, 2 * index)?, &stored(level - 1, 2 * index + 1)?))
}

fn head(size: u64) -> Head {
    Frontier::stored(size, &mut stored).unwrap().head()
}

fn inclusion(index: u64, size: u64) -> Vec<Hash> {
    prove_inclusion(index, size, &mut stored).unwrap()
}

fn consistency(old: u64, size: u64) -> Vec<Hash> {
    prove_consistency(old, size, &mut stored).unwrap()
}

fn leaf(index: u64) -> Hash {
    stored(0, index).unwrap()
}

struct Oracle;

impl oracle::HashReader for Oracle {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<oracle::Hash>, oracle::Error> {
        let read = |index: &u64| {
            let (level, index) = oracle::split_stored_hash_index(*index);
            oracle::Hash(stored(u32::from(level), index).unwrap())
        };
        Ok(indexes.iter().map(read).collect())
    }
}

fn plain(hashes: &[oracle::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.0).collect()
}

#[test]
fn what_is_stored_gives_the_frontier_that_was_pushed() {
    let mut frontier = Frontier::new();
    for size in 0..SIZE {
        assert_eq!(Frontier::stored(size, &mut stored).unwrap(), frontier);
        frontier.push(leaf(size));
    }
}

#[test]
fn paths_are_those_of_another_implementation() {
    for size in 1..SIZE {
        let tree = head(size);
        assert_eq!(oracle::tree_hash(size, &Oracle).unwrap().0, tree.root, "size {size}");
        for index in 0..size {
            let path = inclusion(index, size);
            assert_eq!(path, plain(&oracle::prove_record(size, index, &Oracle).unwrap()));
            assert_eq!(verify_inclusion(&leaf(index), index, &tree, &path), Ok(()));
        }
        for old in 1..=size {
            let path = consistency(old, size);
            assert_eq!(path, plain(&oracle::prove_tree(size, old, &Oracle).unwrap()));
            assert_eq!(verify_consistency(&head(old), &tree, &path), Ok(()), "{old} to {size}");
        }
        assert_eq!(verify_consistency(&head(0), &tree, &[]), Ok(()));
    }
}

#[test]
fn a_path_proves_one_leaf_at_one_index_of_one_tree() {
    for size in 1..20 {
        let tree = head(size);
        for index in 0..size {
            let path = inclusion(index, size);
            for other in (0..20).filter(|other| *other != index) {
                let proved = verify_inclusion(&leaf(index), other, &tree, &path);
                assert_eq!(proved, Err(Unproven), "{index} of {size} at {other}");
                let proved = verify_inclusion(&leaf(other), index, &tree, &path);
                assert_eq!(proved, Err(Unproven));
            }
        }
    }
}

#[test]
fn nothing_goes_on_from_a_larger_tree_or_from_another_of_its_size() {
    let (old, new) = (head(7), head(12));
    let path = consistency(7, 12);
    assert_eq!(verify_consistency(&new, &old, &path), Err(Unproven));
    let forged = Head { root: [7; 32], ..old };
    assert_eq!(verify_consistency(&forged, &new, &path), Err(Unproven));
    assert_eq!(verify_consistency(&forged, &old, &[]), Err(Unproven));
    assert_eq!(verify_consistency(&old, &old, &path), Err(Unproven));
    let nothing = Head { size: 0, root: [7; 32] };
    assert_eq!(verify_consistency(&nothing, &new, &[]), Err(Unproven));
    assert_eq!(verify_consistency(&head(0), &new, &path), Err(Unproven));
    assert_eq!(verify_consistency(&head(0), &nothing, &[]), Err(Unproven));
    let most = Head { size: u64::MAX, root: new.root };
    assert_eq!(verify_consistency(&old, &most, &[[1; 32]; 100]), Err(Unproven));
    assert_eq!(verify_inclusion(&leaf(0), u64::MAX - 1, &most, &[[1; 32]; 100]), Err(Unproven));
}

/// A change of a path: one bit, one hash too many, one too few, two exchanged.
fn changed(mut path: Vec<Hash>, how: u8, place: usize, bit: usize) -> Vec<Hash> {
    let place = place % path.len().max(1);
    match how {
        0 if !path.is_empty() => path[place][bit / 8] ^= 1 << (bit % 8),
        1 if !path.is_empty() => drop(path.remove(place)),
        2 if path.len() > 1 => path.rotate_left(1),
        _ => path.insert(place, [9; 32]),
    }
    path
}

proptest! {
    #[test]
    fn no_other_path_proves_it(
        size in 1..SIZE, at in any::<u64>(), how in 0u8..4, place in any::<usize>(), bit in 0usize..256,
    ) {
        let index = at % size;
        let path = inclusion(index, size);
        prop_assert!(path.len() < PATH_HASHES_MAX);
        let other = changed(path, how, place, bit);
        prop_assert_eq!(verify_inclusion(&leaf(index), index, &head(size), &other), Err(Unproven));

        let old = 1 + at % size;
        let path = consistency(old, size);
        let other = changed(path, how, place, bit);
        prop_assert_eq!(verify_consistency(&head(old), &head(size), &other), Err(Unproven));
    }
}
