//! `tonghop declare`: figures that no system emits, one from the command line or a table of them.
//!
//! A table is read and checked whole before anything is sent: a row that cannot be sent keeps all
//! of them back. What is declared again at the same time is a duplicate that changes nothing.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};
use tonghop_core::catalogue::{Catalogue, Nature};
use tonghop_core::day::Instant;
use tonghop_core::fingerprint::Content;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{Decoder, Raw, most_similar, route};

use super::{NO, USAGE, publish};
use crate::settings::Settings;
use crate::{catalogue_dir, local};

pub mod table;

use table::{Declared, Kind};

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tonghop declare portal.posted 60 --from 2021-06-01 --to \
2021-09-06 --unit H41.16\n  tonghop declare certificates.valid 4000 --qualifier at-least --as-of \
2021-09-06\n  tonghop declare feedback.received --qualifier nil --from 2021-06-15 --to 2021-09-14\n  \
tonghop declare --unit H41.16 --from-file figures.csv\n  tonghop declare feedback.received \
--withdraw\n\nWhat is declared twice in different words stays twice, and is told as a \
contradiction:\nwithdraw an indicator to take back all that the unit declared of it, then declare it \
anew.\n\nThe columns of a table: indicator, from, \
to, asOf, value, of, qualifier, note; only indicator is\nnever empty. Days are YYYY-MM-DD or \
dd/mm/yyyy; numbers are whole, without separators. A figure without days counts on the day of\n--time.")]
pub struct DeclareArgs {
    /// The id of the indicator (`tonghop indicators list`)
    #[arg(required_unless_present = "from_file", conflicts_with = "from_file")]
    indicator: Option<String>,
    /// The number, a whole one; may be left out with --qualifier nil
    #[arg(conflicts_with = "from_file")]
    value: Option<String>,
    /// First day of the window that it is of
    #[arg(long, value_name = "DAY", conflicts_with = "from_file")]
    from: Option<String>,
    /// Last day of the window
    #[arg(long, value_name = "DAY", conflicts_with = "from_file")]
    to: Option<String>,
    /// The day that a stock is as of
    #[arg(long, value_name = "DAY", conflicts_with_all = ["from", "to", "from_file"])]
    as_of: Option<String>,
    /// What it is a part of: the denominator, 100 for percent
    #[arg(long, value_name = "N", conflicts_with = "from_file")]
    of: Option<String>,
    /// How exact it is: exact, at-least, at-most, approximate, nil [default: exact]
    #[arg(long, conflicts_with = "from_file")]
    qualifier: Option<String>,
    /// Words about it
    #[arg(long, conflicts_with = "from_file")]
    note: Option<String>,
    /// Take back all that the unit has declared of the indicator
    #[arg(long, conflicts_with_all = ["value", "from", "to", "as_of", "of", "qualifier", "note", "from_file"])]
    withdraw: bool,
    /// A table of figures: a CSV file, or the first sheet of an XLSX file
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,
    /// The unit that declares [default: the province]
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// When it is declared, RFC 3339 [default: now]; the same again at the same time is a duplicate
    #[arg(long, value_name = "INSTANT")]
    time: Option<String>,
}

/// Runs the command.
pub async fn run(args: &DeclareArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let declared = match &args.from_file {
        Some(file) => {
            std::fs::metadata(file).with_context(|| file.display().to_string())?;
            table::of_file(file)
        }
        None if args.withdraw => Ok(vec![Declared::withdrawn(args.indicator.as_deref())]),
        None => table::of_cells(&[
            ("indicator", args.indicator.as_deref()),
            ("from", args.from.as_deref()),
            ("to", args.to.as_deref()),
            ("asOf", args.as_of.as_deref()),
            ("value", args.value.as_deref()),
            ("of", args.of.as_deref()),
            ("qualifier", args.qualifier.as_deref()),
            ("note", args.note.as_deref()),
        ]),
    };
    let unit = match &args.unit {
        Some(text) => UnitCode::parse(text)
            .with_context(|| format!("--unit {text:?}: give a code such as H41.16"))?,
        None => province(settings).await?,
    };
    let time = match &args.time {
        Some(text) => Instant::parse(text)
            .with_context(|| format!("--time {text:?}: give 2021-09-06T08:00:00+07:00"))?
            .to_string(),
        None => now(),
    };
    let catalogue = catalogue_dir::load(settings)?;
    let known = declared.and_then(|declared| known(declared, &catalogue));
    let lines = known.and_then(|declared| lines(&declared, unit, &time));
    let lines = match lines {
        Ok(lines) => lines,
        Err(problems) => return Ok(faulty(args.from_file.as_deref(), &problems)),
    };
    let dir = settings.data.join("publish");
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let file = dir.join(format!("declare-{}.ndjson", std::process::id()));
    std::fs::write(&file, lines).with_context(|| file.display().to_string())?;
    let published = publish::run(&publish::PublishArgs::strict(&file), settings).await;
    std::fs::remove_file(&file).with_context(|| file.display().to_string())?;
    published
}

