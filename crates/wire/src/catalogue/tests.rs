use std::fmt::Write;

use expect_test::expect;
use tonghop_core::calendar::PeriodName;

use super::*;

#[test]
fn the_files_of_this_version_are_good() {
    let catalogue = catalogue().unwrap_or_else(|why| panic!("{why}"));
    for id in [
        "documents.issued",
        "documents.received",
        "documents.signed_share",
        "meetings.online",
        "meetings.online_province_district",
        "meetings.sites",
        "dossiers.to_handle",
        "dossiers.returned",
        "ratio.on_time_of_settled",
        "ratio.late_of_all",
        "ratio.online_of_to_handle",
        "procedures.published",
        "procedures.level_3",
        "procedures.level_4",
        "post.procedures_offered",
        "post.procedures_used",
        "post.results_delivered",
        "post.accepted_and_delivered",
        "feedback.received",
        "feedback.resolved",
        "feedback.open",
        "portal.posted",
        "tasks.planned",
        "tasks.done",
        "tasks.done_share",
        "tasks.adhoc_late",
        "inspections.held",
        "inspections.days",
        "norms.in_force",
        "certificates.valid",
        "certificates.issued",
        "certificates.departments",
        "accounts.open",
        "deployment.ioffice_departments",
        "staff.quota",
        "staff.filled",
        "staff.recruited",
        "staff.disciplined",
        "staff.rotated",
    ] {
        assert!(catalogue.indicator(id).is_some(), "{id}");
    }
    let keys = |form: &str| -> Vec<String> {
        let form = catalogue.form(form).unwrap();
        form.slots.iter().map(|slot| slot.key.clone()).collect()
    };
    expect![
        "c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 noDueDate withdrawn stopped waiting transferredIn transferredOut"
    ]
    .assert_eq(&keys("bieu-06a").join(" "));
    assert_eq!(keys("bieu-06-field"), keys("bieu-06a"));
    expect!["3.1 3.2 3.3 3.4"].assert_eq(&keys("post").join(" "));
    assert!(catalogue.form("documents").is_some() && catalogue.form("meetings").is_some());
}

#[test]
fn periods_are_those_of_the_decree() {
    let catalogue = catalogue().unwrap();
    let window = |calendar: &str, period: &str| {
        let calendar = catalogue.calendar(calendar).unwrap();
        calendar.window(&PeriodName::parse(period).unwrap()).unwrap().to_string()
    };
    expect!["2021-06-15..2021-09-14"].assert_eq(&window("legal", "2021-Q3"));
    expect!["2020-12-15..2021-12-14"].assert_eq(&window("legal", "2021"));
    expect!["2023-12-15..2024-01-14"].assert_eq(&window("legal", "2024-M01"));
    expect!["2020-12-15..2021-09-14"].assert_eq(&window("legal", "2021-9M"));
    expect!["2024-01-01..2024-03-31"].assert_eq(&window("calendar", "2024-Q1"));
    expect!["2024-02-01..2024-02-29"].assert_eq(&window("calendar", "2024-M02"));
    assert_eq!(catalogue.calendars.first().map(|first| first.name.as_str()), Some("legal"));
}

const INDICATOR: &str = r#"
[[indicator]]
id = "documents.issued"
vi = "Văn bản đi"
en = "Documents issued"
counted_vi = "văn bản"
counted_en = "documents"
nature = "flow"
sum = ["flow:document.issued"]
source = "-"
"#;

const FORM: &str = r#"
[[form]]
id = "documents"
vi = "Văn bản"
en = "Documents"
source = "-"
layout = "list"
slots = [{ key = "issued", indicator = "documents.issued" }]
"#;

const CALENDAR: &str = r#"
[[calendar]]
name = "legal"
vi = "-"
en = "-"
[[calendar.period]]
name = "Q3"
from = "Y-06-15"
to = "Y-09-14"
basis = "-"
"#;

#[test]
fn errors_tell_the_file_and_the_line() {
    assert!(from_texts(INDICATOR, FORM, CALENDAR).is_ok());
    let mut told = String::new();
    let texts = [INDICATOR, FORM, CALENDAR];
    for (file, from, to) in [
        (0, "flow:document.issued", "flow:document.isued"),
        (0, "flow:document.issued", "sum:document.issued"),
        (0, "\"flow\"", "\"flows\""),
        (0, "\"flow\"", "\"ratio\""),
        (0, "flow:document", "closing:document"),
        (0, "document.issued\"", "document.issued[system=ioffice]\""),
        (0, "document.issued\"", "document.issued[level=SỞ]\""),
        (0, "flow:document.issued", "units"),
        (0, "sum = ", "sums = "),
        (0, "sum = [\"flow:document.issued\"]\n", ""),
        (0, "vi = \"Văn", "vi = Văn"),
        (1, "documents.issued", "documents.received"),
        (1, "\"list\"", "\"by_anomaly\""),
        (1, "\"list\"", "\"by_system\""),
        (1, "\"issued\",", "\"issued\", vi = \"Đi\","),
        (2, "Y-06-15", "Y-06-31"),
        (2, "Y-06-15", "Y-10-15"),
        (2, "\"Q3\"", "\"quarter\""),
    ] {
        let text = texts[file].replacen(from, to, 1);
        assert_ne!(text, texts[file], "{from}");
        let mut changed = texts;
        changed[file] = &text;
        let [indicators, forms, calendars] = changed;
        let why = from_texts(indicators, forms, calendars).unwrap_err();
        writeln!(told, "{why}").unwrap();
    }
    let twice = format!("{INDICATOR}{INDICATOR}");
    told.push_str(&from_texts(&twice, FORM, CALENDAR).unwrap_err().to_string());
    expect![[r#"
        indicators.toml:9: "flow:document.isued" is no term
        indicators.toml:9: "sum:document.issued" is no term
        indicators.toml:8: "flows" is no nature
        indicators.toml:8: what is read is no ratio
        indicators.toml:8: what is read is no flow
        indicators.toml:9: "flow:document.issued[system=ioffice]" is no term
        indicators.toml:9: "flow:document.issued[level=SỞ]" is no term
        indicators.toml:8: what is read is no flow
        indicators.toml:9: unknown field `sums`, expected one of `id`, `vi`, `en`, `counted_vi`, `counted_en`, `nature`, `sum`, `distinct`, `of`, `part`, `whole`, `source`
        indicators.toml:3: an indicator has a sum, or distinct and of, or part and whole
        indicators.toml:4: missing opening quote, expected `"`
        forms.toml:8: "documents.received" is no indicator
        forms.toml:7: "by_anomaly" is no layout
        forms.toml:8: "documents.issued" cannot be read by system
        forms.toml:8: a slot has vi and en, or neither
        calendars.toml:8: "Y-06-31" is no day rule
        calendars.toml:9: the period ends before it begins
        calendars.toml:7: "quarter" is no period name
        indicators.toml:13: "documents.issued" is there twice"#]].assert_eq(&told);
}
