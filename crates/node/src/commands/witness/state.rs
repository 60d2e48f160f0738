//! What a witness remembers of a log: the last checkpoint that it cosigned, in a file of its own.
//!
//! The file is the cosigned checkpoint itself, so that whoever puts another one in its place would
//! have to have the witness's key.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::note::{NOTE_BYTES_MAX, Note, SigningKey, VerifierKey};

use crate::commands::report::output::write;

/// The memory of one log; while it is held, no other process has it.
pub(super) struct State {
    path: PathBuf,
    last: Option<(Checkpoint, Note)>,
    _lock: File,
}

impl State {
    /// Reads what was cosigned last; it waits for another process that cosigns.
    pub(super) fn open(
        dir: &Path,
        log: &VerifierKey,
        witness: &SigningKey,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let lock = dir.join("lock");
        let lock = File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .with_context(|| lock.display().to_string())?;
        let path = dir.join(file_name(log));
        let last = read(&path, log, witness).with_context(|| {
            format!(
                "{}: this is not what the witness cosigned last; without it a fork cannot be seen",
                path.display()
            )
        })?;
        Ok(Self { path, last, _lock: lock })
    }

    /// What was cosigned last, if anything was.
    pub(super) fn last(&self) -> Option<&(Checkpoint, Note)> {
        self.last.as_ref()
    }

    /// Remembers a checkpoint; it is safe on disk when this returns.
    pub(super) fn keep(&self, note: &Note) -> anyhow::Result<()> {
        write(Some(&self.path), note.to_string().as_bytes())?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).with_context(|| dir.display().to_string())
    }
}

fn read(
    path: &Path,
    log: &VerifierKey,
    witness: &SigningKey,
) -> anyhow::Result<Option<(Checkpoint, Note)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(u64::try_from(NOTE_BYTES_MAX)? + 1).read_to_end(&mut bytes)?;
    let (checkpoint, note) = Checkpoint::open(&bytes, log)?;
    note.verify(witness.verifier())?;
    Ok(Some((checkpoint, note)))
}

/// A name that a person recognises; the key id tells apart what it leaves out.
fn file_name(log: &VerifierKey) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
    let name: String =
        log.name().chars().take(100).map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{name}+{:08x}", u32::from_be_bytes(log.id()))
}
