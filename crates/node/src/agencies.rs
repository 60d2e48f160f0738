//! Who may publish: the agencies (đơn vị) of this installation, their tokens for HTTP and their
//! keys for NATS; and the roles that run it.
//!
//! The registry is one file of the data directory, for this user alone. It holds the SHA-256 of
//! each token and the public half of each key, never a secret: who reads the file can let nobody
//! in. It is replaced as a whole
//! under a lock, so that two changes at once are both kept. A process that runs sees a change
//! within a second; a registry that cannot be read lets nobody in.
//!
//! **Invariant TOK-1:** no secret of a token or a key is stored, listed or logged; it is told once, when it is made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use serde::{Deserialize, Serialize};
use tonghop_core::day::{Day, Instant};

mod entry;
mod nkey;
mod token;

pub use entry::{Agency, Held, Holder};
pub use nkey::{PublicKey, Seed, keep, keep_secret};
pub use token::{Fingerprint, Token};

/// The name of the registry in the data directory.
const FILE: &str = "agencies.json";
/// The name of the file that is locked while the registry is changed.
const LOCK: &str = "agencies.lock";
/// How often a running process looks whether the registry was changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Bytes of the largest registry that is read.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Tokens of one agency that hold at once, and as many keys.
pub const TOKENS_MAX: usize = 16;

/// Why the registry cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AgenciesError {
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The registry is not what this program writes.
    #[error("{path} is no registry of agencies: {why}; put back a copy, or move it away", path = path.display())]
    Faulty {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    /// No key can be made.
    #[error("no key can be made: {0}")]
    Key(String),
    /// There is no such agency.
    #[error("{0} is no agency here; `tonghop agency list` says which there are")]
    Unknown(Holder),
    /// It is to get a key, and no file is named for the seed.
    #[error(
        "{holder} speaks to NATS with a key: name a new file for its seed with --creds-out FILE"
    )]
    NoFile {
        /// The agency.
        holder: Holder,
    },
    /// It has as many tokens or keys as it may have.
    #[error("{holder} has {TOKENS_MAX} that hold; end them with `tonghop agency revoke`")]
    TooMany {
        /// The agency.
        holder: Holder,
    },
}

/// All agencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    agencies: Vec<Agency>,
}

/// The registry as the file has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    agencies: Vec<entry::Written>,
}

impl Registry {
    /// The agencies, in the order of their holders.
    pub fn agencies(&self) -> &[Agency] {
        &self.agencies
    }

    /// Whose token this is, if it holds now. Every token is looked at, whatever is found.
    pub fn holder(&self, given: &str, now: Instant) -> Option<Holder> {
        let given = Fingerprint::of(given);
        let mut found = None;
        for agency in &self.agencies {
            for held in &agency.tokens {
                if held.known.is(&given) && held.holds(now) {
                    found = Some(agency.holder);
                }
            }
        }
        found
    }

    /// Gives an agency one more token.
    pub fn add(
        &mut self,
        holder: Holder,
        label: Option<&str>,
        now: Instant,
    ) -> Result<Token, AgenciesError> {
        let token = Token::new().map_err(AgenciesError::NoRandomness)?;
        if let Some(agency) = self.open(holder, label, now) {
            if agency.tokens.len() >= TOKENS_MAX {
                return Err(AgenciesError::TooMany { holder });
            }
            let created = now.day().unwrap_or(Day::MAX);
            let known = Fingerprint::of(token.secret());
            agency.tokens.push(Held { known, created, ends: None });
        }
        Ok(token)
    }

    /// Gives an agency one more key for NATS.
    pub fn add_key(
        &mut self,
        holder: Holder,
        label: Option<&str>,
        key: PublicKey,
        now: Instant,
    ) -> Result<(), AgenciesError> {
        if let Some(agency) = self.open(holder, label, now) {
            if agency.keys.len() >= TOKENS_MAX {
                return Err(AgenciesError::TooMany { holder });
            }
            let created = now.day().unwrap_or(Day::MAX);
            agency.keys.push(Held { known: key, created, ends: None });
        }
        Ok(())
    }

    /// The agency, made if it is not there, without what has ended.
    fn open(&mut self, holder: Holder, label: Option<&str>, now: Instant) -> Option<&mut Agency> {
        let place = self.agencies.partition_point(|agency| agency.holder < holder);
        if self.agencies.get(place).is_none_or(|agency| agency.holder != holder) {
            self.agencies.insert(place, Agency::new(holder));
        }
        let agency = self.agencies.get_mut(place)?;
        if let Some(label) = label {
            agency.label = Some(label.to_owned());
        }
        agency.forget_ended(now);
        Some(agency)
    }

    /// Lets the tokens and the keys that an agency has hold until `ends` at the latest.
    pub fn end_all(&mut self, holder: Holder, ends: Instant) -> Result<(), AgenciesError> {
        let agency = self.find(holder)?;
        let tokens = agency.tokens.iter_mut().map(|held| &mut held.ends);
        for held in tokens.chain(agency.keys.iter_mut().map(|held| &mut held.ends)) {
            *held = Some(held.map_or(ends, |before| before.min(ends)));
        }
        Ok(())
    }

