//! A workbook: a sheet for each table, numbers as numbers, and formulas where they hold.
//!
//! Running text is on a sheet of its own, in front; a document that is one form has none.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet};

use crate::document::{Block, Document};
use crate::error::RenderError;

mod look;
mod prose;
mod sheet;

/// Pixels of a screen in a point.
const PIXELS: f32 = 96.0 / 72.0;
/// Rows of a sheet; the format's limit.
const ROWS_MAX: usize = 1_048_576;
/// Columns of a sheet; the format's limit.
const COLUMNS_MAX: usize = 16_384;
/// Characters of a cell; the format's limit.
const TEXT_CHARS_MAX: usize = 32_767;
/// Characters of a sheet's name; the format's limit.
const NAME_CHARS_MAX: usize = 31;

/// A document as XLSX.
pub fn xlsx(document: &Document) -> Result<Vec<u8>, RenderError> {
    let document = &document.printable();
    let lang = document.lang;
    let mut book = Workbook::new();
    // The widths of columns are in digits of this font.
    let (row_pixels, column_pixels) = (20, 64);
    book.set_default_format(&look::letters(look::SIZE), row_pixels, column_pixels)?;
    book.set_properties(&properties(document)?);
    let mut names = Names::default();
    let is_form = document.blocks.iter().all(|block| matches!(block, Block::Table(_)))
        && !document.blocks.is_empty()
        && document.annex.is_empty();
    let front = (!is_form).then(|| names.take(lang.choose("Báo cáo", "Report")));
    let tables: Vec<String> = document
        .tables()
        .zip(1..)
        .map(|(table, number)| {
            let word = lang.choose("Biểu", "Form");
            names.take(&table.caption.clone().unwrap_or_else(|| format!("{word} {number}")))
        })
        .collect();
    if let Some(name) = front {
        prose::write(add(&mut book, &name)?, document, &tables)?;
    }
    for (place, (table, name)) in document.tables().zip(&tables).enumerate() {
        let around = (is_form && place == 0).then_some(document);
        sheet::write(add(&mut book, name)?, table, document, around)?;
    }
    Ok(book.save_to_buffer()?)
}

fn add<'a>(book: &'a mut Workbook, name: &str) -> Result<&'a mut Worksheet, RenderError> {
    Ok(book.add_worksheet().set_name(name)?)
}

/// The date of the document, or a fixed one: what is written does not depend on the clock.
fn properties(document: &Document) -> Result<DocProperties, RenderError> {
    let date = document.head.as_ref().and_then(|head| head.date);
    let date = date.map_or_else(|| "1980-01-01".to_owned(), |date| date.to_string());
    let made = ExcelDateTime::parse_from_str(&date)?;
    Ok(DocProperties::new().set_title(&document.title).set_creation_datetime(&made))
}

/// Names of sheets: short, without what the format forbids, each once.
#[derive(Debug, Default)]
struct Names(Vec<String>);

impl Names {
    fn take(&mut self, wish: &str) -> String {
        let allowed = |letter: char| {
            if "[]:*?/\\'".contains(letter) || letter.is_control() { ' ' } else { letter }
        };
        let plain: String = wish.chars().map(allowed).collect();
        let plain = plain.trim();
        let mut name: String = plain.chars().take(NAME_CHARS_MAX).collect();
        let mut number = 2_u32;
        while name.trim().is_empty() || self.0.contains(&name.to_lowercase()) {
            let end = format!(" ({number})");
            let room = NAME_CHARS_MAX - end.chars().count();
            name = plain.chars().take(room).chain(end.chars()).collect();
            number += 1;
        }
        self.0.push(name.to_lowercase());
        name
    }
}

/// A text, if a cell can hold it.
fn checked(text: &str) -> Result<&str, RenderError> {
    let has = text.chars().count();
    if has > TEXT_CHARS_MAX {
        return Err(RenderError::TooMuch {
            what: "characters in one cell",
            has,
            most: TEXT_CHARS_MAX,
            format: "XLSX",
            instead: "write it as DOCX or PDF",
        });
    }
    Ok(text)
}
