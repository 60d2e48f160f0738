//! What the command line knows, and which command does it.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

use crate::commands::{self, FAILED, USAGE};
use crate::settings::{CommonArgs, Settings, common_options, is_typed};

/// Consolidates the events of a province's agencies into the figures of its reform reports.
#[derive(Debug, Parser)]
#[command(
    name = "tonghop",
    version,
    after_help = "Every common option is also an environment variable (TONGHOP_DATA, TONGHOP_NATS, \
…) and a key of tonghop.toml.\nExit codes: 0 done, 1 it ran and the answer is no, 2 usage, 3 the \
world failed.\n\nBegin with:\n  tonghop up                            everything on this machine\n  \
tonghop sample --scale 0.01 | tonghop publish -\n  tonghop report --form bieu-06a --period 2021-Q3"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: NATS as a child process, a projector, HTTP
    Up(commands::up::UpArgs),
    /// Publish events from NDJSON, CSV or XLSX files
    Publish(commands::publish::PublishArgs),
    /// Write a table for a kind of event, to be filled in and published
    Template(commands::template::TemplateArgs),
    /// Say what an outbox of `publish --outbox` holds
    Outbox(commands::outbox::OutboxArgs),
    /// Declare figures that no system emits
    Declare(commands::declare::DeclareArgs),
    /// List the indicators, or check files of a catalogue
    #[command(subcommand)]
    Indicators(commands::indicators::IndicatorsCommand),
    /// Run a projector worker: fold the log into the store of --data
    Project(commands::project::ProjectArgs),
    /// Serve HTTP for the projector that runs on --data
    Serve,
    /// Say who may publish: give out, list and end tokens for HTTP and keys for NATS
    #[command(subcommand)]
    Agency(commands::agency::AgencyCommand),
    /// Make the streams, and what agencies read their refusals by
    Provision(commands::provision::ProvisionArgs),
    /// List what was refused, and why
    Refusals(commands::refusals::RefusalsArgs),
    /// Seal the log into the archive, and sign what is sealed
    Seal(commands::seal::SealArgs),
    /// Freeze a period, signed: what was published stays found, whatever comes later
    Close(commands::close::CloseArgs),
    /// Let a period be closed once more
    Reopen(commands::close::ReopenArgs),
    /// List what was closed
    Closings,
    /// Print or write a form
    Report(commands::report::ReportArgs),
    /// List the events behind a figure, or behind a change of it
    Explain(commands::explain::ExplainArgs),
    /// Fold the log afresh, and compare with what is stored
    Replay(commands::replay::ReplayArgs),
    /// Prove what the log holds: make the key that it is signed with
    #[command(subcommand)]
    Audit(commands::audit::AuditCommand),
    /// Cosign another body's log, as long as it only grows
    #[command(subcommand)]
    Witness(commands::witness::WitnessCommand),
    /// Play an agency's system against the contract, or check what one has written
    Conformance(commands::conformance::ConformanceArgs),
    /// Print an example event of a kind, or its JSON Schema
    Event(commands::event::EventArgs),
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
    let parsed = grammar().try_get_matches().and_then(|matches| checked(&matches));
    let (command, common) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let wrong = error.use_stderr();
            error.print().ok();
            return ExitCode::from(if wrong { USAGE } else { commands::DONE });
        }
    };
    log_to_stderr(common.log_json);
    let settings = match common.settle() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("tonghop: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match run(command, &settings) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tonghop: {}", sentence(&error));
            ExitCode::from(FAILED)
        }
    }
}

/// The command line: each command with its own options first, then the common ones that it uses.
fn grammar() -> clap::Command {
    let calendars = format!("The calendar of the period: {} [default: legal]", calendars());
    let root = Cli::command().mut_subcommand("report", |report| {
        report.mut_arg("calendar", |calendar| calendar.help(calendars))
    });
    // Known, so that it can be said why they are not taken.
    let refused = ["nats", "creds"].map(|id| Arg::new(id).long(id).hide(true).value_name("…"));
    with_common_options(root.mut_subcommand("up", |up| up.args(refused)))
}

/// Adds the common options to the commands that use them, and to the commands below those; they may
/// also stand in front of the command.
fn with_common_options(mut root: clap::Command) -> clap::Command {
    let of_all = CommonArgs::augment_args(clap::Command::new("common"));
    let options: Vec<Arg> = of_all.get_arguments().cloned().collect();
    let commands: Vec<String> =
        root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in commands {
        let used = common_options(&name);
        let of_command = options.iter().filter(|option| used.contains(&option.get_id().as_str()));
        let of_command: Vec<Arg> = of_command.cloned().map(|option| option.global(true)).collect();
        root = root.mut_subcommand(&name, |command| command.args(of_command));
    }
    // Only behind the command do they come from the environment.
    root.args(options.into_iter().map(|option| option.env(None)))
}

