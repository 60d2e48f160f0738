//! SIL: what nobody was heard of is missing; what somebody was heard of is a number.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::catalogue::{Layout, Rule, Term};
use tonghop_core::day::{Day, Window};
use tonghop_core::form::{figure, figure_of_code, fill};
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::read::{Query, Share, Tree, Unheard, Value};
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

use crate::bieu_06::window;
use crate::forms::text;
use crate::kit::facts;
use crate::kit::forms::{Reader, catalogue, indicator, sum};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::kit::{day, unit};
use crate::laws::{cases, facts};
use crate::lineage::history;
use crate::trees::{CODES, RECORDED, Turn};

const QUARTERS: [(&str, &str); 4] = [
    ("2021-03-15", "2021-06-14"),
    ("2021-06-15", "2021-09-14"),
    ("2021-09-15", "2021-12-14"),
    ("2021-12-15", "2022-03-14"),
];

fn reader(lines: &str, known: Option<Day>) -> Reader {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    let now = world.projection.registry();
    let registry = known.map_or_else(|| now.clone(), |day| now.as_known(day));
    Reader::new(&world.store, &registry)
}

fn query(root: &str, (from, to): (&str, &str)) -> Query {
    let window = Window::new(day(from), day(to)).unwrap();
    Query { root: unit(root), window, known: None, tree: Tree::AsWas, read_on: None }
}

fn terms(text: &str) -> Vec<Term> {
    match sum(text) {
        Rule::Sum(terms) => terms,
        Rule::Distinct(..) | Rule::Ratio { .. } | Rule::Declared { .. } => unreachable!("a sum"),
    }
}

/// A value in a word: `-` is missing.
fn word(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Share(Share { part, whole }) => format!("{part}/{whole}"),
        Value::Missing => "-".to_owned(),
        Value::Nil | Value::Bound(_) | Value::BoundShare(..) => panic!("{value:?} is declared"),
    }
}

/// The figure of these terms in each quarter of the year.
fn year(reader: &Reader, root: &str, terms: &str) -> String {
    QUARTERS.map(|days| word(reader.figure(query(root, days), terms))).join(" ")
}

#[test]
fn a_department_is_missing_until_it_is_heard_and_a_number_from_then_on() {
    let reader = reader(
        "H41 unit H41.18 2021-01-01 registered DEPARTMENT parent=H41 name=So-KHCN id=u4
         H41.16 document 1/KH 2021-04-01 issued KH
         H41.17 document 1/KH 2021-07-01 issued KH id=v1
         H41.17 dossier D1 2021-07-02 accepted ONLINE f1 p1",
        None,
    );
    for (root, terms, expected) in [
        ("H41.16", "flow:document.issued", "1 0 0 0"),
        // A zero says that somebody looked: before 1 July nobody did.
        ("H41.17", "flow:document.issued", "- 1 0 0"),
        ("H41.18", "flow:document.issued", "- - - -"),
        ("H41.99", "flow:document.issued", "- - - -"),
        // The sum is what was said, whoever is silent.
        ("H41", "flow:document.issued", "1 1 0 0"),
        ("H41", "flow:dossier.received_online", "- 1 0 0"),
        // One family is heard for all that is counted in it, and for nothing else.
        ("H41.17", "flow:document.received", "- 0 0 0"),
        ("H41.17", "flow:dossier.settled_late", "- 0 0 0"),
        ("H41.16", "flow:dossier.settled_late", "- - - -"),
        // Stocks: what is carried in, what is open at the end.
        ("H41.17", "opening:dossier.pending", "- 0 1 1"),
        ("H41.17", "closing:dossier.pending", "- 1 1 1"),
        // Of two families one is enough, and the registry beside them is not.
        ("H41.17", "flow:document.issued flow:meeting.in_person", "- 1 0 0"),
        ("H41.17", "units", "1 1 1 1"),
        ("H41.17", "units -closing:deployment.done", "- - - -"),
        ("H41.17", "flow:anomaly", "- 0 0 0"),
    ] {
        assert_eq!(year(&reader, root, terms), expected, "{root} {terms}");
    }
}

