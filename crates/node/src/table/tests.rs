use std::io::Write;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Workbook, Worksheet};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::*;

/// A file of its own.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// What is read of the file: a line for each row, or why there is none.
fn shown(path: &Path, sheet: Option<&str>) -> String {
    let mut out = Vec::new();
    let read = read(path, sheet, &mut |row| {
        let cells: Vec<String> = match &row.cells {
            Ok(cells) => cells.iter().map(|cell| cell.text().unwrap_or_else(|why| why)).collect(),
            Err(why) => vec![why.clone()],
        };
        out.push(format!("{}: {}", row.number, cells.join(" | ")));
        ControlFlow::Continue(())
    });
    if let Err(why) = read {
        out.push(why.to_string());
    }
    out.join("\n")
}

fn check(name: &str, bytes: &[u8], expected: &Expect) {
    let (_dir, path) = file(name, bytes);
    expected.assert_eq(&shown(&path, None));
}

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet().set_name("Dữ liệu").unwrap());
    book.save_to_buffer().unwrap()
}

/// A zip file with these entries.
fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn rows_of_csv_have_the_numbers_of_their_lines() {
    check(
        "t.csv",
        b"a,b\r\n\r\n1,2\n\n\"x\r\ny\",3\r4,5",
        &expect![[r"
        1: a | b
        3: 1 | 2
        5: x
        y | 3
        7: 4 | 5"]],
    );
    check(
        "t.csv",
        "\u{feff}sep=;\r\nngày;số\r\n;;\r\nmột; hai \r\n".as_bytes(),
        &expect![[r"
        2: ngày | số
        4: một | hai"]],
    );
    check(
        "t.csv",
        "\"a, b\";c\n1,5;2\n".as_bytes(),
        &expect![[r"
        1: a, b | c
        2: 1,5 | 2"]],
    );
    check(
        "t.csv",
        "a\tb\n1\t2\n".as_bytes(),
        &expect![[r"
        1: a | b
        2: 1 | 2"]],
    );
}

#[test]
fn texts_are_in_normalisation_form_c() {
    let (_dir, path) = file("t.csv", "Hô\u{300} sơ\n".as_bytes());
    assert_eq!(shown(&path, None), "1: Hồ sơ");
}

#[test]
fn another_encoding_is_told_with_what_to_do() {
    let expected = expect![[
        r#"the file is UTF-16 ("Unicode Text"): in Excel, save as "CSV UTF-8 (Comma delimited)" or as "Excel Workbook (.xlsx)""#
    ]];
    let utf16: Vec<u8> = "\u{feff}a\tb\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check("t.csv", &utf16, &expected);
    let big: Vec<u8> = "a\tb\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    check("t.csv", &big, &expected);
    // "Sở" in windows-1258.
    check(
        "t.csv",
        b"S\xF5\xD2,b\n1,2\n",
        &expect![[
            r#"the file is not UTF-8 (windows-1258 or an older Vietnamese encoding): in Excel, save as "CSV UTF-8 (Comma delimited)" or as "Excel Workbook (.xlsx)""#
        ]],
    );
}

#[test]
fn a_wide_row_and_a_huge_cell_are_told() {
    let wide = "x,".repeat(COLUMNS_MAX) + "x\n1\n";
    check(
        "t.csv",
        wide.as_bytes(),
        &expect![[r"
        1: there are more than 512 cells in the row
        2: 1"]],
    );
    let huge = format!("a\n{}\n2\n", "ơ".repeat(CELL_CHARS_MAX + 1));
    check(
        "t.csv",
        huge.as_bytes(),
        &expect![[r"
        1: a
        2: a cell has more than 32767 characters
        3: 2"]],
    );
}

#[test]
fn a_sheet_is_read_cell_by_cell_as_the_person_sees_it() {
    let day = Style::new().set_num_format("dd/mm/yyyy");
    let hour = Style::new().set_num_format("dd/mm/yyyy hh:mm");
    let bytes = workbook(|sheet| {
        let at = ExcelDateTime::from_ymd(2021, 9, 6).unwrap();
        let with_hour = at.clone().and_hms(8, 30, 0.0).unwrap();
        sheet.write(0, 0, "Báo cáo").unwrap();
        sheet.write(3, 1, "Ngày").unwrap();
        sheet.write_with_format(4, 1, &at, &day).unwrap();
        sheet.write_with_format(5, 1, &with_hour, &hour).unwrap();
        sheet.write(6, 1, 44_445).unwrap().write(6, 3, true).unwrap();
        sheet.write(7, 1, 1.5).unwrap().write(7, 2, "  '123 ").unwrap();
        sheet.write(8, 1, Formula::new("=A1/0").set_result("#DIV/0!")).unwrap();
        sheet.write(9, 1, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.merge_range(11, 0, 12, 1, "chung", &Style::new()).unwrap();
        sheet.write(12, 2, "dòng").unwrap();
    });
    check(
        "t.xlsx",
        &bytes,
        &expect![[r"
        1: Báo cáo
        4:  | Ngày
        5:  | 2021-09-06
        6:  | 2021-09-06 08:30:00
        7:  | 44445 |  | true
        8:  | 1.5 | '123
        9:  | the formula shows #DIV/0!: mend it in the spreadsheet
        10:  | 2
        12: chung
        13: the cell is merged with row 12: unmerge it and fill in each row | the cell is merged with row 12: unmerge it and fill in each row | dòng"]],
    );
}

#[test]
fn a_sheet_is_found_by_its_name() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Bìa").unwrap().write(0, 0, "bìa").unwrap();
    book.add_worksheet().set_name("Hồ sơ").unwrap().write(0, 0, "đây").unwrap();
    let (_dir, path) = file("t.xlsx", &book.save_to_buffer().unwrap());
    assert_eq!(shown(&path, None), "1: bìa");
    assert_eq!(shown(&path, Some("hồ  sơ")), "1: đây");
    expect![[r#"there is no sheet "Hồ"; the sheets are "Bìa", "Hồ sơ""#]]
        .assert_eq(&shown(&path, Some("Hồ")));
}

#[test]
fn a_bomb_is_never_inflated_as_a_whole() {
    let zeros = vec![b' '; 66 * 1024 * 1024];
    let bomb = zipped(&[("xl/workbook.xml", &zeros)]);
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    check(
        "t.xlsx",
        &bomb,
        &expect![
            "xl/workbook.xml of the workbook is larger than 67108864 bytes: is it a table? Split it into several files"
        ],
    );
    let names: Vec<String> = (0..4_097).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    check(
        "t.xlsx",
        &zipped(&many),
        &expect![
            "there are more than 4096 entries in the workbook: split the table into several files"
        ],
    );
}

/// A directory that says that an entry is small does not make it small.
#[test]
fn what_a_zip_file_says_of_its_sizes_is_not_believed() {
    let zeros = vec![b' '; 66 * 1024 * 1024];
    let mut bomb = zipped(&[("xl/workbook.xml", &zeros)]);
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let mut lied = 0;
    for place in 0..bomb.len() - 4 {
        if bomb[place..place + 4] == size {
            bomb[place..place + 4].copy_from_slice(&100_u32.to_le_bytes());
            lied += 1;
        }
    }
    assert!(lied >= 1);
    let (_dir, path) = file("t.xlsx", &bomb);
    let said = shown(&path, None);
    assert!(said.contains("larger than its declared uncompressed size"), "{said}");
}

#[test]
fn a_sheet_of_two_far_cells_takes_no_room() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap().write(1_048_575, 0, "z").unwrap();
    });
    check(
        "t.xlsx",
        &bytes,
        &expect![[r"
        1: a
        1048576: z"]],
    );
    let wide = workbook(|sheet| {
        sheet.write(0, 16_383, "z").unwrap();
    });
    check(
        "t.xlsx",
        &wide,
        &expect!["there are more than 512 columns: split the table into several files"],
    );
}

#[test]
fn what_is_no_workbook_is_told_with_what_to_do() {
    check(
        "t.xlsx",
        b"id,source\n",
        &expect![[
            r#"it is no .xlsx workbook: it is no zip file; in Excel, save as "Excel Workbook (.xlsx)""#
        ]],
    );
    check(
        "t.xlsx",
        &[0xD0, 0xCF, 0x11, 0xE0, 0xA1],
        &expect![[
            r#"it is no .xlsx workbook: it has the older format .xls, or is locked by a password; in Excel, save as "Excel Workbook (.xlsx)""#
        ]],
    );
    let (_dir, path) = file("t.xlsx", &zipped(&[("hello.txt", b"hello")]));
    assert!(shown(&path, None).starts_with("it is no .xlsx workbook"), "{}", shown(&path, None));
}

#[test]
fn what_is_written_is_no_formula_and_is_read_as_it_was() {
    let texts = ["=cmd|' /C calc'!A0", "+84", "-5", "@SUM(A1)", "'=1", "an toàn", "'tis"];
    let row: Vec<Cell> = texts.iter().map(|text| Cell::Text((*text).to_owned())).collect();
    let bytes = write(Format::Csv, "t", std::slice::from_ref(&row)).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    expect![[r"
        ﻿'=cmd|' /C calc'!A0,'+84,'-5,'@SUM(A1),''=1,an toàn,'tis
    "]]
    .assert_eq(&text.replace('\r', ""));
    let (_dir, path) = file("t.csv", &bytes);
    assert_eq!(shown(&path, None), format!("1: {}", texts.join(" | ")));
    let sheet = write(Format::Xlsx, "t", &[row]).unwrap();
    let (_dir, path) = file("t.xlsx", &sheet);
    assert_eq!(shown(&path, None), format!("1: {}", texts.join(" | ")));
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let formulas = calamine::Reader::worksheet_formula(&mut book, "t").unwrap();
    assert!(formulas.is_empty(), "{formulas:?}");
}

#[test]
fn columns_have_the_letters_of_a_spreadsheet() {
    for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
        assert_eq!(column_letters(column), letters);
    }
}

/// Bytes of a sheet changed at random: it is read or told, and nothing else.
#[test]
fn a_damaged_workbook_is_told() {
    let whole = workbook(|sheet| {
        for row in 0..20 {
            sheet.write(row, 0, format!("{row}")).unwrap().write(row, 1, row).unwrap();
        }
        sheet.merge_range(3, 3, 5, 5, "chung", &Style::new()).unwrap();
    });
    let mut archive = zip::ZipArchive::new(io::Cursor::new(whole)).unwrap();
    let mut entries = Vec::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        entries.push((entry.name().unwrap().into_owned(), bytes));
    }
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut read_whole = 0;
    for _ in 0..1_500 {
        let mut damaged = entries.clone();
        for _ in 0..=random(4) {
            let place = random(damaged.len());
            let bytes = &mut damaged[place].1;
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => bytes.truncate(at + 1),
                2 => bytes[at] = b'9',
                _ => bytes.insert(at, b'<'),
            }
        }
        let parts: Vec<(&str, &[u8])> =
            damaged.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let (_dir, path) = file("t.xlsx", &zipped(&parts));
        read_whole += usize::from(read(&path, None, &mut |_| ControlFlow::Continue(())).is_ok());
    }
    assert!((1..1_500).contains(&read_whole), "{read_whole} of 1,500 were read");
}
