//! Tables written for people: CSV that Excel opens with its Vietnamese intact, or XLSX.

use std::path::Path;

use chrono::{Datelike, Timelike};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as Style, Workbook, XlsxError};

use super::{Cell, TableError, has_extension};

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Separated by commas, UTF-8 with a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// By the name of the file.
    pub fn of(path: &Path) -> Option<Self> {
        if has_extension(path, "csv") {
            return Some(Self::Csv);
        }
        has_extension(path, "xlsx").then_some(Self::Xlsx)
    }
}

/// The table as the bytes of a file; the first row is its heading.
pub fn write(format: Format, sheet: &str, rows: &[Vec<Cell>]) -> Result<Vec<u8>, TableError> {
    match format {
        Format::Csv => csv_of(rows),
        Format::Xlsx => {
            xlsx_of(sheet, rows).map_err(|why| std::io::Error::other(why.to_string()).into())
        }
    }
}

/// What a spreadsheet would take for a formula, as a text: with an apostrophe before it.
pub(super) fn escaped(text: &str) -> String {
    if is_risky(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text without the apostrophe that [`escaped`] has put before it.
pub(super) fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest,
        _ => text,
    }
}

fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn csv_of(rows: &[Vec<Cell>]) -> Result<Vec<u8>, TableError> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    for row in rows {
        let texts = row.iter().map(|cell| escaped(&cell.text().unwrap_or_default()));
        writer.write_record(texts).map_err(std::io::Error::other)?;
    }
    writer.into_inner().map_err(|why| why.into_error().into())
}

fn xlsx_of(name: &str, rows: &[Vec<Cell>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // No clock: the same table gives the same bytes.
    let made = ExcelDateTime::from_ymd(2021, 9, 14)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    let moment = Style::new().set_num_format("dd/mm/yyyy hh:mm");
    let heading = Style::new().set_bold();
    for (cells, line) in rows.iter().zip(0_u32..) {
        for (cell, column) in cells.iter().zip(0_u16..) {
            match cell {
                Cell::Text(text) if line == 0 => {
                    sheet.write_string_with_format(line, column, text, &heading)?
                }
                // A text is written as a text: it is no formula, whatever it begins with.
                Cell::Text(text) => sheet.write_string(line, column, text)?,
                Cell::Number(number) => sheet.write_number(line, column, *number)?,
                Cell::Flag(flag) => sheet.write_boolean(line, column, *flag)?,
                Cell::Moment(at) => {
                    let part = |number: u32| u8::try_from(number).unwrap_or(0);
                    let year = u16::try_from(at.year()).unwrap_or(0);
                    let (month, day) = (part(at.month()), part(at.day()));
                    let (hour, minute) = (u16::from(part(at.hour())), part(at.minute()));
                    let at = ExcelDateTime::from_ymd(year, month, day)?;
                    let at = at.and_hms(hour, minute, f64::from(0))?;
                    sheet.write_datetime_with_format(line, column, &at, &moment)?
                }
                Cell::Empty | Cell::Error(_) | Cell::Merged(_) => sheet,
            };
        }
    }
    sheet.autofit();
    book.save_to_buffer()
}
