//! `tonghop event`: the kinds of event, and an example or the schema of one, to copy.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use tonghop_wire::kind::Kind;
use tonghop_wire::{describe, most_similar, schema};

use super::{USAGE, print};
use crate::settings::Settings;

/// The arguments.
#[derive(Debug, Args)]
#[command(
    after_help = "An example names units and ids of its own: put in yours before you publish it.\n\n\
Examples:\n  tonghop event                           what there is\n  tonghop event dossier.accepted > \
event.json\n  tonghop event dossier.accepted --schema"
)]
pub struct EventArgs {
    /// The kind, such as dossier.accepted; none: list all kinds
    kind: Option<String>,
    /// Print the JSON Schema of its data instead of an example
    #[arg(long, requires = "kind")]
    schema: bool,
}

/// Runs the command.
pub fn run(args: &EventArgs, settings: &Settings) -> ExitCode {
    let Some(name) = &args.kind else {
        return print(&list(settings.json));
    };
    let Some(kind) = Kind::parse(name) else {
        let known: Vec<String> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let hint = match most_similar(name, &known) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`tonghop event` lists them".to_owned(),
        };
        eprintln!("tonghop: there is no kind of event {name:?}; {hint}");
        return ExitCode::from(USAGE);
    };
    if args.schema {
        return print(&format!("{:#}\n", schema::data(kind)));
    }
    print(&format!("{}\n", describe::kind(kind).example.trim_end()))
}

fn list(as_json: bool) -> String {
    let kinds = Kind::ALL.iter().map(|kind| (kind.name(), describe::kind(*kind)));
    if as_json {
        let rows: Vec<_> = kinds
            .map(|(name, text)| {
                json!({
                    "kind": name, "vietnamese": text.vietnamese, "about": text.about,
                    "when": text.when, "subject": text.subject,
                })
            })
            .collect();
        return format!("{:#}\n", json!(rows));
    }
    kinds.fold(String::new(), |mut out, (name, text)| {
        // Writing to a String cannot fail.
        writeln!(out, "{name:30} {}", text.vietnamese).unwrap_or_default();
        out
    })
}
