//! Closings on disk: what was published for a period, below the data directory.
//!
//! ```text
//! <data>/closings/lock             one process writes at a time
//! <data>/closings/<id>/closing     the document, signed: tonghop_ledger::closing
//! <data>/closings/<id>/<file>      what the document names with its SHA-256
//! <data>/closings/<id>.reopened    why the period may be closed again, signed
//! <data>/closings/new/             a closing that is being written; what a crash left is swept
//! ```
//!
//! **Invariant CLO-2:** a closing is there whole or not at all, and is never written again.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tonghop_ledger::closing::{self, Closing, DOCUMENT_BYTES_MAX, NoClosing};
use tonghop_report::Format;

pub mod make;
pub mod prove;
mod published;
pub mod refold;

pub use published::{Closings, Published};

#[cfg(test)]
mod tests;

/// The directory below the data directory.
const DIR: &str = "closings";
/// The signed document.
const NOTE: &str = "closing";
/// Where one is written.
const NEW: &str = "new";
/// What the name of the note ends with that opens a period again.
const REOPENED: &str = ".reopened";
/// Closings of one data directory: decades of periods, each closed several times.
const CLOSINGS_MAX: usize = 4_096;
/// Bytes of a signed document.
const NOTE_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + 64 * 1024;
/// Bytes of a file beside it.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Why closings cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ClosingsError {
    /// A file or a directory.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes.
    #[error("another `tonghop close` or `reopen` works on {path}", path = path.display())]
    Locked {
        /// Where.
        path: PathBuf,
    },
    /// What lies there is no closing.
    #[error("{path}: {source}", path = path.display())]
    NoClosing {
        /// Where.
        path: PathBuf,
        /// Why.
        source: NoClosing,
    },
    /// A file is not what the closing says.
    #[error("{path} is not the file that closing {id} names: {why}", path = path.display())]
    Altered {
        /// Which.
        path: PathBuf,
        /// Of which closing.
        id: String,
        /// In what it differs.
        why: String,
    },
    /// There are more than can be right.
    #[error("{path} holds more than {CLOSINGS_MAX} closings", path = path.display())]
    TooMany {
        /// Where.
        path: PathBuf,
    },
}

/// A closing as it lies on disk.
#[derive(Debug, Clone)]
pub struct Held {
    /// What it says. Whether the signatures are good is `audit verify`'s to say.
    pub closing: Closing,
    /// The signed document.
    pub note: String,
    /// The signed note that opened the period again, if it was.
    pub reopened: Option<String>,
    dir: PathBuf,
}

/// Why a period may be closed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reopened {
    /// The id of the closing.
    pub reopened: String,
    /// The SHA-256 of its note, in hexadecimal.
    pub sha256: String,
    /// Why.
    pub reason: String,
    /// When, RFC 3339.
    pub reopened_at: String,
}

/// The text that is signed of a note; none if there are no signatures.
pub fn document(note: &str) -> Option<&str> {
    let (text, _) = note.rsplit_once("\n\n")?;
    note.get(..=text.len())
}

impl Held {
    /// The SHA-256 of the note, in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256(self.note.as_bytes())
    }

    /// Why the period was opened again, if it was.
    pub fn reopening(&self) -> Option<Reopened> {
        serde_json::from_str(document(self.reopened.as_deref()?)?).ok()
    }

    /// A file of the closing, if it has it, checked.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>, ClosingsError> {
        let Some(named) = self.closing.files.get(name) else { return Ok(None) };
        let path = self.dir.join(name);
        let altered = |why: String| {
            let (path, id) = (path.clone(), self.closing.id.clone());
            Err(ClosingsError::Altered { path, id, why })
        };
        let bytes = read(&path, FILE_BYTES_MAX.min(named.bytes.saturating_add(1)))?;
        if u64::try_from(bytes.len()) != Ok(named.bytes) {
            return altered(format!("it has {} bytes, not {}", bytes.len(), named.bytes));
        }
        if sha256(&bytes) != named.sha256 {
            return altered(format!("its SHA-256 is not {}", named.sha256));
        }
        Ok(Some(bytes))
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    closing::hex(&Sha256::digest(bytes).into())
}

/// The file of a list.
pub fn list_file(list: &str) -> String {
    format!("list-{list}.tsv")
}

/// The file of a form in a format.
pub fn form_file(form: &str, format: Format) -> String {
    format!("form-{form}.{}", format.word())
}

/// The form that a file is of, if it is of one.
pub fn form_of(file: &str) -> Option<&str> {
    Some(file.strip_prefix("form-")?.rsplit_once('.')?.0)
}

/// Where closings lie.
fn directory(data: &Path) -> PathBuf {
    data.join(DIR)
}

