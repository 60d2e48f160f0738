//! Every figure of the report of the third quarter of 2021, declared as it stands there: what
//! contradicts is named, what holds stays silent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::fmt::Write;

use expect_test::expect_file;
use tonghop_core::day::{Day, Instant, Window};
use tonghop_core::fold::Message;
use tonghop_core::form::Sources;
use tonghop_core::read::{Query, Tree};
use tonghop_core::reconcile::{FindingKind, Reconciliation, Verdict, reconcile};
use tonghop_core::unit_code::UnitCode;
use tonghop_node::commands::declare::{lines, table};
use tonghop_wire::{Decoder, Raw, route};

#[path = "../../core/tests/kit/mod.rs"]
mod kit;

use kit::line::{PRELUDE, messages};
use kit::store::World;

const RECORDED: &str = "2021-09-07T08:00:00+07:00";
const FILES: &[(&str, &str)] = &[
    ("H41", include_str!("../src/sample/report/declared-H41.csv")),
    ("H41.16", include_str!("../src/sample/report/declared-H41.16.csv")),
    ("H41.16.1", include_str!("../src/sample/report/declared-H41.16.1.csv")),
];

fn unit(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap()
}

fn quarter() -> Window {
    let day = |text| Day::parse(text).unwrap();
    Window::new(day("2021-06-15"), day("2021-09-14")).unwrap()
}

/// What these lines of the kit tell, folded.
fn world_of(lines: &str) -> World {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world
}

/// The declarations of the files, folded.
fn report() -> World {
    let mut world =
        world_of("H41 unit H41.16.1 2000-01-01 registered AFFILIATE parent=H41.16 name=TT id=u4");
    let mut position = 5;
    for (code, text) in FILES {
        let declared = table::of_csv(text).unwrap();
        let lines = lines(&declared, unit(code), "2021-09-06T16:00:00+07:00").unwrap();
        let said: Vec<Message> = lines
            .lines()
            .map(|line| {
                let subject = route(line.as_bytes()).unwrap();
                let raw = Raw { subject: &subject, headers: &[], payload: line.as_bytes() };
                let said = Ok(Decoder::new().decode(&raw).unwrap());
                position += 1;
                Message {
                    position: position - 1,
                    recorded: Instant::parse(RECORDED).unwrap(),
                    said,
                }
            })
            .collect();
        world.fold(&said);
    }
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world
}

fn reconciled(world: &World, root: &str) -> Reconciliation {
    let catalogue = tonghop_wire::catalogue().unwrap();
    let (book, facets) = (world.store.book(), world.store.facets());
    let sources = Sources { registry: world.projection.registry(), book: &book, facets: &facets };
    let query = Query {
        root: unit(root),
        window: quarter(),
        known: None,
        tree: Tree::AsWas,
        read_on: None,
    };
    reconcile(&catalogue, query, &[], sources)
}

#[test]
fn the_contradictions_of_the_report_are_named_and_what_holds_is_silent() {
    let found = reconciled(&report(), "H41");
    let mut text = String::new();
    for finding in &found.findings {
        let (kind, severity) = (finding.kind.word(), finding.severity.word());
        writeln!(text, "{severity} {kind} {} {}", finding.unit, finding.text.en).unwrap();
        writeln!(text, "    {}", finding.text.vi).unwrap();
    }
    expect_file!["declared/expected.txt"].assert_eq(&text);
    assert_eq!(
        found.statements,
        FILES.iter().map(|(_, text)| text.lines().count() - 1).sum::<usize>()
    );
    // Nobody has published an event: that is no difference, and silence does not say nothing, either.
    for comparison in &found.comparisons {
        let expected = match comparison.verdict {
            Verdict::NotComparable | Verdict::NotReported => true,
            Verdict::Agrees | Verdict::Differs => false,
        };
        assert!(expected, "{comparison:?}");
    }
}

