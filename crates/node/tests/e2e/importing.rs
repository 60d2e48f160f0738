//! Spreadsheets through the real program: templates, dry runs, corrections, refused rows.

use std::fs;
use std::path::Path;

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::program::{Ended, Up, run, to_end, tonghop};
use crate::world::Data;

const PAGE: &str = include_str!("../../../../docs/import.md");
const REFUSALS: &str = include_str!("../../../../proto/refusals.md");
const PAGE_OF_CLERKS: &str = include_str!("../../../../docs/nhap-lieu.md");
const QUARTER: &str = "from=2021-06-15&to=2021-09-14";

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(PAGE, language)
}

fn blocks_of(page: &'static str, language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    page.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs a command of the page as it stands there, against this server.
async fn command(data: &Data, up: &Up, line: &str) -> Ended {
    let mut words = line.strip_prefix("$ ").unwrap().split(' ');
    assert_eq!(words.next(), Some("tonghop"));
    let arguments: Vec<&str> = words.collect();
    let mut command = tonghop(data, &arguments);
    command.env("TONGHOP_NATS", &up.nats);
    to_end(command).await
}

/// `up` with the province and the department.
async fn with_units(data: &Data) -> Up {
    let up = Up::start(data).await;
    let unit = |code: &str, level: &str, parent: Value| {
        json!({
            "specversion": "1.0", "id": code, "source": "/H41/office", "subject": code,
            "unit": "H41", "type": "vn.tonghop.unit.registered.v1",
            "time": "2010-01-01T00:00:00+07:00",
            "data": {"name": code, "level": level, "parent": parent},
        })
        .to_string()
    };
    let lines = [unit("H41", "PROVINCE", Value::Null), unit("H41.16", "DEPARTMENT", json!("H41"))];
    let file = data.file("units.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    assert_eq!(up.publish(data, &file).await["new"], 2);
    up.reaches(2).await;
    up
}

/// The cells of Biểu 06 for the department and the quarter.
async fn cells<const N: usize>(up: &Up, slots: [&str; N]) -> [i64; N] {
    let form = up.get(&format!("/v1/forms/bieu-06a?unit=H41.16&{QUARTER}")).await.json();
    let total = form["rows"].as_array().unwrap().last().map(|row| row["cells"].clone());
    slots.map(|slot| total.as_ref().and_then(|cells| cells[slot]["value"].as_i64()).unwrap_or(0))
}

/// Fills in the workbook of a template: its headings stay, these rows take the place of its example.
fn fill(path: &Path, rows: &str) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Dữ liệu").unwrap();
    let template = sheet_of(path);
    let lines: Vec<Vec<&str>> = rows.lines().map(|line| line.split(';').collect()).collect();
    assert_eq!(template[0], lines[0], "the headings of the page are those of the template");
    for (line, row) in lines.iter().zip(0..) {
        for (cell, column) in line.iter().zip(0..) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    book.save(path).unwrap();
}

/// The texts of the first sheet.
fn sheet_of(path: &Path) -> Vec<Vec<String>> {
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_on_import_is_true() {
    let data = Data::new("import-page");
    let up = with_units(&data).await;
    let [three, own] = blocks("console")[..] else { panic!("two blocks of commands") };
    let [template, rehearse, publish] = three.lines().collect::<Vec<_>>()[..] else {
        panic!("three commands: {three}")
    };
    let [rows, report] = blocks("csv")[..] else { panic!("two tables") };

    command(&data, &up, template).await.expect(0);
    for line in [rehearse, publish] {
        let unfilled = command(&data, &up, line).await.expect(1);
        assert!(unfilled.err.contains("it is the example row of the template"), "{unfilled:?}");
    }
    fill(&data.file("ho-so.xlsx"), rows);
    let rehearsed = command(&data, &up, rehearse).await.expect(0);
    assert!(rehearsed.out.starts_with("dry run: would send 3 · corrections among them 0"));
    assert_eq!(up.metric("tonghop_position").await, Some(2), "nothing was sent");
    let published = command(&data, &up, publish).await.expect(0);
    assert!(
        published.out.starts_with("stored 3 · new 3 · duplicate 0 · refused 0"),
        "{published:?}"
    );
    up.reaches(5).await;
    assert_eq!(cells(&up, ["c4", "c5", "c7"]).await, [1, 2, 0]);

    fs::write(data.file("bao-cao.csv"), report).unwrap();
    fs::write(data.file("bao-cao.toml"), blocks("toml")[0]).unwrap();
    let published = command(&data, &up, own.trim_end()).await.expect(0);
    assert!(
        published.out.starts_with("stored 5 · new 5 · duplicate 0 · refused 0"),
        "{published:?}"
    );
    up.reaches(10).await;
    assert_eq!(cells(&up, ["c4", "c5", "c7", "c8", "c10"]).await, [2, 4, 2, 1, 1]);
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_clerks_is_true() {
    let data = Data::new("import-clerks");
    let up = with_units(&data).await;
    let [commands] = blocks_of(PAGE_OF_CLERKS, "console")[..] else { panic!("one block") };
    let [template, rehearse, publish] = commands.lines().collect::<Vec<_>>()[..] else {
        panic!("three commands: {commands}")
    };
    let [rows] = blocks_of(PAGE_OF_CLERKS, "csv")[..] else { panic!("one table") };
    let [told, done] = blocks_of(PAGE_OF_CLERKS, "text")[..] else { panic!("two answers") };

    command(&data, &up, template).await.expect(0);
    fill(&data.file("ho-so.xlsx"), rows);
    let rehearsed = command(&data, &up, rehearse).await.expect(1);
    let said = format!("{}{}", rehearsed.err, rehearsed.out);
    for line in told.lines() {
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    let loi = sheet_of(&data.file("loi.xlsx"));
    assert_eq!(loi.len(), 3, "{loi:?}");
    for heading in &loi[0][8..] {
        assert!(PAGE_OF_CLERKS.contains(&format!("`{heading}`")), "{heading}");
    }
    let whole = rows.replacen("Qua mạng", "Trực tuyến", 1).replacen("31/09/2021", "30/09/2021", 1);
    fill(&data.file("ho-so.xlsx"), &whole);
    let published = command(&data, &up, publish).await.expect(0);
    assert!(published.out.starts_with(done.trim_end()), "{published:?}");
    for code in PAGE_OF_CLERKS.lines().filter_map(|line| line.strip_prefix("| `")) {
        let code = code.split('`').next().unwrap();
        assert!(REFUSALS.contains(&format!("### `{code}`")), "{code}");
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_of_every_kind_is_accepted() {
    let data = Data::new("templates");
    let listed = run(&data, &["template", "--json"]).await.expect(0).json();
    let kinds: Vec<&str> =
        listed.as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(kinds.len() > 70 && kinds.contains(&"unit.split"), "{kinds:?}");
    for kind in kinds {
        let unit = if kind.starts_with("unit.") { "H41" } else { "H41.16" };
        for arguments in [&["-o", "t.xlsx"][..], &["-o", "t.csv", "--unit", unit]] {
            let all = [&["template", kind][..], arguments].concat();
            run(&data, &all).await.expect(0);
            let file = arguments[1];
            // What the example says is read here as if it were a real one.
            let map = fs::read_to_string(data.file("t.toml")).unwrap();
            let map = map.lines().filter(|line| !line.starts_with("example = "));
            fs::write(data.file("t.toml"), map.collect::<Vec<_>>().join("\n")).unwrap();
            let said =
                run(&data, &["publish", "--json", "--dry-run", "--map", "t.toml", file]).await;
            assert_eq!(said.code, Some(0), "{kind}: {said:?}");
            let said = said.json();
            assert_eq!((&said["wouldSend"], &said["refused"]), (&json!(1), &json!(0)), "{kind}");
            for file in [file, "t.toml"] {
                fs::remove_file(data.file(file)).unwrap();
            }
        }
    }
    let wrong = run(&data, &["template", "dossier.acepted", "-o", "t.csv"]).await.expect(2);
    assert!(wrong.err.contains("did you mean dossier.accepted?"), "{wrong:?}");
    fs::write(data.file("t.csv"), "filled in").unwrap();
    let kept = run(&data, &["template", "dossier.accepted", "-o", "t.csv"]).await.expect(2);
    assert!(kept.err.contains("may be filled in"), "{kept:?}");
}

const MAPPING: &str = r#"
[[event]]
type = "dossier.accepted"
source = "/{unit}/bang-tinh"
unit = { column = "Đơn vị" }
subject = { column = "Mã" }
time = { column = "Ngày" }
[event.data]
procedure = "1.005129"
field = { column = "Lĩnh vực" }
channel = { column = "Cách", words = { "Trực tuyến" = "ONLINE", "Trực tiếp" = "DIRECT" } }
"#;

const SETTLED_ALWAYS: &str = r#"
[[event]]
type = "dossier.settled"
source = "/{unit}/bang-tinh"
unit = { column = "Đơn vị" }
subject = { column = "Mã" }
time = { column = "Xong" }
data = { outcome = "APPROVED" }
"#;

async fn publish(data: &Data, up: &Up, file: &str, more: &[&str]) -> Value {
    let arguments = ["publish", "--json", "--nats", &up.nats, "--map", "m.toml", file];
    let said = run(data, &[&arguments[..], more].concat()).await;
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
    said.json()
}

fn counts(told: &Value) -> [u64; 5] {
    ["new", "duplicate", "refused", "unsendable", "corrections"]
        .map(|name| told[name].as_u64().unwrap_or_else(|| panic!("{name}: {told}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_that_was_mended_corrects_what_it_said() {
    let data = Data::new("import-again");
    let up = with_units(&data).await;
    fs::write(data.file("m.toml"), MAPPING).unwrap();
    let sheet = |rows: &[&str]| {
        let text = format!("Đơn vị,Mã,Ngày,Lĩnh vực,Cách\n{}\n", rows.join("\n"));
        fs::write(data.file("s.csv"), text).unwrap();
    };
    let first = "H41.16,a,06/09/2021,buu-chinh,Trực tiếp";
    let other = "H41.16,b,07/09/2021,buu-chinh,Trực tuyến";
    sheet(&[first, other]);
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [0, 2, 0, 0, 0]);
    up.reaches(6).await;
    assert_eq!(cells(&up, ["c4", "c5"]).await, [1, 1]);

    sheet(&[&first.replace("tiếp", "tuyến"), other]);
    let rehearsed = publish(&data, &up, "s.csv", &["--dry-run"]).await;
    assert_eq!(rehearsed["corrections"], 1, "{rehearsed}");
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [1, 1, 0, 0, 1]);
    up.reaches(8).await;
    assert_eq!(cells(&up, ["c4", "c5"]).await, [2, 0]);

    // What it said first, said again, holds again.
    sheet(&[first, other]);
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [1, 1, 0, 0, 1]);
    up.reaches(10).await;
    assert_eq!(cells(&up, ["c4", "c5"]).await, [1, 1]);

    // A row that the log refused is mended in place: its id was not used up.
    sheet(&["H41.99,c,06/09/2021,buu-chinh,Trực tiếp"]);
    let refused = publish(&data, &up, "s.csv", &["--refused", "loi.csv"]).await;
    assert_eq!(counts(&refused), [0, 0, 1, 0, 0]);
    let mend = fs::read_to_string(data.file("loi.csv")).unwrap();
    assert!(mend.contains("unit.unknown (unit: H41.99)"), "{mend}");
    fs::write(data.file("loi.csv"), mend.replacen("H41.99", "H41.16", 1)).unwrap();
    assert_eq!(counts(&publish(&data, &up, "loi.csv", &[]).await), [1, 0, 0, 0, 0]);
    up.reaches(12).await;
    assert_eq!(cells(&up, ["c4", "c5"]).await, [1, 2]);

    sheet(&["H41.16,d,06/09/2098,buu-chinh,Trực tiếp"]);
    let told = publish(&data, &up, "s.csv", &[]).await;
    assert_eq!(counts(&told), [0, 0, 1, 0, 0]);
    assert_eq!(told["refusals"][0]["code"], "time.in_future", "{told}");
    sheet(&["H41.16,d,06/11/2021,buu-chinh,Trực tiếp"]);
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [1, 0, 0, 0, 0]);

    // A row that was said by mistake is taken back by its id, which a dry run tells.
    let arguments = ["--dry-run", "--events", "events.ndjson"];
    assert_eq!(publish(&data, &up, "loi.csv", &arguments).await["wouldSend"], 1);
    let event = fs::read_to_string(data.file("events.ndjson")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let retracted = MAPPING.split("[event.data]").next().unwrap().replace("accepted", "retracted")
        + "replaces = { column = \"Mã sự kiện\" }";
    fs::write(data.file("rut.toml"), retracted).unwrap();
    let row = format!("Đơn vị,Mã,Ngày,Mã sự kiện\nH41.16,c,06/09/2021,{}\n", event["id"]);
    fs::write(data.file("rut.csv"), row).unwrap();
    let arguments = ["publish", "--json", "--nats", &up.nats, "--map", "rut.toml", "rut.csv"];
    assert_eq!(counts(&run(&data, &arguments).await.expect(0).json()), [1, 0, 0, 0, 0]);
    up.reaches(15).await;
    assert_eq!(cells(&up, ["c4", "c5"]).await, [1, 1]);

    // Without what is remembered, nothing is counted twice: a changed row is refused.
    fs::remove_dir_all(data.file("publish")).unwrap();
    sheet(&[&first.replace("tiếp", "tuyến"), other]);
    let told = publish(&data, &up, "s.csv", &[]).await;
    assert_eq!(counts(&told), [0, 1, 1, 0, 0]);
    assert_eq!(told["refusals"][0]["code"], "id.reused", "{told}");
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_row_and_column_and_can_be_mended_apart() {
    let data = Data::new("import-wrong");
    let up = with_units(&data).await;
    fs::write(data.file("m.toml"), MAPPING).unwrap();
    let text = "Sổ theo dõi;;;;;\nĐơn vị;Mã;Ngày;Lĩnh vực;Cách;Ghi chú\n\
                H41.16;a;06/09/21;buu-chinh;Trực tiếp;=1+1\n;;;;;\n\
                H41.16;b;13/13/2021;;Bằng tay;\nH41.16;c;06/09/2021;buu-chinh;Trực tiếp;tốt\n\
                H41.16;c;07/09/2021;buu-chinh;Trực tiếp;\n";
    fs::write(data.file("s.csv"), text).unwrap();
    let arguments = ["publish", "--dry-run", "--map", "m.toml", "s.csv", "--refused", "loi.xlsx"];
    let said = run(&data, &arguments).await.expect(1);
    for expected in [
        "headings in row 2; columns that are not used: Ghi chú",
        "line 3: not sent: column C \"Ngày\": envelope.bad_attribute (attribute: time, value: \
         06/09/21): its year has two digits; write 06/09/2021",
        "line 5: not sent: column C \"Ngày\": envelope.bad_attribute (attribute: time, value: \
         13/13/2021): there is no such day",
        "line 5: not sent: column E \"Cách\": data.out_of_range (field: channel, value: Bằng \
         tay): the mapping knows Trực tiếp, Trực tuyến",
        "line 7: not sent: column B \"Mã\": row 6 has the same key and says something else",
        "data.out_of_range: ",
        "Cách sửa: ",
    ] {
        assert!(said.err.contains(expected), "{expected}\n{}", said.err);
    }
    assert_eq!(said.out, "dry run: would send 1 · corrections among them 0 · refused 4\n");
    let loi = sheet_of(&data.file("loi.xlsx"));
    assert_eq!(
        loi[0][5..],
        ["Ghi chú", "Dòng gốc", "Lỗi", "Nghĩa là", "Cách sửa"].map(str::to_owned)
    );
    let rows: Vec<&str> = loi[1..].iter().map(|row| row[6].as_str()).collect();
    assert_eq!(rows, ["3", "5", "7"]);
    assert_eq!(loi[1][5], "=1+1");
    assert!(loi[2][7].starts_with("cột C \"Ngày\": envelope.bad_attribute"), "{loi:?}");
    assert!(loi[2][8].starts_with("Thuộc tính sai quy cách."), "{loi:?}");
    assert!(loi[2][9].starts_with("sửa ngay ở hệ thống gửi"), "{loi:?}");
    // What has no code is said in Vietnamese as well.
    assert!(loi[3][8].starts_with("Một dòng phía trên cùng mã"), "{loi:?}");
    let english = [&arguments[..4], &["s.csv", "--refused", "bad.csv", "--lang", "en"]].concat();
    run(&data, &english).await.expect(1);
    let bad = fs::read_to_string(data.file("bad.csv")).unwrap();
    assert!(bad.contains(",Row,Error,How to mend it"), "{bad}");
    assert!(bad.contains("correct the attribute at its source"), "{bad}");

    let told = publish(&data, &up, "s.csv", &["--refused", "loi.csv"]).await;
    assert_eq!(counts(&told), [1, 0, 0, 4, 0]);
    assert_eq!(told["notSent"][0]["column"], "column C \"Ngày\"");
    let mended = fs::read_to_string(data.file("loi.csv")).unwrap();
    assert!(mended.contains(",'=1+1,"), "{mended}");
    let mended = mended
        .replacen("06/09/21,", "06/09/2021,", 1)
        .replacen("13/13/2021,,Bằng tay", "13/09/2021,bao-chi,DIRECT", 1)
        .replacen("H41.16,c,", "H41.16,d,", 1);
    fs::write(data.file("mended.csv"), mended).unwrap();
    assert_eq!(counts(&publish(&data, &up, "mended.csv", &[]).await), [3, 0, 0, 0, 0]);
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_sent_whole_or_not_at_all_and_what_looks_wrong_is_told() {
    let data = Data::new("import-whole");
    let up = with_units(&data).await;
    let mapping = MAPPING.replace("\"1.005129\"", "{ column = \"Thủ tục\" }")
        + SETTLED_ALWAYS
        + "only_if = \"Xong\"\n";
    fs::write(data.file("m.toml"), mapping).unwrap();
    let heads = "Đơn vị,Mã,Lĩnh vực,Thủ tục,Ngày,Cách,Xong";
    let good = "H41.16,a,buu-chinh,1.005129,06/09/2021,Trực tiếp,09/09/2021";
    // Its second event is wrong, so that the first is not sent either.
    let half = "H41.16,b,buu-chinh,1.005129,06/09/2021,Trực tiếp,31/09/2021";
    let odd = "H41.16,c,Bưu chính,1.00512,06/09/2021,Trực tiếp,";
    let later = "H41.16,d,buu-chinh,1.005129,06/09/2098,Trực tiếp,";
    let sheet = |rows: &[&str]| {
        fs::write(data.file("s.csv"), format!("{heads}\n{}\n", rows.join("\n"))).unwrap();
    };
    sheet(&[good, half, odd, later]);
    let rehearsed =
        run(&data, &["publish", "--dry-run", "--map", "m.toml", "s.csv"]).await.expect(1);
    for expected in [
        "line 3: not sent: column G \"Xong\": envelope.bad_attribute (attribute: time, value: \
         31/09/2021): there is no such day; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06; \
         dossier.accepted of the row is not sent either",
        "line 5: not sent: time.in_future (time: 2098-09-06T08:00:00+07:00): by the \
         clock of this machine it is in the future",
        "row 4: column D \"Thủ tục\": \"1.00512\": a national code has six digits",
        "row 4: column C \"Lĩnh vực\": \"Bưu chính\": it looks like the name of a field",
    ] {
        assert!(rehearsed.err.contains(expected), "{expected}\n{}", rehearsed.err);
    }
    assert_eq!(rehearsed.out, "dry run: would send 3 · corrections among them 0 · refused 2\n");

    sheet(&[good, half, odd]);
    let told = publish(&data, &up, "s.csv", &[]).await;
    assert_eq!(counts(&told), [3, 0, 0, 1, 0]);
    assert_eq!(told["warnings"].as_array().unwrap().len(), 2, "{told}");
    up.reaches(5).await;
    assert_eq!(cells(&up, ["c5", "c7"]).await, [2, 1], "nothing of dossier b");
    sheet(&[good, &half.replace("31/09", "30/09"), odd]);
    assert_eq!(counts(&publish(&data, &up, "s.csv", &[]).await), [2, 3, 0, 0, 0]);

    let both = ["publish", "--map", "m.toml", "--outbox", "o", "s.csv"];
    let both = run(&data, &both).await.expect(2);
    assert!(both.err.contains("publishing it again sends what was lost"), "{both:?}");
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_by_the_mapping_is_told_in_one_sentence() {
    let data = Data::new("import-heads");
    fs::write(data.file("m.toml"), MAPPING).unwrap();
    let rehearse = async |text: &[u8]| {
        fs::write(data.file("s.csv"), text).unwrap();
        let arguments = ["publish", "--dry-run", "--map", "m.toml", "s.csv"];
        run(&data, &arguments).await.expect(1).err
    };
    for (text, says) in [
        ("Đơn vị,Mã,Ngay,Lĩnh vực,Cách\n", "there is no column \"Ngày\"; did you mean \"Ngay\""),
        (
            "Đơn vị,Mã,Ngày,Lĩnh vực,Cách,mã \n",
            "the heading \"mã\" is there twice, in columns B, F",
        ),
        ("", "the table has no row of headings"),
    ] {
        let said = rehearse(text.as_bytes()).await;
        assert!(said.contains(says), "{says}\n{said}");
    }
    let said = rehearse(b"\xFF\xFEM\x00").await;
    assert!(said.contains("the file is UTF-16"), "{said}");
    for (mapping, says) in [
        (
            MAPPING.replace("channel", "chanel"),
            "data.chanel: dossier.accepted has no such field; did you mean \"channel\"?",
        ),
        (
            MAPPING.replace("dossier.accepted", "dossier.acepted"),
            "is no kind of event; did you mean \"dossier.accepted\"?",
        ),
        (MAPPING.replace("ONLINE", "ON_LINE"), "\"ON_LINE\" is none of ONLINE, DIRECT, POST"),
        (MAPPING.replace("words", "word"), "line 11"),
    ] {
        fs::write(data.file("m.toml"), mapping).unwrap();
        let said =
            run(&data, &["publish", "--dry-run", "--map", "m.toml", "s.csv"]).await.expect(2);
        assert!(said.err.contains(says), "{says}\n{}", said.err);
    }
    for arguments in [
        &["publish", "--map", "m.toml", "events.ndjson"][..],
        &["publish", "s.csv", "--refused", "loi.ndjson"],
        &["publish", "so.xls"],
    ] {
        fs::write(data.file("events.ndjson"), "").unwrap();
        fs::write(data.file("so.xls"), "").unwrap();
        run(&data, arguments).await.expect(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_counts_once_whatever_became_of_what_it_said_before() {
    let data = Data::new("import-fates");
    let up = with_units(&data).await;
    fs::write(data.file("m.toml"), format!("{MAPPING}{SETTLED_ALWAYS}")).unwrap();
    let row = async |cells: &str, more: &[&str]| {
        let text = format!("Đơn vị,Mã,Lĩnh vực,Ngày,Cách,Xong\nH41.16,a,buu-chinh,{cells}\n");
        fs::write(data.file("s.csv"), text).unwrap();
        publish(&data, &up, "s.csv", more).await
    };
    // The position, and the dossiers online and direct.
    let stand = async |position: u64| {
        up.reaches(position).await;
        cells(&up, ["c4", "c5"]).await
    };
    let told = row("06/09/2021,Trực tiếp,09/09/2021", &[]).await;
    assert_eq!(counts(&told), [2, 0, 0, 0, 0]);
    assert_eq!(stand(4).await, [0, 1]);

    // One of the two events is refused: only its id is free.
    let told = row("06/09/2098,Trực tuyến,10/09/2021", &[]).await;
    assert_eq!(counts(&told), [1, 0, 1, 0, 2]);
    assert_eq!(told["refusals"][0]["code"], "time.in_future", "{told}");
    let told = row("07/09/2021,Trực tuyến,10/09/2021", &[]).await;
    assert_eq!(counts(&told), [1, 1, 0, 0, 1]);
    assert_eq!(stand(8).await, [1, 0], "what it said first does not stand");

    // Refused, and nobody listens.
    row("06/09/2098,Trực tiếp,10/09/2021", &["--no-wait"]).await;
    assert_eq!(stand(10).await, [1, 0]);
    let told = row("08/09/2021,Trực tiếp,10/09/2021", &["--no-wait"]).await;
    assert_eq!((&told["stored"], &told["corrections"]), (&json!(2), &json!(1)), "{told}");
    assert_eq!(stand(13).await, [0, 1], "with what it replaces");
    // Accepted, and nobody listens.
    row("09/09/2021,Trực tuyến,10/09/2021", &["--no-wait"]).await;
    assert_eq!(stand(17).await, [1, 0]);

    // Once it is heard, a correction is one event again.
    let rehearsed = row("09/09/2021,Trực tuyến,10/09/2021", &["--dry-run"]).await;
    assert_eq!((&rehearsed["wouldSend"], &rehearsed["corrections"]), (&json!(2), &json!(0)));
    let told = row("09/09/2021,Trực tuyến,10/09/2021", &["--strict", "--refused", "l.csv"]).await;
    assert_eq!(counts(&told), [0, 2, 0, 0, 0]);
    assert_eq!(fs::read_to_string(data.file("l.csv")).unwrap().lines().count(), 1);
    assert_eq!(stand(21).await, [1, 0]);
    let told = row("10/09/2021,Trực tiếp,10/09/2021", &[]).await;
    assert_eq!(counts(&told), [1, 1, 0, 0, 1]);
    assert_eq!(stand(23).await, [0, 1]);
    up.running.stop("TERM").await.expect(0);
}
