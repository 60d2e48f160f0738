//! What rows of tables were said to be: the id and the content that each business key has.
//!
//! A row has no id of its own. Its id is made from its business key, so that the same row gives the
//! same event; and because this file remembers what a key said last, a row that says something else
//! now becomes a correction that replaces it. Where the file is lost, such a row is refused
//! `id.reused`, for its id is known to the log: nothing is ever counted twice.
//!
//! A generation is *open* until a projector was heard to accept it. A correction needs the one that
//! it replaces to be in the log; so with it all open ones before it are sent too, each under its id
//! and with the new content. Where the log has such a one it refuses the second (`id.reused`); else
//! it accepts it. Either way the correction replaces something that stands in the log (IMP-2).
//!
//! ```text
//! <data>/publish/said-<log>.keys: records of 28 bytes, the later ones win
//! key 16 · open 1 · generation 3 · content 8 (0: the log refused it), big-endian
//! ```
//!
//! **Invariant IMP-2:** whatever became of what a row said before, at most one generation of it
//! counts.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Bytes of a record.
const RECORD_BYTES: usize = 28;
/// The most keys that are remembered.
const KEYS_MAX: usize = 8_000_000;
/// The content of what the log refused.
const REFUSED: u64 = 0;
/// The most generations of a key that are open: each correction sends all of them.
pub(super) const OPEN_MAX: u32 = 16;
/// The bits of a record's second field that are the generation; those above say how many are open.
const GENERATION_BITS: u32 = 24;
const _: () = assert!(OPEN_MAX < 1 << (u32::BITS - GENERATION_BITS));

/// What a key says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saying {
    /// 1 for what it said first.
    pub(super) generation: u32,
    /// How many generations are open, this one among them; 0 if the log has it.
    pub(super) open: u32,
    /// Whether it was not said before.
    pub(super) is_new: bool,
}

impl Saying {
    /// Whether it replaces what was said before.
    pub(super) fn is_correction(self) -> bool {
        self.is_new && self.generation > 1
    }

    /// The generations to be sent, the last of which is what the key says.
    pub(super) fn generations(self) -> RangeInclusive<u32> {
        self.generation.saturating_sub(self.open.max(1)) + 1..=self.generation
    }
}

/// A generation of a key, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) key: u128,
    pub(super) generation: u32,
    pub(super) content: u64,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    generation: u32,
    open: u32,
    content: u64,
}

/// What was said, by key.
#[derive(Debug)]
pub(super) struct Said {
    known: HashMap<u128, Known>,
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

    /// Whether the key may say this now.
    pub(super) fn may_say(&self, key: u128, content: u64) -> bool {
        match self.known.get(&key) {
            None | Some(Known { content: REFUSED, .. }) => true,
            Some(known) => {
                known.content == content
                    || (known.open < OPEN_MAX && known.generation + 1 < 1 << GENERATION_BITS)
            }
        }
    }

    /// Says this of the key; none if too many generations of it are open.
    pub(super) fn say(&mut self, key: u128, content: u64) -> io::Result<Option<Saying>> {
        let (generation, open) = match self.known.get(&key).copied() {
            Some(Known { generation, open, content: held }) if held == content => {
                return Ok(Some(Saying { generation, open, is_new: false }));
            }
            // A refused event has not used up its id.
            Some(Known { generation, open, content: REFUSED }) => (generation, open.max(1)),
            Some(Known { generation, open, .. }) => {
                if open >= OPEN_MAX || generation + 1 >= 1 << GENERATION_BITS {
                    return Ok(None);
                }
                (generation + 1, open + 1)
            }
            None if self.known.len() >= KEYS_MAX => {
                let what = format!("more than {KEYS_MAX} rows were published from this directory");
                return Err(io::Error::other(what));
            }
            None => (1, 1),
        };
        self.keep(key, Known { generation, open, content })?;
        Ok(Some(Saying { generation, open, is_new: true }))
    }

    /// The log has accepted what was spoken: it can be replaced.
    pub(super) fn accepted(&mut self, spoken: Spoken) -> io::Result<()> {
        let Spoken { key, generation, content } = spoken;
        match self.known.get(&key).copied() {
            Some(held) if held.generation == generation => {
                self.keep(key, Known { generation, open: 0, content })
            }
            // It has been corrected since.
            Some(held) if held.generation.saturating_sub(generation) < held.open => {
                self.keep(key, Known { open: held.generation.saturating_sub(generation), ..held })
            }
            _ => Ok(()),
        }
    }

