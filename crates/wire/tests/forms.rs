//! The forms of the catalogue over a small province: events as agencies publish them, decoded,
//! folded in memory, and read by the rows of the files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own input fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write;

use expect_test::{Expect, expect};
use serde_json::{Value as Json, json};
use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::{Day, Instant, Window};
use tonghop_core::fold::{Message, Plan, Projection};
use tonghop_core::form::{RowKey, Sources, facets_needed, figure, fill};
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{CatalogueFile, Decoder, Raw, catalogue, route};

/// What is read, and by what.
struct Province {
    projection: Projection,
    book: Book,
    facets: BTreeMap<FacetKind, FacetBooks>,
    catalogue: Catalogue,
}

/// Kind, unit, subject, day, data.
type Said<'a> = (&'a str, &'a str, &'a str, &'a str, Json);

fn message(position: u64, (kind, unit, subject, day, data): &Said<'_>) -> Message {
    let line = json!({
        "specversion": "1.0", "id": format!("e{position}"), "source": format!("/{unit}/x"),
        "type": format!("vn.tonghop.{kind}.v1"), "subject": subject, "unit": unit,
        "time": format!("{day}T08:00:00+07:00"), "data": data,
    })
    .to_string();
    let subject = route(line.as_bytes()).unwrap();
    let raw = Raw { subject: &subject, headers: &[], payload: line.as_bytes() };
    let event = Decoder::new().decode(&raw).unwrap_or_else(|why| panic!("{line}: {why}"));
    let recorded = Instant::parse("2021-09-20T08:00:00+07:00").unwrap();
    Message { position, recorded, said: Ok(event) }
}

