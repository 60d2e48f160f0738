//! `tonghop audit prove`: writes the bundle of a figure, which anybody can verify offline.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::archive;
use crate::closings::prove::Proving;
use crate::closings::refold::Refolded;
use crate::closings::{self, Held};
use crate::commands::{DONE, FAILED, NO, grouped, print, stop_signal};
use crate::settings::Settings;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "The bundle holds the closing, the events of the units that the figure reads, and \
what proves that they are all and are what was sealed. Whoever gets it needs no access to this \
system: `tonghop-verify BUNDLE --key KEY` checks it on any machine. It holds the messages \
themselves: give it to nobody who may not read them.\n\nExample:\n  \
tonghop audit prove documents.issued~H41.16~20210615-20210914 -o issued.bundle\n  \
tonghop-verify issued.bundle --key log.pub --page issued.html"
)]
pub struct ProveArgs {
    /// The id of the figure, as forms have it
    figure: String,
    /// The closing that published it [default: the last that has it]
    #[arg(long, value_name = "ID")]
    closing: Option<String>,
    /// The file of the bundle
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the command.
pub async fn run(args: &ProveArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let all = closings::list(&settings.data)?;
    let asked = |held: &&Held| args.closing.as_ref().is_none_or(|id| *id == held.closing.id);
    let mut found = None;
    for held in all.iter().rev().filter(asked) {
        let proving = Proving::new(held)?;
        if let Some(figure) = proving.figure(&args.figure) {
            found = Some((held, proving, figure));
            break;
        }
    }
    let Some((held, proving, figure)) = found else {
        eprintln!(
            "tonghop: no closing has published {}; `tonghop closings` lists the closings, and the \
             ids of figures stand in the JSON of their forms",
            args.figure
        );
        return Ok(ExitCode::from(NO));
    };
    let position = held.closing.position;
    eprintln!("folding {} messages afresh from the archive", grouped(position));
    let kept = (figure.units.clone(), figure.families.clone());
    let refolded = Refolded::keeping(&settings.data, position, kept, stop, |position, end, _| {
        eprintln!("  folded {} of {}", grouped(position), grouped(end));
    });
    let Some(refolded) = refolded.await? else {
        eprintln!("stopped before the end; nothing is written");
        return Ok(ExitCode::from(FAILED));
    };
    eprintln!("writing the bundle");
    let archive = archive::dir(&settings.data);
    let bytes = tokio::task::block_in_place(|| {
        replaced(&args.output, |out| proving.write(&figure, &refolded, &archive, out))
    })?;
    let path = args.output.display().to_string();
    let text = if settings.json {
        let json = json!({"closing": held.closing.id, "bundle": path, "bytes": bytes});
        format!("{json}\n")
    } else {
        format!(
            "{path}: {} bytes, of closing {}\ncheck it with: tonghop-verify {path}\n",
            grouped(bytes),
            held.closing.id
        )
    };
    print(&text);
    Ok(ExitCode::from(DONE))
}

/// Writes a file that takes the place of the one of its name only when it is whole.
fn replaced(
    path: &Path,
    write: impl FnOnce(BufWriter<File>) -> anyhow::Result<BufWriter<File>>,
) -> anyhow::Result<u64> {
    let mut name = path.file_name().context("the name of a file is missing")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = File::create(&part).map_err(anyhow::Error::from).and_then(|file| {
        let mut out = write(BufWriter::new(file))?;
        out.flush()?;
        out.get_ref().sync_all()?;
        let bytes = out.get_ref().metadata()?.len();
        std::fs::rename(&part, path)?;
        Ok(bytes)
    });
    if written.is_err() {
        std::fs::remove_file(&part).ok();
    }
    written.with_context(|| path.display().to_string())
}
