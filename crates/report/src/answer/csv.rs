//! CSV: plain integers, a ratio as two columns; no text that a spreadsheet would run.

use super::{CellAnswer, Column, FormAnswer};

/// The mark by which Excel knows that a file is UTF-8; without it Vietnamese is shown as rubbish.
/// It goes before a file that a person will open, not into what a program reads.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The form as CSV, with a head line.
///
/// A text that begins with `=`, `+`, `-`, `@`, a tab or a line break gets a `'` before it, because
/// a spreadsheet would take it for a formula.
pub fn csv(form: &FormAnswer) -> String {
    let mut out = String::new();
    if form.columns.is_empty() {
        list(form, &mut out);
    } else {
        columns(form, &mut out);
    }
    out
}

fn list(form: &FormAnswer, out: &mut String) {
    line(
        out,
        ["key", "label", "indicator", "counted", "value", "part", "whole"].map(str::to_owned),
    );
    for row in &form.rows {
        let texts =
            [Some(&row.key), Some(&row.label), row.indicator.as_ref(), row.counted.as_ref()];
        let texts = texts.map(|text| harmless(text.map_or("", String::as_str)));
        let cell = row.cells.get("value");
        let value = integer(cell.and_then(|cell| cell.value));
        line(out, texts.into_iter().chain([value]).chain(parts(cell)));
    }
}

fn columns(form: &FormAnswer, out: &mut String) {
    let is_ratio = |column: &Column| column.nature == "ratio";
    let mut head = vec!["key".to_owned(), "label".to_owned(), "level".to_owned()];
    for column in &form.columns {
        if is_ratio(column) {
            head.push(harmless(&format!("{}.part", column.key)));
            head.push(harmless(&format!("{}.whole", column.key)));
        } else {
            head.push(harmless(&column.key));
        }
    }
    line(out, head);
    for row in &form.rows {
        let level = row.level.as_deref().unwrap_or("");
        let mut fields = vec![harmless(&row.key), harmless(&row.label), harmless(level)];
        for column in &form.columns {
            let cell = row.cells.get(&column.key);
            if is_ratio(column) {
                fields.extend(parts(cell));
            } else {
                fields.push(integer(cell.and_then(|cell| cell.value)));
            }
        }
        line(out, fields);
    }
}

fn parts(cell: Option<&CellAnswer>) -> [String; 2] {
    let ratio = cell.and_then(|cell| cell.ratio);
    [integer(ratio.map(|ratio| ratio.part)), integer(ratio.map(|ratio| ratio.whole))]
}

fn integer(value: Option<i64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A line of texts, harmless to a spreadsheet.
pub fn record(out: &mut String, texts: &[&str]) {
    line(out, texts.iter().map(|text| harmless(text)));
}

/// RFC 4180: quoted where it must be, lines end with CR LF.
fn line(out: &mut String, fields: impl IntoIterator<Item = String>) {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}
