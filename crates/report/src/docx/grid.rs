//! A table: columns of fixed width, a head that is repeated on every page.

use super::{Body, Look, dxa};
use crate::document::{Align, ColumnKind, Placed, Row, RowKind, Table};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{Fitted, GAP, HEAD, SMALL, Style, fit, padding};

/// Columns of a table; the limit of the programs that read the format.
const COLUMNS_MAX: usize = 63;
/// A row with no longer text than this stays on one page.
const WHOLE_CHARS_MAX: usize = 300;

pub(super) fn table(body: &mut Body, table: &Table, lang: Lang) -> Result<(), RenderError> {
    let placed = table.placed()?;
    let has = table.columns.len();
    if has > COLUMNS_MAX {
        return Err(RenderError::TooMuch {
            what: "columns",
            has,
            most: COLUMNS_MAX,
            format: "DOCX",
            instead: "write it as XLSX or CSV",
        });
    }
    let fitted = fit(table, &placed, lang, body.page.body_width());
    let above = |style, align, size| Look { align, keep_next: true, ..Look::text(style, size) };
    if let Some(caption) = &table.caption {
        body.line(caption, Look { gaps: (GAP, 0.0), ..above(Style::BOLD, Align::Centre, HEAD) });
    }
    if let Some(counted) = &table.counted {
        body.line(counted, above(Style::ITALIC, Align::Right, SMALL));
    }
    open(body, &fitted);
    head(body, table, &placed, &fitted);
    for held in &table.rows {
        row(body, table, held, &fitted, lang);
    }
    body.xml.close();
    // Two tables without a paragraph between them would be one.
    if table.notes.is_empty() {
        body.line("", Look::text(Style::REGULAR, SMALL));
    }
    for note in &table.notes {
        let look = Look { gaps: (GAP / 2.0, 0.0), ..Look::text(Style::ITALIC, SMALL) };
        body.line(note, look);
    }
    Ok(())
}

fn open(body: &mut Body, fitted: &Fitted) {
    let room: f32 = fitted.widths.iter().sum();
    let xml = &mut body.xml;
    xml.open("w:tbl", &[]).open("w:tblPr", &[]);
    xml.empty("w:tblW", &[("w:w", &dxa(room)), ("w:type", "dxa")]).val("w:jc", "center");
    xml.open("w:tblBorders", &[]);
    for side in ["w:top", "w:left", "w:bottom", "w:right", "w:insideH", "w:insideV"] {
        let rule = [("w:val", "single"), ("w:sz", "4"), ("w:space", "0"), ("w:color", "auto")];
        xml.empty(side, &rule);
    }
    xml.close().empty("w:tblLayout", &[("w:type", "fixed")]).open("w:tblCellMar", &[]);
    let pad = dxa(padding(fitted.size) * 0.9);
    for side in ["w:left", "w:right"] {
        xml.empty(side, &[("w:w", &pad), ("w:type", "dxa")]);
    }
    xml.close().close().open("w:tblGrid", &[]);
    for width in &fitted.widths {
        xml.empty("w:gridCol", &[("w:w", &dxa(*width))]);
    }
    xml.close();
}

fn open_row(body: &mut Body, is_head: bool, whole: bool) {
    body.xml.open("w:tr", &[]).open("w:trPr", &[]);
    if whole {
        body.xml.empty("w:cantSplit", &[]);
    }
    if is_head {
        body.xml.empty("w:tblHeader", &[]);
    }
    body.xml.close();
}

/// What a cell covers.
#[derive(Clone, Copy)]
enum Merge {
    No,
    Begins,
    GoesOn,
}

fn cell(body: &mut Body, (width, across): (f32, usize), merge: Merge, text: &str, look: Look) {
    let xml = &mut body.xml;
    xml.open("w:tc", &[]).open("w:tcPr", &[]);
    xml.empty("w:tcW", &[("w:w", &dxa(width)), ("w:type", "dxa")]);
    if across > 1 {
        xml.val("w:gridSpan", &across.to_string());
    }
    match merge {
        Merge::No => {}
        Merge::Begins => {
            xml.val("w:vMerge", "restart");
        }
        Merge::GoesOn => {
            xml.empty("w:vMerge", &[]);
        }
    }
    xml.val("w:vAlign", "center").close();
    body.line(text, look);
    body.xml.close();
}

fn head(body: &mut Body, table: &Table, placed: &[Placed<'_>], fitted: &Fitted) {
    let look = Look { align: Align::Centre, ..Look::text(Style::BOLD, fitted.size) };
    for row in 0..table.head.len() {
        open_row(body, true, true);
        let mut here: Vec<&Placed<'_>> =
            placed.iter().filter(|cell| cell.row <= row && row < cell.row + cell.down).collect();
        here.sort_by_key(|cell| cell.column);
        for held in here {
            let width = fitted.widths.iter().skip(held.column).take(held.across).sum();
            let begins = held.row == row;
            let merge = match (held.down > 1, begins) {
                (false, _) => Merge::No,
                (true, true) => Merge::Begins,
                (true, false) => Merge::GoesOn,
            };
            cell(body, (width, held.across), merge, if begins { held.text } else { "" }, look);
        }
        body.xml.close();
    }
    if table.numbers.is_empty() {
        return;
    }
    open_row(body, true, true);
    let look = Look { style: Style::ITALIC, ..look };
    for (number, width) in table.numbers.iter().zip(&fitted.widths) {
        cell(body, (*width, 1), Merge::No, number, look);
    }
    body.xml.close();
}

fn row(body: &mut Body, table: &Table, row: &Row, fitted: &Fitted, lang: Lang) {
    let style = match row.kind {
        RowKind::Plain => Style::REGULAR,
        RowKind::Block | RowKind::Total => Style::BOLD,
    };
    // What may be longer than a page must not be kept whole: its end would be cut off.
    let texts: Vec<String> = row.cells.iter().map(|held| held.printed(lang)).collect();
    let whole = texts.iter().all(|text| text.chars().count() <= WHOLE_CHARS_MAX);
    open_row(body, false, whole);
    for ((text, column), width) in texts.iter().zip(&table.columns).zip(&fitted.widths) {
        let align = match column.kind {
            ColumnKind::Ordinal => Align::Centre,
            ColumnKind::Label | ColumnKind::Text => Align::Left,
            ColumnKind::Number => Align::Right,
        };
        let look = Look { align, gaps: (1.0, 1.0), ..Look::text(style, fitted.size) };
        cell(body, (*width, 1), Merge::No, text, look);
    }
    body.xml.close();
}
