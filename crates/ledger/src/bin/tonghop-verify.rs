//! Verifies a bundle on a machine that has nothing else: no log, no store, no network.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tonghop_ledger::bundle::KEYS_MAX;
use tonghop_ledger::note::VerifierKey;
use tonghop_ledger::verify::page::{Lang, page};
use tonghop_ledger::verify::verdict::{Check, Outcome, Signed, Verdict};
use tonghop_ledger::verify::{json, verify};

const HELP: &str = "\
Verifies one figure of a closing, offline: that it was published and signed, and that it is what
these events come to, of which none is left out.

Usage: tonghop-verify BUNDLE [--key KEY]... [--json] [--page FILE] [--lang vi|en]

  BUNDLE        what `tonghop audit prove` wrote
  --key KEY     a key that counts, NAME+ID+KEY, or a file with one on each line: of who signed the
                closing, of the log, of witnesses. Without any, the keys that came with the bundle
                are used, and nobody vouches for them
  --json        prints the verdict as JSON
  --page FILE   writes the verdict as a page, for people
  --lang LANG   of the page: vi (default) or en

Exit codes: 0 it holds, 1 it does not, 2 usage, 3 a file cannot be read or written.
What is checked, and what each code means: docs/bundle.md.
";

/// Nothing is told of what takes less.
const TELL_AFTER: Duration = Duration::from_secs(2);
/// Bytes of a file of keys.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug)]
struct Asked {
    bundle: PathBuf,
    keys: Vec<VerifierKey>,
    json: bool,
    page: Option<PathBuf>,
    lang: Lang,
}

/// Why there is no verdict.
enum Stop {
    Help,
    Version,
    Usage(String),
    World(String),
}

fn main() -> ExitCode {
    let done = asked(std::env::args_os().skip(1)).and_then(|asked| run(&asked));
    let (code, text) = match done {
        Ok(holds) => return ExitCode::from(u8::from(!holds)),
        Err(Stop::Help) => return print(HELP).map_or(ExitCode::from(3), |()| ExitCode::SUCCESS),
        Err(Stop::Version) => {
            let version = concat!("tonghop-verify ", env!("CARGO_PKG_VERSION"), "\n");
            return print(version).map_or(ExitCode::from(3), |()| ExitCode::SUCCESS);
        }
        Err(Stop::Usage(text)) => (2, text + "; `tonghop-verify --help` says how"),
        Err(Stop::World(text)) => (3, text),
    };
    eprintln!("tonghop-verify: {text}");
    ExitCode::from(code)
}

fn asked(mut words: impl Iterator<Item = OsString>) -> Result<Asked, Stop> {
    let (mut bundle, mut keys, mut page) = (None, Vec::new(), None);
    let (mut json, mut lang) = (false, Lang::Vi);
    let usage = |text: &str| Stop::Usage(text.to_owned());
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        let (name, inline) = match text.split_once('=').filter(|_| text.starts_with("--")) {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (text, None),
        };
        let mut value = || {
            let given = inline.clone().or_else(|| words.next());
            given.ok_or_else(|| Stop::Usage(format!("{name} wants a value")))
        };
        match name {
            "-h" | "--help" => return Err(Stop::Help),
            "-V" | "--version" => return Err(Stop::Version),
            "--key" => keys.extend(keys_of(&value()?)?),
            "--page" => page = Some(PathBuf::from(value()?)),
            "--lang" => {
                let word = value()?;
                let word = word.to_str().unwrap_or_default();
                lang = Lang::parse(word).ok_or_else(|| usage("--lang is vi or en"))?;
            }
            "--json" if inline.is_none() => json = true,
            _ if text.starts_with("--") => {
                return Err(Stop::Usage(format!("there is no option {name}")));
            }
            _ if bundle.is_some() => return Err(usage("one bundle is verified at a time")),
            _ => bundle = Some(PathBuf::from(word)),
        }
    }
    if keys.len() > KEYS_MAX {
        return Err(Stop::Usage(format!("at most {KEYS_MAX} keys count")));
    }
    let bundle = bundle.ok_or_else(|| usage("which bundle?"))?;
    Ok(Asked { bundle, keys, json, page, lang })
}

