use expect_test::expect;

use super::said::SaidAnswer;
use super::table::{by_level, table};
use tonghop_core::read::Share;

use super::*;
use crate::number::{number, percent};

#[test]
fn numbers_are_written_as_each_language_does() {
    let check = |value, vi: &str, en: &str| {
        assert_eq!((number(value, Lang::Vi), number(value, Lang::En)), (vi.into(), en.into()));
    };
    check(0, "0", "0");
    check(999, "999", "999");
    check(1_000, "1.000", "1,000");
    check(1_034_859, "1.034.859", "1,034,859");
    check(-1_000, "-1.000", "-1,000");
    check(-999, "-999", "-999");
    check(i64::MIN, "-9.223.372.036.854.775.808", "-9,223,372,036,854,775,808");
}

#[test]
fn ratios_are_rounded_half_up_when_shown() {
    let check = |part, whole, vi: &str, en: &str| {
        let share = Share { part, whole };
        assert_eq!((percent(share, Lang::Vi), percent(share, Lang::En)), (vi.into(), en.into()));
    };
    check(147, 200, "73,5%", "73.5%");
    check(1, 3, "33,33%", "33.33%");
    check(2, 3, "66,67%", "66.67%");
    check(1, 1, "100%", "100%");
    check(0, 7, "0%", "0%");
    check(1, 20_000, "0,01%", "0.01%");
    check(1, 1_000, "0,1%", "0.1%");
    check(50, 1, "5.000%", "5,000%");
    check(-1, 8, "-12,5%", "-12.5%");
    check(3, 0, "–", "–");
    check(0, 0, "–", "–");
}

fn count(value: i64) -> CellAnswer {
    let status = "computed".to_owned();
    CellAnswer {
        value: Some(value),
        ratio: None,
        said: SaidAnswer::default(),
        status,
        figure: None,
    }
}

fn cells(c3: i64, early: i64) -> Cells {
    Cells(vec![("c3".to_owned(), count(c3)), ("noDueDate".to_owned(), count(early))])
}

fn row(key: &str, label: &str, level: Option<&str>, cells: Cells) -> RowAnswer {
    let (key, label) = (key.to_owned(), label.to_owned());
    let level = level.map(str::to_owned);
    let kind = if key == "TOTAL" { RowOf::Total } else { RowOf::Unit };
    RowAnswer { key, label, level, kind, indicator: None, counted: None, cells }
}

fn column(key: &str, label: &str) -> Column {
    Column {
        key: key.to_owned(),
        label: label.to_owned(),
        indicator: "dossiers.x".to_owned(),
        counted: "hồ sơ".to_owned(),
        nature: "flow".to_owned(),
        short: None,
        number: None,
        memo: false,
    }
}

pub(super) fn form(lang: Lang) -> FormAnswer {
    let level = |level: Option<&str>, cells| LevelAnswer { level: level.map(str::to_owned), cells };
    FormAnswer {
        form: "bieu-06a".to_owned(),
        unit: "H41".to_owned(),
        window: Days { from: "2021-06-15".to_owned(), to: "2021-09-14".to_owned() },
        calendar: Some("legal".to_owned()),
        period: Some("2021-Q3".to_owned()),
        tree: "as-was".to_owned(),
        known_at: None,
        position: 2_203_144,
        lag: 0,
        computed_to: None,
        rows: vec![
            row("H41", "Nghệ An", Some("PROVINCE"), cells(1_034_859, 7)),
            row("H41.16", "Sở TT&TT\u{1b}[31m", Some("DEPARTMENT"), cells(85, 0)),
            row("H41.30", &"x".repeat(60), None, Cells::default()),
            row("TOTAL", "Tổng số", None, cells(1_034_859, 7)),
        ],
        incomplete: 0,
        closing: None,
        unheard: None,
        levels: Some(vec![
            level(None, cells(1, 0)),
            level(Some("PROVINCE"), cells(2, 0)),
            level(Some("DEPARTMENT"), cells(85, 0)),
            level(Some("COMMUNE"), cells(1_034_771, 7)),
        ]),
        lang,
        title: "Biểu số II.06a".to_owned(),
        unit_label: "Nghệ An".to_owned(),
        source: String::new(),
        columns: vec![column("c3", "Tổng số"), column("noDueDate", "Không có hạn")],
        groups: Vec::new(),
        identities: Vec::new(),
        sections: Vec::new(),
        parent_label: String::new(),
    }
}

