//! A small province to read from: units, a catalogue and a book, made by hand.

use std::sync::Arc;

use tonghop_core::book::Book;
use tonghop_core::calendar::{Calendar, DayRule, PeriodRule};
use tonghop_core::catalogue::{
    Catalogue, Form, Indicator, Label, Layout, Nature, Rule, Slot, Term,
};
use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::day::{Day, Instant};
use tonghop_core::event::{Body, Statement};
use tonghop_core::family::unit::{Change, Event};
use tonghop_core::fingerprint::Identity;
use tonghop_core::fold::{Counts, Outcome};
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::projector::Announcement;
use tonghop_core::registry::Registry;
use tonghop_core::timeline::{Entry, Timeline};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Level;

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn code(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap()
}

fn label(vi: &str, en: &str) -> Label {
    Label { vi: vi.to_owned(), en: en.to_owned() }
}

fn terms(text: &str) -> Vec<Term> {
    text.split(' ').map(|term| Term::parse(term).unwrap_or_else(|| panic!("{term}"))).collect()
}

/// The slots of `bieu-06a`: key, indicator, terms.
const COLUMNS: &[(&str, &str, &str)] = &[
    (
        "c3",
        "dossiers.to_handle",
        "flow:dossier.received_online flow:dossier.received_direct flow:dossier.received_post \
         opening:dossier.pending",
    ),
    ("c4", "dossiers.received_online", "flow:dossier.received_online"),
    ("c5", "dossiers.received_other", "flow:dossier.received_direct flow:dossier.received_post"),
    ("c6", "dossiers.carried_in", "opening:dossier.pending"),
    (
        "c7",
        "dossiers.settled",
        "flow:dossier.settled_early flow:dossier.settled_on_time flow:dossier.settled_late \
         flow:dossier.settled_no_due flow:dossier.withdrawn flow:dossier.stopped",
    ),
    ("c8", "dossiers.settled_early", "flow:dossier.settled_early"),
    (
        "c9",
        "dossiers.settled_on_time",
        "flow:dossier.settled_on_time flow:dossier.settled_no_due flow:dossier.withdrawn \
         flow:dossier.stopped",
    ),
    ("c10", "dossiers.settled_late", "flow:dossier.settled_late"),
    ("c11", "dossiers.pending", "closing:dossier.pending"),
    ("c12", "dossiers.pending_in_term", "closing:dossier.pending -closing:dossier.overdue"),
    ("c13", "dossiers.pending_overdue", "closing:dossier.overdue"),
    ("noDueDate", "dossiers.no_due_date", "flow:dossier.settled_no_due"),
    ("withdrawn", "dossiers.withdrawn", "flow:dossier.withdrawn"),
    ("stopped", "dossiers.stopped", "flow:dossier.stopped"),
    ("waiting", "dossiers.waiting", "closing:dossier.waiting"),
    (
        "transferredIn",
        "dossiers.transferred_in",
        "flow:dossier.transferred_in moved_in:dossier.pending",
    ),
    (
        "transferredOut",
        "dossiers.transferred_out",
        "flow:dossier.transferred_out moved_out:dossier.pending",
    ),
];

fn slot(key: &str, label: Label, indicator: usize) -> Slot {
    let number = key.strip_prefix('c').map(str::to_owned);
    Slot {
        key: key.to_owned(),
        label,
        short: None,
        number,
        memo: false,
        of_province: false,
        indicator,
    }
}

/// Indicators and forms like those of the catalogue files, fewer.
pub(crate) fn catalogue() -> Catalogue {
    let mut indicators: Vec<Indicator> = COLUMNS
        .iter()
        .map(|(key, id, text)| Indicator {
            id: (*id).to_owned(),
            label: label(&format!("Cột {key}"), &format!("Column {key}")),
            counted: label("hồ sơ", "dossiers"),
            nature: Nature::Flow,
            rule: Rule::Sum(terms(text)),
            source: "01/2020/TT-VPCP".to_owned(),
            valid_from: None,
            valid_to: None,
        })
        .collect();
    let columns: Vec<Slot> = COLUMNS
        .iter()
        .enumerate()
        .map(|(indicator, (key, _, _))| {
            slot(key, label(&format!("Cột {key}"), &format!("Column {key}")), indicator)
        })
        .collect();
    let more = [
        ("documents.issued", Nature::Flow, Rule::Sum(terms("flow:document.issued"))),
        (
            "documents.signed_share",
            Nature::Ratio,
            Rule::Ratio {
                part: terms("flow:document.issued_organisation_signed"),
                whole: terms("flow:document.issued"),
            },
        ),
        (
            "post.procedures_used",
            Nature::Distinct,
            Rule::Distinct(FacetKind::Procedure, vec![Measure::PostAccepted]),
        ),
    ];
    let mut list = Vec::new();
    for (id, nature, rule) in more {
        list.push(slot(id, label(id, id), indicators.len()));
        indicators.push(Indicator {
            id: id.to_owned(),
            label: label(id, id),
            counted: label("văn bản", "documents"),
            nature,
            rule,
            source: String::new(),
            valid_from: None,
            valid_to: None,
        });
    }
    let form = |id: &str, layout, slots: &[Slot]| Form {
        id: id.to_owned(),
        label: label("Biểu mẫu", "A form"),
        source: "01/2020/TT-VPCP".to_owned(),
        layout,
        slots: slots.to_vec(),
        groups: Vec::new(),
        identities: Vec::new(),
        sections: Vec::new(),
    };
    let forms = vec![
        form("bieu-06a", Layout::ByUnit, &columns),
        form("bieu-06-field", Layout::ByFacet(FacetKind::Field), &columns),
        form("documents", Layout::List, &list),
    ];
    Catalogue { indicators, forms, calendars: vec![legal()], checks: Vec::new() }
}

