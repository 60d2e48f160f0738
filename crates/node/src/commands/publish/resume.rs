//! The bookmark of a file: how far it is known to be stored.
//!
//! Kept as `<data>/publish/<fingerprint>.json` while a file is being published; the fingerprint is
//! of the file's path, size and time of change, so that a changed file begins anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tonghop_core::fingerprint::Content;

use super::input::Place;

/// How far a file is published.
#[derive(Debug)]
pub(super) struct Bookmark {
    /// None for standard input, which cannot be gone on with.
    file: Option<PathBuf>,
    bytes_total: Option<u64>,
    place: Place,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    bytes: u64,
    lines: u64,
}

impl Bookmark {
    /// Looks whether the file was published in part.
    pub(super) fn open(data: &Path, path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { file: None, bytes_total: None, place: Place::default() });
        }
        let about = fs::metadata(path).with_context(|| path.display().to_string())?;
        let full = fs::canonicalize(path)?;
        let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = format!("{}\n{}\n{changed}", full.display(), about.len());
        let fingerprint = Content::of(name.as_bytes()).0;
        let file = data.join("publish").join(format!("{fingerprint:016x}.json"));
        let place = match fs::read(&file).ok().and_then(|b| serde_json::from_slice(&b).ok()) {
            Some(Kept { bytes, lines, .. }) if bytes <= about.len() => Place { bytes, lines },
            _ => Place::default(),
        };
        Ok(Self { file: Some(file), bytes_total: Some(about.len()), place })
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn lines(&self) -> u64 {
        self.place.lines
    }

    pub(super) fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    pub(super) fn move_to(&mut self, place: Place) {
        self.place = place;
    }

    /// Writes the bookmark down.
    pub(super) fn save(&self) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let dir = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let kept = Kept { path: file.clone(), bytes: self.place.bytes, lines: self.place.lines };
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
