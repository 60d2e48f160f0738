//! `tonghop indicators`: what figures there are, and whether catalogue files are good.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use tonghop_core::day::Day;
use tonghop_wire::{CatalogueFile, catalogue_with};

use super::{DONE, NO, USAGE, print};
use crate::catalogue_dir::{self, CatalogueDirError};
use crate::settings::{Lang, Settings};

/// What is done.
#[derive(Debug, Subcommand)]
pub enum IndicatorsCommand {
    /// List the indicators: those of this version and of the catalogue directory
    List {
        /// Those that are asked for on this day [default: all]
        #[arg(long, value_name = "DAY")]
        on: Option<String>,
    },
    /// Check files of indicators, forms, calendars and rules
    Check {
        /// TOML files, each read after those before it
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Runs the command.
pub fn run(command: &IndicatorsCommand, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        IndicatorsCommand::List { on } => list(on.as_deref(), settings),
        IndicatorsCommand::Check { files } => check(files, settings),
    }
}

fn list(on: Option<&str>, settings: &Settings) -> anyhow::Result<ExitCode> {
    let on = match on.map(|text| Day::parse(text).ok_or(text)) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(text)) => {
            eprintln!("tonghop: --on {text:?} is no day; give YYYY-MM-DD");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let catalogue = catalogue_dir::load(settings)?;
    let valid = catalogue.indicators.iter().filter(|i| on.is_none_or(|day| i.is_valid_on(day)));
    let label = |label: &tonghop_core::catalogue::Label| match settings.lang {
        Lang::Vi => label.vi.clone(),
        Lang::En => label.en.clone(),
    };
    if settings.json {
        let rows: Vec<serde_json::Value> = valid
            .map(|i| {
                json!({"id": i.id, "label": label(&i.label), "nature": i.nature.word(),
                       "counted": label(&i.counted), "source": i.source})
            })
            .collect();
        return Ok(print(&format!("{}\n", serde_json::Value::from(rows))));
    }
    let mut text = String::new();
    for indicator in valid {
        let (id, nature) = (&indicator.id, indicator.nature.word());
        writeln!(text, "{id:<40} {nature:<9} {}", label(&indicator.label))?;
    }
    Ok(print(&text))
}

fn check(paths: &[PathBuf], settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut good: Vec<CatalogueFile> = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let file = match catalogue_dir::read_file(path) {
            Ok(file) => file,
            Err(error @ CatalogueDirError::Unreadable { .. }) => return Err(error.into()),
            Err(error @ (CatalogueDirError::TooMuch { .. } | CatalogueDirError::Faulty(_))) => {
                problems.push(error.to_string());
                continue;
            }
        };
        good.push(file);
        if let Err(error) = catalogue_with(&good) {
            problems.push(error.to_string());
            good.pop();
        }
    }
    if settings.json {
        print(&format!("{}\n", json!({"files": paths.len(), "problems": problems})));
    } else if problems.is_empty() {
        print(&format!("{} files are good\n", paths.len()));
    } else {
        for problem in &problems {
            eprintln!("{problem}");
        }
    }
    Ok(ExitCode::from(if problems.is_empty() { DONE } else { NO }))
}
