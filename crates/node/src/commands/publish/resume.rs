//! The bookmark of a file: how far it is known to be stored.
//!
//! Kept as `<data>/publish/<fingerprint>.json` while a file is being published; the fingerprint is
//! of the log, of the file's path, size and time of change and of the mapping, so that a changed file,
//! or the same file for another log, begins anew. So does a file whose last confirmed event the log has lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tonghop_core::fingerprint::Content;

use super::input::Place;
use crate::nats::StreamIdentity;

/// How far a file is published.
#[derive(Debug)]
pub(super) struct Bookmark {
    /// None for what cannot be gone on with: standard input, and what an agency publishes.
    file: Option<PathBuf>,
    bytes_total: Option<u64>,
    place: Place,
    /// The position of the last event that the log has confirmed.
    position: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    bytes: u64,
    lines: u64,
    position: u64,
}

impl Bookmark {
    /// Looks whether the file was published in part to this log, by the same mapping; to a log that
    /// may not be looked at it is published from its beginning.
    pub(super) fn open(
        data: &Path,
        path: &Path,
        mapping: &str,
        log: Option<&StreamIdentity>,
    ) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            let place = Place::default();
            return Ok(Self { file: None, bytes_total: None, place, position: 0 });
        }
        let about = fs::metadata(path).with_context(|| path.display().to_string())?;
        let Some(log) = log else {
            let (bytes_total, place) = (Some(about.len()), Place::default());
            return Ok(Self { file: None, bytes_total, place, position: 0 });
        };
        let full = fs::canonicalize(path)?;
        let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let (full, bytes) = (full.display(), about.len());
        let name = format!("{}\n{full}\n{bytes}\n{changed}{mapping}", log.created_ns);
        let fingerprint = Content::of(name.as_bytes()).0;
        let file = data.join("publish").join(format!("{fingerprint:016x}.json"));
        let (place, position) =
            match fs::read(&file).ok().and_then(|b| serde_json::from_slice(&b).ok()) {
                Some(Kept { bytes, lines, position })
                    if bytes <= about.len() && position <= log.last =>
                {
                    (Place { bytes, lines, row: lines }, position)
                }
                _ => (Place::default(), 0),
            };
        Ok(Self { file: Some(file), bytes_total: Some(about.len()), place, position })
    }

    /// The same file, to be read from its beginning: where every row that is refused is wanted, not
    /// only those of the rest.
    pub(super) fn begun_anew(self) -> Self {
        Self { place: Place::default(), ..self }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// All before this place is stored; `position` is that of the last event, if it was one.
    pub(super) fn move_to(&mut self, place: Place, position: Option<u64>) {
        self.place = place;
        self.position = position.unwrap_or(self.position);
    }

    /// Writes the bookmark down.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let dir = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let Place { bytes, lines, .. } = self.place;
        let kept = Kept { bytes, lines, position: self.position };
        let new = file.with_extension("new");
        fs::write(&new, serde_json::to_vec(&kept)?)?;
        fs::rename(&new, file).with_context(|| file.display().to_string())
    }

    /// The whole file is stored.
    pub(super) fn done(&self) -> anyhow::Result<()> {
        match self.file.as_ref().map(fs::remove_file) {
            Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}
