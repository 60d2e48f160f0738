//! `tonghop report --form reconciliation`: what was found, as a table, JSON or CSV.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::{printable, terminal_width};

/// The findings as they were told, then what differs from what is computed.
pub(super) fn table(answer: &Value) -> String {
    let text =
        |value: &Value, name| printable(value.get(name).and_then(Value::as_str).unwrap_or(""));
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
        writeln!(out, "{findings}").unwrap_or_default();
    } else {
        out.push_str(if vietnamese {
            "Không phát hiện điều gì phải xem lại.\n"
        } else {
            "Nothing was found that should be looked at.\n"
        });
    }
    if list("comparisons").next().is_some() {
        writeln!(out, "{compared}").unwrap_or_default();
    } else {
        out.push_str(if vietnamese {
            "Không có số khai báo nào của kỳ này để so với số tổng hợp.\n"
        } else {
            "No declared figure of these days can be held against a computed one.\n"
        });
    }
    let labels = answer.get("labels").and_then(Value::as_object).into_iter().flatten();
    for (id, label) in labels {
        writeln!(out, "  {}  {}", printable(id), printable(label.as_str().unwrap_or("")))
            .unwrap_or_default();
    }
    out
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
    table.set_width(terminal_width());
    table.set_header(heads);
    table
}