#[test]
fn what_holds_is_tried_and_in_no_finding() {
    let found = reconciled(&report(), "H41");
    let broken: Vec<&str> =
        found.findings.iter().filter_map(|finding| finding.check.as_deref()).collect();
    // Silence tells nothing of a rule that was not tried.
    let tried = |id: &str| found.rules.iter().find(|tried| tried.check == id).unwrap();
    for (silent, held) in [
        ("accounts.active_of_open", 1),
        ("post.used_of_offered", 1),
        ("post.accepted_of_delivered", 1),
        ("dossiers.returned_of_received", 2),
        ("certificates.districts_on_ioffice", 1),
    ] {
        let tried = tried(silent);
        assert_eq!((tried.held, tried.broken), (held, 0), "{silent}");
        assert!(!broken.contains(&silent), "{silent}");
    }
    let never = ["bieu-06.7", "documents.electronic_of_issued"];
    assert_eq!(never.map(|id| (tried(id).held, tried(id).broken)), [(0, 0); 2]);
    for named in
        ["procedures.by_level", "meetings.sites_explained", "certificates.departments_on_ioffice"]
    {
        assert!(broken.contains(&named), "{named}");
        assert!(tried(named).broken > 0, "{named}");
    }
    let over =
        |finding: &&tonghop_core::reconcile::Finding| finding.kind == FindingKind::PartOverWhole;
    assert_eq!(found.findings.iter().find(over), None);
}

/// Six windows under one title, none of them the quarter.
#[test]
fn six_windows_are_named() {
    let found = reconciled(&report(), "H41");
    let windows = found.findings.iter().filter(|finding| finding.kind == FindingKind::Window);
    assert_eq!(windows.count(), 6);
}

/// Column 3 of Biểu 06 and what was carried in are stocks to add, but of a window: four dossiers were
/// there in the quarter, one of them from before it.
#[test]
fn what_was_carried_into_a_window_is_compared_over_the_window() {
    let own = "from=2021-06-15 to=2021-09-14";
    let found = reconciled(
        &world_of(&format!(
            "H41.16 dossier D1 2021-06-10 accepted ONLINE f1 p1 id=d1
             H41.16 dossier D2 2021-06-20 accepted ONLINE f1 p1 id=d2
             H41.16 dossier D3 2021-07-20 accepted ONLINE f1 p1 id=d3
             H41.16 dossier D4 2021-09-14 accepted DIRECT f1 p1 id=d4
             H41.16 dossier D1 2021-06-25 settled APPROVED id=d5
             H41.16 figure dossiers.to_handle 2021-09-06 declared EXACT {own} value=4 id=a
             H41.16 figure dossiers.carried_in 2021-09-06 declared EXACT {own} value=1 id=b
             H41.16 figure dossiers.pending 2021-09-06 declared EXACT {own} value=3 id=c
             H41.16 figure dossiers.carried_in 2021-09-06 declared EXACT asOf=2021-06-15 value=1 id=d"
        )),
        "H41",
    );
    let compared: Vec<(&str, &str, Option<String>)> = found
        .comparisons
        .iter()
        .map(|c| {
            let id = &*c.statement.declaration.indicator;
            (id, c.verdict.word(), c.window.map(|window| window.to_string()))
        })
        .collect();
    let whole = Some("2021-06-15..2021-09-14".to_owned());
    let last = Some("2021-09-14..2021-09-14".to_owned());
    assert_eq!(
        compared,
        [
            ("dossiers.carried_in", "not_comparable", None),
            ("dossiers.carried_in", "agrees", whole.clone()),
            ("dossiers.pending", "agrees", last),
            ("dossiers.to_handle", "agrees", whole),
        ]
    );
    let told = |kind| {
        let of_kind = found.findings.iter().filter(move |finding| finding.kind == kind);
        let ids =
            of_kind.flat_map(|f| f.statements.iter().map(|s| s.declaration.indicator.to_string()));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(told(FindingKind::StockInWindow), ["dossiers.pending"]);
    assert_eq!(told(FindingKind::WindowOpen), Vec::<String>::new());
}
