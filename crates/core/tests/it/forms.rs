//! Forms filled in: by unit, by facet, as a list.

use proptest::prelude::*;
use tonghop_core::catalogue::{Catalogue, Layout, Rule};
use tonghop_core::day::{Day, Window};
use tonghop_core::form::{RowKey, Table, facets_needed, fill};
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::words::Level;

use crate::bieu_06::window;
use crate::kit::facts::messy;
use crate::kit::forms::{BIEU_06, Reader, added, amount, catalogue, indicator};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::kit::{day, unit};
use crate::laws::{cases, facts};

const TWO: &[(&str, &str)] = &[
    (
        "c3",
        "flow:dossier.received_online flow:dossier.received_direct flow:dossier.received_post opening:dossier.pending",
    ),
    ("c11", "closing:dossier.pending"),
];
const DOSSIERS: &str = "
    H41 unit H41.16.1 2021-01-01 registered AFFILIATE parent=H41.16 name=TT-CNTT id=u4
    H41.16 dossier D1 2021-06-01 accepted ONLINE f1 p1
    H41.16.1 dossier D1 2021-06-15 accepted DIRECT f2 p2 id=d1
    H41.16.1 dossier D2 2021-06-16 accepted DIRECT f2 p1
    H41.16.1 dossier D2 2021-06-17 settled APPROVED
    H41.17 dossier D1 2021-06-20 accepted POST f1 p2 id=d2
    H41.17 site S1 2021-06-20 opened";

fn world(lines: &str) -> World {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world
}

fn query(root: &str, from: &str, to: &str) -> Query {
    let window = Window::new(day(from), day(to)).unwrap();
    Query { root: unit(root), window, known: None, tree: Tree::AsWas, read_on: None }
}

fn filled(world: &World, catalogue: &Catalogue, query: Query) -> Table {
    let reader = Reader::new(&world.store, world.projection.registry());
    fill(&catalogue.forms[0], catalogue, query, reader.sources())
}

pub(crate) fn text(table: &Table) -> String {
    let values = |values: &[Value]| {
        let values: Vec<String> = values
            .iter()
            .map(|value| match value {
                Value::Count(count) => count.to_string(),
                Value::Share(share) => format!("{}/{}", share.part, share.whole),
                Value::Nil => "nil".to_owned(),
                Value::Missing => "-".to_owned(),
                Value::Bound(range) => format!("{range:?}"),
                Value::BoundShare(part, whole) => format!("{part:?}/{whole}"),
            })
            .collect();
        values.join(" ")
    };
    let mut text = String::new();
    for row in &table.rows {
        let key = match &row.key {
            RowKey::Unit(code, level) => format!("{code} {}", level.map_or("?", Level::word)),
            RowKey::Code(code) => code.clone(),
            RowKey::Slot(slot) => format!("slot {slot}"),
            RowKey::Total => "TOTAL".to_owned(),
        };
        text += &format!("{key} {:?}: {}\n", row.label, values(&row.values));
    }
    for (level, sums) in &table.levels {
        text += &format!("level {}: {}\n", level.map_or("?", Level::word), values(sums));
    }
    text
}