/// The names of the calendars, for a sentence.
fn calendars() -> String {
    let names = tonghop_wire::catalogue().map(|catalogue| {
        let names = catalogue.calendars.into_iter().map(|calendar| calendar.name);
        names.collect::<Vec<_>>().join(", ")
    });
    names.unwrap_or_default()
}

/// What was asked for, unless with an option that the command does not use.
fn checked(matches: &ArgMatches) -> Result<(Command, CommonArgs), clap::Error> {
    let refuse = |says: String| Err(grammar().error(ErrorKind::UnknownArgument, says));
    let Some((name, behind)) = matches.subcommand() else {
        return refuse("a command is missing".to_owned());
    };
    if name == "up"
        && ["nats", "creds"].iter().any(|id| is_typed(matches, id) || is_typed(behind, id))
    {
        return refuse(
            "`up` starts its own NATS; use `project` and `serve` for another one".to_owned(),
        );
    }
    let used = common_options(name);
    for id in matches.ids().map(clap::Id::as_str) {
        if is_typed(matches, id) && !used.contains(&id) {
            return refuse(format!("`{name}` does not use --{}", id.replace('_', "-")));
        }
    }
    let command = Cli::from_arg_matches(matches)?.command;
    Ok((command, CommonArgs::given(matches, behind)))
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
            Command::Template(args) => commands::template::run(&args, settings),
            Command::Outbox(args) => commands::outbox::run(&args, settings),
            Command::Declare(args) => commands::declare::run(&args, settings).await,
            Command::Indicators(command) => commands::indicators::run(&command, settings),
            Command::Project(args) => commands::project::run(&args, settings).await,
            Command::Serve => commands::serve::run(settings).await,
            Command::Agency(command) => commands::agency::run(&command, settings).await,
            Command::Provision(args) => commands::provision::run(&args, settings).await,
            Command::Seal(args) => commands::seal::run(&args, settings).await,
            Command::Close(args) => commands::close::close(&args, settings).await,
            Command::Reopen(args) => commands::close::reopen(&args, settings).await,
            Command::Closings => commands::closings::run(settings).await,
            Command::Report(args) => commands::report::run(&args, settings).await,
            Command::Explain(args) => commands::explain::run(&args, settings).await,
            Command::Refusals(args) => commands::refusals::run(&args, settings).await,
            Command::Replay(args) => commands::replay::run(&args, settings).await,
            Command::Audit(command) => commands::audit::run(&command, settings).await,
            Command::Witness(command) => commands::witness::run(command, settings).await,
            Command::Doctor => commands::doctor::run(settings).await,
            Command::Conformance(args) => commands::conformance::run(&args, settings).await,
            Command::Event(args) => Ok(commands::event::run(&args, settings)),
            Command::Sample(args) => commands::sample::run(&args),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut grammar(), "tonghop", &mut script);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn common(root: clap::Command, line: &str) -> CommonArgs {
        let matches = root.try_get_matches_from(line.split(' ')).unwrap();
        CommonArgs::given(&matches, matches.subcommand().unwrap().1)
    }

    #[test]
    fn the_grammar_is_sound() {
        grammar().debug_assert();
    }

    #[test]
    fn common_options_stand_before_or_behind_a_command_and_those_below_it() {
        let root = || {
            let verify = clap::Command::new("verify");
            let audit = clap::Command::new("audit").subcommand(verify);
            with_common_options(clap::Command::new("tonghop").subcommand(audit))
        };
        for line in [
            "tonghop --data d --nats nats://h --json audit verify",
            "tonghop audit --data d --nats nats://h --json verify",
            "tonghop audit verify --data d --nats nats://h --json",
            "tonghop --data other audit verify --data d --nats nats://h --json",
        ] {
            let given = common(root(), line);
            assert_eq!(given.data.as_deref(), Some(std::path::Path::new("d")), "{line}");
            assert_eq!(given.nats.as_deref(), Some("nats://h"), "{line}");
            assert!(given.json && given.named.nats && given.http.is_none(), "{line}");
        }
        assert!(!common(root(), "tonghop audit verify").named.nats);
    }
}