/// The figures, if the catalogue has their indicators and they say what these are made of.
fn known(declared: Vec<Declared>, catalogue: &Catalogue) -> Result<Vec<Declared>, Vec<String>> {
    let mut problems = Vec::new();
    for figure in &declared {
        let (row, id) = (figure.row, &figure.indicator);
        let Some(indicator) = catalogue.indicator(id) else {
            let ids: Vec<String> =
                catalogue.indicators.iter().map(|held| held.id.clone()).collect();
            let hint = most_similar(id, &ids).map_or_else(
                || "`tonghop indicators list` has them".to_owned(),
                |similar| format!("did you mean {similar}?"),
            );
            problems.push(format!("row {row}, column indicator: {id:?} is no indicator; {hint}"));
            continue;
        };
        let has = |name: &str| figure.data.contains_key(name);
        if indicator.adds_as() == Nature::Ratio && has("value") && !has("of") {
            problems.push(format!(
                "row {row}, column of: {id} is a ratio; give what the value is a part of, 100 for \
                 percent"
            ));
        }
        if indicator.adds_as() == Nature::Flow && has("asOf") {
            problems.push(format!(
                "row {row}, column asOf: {id} is what happens in a window; give from and to"
            ));
        }
    }
    if problems.is_empty() { Ok(declared) } else { Err(problems) }
}

/// The events of these declarations, a line each; or what is wrong with them.
pub fn lines(declared: &[Declared], unit: UnitCode, time: &str) -> Result<String, Vec<String>> {
    let (mut lines, mut problems) = (String::new(), Vec::new());
    for (place, figure) in declared.iter().enumerate() {
        let same =
            |other: &&Declared| other.indicator == figure.indicator && other.data == figure.data;
        // What a table says twice is said twice.
        let before = declared.iter().take(place).filter(same).count();
        let line = event(figure, unit, time, before).to_string();
        match decode(&line) {
            Ok(()) => {
                lines.push_str(&line);
                lines.push('\n');
            }
            Err(why) => problems.push(format!("row {}: {why}", figure.row)),
        }
    }
    if problems.is_empty() { Ok(lines) } else { Err(problems) }
}

fn event(figure: &Declared, unit: UnitCode, time: &str, before: usize) -> Value {
    let data: Map<String, Value> = figure.data.clone();
    let said = match figure.kind {
        Kind::Declared => json!([unit.as_str(), figure.indicator, data, time, before]),
        Kind::Withdrawn => json!([unit.as_str(), figure.indicator, "withdrawn", time]),
    };
    let said = said.to_string();
    json!({
        "specversion": "1.0",
        "id": format!("d-{:016x}", Content::of(said.as_bytes()).0),
        "source": format!("/{unit}/declare"),
        "type": format!("vn.tonghop.figure.{}.v1", figure.kind.word()),
        "subject": figure.indicator,
        "time": time,
        "unit": unit.as_str(),
        "data": data,
    })
}

/// Whether the event would be read.
fn decode(line: &str) -> Result<(), String> {
    let subject = route(line.as_bytes()).map_err(|refused| refused.to_string())?;
    let raw = Raw { subject: &subject, headers: &[], payload: line.as_bytes() };
    Decoder::new().decode(&raw).map(|_| ()).map_err(|refused| refused.to_string())
}

fn faulty(file: Option<&Path>, problems: &[String]) -> ExitCode {
    let mut text = String::new();
    for problem in problems {
        let (file, problem) = match file {
            Some(file) => (format!("{}: ", file.display()), problem.as_str()),
            // There are no rows on a command line.
            None => (String::new(), problem.strip_prefix("row 1, column ").unwrap_or(problem)),
        };
        writeln!(text, "{file}{problem}").unwrap_or_default();
    }
    eprint!("{text}");
    eprintln!("nothing was declared");
    ExitCode::from(if file.is_some() { NO } else { USAGE })
}

/// The second it is now.
fn now() -> String {
    let seconds = chrono::Utc::now().timestamp();
    Instant::from_unix_ms(seconds.saturating_mul(1_000)).to_string()
}

/// The one province that is registered.
async fn province(settings: &Settings) -> anyhow::Result<UnitCode> {
    let answered = local::get(settings, "/v1/units", &[]).await?;
    let answer: Value = serde_json::from_slice(&answered.body)?;
    let units = answer.get("units").and_then(Value::as_array).into_iter().flatten();
    let field = |unit: &Value, name| unit.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut provinces = units.filter(|unit| field(unit, "level").as_deref() == Some("PROVINCE"));
    match (provinces.next().and_then(|unit| field(unit, "code")), provinces.next()) {
        (Some(code), None) => UnitCode::parse(&code).context("a unit code"),
        (None, _) | (Some(_), Some(_)) => {
            anyhow::bail!("which unit declares? give --unit, such as H41.16")
        }
    }
}