/// All closings, in order of calendar and period; those of one period in order of vintage.
pub fn list(data: &Path) -> Result<Vec<Held>, ClosingsError> {
    let dir = directory(data);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ClosingsError::Io { path: dir, source }),
    };
    let mut held = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| ClosingsError::Io { path: dir.clone(), source })?.path();
        if !path.is_dir() || path.ends_with(NEW) {
            continue;
        }
        if held.len() == CLOSINGS_MAX {
            return Err(ClosingsError::TooMany { path: dir });
        }
        held.push(one(&path)?);
    }
    held.sort_by(|a: &Held, b: &Held| {
        let key = |held: &Held| (held.closing.calendar.clone(), held.closing.period.clone());
        (key(a), a.closing.vintage).cmp(&(key(b), b.closing.vintage))
    });
    Ok(held)
}

fn one(dir: &Path) -> Result<Held, ClosingsError> {
    let path = dir.join(NOTE);
    let note = text(&path)?;
    let no_closing = |source| ClosingsError::NoClosing { path: path.clone(), source };
    let unsigned = || no_closing(NoClosing::Incomplete("it is not signed".to_owned()));
    let closing = Closing::parse(document(&note).ok_or_else(unsigned)?).map_err(no_closing)?;
    if dir.file_name().is_none_or(|name| *name != *closing.id) {
        let why = format!("it says that it is {}", closing.id);
        return Err(no_closing(NoClosing::Incomplete(why)));
    }
    let reopened = dir.with_file_name(closing.id.clone() + REOPENED);
    let reopened = if reopened.exists() { Some(text(&reopened)?) } else { None };
    Ok(Held { closing, note, reopened, dir: dir.to_owned() })
}

fn text(path: &Path) -> Result<String, ClosingsError> {
    let bytes = read(path, u64::try_from(NOTE_BYTES_MAX).unwrap_or(u64::MAX))?;
    let not_text = |_| NoClosing::Incomplete("it is not UTF-8".to_owned());
    String::from_utf8(bytes)
        .map_err(not_text)
        .map_err(|source| ClosingsError::NoClosing { path: path.to_owned(), source })
}

fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, ClosingsError> {
    let at = at(path);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut bytes)).map_err(at)?;
    Ok(bytes)
}

fn at(path: &Path) -> impl Fn(io::Error) -> ClosingsError {
    move |source| ClosingsError::Io { path: path.to_owned(), source }
}

/// A step of writing after which a crash may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The directory of what is written is there.
    Begun,
    /// A file is written.
    File,
    /// The signed document is written, and all is safe on disk.
    Written,
    /// The closing stands in its place.
    Placed,
}

/// Who may write closings: one at a time.
#[derive(Debug)]
pub struct Shelf {
    dir: PathBuf,
    _lock: File,
}

impl Shelf {
    /// Takes the lock, and sweeps what a crash has left.
    pub fn open(data: &Path) -> Result<Self, ClosingsError> {
        let dir = directory(data);
        fs::create_dir_all(&dir).map_err(at(&dir))?;
        let path = dir.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&path).map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(ClosingsError::Locked { path: dir }),
            Err(fs::TryLockError::Error(source)) => return Err(ClosingsError::Io { path, source }),
        }
        let new = dir.join(NEW);
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&new)(error)),
            Ok(()) | Err(_) => Ok(Self { dir, _lock: lock }),
        }
    }

    /// Where a closing stands.
    pub fn place_of(&self, id: &str) -> PathBuf {
        self.dir.join(id)
    }

    /// Puts a closing in its place. `reached` hears of each step; an error from it ends the work
    /// there, as a crash would.
    ///
    /// # Panics
    /// If the files are not those that the closing names (CLO-1): that is a defect of the caller.
    pub fn place(
        &self,
        closing: &Closing,
        note: &str,
        files: &BTreeMap<String, Vec<u8>>,
        mut reached: impl FnMut(Point) -> io::Result<()>,
    ) -> Result<(), ClosingsError> {
        assert!(closing.files.keys().eq(files.keys()), "CLO-1: a closing names its files");
        let new = self.dir.join(NEW);
        let mut reached = |point| reached(point).map_err(at(&new));
        fs::create_dir(&new).map_err(at(&new))?;
        reached(Point::Begun)?;
        for (name, bytes) in files {
            write(&new.join(name), bytes)?;
            reached(Point::File)?;
        }
        write(&new.join(NOTE), note.as_bytes())?;
        sync(&new)?;
        reached(Point::Written)?;
        let place = self.place_of(&closing.id);
        fs::rename(&new, &place).map_err(at(&place))?;
        sync(&self.dir)?;
        reached(Point::Placed)
    }

    /// Opens a period again, once.
    pub fn reopen(&self, id: &str, note: &str) -> Result<(), ClosingsError> {
        let new = self.dir.join([NEW, REOPENED].concat());
        let place = self.dir.join(id.to_owned() + REOPENED);
        write(&new, note.as_bytes())?;
        fs::rename(&new, &place).map_err(at(&place))?;
        sync(&self.dir)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ClosingsError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(at(path))
}

fn sync(dir: &Path) -> Result<(), ClosingsError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}
