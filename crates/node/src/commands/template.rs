//! `tonghop template`: an empty table for a kind of event, ready to be filled in, and its mapping.
//!
//! Columns and what is said of them come from `proto/`; what they are called in Vietnamese from
//! `template/words.toml`, what they are from `template/explained.toml`; the example row is that of
//! `proto/golden`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::describe;
use tonghop_wire::kind::Kind;
use tonghop_wire::most_similar;

use super::report::output;
use super::{DONE, USAGE, print};
use crate::settings::Settings;
use crate::table::Format;

mod columns;
mod map_file;
mod sheets;
mod words;

use columns::Template;

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "Fill in the table, delete its example row, and publish it with its \
mapping:\n  tonghop template dossier.accepted --unit H41.16 -o ho-so.xlsx\n  tonghop publish \
--dry-run --map ho-so.toml ho-so.xlsx\n  tonghop publish --map ho-so.toml ho-so.xlsx")]
pub struct TemplateArgs {
    /// The kind of event, such as dossier.accepted; without it, all kinds are listed
    #[arg(requires = "output")]
    kind: Option<String>,
    /// The table: an .xlsx or a .csv file; not an existing one
    #[arg(short, long, value_name = "FILE", requires = "kind")]
    output: Option<PathBuf>,
    /// The mapping [default: the table's name with .toml]
    #[arg(long, value_name = "FILE", requires = "output")]
    map_out: Option<PathBuf>,
    /// The unit that all rows are of; without it, the table has a column for it
    #[arg(long, value_name = "CODE", requires = "output")]
    unit: Option<String>,
}

/// Runs the command.
pub fn run(args: &TemplateArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (Some(name), Some(path)) = (&args.kind, &args.output) else {
        return Ok(print(&list(settings.json)));
    };
    let refuse = |why: String| {
        eprintln!("tonghop: {why}");
        Ok(ExitCode::from(USAGE))
    };
    let Some(kind) = Kind::parse(name) else {
        let all: Vec<String> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let hint = most_similar(name, &all).map_or_else(
            || "`tonghop template` lists them".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return refuse(format!("there is no kind of event {name:?}; {hint}"));
    };
    let unit = match args.unit.as_deref().map(|text| (text, UnitCode::parse(text))) {
        None => None,
        Some((_, Some(unit))) => Some(unit),
        Some((text, None)) => {
            return refuse(format!("--unit {text:?}: give a code such as H41.16"));
        }
    };
    let Some(format) = Format::of(path) else {
        return refuse(format!("{}: give a name that ends in .xlsx or .csv", path.display()));
    };
    let map = args.map_out.clone().unwrap_or_else(|| path.with_extension("toml"));
    for path in [path, &map] {
        if path.exists() {
            let shown = path.display();
            return refuse(format!("{shown} is there already, and may be filled in: name another"));
        }
    }
    let template = Template::of(kind, unit, settings.lang)?;
    let table = sheets::write(&template, format)?;
    output::write(Some(path), &table)?;
    output::write(Some(&map), map_file::write(&template, format).as_bytes())?;
    told(path, &map);
    Ok(ExitCode::from(DONE))
}

fn told(path: &Path, map: &Path) {
    let (path, map) = (path.display(), map.display());
    eprintln!(
        "{path}: fill it in, and delete its example row\n{map}: its mapping\nthen: tonghop publish \
         --dry-run --map {map} {path}"
    );
}

/// All kinds, each with what the contract says of it.
fn list(as_json: bool) -> String {
    if as_json {
        let kinds = Kind::ALL.iter().map(|kind| {
            let example: Value =
                serde_json::from_str(describe::kind(*kind).example).unwrap_or_default();
            json!({"kind": kind.name(), "about": describe::kind(*kind).about, "example": example})
        });
        return format!("{}\n", kinds.collect::<Value>());
    }
    let width = Kind::ALL.iter().map(|kind| kind.name().len()).max().unwrap_or(0);
    let line = |kind: &Kind| {
        let about = describe::kind(*kind).about.split(". ").next().unwrap_or_default();
        format!("{:<width$}  {}\n", kind.name(), about.trim_end_matches('.'))
    };
    Kind::ALL.iter().map(line).collect()
}

/// The example of the contract as JSON.
fn example(kind: Kind) -> anyhow::Result<Value> {
    serde_json::from_str(describe::kind(kind).example).with_context(|| kind.name())
}

#[cfg(test)]
mod tests;
