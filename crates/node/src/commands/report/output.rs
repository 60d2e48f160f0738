//! Where a report goes: standard output, or a file that is replaced as a whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::commands::{DONE, FAILED};

/// Whether a person sees what is written to standard output.
pub(super) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes to the file, or to standard output if there is none.
pub(in crate::commands) fn write(path: Option<&Path>, bytes: &[u8]) -> anyhow::Result<ExitCode> {
    if let Some(path) = path {
        replace(path, bytes).with_context(|| path.display().to_string())?;
        return Ok(ExitCode::from(DONE));
    }
    let mut out = std::io::stdout().lock();
    Ok(match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(DONE),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(DONE),
        Err(_) => ExitCode::from(FAILED),
    })
}

/// Writes beside the file, then takes its place: whoever has the old one open keeps it, and nobody
/// sees half of the new one. What is no file, such as a pipe, is written into.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&path).is_ok_and(|held| !held.is_file()) {
        return OpenOptions::new().write(true).open(&path)?.write_all(bytes);
    }
    let beside = beside(&path)?;
    let written = write_new(&beside, bytes).and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() && std::fs::remove_file(&beside).is_err() {
        // It was never begun, or cannot be removed either; the first error says why.
    }
    written
}

fn beside(path: &Path) -> std::io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidFilename)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(beside))
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