fn province(said: &[Said<'_>]) -> Province {
    let units = [
        ("H41", "PROVINCE", ""),
        ("H41.16", "DEPARTMENT", "H41"),
        ("H41.17", "DEPARTMENT", "H41"),
        ("H41.30", "DISTRICT", "H41"),
        ("H41.30.1", "COMMUNE", "H41.30"),
        ("H41.16.1", "AFFILIATE", "H41.16"),
    ]
    .map(|(code, level, parent)| {
        let data = json!({"name": code, "level": level, "parent": parent});
        ("unit.registered", "H41", code, "2020-01-01", data)
    });
    let messages: Vec<Message> =
        (1..).zip(units.iter().chain(said)).map(|(n, said)| message(n, said)).collect();
    let plan = Plan::new(messages);
    let values = vec![None; plan.keys().len()];
    let mut projection = Projection::default();
    let folded = projection.fold(plan, values).unwrap();
    assert!(folded.refusals.is_empty(), "{:?}", folded.refusals);
    let (mut book, mut facets) = (Book::default(), BTreeMap::<_, FacetBooks>::new());
    for change in &folded.commit.cells {
        match &change.key.facet {
            Facet::All => book.add(&change.key, change.amount),
            Facet::Of(kind, _) => facets.entry(*kind).or_default().add(&change.key, change.amount),
        }
    }
    Province { projection, book, facets, catalogue: catalogue().unwrap() }
}

impl Province {
    fn query() -> Query {
        Self::query_of("2021-06-15", "2021-09-14")
    }

    fn query_of(from: &str, to: &str) -> Query {
        let day = |text| Day::parse(text).unwrap();
        let window = Window::new(day(from), day(to)).unwrap();
        Query {
            root: UnitCode::parse("H41").unwrap(),
            window,
            known: None,
            tree: Tree::AsWas,
            read_on: None,
        }
    }

    /// The form as text. It reads no facets but those that it says it needs.
    fn form(&self, id: &str) -> String {
        self.form_of(id, Self::query())
    }

    fn form_of(&self, id: &str, query: Query) -> String {
        let form = self.catalogue.form(id).unwrap();
        let needed = facets_needed(form, &self.catalogue);
        let mut facets = self.facets.clone();
        facets.retain(|kind, _| needed.contains(kind));
        let registry = self.projection.registry();
        let sources = Sources { registry, book: &self.book, facets: &facets };
        let table = fill(form, &self.catalogue, query, sources);
        let mut text = String::new();
        for row in &table.rows {
            let key = match &row.key {
                RowKey::Unit(code, _) => code.to_string(),
                RowKey::Code(code) => code.clone(),
                RowKey::Slot(slot) => form.slots[*slot].key.clone(),
                RowKey::Total => "TOTAL".to_owned(),
            };
            let values: Vec<String> = row.values.iter().map(|value| shown(*value)).collect();
            writeln!(text, "{key}: {}", values.join(" ")).unwrap();
        }
        text
    }

    fn check(&self, id: &str, expected: &Expect) {
        expected.assert_eq(&self.form(id));
    }

    fn figure(&self, id: &str) -> String {
        let indicator = self.catalogue.indicator(id).unwrap();
        let registry = self.projection.registry();
        let sources = Sources { registry, book: &self.book, facets: &self.facets };
        shown(figure(indicator, Self::query(), sources))
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Share(share) => format!("{}/{}", share.part, share.whole),
        Value::Nil | Value::Missing | Value::Bound(_) | Value::BoundShare(..) => "-".to_owned(),
    }
}

#[test]
fn feedback() {
    let about = |about: &str| json!({"about": about});
    province(&[
        ("feedback.received", "H41.16", "F1", "2021-06-01", about("RULE")),
        ("feedback.received", "H41.16", "F2", "2021-06-20", about("RULE")),
        ("feedback.received", "H41.16.1", "F3", "2021-09-14", about("CONDUCT")),
        ("feedback.received", "H41.30", "F4", "2021-09-15", about("CONDUCT")),
        ("feedback.resolved", "H41.16", "F1", "2021-06-21", json!({})),
    ])
    .check(
        "feedback",
        &expect![[r"
        H41: 2 1 1 1 2
        H41.16: 2 1 1 1 2
        H41.16.1: 1 0 1 0 1
        TOTAL: 2 1 1 1 2
    "]],
    );
}

#[test]
fn certificates() {
    let of = |holder: &str, last: &str| json!({"holder": holder, "expiresOn": last});
    let province = province(&[
        ("certificate.issued", "H41.16", "C1", "2020-09-15", of("ORGANISATION", "2021-09-14")),
        ("certificate.issued", "H41.16", "C2", "2021-07-01", of("PERSON", "")),
        ("certificate.issued", "H41.16.1", "C3", "2021-07-01", of("PERSON", "")),
        ("certificate.issued", "H41.17", "C4", "2020-09-15", of("PERSON", "2021-09-13")),
        ("certificate.issued", "H41.30", "C5", "2021-07-01", of("ORGANISATION", "")),
        ("certificate.revoked", "H41.30", "C5", "2021-09-14", json!({})),
    ]);
    province.check(
        "certificates",
        &expect![[r"
        certificates.valid: 3
        certificates.valid_organisation: 1
        certificates.valid_person: 2
        certificates.issued: 3
        certificates.revoked: 1
        certificates.departments: 1/2
        certificates.districts: 0/1
    "]],
    );
}

#[test]
fn deployment() {
    let done = |unit, system| ("deployment.done", unit, system, "2021-01-01", json!({}));
    let opened = |unit, id, system: &str| {
        ("account.opened", unit, id, "2021-01-01", json!({"system": system}))
    };
    let province = province(&[
        done("H41.16", "ioffice"),
        done("H41.17", "igate"),
        done("H41.30", "ioffice"),
        done("H41.30.1", "ioffice"),
        ("deployment.withdrawn", "H41.30.1", "ioffice", "2021-09-14", json!({})),
        done("H41.16.1", "ioffice"),
        opened("H41.16", "A1", "ioffice"),
        opened("H41.16", "A2", "mail"),
    ]);
    province.check(
        "deployment",
        &expect![[r"
        deployment.ioffice_departments: 1/2
        deployment.ioffice_districts: 1/1
        deployment.ioffice_communes: 0/1
        deployment.ioffice_schools: -
        deployment.ioffice_affiliates: 1/1
        deployment.ioffice_party: -
        deployment.ioffice_health: -
        accounts.ioffice: 1
        "]],
    );
    assert_eq!(province.figure("accounts.open"), "2");
}

#[test]
fn tasks() {
    let of =
        |plan: &str, ad_hoc: bool, due: &str| json!({"plan": plan, "adHoc": ad_hoc, "dueOn": due});
    let planned = |id, data| ("task.planned", "H41.16", id, "2021-01-15", data);
    let done = |id, day| ("task.done", "H41.16", id, day, json!({}));
    let province = province(&[
        planned("T1", of("51/KH", false, "2021-06-30")),
        planned("T2", of("51/KH", false, "2021-06-30")),
        planned("T3", of("51/KH", false, "")),
        planned("T4", of("51/KH", true, "2021-07-01")),
        planned("T5", of("237/KH", false, "2021-09-14")),
        done("T1", "2021-06-30"),
        done("T2", "2021-07-01"),
        done("T4", "2021-07-02"),
    ]);
    province.check(
        "tasks",
        &expect![[r"
        237/KH: 1 0 0 0 0 0 0
        51/KH: 3 2 1 1 1 2 0
        TOTAL: 4 2 1 1 1 2 0
    "]],
    );
    assert_eq!(province.figure("tasks.done_share"), "2/4");
    assert_eq!(province.figure("tasks.ad_hoc_late"), "1");
}

#[test]
fn staff() {
    let posts = |unit, day, quota: u32, filled: u32| {
        ("staff.posts", unit, "posts", day, json!({"quota": quota, "filled": filled}))
    };
    let moved = |id, kind: &str| ("staff.moved", "H41.16", id, "2021-07-01", json!({"kind": kind}));
    province(&[
        posts("H41.16", "2021-01-01", 29, 28),
        posts("H41.16", "2021-09-06", 29, 29),
        posts("H41.16", "2021-09-15", 20, 20),
        posts("H41.16.1", "2021-01-01", 7, 6),
        moved("M1", "ROTATED"),
        moved("M2", "RECRUITED"),
    ])
    .check(
        "staff",
        &expect![[r"
        H41: 36 35 1 0 1 0 0
        H41.16: 36 35 1 0 1 0 0
        H41.16.1: 7 6 0 0 0 0 0
        TOTAL: 36 35 1 0 1 0 0
    "]],
    );
}

#[test]
fn figures_without_a_form() {
    let norm = |id, kind: &str| ("norm.effective", "H41", id, "2021-08-01", json!({"kind": kind}));
    let held = json!({"days": 1, "units": 3, "findings": 4, "fixed": 2});
    let province = province(&[
        norm("18/2021/QĐ-UBND", "QD"),
        norm("3/2021/CT-UBND", "CT"),
        ("norm.repealed", "H41", "3/2021/CT-UBND", "2021-09-01", json!({})),
        ("inspection.held", "H41.16", "I1", "2021-06-24", held),
        ("portal.posted", "H41.16", "P1", "2021-07-01", json!({})),
        ("portal.posted", "H41.16", "P2", "2021-07-01", json!({})),
        ("portal.removed", "H41.16", "P2", "2021-07-02", json!({})),
    ]);
    for (id, expected) in [
        ("norms.in_force", "1"),
        ("norms.in_force_decisions", "1"),
        ("norms.in_force_directives", "0"),
        ("norms.effective", "2"),
        ("norms.repealed", "1"),
        ("inspections.held", "1"),
        ("inspections.days", "1"),
        ("inspections.units", "3"),
        ("portal.posted", "1"),
        ("portal.removed", "1"),
        ("portal.online", "1"),
        ("units.registered", "6"),
        ("units.departments", "2"),
        ("units.communes", "1"),
    ] {
        assert_eq!(province.figure(id), expected, "{id}");
    }
}

/// The page for those who write catalogue files: its example is good, and it has every measure.
#[test]
fn the_page_on_catalogue_files_is_true() {
    let page = include_str!("../../../docs/catalogue.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let own = catalogue().unwrap();
    let file = CatalogueFile::new("mine.toml", example.to_owned());
    let with = tonghop_wire::catalogue_with(&[file]).unwrap();
    assert_eq!(with.indicators.len(), own.indicators.len() + 1);
    assert_eq!(with.checks.len(), own.checks.len() + 1);
    let read: Vec<&str> = Measure::ALL
        .iter()
        .filter(|measure| !matches!(measure, Measure::FigureDeclared | Measure::NarrativeSubmitted))
        .map(|measure| measure.word())
        .collect();
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(word, _)| word))
        .collect();
    assert_eq!(listed, read);
}

#[test]
fn a_list_has_what_is_asked_for_in_its_window() {
    let province = province(&[]);
    let levels = |from: &str, to: &str| -> Vec<String> {
        let query = Province::query_of(from, to);
        let form = province.catalogue.form("procedures").unwrap();
        let form = form.asked_in(query.window, &province.catalogue.indicators);
        let columns = form.slots.iter().map(|slot| slot.key.clone());
        // The report is a list: its rows are left out when it is filled in.
        let report = province.form_of("cchc", query);
        let rows = report.lines().filter_map(|line| line.split_once(": "));
        let rows = rows.filter_map(|(key, _)| key.strip_prefix("procedures."));
        let of_service = |key: &str| key.contains("level") || key == "full" || key == "partial";
        let mut keys: Vec<String> = columns
            .chain(rows.map(|key| format!("cchc {key}")))
            .filter(|key| of_service(key.trim_start_matches("cchc ")))
            .collect();
        keys.sort_unstable();
        keys
    };
    let before =
        ["cchc level_2", "cchc level_3", "cchc level_4", "level1", "level2", "level3", "level4"];
    let after = ["cchc full", "cchc partial", "full", "partial"];
    assert_eq!(levels("2021-06-15", "2021-09-14"), before);
    assert_eq!(levels("2022-12-15", "2023-03-14"), after);
    // In the quarter of the change both are asked for.
    let mut both = [&before[..], &after].concat();
    both.sort_unstable();
    assert_eq!(levels("2022-06-15", "2022-09-14"), both);
}
