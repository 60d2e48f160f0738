use super::super::input::Unsendable;
use super::*;

fn read_all(text: &str) -> Vec<Line> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let (lines, mut received) = mpsc::channel(64);
    read(&path, Place::default(), None, &lines).unwrap();
    drop(lines);
    std::iter::from_fn(|| received.blocking_recv()).collect()
}

const HEADER: &str = "id,source,type,subject,time,unit,data.channel,data.reason\n";

fn row_of(id: &str, reason: &str) -> String {
    format!(
        "{id},/H41.16/igate,vn.tonghop.dossier.returned.v1,a,2021-09-06T08:30:00+07:00,H41.16,\
         DIRECT,{reason}\n"
    )
}

fn why(unsendable: &Unsendable) -> String {
    format!("{}: {}", unsendable.line(), unsendable.fault())
}

#[test]
fn a_cell_is_a_text_a_truth_value_or_a_list_of_parts() {
    let parts = r#"[{"into":"H41.19","fields":["bao-chi"]},{"into":"H41.18"}]"#;
    let headings = ["subject", "data.parts", "data.closes", "data.name", "data.note"];
    let cells = ["H41.16", parts, "true", "[1] of 2", "[]"];
    let event = event(&headings.map(str::to_owned), &cells.map(str::to_owned));
    assert_eq!(event["subject"], "H41.16");
    assert_eq!(event["data"]["parts"][0]["fields"][0], "bao-chi");
    assert_eq!(event["data"]["closes"], true);
    assert_eq!(event["data"]["name"], "[1] of 2");
    assert_eq!(event["data"]["note"], "[]");
}

#[test]
fn a_file_is_read_however_its_lines_and_cells_are_separated() {
    let text = HEADER.to_owned() + &row_of("1", "") + &row_of("2", "");
    let payloads = |text: &str| -> Vec<_> {
        let of = |line| match line {
            Line::Event { payload, place, .. } => (payload, place.lines),
            Line::Unsendable(unsendable) => panic!("{unsendable:?}"),
        };
        read_all(text).into_iter().map(of).collect()
    };
    let with_commas = payloads(&text);
    assert_eq!(with_commas.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 3]);
    for other in [
        text.replace(',', ";"),
        text.replace(',', "\t"),
        format!("\u{feff}{}", text.replace(',', ";")),
        text.replace('\n', "\r\n"),
        text.replacen('\n', "\r\n", 1),
    ] {
        assert_eq!(payloads(&other), with_commas, "{other:?}");
    }
    // What says the delimiter, and empty lines, are lines too.
    let moved: Vec<u64> =
        payloads(&format!("sep=;\r\n{}", text.replace(',', ";").replace('\n', "\n\n")))
            .into_iter()
            .map(|(_, line)| line)
            .collect();
    assert_eq!(moved, [4, 6]);
}

#[test]
fn a_formula_is_a_text() {
    let lines =
        read_all(&(HEADER.to_owned() + &row_of("1", "=cmd|' /C calc'!A0") + &row_of("2", "'-5")));
    let texts: Vec<String> = lines
        .into_iter()
        .map(|line| match line {
            Line::Event { payload, .. } => {
                let event: Value = serde_json::from_slice(&payload).unwrap();
                event["data"]["reason"].as_str().unwrap().to_owned()
            }
            Line::Unsendable(unsendable) => panic!("{unsendable:?}"),
        })
        .collect();
    assert_eq!(texts, ["=cmd|' /C calc'!A0", "-5"]);
}

#[test]
fn a_row_is_bounded() {
    let long = "x".repeat(40_000);
    let lines = read_all(&(HEADER.to_owned() + &row_of("1", &long) + &row_of("2", "")));
    let [Line::Unsendable(first), Line::Event { .. }] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(why(first), "2: a cell has more than 32767 characters");

    let open = "\"".to_owned() + &"never closed\n".repeat(400_000);
    let lines = read_all(&(HEADER.to_owned() + &row_of("1", "") + &row_of("2", &open)));
    let [Line::Event { .. }, Line::Unsendable(last)] = lines.as_slice() else {
        panic!("{} lines", lines.len())
    };
    assert!(why(last).starts_with("3: the row does not end within"), "{last:?}");
}

