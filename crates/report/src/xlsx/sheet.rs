//! The sheet of a table, ready to be printed.

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Format, FormatAlign, Formula, Worksheet};
use tonghop_core::read::Value;

use super::look::{SIZE, cell, centred, exact, head, number_format, plain};
use super::{COLUMNS_MAX, PIXELS, ROWS_MAX, checked};
use crate::document::{Cell, ColumnKind, Document, Head, Placed, Row, Table};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{
    HEAD_LEFT_PART, LEADING, MARGIN, MARGIN_LEFT, Piece, Style, many, natural, wrap,
};
use crate::words;

/// Ranges that one SUM adds; the format allows 255 arguments.
const RANGES_MAX: usize = 100;
/// Rows beside those of the table: the head of the page, the signature, notes.
const ROWS_AROUND: usize = 64;

/// A sheet that is written from above.
struct Sheet<'a> {
    out: &'a mut Worksheet,
    widths: Vec<f32>,
    /// The row that is written next.
    row: u32,
    /// The last column.
    last: u16,
    lang: Lang,
}

/// Writes a table, with what stands around it on paper if it has that to itself.
pub(super) fn write(
    sheet: &mut Worksheet,
    table: &Table,
    document: &Document,
    around: Option<&Document>,
) -> Result<(), RenderError> {
    let lang = document.lang;
    let placed = table.placed()?;
    limits(table)?;
    let widths = natural(table, &placed, lang, SIZE);
    let last = number(table.columns.len().saturating_sub(1));
    let mut sheet = Sheet { out: sheet, widths, row: 0, last, lang };
    sheet.page(document.landscape || table.landscape)?;
    if let Some(document) = around {
        sheet.above(document)?;
    }
    let caption = table.caption.as_deref();
    for (text, format) in [
        (caption, centred(SIZE + 1.0).set_bold()),
        (table.counted.as_deref(), plain(SIZE).set_align(FormatAlign::Right).set_italic()),
    ] {
        if let Some(text) = text {
            sheet.line(text, &format)?;
        }
    }
    sheet.head(table, &placed)?;
    sheet.rows(table)?;
    for note in &table.notes {
        sheet.line(note, &plain(SIZE - 1.0).set_italic())?;
    }
    if let Some(document) = around {
        sheet.below(document)?;
    }
    Ok(())
}

fn limits(table: &Table) -> Result<(), RenderError> {
    let rows = table.rows.len() + table.head.len() + table.notes.len() + ROWS_AROUND;
    let columns = table.columns.len();
    for (what, has, most) in [("rows", rows, ROWS_MAX), ("columns", columns, COLUMNS_MAX)] {
        if has > most {
            let instead = "write it as CSV";
            return Err(RenderError::TooMuch { what, has, most, format: "XLSX", instead });
        }
    }
    Ok(())
}

