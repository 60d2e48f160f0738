use std::collections::BTreeMap;

use proptest::prelude::*;
use tlog_tiles as oracle;

use super::*;
use crate::tree::{Frontier, leaf_hash, prove_consistency, prove_inclusion};
use crate::tree::{verify_consistency, verify_inclusion};

/// What a directory would hold.
type Files = BTreeMap<String, Vec<u8>>;

fn leaves(range: std::ops::Range<u64>) -> Vec<Hash> {
    range.map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the form that a reader of tiles has")]
fn read(files: &Files, tile: &Tile) -> Result<Option<Vec<u8>>, TileError> {
    Ok(files.get(&tile.to_string()).cloned())
}

/// The files of a tree that grew to these sizes one after the other.
fn grown(sizes: &[u64]) -> Files {
    let mut files = Files::new();
    let mut size = 0;
    for next in sizes {
        let tiles = appended(size, &leaves(size..*next), |tile| read(&files, tile)).unwrap();
        for (tile, bytes) in tiles {
            assert_eq!(u64::try_from(bytes.len()), Ok(tile.bytes()));
            let before = files.insert(tile.to_string(), bytes.clone());
            assert!(before.is_none_or(|before| before == bytes), "{tile} was changed");
        }
        size = *next;
    }
    files
}

fn frontier(size: u64) -> Frontier {
    let mut frontier = Frontier::new();
    for leaf in leaves(0..size) {
        frontier.push(leaf);
    }
    frontier
}

/// What the other implementation names its tiles, without the height that is always 8 here.
fn paths(old: u64, new: u64) -> Vec<String> {
    let tiles = oracle::Tile::new_tiles(8, old, new);
    tiles.iter().map(|tile| tile.path().replacen("tile/8/", "tile/", 1)).collect()
}

#[test]
fn a_path_is_read_as_it_is_written_and_in_no_other_way() {
    for path in [
        "tile/0/000",
        "tile/0/999.p/255",
        "tile/1/x001/000.p/1",
        "tile/0/x001/x234/067",
        "tile/7/x018/x446/x744/x073/x709/x551/615",
    ] {
        assert_eq!(Tile::parse(path).map(|tile| tile.to_string()), Ok(path.to_owned()));
    }
    for path in [
        "",
        "tile/",
        "tile/0/",
        "tile/0/0",
        "tile/0/1000",
        "tile/00/000",
        "tile/8/000",
        "tile/+1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "tile/0/../checkpoint",
        "tile/entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ] {
        assert_eq!(Tile::parse(path), Err(NoTile), "{path}");
    }
}

#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_that_the_specification_counts() {
    let files = grown(&[70_000]);
    let of = |level: u32, full: bool| {
        let tiles = files.keys().map(|path| Tile::parse(path).unwrap());
        let widths = tiles.filter(|tile| tile.level == level && tile.is_full() == full);
        widths.map(|tile| tile.width).collect::<Vec<_>>()
    };
    assert_eq!((of(0, true).len(), of(0, false)), (273, vec![112]));
    assert_eq!((of(1, true).len(), of(1, false)), (1, vec![17]));
    assert_eq!((of(2, true).len(), of(2, false)), (0, vec![1]));
    let mut reader = Reader::new(70_000, |tile: &Tile| read(&files, tile));
    let stored = Frontier::stored(70_000, &mut |level, index| reader.hash(level, index));
    assert_eq!(stored, Ok(frontier(70_000)));
}

#[test]
fn a_partial_tile_that_is_gone_is_read_from_the_full_one() {
    let mut files = grown(&[300, 600]);
    assert!(files.remove("tile/0/001.p/44").is_some());
    let again = appended(300, &leaves(300..600), |tile| read(&files, tile)).unwrap();
    assert!(again.iter().all(|(tile, bytes)| files[&tile.to_string()] == *bytes));
    let mut reader = Reader::new(300, |tile: &Tile| read(&files, tile));
    let stored = Frontier::stored(300, &mut |level, index| reader.hash(level, index));
    assert_eq!(stored, Ok(frontier(300)));
}

#[test]
fn a_tile_of_another_length_is_named() {
    let mut files = grown(&[300]);
    for bytes in
        [vec![0; 44 * 32 - 1], vec![0; 44 * 32 + 1], vec![0; 43 * 32], vec![0; 45 * 32], Vec::new()]
    {
        let length = bytes.len();
        files.insert("tile/0/001.p/44".to_owned(), bytes);
        let tile = Tile { level: 0, index: 1, width: 44 };
        let wrong = TileError::Length { tile, bytes: length };
        let mut reader = Reader::new(300, |tile: &Tile| read(&files, tile));
        assert_eq!(reader.hash(0, 256), Err(wrong));
    }
    let partial = Tile { level: 0, index: 1, width: 44 };
    files.remove("tile/0/001.p/44");
    let mut reader = Reader::new(300, |tile: &Tile| read(&files, tile));
    assert_eq!(reader.hash(0, 256), Err(TileError::Absent(partial)));
    assert_eq!(reader.hash(0, 255), Ok(leaves(255..256)[0]));
    files.insert("tile/0/001".to_owned(), vec![0; 44 * 32]);
    let wrong = TileError::Length { tile: partial.full(), bytes: 44 * 32 };
    let mut reader = Reader::new(300, |tile: &Tile| read(&files, tile));
    assert_eq!(reader.hash(0, 256), Err(wrong), "a full tile is full");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_tree_has_the_same_tiles_in_whatever_steps_it_grew(
        mut sizes in prop::collection::vec(0u64..1500, 1..5), at in any::<u64>(),
    ) {
        sizes.sort_unstable();
        let size = *sizes.last().unwrap();
        let files = grown(&sizes);
        let once = grown(&[size]);
        prop_assert!(once.iter().all(|(path, bytes)| files.get(path) == Some(bytes)));
        let mut expected: Vec<String> = Vec::new();
        let mut old = 0;
        for next in &sizes {
            expected.extend(paths(old, *next));
            old = *next;
        }
        expected.sort();
        expected.dedup();
        prop_assert_eq!(files.keys().cloned().collect::<Vec<_>>(), expected);
        if size == 0 {
            return Ok(());
        }

        let tree = frontier(size).head();
        let mut reader = Reader::new(size, |tile: &Tile| read(&files, tile));
        let mut stored = |level, index| reader.hash(level, index);
        let index = at % size;
        let path = prove_inclusion(index, size, &mut stored).unwrap();
        let leaf = leaf_hash(&index.to_be_bytes());
        prop_assert_eq!(verify_inclusion(&leaf, index, &tree, &path), Ok(()));
        let path = prove_consistency(index, size, &mut stored).unwrap();
        let old = frontier(index).head();
        prop_assert_eq!(verify_consistency(&old, &tree, &path), Ok(()));
    }

    #[test]
    fn no_path_makes_the_reader_panic(path in "tile/[0-9+]{1,3}/[x0-9./p]{0,30}") {
        if let Ok(tile) = Tile::parse(&path) {
            prop_assert_eq!(tile.to_string(), path);
        }
    }
}
