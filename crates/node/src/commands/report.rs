//! `tonghop report`: a form, from the projector that runs, or from the store when none runs.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::{DONE, FAILED, USAGE, print, reconciliation};
use crate::local::{self, Answered};
use crate::render::{FormAnswer, table};
use crate::settings::Settings;

/// How a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For the terminal.
    Table,
    /// The form's JSON, as HTTP answers it.
    Json,
    /// Comma-separated, plain numbers.
    Csv,
}

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tonghop report --form bieu-06a --period 2021-Q3\n  tonghop \
report --form post --from 2021-05-01 --to 2021-08-30\n  tonghop report --form bieu-06-field --unit \
H41.16 --period 2021-Q3 --format csv -o bieu06.csv")]
pub struct ReportArgs {
    /// Which form; without it the forms are listed
    #[arg(long)]
    form: Option<String>,
    /// The unit whose subtree is read [default: the province]
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// A period of the calendar, such as 2021-Q3, 2021-H1, 2021-M07, 2021
    #[arg(long, conflicts_with_all = ["from", "to"])]
    period: Option<String>,
    /// The calendar of the period [default: legal]
    #[arg(long, requires = "period")]
    calendar: Option<String>,
    /// First day of any window, YYYY-MM-DD
    #[arg(long, requires = "to", value_name = "DAY")]
    from: Option<String>,
    /// Last day of the window
    #[arg(long, requires = "from", value_name = "DAY")]
    to: Option<String>,
    /// What was known at the end of this day
    #[arg(long, value_name = "DAY")]
    known_at: Option<String>,
    /// The tree of units: as-was, or a day
    #[arg(long)]
    tree: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Only the sums by level of unit, and the total (with --format table)
    #[arg(long)]
    by_level: bool,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(args: &ReportArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Some(form) = &args.form else { return list(settings).await };
    let format = if settings.json { Format::Json } else { args.format };
    let mut query = vec![
        ("lang", Some(settings.lang.to_string())),
        ("unit", args.unit.clone()),
        ("period", args.period.clone()),
        ("calendar", args.calendar.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("knownAt", args.known_at.clone()),
        ("tree", args.tree.clone()),
    ];
    if form == "reconciliation" {
        let path = args.output.as_deref();
        return match format {
            Format::Table => reconciliation::run(reconciliation::As::Table, &query, path, settings),
            Format::Json => reconciliation::run(reconciliation::As::Json, &query, path, settings),
            Format::Csv => reconciliation::run(reconciliation::As::Csv, &query, path, settings),
        }
        .await;
    }
    query.push(("format", (format == Format::Csv).then(|| "csv".to_owned())));
    let path = format!("/v1/forms/{}", local::encode(form));
    let answered = local::get(settings, &path, &query).await?;
    if let Some(code) = refused(&answered) {
        return Ok(code);
    }
    let text = match format {
        Format::Csv => String::from_utf8(answered.body)?,
        Format::Json => FormAnswer::parse(&answered.body)?.pretty()? + "\n",
        Format::Table => {
            let answer = FormAnswer::parse(&answered.body)?;
            if args.by_level { table::by_level(&answer) } else { table::table(&answer) }
        }
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, text).with_context(|| path.display().to_string())?;
            Ok(ExitCode::from(DONE))
        }
        None => Ok(print(&text)),
    }
}

async fn list(settings: &Settings) -> anyhow::Result<ExitCode> {
    let lang = [("lang", Some(settings.lang.to_string()))];
    let answered = local::get(settings, "/v1/forms", &lang).await?;
    if let Some(code) = refused(&answered) {
        return Ok(code);
    }
    if settings.json {
        return Ok(print(&format!("{}\n", String::from_utf8(answered.body)?)));
    }
    let answer: serde_json::Value = serde_json::from_slice(&answered.body)?;
    let mut text = String::from("forms (choose one with --form):\n");
    for form in answer.get("forms").and_then(serde_json::Value::as_array).into_iter().flatten() {
        let field = |name| form.get(name).and_then(serde_json::Value::as_str).unwrap_or("");
        writeln!(text, "  {:<16} {}", field("id"), field("label"))?;
    }
    text.push_str("  reconciliation   Đối chiếu số liệu khai báo với số liệu tổng hợp\n");
    Ok(print(&text))
}

/// Says why a request was refused, in the words of the answer.
pub(super) fn refused(answered: &Answered) -> Option<ExitCode> {
    if answered.status < 400 {
        return None;
    }
    let problem: serde_json::Value =
        serde_json::from_slice(&answered.body).unwrap_or_else(|_| serde_json::json!({}));
    let field = |name| problem.get(name).and_then(serde_json::Value::as_str).unwrap_or("");
    eprintln!("tonghop: {}: {}", field("title"), field("detail"));
    if field("type").ends_with("form.unknown") {
        eprintln!("`tonghop report` without --form lists them");
    }
    Some(ExitCode::from(if answered.status < 500 { USAGE } else { FAILED }))
}