    /// Ends all tokens and keys of an agency now; answers how many of each held.
    pub fn revoke(
        &mut self,
        holder: Holder,
        now: Instant,
    ) -> Result<(usize, usize), AgenciesError> {
        let held = self.find(holder)?.held(now);
        self.end_all(holder, now)?;
        Ok(held)
    }

    fn find(&mut self, holder: Holder) -> Result<&mut Agency, AgenciesError> {
        let found = self.agencies.iter_mut().find(|agency| agency.holder == holder);
        found.ok_or(AgenciesError::Unknown(holder))
    }
}

/// The registry of a data directory.
pub fn read(data: &Path) -> Result<Registry, AgenciesError> {
    let path = data.join(FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Registry::default()),
        Err(error) => return Err(AgenciesError::Io { path, error }),
    };
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(file, FILE_BYTES_MAX), &mut text)
        .map_err(io_error(&path))?;
    let faulty = |why: String| AgenciesError::Faulty { path: path.clone(), why };
    let written: Written =
        serde_json::from_str(&text).map_err(|error| faulty(error.to_string()))?;
    if written.version != 1 {
        return Err(faulty(format!("it is of version {}", written.version)));
    }
    let agencies: Result<Vec<_>, _> = written.agencies.iter().map(Agency::read).collect();
    let mut agencies = agencies.map_err(faulty)?;
    agencies.sort_by_key(|agency| agency.holder);
    Ok(Registry { agencies })
}

/// Changes the registry of a data directory; of two who change it at once, one waits.
pub fn change<T>(
    data: &Path,
    change: impl FnOnce(&mut Registry) -> Result<T, AgenciesError>,
) -> Result<T, AgenciesError> {
    fs::create_dir_all(data).map_err(io_error(data))?;
    let lock = data.join(LOCK);
    let held = private().open(&lock).map_err(io_error(&lock))?;
    held.lock().map_err(io_error(&lock))?;
    let mut registry = read(data)?;
    let answer = change(&mut registry)?;
    write(data, &registry)?;
    drop(held);
    Ok(answer)
}

fn write(data: &Path, registry: &Registry) -> Result<(), AgenciesError> {
    let agencies = registry.agencies.iter().map(Agency::written).collect();
    let text = serde_json::to_string_pretty(&Written { version: 1, agencies }).unwrap_or_default();
    let (path, new) = (data.join(FILE), data.join(format!("{FILE}.new")));
    // What a crash left may be readable by others.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(AgenciesError::Io { path: new, error });
        }
        _ => {}
    }
    let mut file = private().create_new(true).open(&new).map_err(io_error(&new))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io_error(&new))?;
    fs::rename(&new, &path).map_err(io_error(&path))?;
    File::open(data).and_then(|dir| dir.sync_all()).map_err(io_error(data))
}

/// Opens for writing, for this user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> AgenciesError {
    let path = path.to_owned();
    move |error| AgenciesError::Io { path, error }
}

/// The registry as a running process sees it.
#[derive(Debug)]
pub struct Agencies {
    data: PathBuf,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug)]
struct Seen {
    registry: Registry,
    looked: Monotonic,
    stamp: Option<Stamp>,
}

/// What tells one registry file from the next: a changed one is another file.
type Stamp = (u64, i64, i64, u64);

impl Agencies {
    /// Of this data directory; nothing is read before somebody asks.
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), seen: Mutex::new(None) }
    }

    /// Whose token this is, if it holds now. It blocks for as long as a small file takes to be read.
    pub fn holder(&self, given: &str) -> Result<Option<Holder>, AgenciesError> {
        self.with(|registry, now| registry.holder(given, now))
    }

    /// Answers from the registry as it is now, or was a second ago.
    pub fn with<T>(
        &self,
        answer: impl FnOnce(&Registry, Instant) -> T,
    ) -> Result<T, AgenciesError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Monotonic::now();
        let is_fresh = |seen: &Seen| now.duration_since(seen.looked) < LOOK_EVERY;
        if !seen.as_ref().is_some_and(is_fresh) {
            let stamp = self.stamp();
            match &mut *seen {
                Some(seen) if seen.stamp == stamp => seen.looked = now,
                stale => {
                    // Should it be unreadable, nobody is let in, and the next one looks again.
                    *stale = None;
                    *stale = Some(Seen { registry: read(&self.data)?, looked: now, stamp });
                }
            }
        }
        let now = Instant::from_unix_ms(chrono::Utc::now().timestamp_millis());
        let none = Registry::default();
        Ok(answer(seen.as_ref().map_or(&none, |seen| &seen.registry), now))
    }

    fn stamp(&self) -> Option<Stamp> {
        let about = fs::metadata(self.data.join(FILE)).ok()?;
        Some((about.len(), about.mtime(), about.mtime_nsec(), about.ino()))
    }
}

#[cfg(test)]
mod tests;
