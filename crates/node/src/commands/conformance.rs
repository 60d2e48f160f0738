//! `tonghop conformance`: plays the system of an agency against a running Tổng Hợp, and says of
//! every promise of the contract whether it is kept; or reads what a vendor's own system writes.
//!
//! What it plays changes no figure that anybody prints: its events are of a day of 1990, come from
//! a source of their own, and are all retracted at the end. What stays is that source in
//! `/v1/completeness`, and what was refused on purpose; so on a unit that other systems publish
//! for it asks to be told twice.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tonghop_core::unit_code::UnitCode;

use super::{DONE, NO, USAGE};
use crate::commands::report::output;
use crate::settings::Settings;

mod address;
mod events;
mod lines;
mod played;
mod server;
mod steps;
mod verdict;

use address::Address;
use server::Server;
use verdict::Shape;

/// Where the token is looked for when no file is named.
const TOKEN: &str = "TONGHOP_TOKEN";

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "The token of `tonghop agency add UNIT` is read from --token-file, or from the \
variable TONGHOP_TOKEN.\nEvents go over HTTP (--http, or --url with TLS), or over NATS where --nats is named; figures \
are read over HTTP in both cases.\nThe events are of January 1990 and are retracted at the end: no \
figure that anybody prints changes.\n\nExamples:\n  TONGHOP_TOKEN=th_… tonghop conformance --as \
H41.16\n  tonghop conformance --as H41.16 --url https://tonghop.example.vn --token-file token.txt -o \
conformance.docx\n  tonghop \
conformance --check events.ndjson        what a system has written, without a server"
)]
pub struct ConformanceArgs {
    /// The unit whose system is played, such as H41.16
    #[arg(long = "as", value_name = "UNIT", value_parser = unit, required_unless_present = "check")]
    unit: Option<UnitCode>,
    /// HTTP as others reach it, such as <https://tonghop.example.vn>, in place of --http
    #[arg(long, env = "TONGHOP_URL", value_name = "URL")]
    url: Option<String>,
    /// File that holds the unit's token for HTTP
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Run also if other systems publish for the unit
    #[arg(long)]
    on_live: bool,
    /// Check the events of NDJSON files instead, without a server; - is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["token_file", "on_live"])]
    check: Vec<PathBuf>,
    /// Write the report to a file: .md, .json, .docx or .pdf
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn unit(text: &str) -> Result<UnitCode, String> {
    UnitCode::parse(&text.to_ascii_uppercase())
        .ok_or_else(|| "give a code such as H41.16 or 000.00.16.H41".to_owned())
}

/// Runs the command.
pub async fn run(args: &ConformanceArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let shape = match Shape::of(args.output.as_deref()) {
        Ok(shape) => shape,
        Err(why) => return Ok(wrong(&why)),
    };
    let report = if args.check.is_empty() {
        let Some(unit) = args.unit else { return Ok(wrong("name the unit with --as")) };
        let Some(token) = token(args)? else {
            return Ok(wrong(
                "give the unit's token with --token-file FILE or in TONGHOP_TOKEN; `tonghop \
                 agency add UNIT` makes one",
            ));
        };
        let address = match &args.url {
            Some(url) if !settings.http_is_named => {
                match Address::parse(url, settings.tls_ca.as_deref()) {
                    Ok(address) => address,
                    Err(why) => return Ok(wrong(&why)),
                }
            }
            _ => Address::of(settings.http),
        };
        let server = Server::new(address, token);
        match played::play(unit, args.on_live, server, settings).await? {
            Ok(report) => report,
            Err(why) => return Ok(wrong(&why)),
        }
    } else {
        lines::check(&args.check, args.unit)?
    };
    if let Some(path) = &args.output {
        output::write(Some(path), &report.written(shape)?)?;
    }
    output::write(None, &report.told(settings.json))?;
    Ok(ExitCode::from(if report.is_good() { DONE } else { NO }))
}

fn wrong(why: &str) -> ExitCode {
    eprintln!("tonghop: {why}");
    ExitCode::from(USAGE)
}

/// The token, without the end of its line.
fn token(args: &ConformanceArgs) -> anyhow::Result<Option<String>> {
    use anyhow::Context;
    let text = match &args.token_file {
        Some(path) => {
            Some(std::fs::read_to_string(path).with_context(|| path.display().to_string())?)
        }
        None => std::env::var(TOKEN).ok(),
    };
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}
