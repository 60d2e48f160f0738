//! A bundle: one file by which somebody outside can check one figure of a closing, offline.
//!
//! ```text
//! file     "tonghop bundle 1\n", records
//! record   type: u8, length: u32, payload
//! ```
//!
//! The records stand in the order of [`Type`]; `docs/bundle.md` specifies each, and what has to
//! be checked. All integers are big-endian.
//!
//! **Invariant BUN-1:** whoever reads a bundle holds one record at a time, and no more bytes than
//! there are, whatever a length says.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::tree::Hash;

mod choice;
mod write;

pub(crate) use choice::many as choice_many;
pub use choice::{Choice, family_of};
pub use write::{LogPart, Shown, Writer};

/// What every bundle begins with.
pub const MAGIC: &[u8] = b"tonghop bundle 1\n";
/// Bytes of a record's payload.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Keys of a bundle, and of whoever verifies it.
pub const KEYS_MAX: usize = 64;
/// What the name of a file of a closing begins with that is a definition.
pub const DEFINITIONS: &str = "definitions-";
/// The lists of which lines are shown, in the order of the bundle.
pub const LISTS_SHOWN: [&str; 4] = ["contributions", "figures", "heads", "sources"];

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// JSON: [`Header`].
    Header,
    /// A verifier key, `NAME+ID+KEY`.
    Key,
    /// The closing, a signed note.
    Closing,
    /// The closing's checkpoint with the cosignatures of witnesses, a signed note.
    Witnessed,
    /// A file that the closing names: length of its name (u16), name, content.
    Definition,
    /// A list begins: its name.
    List,
    /// A line that is shown.
    Line,
    /// A subtree that is not: level (u8), hash.
    Subtree,
    /// The log begins.
    Log,
    /// A leaf of the log that is shown.
    Leaf,
    /// The last leaf of the log, if its unit is not read: it tells the day.
    Last,
    /// The message of the leaf before it: salt, message.
    Message,
    /// The leaf before it was redacted: JSON, [`Redaction`].
    Redacted,
    /// The timelines of a unit and a family begin: unit, a tab, family.
    Timelines,
    /// What a timeline contributes: [`crate::contributed`].
    Contributed,
    /// The end.
    End,
}

impl Type {
    const ALL: [(Self, u8); 16] = [
        (Self::Header, b'H'),
        (Self::Key, b'K'),
        (Self::Closing, b'C'),
        (Self::Witnessed, b'W'),
        (Self::Definition, b'D'),
        (Self::List, b'L'),
        (Self::Line, b'l'),
        (Self::Subtree, b's'),
        (Self::Log, b'G'),
        (Self::Leaf, b'f'),
        (Self::Last, b'z'),
        (Self::Message, b'm'),
        (Self::Redacted, b'x'),
        (Self::Timelines, b'T'),
        (Self::Contributed, b'c'),
        (Self::End, b'E'),
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|(_, held)| *held == byte).map(|(kind, _)| *kind)
    }

    fn byte(self) -> u8 {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or(0, |(_, byte)| *byte)
    }
}

/// What the bundle is for. All of it is checked, or can be, against what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The id of the figure, as the list `figures` has it.
    pub figure: String,
    /// The units that the figure reads, in order of code.
    pub units: Vec<String>,
    /// The families that it reads, in order.
    pub families: Vec<String>,
    /// Whether its value is what is shown, simply added up: a unit that moved is not.
    pub plain: bool,
}

/// By which decision a message was erased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The number of the decision.
    pub decision: String,
    /// The day of it, `YYYY-MM-DD`.
    pub day: String,
}

/// Why bytes are no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file cannot be read, or written.
    #[error(transparent)]
    Io(io::Error),
    /// It begins otherwise.
    #[error("the file is no bundle of version 1")]
    Magic,
    /// It ends in the middle.
    #[error("the file ends in the middle of a record")]
    Truncated,
    /// A record is longer than any.
    #[error("a record has {0} bytes, and at most {RECORD_BYTES_MAX} are read")]
    Long(u64),
    /// A record of no known type.
    #[error("a record has the unknown type {0}")]
    Type(u8),
}

/// Reads records.
#[derive(Debug)]
pub struct Records<R> {
    from: R,
    /// Bytes that were read.
    read: u64,
    payload: Vec<u8>,
}

impl<R: Read> Records<R> {
    /// Reads what every bundle begins with.
    pub fn new(from: R) -> Result<Self, BundleError> {
        let mut records = Self { from, read: 0, payload: Vec::new() };
        records.fill(u64::try_from(MAGIC.len()).unwrap_or(u64::MAX))?;
        if records.payload == MAGIC { Ok(records) } else { Err(BundleError::Magic) }
    }

    /// How many bytes were read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The next record; none at the end of the file.
    pub fn take(&mut self) -> Result<Option<(Type, &[u8])>, BundleError> {
        self.fill(1)?;
        let Some(kind) = self.payload.first().copied() else { return Ok(None) };
        let kind = Type::of(kind).ok_or(BundleError::Type(kind))?;
        self.fill(4)?;
        let length: [u8; 4] =
            self.payload.as_slice().try_into().map_err(|_| BundleError::Truncated)?;
        let length = u64::from(u32::from_be_bytes(length));
        if usize::try_from(length).map_or(true, |length| length > RECORD_BYTES_MAX) {
            return Err(BundleError::Long(length));
        }
        self.fill(length)?;
        if u64::try_from(self.payload.len()) == Ok(length) {
            Ok(Some((kind, &self.payload)))
        } else {
            Err(BundleError::Truncated)
        }
    }

    /// Reads so many bytes, or as many as there are.
    fn fill(&mut self, count: u64) -> Result<(), BundleError> {
        self.payload.clear();
        let mut some = (&mut self.from).take(count);
        some.read_to_end(&mut self.payload).map_err(BundleError::Io)?;
        self.read += u64::try_from(self.payload.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

/// Writes a record.
fn record(out: &mut impl Write, kind: Type, parts: &[&[u8]]) -> Result<(), BundleError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = u32::try_from(length).ok().filter(|_| length <= RECORD_BYTES_MAX);
    let Some(bytes) = bytes else {
        return Err(BundleError::Long(u64::try_from(length).unwrap_or(u64::MAX)));
    };
    out.write_all(&[kind.byte()]).map_err(BundleError::Io)?;
    out.write_all(&bytes.to_be_bytes()).map_err(BundleError::Io)?;
    parts.iter().try_for_each(|part| out.write_all(part)).map_err(BundleError::Io)
}

/// Level and root of a subtree that is not shown.
pub fn subtree(payload: &[u8]) -> Option<(u32, Hash)> {
    let (level, root) = payload.split_first()?;
    Some((u32::from(*level), root.try_into().ok()?))
}
