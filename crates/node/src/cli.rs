//! What the command line knows, and which command does it.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

use crate::commands::{self, FAILED, USAGE};
use crate::settings::{CommonArgs, Settings};

/// Consolidates the events of a province's agencies into the figures of its reform reports.
#[derive(Debug, Parser)]
#[command(
    name = "tonghop",
    version,
    after_help = "Every common flag is also an environment variable (TONGHOP_DATA, TONGHOP_NATS, \
…) and a key of tonghop.toml.\nExit codes: 0 done, 1 it ran and the answer is no, 2 usage, 3 the \
world failed.\n\nBegin with:\n  tonghop up                            everything on this machine\n  \
tonghop sample --scale 0.01 | tonghop publish -\n  tonghop report --form bieu-06a --period 2021-Q3"
)]
struct Cli {
    #[command(flatten)]
    common: CommonArgs,
    /// Log as JSON lines (standard error)
    #[arg(long, global = true, env = "TONGHOP_LOG_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: NATS as a child process, a projector, HTTP
    Up(commands::up::UpArgs),
    /// Publish events from NDJSON or CSV files
    Publish(commands::publish::PublishArgs),
    /// Declare figures that no system emits
    Declare(commands::declare::DeclareArgs),
    /// List the indicators, or check files of a catalogue
    #[command(subcommand)]
    Indicators(commands::indicators::IndicatorsCommand),
    /// Run a projector worker: fold the log into the store of --data
    Project,
    /// Serve HTTP for the projector that runs on --data
    Serve,
    /// Print or write a form
    Report(commands::report::ReportArgs),
    /// Fold the log afresh, and compare with what is stored
    Replay(commands::replay::ReplayArgs),
    /// Write the events of Nghệ An, third quarter of 2021
    Sample(commands::sample::SampleArgs),
    /// Check the log, the store and their accounts
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: Shell,
    },
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            error.print().ok();
            return ExitCode::from(if wrong { USAGE } else { commands::DONE });
        }
    };
    log_to_stderr(cli.log_json);
    let settings = match cli.common.settle() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("tonghop: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match run(cli.command, &settings) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tonghop: {}", sentence(&error));
            ExitCode::from(FAILED)
        }
    }
}

fn log_to_stderr(as_json: bool) {
    let filter = EnvFilter::try_from_env("TONGHOP_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn,sled=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if as_json { log.json().init() } else { log.init() }
}

fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Up(args) => commands::up::run(&args, settings).await,
            Command::Publish(args) => commands::publish::run(&args, settings).await,
            Command::Declare(args) => commands::declare::run(&args, settings).await,
            Command::Indicators(command) => commands::indicators::run(&command, settings),
            Command::Project => commands::project::run(settings).await,
            Command::Serve => commands::serve::run(settings).await,
            Command::Report(args) => commands::report::run(&args, settings).await,
            Command::Replay(args) => commands::replay::run(&args, settings).await,
            Command::Doctor => commands::doctor::run(settings).await,
            Command::Sample(args) => commands::sample::run(&args),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "tonghop", &mut script);
                Ok(commands::print(&String::from_utf8_lossy(&script)))
            }
        }
    })
}

/// An error with its causes; a cause that is in the text already is not told again.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = [text, cause].join(": ");
        }
    }
    text
}