/// A sheet that says two things a row, read from a place on.
fn imported(sheet: &str, from: u64) -> Vec<(Place, String)> {
    let mapping = "[[event]]\ntype = \"site.opened\"\nsource = \"/H41.16/s\"\nunit = \"H41.16\"\n\
                   subject = { column = \"Mã\" }\ntime = { column = \"Mở\" }\ndata.name = \"x\"\n\
                   [[event]]\ntype = \"site.closed\"\nsource = \"/H41.16/s\"\nunit = \"H41.16\"\n\
                   subject = { column = \"Mã\" }\ntime = { column = \"Đóng\" }\nonly_if = \"Đóng\"\n";
    let dir = tempfile::tempdir().unwrap();
    let said = super::super::said::Said::open(dir.path(), 1).unwrap();
    let mapping = super::super::mapping::Mapping::parse(mapping).unwrap();
    let import = Import::new(mapping, said);
    let path = dir.path().join("t.csv");
    std::fs::write(&path, sheet).unwrap();
    let (lines, mut received) = mpsc::channel(64);
    let from = Place { bytes: 0, lines: from, row: from };
    read(&path, from, Some(&import), &lines).unwrap();
    drop(lines);
    let shown = |line: Line| match line {
        Line::Event { place, payload, .. } => {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            let kind = event["type"].as_str().unwrap().split('.').nth(3).unwrap();
            (place, format!("{} {kind}", event["subject"].as_str().unwrap()))
        }
        Line::Unsendable(unsendable) => (Place::default(), why(&unsendable)),
    };
    std::iter::from_fn(|| received.blocking_recv()).map(shown).collect()
}

/// A run that stops between two events of a row has not passed the row.
#[test]
fn only_the_last_event_of_a_row_moves_the_place_behind_it() {
    let sheet = "Mã,Mở,Đóng\na,1/7/2021,2/7/2021\nb,1/7/2021,\na,3/7/2021,2/7/2021\n";
    let all = imported(sheet, 0);
    let shown: Vec<(u64, u64, &str)> =
        all.iter().map(|(place, what)| (place.lines, place.row, what.as_str())).collect();
    let twice = "4: column A \"Mã\": row 2 has the same key and says something else; if both are \
                 meant, the mapping needs another `key`, such as [\"time\"]; site.closed of the row is not sent either";
    assert_eq!(shown, [(0, 2, "a opened"), (2, 2, "a closed"), (3, 3, "b opened"), (0, 0, twice),]);
    // What was sent before is known, and not sent again.
    let rest: Vec<String> = imported(sheet, 2).into_iter().map(|(_, what)| what).collect();
    assert_eq!(rest, ["b opened", twice]);
}

#[test]
fn a_workbook_without_a_mapping_has_the_names_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.xlsx");
    let rows = [HEADER.trim_end(), row_of("1", "a").trim_end(), row_of("2", "").trim_end()]
        .map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>());
    let cells: Vec<Vec<table::Cell>> = rows
        .iter()
        .map(|row| row.iter().map(|text| table::Cell::Text(text.clone())).collect())
        .collect();
    std::fs::write(&path, table::write(table::Format::Xlsx, "t", &cells).unwrap()).unwrap();
    let (lines, mut received) = mpsc::channel(64);
    read(&path, Place::default(), None, &lines).unwrap();
    drop(lines);
    let lines: Vec<Line> = std::iter::from_fn(|| received.blocking_recv()).collect();
    assert!(matches!(lines.as_slice(), [Line::Event { .. }, Line::Event { .. }]), "{lines:?}");
}
