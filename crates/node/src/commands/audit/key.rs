//! The file of a key that signs: made once, read by whoever signs, never shown.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tonghop_ledger::note::{Kind, SigningKey};

use crate::agencies::keep_secret;
use crate::commands::{USAGE, print};
use crate::settings::Settings;

/// Bytes of the file of a key: a name of 255 bytes and little else.
const FILE_BYTES_MAX: u64 = 1024;

/// Makes a key, writes it to a new file, and prints its verifier key.
pub fn make(name: &str, kind: Kind, path: &Path, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed).context("the system gives no random bytes")?;
    let key = match SigningKey::new(name, kind, &seed) {
        Ok(key) => key,
        Err(error) => {
            eprintln!("tonghop: {error}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    keep_secret(&key.secret(), path).with_context(|| {
        let shown = path.display();
        if path.exists() {
            format!("{shown} is there already, and a key is never overwritten; name another file")
        } else {
            shown.to_string()
        }
    })?;
    let verifier = key.verifier().to_string();
    if settings.json {
        return Ok(print(&format!("{}\n", json!({"name": name, "verifierKey": verifier}))));
    }
    Ok(print(&format!("{verifier}\n")))
}

/// Reads the key of a file.
pub fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
        .with_context(|| path.display().to_string())?;
    SigningKey::parse(text.strip_suffix('\n').unwrap_or(&text))
        .with_context(|| path.display().to_string())
}
