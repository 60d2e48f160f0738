use std::fmt::Write;

use expect_test::expect;
use tonghop_core::calendar::PeriodName;
use tonghop_core::catalogue::Piece;

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
        "tasks.ad_hoc_late",
        "inspections.held",
        "inspections.days",
        "norms.in_force",
        "certificates.hospitals",
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
slots = [
    { key = "issued", indicator = "documents.issued" },
    { key = "a", indicator = "documents.issued" },
    { key = "b", indicator = "documents.issued" },
]
groups = [{ vi = "-", en = "-", from = "issued", to = "a" }]
identities = ["issued = a + b"]
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
        (1, "\"issued\",", "\"issued\", short_vi = \"Đi\","),
        (1, "to = \"a\"", "to = \"c\""),
        (1, "from = \"issued\", to = \"a\"", "from = \"a\", to = \"issued\""),
        (1, "to = \"a\" }", "to = \"a\" }, { vi = \"-\", en = \"-\", from = \"a\", to = \"b\" }"),
        (1, "a + b", "a - b"),
        (1, "a + b", "a + issued"),
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
        indicators.toml:9: "document.isued" is no measure; did you mean document.issued?
        indicators.toml:9: "sum" is no reading; it is one of flow, opening, closing, moved_in, moved_out, units_with
        indicators.toml:8: "flows" is no nature; did you mean flow?
        indicators.toml:8: what is read is no ratio
        indicators.toml:8: what is read is no flow
        indicators.toml:9: "flow:document.issued[system=ioffice]" is no term: narrow it to [level=DEPARTMENT], or to one code of a facet that its measure is kept by, such as [system=ioffice]
        indicators.toml:9: "flow:document.issued[level=SỞ]" is no term: narrow it to [level=DEPARTMENT], or to one code of a facet that its measure is kept by, such as [system=ioffice]
        indicators.toml:8: what is read is no flow
        indicators.toml:9: unknown field `sums`, expected one of `id`, `vi`, `en`, `counted_vi`, `counted_en`, `nature`, `sum`, `distinct`, `of`, `part`, `whole`, `declared`, `source`, `valid_from`, `valid_to`
        indicators.toml:3: an indicator has a sum, or distinct and of, or part and whole, or declared
        indicators.toml:4: missing opening quote, expected `"`
        forms.toml:9: "documents.received" is no indicator; did you mean documents.issued?
        forms.toml:7: "by_anomaly" is no layout; it is one of by_unit, by_field, by_procedure, by_kind, by_system, by_plan, list
        forms.toml:9: "documents.issued" cannot be read by system
        forms.toml:9: a slot has vi and en, or neither
        forms.toml:9: a slot has short_vi and short_en, or neither
        forms.toml:13: "c" is no slot
        forms.toml:13: a group begins before it ends, and crosses no other
        forms.toml:13: a group begins before it ends, and crosses no other
        forms.toml:14: "issued = a - b" is no identity
        forms.toml:14: "issued = a + issued" is no identity
        calendars.toml:8: "Y-06-31" is no day rule
        calendars.toml:9: the period ends before it begins
        calendars.toml:7: "quarter" is no period name
        indicators.toml:13: "documents.issued" is there twice, first at indicators.toml:3"#]].assert_eq(&told);
}

const FORM_OF_ONE: &str = r#"
[[form]]
id = "documents"
vi = "Văn bản"
en = "Documents"
source = "-"
layout = "list"
slots = [{ key = "issued", indicator = "documents.issued" }]
"#;

const RULE: &str = r#"
[[rule]]
id = "electronic"
vi = "-"
en = "-"
left = "documents.issued_electronic - 1"
op = "<="
right = "whole(documents.signed_share) + documents.issued + documents.received?"
when_missing = "skip"
severity = "error"
"#;