#[test]
fn by_unit_every_parent_is_its_subtree_and_every_level_its_own_units() {
    let catalogue = catalogue(Layout::ByUnit, TWO);
    let table = filled(&world(DOSSIERS), &catalogue, query("H41", "2021-06-15", "2021-09-14"));
    expect_test::expect![[r#"
        H41 PROVINCE "Nghe-An": 4 3
        H41.16 DEPARTMENT "So-TTTT": 3 2
        H41.16.1 AFFILIATE "TT-CNTT": 2 1
        H41.17 DEPARTMENT "So-TC": 1 1
        TOTAL "": 4 3
        level DEPARTMENT: 2 2
        level AFFILIATE: 2 1
    "#]]
    .assert_eq(&text(&table));
}

#[test]
fn by_unit_the_root_may_be_any_unit_even_one_with_nothing() {
    let catalogue = catalogue(Layout::ByUnit, TWO);
    let world = world(DOSSIERS);
    let table = filled(&world, &catalogue, query("H41.16", "2021-06-15", "2021-09-14"));
    expect_test::expect![[r#"
        H41.16 DEPARTMENT "So-TTTT": 3 2
        H41.16.1 AFFILIATE "TT-CNTT": 2 1
        TOTAL "": 3 2
        level DEPARTMENT: 1 1
        level AFFILIATE: 2 1
    "#]]
    .assert_eq(&text(&table));
    let table = filled(&world, &catalogue, query("H41.99", "2021-06-15", "2021-09-14"));
    expect_test::expect![[r#"
        TOTAL "": - -
    "#]]
    .assert_eq(&text(&table));
}

#[test]
fn by_field_the_rows_are_the_fields_and_the_total_is_all() {
    let catalogue = catalogue(Layout::ByFacet(FacetKind::Field), TWO);
    let table = filled(&world(DOSSIERS), &catalogue, query("H41", "2021-06-15", "2021-09-14"));
    expect_test::expect![[r#"
        f1 "f1": 2 2
        f2 "f2": 2 1
        TOTAL "": 4 3
    "#]]
    .assert_eq(&text(&table));
    assert_eq!(facets_needed(&catalogue.forms[0], &catalogue), [FacetKind::Field]);
}

#[test]
fn a_list_has_a_row_for_each_slot_and_a_distinct_count_among_them() {
    let mut catalogue = catalogue(Layout::List, TWO);
    let rule = Rule::Distinct(FacetKind::Procedure, vec![Measure::DossierReceivedDirect]);
    catalogue.indicators[1] = indicator("procedures", rule);
    let table = filled(&world(DOSSIERS), &catalogue, query("H41", "2021-06-01", "2021-09-14"));
    expect_test::expect![[r#"
        slot 0 "": 4
        slot 1 "": 2
    "#]]
    .assert_eq(&text(&table));
    assert_eq!(facets_needed(&catalogue.forms[0], &catalogue), [FacetKind::Procedure]);
}

#[test]
fn what_was_recorded_later_is_not_known_before() {
    let catalogue = catalogue(Layout::ByUnit, TWO);
    let world = world(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p rec=2021-06-02
         H41 unit H41.17 2021-06-02 moved parent=H41.16 rec=2021-06-05
         H41.17 dossier D1 2021-06-03 accepted DIRECT f p rec=2021-06-06 id=x
         H41.16 dossier D1 2021-06-01 retracted replaces=e1 rec=2021-06-07",
    );
    let mut text_known = String::new();
    for known in ["2021-06-01", "2021-06-02", "2021-06-05", "2021-06-06", "2021-06-07"] {
        let known = day(known);
        let registry = world.projection.registry().as_known(known);
        let reader = Reader::new(&world.store, &registry);
        let query = Query { known: Some(known), ..query("H41.16", "2021-06-01", "2021-06-30") };
        let table = fill(&catalogue.forms[0], &catalogue, query, reader.sources());
        text_known += &format!("known on {known}\n{}", text(&table));
    }
    expect_test::expect![[r#"
        known on 2021-06-01
        TOTAL "": - -
        known on 2021-06-02
        H41.16 DEPARTMENT "So-TTTT": 1 1
        TOTAL "": 1 1
        level DEPARTMENT: 1 1
        known on 2021-06-05
        H41.16 DEPARTMENT "So-TTTT": 1 1
        TOTAL "": 1 1
        level DEPARTMENT: 1 1
        known on 2021-06-06
        H41.16 DEPARTMENT "So-TTTT": 2 2
        H41.17 DEPARTMENT "So-TC": 1 1
        TOTAL "": 2 2
        level DEPARTMENT: 2 2
        known on 2021-06-07
        H41.16 DEPARTMENT "So-TTTT": 1 1
        H41.17 DEPARTMENT "So-TC": 1 1
        TOTAL "": 1 1
        level DEPARTMENT: 1 1
    "#]]
    .assert_eq(&text_known);
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn read_1_a_row_is_the_total_of_its_own_form_and_levels_add_up(
        facts in facts(40), window in window(), on in proptest::option::of(0_u8..12),
    ) {
        let world = World::of(&messy(&facts));
        let catalogue = catalogue(Layout::ByUnit, BIEU_06);
        let tree = on.map_or(Tree::AsWas, |after| Tree::On(crate::kit::facts::day(after)));
        let query = |root: &str| Query { root: unit(root), window, known: None, tree, read_on: None };
        let form = filled(&world, &catalogue, query("H41"));
        let total = form.rows.last().unwrap();
        prop_assert_eq!(&total.key, &RowKey::Total);
        for row in &form.rows[..form.rows.len() - 1] {
            let RowKey::Unit(code, _) = &row.key else { panic!("{row:?}") };
            let own = filled(&world, &catalogue, query(code.as_str()));
            prop_assert_eq!(&own.rows.last().unwrap().values, &row.values, "{}", code);
        }
        let column = |place: usize| form.levels.iter().map(move |(_, values)| values[place]);
        let sums: Vec<Value> = (0..BIEU_06.len()).map(|place| added(column(place))).collect();
        prop_assert_eq!(&sums, &total.values);
    }

    #[test]
    fn a_form_by_field_adds_up_to_its_total(facts in facts(40), window in window()) {
        let world = World::of(&messy(&facts));
        let catalogue = catalogue(Layout::ByFacet(FacetKind::Field), BIEU_06);
        let query = Query { root: unit("H41.1"), window, known: None, tree: Tree::AsWas, read_on: None };
        let form = filled(&world, &catalogue, query);
        let (total, rows) = form.rows.split_last().unwrap();
        for (column, value) in total.values.iter().enumerate() {
            let sum: i64 = rows.iter().map(|row| amount(row.values[column])).sum();
            prop_assert_eq!(amount(*value), sum, "{}", BIEU_06[column].0);
        }
    }
}

#[test]
fn a_window_of_all_days_has_no_day_before_it() {
    let world = world(DOSSIERS);
    let reader = Reader::new(&world.store, world.projection.registry());
    let all = Window::new(Day::MIN, Day::MAX).unwrap();
    assert_eq!(reader.count(unit("H41"), all, "opening:dossier.pending"), 0);
    assert_eq!(reader.count(unit("H41"), all, "closing:dossier.pending"), 3);
    assert_eq!(reader.count(unit("H41"), all, "flow:dossier.received_direct"), 2);
    assert_eq!(reader.count(unit("H41"), all, "moved_in:dossier.pending"), 0);
}
