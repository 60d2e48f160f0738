//! The tree as files that never change: the layout of C2SP tlog-tiles, height 8.
//!
//! ```text
//! tile/<level>/<index>          256 hashes of 32 bytes, one after the other
//! tile/<level>/<index>.p/<n>    the first n of them, 1 to 255
//! ```
//!
//! The hash i of the tile at level L and index n is the root of the 256^L leaves from
//! (256 n + i) × 256^L: on level 0 the hash of a leaf, above it the root of a full tile below.
//! An index is written in groups of three digits, all but the last with an `x`: 1234067 is
//! `x001/x234/067`.
//!
//! Partial tiles are what stands at the right edge of a tree of some size. A larger tree has another
//! one beside it, and in the end the full one, so that a file is written once and is the same for
//! ever; whoever looks for a partial tile that is gone reads the beginning of the full one.
//!
//! **Deliberately absent:** entry bundles (`tile/entries/…`). The leaves stand in the archive.
//!
//! **Invariant TILE-1:** what stands under a path is the same, in whatever steps the tree grew.

use std::collections::BTreeMap;
use std::fmt;

use crate::tree::{Hash, SIZE_MAX, joined};

/// How many hashes a full tile has.
pub const WIDTH: u64 = 256;

/// How many tiles a [`Reader`] holds at most: 8 MiB.
const HELD_MAX: usize = 1024;

/// How many levels of the tree a tile spans.
const HEIGHT: u32 = 8;

/// The highest level on which a tree of [`SIZE_MAX`] leaves has a tile.
const LEVEL_MAX: u32 = 7;

const _: () = assert!(1 << HEIGHT == WIDTH && SIZE_MAX.ilog2() / HEIGHT == LEVEL_MAX);

/// A tile, full or partial, as its path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    level: u32,
    index: u64,
    width: u64,
}

/// A path that is not that of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the path of a tile: tile/<level>/<index>, with .p/<width> if it is partial")]
pub struct NoTile;

/// A tile that cannot be read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Neither it nor the full one is there.
    #[error("{0} is missing")]
    Absent(Tile),
    /// Its bytes are not what its path says.
    #[error("{tile} has {bytes} bytes instead of {}", tile.bytes())]
    Length {
        /// The tile.
        tile: Tile,
        /// How many bytes there are.
        bytes: usize,
    },
}

impl Tile {
    /// Reads a path from `tile/` on, as it is written and in no other way.
    pub fn parse(path: &str) -> Result<Self, NoTile> {
        let rest = path.strip_prefix("tile/").ok_or(NoTile)?;
        let (level, rest) = rest.split_once('/').ok_or(NoTile)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().map_err(|_| NoTile)?),
            None => (rest, WIDTH),
        };
        let digits: String = index.split('/').map(|part| part.trim_start_matches('x')).collect();
        let tile = Self {
            level: level.parse().map_err(|_| NoTile)?,
            index: digits.parse().map_err(|_| NoTile)?,
            width,
        };
        let real = tile.level <= LEVEL_MAX && (1..=WIDTH).contains(&tile.width);
        // There is one way to write it, and this is it.
        if real && tile.to_string() == path { Ok(tile) } else { Err(NoTile) }
    }

    /// Whether all its hashes are there.
    pub fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// The tile of the same place with all its hashes.
    #[must_use]
    pub fn full(&self) -> Self {
        Self { width: WIDTH, ..*self }
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.width * 32
    }

    /// Its hashes; from the full tile of its place if the partial one is gone.
    fn read<E: From<TileError>>(
        &self,
        read: &mut impl FnMut(&Self) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Vec<Hash>, E> {
        let (tile, bytes) = match read(self)? {
            Some(bytes) => (*self, bytes),
            None if self.is_full() => return Err(TileError::Absent(*self).into()),
            None => (self.full(), read(&self.full())?.ok_or(TileError::Absent(*self))?),
        };
        let (hashes, odd) = bytes.as_chunks();
        if odd.is_empty() && count(hashes) == tile.width {
            let width = usize::try_from(self.width).expect("a tile has at most 256 hashes");
            Ok(hashes.iter().take(width).copied().collect())
        } else {
            Err(TileError::Length { tile, bytes: bytes.len() }.into())
        }
    }
}

