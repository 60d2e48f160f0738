//! CSV: plain integers, a ratio as two columns, a bound as its ends; no text that a spreadsheet
//! would run.

use tonghop_core::read::Value;

use super::said::BoundAnswer;
use super::{CellAnswer, Column, FormAnswer, RowAnswer};

/// The mark by which Excel knows that a file is UTF-8; without it Vietnamese is shown as rubbish.
/// It goes before a file that a person will open, not into what a program reads.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The form as CSV, with a head line.
///
/// First the exact numbers: of each column its value, or its part and whole. Behind them what a row
/// is about, up to which day it was computed while the window is not over, and, for each column again, where its figures come from and what is said of them that
/// is no number; under the names of the JSON, so that nothing needs to be read out of words. A
/// computed figure without data is an empty field beside a status.
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

/// What is said of a row, beside its texts.
const ROW: [&str; 2] = ["kind", "computedTo"];

fn of_row(row: &RowAnswer, form: &FormAnswer) -> [String; 2] {
    [row.kind.word().to_owned(), harmless(form.computed_to.as_deref().unwrap_or(""))]
}

/// A column of the file, for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// The number, if it is exact; 0 where nothing occurred.
    Value,
    /// The numerator, if it is exact.
    Part,
    /// The denominator of an exact ratio.
    Whole,
    /// `computed`, `provisional`, `closed` or `declared`.
    Status,
    /// `exact`, `nil`, `missing` or `bound`.
    Said,
    /// The least that a bound can be.
    AtLeast,
    /// The most that a bound can be.
    AtMost,
    /// About what it is.
    Approximately,
    /// `true` if an approximate number is in the bound.
    Rough,
    /// What the bound is a part of.
    Of,
}

impl Field {
    const NUMBER: [Self; 1] = [Self::Value];
    const RATIO: [Self; 2] = [Self::Part, Self::Whole];
    const SAID: [Self; 6] =
        [Self::Said, Self::AtLeast, Self::AtMost, Self::Approximately, Self::Rough, Self::Of];

    const fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Part => "part",
            Self::Whole => "whole",
            Self::Status => "status",
            Self::Said => "said",
            Self::AtLeast => "atLeast",
            Self::AtMost => "atMost",
            Self::Approximately => "approximately",
            Self::Rough => "rough",
            Self::Of => "of",
        }
    }

    fn read(self, cell: Option<&CellAnswer>) -> String {
        let Some(cell) = cell else { return String::new() };
        if self == Self::Status {
            return cell.status.clone();
        }
        let Some(figure) = cell.figure() else { return String::new() };
        let bound = match figure {
            Value::Bound(range) | Value::BoundShare(range, _) => Some(BoundAnswer::of(range)),
            Value::Count(_) | Value::Share(_) | Value::Nil | Value::Missing => None,
        };
        let share = if let Value::Share(share) = figure { Some(share) } else { None };
        let number = match self {
            Self::Status => None,
            Self::Said => return said(figure).to_owned(),
            Self::Value => match figure {
                Value::Count(value) => Some(value),
                Value::Nil => Some(0),
                Value::Share(_) | Value::Missing | Value::Bound(_) | Value::BoundShare(..) => None,
            },
            Self::Part => share.map(|share| share.part),
            Self::Whole => share.map(|share| share.whole),
            Self::AtLeast => bound.and_then(|bound| bound.at_least),
            Self::AtMost => bound.and_then(|bound| bound.at_most),
            Self::Approximately => bound.and_then(|bound| bound.approximately),
            Self::Rough => {
                let rough = bound.and_then(|bound| bound.rough);
                return rough.map_or_else(String::new, |rough| rough.to_string());
            }
            Self::Of => match figure {
                Value::BoundShare(_, of) => Some(of),
                Value::Count(_)
                | Value::Share(_)
                | Value::Nil
                | Value::Missing
                | Value::Bound(_) => None,
            },
        };
        number.map_or_else(String::new, |number| number.to_string())
    }
}

