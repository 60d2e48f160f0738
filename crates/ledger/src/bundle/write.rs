//! Writing a bundle, part after part; whoever writes holds what it is given and no more.

use std::io::Write;

use super::{BundleError, Header, LISTS_SHOWN, MAGIC, Redaction, Type, record};
use crate::message::Salt;
use crate::pruned::subtrees;
use crate::tree::Hash;

/// What is written of a leaf of the log that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The leaf alone: nothing of the figure is in it.
    Closed(Vec<u8>),
    /// The leaf, the salt, and the message as bytes.
    Opened(Vec<u8>, Salt, Vec<u8>),
    /// The last leaf of the log, if its unit is not read.
    Last(Vec<u8>),
    /// The leaf, and why its message is no more.
    Redacted(Vec<u8>, Redaction),
}

/// A tree that is shown in part.
#[derive(Debug)]
pub struct LogPart<L, H> {
    /// How many leaves the tree has.
    pub size: u64,
    /// The leaves that are shown, by index, ascending.
    pub shown: L,
    /// The stored hash at (level, index).
    pub hash: H,
}

/// Writes a bundle.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begins: the header, the keys, the closing, and the witnessed checkpoint if there is one.
    pub fn new(
        mut out: W,
        header: &Header,
        keys: &[String],
        closing: &str,
        witnessed: Option<&str>,
    ) -> Result<Self, BundleError> {
        out.write_all(MAGIC).map_err(BundleError::Io)?;
        let json = serde_json::to_vec(header).map_err(|error| BundleError::Io(error.into()))?;
        record(&mut out, Type::Header, &[&json])?;
        for key in keys {
            record(&mut out, Type::Key, &[key.as_bytes()])?;
        }
        record(&mut out, Type::Closing, &[closing.as_bytes()])?;
        if let Some(note) = witnessed {
            record(&mut out, Type::Witnessed, &[note.as_bytes()])?;
        }
        Ok(Self { out })
    }

    /// A definition, in order of name.
    pub fn definition(&mut self, name: &str, content: &[u8]) -> Result<(), BundleError> {
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes();
        record(&mut self.out, Type::Definition, &[&length, name.as_bytes(), content])
    }

    /// The lists, each with its lines and those of them that are shown, in the order of
    /// [`LISTS_SHOWN`].
    pub fn list<'l>(
        &mut self,
        name: &str,
        part: LogPart<
            impl IntoIterator<Item = (u64, &'l str)>,
            impl FnMut(u32, u64) -> Result<Hash, BundleError>,
        >,
    ) -> Result<(), BundleError> {
        debug_assert!(LISTS_SHOWN.contains(&name), "a list that is shown");
        record(&mut self.out, Type::List, &[name.as_bytes()])?;
        let LogPart { size, shown, hash } = part;
        let lines = shown.into_iter().map(|(index, line)| Ok((index, line)));
        let part = LogPart { size, shown: lines, hash };
        self.tree(part, |out, line| record(out, Type::Line, &[line.as_bytes()]))
    }

    /// The log.
    pub fn log(
        &mut self,
        part: LogPart<
            impl IntoIterator<Item = Result<(u64, Shown), BundleError>>,
            impl FnMut(u32, u64) -> Result<Hash, BundleError>,
        >,
    ) -> Result<(), BundleError> {
        record(&mut self.out, Type::Log, &[])?;
        self.tree(part, |out, shown| match shown {
            Shown::Closed(leaf) => record(out, Type::Leaf, &[&leaf]),
            Shown::Last(leaf) => record(out, Type::Last, &[&leaf]),
            Shown::Opened(leaf, salt, message) => {
                record(out, Type::Leaf, &[&leaf])?;
                record(out, Type::Message, &[&salt, &message])
            }
            Shown::Redacted(leaf, redaction) => {
                record(out, Type::Leaf, &[&leaf])?;
                let json = serde_json::to_vec(&redaction);
                let json = json.map_err(|error| BundleError::Io(error.into()))?;
                record(out, Type::Redacted, &[&json])
            }
        })
    }

    fn tree<T>(
        &mut self,
        part: LogPart<
            impl IntoIterator<Item = Result<(u64, T), BundleError>>,
            impl FnMut(u32, u64) -> Result<Hash, BundleError>,
        >,
        mut write: impl FnMut(&mut W, T) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let LogPart { size, shown, mut hash } = part;
        let mut next = 0;
        let mut gap = |out: &mut W, from: u64, until: u64| {
            for (level, index) in subtrees(from, until) {
                let hash = hash(level, index)?;
                record(out, Type::Subtree, &[&[u8::try_from(level).unwrap_or(0)], &hash])?;
            }
            Ok::<_, BundleError>(())
        };
        for shown in shown {
            let (index, what) = shown?;
            gap(&mut self.out, next, index)?;
            write(&mut self.out, what)?;
            next = index + 1;
        }
        gap(&mut self.out, next, size)
    }

    /// What the timelines of a unit and a family contribute, in order of their first positions.
    pub fn timelines<'t>(
        &mut self,
        unit: &str,
        family: &str,
        contributed: impl IntoIterator<Item = &'t [u8]>,
    ) -> Result<(), BundleError> {
        let of = format!("{unit}\t{family}");
        record(&mut self.out, Type::Timelines, &[of.as_bytes()])?;
        let mut leaves = contributed.into_iter();
        leaves.try_for_each(|leaf| record(&mut self.out, Type::Contributed, &[leaf]))
    }

    /// Ends the bundle, and gives back what it was written to.
    pub fn end(mut self) -> Result<W, BundleError> {
        record(&mut self.out, Type::End, &[])?;
        self.out.flush().map_err(BundleError::Io)?;
        Ok(self.out)
    }
}