fn legal() -> Calendar {
    let rule = |name: &str, from, to, deadline: Option<&str>| PeriodRule {
        name: name.to_owned(),
        from: DayRule::parse(from).unwrap(),
        to: DayRule::parse(to).unwrap(),
        deadline: deadline.map(|text| DayRule::parse(text).unwrap()),
        reform_deadline: None,
        basis: "ND09/2019 art.12".to_owned(),
    };
    Calendar {
        name: "legal".to_owned(),
        label_vi: "Kỳ báo cáo theo Nghị định 09/2019/NĐ-CP".to_owned(),
        label_en: "Legal periods".to_owned(),
        periods: vec![
            rule("Q3", "Y-06-15", "Y-09-14", Some("Y-09-25")),
            rule("Q4", "Y-09-15", "Y-12-14", None),
            rule("Y", "Y-1:12-15", "Y-12-14", None),
        ],
    }
}

fn timeline(code: UnitCode, at: &str, changes: Vec<Change>) -> Timeline {
    let mut timeline = Timeline::default();
    for (place, change) in changes.into_iter().enumerate() {
        let at = Instant::parse(at).unwrap();
        timeline.insert(Entry {
            position: 1,
            recorded: day("2021-01-02"),
            statement: Statement {
                identity: Identity(u128::try_from(place).unwrap()),
                replaces: None,
                sequence: None,
                at,
                day: at.day().unwrap(),
                body: Body::Unit(Box::new(Event { code, change })),
            },
        });
    }
    timeline
}

pub(crate) fn register(
    registry: &mut Registry,
    text: &str,
    name: &str,
    level: Level,
    parent: &str,
) {
    let change = Change::Registered {
        name: name.into(),
        level,
        parent: UnitCode::parse(parent),
        legal_basis: None,
    };
    let timeline = timeline(code(text), "2021-01-01T00:00:00+07:00", vec![change]);
    registry.restore(code(text), timeline);
}

/// Adds a change to a unit that is registered, recorded on its day.
pub(crate) fn add(registry: &mut Registry, text: &str, at: &str, change: Change) {
    let mut all = registry.timeline(code(text)).cloned().unwrap_or_default();
    for entry in timeline(code(text), at, vec![change]).entries() {
        let mut entry = entry.clone();
        entry.recorded = entry.statement.day;
        entry.statement.identity = Identity(u128::try_from(all.len()).unwrap());
        all.insert(entry);
    }
    registry.restore(code(text), all);
}

/// A province, a department, a district with two communes, and a unit that is closed again.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    register(&mut registry, "H41", "Nghệ An", Level::Province, "");
    register(&mut registry, "H41.16", "Sở Thông tin và Truyền thông", Level::Department, "H41");
    register(&mut registry, "H41.30", "Huyện \"Nghi Lộc\"", Level::District, "H41");
    register(&mut registry, "H41.30.1", "Xã Một", Level::Commune, "H41.30");
    register(&mut registry, "H41.30.2", "=HYPERLINK(\"x\")", Level::Commune, "H41.30");
    let closed = vec![
        Change::Registered {
            name: "Đã giải thể".into(),
            level: Level::Outside,
            parent: Some(code("H41")),
            legal_basis: None,
        },
        Change::CodeAssigned { code: code("H41.99") },
        Change::Closed { legal_basis: None },
    ];
    let timeline = timeline(code("H41.40"), "2021-03-01T00:00:00+07:00", closed);
    registry.restore(code("H41.40"), timeline);
    registry
}

pub(crate) fn change(unit: &str, measure: Measure, on: &str, amount: i64) -> CellChange {
    let day = day(on);
    let key = CellKey { unit: code(unit), measure, facet: Facet::All, day, recorded: day };
    CellChange { key, amount }
}

pub(crate) fn changes() -> Vec<CellChange> {
    use Measure as M;
    vec![
        change("H41.16", M::DossierReceivedOnline, "2021-06-15", 80),
        change("H41.16", M::DossierPending, "2021-06-15", 80),
        change("H41.16", M::DossierSettledEarly, "2021-09-14", 78),
        change("H41.16", M::DossierPending, "2021-09-14", -78),
        change("H41.30.1", M::DossierReceivedDirect, "2021-07-01", 5),
        change("H41.30.1", M::DossierPending, "2021-07-01", 5),
        change("H41.30.2", M::DossierReceivedPost, "2021-07-02", 3),
        change("H41.30.2", M::DossierPending, "2021-07-02", 3),
        change("H41.30.2", M::DossierOverdue, "2021-09-01", 1),
        change("H41.16", M::DocumentIssued, "2021-07-01", 200),
        change("H41.16", M::DocumentIssuedOrganisationSigned, "2021-07-01", 147),
    ]
}

pub(crate) fn book(changes: &[CellChange]) -> Book {
    let mut book = Book::default();
    for change in changes {
        book.add(&change.key, change.amount);
    }
    book
}

/// The announcement of a step from a position to a position.
pub(crate) fn step(from: u64, position: u64) -> Announcement {
    let count = usize::try_from(position + 1 - from).unwrap();
    Announcement {
        recorded: day("2021-09-14"),
        from,
        position,
        outcomes: vec![Outcome::Folded; count],
        counts: Counts { folded: position, duplicates: 0, refused: 0 },
        units_changed: false,
        heard: Vec::new(),
    }
}

pub(crate) fn shared() -> Arc<Catalogue> {
    Arc::new(catalogue())
}
