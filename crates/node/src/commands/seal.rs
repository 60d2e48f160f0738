//! `tonghop seal`: seals the log into the archive, and signs what is sealed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use async_nats::jetstream;
use clap::Args;
use serde_json::json;

use super::audit::key;
use super::{DONE, FAILED, grouped, print, stop_signal};
use crate::archive;
use crate::log::Log;
use crate::settings::Settings;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "What the log holds now is sealed into Parquet segments below --data, in archive, \
whether it fills one or not, and its tree is signed. `up` seals full segments by itself, and what \
there is after an hour of quiet; `close` seals too. It reads the log and changes nothing of it.\n\n\
Example:\n  tonghop seal --key log.key"
)]
pub struct SealArgs {
    /// The key that signs: `tonghop audit key` makes one
    #[arg(long, value_name = "FILE", env = "TONGHOP_KEY")]
    key: PathBuf,
}

/// Runs the command.
pub async fn run(args: &SealArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let key = Arc::new(key::read(&args.key)?);
    let stop = stop_signal()?;
    let opened = Log::open(settings, "tonghop seal").await?;
    let context = jetstream::new(opened.client.clone());
    let dir = archive::dir(&settings.data);
    let sealed = archive::seal_and_sign(&context, &dir, &key, &stop).await;
    opened.close().await?;
    let Some((position, checkpoint)) = sealed? else {
        eprintln!("stopped before the end; the next run goes on where this one was");
        return Ok(ExitCode::from(FAILED));
    };
    let checkpoint = checkpoint.to_string();
    let text = if settings.json {
        format!("{}\n", json!({"position": position, "checkpoint": checkpoint}))
    } else {
        format!("sealed up to position {}\n{checkpoint}", grouped(position))
    };
    print(&text);
    Ok(ExitCode::from(DONE))
}
