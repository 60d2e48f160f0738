use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};

use crate::sample::{NO_DATA, form, form_without_data, letter};

type Values = BTreeMap<(u32, u32), Data>;
type Formulas = BTreeMap<(u32, u32), String>;
type Book = Xlsx<Cursor<Vec<u8>>>;

fn open(bytes: Vec<u8>) -> Book {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

/// Cells and formulas of a sheet by row and column, from 0.
fn read(book: &mut Book, sheet: &str) -> (Values, Formulas) {
    let values = book.worksheet_range(sheet).unwrap();
    let (top, left) = values.start().unwrap();
    let place = |(row, column): (usize, usize)| {
        (top + u32::try_from(row).unwrap(), left + u32::try_from(column).unwrap())
    };
    let values = values.used_cells().map(|(r, c, data)| (place((r, c)), data.clone())).collect();
    let formulas = book.worksheet_formula(sheet).unwrap();
    let (top, left) = formulas.start().unwrap_or((0, 0));
    let place = |(row, column): (usize, usize)| {
        (top + u32::try_from(row).unwrap(), left + u32::try_from(column).unwrap())
    };
    let formulas = formulas
        .used_cells()
        .filter(|(_, _, text)| !text.is_empty())
        .map(|(r, c, text)| (place((r, c)), text.clone()))
        .collect();
    (values, formulas)
}

fn number(data: Option<&Data>) -> f64 {
    match data {
        Some(Data::Float(number)) => *number,
        Some(Data::Int(number)) => number.to_string().parse().unwrap(),
        other => panic!("no number: {other:?}"),
    }
}

/// `D8` as row and column, from 0.
fn place(name: &str) -> (u32, u32) {
    let letters = name.chars().take_while(char::is_ascii_uppercase);
    let column = letters.fold(0, |column, c| column * 26 + u32::from(c) - u32::from('A') + 1);
    let row: u32 = name.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().unwrap();
    (row - 1, column - 1)
}

/// What a formula of the three kinds that are written gives, from the cells as they are stored.
fn evaluate(formula: &str, values: &Values) -> f64 {
    let formula = formula.trim_start_matches('=');
    if let Some(ranges) = formula.strip_prefix("SUM(").and_then(|rest| rest.strip_suffix(')')) {
        let mut sum = 0.0;
        for range in ranges.split(',') {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            let (first, last) = (place(first), place(last));
            assert_eq!(first.1, last.1, "a sum stays in its column");
            let cells = (first.0..=last.0).map(|row| values.get(&(row, first.1)));
            // A sum skips words; adding them would be an error.
            let numbers = cells.filter(|cell| !matches!(cell, Some(Data::String(_))));
            sum += numbers.map(number).sum::<f64>();
        }
        return sum;
    }
    if let Some((part, whole)) = formula.split_once('/') {
        return part.parse::<f64>().unwrap() / whole.parse::<f64>().unwrap();
    }
    formula.split('+').map(|cell| number(values.get(&place(cell)))).sum()
}

/// Every formula of a sheet gives what is stored beside it.
fn formulas_hold(book: &mut Book, sheet: &str) -> Formulas {
    let (values, formulas) = read(book, sheet);
    for (at, formula) in &formulas {
        let stored = number(values.get(at));
        let given = evaluate(formula, &values);
        assert!((stored - given).abs() < 1e-12, "{at:?}: {formula} gives {given}, not {stored}");
    }
    formulas
}

fn row_of(values: &Values, label: &str) -> u32 {
    let found = values
        .iter()
        .find(|((_, column), data)| *column == 1 && data.to_string().starts_with(label));
    found.unwrap_or_else(|| panic!("{label} is in the sheet")).0.0
}

#[test]
fn a_form_is_numbers_and_formulas_that_hold() {
    let form = form();
    let mut book = open(tonghop_report::xlsx(&form.document()).unwrap());
    assert_eq!(book.sheet_names(), ["Biểu 1", "Số liệu bổ sung, ngoài biểu mẫu"]);
    let formulas = formulas_hold(&mut book, "Biểu 1");
    let (values, _) = read(&mut book, "Biểu 1");
    let formula = |label: &str, column: u32| {
        formulas.get(&(row_of(&values, label), column)).map(String::as_str)
    };
    let sheet_row = |label: &str| row_of(&values, label) + 1;
    // Identities of the circular hold in every row.
    let commune = sheet_row("Xã Nghi Long");
    assert_eq!(formula("Xã Nghi Long", 2), Some(&*format!("D{commune}+E{commune}+F{commune}")));
    // The communes' rows have nothing below them: their block is their sum.
    let (first, last) = (sheet_row("Xã Nghi Long"), sheet_row("=HYPERLINK"));
    assert_eq!(formula("Xã, phường, thị trấn", 3), Some(&*format!("SUM(D{first}:D{last})")));
    // A department's row has its affiliate inside, its block has not: no formula would be true.
    assert_eq!(formula("Sở, ban, ngành", 3), None);
    // The total is the sum of the blocks, each unit once.
    let blocks: Vec<String> =
        ["Sở, ban, ngành", "Huyện, thị xã, thành phố", "Xã, phường, thị trấn", "Đơn vị trực thuộc"]
            .iter()
            .map(|label| format!("D{}", sheet_row(label)))
            .collect();
    let total = formula("Tổng số", 3).unwrap();
    assert_eq!(total, format!("SUM({})", blocks.join(",")));
    // Every figure of the answer is there as a number.
    for (key, label) in [("H41.16", "Sở Thông tin"), ("H41.30", "UBND huyện"), ("TOTAL", "Tổng số")]
    {
        let answered = form.rows.iter().find(|row| row.key == key).unwrap();
        let row = row_of(&values, label);
        for (column, c) in (2..).zip(3..=13) {
            let cell = answered.cells.get(&format!("c{c}")).unwrap();
            let shown = number(values.get(&(row, column)));
            assert_eq!(shown.to_string(), cell.value.unwrap().to_string(), "{label} c{c}");
        }
    }
    // What stands beside the form has only the rows that say something.
    let beside = "Số liệu bổ sung, ngoài biểu mẫu";
    formulas_hold(&mut book, beside);
    let (values, _) = read(&mut book, beside);
    let has = |label: &str| values.values().any(|held| held.to_string().starts_with(label));
    assert!(has("=HYPERLINK") && has("Tổng số") && !has("Xã Nghi Long"), "{values:?}");
}

#[test]
fn a_name_is_never_a_formula() {
    let mut book = open(tonghop_report::xlsx(&form().document()).unwrap());
    let (values, formulas) = read(&mut book, "Biểu 1");
    let row = row_of(&values, "=HYPERLINK");
    assert!(!formulas.contains_key(&(row, 1)), "{formulas:?}");
    let mut book = open(tonghop_report::xlsx(&letter()).unwrap());
    let (values, formulas) = read(&mut book, "Kết quả theo đơn vị");
    assert!(formulas.values().all(|text| !text.contains("A9")), "{formulas:?}");
    assert_eq!(values.get(&(3, 1)), Some(&Data::String("=SUM(A1:A9)".to_owned())));
}

#[test]
fn a_claim_that_does_not_hold_is_written_as_a_number() {
    let mut book = open(tonghop_report::xlsx(&letter()).unwrap());
    let (values, formulas) = read(&mut book, "Kết quả theo đơn vị");
    assert!(formulas.is_empty(), "{formulas:?}");
    let row = row_of(&values, "Cộng");
    assert_eq!(number(values.get(&(row, 2))).to_string(), "1300");
    let texts: Vec<String> = values.values().map(ToString::to_string).collect();
    for text in ["từ 4.000 trở lên", "chưa khai", "không phát sinh"] {
        assert!(texts.iter().any(|held| held == text), "{text}: {texts:?}");
    }
}

#[test]
fn running_text_has_a_sheet_in_front() {
    let mut book = open(tonghop_report::xlsx(&letter()).unwrap());
    assert_eq!(book.sheet_names(), ["Báo cáo", "Kết quả theo đơn vị"]);
    let (values, _) = read(&mut book, "Báo cáo");
    let texts: Vec<String> = values.values().map(ToString::to_string).collect();
    for text in [
        "SỞ THÔNG TIN VÀ TRUYỀN THÔNG",
        "Nghệ An, ngày 06 tháng 9 năm 2021",
        "I. Công tác chỉ đạo, điều hành",
        "a) Văn bản",
        "Xem trang tính “Kết quả theo đơn vị”.",
        "PHÓ GIÁM ĐỐC",
        "- Lưu: VT.",
        "Danh mục kèm theo.",
    ] {
        assert!(texts.iter().any(|held| held == text), "{text}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.contains("1.034.859 văn bản; ký số 73,2%")), "{texts:?}");
}

#[test]
fn a_false_identity_is_written_as_a_number() {
    let mut form = form();
    let row = form.rows.iter_mut().find(|row| row.key == "H41.30.1").unwrap();
    let (_, cell) = row.cells.0.iter_mut().find(|(key, _)| key == "c11").unwrap();
    cell.value = Some(999);
    let mut book = open(tonghop_report::xlsx(&form.document()).unwrap());
    let formulas = formulas_hold(&mut book, "Biểu 1");
    let (values, _) = read(&mut book, "Biểu 1");
    let row = row_of(&values, "Xã Nghi Long");
    assert_eq!(number(values.get(&(row, 10))).to_string(), "999");
    assert!(!formulas.contains_key(&(row, 10)), "{formulas:?}");
    assert!(formulas.contains_key(&(row, 6)), "the others are still formulas: {formulas:?}");
}

#[test]
fn the_workbook_is_dated_by_the_document_and_not_by_the_clock() {
    for (document, date) in [(letter(), "2021-09-06"), (form().document(), "1980-01-01")] {
        let bytes = tonghop_report::xlsx(&document).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut part = String::new();
        archive.by_name("docProps/core.xml").unwrap().read_to_string(&mut part).unwrap();
        assert_eq!(part.matches(date).count(), 2, "created and modified: {part}");
    }
}

#[test]
fn a_figure_without_data_is_a_mark_that_sums_skip() {
    let mut book = open(tonghop_report::xlsx(&form_without_data().document()).unwrap());
    let formulas = formulas_hold(&mut book, "Biểu 1");
    let (values, _) = read(&mut book, "Biểu 1");
    let (commune, block) = (row_of(&values, "Xã Nghi Long"), row_of(&values, "Xã, phường"));
    assert_eq!(values.get(&(commune, 5)), Some(&Data::String("…".to_owned())));
    assert!(formulas[&(block, 5)].starts_with("SUM("), "{formulas:?}");
    // Words are not added with `+`; that 3 = 7 + 11 holds without them.
    let (own, all) = (commune + 1, |column| formulas.get(&(commune, column)).map(String::as_str));
    assert_eq!(all(2), Some(&*format!("G{own}+K{own}")));
    assert_eq!(all(6), Some(&*format!("H{own}+I{own}+J{own}")));
    let notes = values.values().filter(|held| **held == NO_DATA).count();
    assert_eq!(notes, 1, "{values:?}");
}
