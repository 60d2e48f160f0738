use std::fmt::Write;

use expect_test::expect;
use serde_json::Value;
use tonghop_wire::kind::{DossierKind, MeetingKind};

use super::values::{Want, value};
use super::*;

fn field(kind: Kind, name: &str) -> Want {
    Want::Field(field_of(kind, name).unwrap())
}

/// What a cell of the text is read as, or why it is not.
fn read(cell: &Cell, want: Want, column: Option<&Column>) -> String {
    match value(cell, want, column, HOUR) {
        Ok(found) => found.map_or_else(|| "nothing".to_owned(), |found| found.to_string()),
        Err(why) => why,
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn days_are_read_as_people_write_them() {
    let mut out = String::new();
    for said in [
        "06/09/2021",
        "6/9/2021",
        "06-09-2021",
        "6.9.2021",
        "2021-09-06",
        "06/09/2021 08:30",
        "08:30:15 06/09/2021",
        "6/9/2021 8h30",
        "6/9/2021 14h",
        "2021-09-06T08:30",
        "2021-09-06T01:30:00Z",
        "06/09/21",
        "09/13/2021",
        "31/02/2021",
        "06/09/2021 25:00",
        "hôm qua",
        "6/9",
        "44445",
    ] {
        writeln!(out, "{said}: {}", read(&text(said), Want::Time, None)).unwrap();
    }
    expect![[r#"
        06/09/2021: "2021-09-06T08:00:00+07:00"
        6/9/2021: "2021-09-06T08:00:00+07:00"
        06-09-2021: "2021-09-06T08:00:00+07:00"
        6.9.2021: "2021-09-06T08:00:00+07:00"
        2021-09-06: "2021-09-06T08:00:00+07:00"
        06/09/2021 08:30: "2021-09-06T08:30:00+07:00"
        08:30:15 06/09/2021: "2021-09-06T08:30:15+07:00"
        6/9/2021 8h30: "2021-09-06T08:30:00+07:00"
        6/9/2021 14h: "2021-09-06T14:00:00+07:00"
        2021-09-06T08:30: "2021-09-06T08:30:00+07:00"
        2021-09-06T01:30:00Z: "2021-09-06T01:30:00Z"
        06/09/21: its year has two digits; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
        09/13/2021: there is no such day: the day stands first, then the month
        31/02/2021: there is no such day; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
        06/09/2021 25:00: it is no day and hour; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
        hôm qua: it is no day and hour; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
        6/9: it is no day; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
        44445: it is no day; write 06/09/2021, 06/09/2021 08:30 or 2021-09-06
    "#]]
    .assert_eq(&out);
    let accepted = Kind::Dossier(DossierKind::Accepted);
    let (due, submitted) = (field(accepted, "dueOn"), field(accepted, "submittedAt"));
    assert_eq!(read(&text("06/09/2021 08:30"), due, None), "\"2021-09-06\"");
    assert_eq!(read(&text("2021-09-05T20:00:00Z"), due, None), "\"2021-09-06\"", "in Vietnam");
    assert_eq!(read(&text("06/09/2021"), submitted, None), "\"2021-09-06\"");
    let at = chrono::NaiveDate::from_ymd_opt(2021, 9, 6).unwrap();
    assert_eq!(read(&Cell::Moment(at.and_time(NaiveTime::MIN)), due, None), "\"2021-09-06\"");
    let at = Cell::Moment(at.and_hms_opt(8, 30, 0).unwrap());
    assert_eq!(read(&at, submitted, None), "\"2021-09-06T08:30:00+07:00\"");
    assert_eq!(
        read(&Cell::Number(44_445.0), due, None),
        "it is a number, not a date: format the column as a date"
    );
}

#[test]
fn cells_are_read_as_their_field_asks() {
    let served = Kind::Meeting(MeetingKind::Served);
    let (online, sites) = (field(served, "online"), field(served, "sites"));
    for yes in ["có", "Có", "x", "X", "đúng", "TRUE", "1", "✓"] {
        assert_eq!(read(&text(yes), online, None), "true", "{yes}");
    }
    for no in ["không", "KHÔNG", "sai", "false", "0"] {
        assert_eq!(read(&text(no), online, None), "false", "{no}");
    }
    assert_eq!(read(&Cell::Flag(true), online, None), "true");
    assert_eq!(read(&Cell::Number(0.0), online, None), "false");
    assert!(read(&text("chắc"), online, None).starts_with("write có or không"));
    assert_eq!(read(&Cell::Empty, online, None), "nothing");
    assert_eq!(read(&text("22"), sites, None), "22", "a number stored as a text");
    assert_eq!(read(&Cell::Number(22.0), sites, None), "22");
    for wrong in ["1.034", "trên 20", "-1", "+5", ""] {
        let said = read(&text(wrong), sites, None);
        assert_eq!(said, "it is no whole number; write 4000, without separators", "{wrong}");
    }
    assert!(read(&Cell::Number(1.5), sites, None).starts_with("it is no whole number"));
    assert_eq!(
        read(&Cell::Error("#REF!".to_owned()), sites, None),
        "the formula shows #REF!: mend it in the spreadsheet"
    );
    let procedure = field(Kind::Dossier(DossierKind::Accepted), "procedure");
    for (cell, says) in [
        (Cell::Number(1.00512), "dropped zeros at its end"),
        (Cell::Number(1e15), "rounded a number of more than 15 digits"),
        (Cell::Moment(chrono::NaiveDateTime::default()), "taken it for a date"),
        (Cell::Merged(3), "merged with row 3: unmerge"),
    ] {
        let said = read(&cell, procedure, None);
        assert!(said.contains(says), "{says}: {said}");
    }
    assert_eq!(read(&Cell::Number(12_345.0), procedure, None), "\"12345\"");
}

#[test]
fn words_mean_what_the_mapping_says() {
    let channel = field(Kind::Dossier(DossierKind::Accepted), "channel");
    let words = [("Trực tuyến", "ONLINE"), ("Một  cửa", "DIRECT")];
    let column = Column {
        heading: "Cách".to_owned(),
        words: words.map(|(word, meaning)| (word.to_owned(), meaning.to_owned())).into(),
        empty: None,
        at: None,
    };
    for (said, meaning) in
        [("trực  tuyến", "ONLINE"), ("MỘT CỬA", "DIRECT"), ("post", "POST"), ("ONLINE", "ONLINE")]
    {
        assert_eq!(read(&text(said), channel, Some(&column)), Value::from(meaning).to_string());
    }
    assert_eq!(
        read(&text("Bằng tay"), channel, Some(&column)),
        "the mapping knows Một  cửa, Trực tuyến"
    );
    assert!(read(&text("Bằng tay"), channel, None).starts_with("it is none of ONLINE, DIRECT"));
}

#[test]
fn a_mapping_is_checked_before_a_row_is_read() {
    let good = "[[event]]\ntype = \"site.opened\"\nsource = \"/H41.16/s\"\nunit = \"H41.16\"\n\
                subject = { column = \"Mã\" }\ntime = { column = \"Ngày\", at = \"08:30\" }\n\
                data = { name = { column = \"Tên\" } }\n";
    let mapping = Mapping::parse(good).unwrap();
    assert_eq!(mapping.headings().into_iter().collect::<Vec<_>>(), ["Mã", "Ngày", "Tên"]);
    for (from, to, says) in [
        ("08:30", "half past", "at is an hour such as 08:30"),
        ("data = {", "key = [\"phase\"]\ndata = {", "\"phase\" is none of day, replaces, time"),
        ("data = {", "key = [\"data.name\"]\ndata = {", ""),
        ("site.opened", "vn.tonghop.site.opened.v1", ""),
        ("{ column = \"Tên\" }", "[1]", "give a text, true, false"),
        ("unit =", "units =", "unknown field `units`"),
        ("[[event]]", "sheet = 1\n[[event]]", "line 1"),
    ] {
        let said = Mapping::parse(&good.replace(from, to));
        match said {
            Ok(_) => assert_eq!(says, "", "{to}"),
            Err(why) => assert!(!says.is_empty() && why.contains(says), "{to}: {why}"),
        }
    }
    assert!(Mapping::parse("event = []").unwrap_err().contains("1 to 16 tables"));
}
