//! Tables that people make: CSV and XLSX files as rows of cells, for `publish` and `declare`.
//!
//! Files are hostile: how large a file, an entry of a workbook, a row and a cell may be is bounded
//! here, and rows are handed over one by one, so that no table is in memory as a whole.
//!
//! **Invariant TAB-1:** no file takes more memory or time than the bounds of this module allow.
//! **Invariant TAB-2:** no text that this module writes into a table is a formula there.

use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDateTime;
use unicode_normalization::UnicodeNormalization;

mod bounds;
mod delimited;
mod workbook;
mod writing;

pub use writing::{Format, write};

/// The most columns of a table.
pub const COLUMNS_MAX: usize = 512;
/// The most rows of a sheet, as the format has it.
pub const ROWS_MAX: u64 = 1_048_576;
/// The most characters of a cell, as spreadsheets have it.
const CELL_CHARS_MAX: usize = 32_767;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, in normalisation form C and without blanks around it; never empty.
    Text(String),
    /// A number of a workbook.
    Number(f64),
    /// A truth value of a workbook.
    Flag(bool),
    /// A date cell of a workbook: local, to the second.
    Moment(NaiveDateTime),
    /// The error that a formula shows: `#REF!`.
    Error(String),
    /// A part of a merged cell that begins in this row.
    Merged(u64),
}

impl Cell {
    fn of_text(text: &str) -> Self {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// Whether it says nothing by itself.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Empty | Self::Merged(_))
    }

    /// What it says: a whole number without a point, a date as a day or as day and hour; nothing
    /// where it is empty.
    pub fn text(&self) -> Result<String, String> {
        Ok(match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => shown(*number),
            Self::Flag(flag) => flag.to_string(),
            Self::Moment(at) if at.time() == chrono::NaiveTime::MIN => {
                at.format("%Y-%m-%d").to_string()
            }
            Self::Moment(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            Self::Error(error) => {
                return Err(format!("the formula shows {error}: mend it in the spreadsheet"));
            }
            Self::Merged(row) => {
                return Err(format!(
                    "the cell is merged with row {row}: unmerge it and fill in each row"
                ));
            }
        })
    }
}

/// A number as it would be typed.
pub fn shown(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { number.to_string() }
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The sheet that it is in, if the file has sheets.
    pub sheet: Option<Arc<str>>,
    /// Its number as the person sees it, from 1: the row of a sheet, the line of a CSV file.
    pub number: u64,
    /// Bytes of the file before it, about.
    pub bytes: u64,
    /// Its cells, or why they cannot be read.
    pub cells: Result<Vec<Cell>, String>,
}

impl Row {
    /// Whether nothing stands in it.
    pub fn is_blank(&self) -> bool {
        self.cells.as_ref().is_ok_and(|cells| cells.iter().all(Cell::is_blank))
    }

    /// The texts of its cells.
    pub fn texts(self) -> Result<Vec<String>, String> {
        self.cells?.iter().map(Cell::text).collect()
    }
}

/// A file that cannot be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A text of another encoding.
    #[error(
        "{what}: in Excel, save as \"CSV UTF-8 (Comma delimited)\" or as \"Excel Workbook (.xlsx)\""
    )]
    Encoding {
        /// What it looks like.
        what: &'static str,
    },
    /// It is larger than is read.
    #[error("{what} is larger than {bytes_max} bytes: is it a table? Split it into several files")]
    TooLarge {
        /// The file, or a part of it.
        what: String,
        /// The bound.
        bytes_max: u64,
    },
    /// There are more of these than are read.
    #[error("there are more than {max} {what}: split the table into several files")]
    TooMany {
        /// Columns, rows, …
        what: &'static str,
        /// The bound.
        max: u64,
    },
    /// A workbook of another format.
    #[error("it is no .xlsx workbook: {what}; in Excel, save as \"Excel Workbook (.xlsx)\"")]
    NoWorkbook {
        /// What it looks like.
        what: String,
    },
    /// The sheet is not there.
    #[error("there is no sheet {wanted:?}; the sheets are {there}")]
    NoSheet {
        /// The sheet that was asked for.
        wanted: String,
        /// Those that are there.
        there: String,
    },
}

/// Whether the file is one that this module reads, by its name.
pub fn is_table(path: &Path) -> bool {
    has_extension(path, "csv") || is_workbook(path)
}

/// Whether the file is a workbook, by its name.
pub fn is_workbook(path: &Path) -> bool {
    has_extension(path, "xlsx")
}

/// Whether the file is a table of a format that is not read.
pub fn is_foreign_table(path: &Path) -> bool {
    ["xls", "xlsm", "xlsb", "ods", "tsv"].iter().any(|other| has_extension(path, other))
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Hands the rows that are not blank to `each`, until it has enough. The sheet of this name, else
/// the first one, is that of a workbook.
pub fn read(
    path: &Path,
    sheet: Option<&str>,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), TableError> {
    let file = File::open(path)?;
    if is_workbook(path) {
        workbook::read(BufReader::with_capacity(1 << 16, file), sheet, each)
    } else {
        delimited::read(BufReader::with_capacity(1 << 16, file), each)
    }
}

/// The same of a CSV text.
pub fn read_text(
    text: &str,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), TableError> {
    delimited::read(io::Cursor::new(text), each)
}

/// A heading as it is compared: normalisation form C, lower case, single blanks.
pub fn heading(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").nfc().flat_map(char::to_lowercase).collect()
}

/// The letters of a column, counted from 0: `A`, …, `Z`, `AA`.
pub fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        match (column / 26).checked_sub(1) {
            Some(next) => column = next,
            None => return letters.into_iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
