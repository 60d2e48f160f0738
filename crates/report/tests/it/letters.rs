//! PRN-3: agencies choose names and texts: no letter of theirs makes a file that cannot be opened.

use std::io::{Cursor, Read};

use tonghop_core::day::Day;
use tonghop_report::{
    Block, Cell, ColumnKind, Document, Format, Head, Lang, Paragraph, Signature, Table,
};
use zip::ZipArchive;

/// What XML 1.0 calls a character (production 2).
fn is_char(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// What no format should be given.
fn bad() -> String {
    let controls = ('\0'..=' ').chain('\u{7f}'..='\u{a0}').filter(|letter| letter.is_control());
    let turning = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
    let none = ['\u{fdd0}', '\u{fdef}', '\u{fffe}', '\u{ffff}', '\u{1fffe}', '\u{10ffff}'];
    controls.chain(turning).chain(none).collect()
}

/// A document that has the text wherever it has text.
fn full_of(text: &str) -> Document {
    let own = || Some(text.to_owned());
    let mut document = Document::new(Lang::Vi, text);
    document.head = Some(Head {
        superior: own(),
        agency: text.to_owned(),
        number: own(),
        place: own(),
        date: Day::from_ymd(2021, 9, 6),
        month: None,
    });
    document.subtitle = vec![Paragraph::text(text).bold()];
    document.push(Block::heading(1, text, text));
    document.push(Paragraph::text(text).figure(Cell::count(1)).and(text));
    let mut table = Table::simple([(text, ColumnKind::Label), (text, ColumnKind::Number)]);
    table.caption = own();
    table.counted = own();
    table.numbers = vec![text.to_owned(), text.to_owned()];
    table.notes = vec![text.to_owned()];
    table.row([Cell::text(text), Cell::text(text)]);
    document.push(table);
    document.recipients = vec![text.to_owned()];
    document.signature = Some(Signature { authority: own(), title: text.to_owned(), name: own() });
    document
}

/// The parts of a package, each of them XML.
fn parts(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|place| {
            let mut file = archive.by_index(place).unwrap();
            let mut xml = String::new();
            file.read_to_string(&mut xml).unwrap();
            (file.name().unwrap().into_owned(), xml)
        })
        .collect()
}

/// Every tag is closed in order, every character is one, and every reference is to one of the five.
fn is_xml(name: &str, xml: &str) {
    let place = xml.chars().position(|letter| !is_char(letter));
    assert_eq!(place, None, "{name}: {:?}", xml.chars().nth(place.unwrap_or(0)));
    for reference in xml.split('&').skip(1) {
        let (reference, _) = reference.split_once(';').unwrap_or_else(|| panic!("{name}: {xml}"));
        assert!(["amp", "lt", "gt", "quot", "apos"].contains(&reference), "{name}: {reference}");
    }
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let tag_name = tag.split([' ', '\n']).next().unwrap();
        if let Some(closed) = tag_name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}: closed in order");
        } else if !tag.starts_with('?') && !tag.ends_with('/') {
            open.push(tag_name);
        }
    }
    assert!(open.is_empty(), "{name}: {open:?}");
}

#[test]
fn no_letter_makes_a_package_that_cannot_be_opened() {
    let text = format!("a{}<&>\"'b", bad());
    for format in [Format::Xlsx, Format::Docx] {
        let bytes = format.document(&full_of(&text)).unwrap().unwrap();
        let parts = parts(bytes);
        for (name, xml) in &parts {
            is_xml(name, xml);
            // What turns the writing is no better for being allowed.
            let shown = xml.chars().find(|letter| *letter > ' ' && bad().contains(*letter));
            assert_eq!(shown, None, "{format:?} {name}");
            assert!(!xml.contains("_x00"), "{format:?} {name}: escaped, and shown by nobody");
        }
        assert!(
            parts.iter().any(|(_, xml)| xml.contains('\u{fffd}')),
            "{format:?}: something is shown"
        );
    }
    assert!(Format::Pdf.document(&full_of(&text)).unwrap().is_ok());
}

#[test]
fn each_letter_alone_makes_a_package_too() {
    for letter in bad().chars().filter(|letter| !matches!(letter, '\n' | '\t')) {
        for format in [Format::Xlsx, Format::Docx] {
            let bytes = format.document(&full_of(&letter.to_string())).unwrap().unwrap();
            for (name, xml) in parts(bytes) {
                is_xml(&name, &xml);
            }
        }
    }
}
