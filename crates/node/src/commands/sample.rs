//! `tonghop sample`: writes the events of Nghệ An.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{DONE, USAGE, grouped, print};
use crate::sample::{self, Expected, Options, Scale, Value};

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "One log, one sample (scale and seed): another one uses the same ids for \
other content, and is refused. Begin another with another `--data`.\n\nExamples:\n  tonghop \
sample --scale 0.01 | tonghop publish -")]
pub struct SampleArgs {
    /// Which sample: nghean-2021-q3
    #[arg(default_value = sample::NAME)]
    name: String,
    /// Share of the true volume, above 0 and at most 1
    #[arg(long, default_value = "1")]
    scale: Scale,
    /// Seed of the invented parts; it changes no figure
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the figures that the events hold, as JSON, instead of the events
    #[arg(long)]
    expected: bool,
}

/// Runs the command.
pub fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    if args.name != sample::NAME {
        eprintln!("there is no sample {:?}; there is {}", args.name, sample::NAME);
        return Ok(ExitCode::from(USAGE));
    }
    let options = Options { scale: args.scale, seed: args.seed };
    if args.expected {
        let rows: Vec<_> = sample::expected(&options).iter().map(row).collect();
        return Ok(print(&format!("{}\n", serde_json::to_string_pretty(&rows)?)));
    }
    let written = match &args.output {
        Some(path) => {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            sample::write(&options, &mut BufWriter::with_capacity(1 << 20, file))
        }
        None => {
            sample::write(&options, &mut BufWriter::with_capacity(1 << 20, io::stdout().lock()))
        }
    };
    match written {
        Ok(summary) => {
            let mut err = io::stderr().lock();
            let (events, bytes) = (grouped(summary.total()), grouped(summary.bytes));
            writeln!(err, "{events} events, {bytes} bytes").ok();
            Ok(ExitCode::from(DONE))
        }
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::from(DONE)),
        Err(error) => Err(error).context("writing the sample"),
    }
}

fn row(expected: &Expected) -> serde_json::Value {
    let value = match expected.value {
        Value::Count(count) => json!(count),
        Value::Share { part, whole } => json!({"part": part, "whole": whole}),
    };
    json!({
        "id": expected.id,
        "indicator": expected.indicator,
        "unit": expected.unit,
        "from": expected.from,
        "to": expected.to,
        "value": value,
        "seed": expected.seed_line,
    })
}
