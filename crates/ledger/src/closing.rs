//! A closing: what was published for a period, and all that is needed to find it again.
//!
//! It is a JSON document, signed as a note. What is long stands in files beside it, each named with
//! its SHA-256; what is proved line by line stands in lists, each named with its root
//! ([`crate::list`]).
//!
//! Definitions are the catalogue files that the figures were read by, those of the program
//! (`definitions-own-….toml`) and those of the province (`definitions-more-NN-….toml`, in order).
//!
//! | list | a line for each | fields |
//! |---|---|---|
//! | `figures` | figure of a form | id, value, root of what it is made of |
//! | `contributions` | unit and family with timelines | unit, family, number of timelines, root |
//! | `heads` | unit and office | unit, position of its last message, 0 for none |
//! | `sources` | source that was heard | unit, source, highest number, missing numbers |
//! | `units` | unit with a timeline | unit, its timeline in hexadecimal |
//!
//! Each list is in order of its first fields, and ends at the closing's position; [`crate::line`]
//! writes the lines.
//!
//! **Invariant CLO-1:** a closing names its bytes: what it says of a period can be rendered again
//! from them alone, by whatever version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tree::Hash;

/// The lists that every closing has.
pub const LISTS: [&str; 5] = ["contributions", "figures", "heads", "sources", "units"];
/// Bytes of the document.
pub const DOCUMENT_BYTES_MAX: usize = 96 * 1024;

/// What was published for a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Closing {
    /// What the first field says.
    pub format: Format,
    /// `legal-2021-Q3-1`: calendar, period and vintage.
    pub id: String,
    /// The calendar.
    pub calendar: String,
    /// The name of the period in it: `2021-Q3`.
    pub period: String,
    /// The first and the last day of the period.
    pub window: Days,
    /// The unit whose subtree the forms are of.
    pub unit: String,
    /// 1 for the first closing of a period, 2 for the next.
    pub vintage: u32,
    /// The closing before it of the same period; none for the first.
    pub previous: Option<Previous>,
    /// When it was closed, RFC 3339, by the clock of who closed it.
    pub closed_at: String,
    /// The version of the program.
    pub program: String,
    /// The version of the fold: others may make other figures of the same messages.
    pub fold: u32,
    /// The position of the log up to which everything counts.
    pub position: u64,
    /// The signed checkpoint of the log at that position.
    pub checkpoint: String,
    /// What was missing or late when it was closed, in sentences; empty if nothing was.
    pub despite: Vec<String>,
    /// The lists.
    pub lists: BTreeMap<String, ListRoot>,
    /// The files: definitions, forms, and the lists themselves.
    pub files: BTreeMap<String, File>,
}

/// The one format that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// This one.
    #[serde(rename = "tonghop closing 1")]
    One,
}

/// Days from–to, both counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// `YYYY-MM-DD`.
    pub from: String,
    /// `YYYY-MM-DD`.
    pub to: String,
}

/// The closing before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// Its id.
    pub id: String,
    /// The SHA-256 of its note, in hexadecimal.
    pub sha256: String,
    /// Why it was opened again.
    pub reason: String,
}

/// A list, by its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRoot {
    /// How many lines.
    pub lines: u64,
    /// The root, in hexadecimal.
    pub root: String,
}

/// A file beside the closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A text that is no closing.
#[derive(Debug, thiserror::Error)]
pub enum NoClosing {
    /// It is longer than any.
    #[error("a closing has at most {DOCUMENT_BYTES_MAX} bytes, and this has {0}")]
    TooLong(usize),
    /// It is not the JSON of a closing.
    #[error("this is no closing: {0}")]
    Misshapen(#[from] serde_json::Error),
    /// It lacks a list or a root.
    #[error("this is no closing: {0}")]
    Incomplete(String),
}

impl Closing {
    /// The document, as it is signed.
    pub fn document(&self) -> Result<String, NoClosing> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(NoClosing::TooLong(text.len()));
        }
        Ok(text)
    }

    /// Reads a document. Nothing is believed of it before its signature was checked.
    pub fn parse(document: &str) -> Result<Self, NoClosing> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(NoClosing::TooLong(document.len()));
        }
        let closing: Self = serde_json::from_str(document)?;
        for name in LISTS {
            let root = closing.lists.get(name).map(|list| hash(&list.root));
            if root.flatten().is_none() {
                return Err(NoClosing::Incomplete(format!("the list {name} has no root")));
            }
        }
        Ok(closing)
    }

    /// The root of a list, which every closing has.
    pub fn root(&self, list: &str) -> Option<(u64, Hash)> {
        let held = self.lists.get(list)?;
        Some((held.lines, hash(&held.root)?))
    }
}

/// A hash in hexadecimal.
pub fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The hash of 64 lower-case hexadecimal digits.
pub fn hash(hex: &str) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut hash = Hash::default();
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;
