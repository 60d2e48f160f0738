//! What rows of tables were said to be: the id and the content that each business key has.
//!
//! A row has no id of its own. Its id is made from its business key, so that the same row gives the
//! same event; and because this file remembers what a key said last, a row that says something else
//! now becomes a correction that replaces it. Where the file is lost, such a row is refused
//! `id.reused`, for its id is known to the log: nothing is ever counted twice.
//!
//! ```text
//! <data>/publish/said-<log>.keys: records of 28 bytes, the later ones win
//! key 16 · generation 4 · content 8 (0: the log refused it), big-endian
//! ```

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes of a record.
const RECORD_BYTES: usize = 28;
/// The most keys that are remembered.
const KEYS_MAX: usize = 8_000_000;
/// The content of what the log refused.
const REFUSED: u64 = 0;

/// What a key says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saying {
    /// 1 for what it said first.
    pub(super) generation: u32,
    /// Whether it was not said before.
    pub(super) is_new: bool,
}

impl Saying {
    /// Whether it replaces what was said before.
    pub(super) fn is_correction(self) -> bool {
        self.is_new && self.generation > 1
    }
}

/// What was said, by key.
#[derive(Debug)]
pub(super) struct Said {
    known: HashMap<u128, (u32, u64)>,
    /// None where nothing is to be remembered.
    file: Option<BufWriter<File>>,
}

impl Said {
    /// What was said to this log; holds the file until it is dropped.
    pub(super) fn open(data: &Path, log: u128) -> io::Result<Self> {
        let path = folder(data).join(format!("said-{log:032x}.keys"));
        fs::create_dir_all(folder(data))?;
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = "another `tonghop publish --map` runs on this data directory";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let known = records(&path)?;
        // What a crash has torn is begun anew behind whole records.
        let whole = file.metadata()?.len() / record_bytes() * record_bytes();
        file.set_len(whole)?;
        Ok(Self { known, file: Some(BufWriter::new(file)) })
    }

    /// What was said to the log that was published to last; remembers nothing.
    pub(super) fn rehearsed(data: &Path) -> io::Result<Self> {
        let mut latest: Option<(std::time::SystemTime, PathBuf)> = None;
        for entry in fs::read_dir(folder(data)).into_iter().flatten().flatten() {
            let is_ours = entry.path().extension().is_some_and(|extension| extension == "keys");
            let changed = entry.metadata()?.modified()?;
            if is_ours && latest.as_ref().is_none_or(|(other, _)| *other < changed) {
                latest = Some((changed, entry.path()));
            }
        }
        let known = latest.map(|(_, path)| records(&path)).transpose()?.unwrap_or_default();
        Ok(Self { known, file: None })
    }

    /// Says this of the key.
    pub(super) fn say(&mut self, key: u128, content: u64) -> io::Result<Saying> {
        let saying = match self.known.get(&key) {
            Some((generation, held)) if *held == content => {
                return Ok(Saying { generation: *generation, is_new: false });
            }
            // A refused event has not used up its id.
            Some((generation, REFUSED)) => Saying { generation: *generation, is_new: true },
            Some((generation, _)) => Saying { generation: generation + 1, is_new: true },
            None if self.known.len() >= KEYS_MAX => {
                let what = format!("more than {KEYS_MAX} rows were published from this directory");
                return Err(io::Error::other(what));
            }
            None => Saying { generation: 1, is_new: true },
        };
        self.keep(key, saying.generation, content)?;
        Ok(saying)
    }

    /// The log refused what the key said last.
    pub(super) fn refused(&mut self, key: u128) -> io::Result<()> {
        match self.known.get(&key) {
            Some((generation, _)) => self.keep(key, *generation, REFUSED),
            None => Ok(()),
        }
    }

    /// Writes down what is not written yet.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }

    fn keep(&mut self, key: u128, generation: u32, content: u64) -> io::Result<()> {
        self.known.insert(key, (generation, content));
        if let Some(file) = &mut self.file {
            file.write_all(&key.to_be_bytes())?;
            file.write_all(&generation.to_be_bytes())?;
            file.write_all(&content.to_be_bytes())?;
        }
        Ok(())
    }
}

fn folder(data: &Path) -> PathBuf {
    data.join("publish")
}

fn record_bytes() -> u64 {
    u64::try_from(RECORD_BYTES).unwrap_or(1)
}

fn records(path: &Path) -> io::Result<HashMap<u128, (u32, u64)>> {
    let bytes = fs::read(path)?;
    let records = bytes.chunks_exact(RECORD_BYTES).filter_map(|record| {
        let (key, rest) = record.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let content = rest.first_chunk::<8>()?;
        let content = u64::from_be_bytes(*content);
        Some((u128::from_be_bytes(*key), (u32::from_be_bytes(*generation), content)))
    });
    Ok(records.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_the_same_again_or_corrects_itself() {
        let dir = tempfile::tempdir().unwrap();
        let said = |generation, is_new| Saying { generation, is_new };
        let mut first = Said::open(dir.path(), 1).unwrap();
        assert_eq!(first.say(7, 10).unwrap(), said(1, true));
        assert_eq!(first.say(7, 10).unwrap(), said(1, false));
        assert_eq!(first.say(7, 11).unwrap(), said(2, true));
        assert!(Said::open(dir.path(), 1).is_err(), "one at a time");
        drop(first);
        let path = dir.path().join("publish").join(format!("said-{:032x}.keys", 1));
        let mut torn = fs::read(&path).unwrap();
        torn.extend([1, 2, 3]);
        fs::write(&path, torn).unwrap();
        let mut second = Said::open(dir.path(), 1).unwrap();
        // What it said first, said again, is a correction too.
        assert_eq!(second.say(7, 10).unwrap(), said(3, true));
        second.refused(7).unwrap();
        drop(second);
        let mut third = Said::open(dir.path(), 1).unwrap();
        assert_eq!(third.say(7, 12).unwrap(), said(3, true), "its id was not used up");
        drop(third);
        assert_eq!(Said::rehearsed(dir.path()).unwrap().known, [(7, (3, 12))].into());
        assert_eq!(Said::open(dir.path(), 2).unwrap().say(7, 10).unwrap(), said(1, true));
    }
}
