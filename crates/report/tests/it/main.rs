//! What is rendered is read back with other programs' eyes: the contents, not the bytes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should say where"
)]

mod csv;
mod docx;
mod letters;
mod pdf;
mod sample;
mod xlsx;

use sample::{biggest, form, letter};
use tonghop_report::{Cell, ColumnKind, Document, Format, HeadCell, Lang, RenderError, Table};

#[test]
fn the_same_document_is_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(format.form(&form()).unwrap(), format.form(&form()).unwrap(), "{format:?}");
    }
    for document in [letter(), biggest()] {
        for format in Format::ALL {
            let Some(first) = format.document(&document) else { continue };
            let again = format.document(&document).unwrap().unwrap();
            assert!(first.unwrap() == again, "{format:?}");
        }
    }
}

/// Renders a document in every format that prints; says how each went.
fn refusals(document: &Document) -> [Option<RenderError>; 3] {
    [Format::Xlsx, Format::Docx, Format::Pdf].map(|format| format.document(document).unwrap().err())
}

fn with(table: Table) -> Document {
    let mut document = Document::new(Lang::Vi, "Thử");
    document.push(table);
    document
}

#[test]
fn a_table_that_contradicts_itself_is_refused_by_all() {
    let mut row_short = Table::simple([("a", ColumnKind::Label), ("b", ColumnKind::Number)]);
    row_short.row([Cell::text("x")]);
    let mut hole = Table::new([ColumnKind::Label, ColumnKind::Number]);
    hole.head = vec![vec![HeadCell::new("a").down(2), HeadCell::new("b")]];
    let mut gap = Table::new([ColumnKind::Label, ColumnKind::Number]);
    gap.head = vec![vec![HeadCell::new("a")]];
    let mut beyond = Table::new([ColumnKind::Label]);
    beyond.head = vec![vec![HeadCell::new("a").across(2)]];
    let mut numbers = Table::simple([("a", ColumnKind::Label)]);
    numbers.numbers = vec!["(1)".to_owned(), "(2)".to_owned()];
    for table in [row_short, hole, gap, beyond, numbers, Table::new([])] {
        for refused in refusals(&with(table.clone())) {
            let misshapen = matches!(refused, Some(RenderError::Misshapen { .. }));
            assert!(misshapen, "{table:?}: {refused:?}");
        }
    }
}

#[test]
fn what_a_format_cannot_hold_is_said_with_what_to_do_instead() {
    let columns = vec![("a", ColumnKind::Number); 70];
    let [xlsx, docx, pdf] = refusals(&with(Table::simple(columns)));
    assert!(xlsx.is_none() && pdf.is_none());
    let said = docx.unwrap().to_string();
    assert_eq!(said, "columns: 70, and DOCX holds at most 63; write it as XLSX or CSV");

    let mut long = Table::simple([("a", ColumnKind::Text)]);
    long.row([Cell::Text("ă ".repeat(20_000))]);
    let [xlsx, docx, pdf] = refusals(&with(long));
    assert!(docx.is_none() && pdf.is_none());
    let said = xlsx.unwrap().to_string();
    assert!(said.contains("40000, and XLSX holds at most 32767; write it as DOCX"), "{said}");

    let mut tall = Table::simple([("a", ColumnKind::Number)]);
    for _ in 0..1_048_576 {
        tall.row([Cell::Blank]);
    }
    let said = Format::Xlsx.document(&with(tall)).unwrap().unwrap_err().to_string();
    assert!(said.starts_with("rows: 10486") && said.ends_with("write it as CSV"), "{said}");
}