    /// The log refused what was spoken.
    pub(super) fn refused(&mut self, spoken: Spoken) -> io::Result<()> {
        let Spoken { key, generation, content } = spoken;
        match self.known.get(&key).copied() {
            Some(held) if (held.generation, held.content) == (generation, content) => {
                self.keep(key, Known { content: REFUSED, ..held })
            }
            _ => Ok(()),
        }
    }

    /// Writes down what is not written yet.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }

    fn keep(&mut self, key: u128, known: Known) -> io::Result<()> {
        self.known.insert(key, known);
        if let Some(file) = &mut self.file {
            let generation = known.open << GENERATION_BITS | known.generation;
            file.write_all(&key.to_be_bytes())?;
            file.write_all(&generation.to_be_bytes())?;
            file.write_all(&known.content.to_be_bytes())?;
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

fn records(path: &Path) -> io::Result<HashMap<u128, Known>> {
    let bytes = fs::read(path)?;
    let records = bytes.chunks_exact(RECORD_BYTES).filter_map(|record| {
        let (key, rest) = record.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let content = rest.first_chunk::<8>()?;
        let (content, generation) = (u64::from_be_bytes(*content), u32::from_be_bytes(*generation));
        let open = generation >> GENERATION_BITS;
        let generation = generation & ((1 << GENERATION_BITS) - 1);
        Some((u128::from_be_bytes(*key), Known { generation, open, content }))
    });
    Ok(records.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn said(generation: u32, open: u32, is_new: bool) -> Saying {
        Saying { generation, open, is_new }
    }

    const fn spoken(generation: u32, content: u64) -> Spoken {
        Spoken { key: 7, generation, content }
    }

    #[test]
    fn a_key_says_the_same_again_or_corrects_itself() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Said::open(dir.path(), 1).unwrap();
        assert_eq!(first.say(7, 10).unwrap().unwrap(), said(1, 1, true));
        assert_eq!(first.say(7, 10).unwrap().unwrap(), said(1, 1, false));
        first.accepted(spoken(1, 10)).unwrap();
        assert_eq!(first.say(7, 10).unwrap().unwrap(), said(1, 0, false));
        assert_eq!(first.say(7, 11).unwrap().unwrap(), said(2, 1, true));
        assert!(Said::open(dir.path(), 1).is_err(), "one at a time");
        drop(first);
        let path = dir.path().join("publish").join(format!("said-{:032x}.keys", 1));
        let mut torn = fs::read(&path).unwrap();
        torn.extend([1, 2, 3]);
        fs::write(&path, torn).unwrap();
        let mut second = Said::open(dir.path(), 1).unwrap();
        // What it said first, said again, is a correction too.
        assert_eq!(second.say(7, 10).unwrap().unwrap(), said(3, 2, true));
        second.refused(spoken(2, 11)).unwrap();
        assert_eq!(
            second.say(7, 10).unwrap().unwrap(),
            said(3, 2, false),
            "it was corrected since"
        );
        second.refused(spoken(3, 10)).unwrap();
        drop(second);
        let mut third = Said::open(dir.path(), 1).unwrap();
        assert_eq!(third.say(7, 12).unwrap().unwrap(), said(3, 2, true), "its id was not used up");
        drop(third);
        let known = Known { generation: 3, open: 2, content: 12 };
        assert_eq!(Said::rehearsed(dir.path()).unwrap().known, [(7, known)].into());
        assert_eq!(
            Said::open(dir.path(), 2).unwrap().say(7, 10).unwrap().unwrap(),
            said(1, 1, true)
        );
    }

    #[test]
    fn what_is_not_known_to_be_accepted_is_sent_along_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Said::open(dir.path(), 1).unwrap();
        for (open, content) in (1..=OPEN_MAX).zip(1..) {
            let saying = all.say(7, content).unwrap().unwrap();
            assert_eq!((saying.generations(), saying.open), (1..=open, open));
        }
        assert_eq!(all.say(7, 99).unwrap(), None);
        let last = all.say(7, u64::from(OPEN_MAX)).unwrap().unwrap();
        assert_eq!(last.generations(), 1..=OPEN_MAX, "the same again can be heard of");
        all.accepted(spoken(OPEN_MAX - 1, 15)).unwrap();
        assert_eq!(all.say(7, 99).unwrap().unwrap().generations(), OPEN_MAX..=OPEN_MAX + 1);
        all.accepted(spoken(OPEN_MAX + 1, 99)).unwrap();
        assert_eq!(all.say(7, 99).unwrap().unwrap(), said(OPEN_MAX + 1, 0, false));
    }
}