/// The keys of an option: a key, or a file of keys.
fn keys_of(word: &OsString) -> Result<Vec<VerifierKey>, Stop> {
    let key = word.to_str().and_then(|text| VerifierKey::parse(text).ok());
    if let Some(key) = key {
        return Ok(vec![key]);
    }
    let path = Path::new(word);
    let neither = || {
        let word = path.display();
        Stop::Usage(format!("{word} is neither a key, NAME+ID+KEY, nor a file of keys"))
    };
    let size = std::fs::metadata(path).map_err(|_| neither())?.len();
    if size > KEY_FILE_BYTES_MAX {
        return Err(neither());
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<VerifierKey>> = lines.map(|line| VerifierKey::parse(line).ok()).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(neither)
}

fn run(asked: &Asked) -> Result<bool, Stop> {
    let file = File::open(&asked.bundle).map_err(|error| unreadable(&asked.bundle, &error))?;
    let size = file.metadata().map_or(0, |about| about.len());
    let (begun, tells) = (Instant::now(), io::stderr().is_terminal());
    let mut told = begun;
    let mut progress = |read: u64| {
        let due = begun.elapsed() > TELL_AFTER && told.elapsed() > TELL_AFTER / 4;
        if tells && due && size > 0 {
            told = Instant::now();
            eprint!("\r{} % of {size} bytes", read.saturating_mul(100) / size);
        }
    };
    let verdict = verify(BufReader::with_capacity(1 << 16, file), &asked.keys, &mut progress)
        .map_err(|error| unreadable(&asked.bundle, &error))?;
    if told != begun {
        eprintln!();
    }
    if let Some(path) = &asked.page {
        std::fs::write(path, page(&verdict, asked.lang))
            .map_err(|error| unreadable(path, &error))?;
    }
    let text = if asked.json { json::json(&verdict) } else { lines(&verdict) };
    print(&text)?;
    Ok(verdict.holds())
}

fn unreadable(path: &Path, error: &io::Error) -> Stop {
    Stop::World(format!("{}: {error}", path.display()))
}

fn print(text: &str) -> Result<(), Stop> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Stop::World(format!("standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// The verdict for a terminal.
fn lines(verdict: &Verdict) -> String {
    let published = verdict.published.as_deref().unwrap_or("?");
    let mut out = vec![verdict.figure.clone(), published.to_owned()];
    if let Some(named) = &verdict.named {
        let (from, to) = &named.window;
        out.push(format!("{} · {} · {from} – {to}", named.indicator.0, named.unit));
    }
    if let Some(closing) = &verdict.closing {
        let (id, at, position) = (&closing.id, &closing.closed_at, closing.position);
        out.push(format!("closing {id} of {at}, at position {position}"));
    }
    out.push(String::new());
    for check in Check::ALL {
        let mark = match verdict.outcome(check) {
            Outcome::Holds => "✓",
            Outcome::Fails => "✗",
            Outcome::Unreached => "–",
        };
        out.push(format!("{mark} {}", check.word()));
        let failures = verdict.failures.iter().filter(|held| held.code.check() == check);
        out.extend(failures.map(|held| format!("    {}: {}", held.code.word(), held.detail)));
    }
    if verdict.more > 0 {
        out.push(format!("and {} more", verdict.more));
    }
    out.push(String::new());
    out.extend(verdict.signers.iter().map(|(signed, key)| match signed {
        Signed::Closing => format!("closing signed by {key}"),
        Signed::Checkpoint => format!("log signed by {key}"),
        Signed::Witness(at) => format!("cosigned at {at} by {key}"),
    }));
    out.extend(verdict.redacted.iter().map(|(position, redaction)| {
        let (decision, day) = (&redaction.decision, &redaction.day);
        format!("message {position} was erased by decision {decision} of {day}")
    }));
    let timelines: u64 = verdict.made_of.iter().map(|made| made.timelines).sum();
    let (shown, open) = verdict.leaves;
    out.push(format!("{shown} messages shown, {open} of them open; {timelines} timelines"));
    if !verdict.is_vouched {
        let warning =
            "NOBODY VOUCHES FOR THE KEYS: they came with the bundle. Name yours with --key.";
        out.extend([String::new(), warning.to_owned()]);
    }
    let verdict = if verdict.holds() { "it holds" } else { "IT DOES NOT HOLD" };
    out.extend([String::new(), verdict.to_owned(), String::new()]);
    // Of what others wrote, nothing is to move the cursor.
    let plain = |line: String| line.replace(char::is_control, " ");
    out.into_iter().map(plain).collect::<Vec<_>>().join("\n")
}
