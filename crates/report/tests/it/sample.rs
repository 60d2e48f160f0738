//! Documents for the tests.

use tonghop_core::day::Day;
use tonghop_core::declared::Range;
use tonghop_core::read::Value;
use tonghop_report::{
    Block, Cell, ColumnKind, Document, FormAnswer, Head, Lang, Paragraph, Signature, Table,
};

/// Biểu 06a of a small province, as HTTP answers it: a department with an affiliate below it, a
/// district with a commune, and a name that a spreadsheet would take for a formula.
pub(crate) fn form() -> FormAnswer {
    FormAnswer::parse(include_bytes!("form.json")).unwrap()
}

/// The same where nobody was ever heard of what a commune carried in.
pub(crate) fn form_without_data() -> FormAnswer {
    let mut form = form();
    let row = form.rows.iter_mut().find(|row| row.key == "H41.30.1").unwrap();
    let (_, cell) = row.cells.0.iter_mut().find(|(key, _)| key == "c6").unwrap();
    assert_eq!(cell.value.take(), Some(0));
    cell.said.missing = Some(true);
    form
}

/// What stands below a table with such a figure.
pub(crate) const NO_DATA: &str =
    "(…) chưa có số liệu: đến hết kỳ chưa hệ thống nào báo cáo về nội dung này.";

/// That many or more.
fn over(low: i64) -> Range {
    Range { low, high: None, rough: false }
}

/// A report with everything that the model has.
pub(crate) fn letter() -> Document {
    let mut document = Document::new(Lang::Vi, "BÁO CÁO");
    document.subtitle =
        vec![Paragraph::text("Công tác cải cách hành chính quý III năm 2021").bold()];
    document.head = Some(Head {
        superior: Some("ỦY BAN NHÂN DÂN TỈNH NGHỆ AN".to_owned()),
        agency: "SỞ THÔNG TIN VÀ TRUYỀN THÔNG".to_owned(),
        number: Some("123/BC-STTTT".to_owned()),
        place: Some("Nghệ An".to_owned()),
        date: Day::from_ymd(2021, 9, 6),
        month: None,
    });
    document.push(Block::heading(1, "A", "Kết quả thực hiện"));
    document.push(Block::heading(2, "I", "Công tác chỉ đạo, điều hành"));
    document.push(Block::heading(4, "a", "Văn bản"));
    document.push(
        Paragraph::text("Đã tiếp nhận ")
            .figure(Cell::count(1_034_859))
            .bold()
            .and(" văn bản; ký số ")
            .figure(Cell::share(103_105, 140_857))
            .and("; sử dụng thư điện tử ")
            .figure(Cell::Figure(Value::BoundShare(over(95), 100)))
            .and("; khiếu nại ")
            .figure(Cell::Figure(Value::Nil))
            .and(". ")
            .and(&"Những chữ có dấu: ằẳẵắặ ầẩẫấậ ềểễếệ ồổỗốộ ờởỡớợ ừửữứự ỳỷỹýỵ đĐ. ".repeat(4)),
    );
    let mut table = Table::simple([
        ("TT", ColumnKind::Ordinal),
        ("Đơn vị", ColumnKind::Label),
        ("Hồ sơ", ColumnKind::Number),
        ("Ghi chú", ColumnKind::Text),
    ]);
    table.caption = Some("Kết quả theo đơn vị".to_owned());
    let texts = [("Sở Tài chính", 85), ("=SUM(A1:A9)", 1_200), ("Sở Y tế\u{1b}[31m", 15)];
    for ((name, count), ordinal) in texts.into_iter().zip(1..) {
        let note = Cell::Figure(Value::Bound(over(4_000)));
        table.row([Cell::count(ordinal), Cell::text(name), Cell::count(count), note]);
    }
    table.row([
        Cell::count(4),
        Cell::text("Sở Xây dựng"),
        Cell::Figure(Value::Missing),
        Cell::Figure(Value::Nil),
    ]);
    // The third row is left out on purpose: the claim does not hold, so there is no formula.
    table.total([Cell::Blank, Cell::text("Cộng"), Cell::count(1_300), Cell::Blank], [0, 1]);
    document.push(table);
    document.recipients = vec!["Như trên;".to_owned(), "Lưu: VT.".to_owned()];
    document.signature = Some(Signature {
        authority: Some("KT. GIÁM ĐỐC".to_owned()),
        title: "PHÓ GIÁM ĐỐC".to_owned(),
        name: Some("Nguyễn Văn Ẩn".to_owned()),
    });
    document.push_annex(Block::heading(1, "", "Phụ lục"));
    document.push_annex(Paragraph::text("Danh mục kèm theo."));
    document
}

/// A table over many pages, lying on its side between upright pages, with one row that is higher
/// than a page.
pub(crate) fn biggest() -> Document {
    let mut document = letter();
    document.annex.clear();
    let mut table = Table::simple(
        [("Đơn vị", ColumnKind::Label)]
            .into_iter()
            .chain((0..12).map(|_| ("Số liệu", ColumnKind::Number))),
    );
    table.landscape = true;
    for row in 0..200 {
        let name = if row == 100 { "rất dài ".repeat(900) } else { format!("xã thứ {row}") };
        table.row([Cell::Text(name)].into_iter().chain((0..12).map(|c| Cell::count(row * c))));
    }
    document.push(table);
    document.push(Paragraph::text("Sau biểu."));
    document
}
