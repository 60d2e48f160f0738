//! How cells look, and how numbers are written.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};
use tonghop_core::read::Value;

use crate::document::{ColumnKind, RowKind};
use crate::lang::Lang;

/// The size of letters.
pub(super) const SIZE: f32 = 11.0;
/// Above this, a spreadsheet's numbers are no longer exact.
const EXACT_MAX: u64 = 1 << 53;

/// Letters of this size, and nothing else.
pub(super) fn letters(size: f32) -> Format {
    Format::new().set_font_name("Times New Roman").set_font_size(size)
}

/// Running text of this size, without borders.
pub(super) fn plain(size: f32) -> Format {
    letters(size).set_align(FormatAlign::VerticalCenter).set_text_wrap()
}

pub(super) fn centred(size: f32) -> Format {
    plain(size).set_align(FormatAlign::Center)
}

/// A cell of a table's head.
pub(super) fn head() -> Format {
    centred(SIZE).set_bold().set_border(FormatBorder::Thin)
}

/// A cell of a table's row.
pub(super) fn cell(kind: ColumnKind, row: RowKind) -> Format {
    let align = match kind {
        ColumnKind::Ordinal => FormatAlign::Center,
        ColumnKind::Label | ColumnKind::Text => FormatAlign::Left,
        ColumnKind::Number => FormatAlign::Right,
    };
    let format = plain(SIZE).set_align(align).set_border(FormatBorder::Thin);
    let format = if kind == ColumnKind::Number { format.set_indent(1) } else { format };
    match row {
        RowKind::Plain => format,
        RowKind::Block | RowKind::Total => format.set_bold(),
    }
}

/// How a figure is shown. Excel takes the sign between thousands from the machine it runs on, so
/// the Vietnamese full stops are written into the format.
pub(super) fn number_format(value: Value, lang: Lang) -> &'static str {
    match (lang, value) {
        (Lang::Vi, Value::Share(_)) => "[$-42A]0.00%",
        (Lang::En, Value::Share(_)) => "0.00%",
        (Lang::Vi, Value::Count(0..1_000_000_000)) => {
            "[>=1000000]#\".\"###\".\"##0;[>=1000]#\".\"##0;0"
        }
        (Lang::Vi, Value::Count(1_000_000_000..)) => {
            "[>=1000000000]#\".\"###\".\"###\".\"##0;[>=1000000]#\".\"###\".\"##0;#,##0"
        }
        (
            Lang::Vi | Lang::En,
            Value::Count(_) | Value::Nil | Value::Missing | Value::Bound(_) | Value::BoundShare(..),
        ) => "#,##0",
    }
}

/// A number as spreadsheets hold it; none if they would round it.
pub(super) fn exact(count: i64) -> Option<f64> {
    if count.unsigned_abs() > EXACT_MAX {
        return None;
    }
    count.to_string().parse().ok()
}
