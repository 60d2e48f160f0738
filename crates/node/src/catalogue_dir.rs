//! The catalogue directory: files that add indicators, forms, calendars and rules to those of this
//! version, or take their places, without another build.
//!
//! The files are checked whole before anything is shown by them. While the process runs they are
//! looked at again every now and then; what is faulty is told, and the catalogue before it stays.
//!
//! **Invariant CAT-1:** readers see one catalogue that was found good, never half of a change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tonghop_core::catalogue::Catalogue;
use tonghop_wire::{CatalogueError, CatalogueFile, catalogue_with};

use crate::reading::Reading;
use crate::settings::Settings;

/// Where the files are if nobody says: below the data directory.
const DIR: &str = "catalogue";
/// Files that a directory may have.
const FILES_MAX: usize = 64;
/// Bytes of a file.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueDirError {
    /// A file or the directory cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is more than can be right.
    #[error("{path}: at most {FILES_MAX} files of {FILE_BYTES_MAX} bytes are read", path = path.display())]
    TooMuch {
        /// Where.
        path: PathBuf,
    },
    /// A file says what it may not.
    #[error(transparent)]
    Faulty(#[from] CatalogueError),
}

/// The directory of these settings: the one that is named, else the one below the data.
pub fn dir(settings: &Settings) -> PathBuf {
    settings.catalogue.clone().unwrap_or_else(|| settings.data.join(DIR))
}

/// Reads a file of rows.
pub fn read_file(path: &Path) -> Result<CatalogueFile, CatalogueDirError> {
    let unreadable = |source| CatalogueDirError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(CatalogueDirError::TooMuch { path: path.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Ok(CatalogueFile::new(path.display().to_string(), text))
}

/// The files of the directory, in order of name. One that is named must be there.
pub fn files(settings: &Settings) -> Result<Vec<CatalogueFile>, CatalogueDirError> {
    let dir = dir(settings);
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && settings.catalogue.is_none() =>
        {
            return Ok(Vec::new());
        }
        Err(source) => return Err(CatalogueDirError::Unreadable { path: dir, source }),
    };
    let unreadable = |source| CatalogueDirError::Unreadable { path: dir.clone(), source };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.len() > FILES_MAX {
        return Err(CatalogueDirError::TooMuch { path: dir });
    }
    paths.sort();
    paths.iter().map(|path| read_file(path)).collect()
}

/// The catalogue of this version with that of the directory.
pub fn load(settings: &Settings) -> Result<Catalogue, CatalogueDirError> {
    Ok(load_files(settings)?.0)
}

/// The same, with the files that it is made of.
pub fn load_files(
    settings: &Settings,
) -> Result<(Catalogue, Vec<CatalogueFile>), CatalogueDirError> {
    let files = files(settings)?;
    Ok((catalogue_with(&files)?, files))
}

/// Looks at the files until `stop` holds true, and shows readers what has changed since they were
/// `loaded`.
pub async fn watch(
    settings: Settings,
    reading: Arc<Reading>,
    loaded: Vec<CatalogueFile>,
    mut stop: watch::Receiver<bool>,
) {
    let mut seen = Some(loaded);
    let mut last = seen.clone();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let settings = settings.clone();
        let Ok(looked) = tokio::task::spawn_blocking(move || files(&settings)).await else {
            return;
        };
        match looked {
            Ok(files) if seen.as_ref() == Some(&files) => last = Some(files),
            // Somebody may be writing: a change is taken when two looks have seen the same.
            Ok(files) if last.as_ref() != Some(&files) => last = Some(files),
            Ok(files) => {
                match catalogue_with(&files) {
                    Ok(catalogue) => {
                        tracing::info!(files = files.len(), "the catalogue has changed");
                        reading.replace_catalogue(Arc::new(catalogue));
                    }
                    Err(error) => {
                        tracing::error!(%error, "the catalogue stays as it was");
                    }
                }
                seen = Some(files);
            }
            Err(error) => {
                if seen.take().is_some() {
                    tracing::error!(%error, "the catalogue stays as it was");
                }
            }
        }
    }
}
