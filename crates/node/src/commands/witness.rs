//! `tonghop witness`: another body sees the log grow, and says so.
//!
//! A witness keeps the last checkpoint that it cosigned of each log. It cosigns another one if that
//! is signed by the log and the tiles prove that it goes on from the last. Whoever then verifies a
//! cosigned checkpoint knows that the log was not rewritten unless the witness took part.
//!
//! **Invariant WIT-1:** of a log, a witness cosigns only checkpoints of which each goes on from the
//! one before, and remembers a checkpoint before anybody is given its cosignature.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::note::{Kind, NOTE_BYTES_MAX, Note, VerifierKey};
use tonghop_ledger::tiles::{Reader, Tile};
use tonghop_ledger::tree::{Head, NotGrown, empty_root, goes_on};

use self::source::Source;
use self::state::State;
use super::audit::key;
use super::report::output::write;
use super::{NO, print};
use crate::settings::Settings;

mod source;
mod state;

/// Bytes of a tile.
const TILE_BYTES_MAX: usize = 8 * 1024;

/// What is done.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make the key of a witness
    #[command(
        after_help = "The key is written to a new file that its owner alone can read. What is \
printed is the verifier key: publish it.\n\nExample:\n  tonghop witness key --name \
thanhtra.gov.vn/w1 -o witness.key"
    )]
    Key {
        /// What the witness is called for ever, best as an address without its scheme
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The file of the key; one that is there is never overwritten
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Cosign the log's checkpoint if it goes on from the last one that was cosigned
    #[command(after_help = "The answer is the checkpoint with the log's signature and the \
witness's. Give it back to the log, or keep it: it is what a later log has to extend. It is refused \
with exit code 1 and both checkpoints if the log does not extend what was cosigned before.\n\n\
Examples:\n  tonghop witness cosign http://127.0.0.1:8080/log --log \
nghean.gov.vn/tonghop+1a2b3c4d+AQ… --key witness.key --state seen\n  tonghop witness cosign \
/mnt/copy/archive/log --log nghean.gov.vn/tonghop+1a2b3c4d+AQ… --key witness.key --state seen -o \
cosigned")]
    Cosign(Box<CosignArgs>),
}

/// The arguments of `witness cosign`.
#[derive(Debug, Args)]
pub struct CosignArgs {
    /// Where the log is read: a directory with `checkpoint` and `tile`, or `http://…`
    #[arg(value_name = "DIR|URL")]
    from: String,
    /// The verifier key of the log
    #[arg(long, value_name = "KEY", value_parser = verifier_key)]
    log: VerifierKey,
    /// The file of the witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The directory that remembers what was cosigned; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Write the cosigned checkpoint to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn verifier_key(text: &str) -> Result<VerifierKey, String> {
    let key = VerifierKey::parse(text).map_err(|error| error.to_string())?;
    if key.kind() == Kind::Note {
        Ok(key)
    } else {
        Err("this is the key of a witness, not of a log".to_owned())
    }
}

/// Runs the command.
pub async fn run(command: WitnessCommand, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        WitnessCommand::Key { name, output } => {
            key::make(&name, Kind::Cosignature, &output, settings)
        }
        WitnessCommand::Cosign(args) => {
            let json = settings.json;
            tokio::task::spawn_blocking(move || cosign(&args, json)).await?
        }
    }
}

/// What came of a checkpoint that was looked at.
enum Seen {
    /// It goes on from the last one.
    Cosigned(Checkpoint, Note),
    /// It does not.
    Refused { why: String, last: Option<Note> },
}

fn cosign(args: &CosignArgs, as_json: bool) -> anyhow::Result<ExitCode> {
    let witness = key::read(&args.key)?;
    anyhow::ensure!(
        witness.verifier().kind() == Kind::Cosignature,
        "{} is the key of a log; a witness has one of its own: `tonghop witness key`",
        args.key.display()
    );
    let source = Source::new(&args.from)?;
    let state = State::open(&args.state, &args.log, &witness)?;
    let Some(shown) = source.read("checkpoint", NOTE_BYTES_MAX)? else {
        anyhow::bail!("{} has no checkpoint yet", args.from);
    };
    let seen = match Checkpoint::open(&shown, &args.log) {
        Ok((checkpoint, note)) => look(&state, &source, checkpoint, note.signed_by(&args.log))?,
        Err(error) => Seen::Refused { why: error.to_string(), last: None },
    };
    match seen {
        Seen::Cosigned(checkpoint, mut note) => {
            note.cosign(&witness, now());
            state.keep(&note)?;
            answered(args, as_json, &checkpoint.head(), &note)
        }
        Seen::Refused { why, last } => Ok(refused(as_json, &why, last.as_ref(), &shown)),
    }
}

/// Whether the checkpoint goes on from the last one that was cosigned.
fn look(
    state: &State,
    source: &Source,
    checkpoint: Checkpoint,
    note: Note,
) -> anyhow::Result<Seen> {
    let (last, last_note) = state.last().map_or_else(
        || (Head { size: 0, root: empty_root() }, None),
        |(last, note)| (last.head(), Some(note.clone())),
    );
    let new = checkpoint.head();
    let mut reader = Reader::new(new.size, |tile: &Tile| -> anyhow::Result<_> {
        source.read(&tile.to_string(), TILE_BYTES_MAX)
    });
    match goes_on(&last, &new, &mut |level, index| reader.hash(level, index))? {
        Ok(()) => Ok(Seen::Cosigned(checkpoint, note)),
        Err(damaged @ NotGrown::Damaged { .. }) => Err(damaged.into()),
        Err(why @ (NotGrown::Behind { .. } | NotGrown::Forked { .. })) => {
            let why = format!("the checkpoint that was cosigned last is not extended: {why}");
            Ok(Seen::Refused { why, last: last_note })
        }
    }
}

fn answered(
    args: &CosignArgs,
    as_json: bool,
    head: &Head,
    note: &Note,
) -> anyhow::Result<ExitCode> {
    let text = note.to_string();
    if let Some(path) = &args.output {
        write(Some(path), text.as_bytes())?;
    }
    if as_json {
        let answer = json!({"cosigned": true, "origin": args.log.name(), "size": head.size,
            "checkpoint": text});
        return Ok(print(&format!("{answer}\n")));
    }
    Ok(match &args.output {
        Some(path) => print(&format!("cosigned {head} in {}\n", path.display())),
        None => print(&text),
    })
}

/// Says why not, with the checkpoints that show it.
fn refused(as_json: bool, why: &str, last: Option<&Note>, shown: &[u8]) -> ExitCode {
    let shown = String::from_utf8_lossy(shown);
    let last = last.map(Note::to_string);
    if as_json {
        let answer =
            json!({"cosigned": false, "reason": why, "last": last, "shown": shown.as_ref()});
        print(&format!("{answer}\n"));
    } else {
        let printable: String =
            shown.chars().filter(|letter| !letter.is_control() || *letter == '\n').collect();
        let last = last.map(|last| format!("\nCosigned last:\n\n{last}")).unwrap_or_default();
        print(&format!("refused: {why}\n{last}\nShown now:\n\n{printable}"));
    }
    ExitCode::from(NO)
}

/// Unix seconds of now.
fn now() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default()
}