#[test]
fn extra_files_add_rows_and_take_the_places_of_rows() {
    let own = catalogue().unwrap();
    let indicator = INDICATOR.replace("\"Documents issued\"", "\"Ours\"");
    let more = indicator.replace("id = \"documents.issued\"", "id = \"ours.issued\"");
    let files = [
        CatalogueFile::new("a.toml", format!("{indicator}{more}{RULE}")),
        CatalogueFile::new("b.toml", FORM_OF_ONE),
    ];
    let with = catalogue_with(&files).unwrap();
    assert_eq!(with.indicators.len(), own.indicators.len() + 1);
    assert_eq!(with.indicator("documents.issued").unwrap().label.en, "Ours");
    assert_eq!(with.form("documents").unwrap().slots.len(), 1);
    assert_eq!(with.forms.len(), own.forms.len());
    assert_eq!(with.checks.len(), own.checks.len() + 1);
    let optional: Vec<bool> =
        with.checks.last().unwrap().operands().map(|operand| operand.optional).collect();
    assert_eq!(optional, [false, false, false, false, true]);
    // What is computed takes the place of what is declared, wherever it stands.
    let computed = INDICATOR.replace("documents.issued\"\nvi", "certificates.hospitals\"\nvi");
    let with = catalogue_with(&[CatalogueFile::new("c.toml", computed)]).unwrap();
    assert_eq!(with.indicators.len(), own.indicators.len());
    assert_eq!(with.indicator("certificates.hospitals").unwrap().nature.word(), "flow");
}