#[test]
fn a_ratio_needs_both_sides_and_a_distinct_count_its_family() {
    let reader = reader(
        "H41.16 document 1/KH 2021-07-01 issued KH
         H41.16 dossier D1 2021-07-02 accepted ONLINE f1 p1
         H41.17 deployment mail 2021-07-02 done",
        None,
    );
    let ratio = |part, whole| Rule::Ratio { part: terms(part), whole: terms(whole) };
    let distinct = |measure| Rule::Distinct(FacetKind::Procedure, vec![measure]);
    let of_system = "closing:deployment.done[system=ioffice]";
    let of_communes = "closing:deployment.done[system=ioffice,level=COMMUNE]";
    for (root, rule, expected) in [
        ("H41.16", ratio("flow:document.received", "flow:document.issued"), "- 0/1 0/0"),
        ("H41.17", ratio("flow:document.received", "flow:document.issued"), "- - -"),
        ("H41.16", ratio("flow:document.issued", "flow:meeting.in_person"), "- - -"),
        ("H41", ratio(of_system, "units"), "- 0/3 0/3"),
        // A department was heard of its systems, a commune was not.
        ("H41", ratio(of_communes, "units[level=COMMUNE]"), "- - -"),
        ("H41.16", ratio(of_system, "units"), "- - -"),
        ("H41.16", distinct(Measure::DossierReceivedOnline), "- 1 0"),
        ("H41.16", distinct(Measure::DossierReceivedPost), "- 0 0"),
        ("H41.16", distinct(Measure::PostAccepted), "- - -"),
    ] {
        let one = indicator("x", rule.clone());
        let read = |days| word(figure(&one, query(root, days), reader.sources()));
        assert_eq!(QUARTERS.map(read)[..3].join(" "), expected, "{root} {rule:?}");
    }
}

#[test]
fn what_was_taken_back_was_never_said_and_a_heartbeat_tells_of_no_family() {
    for (lines, expected) in [
        ("H41.16 document 1/KH 2021-07-01 issued KH id=a", "- 1 0 0"),
        (
            "H41.16 document 1/KH 2021-07-01 issued KH id=a
             H41.16 document 1/KH 2021-07-01 retracted replaces=a",
            "- - - -",
        ),
        (
            "H41.16 document 1/KH 2021-07-01 issued KH id=a rec=2021-07-01
             H41.16 document 1/KH 2021-07-01 retracted replaces=a rec=2021-07-09",
            "- - - -",
        ),
        // A recalled document was one.
        (
            "H41.16 document 1/KH 2021-07-01 issued KH id=a
             H41.16 document 1/KH 2021-10-01 recalled",
            "- 1 -1 0",
        ),
        ("H41.16 source /H41.16/eoffice 2021-07-01 heartbeat last=3", "- - - -"),
    ] {
        let reader = reader(lines, None);
        assert_eq!(year(&reader, "H41.16", "flow:document.issued"), expected, "{lines}");
        assert_eq!(year(&reader, "H41", "flow:document.issued"), expected, "{lines}");
    }
}

#[test]
fn silence_is_read_as_it_was_known() {
    let lines = "H41.16 document 1/KH 2021-07-01 issued KH id=a rec=2021-10-01
         H41.16 document 2/KH 2021-04-01 issued KH id=b rec=2022-02-01
         H41.16 document 1/KH 2021-07-01 retracted replaces=a rec=2022-03-01";
    for (known, expected) in [
        ("2021-09-30", "- - - -"),
        ("2021-10-01", "- 1 0 0"),
        ("2022-02-01", "1 1 0 0"),
        ("2022-03-01", "1 0 0 0"),
    ] {
        let known = Some(day(known));
        let reader = reader(lines, known);
        let read = |root: &str, days| {
            let query = Query { known, ..query(root, days) };
            word(reader.figure(query, "flow:document.issued"))
        };
        for root in ["H41", "H41.16"] {
            assert_eq!(QUARTERS.map(|days| read(root, days)).join(" "), expected, "{root}");
        }
    }
}

#[test]
fn who_speaks_is_heard_where_he_counts_and_his_successor_goes_on() {
    let reader = reader(
        "H41 unit H41.18 2021-01-01 registered DEPARTMENT parent=H41 name=So-KHCN id=u4
         H41 unit H41.16.1 2021-01-01 registered AFFILIATE parent=H41.16 name=TT id=u5
         H41 unit H41.16.1 2021-09-15 moved parent=H41.17 id=u6
         H41 unit H41.16 2021-12-15 merged into=H41.18 id=u7
         H41.16.1 document 1/KH 2021-07-01 issued KH",
        None,
    );
    let issued = "flow:document.issued";
    // The affiliate's new department hears it from the day of the move on; its old one, until then.
    assert_eq!(year(&reader, "H41.16.1", issued), "- 1 0 0");
    assert_eq!(year(&reader, "H41.16", issued), "- 1 0 -");
    assert_eq!(year(&reader, "H41.17", issued), "- - 0 0");
    assert_eq!(year(&reader, "H41", issued), "- 1 0 0");
    let on = |tree: &str, root: &str| {
        let tree = Tree::On(day(tree));
        QUARTERS.map(|days| word(reader.figure(Query { tree, ..query(root, days) }, issued)))
    };
    assert_eq!(on("2021-01-01", "H41.16"), ["-", "1", "0", "0"]);
    assert_eq!(on("2022-01-01", "H41.16"), ["-", "-", "-", "-"]);
    assert_eq!(on("2022-01-01", "H41.17"), ["-", "1", "0", "0"]);
}