const fn said(figure: Value) -> &'static str {
    match figure {
        Value::Count(_) | Value::Share(_) => "exact",
        Value::Nil => "nil",
        Value::Missing => "missing",
        Value::Bound(_) | Value::BoundShare(..) => "bound",
    }
}

fn list(form: &FormAnswer, out: &mut String) {
    let exact = Field::NUMBER.into_iter().chain(Field::RATIO);
    let rest = [Field::Status].into_iter().chain(Field::SAID);
    let words = |fields: &mut dyn Iterator<Item = Field>| -> Vec<String> {
        fields.map(|field| field.word().to_owned()).collect()
    };
    let mut head = ["key", "label", "indicator", "counted"].map(str::to_owned).to_vec();
    head.extend(words(&mut exact.clone()));
    head.extend(ROW.map(str::to_owned));
    head.extend(words(&mut rest.clone()));
    line(out, head);
    for row in &form.rows {
        let texts =
            [Some(&row.key), Some(&row.label), row.indicator.as_ref(), row.counted.as_ref()];
        let texts = texts.map(|text| harmless(text.map_or("", String::as_str)));
        let cell = row.cells.get("value");
        let exact = exact.clone().map(|field| field.read(cell));
        let rest = rest.clone().map(|field| field.read(cell));
        line(out, texts.into_iter().chain(exact).chain(of_row(row, form)).chain(rest));
    }
}

fn columns(form: &FormAnswer, out: &mut String) {
    let exact: Vec<(&Column, Field)> = form.columns.iter().flat_map(exact).collect();
    let rest: Vec<(&Column, Field)> =
        form.columns.iter().flat_map(|column| rest(column, form)).collect();
    let name = |(column, field): &(&Column, Field)| {
        let bare = *field == Field::Value && !is_ratio(column);
        let end = if bare { String::new() } else { format!(".{}", field.word()) };
        harmless(&format!("{}{end}", column.key))
    };
    let mut head = ["key", "label", "level"].map(str::to_owned).to_vec();
    head.extend(exact.iter().map(name));
    head.extend(ROW.map(str::to_owned));
    head.extend(rest.iter().map(name));
    line(out, head);
    for row in &form.rows {
        let level = row.level.as_deref().unwrap_or("");
        let read = |(column, field): &(&Column, Field)| field.read(row.cells.get(&column.key));
        let mut fields = [&row.key, &row.label, level].map(harmless).to_vec();
        fields.extend(exact.iter().map(read));
        fields.extend(of_row(row, form));
        fields.extend(rest.iter().map(read));
        line(out, fields);
    }
}

fn is_ratio(column: &Column) -> bool {
    column.nature == "ratio"
}

/// What stands in front of a column of the form: what it is of its nature.
fn exact(column: &Column) -> impl Iterator<Item = (&Column, Field)> {
    let fields = if is_ratio(column) { &Field::RATIO[..] } else { &Field::NUMBER };
    fields.iter().map(move |field| (column, *field))
}

/// What stands behind: the status, and of a column in which something is declared all that can be
/// said. What is computed is exact, or missing: then its field is empty.
fn rest<'a>(column: &'a Column, form: &FormAnswer) -> Vec<(&'a Column, Field)> {
    let of_its_nature = |cell: &CellAnswer| match cell.figure() {
        Some(Value::Count(_)) => !is_ratio(column),
        Some(Value::Share(_)) => is_ratio(column),
        Some(Value::Nil | Value::Bound(_) | Value::BoundShare(..)) => false,
        Some(Value::Missing) | None => true,
    };
    let mut cells = form.rows.iter().filter_map(|row| row.cells.get(&column.key));
    let mut fields = vec![Field::Status];
    if column.nature == "declared" || !cells.all(of_its_nature) {
        fields.extend(if is_ratio(column) { &Field::NUMBER[..] } else { &Field::RATIO });
        fields.extend(Field::SAID);
    }
    fields.into_iter().map(|field| (column, field)).collect()
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
