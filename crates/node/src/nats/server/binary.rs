//! Finds a nats-server that is new enough. It never downloads one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::nats::error::NatsError;

/// The oldest nats-server that will do, major and minor.
pub const VERSION_MIN: (u32, u32) = (2, 10);

/// Names the binary to use, and nothing else is tried.
const VARIABLE: &str = "TONGHOP_NATS_SERVER";
/// Where `deploy/fetch-nats-server` puts it, from the working directory or one above the program.
const FETCHED: &str = ".tools/bin/nats-server";

/// How far above the program it is looked for: `target/release` is two below.
const ABOVE_MAX: usize = 3;

/// The first nats-server that is new enough: the one named in `TONGHOP_NATS_SERVER`, or else one
/// on `PATH`, or else `.tools/bin/nats-server`.
pub async fn find_binary() -> Result<PathBuf, NatsError> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return checked(Path::new(&named)).await;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut too_old = None;
    for candidate in candidates(&path) {
        match checked(&candidate).await {
            Ok(found) => return Ok(found),
            Err(NatsError::BinaryMissing { .. }) => {}
            Err(error) => too_old = too_old.or(Some(error)),
        }
    }
    Err(too_old.unwrap_or_else(|| NatsError::BinaryMissing {
        looked: format!("{VARIABLE}, PATH and {FETCHED}"),
    }))
}

fn candidates(path: &OsStr) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        std::env::split_paths(path).map(|dir| dir.join("nats-server")).collect();
    list.push(PathBuf::from(FETCHED));
    if let Ok(program) = std::env::current_exe() {
        list.extend(program.ancestors().skip(1).take(ABOVE_MAX).map(|dir| dir.join(FETCHED)));
    }
    list.retain(|candidate| candidate.is_file());
    list
}

/// This binary as an absolute path, if it runs and is new enough.
pub(super) async fn checked(path: &Path) -> Result<PathBuf, NatsError> {
    let missing = || NatsError::BinaryMissing { looked: path.display().to_string() };
    let absolute = std::path::absolute(path).map_err(|_| missing())?;
    let output = Command::new(&absolute)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|_| missing())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.split_whitespace().last().unwrap_or("of unknown version");
    if version(found).is_some_and(|version| version >= VERSION_MIN) {
        return Ok(absolute);
    }
    Err(NatsError::BinaryTooOld { path: absolute, found: found.to_owned() })
}

/// Major and minor of `v2.15.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{VERSION_MIN, version};

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("v2.15.1"), Some((2, 15)));
        assert!(version("2.10.0-beta.1").is_some_and(|found| found >= VERSION_MIN));
        assert!(version("v2.9.25").is_some_and(|found| found < VERSION_MIN));
        assert_eq!(version("nonsense"), None);
    }
}