#[test]
fn inside_a_window_a_unit_is_heard_where_it_stood_when_it_spoke_and_after_that() {
    let reader = reader(
        "H41 unit H41.16.1 2021-01-01 registered AFFILIATE parent=H41.16 name=TT id=u5
         H41 unit H41.16.1 2021-08-01 moved parent=H41.17 id=u6
         H41.16.1 document 1/KH 2021-07-01 issued KH
         H41.16.1 post D1 2021-08-05 accepted p1",
        None,
    );
    for (root, terms, expected) in [
        ("H41.16", "flow:document.issued", "- 1 - -"),
        ("H41.17", "flow:document.issued", "- 0 0 0"),
        // It spoke of the post when it had left.
        ("H41.16", "flow:post.accepted", "- - - -"),
        ("H41.17", "flow:post.accepted", "- 1 0 0"),
    ] {
        assert_eq!(year(&reader, root, terms), expected, "{root} {terms}");
    }
}

#[test]
fn a_form_has_a_number_for_each_family_that_was_heard() {
    let reader = reader(
        "H41 unit H41.30 2021-01-01 registered DISTRICT parent=H41 name=Huyen id=u6
         H41.16 document 1/KH 2021-04-01 issued KH
         H41.17 dossier D1 2021-07-01 accepted ONLINE f1 p1
         H41.17 post D1 2021-07-01 accepted p2
         H41.30 dossier D1 2021-07-01 accepted ONLINE f2 p2 id=d2
         H41.30 dossier D2 2021-07-01 accepted ONLINE f2 p2 id=d3
         H41.30 dossier D1 2021-07-01 retracted replaces=d2 id=d4
         H41.30 dossier D2 2021-07-01 retracted replaces=d3 id=d5",
        None,
    );
    let columns = [
        ("received", "flow:dossier.received_online"),
        ("late", "flow:dossier.settled_late"),
        ("documents", "flow:document.issued"),
        ("meetings", "flow:meeting.in_person"),
    ];
    let by_unit = catalogue(Layout::ByUnit, &columns);
    let form = fill(&by_unit.forms[0], &by_unit, query("H41", QUARTERS[1]), reader.sources());
    expect_test::expect![[r#"
        H41 PROVINCE "Nghe-An": 1 0 0 -
        H41.17 DEPARTMENT "So-TC": 1 0 - -
        TOTAL "": 1 0 0 -
        level DEPARTMENT: 1 0 0 -
    "#]]
    .assert_eq(&text(&form));
    // Of the province, two departments and the district, the district took back what it said.
    assert_eq!(form.unheard, Some(Unheard { units: 1, of: 4 }));
    // The row of a code has a number for what its unit reports, though not of this code.
    let columns = [
        ("received", "flow:dossier.received_online"),
        ("by post", "flow:post.accepted"),
        ("delivered", "flow:post.delivered"),
    ];
    let by_procedure = catalogue(Layout::ByFacet(FacetKind::Procedure), &columns);
    let form =
        fill(&by_procedure.forms[0], &by_procedure, query("H41.17", QUARTERS[1]), reader.sources());
    expect_test::expect![[r#"
        p1 "p1": 1 0 0
        p2 "p2": 0 1 0
        TOTAL "": 1 1 0
    "#]]
    .assert_eq(&text(&form));
    assert_eq!(form.unheard, Some(Unheard { units: 0, of: 1 }));
    let of_units = catalogue(Layout::List, &[("units", "units")]);
    let form = fill(&of_units.forms[0], &of_units, query("H41", QUARTERS[1]), reader.sources());
    assert_eq!((text(&form).as_str(), form.unheard), ("slot 0 \"\": 4\n", None));
    for (root, code, expected) in [("H41.17", "p9", "0"), ("H41.16", "p1", "-")] {
        let value = figure_of_code(
            &by_procedure.indicators[0],
            query(root, QUARTERS[1]),
            reader.sources(),
            FacetKind::Procedure,
            code,
        );
        assert_eq!(word(value), expected, "{root} {code}");
    }
}

/// The first day on which anything of the measure's family counts, of each unit, and of each of its
/// fields.
fn first_days(
    world: &World,
    family: Option<Family>,
    known: Option<Day>,
) -> BTreeMap<(UnitCode, Option<String>), Day> {
    let mut net: BTreeMap<(UnitCode, Option<String>, Measure, Day), i64> = BTreeMap::new();
    for (key, amount) in world.store.cells.iter() {
        let field = match &key.facet {
            Facet::All => None,
            Facet::Of(FacetKind::Field, field) => Some(field.to_string()),
            Facet::Of(..) => continue,
        };
        if key.measure.family() == family && known.is_none_or(|known| key.recorded <= known) {
            *net.entry((key.unit, field, key.measure, key.day)).or_default() += amount;
        }
    }
    let mut first = BTreeMap::new();
    for ((unit, field, _, day), _) in net.into_iter().filter(|(_, amount)| *amount != 0) {
        let held = first.entry((unit, field)).or_insert(day);
        *held = day.min(*held);
    }
    first
}

/// Whether anybody was heard by the last day on which he counts below the root, day by day.
fn is_heard(world: &World, registry: &Registry, family: Option<Family>, query: Query) -> bool {
    let Window { from, to } = query.window;
    let below = |unit, day| registry.is_below(unit, query.root, day);
    let first = first_days(world, family, query.known);
    let mut days =
        std::iter::successors(from.previous(), |day| Some(day.next())).take_while(|d| *d <= to);
    let mut speakers = first.iter().filter(|(_, first)| **first <= to);
    match query.tree {
        Tree::AsWas => days.any(|on| {
            let mut heard = first.iter().filter(|((_, field), day)| field.is_none() && **day <= on);
            heard.any(|((unit, _), _)| below(*unit, on))
        }),
        Tree::On(on) => speakers.any(|((unit, field), _)| {
            let (rest, own) = (registry.heir(*unit, None, on), field.as_deref());
            let heir = registry.heir(*unit, own, on);
            (own.is_none() || heir != rest) && below(heir, on)
        }),
    }
}

const FAMILIES: [(Measure, &str); 4] = [
    (Measure::DossierPending, "flow:dossier.received_online closing:dossier.pending"),
    (Measure::DossierOverdue, "moved_in:dossier.overdue -moved_out:dossier.waiting"),
    (Measure::DocumentIssued, "flow:document.received"),
    (Measure::PostDelivered, "flow:post.delivered"),
];

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn sil_1_a_figure_is_missing_where_nobody_who_counts_was_heard_and_would_be_0(
        turns in vec(any::<Turn>(), 1..12), facts in facts(40), window in window(), tree in 0_u8..16,
        known in proptest::option::of(RECORDED - 1..RECORDED + 20),
    ) {
        let world = history(&turns, &facts);
        let known = known.map(facts::day);
        let now = world.projection.registry();
        let registry = known.map_or_else(|| now.clone(), |day| now.as_known(day));
        let reader = Reader::new(&world.store, &registry);
        for (root, tree) in CODES.iter().flat_map(|root| {
            [(root, Tree::AsWas), (root, Tree::On(facts::day(tree)))]
        }) {
            let query = Query { root: unit(root), window, known, tree, read_on: None };
            for (measure, terms) in FAMILIES {
                let value = reader.figure(query, terms);
                let heard = is_heard(&world, &registry, measure.family(), query);
                prop_assert_eq!(value != Value::Missing, heard, "{} {} {:?}", root, terms, query);
            }
        }
    }

    #[test]
    fn sil_2_who_was_heard_once_is_not_missing_later(
        facts in facts(40), window in window(), later in 0_u8..9, tree in 0_u8..16,
    ) {
        let world = World::of(&facts::messy(&facts));
        let reader = Reader::new(&world.store, world.projection.registry());
        let days = |day: Day| (0..later).fold(day, |day, _| day.next());
        let later = Window::new(days(window.from), days(window.to)).unwrap();
        for (root, tree) in CODES.iter().map(|root| (root, Tree::On(facts::day(tree)))) {
            let query = Query { root: unit(root), window, known: None, tree, read_on: None };
            for (_, terms) in FAMILIES {
                let then = reader.figure(Query { window: later, ..query }, terms);
                let now = reader.figure(query, terms);
                prop_assert!(now == Value::Missing || then != Value::Missing, "{} {}", root, terms);
            }
        }
    }
}

/// The random histories are worth something only if some are silent and some are not.
#[test]
fn random_histories_hold_units_that_are_silent_and_units_that_are_not() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut silent, mut heard) = (0, 0);
    for _ in 0..100 {
        let strategy = (vec(any::<Turn>(), 1..12), facts(40));
        let (turns, facts) = strategy.new_tree(&mut runner).unwrap().current();
        let world = history(&turns, &facts);
        let reader = Reader::new(&world.store, world.projection.registry());
        for root in CODES {
            let days = Window::new(facts::day(2), facts::day(9)).unwrap();
            let query = Query { window: days, ..query(root, QUARTERS[0]) };
            for (_, terms) in FAMILIES {
                let is_missing = reader.figure(query, terms) == Value::Missing;
                *(if is_missing { &mut silent } else { &mut heard }) += 1;
            }
        }
    }
    assert!(silent > 300 && heard > 300, "{silent} silent, {heard} heard");
}
