//! `tonghop outbox`: what an outbox holds, also while another process sends from it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tonghop_client::outbox::{Outbox, Status};

use super::{grouped, print, printable};
use crate::settings::Settings;

/// The arguments.
#[derive(Debug, Args)]
pub struct OutboxArgs {
    /// The directory of the outbox
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs the command.
pub fn run(args: &OutboxArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let shown = args.dir.display();
    anyhow::ensure!(args.dir.join("lock").is_file(), "{shown} is no outbox");
    let status = Outbox::look(&args.dir).with_context(|| shown.to_string())?;
    if settings.json {
        return Ok(print(&format!("{}\n", as_json(&status))));
    }
    Ok(print(&as_text(&status)))
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn as_json(status: &Status) -> Value {
    let sources = status.sources.iter().map(
        |(name, source)| json!({"source": name, "waiting": source.events, "next": source.next}),
    );
    json!({
        "waiting": status.events,
        "bytes": status.bytes,
        "sources": sources.collect::<Vec<_>>(),
    })
}

fn as_text(status: &Status) -> String {
    let (waiting, bytes) = (grouped(count(status.events)), grouped(status.bytes));
    let mut lines = vec![format!("waiting {waiting} · {bytes} bytes on disk\n")];
    for (name, source) in status.sources.iter().filter(|(_, source)| source.events > 0) {
        let next = match source.next {
            Some(next) => format!("next number {next}"),
            None => "numbers its events itself".to_owned(),
        };
        let (name, waiting) = (printable(name), grouped(count(source.events)));
        lines.push(format!("  {name}: waiting {waiting} · {next}\n"));
    }
    lines.concat()
}
