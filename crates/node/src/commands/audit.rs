//! `tonghop audit`: what makes the log and its figures provable to others.

use std::process::ExitCode;

use clap::Subcommand;
use tonghop_ledger::note::Kind;

use crate::settings::Settings;

pub mod key;
pub mod prove;

/// What is done.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Make the key that signs the checkpoints of the log
    #[command(
        after_help = "The key is written to a new file that its owner alone can read, and is \
shown nowhere. Whoever has it can speak for the log: keep a copy where the log's machine is not.\n\
What is printed is the verifier key. Give it to everybody who is to check the log.\n\nExample:\n  \
tonghop audit key --origin nghean.gov.vn/tonghop -o log.key"
    )]
    Key(OriginArgs),
    /// Write the bundle of a figure, which anybody can verify offline
    Prove(prove::ProveArgs),
}

/// The arguments of `audit key`.
#[derive(Debug, clap::Args)]
pub struct OriginArgs {
    /// What the log is called for ever, best as an address without its scheme
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// The file of the key; one that is there is never overwritten
    #[arg(short, long, value_name = "FILE")]
    output: std::path::PathBuf,
}

/// Runs the command.
pub async fn run(command: &AuditCommand, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::Prove(args) => prove::run(args, settings).await,
        AuditCommand::Key(args) => key::make(&args.origin, Kind::Note, &args.output, settings),
    }
}
