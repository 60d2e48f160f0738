//! Writes the contract out for machines and people, and freezes it at a release.
//!
//! Exit codes: 0 done, 1 the answer is no, 2 usage, 3 the world failed.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use tonghop_tests::contract::released::{self, Contract, broken};
use tonghop_tests::contract::{COMMAND, frozen, root, stale, write};

const USAGE: &str = "usage: contract [write | check | release VERSION]
  write            write the schemas, pages and the AsyncAPI document (the default)
  check            say what is not as the source says, and what breaks the released contract
  release VERSION  freeze the contract and its bytes as those of a version; the old promises hold";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] | ["write"] => write(&root()).map(|count| {
            say(&format!("{count} files are as the source says"));
            0
        }),
        ["check"] => check(&root()),
        ["release", version] => release(&root(), version),
        ["--help" | "-h"] => {
            say(USAGE);
            Ok(0)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(2)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("contract: {error}");
            ExitCode::from(3)
        }
    }
}

fn check(root: &Path) -> std::io::Result<u8> {
    let stale = stale(root)?;
    for problem in &stale {
        eprintln!("{problem}; `{COMMAND}` rewrites it");
    }
    let broken = broken_promises(root)?;
    if stale.is_empty() && broken.is_empty() {
        say("the contract is written out, and keeps what was released");
        return Ok(0);
    }
    Ok(1)
}

/// Says what is broken; where nothing was released yet, nothing is.
fn broken_promises(root: &Path) -> std::io::Result<Vec<String>> {
    let path = root.join(released::PATH);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(path)?;
    let before = Contract::parse(&text).map_err(std::io::Error::other)?;
    let broken = broken(&before, &Contract::present(""));
    for problem in &broken {
        eprintln!(
            "{problem}; released with {}, another meaning is another version",
            before.version
        );
    }
    Ok(broken)
}

fn release(root: &Path, version: &str) -> std::io::Result<u8> {
    let folder = root.join(frozen::FOLDER);
    let path = folder.join(format!("{version}.ndjson"));
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if version.is_empty() || !version.bytes().all(plain) {
        eprintln!("contract: {version:?} is no version; write 0.1.0");
        return Ok(2);
    }
    if path.exists() {
        eprintln!("contract: {version} was released; its bytes are never written again");
        return Ok(1);
    }
    if !broken_promises(root)?.is_empty() {
        return Ok(1);
    }
    let lines = frozen::lines().map_err(std::io::Error::other)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(path, lines)?;
    std::fs::write(root.join(released::PATH), Contract::present(version).to_string())?;
    say(&format!("the contract of {version} is kept in {}", released::PATH));
    Ok(0)
}

/// Says a line; whoever closed the pipe does not want it.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").ok();
}