#[test]
fn errors_of_extra_files_tell_what_may_be_meant() {
    let mut told = String::new();
    let twice = [CatalogueFile::new("a.toml", INDICATOR), CatalogueFile::new("b.toml", INDICATOR)];
    writeln!(told, "{}", catalogue_with(&twice).unwrap_err()).unwrap();
    let text = format!("{INDICATOR}{FORM_OF_ONE}{RULE}");
    for (from, to) in [
        ("id = \"documents.issued\"", "id = \"văn bản\""),
        ("sum = [\"flow:document.issued\"]", "declared = \"flow\""),
        (
            "nature = \"flow\"\nsum = [\"flow:document.issued\"]",
            "nature = \"declared\"\ndeclared = \"flwo\"",
        ),
        ("sum = [", "declared = \"flow\"\nsum = ["),
        ("\"-\"\n", "\"-\"\nvalid_from = \"2021-02-30\"\n"),
        ("\"-\"\n", "\"-\"\nvalid_from = \"2022-01-01\"\nvalid_to = \"2021-01-01\"\n"),
        ("slots = [{ key = \"issued\", indicator = \"documents.issued\" }]", "slots = []"),
        (
            "\"list\"\nslots = [{ key = \"issued\", indicator = \"documents.issued\" }]",
            "\"by_field\"\nslots = [{ key = \"a\", indicator = \"certificates.hospitals\" }]",
        ),
        ("- 1", "-1"),
        ("- 1", "-"),
        ("documents.issued_electronic", "documents.isued_electronic"),
        ("whole(documents.signed_share)", "whole(documents.signed_shaer)"),
        ("\"<=\"", "\"<\""),
        ("\"skip\"", "\"ignore\""),
        ("\"error\"", "\"fatal\""),
        ("[[rule]]", "[[rules]]"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let why = catalogue_with(&[CatalogueFile::new("x.toml", changed)]).unwrap_err();
        writeln!(told, "{why}").unwrap();
    }
    expect![[r#"
        b.toml:3: "documents.issued" is there twice, first at a.toml:3
        x.toml:3: "văn bản" is no id: 1 to 64 of a-z A-Z 0-9 . _ -
        x.toml:8: what is read is no flow
        x.toml:9: "flwo" is no nature; it is one of flow, stock, distinct, ratio
        x.toml:9: what is declared is not computed: leave the measures out
        x.toml:11: "2021-02-30" is no day (YYYY-MM-DD)
        x.toml:12: valid_to lies before valid_from
        x.toml:13: the form names no indicator
        x.toml:18: "certificates.hospitals" is declared: it is not kept by code
        x.toml:24: "documents.issued_electronic -1" is no sum: write parts with + or - between blanks, such as "a.b + whole(c.d) + 1"
        x.toml:24: "documents.issued_electronic -" is no sum: write parts with + or - between blanks, such as "a.b + whole(c.d) + 1"
        x.toml:24: "documents.isued_electronic" is no indicator; did you mean documents.issued_electronic?
        x.toml:26: "documents.signed_shaer" is no indicator; did you mean documents.signed_share?
        x.toml:25: "<" is no relation; did you mean <=?
        x.toml:27: "ignore" is no way to take what is missing; it is one of skip, zero
        x.toml:28: "fatal" is no severity; it is one of error, warning, advice
        x.toml:20: unknown field `rules`, expected one of `indicator`, `form`, `outline`, `calendar`, `rule`
    "#]].assert_eq(&told);
}

const OUTLINE: &str = r#"
[[outline]]
id = "report"
vi = "-"
en = "-"
source = "-"

[[outline.section]]
number = "A"
vi = "Chung"
en = "General"

[[outline.section]]
number = "A.1"
vi = "Văn bản"
en = "Documents"
scope = "province"
narrative = true
lines = [{ vi = "Đi {documents.issued}, ký {documents.signed_share:%}.", en = "{documents.issued}, {documents.signed_share:%}." }]
table = ["documents.issued"]
"#;

#[test]
fn an_outline_has_one_slot_for_each_indicator() {
    let with = catalogue_with(&[CatalogueFile::new("o.toml", OUTLINE)]).unwrap();
    let form = with.form("report").unwrap();
    let keys: Vec<_> =
        form.slots.iter().map(|slot| (slot.key.as_str(), slot.of_province)).collect();
    assert_eq!(keys, [("documents.issued", true), ("documents.signed_share", true)]);
    let section = form.sections.get(1).unwrap();
    assert_eq!((section.number.as_str(), section.narrative), ("A.1", true));
    assert_eq!(section.table, [0]);
    let pieces = &section.lines.first().unwrap().vi;
    let text = |text: &str| Piece::Text(text.to_owned());
    let wanted = [
        text("Đi "),
        Piece::Figure { slot: 0, percent: false },
        text(", ký "),
        Piece::Figure { slot: 1, percent: true },
        text("."),
    ];
    assert_eq!(*pieces, wanted);
}

#[test]
fn errors_of_an_outline_tell_the_line_and_what_may_be_meant() {
    let mut told = String::new();
    for (from, to) in [
        ("id = \"report\"", "id = \"documents\""),
        ("number = \"A.1\"", "number = \"A\""),
        ("\"province\"", "\"provinze\""),
        ("{documents.issued},", "{documents.isued},"),
        ("{documents.issued},", "{documents.issued:%},"),
        ("{documents.issued}, {", "{documents.received}, {"),
        ("share:%}.\" }]", "share}.\" }]"),
        (":%}.", ":%."),
        ("[\"documents.issued\"]", "[\"documents.out\"]"),
        ("en = \"General\"", "en = \"General\"\ntable = [\"documents.issued\"]"),
    ] {
        let changed = OUTLINE.replacen(from, to, 1);
        assert_ne!(changed, OUTLINE, "{from}");
        let why = catalogue_with(&[CatalogueFile::new("o.toml", changed)]).unwrap_err();
        writeln!(told, "{why}").unwrap();
    }
    expect![[r#"
        o.toml:3: "documents" is a form already
        o.toml:14: "A" is there twice
        o.toml:17: "provinze" is no scope; did you mean province?
        o.toml:19: "documents.isued" is no indicator; did you mean documents.issued?
        o.toml:19: "documents.issued" is no ratio: write {documents.issued} without :%
        o.toml:19: vi and en of a line name different figures, or in another way
        o.toml:19: vi and en of a line name different figures, or in another way
        o.toml:19: a place for a figure ends with }
        o.toml:20: "documents.out" is no indicator
        o.toml:20: "documents.issued" stands for the unit and for the province: take one
    "#]]
    .assert_eq(&told);
}