/// The path, from `tile/` on.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut index = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            index = format!("x{:03}/{index}", rest % 1000);
            rest /= 1000;
        }
        write!(f, "tile/{}/{index}", self.level)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// What is written to append `leaves` to the tree of `size` leaves: the tiles, lower levels first.
///
/// `read` gives the bytes of a tile, if there is such a tile.
pub fn appended<E: From<TileError>>(
    size: u64,
    leaves: &[Hash],
    mut read: impl FnMut(&Tile) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<(Tile, Vec<u8>)>, E> {
    let mut tiles = Vec::new();
    let (mut level, mut begin, mut hashes) = (0, size, leaves.to_vec());
    while !hashes.is_empty() {
        let edge = Tile { level, index: begin / WIDTH, width: begin % WIDTH };
        let mut row = if edge.width == 0 { Vec::new() } else { edge.read(&mut read)? };
        row.append(&mut hashes);
        for (chunk, index) in row.chunks(1 << HEIGHT).zip(edge.index..) {
            let tile = Tile { width: count(chunk), index, level };
            tiles.push((tile, chunk.as_flattened().to_vec()));
            if tile.is_full() {
                hashes.push(subtree(chunk.to_vec()));
            }
        }
        (level, begin) = (level + 1, begin / WIDTH);
    }
    Ok(tiles)
}

/// Reads the stored hashes of a tree from its tiles.
#[derive(Debug)]
pub struct Reader<R> {
    size: u64,
    read: R,
    /// Tiles that were read, by level and index; all are dropped when they become too many.
    held: BTreeMap<(u32, u64), Vec<Hash>>,
}

impl<R> Reader<R> {
    /// Of the tree of `size` leaves; `read` gives the bytes of a tile, if there is such a tile.
    pub fn new(size: u64, read: R) -> Self {
        Self { size, read, held: BTreeMap::new() }
    }

    /// The hash at a level of the tree (0 is that of leaves) and an index.
    ///
    /// # Panics
    /// If the tree does not have it.
    pub fn hash<E>(&mut self, level: u32, index: u64) -> Result<Hash, E>
    where
        R: FnMut(&Tile) -> Result<Option<Vec<u8>>, E>,
        E: From<TileError>,
    {
        assert!(
            index < self.size >> level,
            "a tree of {} leaves has no hash {index} on level {level}",
            self.size
        );
        let first = index << (level % HEIGHT);
        let (level, count) = (level / HEIGHT, 1 << (level % HEIGHT));
        let index = first / WIDTH;
        if !self.held.contains_key(&(level, index)) {
            let there = (self.size >> (level * HEIGHT)) - index * WIDTH;
            let tile = Tile { level, index, width: there.min(WIDTH) };
            let hashes = tile.read(&mut self.read)?;
            if self.held.len() >= HELD_MAX {
                self.held.clear();
            }
            self.held.insert((level, index), hashes);
        }
        let hashes = self.held.get(&(level, index)).map(Vec::as_slice).unwrap_or_default();
        let skip = usize::try_from(first % WIDTH).expect("a tile has at most 256 hashes");
        Ok(subtree(hashes.iter().skip(skip).take(count).copied().collect()))
    }
}

/// The root over a power of two of hashes of one level.
fn subtree(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(|pair| joined(pair.iter().copied())).collect();
    }
    joined(hashes.into_iter())
}

fn count(hashes: &[Hash]) -> u64 {
    u64::try_from(hashes.len()).expect("what is in memory can be counted")
}

#[cfg(test)]
mod tests;
