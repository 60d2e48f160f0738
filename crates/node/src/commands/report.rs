//! `tonghop report`: a form, from the projector that runs, or from the store when none runs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;
use tonghop_report::{FormAnswer, csv, table};

use super::{FAILED, USAGE, completeness, print, reconciliation};
use crate::local::{self, Answered};
use crate::settings::Settings;

pub(super) mod output;

/// How a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For the terminal.
    Table,
    /// The form's JSON, as HTTP answers it.
    Json,
    /// Comma-separated, plain numbers; a file begins with the mark that Excel needs.
    Csv,
    /// A workbook, ready to be printed.
    Xlsx,
    /// A document to be edited and signed.
    Docx,
    /// Pages.
    Pdf,
}

impl Format {
    /// The word by which HTTP is asked; none if the answer is made of the JSON.
    const fn asked(self) -> Option<&'static str> {
        match self {
            Self::Table | Self::Json => None,
            Self::Csv => Some("csv"),
            Self::Xlsx => Some("xlsx"),
            Self::Docx => Some("docx"),
            Self::Pdf => Some("pdf"),
        }
    }

    const fn is_binary(self) -> bool {
        matches!(self, Self::Xlsx | Self::Docx | Self::Pdf)
    }

    /// The format that a file's name asks for.
    fn of_file(path: &Path) -> Result<Self, String> {
        let extension = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        Ok(match extension.to_ascii_lowercase().as_str() {
            "json" => Self::Json,
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "docx" => Self::Docx,
            "pdf" => Self::Pdf,
            "txt" | "" => Self::Table,
            other => {
                return Err(format!(
                    "no form is written as .{other}; name the file .xlsx, .docx, .pdf, .csv, \
                     .json or .txt, or say --format"
                ));
            }
        })
    }
}

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tonghop report --form bieu-06a --period 2021-Q3\n  tonghop \
report --form post --from 2021-05-01 --to 2021-08-30\n  tonghop report --form bieu-06-field --unit \
H41.16 --period 2021-Q3 -o bieu06.xlsx\n  tonghop report --form bieu-06a --period 2021-Q3 --format pdf >bieu06a.pdf")]
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
    /// The form as it was published in this closing, byte for byte (`closings` lists them)
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["unit", "period", "calendar", "from", "to", "known_at", "tree"]
    )]
    closing: Option<String>,
    /// How to write it [default: as the name of the file ends, else table]
    #[arg(long, value_enum)]
    format: Option<Format>,
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
    let format = match chosen(args, settings) {
        Ok(format) => format,
        Err(why) => {
            eprintln!("tonghop: {why}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let mut query = vec![
        ("lang", Some(settings.lang.to_string())),
        ("unit", args.unit.clone()),
        ("period", args.period.clone()),
        ("calendar", args.calendar.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("knownAt", args.known_at.clone()),
        ("tree", args.tree.clone()),
        ("closing", args.closing.clone()),
    ];
    if form == "completeness" {
        return of_sources(query, args, format, settings).await;
    }
    if form == "reconciliation" {
        let what = NoForm { word: "reconciliation", table: reconciliation::table };
        return what.write(query, format, args, settings).await;
    }
    query.push(("format", format.asked().map(str::to_owned)));
    let path = format!("/v1/forms/{}", local::encode(form));
    let answered = local::get(settings, &path, &query).await?;
    if let Some(code) = refused(&answered) {
        return Ok(code);
    }
    let bytes = match format {
        // What was published stays as it is, to the byte.
        Format::Json | Format::Csv if args.closing.is_some() => answered.body,
        Format::Csv if args.output.is_some() => {
            [csv::BYTE_ORDER_MARK.as_bytes(), &answered.body].concat()
        }
        Format::Csv | Format::Xlsx | Format::Docx | Format::Pdf => answered.body,
        Format::Json => (FormAnswer::parse(&answered.body)?.pretty()? + "\n").into_bytes(),
        Format::Table => {
            let answer = FormAnswer::parse(&answered.body)?;
            let text = if args.by_level { table::by_level(&answer) } else { table::table(&answer) };
            text.into_bytes()
        }
    };
    output::write(args.output.as_deref(), &bytes)
}

/// The completeness of the sources, which is of now; the timeliness of the units beside it is of
/// the window.
async fn of_sources(
    query: Vec<(&'static str, Option<String>)>,
    args: &ReportArgs,
    format: Format,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    if args.known_at.is_some() || args.tree.is_some() {
        eprintln!("tonghop: the completeness is that of now; leave out --known-at and --tree");
        return Ok(ExitCode::from(USAGE));
    }
    let query = query.into_iter().filter(|(name, _)| !["knownAt", "tree"].contains(name)).collect();
    let what = NoForm { word: "completeness", table: completeness::table };
    what.write(query, format, args, settings).await
}

/// What is found out about figures, and is no form itself.
struct NoForm {
    /// What it is called, and the last part of its path.
    word: &'static str,
    /// It in the terminal.
    table: fn(&Value) -> String,
}

impl NoForm {
    /// Asks, and writes what was answered.
    async fn write(
        &self,
        mut query: Vec<(&'static str, Option<String>)>,
        format: Format,
        args: &ReportArgs,
        settings: &Settings,
    ) -> anyhow::Result<ExitCode> {
        let word = self.word;
        if format.is_binary() {
            eprintln!("tonghop: the {word} is written as table, json or csv");
            return Ok(ExitCode::from(USAGE));
        }
        query.push(("format", format.asked().map(str::to_owned)));
        let answered = local::get(settings, &format!("/v1/{word}"), &query).await?;
        if let Some(code) = refused(&answered) {
            return Ok(code);
        }
        let bytes = if format == Format::Csv {
            answered.body
        } else {
            let answer: Value = serde_json::from_slice(&answered.body)?;
            let text = if format == Format::Json {
                serde_json::to_string_pretty(&answer)? + "\n"
            } else {
                (self.table)(&answer)
            };
            text.into_bytes()
        };
        output::write(args.output.as_deref(), &bytes)
    }
}

/// How it is written, or why it is not.
fn chosen(args: &ReportArgs, settings: &Settings) -> Result<Format, String> {
    let of_file = || args.output.as_deref().map_or(Ok(Format::Table), Format::of_file);
    let format = if settings.json { Format::Json } else { args.format.map_or_else(of_file, Ok)? };
    if args.by_level && format != Format::Table {
        return Err("--by-level is for the table alone; leave it out".to_owned());
    }
    if format.is_binary() && args.output.is_none() && output::is_terminal() {
        let word = format.asked().unwrap_or_default();
        return Err(format!(
            "{word} is nothing for a terminal; write it to a file with -o FILE.{word}, \
             or hand it on with |"
        ));
    }
    Ok(format)
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
    let answer: Value = serde_json::from_slice(&answered.body)?;
    let mut text = String::from("forms (choose one with --form):\n");
    for form in answer.get("forms").and_then(Value::as_array).into_iter().flatten() {
        let field = |name| form.get(name).and_then(Value::as_str).unwrap_or("");
        writeln!(text, "  {:<16} {}", field("id"), field("label"))?;
    }
    text.push_str("  completeness     Sự kiện còn thiếu của từng hệ thống nguồn\n");
    text.push_str("  reconciliation   Đối chiếu số liệu khai báo với số liệu tổng hợp\n");
    Ok(print(&text))
}

/// Says why a request was refused, in the words of the answer.
pub(super) fn refused(answered: &Answered) -> Option<ExitCode> {
    if answered.status < 400 {
        return None;
    }
    let problem: Value =
        serde_json::from_slice(&answered.body).unwrap_or_else(|_| serde_json::json!({}));
    let field = |name| problem.get(name).and_then(Value::as_str).unwrap_or("");
    eprintln!("tonghop: {}: {}", field("title"), field("detail"));
    if field("type").ends_with("form.unknown") {
        eprintln!("`tonghop report` without --form lists them");
    }
    Some(ExitCode::from(if answered.status < 500 { USAGE } else { FAILED }))
}
