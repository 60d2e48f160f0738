//! The sheet of running text: a row for each heading and paragraph, and where the tables are.

use rust_xlsxwriter::{Format, FormatAlign, Worksheet};

use super::look::{SIZE, centred, plain};
use super::{PIXELS, checked};
use crate::document::{Align, Block, Document};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{LEADING, MARGIN, MARGIN_LEFT, Piece, Style, many, wrap};
use crate::words;

/// The one column is as wide as a page.
const WIDE: f32 = 440.0;

pub(super) fn write(
    sheet: &mut Worksheet,
    document: &Document,
    tables: &[String],
) -> Result<(), RenderError> {
    sheet.set_column_width(0, f64::from(WIDE * PIXELS / 7.0))?;
    sheet.set_paper_size(9).set_print_fit_to_pages(1, 0);
    let inch = |points: f32| f64::from(points / 72.0);
    let (near, left) = (inch(MARGIN), inch(MARGIN_LEFT));
    sheet.set_margins(left, near, near, near, 0.4, 0.4);
    for (row, (text, format)) in (0..).zip(lines(document, tables)) {
        let high = lines_high(&text);
        sheet.set_row_height(row, high)?;
        sheet.write_string_with_format(row, 0, checked(&text)?, &format)?;
    }
    Ok(())
}

fn lines_high(text: &str) -> f64 {
    // A little less room than there is, for fonts that are a little wider.
    let lines = wrap(&[Piece::new(text, Style::BOLD, SIZE + 1.0)], WIDE * 0.97, 0.0);
    f64::from((many(lines.len()) * (SIZE + 1.0) * LEADING + 3.0).min(409.0))
}

fn lines(document: &Document, tables: &[String]) -> Vec<(String, Format)> {
    let mut lines = around_before(document);
    let mut tables = tables.iter();
    let lang = document.lang;
    lines.extend(document.blocks.iter().map(|block| line(block, &mut tables, lang)));
    lines.extend(around_after(document));
    lines.extend(document.annex.iter().map(|block| line(block, &mut tables, lang)));
    lines
}

/// A block as one line; of a table, where it is.
fn line<'a>(
    block: &Block,
    tables: &mut impl Iterator<Item = &'a String>,
    lang: Lang,
) -> (String, Format) {
    let text = plain(SIZE + 1.0);
    match block {
        Block::Heading(heading) => (heading.line(), text.set_bold()),
        Block::Paragraph(paragraph) => {
            let format = match paragraph.align {
                Align::Justified | Align::Left => text,
                Align::Centre => text.set_align(FormatAlign::Center),
                Align::Right => text.set_align(FormatAlign::Right),
            };
            (paragraph.plain(lang), format)
        }
        Block::Table(_) => {
            let name = tables.next().map_or("", String::as_str);
            let word = lang.choose("Xem trang tính", "See the sheet");
            (format!("{word} “{name}”."), text.set_italic())
        }
    }
}

/// Head, title and lines below it, each with how it looks.
pub(super) fn around_before(document: &Document) -> Vec<(String, Format)> {
    let lang = document.lang;
    let mut lines = Vec::new();
    if let Some(head) = &document.head {
        let middle = centred(SIZE + 1.0);
        lines.extend(head.superior.clone().map(|superior| (superior, middle.clone())));
        lines.push((head.agency.clone(), middle.clone().set_bold()));
        lines.push((words::number_line(head, lang), middle.clone()));
        lines.push((words::nation(lang).to_owned(), middle.clone().set_bold()));
        lines.push((words::motto(lang).to_owned(), middle.clone().set_bold()));
        lines.push((words::place_and_date(head, lang), middle.set_italic()));
    }
    if !document.title.is_empty() {
        lines.push((document.title.clone(), centred(SIZE + 3.0).set_bold()));
    }
    lines.extend(document.subtitle.iter().map(|line| (line.plain(lang), centred(SIZE + 1.0))));
    lines
}

fn around_after(document: &Document) -> Vec<(String, Format)> {
    let mut lines = Vec::new();
    if let Some(signature) = &document.signature {
        let bold = centred(SIZE + 1.0).set_bold();
        lines.extend(signature.authority.clone().map(|text| (text, bold.clone())));
        lines.push((signature.title.clone(), bold.clone()));
        lines.push((String::new(), plain(SIZE * 3.0)));
        lines.extend(signature.name.clone().map(|text| (text, bold)));
    }
    if !document.recipients.is_empty() {
        let small = plain(SIZE);
        let word = words::recipients(document.lang).to_owned();
        lines.push((word, small.clone().set_bold().set_italic()));
        let line = |line: &String| (format!("- {line}"), small.clone());
        lines.extend(document.recipients.iter().map(line));
    }
    lines
}
