//! What is declared, read for a window, a subtree and a tree.

use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::catalogue::{Catalogue, Indicator, Layout, Nature, Rule};
use tonghop_core::day::Window;
use tonghop_core::declared::shown;
use tonghop_core::form::{RowKey, figure, fill};
use tonghop_core::read::{Query, Tree};

use crate::kit::facts::day as after;
use crate::kit::forms::{Reader, catalogue, indicator};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::kit::{day, unit};
use crate::laws::cases;
use crate::trees::{CODES, Turn, history_after, turn};

fn declared(id: &str, nature: Nature) -> Indicator {
    let rule = Rule::Declared { indicator: id.to_owned(), nature };
    Indicator { nature: Nature::Declared, ..indicator(id, rule) }
}

fn world(lines: &str) -> World {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world
}

fn query(root: &str, from: &str, to: &str, tree: Tree) -> Query {
    let window = Window::new(day(from), day(to)).unwrap();
    Query { root: unit(root), window, known: None, tree, read_on: None }
}

fn read(world: &World, nature: Nature, query: Query) -> String {
    let reader = Reader::new(&world.store, world.projection.registry());
    shown(figure(&declared("x", nature), query, reader.sources())).en
}

/// One unit's statements, read as figures of the five natures.
fn of_a_window(said: &[&str], from: &str, to: &str, expected: &Expect) {
    let lines: Vec<String> = said
        .iter()
        .enumerate()
        .map(|(n, said)| {
            let (day, said) = said.split_once(' ').unwrap();
            format!("H41.16 figure x {day} declared EXACT {said} id=n{n}")
        })
        .collect();
    let world = world(&lines.join("\n"));
    let natures = [Nature::Flow, Nature::Stock, Nature::Ratio, Nature::Distinct, Nature::Declared];
    let all = natures.map(|nature| {
        let value = read(&world, nature, query("H41.16", from, to, Tree::AsWas));
        format!("{}: {value}\n", nature.word())
    });
    expected.assert_eq(&all.concat());
}

const Q1: &str = "2021-03-31 from=2021-01-01 to=2021-03-31 value=10";
const Q2: &str = "2021-06-30 from=2021-04-01 to=2021-06-30 value=20";
const Q3: &str = "2021-09-30 from=2021-07-01 to=2021-09-30 value=30";

#[test]
fn a_window_is_what_is_said_of_it_and_not_of_one_that_overlaps() {
    let to_date = "2021-09-30 from=2021-01-01 to=2021-09-30 value=900";
    of_a_window(
        &[to_date],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: not declared
        stock: 900
        ratio: not declared
        distinct: not declared
        declared: not declared
    "#]],
    );
    of_a_window(
        &[to_date, Q3],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: 30
        stock: 30 to 900
        ratio: 30
        distinct: 30
        declared: 30
    "#]],
    );
    of_a_window(
        &["2021-09-30 to=2021-09-30 value=7"],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: not declared
        stock: 7
        ratio: not declared
        distinct: not declared
        declared: not declared
    "#]],
    );
    of_a_window(
        &["2021-08-30 from=2021-07-01 value=7"],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: not declared
        stock: not declared
        ratio: not declared
        distinct: not declared
        declared: not declared
    "#]],
    );
}

