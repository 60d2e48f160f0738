//! `tonghop report --form reconciliation`: what was found, as a table, JSON or CSV.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::{DONE, print, report};
use crate::local;
use crate::settings::Settings;

/// Characters of a line.
const WIDE: u16 = 120;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// For the terminal.
    Table,
    /// As HTTP answers it.
    Json,
    /// Comma-separated.
    Csv,
}

/// Asks, and writes what was answered.
pub async fn run(
    how: As,
    query: &[(&str, Option<String>)],
    output: Option<&Path>,
    settings: &Settings,
) -> anyhow::Result<ExitCode> {
    let mut query = query.to_vec();
    query.push(("format", (how == As::Csv).then(|| "csv".to_owned())));
    let answered = local::get(settings, "/v1/reconciliation", &query).await?;
    if let Some(code) = report::refused(&answered) {
        return Ok(code);
    }
    let text = match how {
        As::Csv => String::from_utf8(answered.body)?,
        As::Json => {
            let answer: Value = serde_json::from_slice(&answered.body)?;
            serde_json::to_string_pretty(&answer)? + "\n"
        }
        As::Table => table(&serde_json::from_slice(&answered.body)?)?,
    };
    match output {
        Some(path) => {
            std::fs::write(path, text).with_context(|| path.display().to_string())?;
            Ok(ExitCode::from(DONE))
        }
        None => Ok(print(&text)),
    }
}

/// The findings as they were told, then what differs from what is computed.
fn table(answer: &Value) -> anyhow::Result<String> {
    let text = |value: &Value, name| plain(value.get(name).and_then(Value::as_str).unwrap_or(""));
    let list = |name| answer.get(name).and_then(Value::as_array).into_iter().flatten();
    let vietnamese = text(answer, "lang") == "vi";
    let mut findings = new_table(if vietnamese {
        ["Mức độ", "Loại", "Đơn vị", "Nội dung"]
    } else {
        ["Severity", "Kind", "Unit", "What was found"]
    });
    for finding in list("findings") {
        let names = ["severityLabel", "kindLabel", "unit", "text"];
        findings.add_row(names.map(|name| text(finding, name)));
    }
    let mut compared = new_table(if vietnamese {
        ["Chỉ tiêu", "Khai báo", "Tổng hợp", "Kết quả"]
    } else {
        ["Indicator", "Declared", "Computed", "Result"]
    });
    for comparison in list("comparisons") {
        let null = Value::Null;
        let declared = comparison.get("declared").unwrap_or(&null);
        let days = comparison.get("window").filter(|window| !window.is_null());
        let days = days.map_or_else(String::new, |window| {
            let (from, to) = (text(window, "from"), text(window, "to"));
            if from == to { format!(" {to}") } else { format!(" {from} – {to}") }
        });
        let indicator = format!("{} {}{days}", text(declared, "unit"), text(declared, "indicator"));
        let result = text(comparison, "text");
        let computed = number(comparison.get("computed").unwrap_or(&null));
        compared.add_row([indicator, number(declared), computed, result]);
    }
    let mut out = String::new();
    if list("findings").next().is_some() {
        writeln!(out, "{findings}")?;
    } else {
        out.push_str(if vietnamese {
            "Không phát hiện điều gì phải xem lại.\n"
        } else {
            "Nothing was found that should be looked at.\n"
        });
    }
    if list("comparisons").next().is_some() {
        writeln!(out, "{compared}")?;
    } else {
        out.push_str(if vietnamese {
            "Không có số khai báo nào của kỳ này để so với số tổng hợp.\n"
        } else {
            "No declared figure of these days can be held against a computed one.\n"
        });
    }
    let labels = answer.get("labels").and_then(Value::as_object).into_iter().flatten();
    for (id, label) in labels {
        writeln!(out, "  {}  {}", plain(id), plain(label.as_str().unwrap_or("")))?;
    }
    Ok(out)
}

/// A value or a bound of the answer, short.
fn number(value: &Value) -> String {
    let int = |value: &Value, name: &str| value.get(name).and_then(Value::as_i64);
    if let Some(bound) = value.get("bound") {
        let of = int(value, "of").map_or_else(String::new, |of| format!(" / {of}"));
        return match (int(bound, "approximately"), int(bound, "atLeast"), int(bound, "atMost")) {
            (Some(about), _, _) => format!("≈ {about}{of}"),
            (None, Some(low), Some(high)) => format!("{low} … {high}{of}"),
            (None, Some(low), None) => format!("≥ {low}{of}"),
            (None, None, _) => String::new(),
        };
    }
    if let Some(ratio) = value.get("ratio") {
        return match (int(ratio, "part"), int(ratio, "whole")) {
            (Some(part), Some(whole)) => format!("{part}/{whole}"),
            (_, _) => String::new(),
        };
    }
    int(value, "value").map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn new_table(heads: [&str; 4]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDE);
    table.set_header(heads);
    table
}

/// Without characters that would steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