#[test]
fn a_form_by_unit_as_a_table() {
    expect![[r"
        Biểu số II.06a
        H41 Nghệ An
        Quý III/2021 (từ 15/6/2021 đến 14/9/2021)
        ┌──────────────────────────────────────────────┬───────────┬───┐
        │                                              ┆        c3 ┆ a │
        ╞══════════════════════════════════════════════╪═══════════╪═══╡
        │ H41 Nghệ An                                  ┆ 1.034.859 ┆ 7 │
        │ H41.16 Sở TT&TT�[31m                         ┆        85 ┆ 0 │
        │ H41.30 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… ┆         … ┆ … │
        │ Tổng số                                      ┆ 1.034.859 ┆ 7 │
        └──────────────────────────────────────────────┴───────────┴───┘
          c3  Tổng số, hồ sơ
          a   Không có hạn, hồ sơ (noDueDate)
        (…) chưa có số liệu: đến hết kỳ chưa hệ thống nào báo cáo về nội dung này.
        Nhật ký đến vị trí 2.203.144; còn chờ 0 sự kiện.
    "]]
    .assert_eq(&table(&form(Lang::Vi)));
}

#[test]
fn a_form_by_level() {
    expect![[r"
        Biểu số II.06a
        H41 Nghệ An
        2021-Q3 (from 2021-06-15 to 2021-09-14)
        ┌─────────────┬───────────┬───┐
        │             ┆        c3 ┆ a │
        ╞═════════════╪═══════════╪═══╡
        │ Departments ┆        85 ┆ 0 │
        │ Districts   ┆         … ┆ … │
        │ Communes    ┆ 1,034,771 ┆ 7 │
        │ Others      ┆         3 ┆ 0 │
        │ Tổng số     ┆ 1,034,859 ┆ 7 │
        └─────────────┴───────────┴───┘
          c3  Tổng số, hồ sơ
          a   Không có hạn, hồ sơ (noDueDate)
        (…) no data: nothing of the kind was ever reported by the end of the period.
        The log up to position 2,203,144; 0 events wait behind it.
    "]]
    .assert_eq(&by_level(&form(Lang::En)));
}

#[test]
fn a_list_as_a_table_and_as_csv() {
    let mut list = form(Lang::Vi);
    list.columns.clear();
    list.levels = None;
    let ratio = Some(Ratio { part: 103_105, whole: 140_857 });
    let (status, said) = ("computed".to_owned(), SaidAnswer::default());
    let share = CellAnswer { value: None, ratio, said, status, figure: None };
    let figure = |key: &str, label: &str, counted: &str, cell| RowAnswer {
        indicator: Some("documents.x".to_owned()),
        counted: Some(counted.to_owned()),
        kind: RowOf::Slot,
        ..row(key, label, None, Cells(vec![("value".to_owned(), cell)]))
    };
    list.rows = vec![
        figure("1", "Văn bản đi", "văn bản", count(140_857)),
        figure("2", "-1+1, \"ký số\"", "", share),
    ];
    expect![[r#"
        Biểu số II.06a
        H41 Nghệ An
        Quý III/2021 (từ 15/6/2021 đến 14/9/2021)
        ┌───┬───────────────┬─────────┬─────────────┐
        │   ┆ Chỉ tiêu      ┆ Số liệu ┆ Đơn vị tính │
        ╞═══╪═══════════════╪═════════╪═════════════╡
        │ 1 ┆ Văn bản đi    ┆ 140.857 ┆ văn bản     │
        │ 2 ┆ -1+1, "ký số" ┆   73,2% ┆             │
        └───┴───────────────┴─────────┴─────────────┘
        Nhật ký đến vị trí 2.203.144; còn chờ 0 sự kiện.
    "#]]
    .assert_eq(&table(&list));
    expect![[r#"
        key,label,indicator,counted,value,part,whole,kind,computedTo,status,said,atLeast,atMost,approximately,rough,of
        1,Văn bản đi,documents.x,văn bản,140857,,,slot,,computed,exact,,,,,
        2,"'-1+1, ""ký số""",documents.x,,,103105,140857,slot,,computed,exact,,,,,
    "#]]
    .assert_eq(&csv::csv(&list).replace("\r\n", "\n"));
}

#[test]
fn csv_runs_nothing() {
    let mut form = form(Lang::Vi);
    for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
        form.rows = vec![row(bad, bad, Some(bad), cells(-5, 0))];
        let text = csv::csv(&form);
        let line = text.split_once("\r\n").unwrap().1;
        assert!(!line.contains(&format!(",{bad}")) && !line.starts_with(bad), "{line}");
        assert!(line.contains(",-5,0,unit,"), "numbers stay numbers: {line}");
    }
}

#[test]
fn the_order_of_cells_is_kept() {
    let text = serde_json::to_string(&form(Lang::Vi)).unwrap();
    let read = FormAnswer::parse(text.as_bytes()).unwrap();
    assert_eq!(read, form(Lang::Vi));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert!(read.pretty().unwrap().contains("\n  \"form\": \"bieu-06a\""));
}

/// A form by field in which agencies call their fields as the total and as levels are called.
fn by_field(lang: Lang) -> FormAnswer {
    let mut form = form(lang);
    let codes = ["COMMUNE", "TOTAL", "Tổng số", "c3"].into_iter().zip(1..);
    let code =
        |(key, value)| RowAnswer { kind: RowOf::Code, ..row(key, key, None, cells(value, 0)) };
    form.rows = codes.map(code).chain([row("TOTAL", "Tổng số", None, cells(10, 0))]).collect();
    form.levels = None;
    form
}

#[test]
fn a_code_is_never_taken_for_the_total() {
    expect![[r"
        Biểu số II.06a
        H41 Nghệ An
        Quý III/2021 (từ 15/6/2021 đến 14/9/2021)
        ┌───────────┬────┬───┐
        │           ┆ c3 ┆ a │
        ╞═══════════╪════╪═══╡
        │ COMMUNE   ┆  1 ┆ 0 │
        │ TOTAL     ┆  2 ┆ 0 │
        │ “Tổng số” ┆  3 ┆ 0 │
        │ c3        ┆  4 ┆ 0 │
        │ Tổng số   ┆ 10 ┆ 0 │
        └───────────┴────┴───┘
          c3  Tổng số, hồ sơ
          a   Không có hạn, hồ sơ (noDueDate)
        Nhật ký đến vị trí 2.203.144; còn chờ 0 sự kiện.
    "]]
    .assert_eq(&table(&by_field(Lang::Vi)));
    // Not summed by level: the total alone, and no zeros that nobody counted.
    let by_level = by_level(&by_field(Lang::Vi));
    let rows: Vec<&str> = by_level.lines().filter(|line| line.starts_with('│')).skip(1).collect();
    assert_eq!(rows, ["│ Tổng số ┆ 10 ┆ 0 │"]);
    let document = by_field(Lang::Vi).document();
    let rows: Vec<(crate::RowKind, Vec<String>)> = document
        .tables()
        .flat_map(|table| &table.rows)
        .map(|row| (row.kind, row.cells.iter().map(|cell| cell.show(Lang::Vi)).collect()))
        .collect();
    let last = rows.last().unwrap();
    assert_eq!(
        last,
        &(crate::RowKind::Total, ["", "Tổng số", "10", "0"].map(str::to_owned).into())
    );
    let names: Vec<&str> = rows.iter().map(|(_, cells)| cells[1].as_str()).collect();
    assert_eq!(names, ["COMMUNE", "TOTAL", "Tổng số", "c3", "Tổng số"]);
    let totals = rows.iter().filter(|(kind, _)| *kind == crate::RowKind::Total).count();
    assert_eq!(totals, 1);
}

#[test]
fn a_sentence_has_the_figure_of_a_slot_and_never_of_a_code() {
    let mut form = by_field(Lang::Vi);
    let value = Cells(vec![("value".to_owned(), count(7))]);
    let code = RowAnswer { kind: RowOf::Code, ..row("x", "x", None, Cells::default()) };
    let slot = RowAnswer { kind: RowOf::Slot, ..row("x", "Hồ sơ", None, value) };
    form.rows = vec![code, slot];
    let piece = PieceAnswer { text: None, figure: Some("x".to_owned()), percent: false };
    let section = SectionAnswer {
        number: "A".to_owned(),
        label: "A".to_owned(),
        narrative: false,
        text: None,
        lines: vec![vec![piece]],
        table: vec!["x".to_owned()],
    };
    form.sections = vec![section];
    assert_eq!(form.outline_lines()[2..], ["  - 7", "  Hồ sơ: 7 "]);
}

#[test]
fn a_running_period_is_said_to_run() {
    let mut vi = form(Lang::Vi);
    vi.columns[1].memo = true;
    vi.computed_to = Some("2021-07-20".to_owned());
    let en = FormAnswer { lang: Lang::En, ..vi.clone() };
    for (form, said) in [
        (&vi, "Số liệu tạm tính đến hết ngày 20/7/2021; kỳ báo cáo chưa kết thúc"),
        (&en, "Provisional figures up to 2021-07-20; the period is not over"),
    ] {
        for text in [table(form), by_level(form)] {
            assert_eq!(text.lines().nth(3), Some(&*format!("({said})")), "{text}");
        }
        let document = form.document();
        let lines: Vec<String> =
            document.subtitle.iter().map(|line| line.plain(form.lang)).collect();
        assert!(lines.contains(&format!("({said})")), "{lines:?}");
        // Beside the form there is a sheet of its own.
        let beside = document.tables().last().unwrap();
        assert!(beside.notes.contains(&format!("{said}.")), "{:?}", beside.notes);
        let csv = csv::csv(form);
        assert!(csv.lines().skip(1).all(|line| line.contains(",2021-07-20,")), "{csv}");
    }
}

#[test]
fn what_never_came_is_said_below_the_figures() {
    for (lang, note) in [
        (Lang::Vi, "Còn thiếu sự kiện của 2 hệ thống nguồn."),
        (Lang::En, "Events of 2 source systems are missing."),
    ] {
        let whole = by_field(lang);
        let holed = FormAnswer { incomplete: 2, ..by_field(lang) };
        assert!(table(&holed).trim_end().ends_with(note), "{}", table(&holed));
        assert!(holed.position_note().ends_with(note), "{}", holed.position_note());
        assert_eq!(holed.position_note(), format!("{} {note}", whole.position_note()));
    }
}

/// Nobody was ever heard of the second column of a department.
fn form_without_data(lang: Lang) -> FormAnswer {
    let mut form = form(lang);
    let missing = SaidAnswer { missing: Some(true), ..SaidAnswer::default() };
    form.rows.remove(2);
    form.rows[1].cells.0[1].1 = CellAnswer { value: None, said: missing, ..count(0) };
    form.unheard = Some(UnheardAnswer { units: 680, of: 1_704 });
    form
}

#[test]
fn what_nobody_was_heard_of_is_a_mark_that_is_explained_once() {
    for (lang, note, unheard) in [
        (Lang::Vi, "chưa có số liệu:", "Chưa có số liệu của 680 trong 1.704 đơn vị."),
        (Lang::En, "no data:", "There is no data of 680 of 1,704 units."),
    ] {
        let (whole, silent) = (form(lang), form_without_data(lang));
        let text = table(&silent);
        assert!(text.contains("│ H41.16 Sở TT&TT�[31m ┆        85 ┆ … │"), "{text}");
        assert_eq!(text.matches(note).count(), 1, "{text}");
        assert!(text.trim_end().ends_with(unheard), "{text}");
        assert!(!table(&by_field(lang)).contains(note));
        let printed = |form: &FormAnswer| {
            let document = form.document();
            let notes: Vec<String> = document.tables().flat_map(|t| t.notes.clone()).collect();
            let cells = document.tables().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
            let marks = cells.filter(|cell| **cell == crate::Cell::NoData).count();
            let of = |text: &str| notes.iter().filter(|held| held.contains(text)).count();
            (marks, of(note), of(unheard))
        };
        assert_eq!(printed(&silent), (1, 1, 1));
        // A unit of which nothing was answered has no zeros, either.
        assert_eq!(printed(&whole), (2, 1, 0));
        assert_eq!(printed(&by_field(lang)), (0, 0, 0));
        let all = FormAnswer { unheard: Some(UnheardAnswer { units: 0, of: 9 }), ..whole.clone() };
        assert_eq!(all.position_note(), whole.position_note());
    }
}

#[test]
fn a_level_that_was_heard_of_nothing_but_zeros_is_not_printed() {
    let names = |form: &FormAnswer| -> Vec<String> {
        let document = form.document();
        let rows = document.tables().flat_map(|table| &table.rows);
        rows.map(|row| row.cells[1].show(Lang::En)).collect()
    };
    let mut form = form(Lang::En);
    let before = names(&form);
    let district = LevelAnswer { level: Some("DISTRICT".to_owned()), cells: cells(0, 0) };
    form.levels.as_mut().unwrap().push(district);
    assert_eq!(names(&form), before);
    form.levels.as_mut().unwrap().last_mut().unwrap().cells = cells(0, 1);
    assert!(names(&form).contains(&"Districts".to_owned()));
}

#[test]
fn a_level_of_which_nobody_was_heard_adds_nothing() {
    let mut form = form_without_data(Lang::En);
    let missing = form.rows[1].cells.0[1].1.clone();
    let levels = form.levels.as_mut().unwrap();
    // Others: the province and the unit without a level; of one of them there is no data.
    levels[0].cells.0[1].1 = missing.clone();
    levels[1].cells.0[1].1 = count(9);
    levels[2].cells.0[1].1 = missing;
    let text = by_level(&form);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('│')).skip(1).collect();
    let wanted = [
        "│ Departments ┆        85 ┆ … │",
        "│ Districts   ┆         … ┆ … │",
        "│ Communes    ┆ 1,034,771 ┆ 7 │",
        "│ Others      ┆         3 ┆ 9 │",
        "│ Tổng số     ┆ 1,034,859 ┆ 7 │",
    ];
    assert_eq!(rows, wanted);
}