#[test]
fn only_flows_are_added_over_days_and_only_where_no_day_is_left_out_or_twice() {
    of_a_window(
        &[Q1, Q2, Q3],
        "2021-01-01",
        "2021-09-30",
        &expect![[r#"
        flow: 60
        stock: 30
        ratio: not declared
        distinct: not declared
        declared: not declared
    "#]],
    );
    let flow = |said: &[&str], from: &str, to: &str| {
        let lines = said.iter().enumerate().map(|(n, said)| {
            let (day, said) = said.split_once(' ').unwrap();
            format!("H41.16 figure x {day} declared {said} id=n{n}\n")
        });
        read(
            &world(&lines.collect::<String>()),
            Nature::Flow,
            query("H41.16", from, to, Tree::AsWas),
        )
    };
    let exact = |said: &str| said.replacen(' ', " EXACT ", 1);
    let (q1, q2, q3) = (exact(Q1), exact(Q2), exact(Q3));
    let april = "2021-04-30 EXACT from=2021-04-01 to=2021-04-30 value=8";
    let may_june = "2021-06-30 EXACT from=2021-05-01 to=2021-06-30 value=13";
    let from_june = "2021-09-30 EXACT from=2021-06-01 to=2021-09-30 value=5";
    let none = "2021-03-31 NIL from=2021-01-01 to=2021-03-31";
    let a_day = "2021-07-01 EXACT asOf=2021-07-01 value=4";
    for (said, from, to, expected) in [
        (vec![&*q1, &*q3], "2021-01-01", "2021-09-30", "not declared"),
        (vec![&*q1, &*q2, from_june], "2021-01-01", "2021-09-30", "not declared"),
        (vec![&*q1, &*q2], "2021-01-01", "2021-06-29", "not declared"),
        (vec![&*q1, april, may_june], "2021-01-01", "2021-06-30", "31"),
        // The quarter is told as a whole and by months: both sums may be meant.
        (vec![&*q1, &*q2, april, may_june], "2021-01-01", "2021-06-30", "30 to 31"),
        (vec![none, &*q2], "2021-01-01", "2021-06-30", "20"),
        (vec![&*q2, a_day], "2021-04-01", "2021-07-01", "24"),
    ] {
        assert_eq!(flow(&said, from, to), expected, "{said:?}");
    }
}

#[test]
fn what_names_no_days_is_of_any_window_with_its_own_day_unless_something_does() {
    let undated = "2021-08-06 value=7";
    of_a_window(
        &[undated, "2021-08-09 value=9"],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: 7 to 9
        stock: 9
        ratio: 7 to 9
        distinct: 7 to 9
        declared: 7 to 9
    "#]],
    );
    of_a_window(
        &[undated, Q3],
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: 30
        stock: 30
        ratio: 30
        distinct: 30
        declared: 30
    "#]],
    );
    of_a_window(
        &[undated],
        "2021-09-01",
        "2021-09-30",
        &expect![[r#"
        flow: not declared
        stock: not declared
        ratio: not declared
        distinct: not declared
        declared: not declared
    "#]],
    );
}

#[test]
fn of_days_the_last_one_counts() {
    let days = ["2021-09-01 asOf=2021-07-14 value=5", "2021-09-01 asOf=2021-08-14 value=6"];
    of_a_window(
        &days,
        "2021-07-01",
        "2021-09-30",
        &expect![[r#"
        flow: not declared
        stock: 6
        ratio: 6
        distinct: 6
        declared: 6
    "#]],
    );
    of_a_window(
        &["2021-09-01 asOf=2021-08-14 value=5", "2021-09-02 asOf=2021-08-14 value=8"],
        "2021-07-01",
        "2021-08-14",
        &expect![[r#"
            flow: not declared
            stock: 5 to 8
            ratio: 5 to 8
            distinct: 5 to 8
            declared: 5 to 8
        "#]],
    );
}

#[test]
fn as_the_units_are_the_heir_has_what_was_declared_before_it() {
    let own = "from=2021-06-15 to=2021-09-14";
    let world = world(&format!(
        "H41.16 figure x 2021-09-06 declared EXACT {own} value=5 id=a
         H41.17 figure x 2021-09-06 declared EXACT {own} value=7 id=b
         H41 unit H41.16 2025-03-01 merged into=H41.17 id=m"
    ));
    let later = Tree::On(day("2025-03-01"));
    let flow =
        |root, tree| read(&world, Nature::Flow, query(root, "2021-06-15", "2021-09-14", tree));
    let all = |tree| ["H41", "H41.16", "H41.17"].map(|root| flow(root, tree));
    assert_eq!(all(Tree::AsWas), ["12", "5", "7"]);
    assert_eq!(all(later), ["12", "not declared", "12"]);
}

fn rows(world: &World, root: &str, tree: Tree) -> Vec<String> {
    let one = Catalogue {
        indicators: vec![declared("x", Nature::Flow)],
        ..catalogue(Layout::ByUnit, &[("x", "flow:document.issued")])
    };
    let reader = Reader::new(&world.store, world.projection.registry());
    let query = query(root, "2021-06-15", "2021-09-14", tree);
    fill(&one.forms[0], &one, query, reader.sources())
        .rows
        .iter()
        .map(|row| match &row.key {
            RowKey::Unit(unit, _) => format!("{unit} {}", shown(row.values[0]).en),
            RowKey::Code(_) | RowKey::Slot(_) | RowKey::Total => {
                format!("TOTAL {}", shown(row.values[0]).en)
            }
        })
        .collect()
}

#[test]
fn a_form_of_a_unit_has_no_rows_of_units_elsewhere() {
    let own = "from=2021-06-15 to=2021-09-14";
    let world = world(&format!(
        "H41 unit H41.16.1 2000-01-01 registered AFFILIATE parent=H41.16 name=TT id=u4
         H41 figure x 2021-09-06 declared EXACT {own} value=50 id=p
         H41.16.1 figure x 2021-09-06 declared EXACT {own} value=5 id=a
         H41.17 figure x 2021-09-06 declared EXACT {own} value=7 id=b"
    ));
    for tree in [Tree::AsWas, Tree::On(day("2025-03-01"))] {
        assert_eq!(rows(&world, "H41.16", tree), ["H41.16 5", "H41.16.1 5", "TOTAL 5"]);
        assert_eq!(
            rows(&world, "H41", tree),
            ["H41 50", "H41.16 5", "H41.16.1 5", "H41.17 7", "TOTAL 50"]
        );
    }
}

/// A district speaks for its commune, which is then put under another district.
#[test]
fn what_a_unit_said_for_those_below_it_is_not_counted_again_when_they_leave() {
    let own = "from=2021-06-15 to=2021-09-14";
    let world = world(&format!(
        "H41 unit H41.1 2000-01-01 registered DISTRICT parent=H41 name=D1 id=u4
         H41 unit H41.2 2000-01-01 registered DISTRICT parent=H41 name=D2 id=u5
         H41 unit H41.1.1 2000-01-01 registered COMMUNE parent=H41.1 name=C1 id=u6
         H41 unit H41.2.1 2000-01-01 registered COMMUNE parent=H41.2 name=C2 id=u7
         H41.1 figure x 2021-09-06 declared EXACT {own} value=10 id=a
         H41.1.1 figure x 2021-09-06 declared EXACT {own} value=4 id=b
         H41.2.1 figure x 2021-09-06 declared EXACT {own} value=3 id=c
         H41.16 figure x 2021-09-06 declared NIL {own} id=d
         H41.17 figure x 2021-09-06 declared NIL {own} id=e
         H41 unit H41.1.1 2025-01-01 moved parent=H41.2 id=m"
    ));
    let flow =
        |root, tree| read(&world, Nature::Flow, query(root, "2021-06-15", "2021-09-14", tree));
    let all = |tree| ["H41", "H41.1", "H41.1.1", "H41.2"].map(|root| flow(root, tree));
    assert_eq!(all(Tree::AsWas), ["13", "10", "4", "3"]);
    assert_eq!(all(Tree::On(day("2025-01-01"))), ["13", "10", "4", "7"]);
}

#[test]
fn of_a_sum_with_silent_units_the_least_is_known() {
    let own = "from=2021-06-15 to=2021-09-14";
    let units = "
        H41 unit H41.1 2000-01-01 registered DISTRICT parent=H41 name=D1 id=u4
        H41 unit H41.1.1 2000-01-01 registered COMMUNE parent=H41.1 name=C1 id=u5
        H41 unit H41.1.2 2000-01-01 registered COMMUNE parent=H41.1 name=C2 id=u6
        H41 unit H41.1.3 2000-01-01 registered COMMUNE parent=H41.1 name=C3 id=u7
        H41 unit H41.1.3 2021-07-01 closed id=u8
        H41 unit H41.16 2021-07-01 closed id=u9
        H41 unit H41.17 2021-10-01 closed id=u10";
    let natures = [Nature::Flow, Nature::Stock, Nature::Ratio, Nature::Distinct];
    let mut table = String::new();
    for said in [
        vec![],
        vec![("H41.1.1", "EXACT value=5")],
        vec![("H41.1.1", "NIL")],
        vec![("H41.1.1", "EXACT value=5 of=6"), ("H41.1.2", "EXACT value=4 of=4")],
        vec![("H41.1.1", "EXACT value=5"), ("H41.1.2", "EXACT value=4"), ("H41.17", "NIL")],
        vec![("H41.1", "EXACT value=5"), ("H41.17", "EXACT value=2")],
        vec![("H41.1", "EXACT value=5"), ("H41.1.1", "EXACT value=9")],
        vec![("H41", "EXACT value=5"), ("H41.1.1", "EXACT value=1")],
    ] {
        let lines = said.iter().map(|(unit, said)| {
            format!("\n{unit} figure x 2021-09-06 declared {said} {own} id={unit}")
        });
        let world = world(&(units.to_owned() + &lines.collect::<String>()));
        for nature in natures {
            let each = ["H41", "H41.1"].map(|root| {
                let query = query(root, "2021-06-15", "2021-09-14", Tree::AsWas);
                read(&world, nature, query)
            });
            table += &format!("{}: {}\n", nature.word(), each.join("; "));
        }
        table += "\n";
    }
    expect![[r#"
        flow: not declared; not declared
        stock: not declared; not declared
        ratio: not declared; not declared
        distinct: not declared; not declared

        flow: at least 5; at least 5
        stock: at least 5; at least 5
        ratio: not declared; not declared
        distinct: not declared; not declared

        flow: at least 0; at least 0
        stock: at least 0; at least 0
        ratio: not declared; not declared
        distinct: not declared; not declared

        flow: at least 9; 9/10
        stock: at least 9; 9/10
        ratio: not declared; 9/10
        distinct: not declared; not declared

        flow: 9; 9
        stock: 9; 9
        ratio: 9; 9
        distinct: not declared; not declared

        flow: 7; 5
        stock: 7; 5
        ratio: 7; 5
        distinct: not declared; 5

        flow: at least 5; 5
        stock: at least 5; 5
        ratio: not declared; 5
        distinct: not declared; 5

        flow: 5; at least 1
        stock: 5; at least 1
        ratio: 5; not declared
        distinct: 5; not declared

    "#]]
    .assert_eq(&table);
}

fn said_by(said: &[[u8; 4]]) -> String {
    let mut lines = String::new();
    for (n, [about, kind, value, from]) in said.iter().enumerate() {
        let code = CODES[usize::from(*about) % CODES.len()];
        let window = format!("from={} to={}", after(0), after(9));
        let (qualifier, days) = match kind % 8 {
            0..=3 => ("EXACT", window),
            4 => ("AT_LEAST", window),
            5 => ("NIL", window),
            6 => ("EXACT", format!("from={} to={}", after(0), after(4))),
            _ => ("EXACT", format!("from={} to={}", after(5), after(9))),
        };
        let event = after(from % 10);
        lines +=
            &format!("{code} figure x {event} declared {qualifier} {days} value={value} id=s{n}\n");
    }
    lines
}

proptest! {
    #![proptest_config(cases(300))]

    /// READ-1, for what is declared.
    #[test]
    fn read_1_a_province_s_declared_flow_is_the_same_in_every_tree(
        turns in vec(any::<Turn>(), 1..14), said in vec(any::<[u8; 4]>(), 1..12), on in 0_u8..16,
    ) {
        let turns = turns.iter().enumerate().map(|(n, t)| turn(*t, n, false));
        let mut world = history_after(messages(PRELUDE.lines().nth(1).unwrap(), 1), turns, &[]);
        let next = u64::try_from(world.outcomes.len()).unwrap() + 1;
        world.fold(&messages(&said_by(&said), next));
        let (from, to) = (after(0).to_string(), after(9).to_string());
        let total = |tree| read(&world, Nature::Flow, query("H41", &from, &to, tree));
        prop_assert_eq!(total(Tree::AsWas), total(Tree::On(after(on))));
    }
}