/// A column's or a head row's number; what is larger was refused before.
fn number(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

impl Sheet<'_> {
    fn page(&mut self, landscape: bool) -> Result<(), RenderError> {
        for (column, width) in (0..).zip(&self.widths) {
            // Widths are counted in digits of the workbook's own font, seven pixels each.
            self.out.set_column_width(column, f64::from(width * PIXELS / 7.0))?;
        }
        let inch = |points: f32| f64::from(points / 72.0);
        let (near, wide) = (inch(MARGIN), inch(MARGIN_LEFT));
        self.out
            .set_paper_size(9)
            .set_print_fit_to_pages(1, 0)
            .set_footer("&C&\"Times New Roman\"&P/&N");
        if landscape {
            self.out.set_landscape().set_margins(near, near, wide, near, 0.4, 0.4);
        } else {
            self.out.set_margins(wide, near, near, near, 0.4, 0.4);
        }
        Ok(())
    }

    fn width(&self, first: u16, last: u16) -> f32 {
        let (first, last) = (usize::from(first), usize::from(last));
        self.widths.iter().skip(first).take(last + 1 - first).sum()
    }

    /// Text over columns of the current row.
    fn span(
        &mut self,
        first: u16,
        last: u16,
        text: &str,
        format: &Format,
    ) -> Result<(), RenderError> {
        self.merge((self.row, first), (self.row, last), text, format)
    }

    fn merge(
        &mut self,
        first: (u32, u16),
        last: (u32, u16),
        text: &str,
        format: &Format,
    ) -> Result<(), RenderError> {
        let text = checked(text)?;
        if first == last {
            self.out.write_string_with_format(first.0, first.1, text, format)?;
        } else {
            self.out.merge_range(first.0, first.1, last.0, last.1, text, format)?;
        }
        Ok(())
    }

    /// How high a row must be for this text over this width; merged cells do not grow by themselves.
    fn high(text: &str, width: f32, size: f32) -> f32 {
        let lines = wrap(&[Piece::new(text, Style::BOLD, size)], width * 0.95 - 4.0, 0.0);
        (many(lines.len()) * size * LEADING + 3.0).min(409.0)
    }

    /// Text over the whole width, in a row of its own.
    fn line(&mut self, text: &str, format: &Format) -> Result<(), RenderError> {
        let high = Self::high(text, self.width(0, self.last), SIZE + 1.0);
        self.out.set_row_height(self.row, high)?;
        self.span(0, self.last, text, format)?;
        self.row += 1;
        Ok(())
    }

    /// The last column of the left half, if the left gets this part of the width.
    fn middle(&self, part: f32) -> u16 {
        let most = self.width(0, self.last) * part;
        let mut column = 0;
        while column + 1 < self.last && self.width(0, column + 1) <= most {
            column += 1;
        }
        column
    }

    /// Text to the left and to the right, in one row.
    fn halves(
        &mut self,
        part: f32,
        left: (&str, &Format),
        right: (&str, &Format),
    ) -> Result<(), RenderError> {
        let middle = self.middle(part);
        if self.last == 0 {
            self.line(left.0, left.1)?;
            return self.line(right.0, right.1);
        }
        let lefts = Self::high(left.0, self.width(0, middle), SIZE + 1.0);
        let rights = Self::high(right.0, self.width(middle + 1, self.last), SIZE + 1.0);
        self.out.set_row_height(self.row, lefts.max(rights))?;
        self.span(0, middle, left.0, left.1)?;
        self.span(middle + 1, self.last, right.0, right.1)?;
        self.row += 1;
        Ok(())
    }

    fn above(&mut self, document: &Document) -> Result<(), RenderError> {
        let lang = self.lang;
        let (middle, size) = (centred(SIZE + 1.0), SIZE + 1.0);
        let bold = middle.clone().set_bold();
        if let Some(held) = &document.head {
            let Head { superior, agency, .. } = held;
            let first = superior.as_deref().unwrap_or(agency);
            let first_format = if superior.is_some() { &middle } else { &bold };
            let second = if superior.is_some() { agency.as_str() } else { "" };
            let parts = HEAD_LEFT_PART;
            self.halves(parts, (first, first_format), (words::nation(lang), &bold))?;
            self.halves(parts, (second, &bold), (words::motto(lang), &bold))?;
            let (number, date) =
                (words::number_line(held, lang), words::place_and_date(held, lang));
            self.halves(parts, (&number, &middle), (&date, &middle.clone().set_italic()))?;
            self.row += 1;
        }
        if !document.title.is_empty() {
            self.line(&document.title, &centred(size + 2.0).set_bold())?;
        }
        for line in &document.subtitle {
            let italic = line.runs.iter().all(|run| run.italic);
            let bold = line.runs.iter().all(|run| run.bold);
            let format = if italic { middle.clone().set_italic() } else { middle.clone() };
            self.line(&line.plain(lang), &if bold { format.set_bold() } else { format })?;
        }
        Ok(())
    }

    fn below(&mut self, document: &Document) -> Result<(), RenderError> {
        self.row += 1;
        let bold = centred(SIZE + 1.0).set_bold();
        let small = plain(SIZE);
        let mut left: Vec<(String, Format)> = Vec::new();
        if !document.recipients.is_empty() {
            let word = words::recipients(self.lang).to_owned();
            left.push((word, small.clone().set_bold().set_italic()));
            let line = |line: &String| (format!("- {line}"), small.clone());
            left.extend(document.recipients.iter().map(line));
        }
        let mut right: Vec<(String, Format)> = Vec::new();
        if let Some(signature) = &document.signature {
            right.extend(signature.authority.clone().map(|text| (text, bold.clone())));
            right.push((signature.title.clone(), bold.clone()));
            if let Some(name) = &signature.name {
                right.extend((0..4).map(|_| (String::new(), bold.clone())));
                right.push((name.clone(), bold.clone()));
            }
        }
        let none = (String::new(), plain(SIZE));
        for place in 0..left.len().max(right.len()) {
            let (left, right) =
                (left.get(place).unwrap_or(&none), right.get(place).unwrap_or(&none));
            self.halves(0.5, (&left.0, &left.1), (&right.0, &right.1))?;
        }
        Ok(())
    }

    fn head(&mut self, table: &Table, placed: &[Placed<'_>]) -> Result<(), RenderError> {
        let (top, format) = (self.row, head());
        let rows = table.head.len();
        let mut heights = vec![0.0_f32; rows];
        let mut by_rows: Vec<&Placed<'_>> = placed.iter().collect();
        by_rows.sort_by_key(|cell| cell.down);
        for cell in by_rows {
            let first = number(cell.column);
            let last = number(cell.column + cell.across - 1);
            let needed = Self::high(cell.text, self.width(first, last), SIZE);
            let held: f32 = heights.iter().skip(cell.row).take(cell.down).sum();
            if let Some(height) = heights.get_mut(cell.row + cell.down - 1)
                && needed > held
            {
                *height += needed - held;
            }
            let row = top + u32::from(number(cell.row));
            let last_row = row + u32::from(number(cell.down - 1));
            self.merge((row, first), (last_row, last), cell.text, &format)?;
        }
        for (row, height) in (top..).zip(heights) {
            self.out.set_row_height(row, height)?;
        }
        self.row = top + u32::from(number(rows));
        if !table.numbers.is_empty() {
            let format = head().unset_bold().set_italic();
            for (column, text) in (0..).zip(&table.numbers) {
                self.out.write_string_with_format(self.row, column, text, &format)?;
            }
            self.row += 1;
        }
        self.out.set_repeat_rows(top, self.row - 1)?;
        let words = table.columns.iter().take_while(|column| column.kind != ColumnKind::Number);
        self.out.set_freeze_panes(self.row, number(words.count()).min(self.last))?;
        Ok(())
    }

    fn rows(&mut self, table: &Table) -> Result<(), RenderError> {
        let top = self.row;
        for row in &table.rows {
            let adds = table.row_adds_up(row);
            for (place, (held, column)) in row.cells.iter().zip(&table.columns).enumerate() {
                let formula = if held.as_count().is_some() && column.kind == ColumnKind::Number {
                    match table.parts_of(row, place) {
                        Some(parts) => Some(across(self.row, parts)),
                        None if adds => down(top, &row.adds, number(place)),
                        None => None,
                    }
                } else {
                    None
                };
                self.figure(number(place), held, (column.kind, row), formula)?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn figure(
        &mut self,
        column: u16,
        held: &Cell,
        (kind, row): (ColumnKind, &Row),
        formula: Option<String>,
    ) -> Result<(), RenderError> {
        let mut format = cell(kind, row.kind);
        let place = (self.row, column);
        if let Cell::Figure(value) = held {
            if kind == ColumnKind::Ordinal {
                format = format.set_num_format("0");
            } else {
                format = format.set_num_format(number_format(*value, self.lang));
            }
        }
        match held {
            Cell::Blank => {
                self.out.write_blank(place.0, place.1, &format)?;
            }
            Cell::Figure(Value::Count(count)) => match (exact(*count), formula) {
                (Some(_), Some(formula)) => {
                    let formula = Formula::new(formula).set_result(count.to_string());
                    self.out.write_formula_with_format(place.0, place.1, formula, &format)?;
                }
                (Some(exact), None) => {
                    self.out.write_number_with_format(place.0, place.1, exact, &format)?;
                }
                (None, _) => self.words(place, &held.show(self.lang), &format)?,
            },
            Cell::Figure(Value::Share(share)) => {
                let parts = exact(share.part).zip(exact(share.whole));
                match parts.filter(|_| share.whole > 0) {
                    // The parts stay to be seen; the percentage is made of them, as everywhere.
                    Some((part, whole)) => {
                        let formula = Formula::new(format!("={}/{}", share.part, share.whole))
                            .set_result((part / whole).to_string());
                        self.out.write_formula_with_format(place.0, place.1, formula, &format)?;
                    }
                    None => self.words(place, &held.show(self.lang), &format)?,
                }
            }
            Cell::Text(_)
            | Cell::NoData
            | Cell::Figure(Value::Nil | Value::Missing | Value::Bound(_) | Value::BoundShare(..)) =>
            {
                self.words(place, &held.show(self.lang), &format)?;
            }
        }
        Ok(())
    }

    fn words(&mut self, place: (u32, u16), text: &str, format: &Format) -> Result<(), RenderError> {
        self.out.write_string_with_format(place.0, place.1, checked(text)?, format)?;
        Ok(())
    }
}

/// `=D8+E8+F8`
fn across(row: u32, parts: &[usize]) -> String {
    let cells: Vec<String> =
        parts.iter().map(|column| row_col_to_cell(row, number(*column))).collect();
    format!("={}", cells.join("+"))
}

/// `=SUM(D8:D20,D22)`; none if there are too many ranges for one formula.
fn down(top: u32, rows: &[usize], column: u16) -> Option<String> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        let row = top + u32::try_from(*row).ok()?;
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => ranges.push((row, row)),
        }
    }
    if ranges.len() > RANGES_MAX {
        return None;
    }
    let range = |(first, last): &(u32, u32)| {
        let (first_cell, last_cell) =
            (row_col_to_cell(*first, column), row_col_to_cell(*last, column));
        if first == last { first_cell } else { format!("{first_cell}:{last_cell}") }
    };
    let ranges: Vec<String> = ranges.iter().map(range).collect();
    Some(format!("=SUM({})", ranges.join(",")))
}
