//! LIN: who goes on with what a unit did, and what a reading as the units are comes to.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use tonghop_core::catalogue::{Layout, Rule, Term};
use tonghop_core::day::{Day, Window};
use tonghop_core::event::Body;
use tonghop_core::family::unit::{self, Change, Part};
use tonghop_core::fold::Message;
use tonghop_core::form::{figure, fill};
use tonghop_core::measure::{Code, Facet, FacetKind, Measure};
use tonghop_core::read::{Query, Share, Tree, Value, divided_units};
use tonghop_core::words::{Family, Level};

use crate::bieu_06::window;
use crate::forms::text;
use crate::kit::facts::{Fact, clean, day, recorded_at_once};
use crate::kit::forms::{BIEU_06, Reader, added, catalogue, indicator};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::saying::Saying;
use crate::kit::store::World;
use crate::kit::{self, instant};
use crate::laws::{cases, facts};
use crate::trees::{CODES, RECORDED, Turn, log_after, turn};

fn on(text: &str) -> Day {
    kit::day(text)
}

fn world(lines: &str) -> World {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    world
}

/// The refusals of these lines after the prelude.
fn refused(lines: &str) -> Vec<String> {
    let world = world(lines);
    let text = |(position, refusal): &(u64, tonghop_core::refusal::Refusal)| {
        let args: Vec<String> =
            refusal.args.iter().map(|(name, v)| format!("{name}={v}")).collect();
        format!("{} {} {}", position - 3, refusal.code.word(), args.join(" "))
    };
    world.refusals.iter().map(text).collect()
}

fn query(root: &str, from: &str, to: &str, tree: Tree) -> Query {
    Query {
        root: kit::unit(root),
        window: Window::new(on(from), on(to)).unwrap(),
        known: None,
        tree,
        read_on: None,
    }
}

const REORGANISED: &str = "
    H41 unit H41.18 2000-01-01 registered DEPARTMENT parent=H41 name=So-KHCN id=u4
    H41 unit H41.19 2025-03-01 registered DEPARTMENT parent=H41 name=So-VHTTDL id=u5
    H41 unit H41.20 2027-01-01 registered DEPARTMENT parent=H41 name=So-Moi id=u6
    H41 unit H41.16 2025-03-01 split H41.19:bao-chi H41.18 closes id=s1
    H41 unit H41.18 2026-01-01 split H41.17:vien-thong id=s2
    H41 unit H41.19 2027-01-01 merged into=H41.20 id=s3";

#[test]
fn what_a_unit_did_goes_by_field_and_by_day_from_heir_to_heir() {
    let world = world(REORGANISED);
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    let registry = world.projection.registry();
    let heir = |field: Option<&str>, day: &str| {
        registry.heir(kit::unit("H41.16"), field, on(day)).to_string()
    };
    for (day, rest, press, telecom) in [
        ("2021-01-01", "H41.16", "H41.16", "H41.16"),
        ("2025-02-28", "H41.16", "H41.16", "H41.16"),
        ("2025-03-01", "H41.18", "H41.19", "H41.18"),
        ("2025-12-31", "H41.18", "H41.19", "H41.18"),
        ("2026-01-01", "H41.18", "H41.19", "H41.17"),
        ("2027-01-01", "H41.18", "H41.20", "H41.17"),
    ] {
        let found = (heir(None, day), heir(Some("bao-chi"), day), heir(Some("vien-thong"), day));
        assert_eq!(found, (rest.to_owned(), press.to_owned(), telecom.to_owned()), "{day}");
    }
    let divided = |day| -> Vec<String> {
        let units = divided_units(Tree::On(on(day)), registry);
        units.iter().map(ToString::to_string).collect()
    };
    assert_eq!(divided("2025-02-28"), Vec::<String>::new());
    assert_eq!(divided("2025-03-01"), ["H41.16"]);
    assert_eq!(divided("2026-01-01"), ["H41.16", "H41.18"]);
    assert_eq!(divided_units(Tree::AsWas, registry), []);
}

