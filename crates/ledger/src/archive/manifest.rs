//! What is sealed: one JSON file, replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ArchiveError;
use super::faults::Point;
use super::hex;
use super::seal::At;
use crate::leaf::Leaf;
use crate::tree::{Frontier, Hash, leaf_hash};

/// What the file says it is.
const FORMAT: &str = "tonghop archive, layout 1";
const NAME: &str = "manifest.json";
/// A larger file is none: thousands of segments and all units of a country are far below.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    format: String,
    /// The stream that is sealed.
    pub stream: Stream,
    /// The last message that is sealed; none if nothing is.
    pub last: Option<Last>,
    /// The root of the tree over all sealed messages.
    #[serde(with = "hex::fixed")]
    pub root: Hash,
    #[serde(with = "hex::frontier")]
    frontier: Frontier,
    /// The position of the last sealed message of each unit.
    pub units: BTreeMap<String, u64>,
    /// The segments, from position 1 without a gap.
    pub segments: Vec<Segment>,
}

/// The identity of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// When it was created, Unix nanoseconds.
    pub created_ns: i64,
}

/// The last message that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Last {
    /// Its position.
    pub position: u64,
    /// The recorded time of its leaf, Unix milliseconds: the latest so far.
    pub recorded_ms: i64,
    /// When the log stored it by its server's clock, Unix milliseconds.
    pub stored_ms: i64,
    /// The commitment to it.
    #[serde(with = "hex::fixed")]
    pub commitment: Hash,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Segment {
    /// The first position.
    pub first: u64,
    /// The last position.
    pub last: u64,
    /// The bytes of its file.
    pub bytes: u64,
    /// The SHA-256 of its file.
    #[serde(with = "hex::fixed")]
    pub sha256: Hash,
    /// The earliest recorded time in it, Unix milliseconds.
    pub recorded_from_ms: i64,
    /// The latest.
    pub recorded_to_ms: i64,
    /// The root of the tree over all messages up to its last.
    #[serde(with = "hex::fixed")]
    pub root: Hash,
}

impl Segment {
    /// The name of its file.
    pub fn name(&self) -> String {
        format!("{:010}-{:010}.parquet", self.first, self.last)
    }

    /// Its file in an archive.
    pub fn path(&self, dir: &Path) -> PathBuf {
        dir.join("segments").join(self.name())
    }
}

impl Manifest {
    pub(super) fn new(stream: Stream) -> Self {
        let frontier = Frontier::new();
        Self {
            format: FORMAT.to_owned(),
            stream,
            last: None,
            root: frontier.root(),
            frontier,
            units: BTreeMap::new(),
            segments: Vec::new(),
        }
    }

    pub(super) fn set_chain(&mut self, chain: Chain) {
        (self.frontier, self.units) = (chain.frontier, chain.units);
    }

    /// The last position that is sealed; 0 if nothing is.
    pub fn position(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.position)
    }

    /// The tree over all sealed messages, to go on with.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The manifest of an archive; none if it has none.
    pub fn read(dir: &Path) -> Result<Option<Self>, ArchiveError> {
        let path = dir.join(NAME);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ArchiveError::io(path)(error)),
        };
        let mut bytes = Vec::new();
        let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(ArchiveError::io(&path))?;
        let wrong = |why: String| ArchiveError::Manifest { path: path.clone(), why };
        if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
            return Err(wrong(format!("is larger than {BYTES_MAX} bytes")));
        }
        let manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        manifest.check().map_err(|why| wrong(why.to_owned()))?;
        Ok(Some(manifest))
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.format != FORMAT {
            return Err("is of another layout than this version reads");
        }
        let mut follows = Some(1);
        for segment in &self.segments {
            if Some(segment.first) != follows || segment.last < segment.first {
                return Err("names segments that do not follow one another (ARC-1)");
            }
            follows = segment.last.checked_add(1);
        }
        let last = self.segments.last();
        if last.map_or(0, |segment| segment.last) != self.position() {
            return Err("names another last position than its last segment");
        }
        if self.frontier.size() != self.position()
            || self.frontier.root() != self.root
            || last.is_some_and(|segment| segment.root != self.root)
        {
            return Err("has another tree than its segments");
        }
        if self.units.values().any(|position| *position == 0 || *position > self.position()) {
            return Err("names messages of units that are not sealed");
        }
        Ok(())
    }

    /// Replaces the manifest of an archive.
    pub(super) fn write(&self, dir: &Path, at: &At) -> Result<(), ArchiveError> {
        let (path, new) = (dir.join(NAME), dir.join("manifest.new"));
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.map_err(ArchiveError::io(&new))?;
        at.point(Point::ManifestWritten)?;
        fs::rename(&new, &path).map_err(ArchiveError::io(&path))?;
        sync(dir)?;
        at.point(Point::ManifestNamed)
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync(dir: &Path) -> Result<(), ArchiveError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(ArchiveError::io(dir))
}

/// What the next leaf is made with.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) frontier: Frontier,
    pub(super) units: BTreeMap<String, u64>,
    /// The latest recorded time so far, Unix milliseconds.
    recorded_ms: i64,
}

impl Chain {
    /// Before the first message.
    pub(super) fn new() -> Self {
        Self { frontier: Frontier::new(), units: BTreeMap::new(), recorded_ms: i64::MIN }
    }

    /// After the last sealed message.
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            frontier: manifest.frontier.clone(),
            units: manifest.units.clone(),
            recorded_ms: manifest.last.as_ref().map_or(i64::MIN, |last| last.recorded_ms),
        }
    }

    /// The position that follows.
    pub(super) fn next(&self) -> u64 {
        self.frontier.size() + 1
    }

    /// What a message is recorded at that the log stored at this time: recorded times never go
    /// back, as those that the fold knows do not.
    pub(super) fn recorded(&self, stored_ms: i64) -> i64 {
        stored_ms.max(self.recorded_ms)
    }

    pub(super) fn previous(&self, unit: &str) -> u64 {
        self.units.get(unit).copied().unwrap_or_default()
    }

    /// Goes on by a leaf, and answers its hash.
    pub(super) fn push(&mut self, leaf: &Leaf, room: &mut Vec<u8>) -> Hash {
        room.clear();
        leaf.encode(room);
        let hash = leaf_hash(room);
        self.frontier.push(hash);
        self.recorded_ms = leaf.recorded_ms;
        match self.units.get_mut(&leaf.unit) {
            Some(position) => *position = leaf.position,
            None if leaf.unit.is_empty() => {}
            None => drop(self.units.insert(leaf.unit.clone(), leaf.position)),
        }
        hash
    }
}