#[test]
fn as_it_is_the_heirs_have_what_the_unit_did_and_as_it_was_the_unit_has_it() {
    let lines = format!(
        "{REORGANISED}
         H41.16 dossier D1 2021-06-20 accepted ONLINE bao-chi p1 id=d1
         H41.16 dossier D2 2021-06-20 accepted ONLINE cntt p2 id=d2
         H41.16 dossier D3 2021-06-21 accepted ONLINE vien-thong p2 id=d3
         H41.16 dossier D3 2021-06-22 settled APPROVED id=d4
         H41.16 document 1/KH 2021-06-22 issued KH id=v1
         H41.18 dossier D1 2021-06-20 accepted ONLINE cntt p1 id=d5"
    );
    let world = world(&lines);
    let reader = Reader::new(&world.store, world.projection.registry());
    let form = |tree| {
        let columns = [BIEU_06[0], BIEU_06[8], ("documents", "flow:document.issued")];
        let catalogue = catalogue(Layout::ByUnit, &columns);
        let query = query("H41", "2021-06-15", "2021-09-14", tree);
        text(&fill(&catalogue.forms[0], &catalogue, query, reader.sources()))
    };
    expect_test::expect![[r#"
        H41 PROVINCE "Nghe-An": 4 3 1
        H41.16 DEPARTMENT "So-TTTT": 3 2 1
        H41.18 DEPARTMENT "So-KHCN": 1 1 -
        TOTAL "": 4 3 1
        level DEPARTMENT: 4 3 1
    "#]]
    .assert_eq(&form(Tree::AsWas));
    expect_test::expect![[r#"
        H41 PROVINCE "Nghe-An": 4 3 1
        H41.18 DEPARTMENT "So-KHCN": 3 2 1
        H41.19 DEPARTMENT "So-VHTTDL": 1 1 -
        TOTAL "": 4 3 1
        level DEPARTMENT: 4 3 1
    "#]]
    .assert_eq(&form(Tree::On(on("2025-03-01"))));
    expect_test::expect![[r#"
        H41 PROVINCE "Nghe-An": 4 3 1
        H41.17 DEPARTMENT "So-TC": 1 0 -
        H41.18 DEPARTMENT "So-KHCN": 2 2 1
        H41.20 DEPARTMENT "So-Moi": 1 1 -
        TOTAL "": 4 3 1
        level DEPARTMENT: 4 3 1
    "#]]
    .assert_eq(&form(Tree::On(on("2027-01-01"))));
    // By field, the press of the department that is no more counts where the press is now.
    let by_field = |root| {
        let catalogue = catalogue(Layout::ByFacet(FacetKind::Field), &BIEU_06[..1]);
        let query = query(root, "2021-06-15", "2021-09-14", Tree::On(on("2025-03-01")));
        text(&fill(&catalogue.forms[0], &catalogue, query, reader.sources()))
    };
    expect_test::expect![[r#"
        cntt "cntt": 2
        vien-thong "vien-thong": 1
        TOTAL "": 3
    "#]]
    .assert_eq(&by_field("H41.18"));
    expect_test::expect![[r#"
        bao-chi "bao-chi": 1
        TOTAL "": 1
    "#]]
    .assert_eq(&by_field("H41.19"));
}

#[test]
fn as_it_is_what_two_units_had_in_common_is_counted_once() {
    let world = world(
        "H41 unit H41.16 2025-03-01 merged into=H41.17 id=m
         H41.16 dossier D1 2021-06-20 accepted ONLINE f1 p1 id=d1
         H41.16 dossier D2 2021-06-20 accepted ONLINE f1 p2 id=d2
         H41.17 dossier D1 2021-06-20 accepted ONLINE f1 p1 id=d3
         H41.17 dossier D1 2021-06-21 settled APPROVED id=d4",
    );
    let reader = Reader::new(&world.store, world.projection.registry());
    let used = Rule::Distinct(FacetKind::Procedure, vec![Measure::DossierReceivedOnline]);
    let part = vec![Term::parse("flow:dossier.settled_no_due").unwrap()];
    let whole = vec![Term::parse("flow:dossier.received_online").unwrap()];
    let of = |rule: &Rule, root, tree| {
        let query = query(root, "2021-06-15", "2021-09-14", tree);
        figure(&indicator("x", rule.clone()), query, reader.sources())
    };
    let share = Rule::Ratio { part, whole };
    let ratio = |part, whole| Value::Share(Share { part, whole });
    let later = Tree::On(on("2025-03-01"));
    for (root, tree, procedures, settled) in [
        ("H41.16", Tree::AsWas, Value::Count(2), ratio(0, 2)),
        ("H41.17", Tree::AsWas, Value::Count(1), ratio(1, 1)),
        ("H41", Tree::AsWas, Value::Count(2), ratio(1, 3)),
        // All that it said is its successor's now.
        ("H41.16", later, Value::Missing, Value::Missing),
        ("H41.17", later, Value::Count(2), ratio(1, 3)),
        ("H41", later, Value::Count(2), ratio(1, 3)),
    ] {
        assert_eq!(of(&used, root, tree), procedures, "{root} {tree:?}");
        assert_eq!(of(&share, root, tree), settled, "{root} {tree:?}");
    }
}

#[test]
fn successors_that_are_not_known_or_go_round_are_refused() {
    assert_eq!(
        refused(
            "H41 unit H41.16 2025-03-01 merged into=H41.99
             H41 unit H41.16 2025-03-01 merged into=H41.16
             H41 unit H41.16 2025-03-01 split H41.17:a H41.98 closes
             H41 unit H41.16 2025-03-01 split H41.17:a H41.16
             H41 unit H41.16 2025-03-01 merged into=H41.17
             H41 unit H41.17 2026-03-01 merged into=H41.16"
        ),
        [
            "1 unit.unknown unit=H41.99",
            "2 unit.circular unit=H41.16 into=H41.16",
            "3 unit.unknown unit=H41.98",
            "4 unit.circular unit=H41.16 into=H41.16",
            "6 unit.circular unit=H41.17 into=H41.16",
        ]
    );
}

#[test]
fn a_closed_code_speaks_of_the_days_before_its_end_and_of_no_others() {
    assert_eq!(
        refused(
            "H41 unit H41.16 2025-03-01 merged into=H41.17
             H41.16 document 1/KH 2025-02-28 issued KH
             H41.16 document 2/KH 2025-03-01 issued KH
             H41 unit H41.16 2025-06-01 registered DEPARTMENT parent=H41
             H41.16 document 3/KH 2025-03-01 issued KH id=a
             H41.16 document 3/KH 2025-05-31 issued KH id=b
             H41.16 document 3/KH 2025-06-01 issued KH id=c
             H41 unit H41.16 2025-09-01 split H41.17 closes
             H41.16 document 4/KH 2025-08-31 issued KH
             H41.16 document 5/KH 2025-09-01 issued KH
             H41.16 document 6/KH 2025-04-01 issued KH
             H41 unit H41.17 2025-10-01 split H41:a
             H41.17 document 1/KH 2025-10-01 issued KH id=d"
        ),
        [
            "3 unit.closed unit=H41.16 closed=2025-03-01 day=2025-03-01",
            "5 unit.closed unit=H41.16 closed=2025-03-01 day=2025-03-01",
            "6 unit.closed unit=H41.16 closed=2025-03-01 day=2025-05-31",
            "10 unit.closed unit=H41.16 closed=2025-09-01 day=2025-09-01",
            "11 unit.closed unit=H41.16 closed=2025-03-01 day=2025-04-01",
        ]
    );
}

#[test]
fn what_is_odd_about_an_end_is_counted() {
    crate::families::check(
        "H41 unit H41.16 2025-03-01 merged into=H41.17 id=a
         H41 unit H41.16 2025-03-02 closed id=b
         H41 unit H41.17 2025-03-03 split H41:f1 H41:f1 H41:f2 id=c
         H41 unit H41.17 2025-03-04 split H41:f1 H41 id=d
         H41 unit H41.17 2025-03-05 split H41:f1 closes id=e
         H41 unit H41.20 2025-03-06 split H41 closes id=f",
        &expect_test::expect![[r#"
            H41 2025-03-02  !unit.ended_twice +1
            H41 2025-03-03  !unit.split_field_twice +1
            H41 2025-03-04  !unit.split_rest_unclear +1
            H41 2025-03-05  !unit.split_rest_unclear +1
            H41 2025-03-06  !unit.not_registered +1
        "#]],
    );
}

/// The value of these terms in the tree of a day, cell by cell.
fn naive(world: &World, root: &str, window: Window, tree: Day, measure: Measure) -> i64 {
    let registry = world.projection.registry();
    let below = |unit, field: Option<&str>| {
        let heir = registry.heir(unit, field, tree);
        i64::from(registry.is_below(heir, kit::unit(root), tree))
    };
    let cells = world.store.cells.iter();
    cells
        .filter(|(key, _)| key.measure == measure && window.contains(key.day))
        .map(|(key, amount)| match &key.facet {
            Facet::All => amount * below(key.unit, None),
            Facet::Of(FacetKind::Field, field) => {
                amount * (below(key.unit, Some(&**field)) - below(key.unit, None))
            }
            Facet::Of(..) => 0,
        })
        .sum()
}

/// A history in which nothing is ever refused, whatever order it comes in: successors come later in
/// the list, parents earlier, and what the facts say happened before any unit ends.
fn lasting(turn: Turn, n: usize) -> Saying {
    let [about, kind, other, after, fields, _] = turn;
    let place = 1 + usize::from(about) % (CODES.len() - 2);
    let into =
        |other: u8| kit::unit(CODES[place + 1 + usize::from(other) % (CODES.len() - place - 1)]);
    let parent = kit::unit(CODES[usize::from(other) % place]);
    let field = |place: u8| -> Box<[Code]> {
        ["f1", "f2"].into_iter().skip(usize::from(place % 3)).map(Code::from).collect()
    };
    let change = match kind % 10 {
        0 | 1 => Change::Merged { into: into(other), legal_basis: None },
        2..=4 => Change::Split {
            parts: [
                Part { into: into(other), fields: field(fields) },
                Part { into: into(other / 4), fields: field(fields / 3) },
            ]
            .into(),
            closes: fields % 2 == 0,
        },
        5 => Change::Closed { legal_basis: None },
        6 => Change::Registered {
            name: "again".into(),
            level: Level::Commune,
            parent: Some(parent),
            legal_basis: None,
        },
        7 => Change::Renamed { name: "other".into() },
        8 => Change::CodeAssigned { code: kit::unit("H41.9") },
        _ => Change::Moved { parent },
    };
    Saying {
        unit: kit::unit("H41"),
        family: Family::Unit,
        subject: CODES[place].to_owned(),
        at: instant(day(10 + after % 5), i64::from(after)),
        source: "/office".to_owned(),
        id: format!("t{n}"),
        sequence: None,
        replaces: None,
        body: Body::Unit(Box::new(unit::Event { code: kit::unit(CODES[place]), change })),
    }
}

fn founded() -> Vec<Message> {
    let line = |code: &str| {
        let parent = if code == "H41" { "" } else { "parent=H41" };
        format!(
            "H41 unit {code} 2000-01-01 registered DEPARTMENT {parent} id={code} rec=2000-01-01"
        )
    };
    messages(&CODES.map(line).join("\n"), 1)
}

/// All units, then what these turns make of them: any change, and one that is not refused, in turn.
pub(crate) fn history(turns: &[Turn], facts: &[Fact]) -> World {
    World::of(&log(turns, facts))
}

/// The messages of that.
pub(crate) fn log(turns: &[Turn], facts: &[Fact]) -> Vec<Message> {
    let turns = turns.iter().enumerate().map(|(n, next)| match n % 2 {
        0 => turn(*next, n, false),
        _ => lasting(*next, n).event(),
    });
    log_after(founded(), turns, facts)
}

fn lasting_log(turns: &[Turn], facts: &[Fact], order: &[u64]) -> Vec<Message> {
    let turns = turns.iter().enumerate().map(|(n, turn)| lasting(*turn, n));
    let facts = clean(facts).into_iter().filter(|saying| saying.family != Family::Unit);
    let mut said: Vec<(u64, Saying)> =
        order.iter().copied().cycle().zip(turns.chain(facts)).collect();
    said.sort_by_key(|(place, _)| *place);
    let founded = founded().into_iter().filter_map(|message| message.said.ok());
    recorded_at_once(founded.chain(said.into_iter().map(|(_, saying)| saying.event())))
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn lin_1_as_it_is_every_subtree_has_what_its_heirs_were_handed(
        turns in vec(any::<Turn>(), 1..16), facts in facts(60), window in window(), tree in 0_u8..16,
    ) {
        let world = history(&turns, &facts);
        let reader = Reader::new(&world.store, world.projection.registry());
        let tree = day(tree);
        let all = Window::new(Day::MIN, window.to).unwrap();
        let measures: BTreeSet<Measure> = world.store.cells.iter().map(|(key, _)| key.measure).collect();
        for root in CODES {
            for measure in &measures {
                let query = Query { root: kit::unit(root), window, known: None, tree: Tree::On(tree), read_on: None };
                let read = |reading: &str| {
                    reader.count_of(query, &format!("{reading}:{}", measure.word()))
                };
                prop_assert_eq!(
                    read("flow"), naive(&world, root, window, tree, *measure), "{} {}", root, measure.word()
                );
                prop_assert_eq!(
                    read("closing"), naive(&world, root, all, tree, *measure), "{} {}", root, measure.word()
                );
                prop_assert_eq!((read("moved_in"), read("moved_out")), (0, 0));
            }
        }
    }

    #[test]
    fn lin_2_leaves_and_levels_add_up_to_the_same_total_in_every_tree(
        turns in vec(any::<Turn>(), 1..16), facts in facts(60), window in window(), tree in 0_u8..16,
        known in proptest::option::of(RECORDED - 1..RECORDED + 30),
    ) {
        let world = history(&turns, &facts);
        let known = known.map(day);
        let now = world.projection.registry();
        let registry = known.map_or_else(|| now.clone(), |day| now.as_known(day));
        let reader = Reader::new(&world.store, &registry);
        let columns: Vec<(&str, &str)> =
            BIEU_06.iter().copied().filter(|(key, _)| !key.starts_with("moved")).collect();
        let catalogue = catalogue(Layout::ByUnit, &columns);
        let mut totals = Vec::new();
        for tree in [Tree::AsWas, Tree::On(day(tree))] {
            let query = Query { root: kit::unit("H41"), window, known, tree, read_on: None };
            let table = fill(&catalogue.forms[0], &catalogue, query, reader.sources());
            let total = table.rows.last().unwrap().values.clone();
            let column = |place: usize| table.levels.iter().map(move |(_, values)| values[place]);
            let sums: Vec<Value> = (0..total.len()).map(|place| added(column(place))).collect();
            prop_assert_eq!(&sums, &total, "{:?}", tree);
            totals.push(total);
        }
        prop_assert_eq!(&totals[0], &totals[1]);
    }

    #[test]
    fn read_4_the_total_row_of_a_form_is_the_figure_of_its_unit(
        turns in vec(any::<Turn>(), 1..16), facts in facts(60), window in window(), tree in 0_u8..16,
        known in proptest::option::of(RECORDED - 1..RECORDED + 30),
    ) {
        let world = history(&turns, &facts);
        let known = known.map(day);
        let now = world.projection.registry();
        let registry = known.map_or_else(|| now.clone(), |day| now.as_known(day));
        let reader = Reader::new(&world.store, &registry);
        let catalogue = catalogue(Layout::ByUnit, BIEU_06);
        for (root, tree) in CODES.iter().flat_map(|root| {
            [(root, Tree::AsWas), (root, Tree::On(day(tree)))]
        }) {
            let query = Query { root: kit::unit(root), window, known, tree, read_on: None };
            let table = fill(&catalogue.forms[0], &catalogue, query, reader.sources());
            let total = table.rows.last().unwrap().values.iter();
            for ((key, terms), value) in BIEU_06.iter().zip(total) {
                let figure = reader.figure(query, terms);
                prop_assert_eq!(&figure, value, "{} {} {:?}", root, key, tree);
            }
        }
    }

    #[test]
    fn lin_3_any_order_of_arrival_gives_the_same_figures(
        turns in vec(any::<Turn>(), 1..16), facts in facts(24), window in window(), tree in 0_u8..16,
        order in vec(any::<u64>(), 40),
    ) {
        let in_order: Vec<u64> = (0..40).collect();
        let one = World::of(&lasting_log(&turns, &facts, &in_order));
        let other = World::of(&lasting_log(&turns, &facts, &order));
        prop_assert!(one.refusals.is_empty(), "{:?}", one.refusals);
        prop_assert!(other.refusals.is_empty(), "{:?}", other.refusals);
        let catalogue = catalogue(Layout::ByUnit, BIEU_06);
        for tree in [Tree::AsWas, Tree::On(day(tree))] {
            let query = Query { root: kit::unit("H41"), window, known: None, tree, read_on: None };
            let form = |world: &World| {
                let reader = Reader::new(&world.store, world.projection.registry());
                fill(&catalogue.forms[0], &catalogue, query, reader.sources())
            };
            prop_assert_eq!(form(&one), form(&other));
        }
    }

    #[test]
    fn lin_4_as_it_is_every_subtree_s_account_closes(
        turns in vec(any::<Turn>(), 1..16), facts in facts(60), window in window(), tree in 0_u8..16,
    ) {
        let world = history(&turns, &facts);
        let reader = Reader::new(&world.store, world.projection.registry());
        for root in CODES {
            let query = Query { root: kit::unit(root), window, known: None, tree: Tree::On(day(tree)), read_on: None };
            let c = |name: &str| {
                let (_, terms) = BIEU_06.iter().find(|(key, _)| *key == name).unwrap();
                reader.count_of(query, terms)
            };
            prop_assert_eq!(c("c3") + c("in"), c("c7") + c("c11") + c("out"), "{} {}", root, window);
        }
    }
}

/// The random histories are worth something only if units are divided in them and were at work.
#[test]
fn random_histories_divide_units_that_were_at_work() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut divided = 0;
    for _ in 0..400 {
        let strategy = (vec(any::<Turn>(), 1..16), facts(60));
        let (turns, facts) = strategy.new_tree(&mut runner).unwrap().current();
        let world = history(&turns, &facts);
        let registry = world.projection.registry();
        let tree = day(15);
        divided += world
            .store
            .cells
            .iter()
            .filter(|(key, _)| match &key.facet {
                Facet::Of(FacetKind::Field, field) => {
                    let rest = registry.heir(key.unit, None, tree);
                    registry.heir(key.unit, Some(&**field), tree) != rest
                }
                Facet::All | Facet::Of(..) => false,
            })
            .count();
    }
    assert!(divided > 100, "{divided} cells were divided");
}
