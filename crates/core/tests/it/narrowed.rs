//! Terms that are narrowed to a code or a level, and terms that count units.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tonghop_core::catalogue::Rule;
use tonghop_core::day::{Day, Window};
use tonghop_core::form::{facets_needed, figure};
use tonghop_core::measure::FacetKind;
use tonghop_core::read::{Query, Share, Tree, Value};
use tonghop_core::words::Level;

use crate::bieu_06::window;
use crate::kit::facts::{UNITS, messy};
use crate::kit::forms::{Reader, catalogue, indicator, sum};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::kit::{day, unit};
use crate::laws::{cases, facts};

/// Three departments, of which one is closed later, a district that becomes a department, and an
/// affiliate; all but the affiliate have cells.
const LINES: &str = "
    H41 unit H41.18 2021-01-01 registered DEPARTMENT parent=H41 name=So-KHCN id=u4
    H41 unit H41.18 2021-08-01 closed id=u5
    H41 unit H41.30 2021-01-01 registered DISTRICT parent=H41 name=Huyen id=u6
    H41 unit H41.30 2021-09-01 registered DEPARTMENT parent=H41 name=So-moi id=u7
    H41 unit H41.16.1 2021-03-01 registered AFFILIATE parent=H41.16 name=TT id=u8
    H41.16 deployment ioffice 2021-02-01 done
    H41.16 deployment igate 2021-02-01 done
    H41.17 deployment ioffice 2021-07-01 done
    H41.18 deployment ioffice 2021-02-01 done
    H41.30 deployment ioffice 2021-02-01 done
    H41.16 certificate C1 2021-02-01 issued ORGANISATION due=2021-08-31
    H41.16 certificate C2 2021-02-01 issued PERSON
    H41.30 certificate C1 2021-02-01 issued PERSON due=2021-08-31 id=c3
    H41.18 certificate C1 2021-02-01 issued PERSON id=c4
    H41.16 feedback F1 2021-06-20 received RULE
    H41.18 feedback F1 2021-06-20 received RULE id=f2
    H41.30 feedback F1 2021-06-20 received RULE id=f3";

fn reader(lines: &str) -> Reader {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    Reader::new(&world.store, world.projection.registry())
}

fn days(from: &str, to: &str) -> Window {
    Window::new(day(from), day(to)).unwrap()
}

#[test]
fn a_term_counts_what_it_is_narrowed_to() {
    let reader = reader(LINES);
    let (june, july) = (days("2021-06-01", "2021-06-30"), days("2021-07-01", "2021-07-31"));
    let (august, autumn) = (days("2021-08-01", "2021-08-31"), days("2021-06-01", "2021-09-14"));
    for (term, expected) in [
        // In June, July, August, and from June to 14 September.
        ("closing:deployment.done", [4, 5, 5, 5]),
        ("closing:deployment.done[system=ioffice]", [3, 4, 4, 4]),
        ("closing:deployment.done[system=mail]", [0, 0, 0, 0]),
        // The closed department's system is of no unit any more; the district's is a department's.
        ("closing:deployment.done[level=DEPARTMENT]", [3, 4, 3, 4]),
        ("closing:deployment.done[system=ioffice,level=DEPARTMENT]", [2, 3, 2, 3]),
        ("closing:deployment.done[system=ioffice,level=DISTRICT]", [1, 1, 1, 0]),
        ("-closing:deployment.done[system=ioffice,level=DISTRICT]", [-1, -1, -1, 0]),
        ("opening:deployment.done[system=ioffice,level=DEPARTMENT]", [2, 2, 3, 2]),
        // A flow counts under the last level, of a unit that is closed by then too.
        ("flow:feedback.received_rule[level=DEPARTMENT]", [2, 0, 0, 3]),
        ("flow:feedback.received_rule[level=DISTRICT]", [1, 0, 0, 0]),
        ("units", [6, 6, 5, 5]),
        ("units[level=DEPARTMENT]", [3, 3, 2, 3]),
        ("units[level=DISTRICT]", [1, 1, 1, 0]),
        ("units[level=AFFILIATE]", [1, 1, 1, 1]),
        ("units[level=COMMUNE]", [0, 0, 0, 0]),
        ("units_with:certificate.valid", [3, 3, 2, 1]),
        ("units_with:certificate.valid[level=DEPARTMENT]", [2, 2, 1, 1]),
        ("units_with:certificate.valid[level=DISTRICT]", [1, 1, 1, 0]),
        ("units_with:deployment.done[system=igate]", [1, 1, 1, 1]),
    ] {
        let found =
            [june, july, august, autumn].map(|window| reader.count(unit("H41"), window, term));
        assert_eq!(found, expected, "{term}");
    }
}

#[test]
fn a_subtree_has_its_own_units_in_the_tree_that_is_asked_for() {
    let reader = reader(&format!("{LINES}\n H41 unit H41.17 2021-08-01 moved parent=H41.16 id=u9"));
    let july = days("2021-07-01", "2021-07-31");
    let count = |root: &str, tree, term: &str| {
        reader.count_of(
            Query { root: unit(root), window: july, known: None, tree, read_on: None },
            term,
        )
    };
    let moved = Tree::On(day("2021-08-01"));
    for (root, tree, expected) in [
        ("H41.16", Tree::AsWas, [2, 1, 1]),
        ("H41.16", moved, [3, 2, 1]),
        ("H41.17", Tree::AsWas, [1, 1, 0]),
        ("H41.16.1", Tree::AsWas, [1, 0, 0]),
        ("H41", moved, [6, 4, 3]),
        ("H41.99", Tree::AsWas, [0, 0, 0]),
    ] {
        let terms =
            ["units", "units_with:deployment.done[system=ioffice]", "units_with:certificate.valid"];
        assert_eq!(terms.map(|term| count(root, tree, term)), expected, "{root} {tree:?}");
    }
}

#[test]
fn what_was_not_recorded_yet_is_not_counted() {
    let reader = reader(
        "H41 unit H41.18 2021-01-01 registered DEPARTMENT parent=H41 name=So-KHCN id=u4 rec=2021-01-02
         H41.16 deployment ioffice 2021-02-01 done rec=2021-02-02
         H41 unit H41.18 2021-03-01 closed id=u5 rec=2021-07-01
         H41.16 deployment ioffice 2021-03-01 withdrawn rec=2021-07-01",
    );
    let part_of = |known: Option<Day>, term: &str| {
        let window = days("2021-06-01", "2021-06-30");
        let query = Query { root: unit("H41"), window, known, tree: Tree::AsWas, read_on: None };
        let registry = known.map(|known| reader.sources().registry.as_known(known));
        let mut sources = reader.sources();
        sources.registry = registry.as_ref().unwrap_or(sources.registry);
        figure(&indicator("x", sum(term)), query, sources)
    };
    for (term, then, now) in
        [("units[level=DEPARTMENT]", 3, 2), ("units_with:deployment.done[system=ioffice]", 1, 0)]
    {
        assert_eq!(part_of(Some(day("2021-06-30")), term), Value::Count(then), "{term}");
        assert_eq!(part_of(None, term), Value::Count(now), "{term}");
    }
}

#[test]
fn a_share_of_units_keeps_its_parts() {
    let reader = reader(LINES);
    let terms = |text: &str| match sum(text) {
        Rule::Sum(terms) => terms,
        Rule::Distinct(..) | Rule::Ratio { .. } | Rule::Declared { .. } => unreachable!("a sum"),
    };
    let rule = Rule::Ratio {
        part: terms("closing:deployment.done[system=ioffice,level=DEPARTMENT]"),
        whole: terms("units[level=DEPARTMENT]"),
    };
    let window = days("2021-06-01", "2021-06-30");
    let query = Query { root: unit("H41"), window, known: None, tree: Tree::AsWas, read_on: None };
    let found = figure(&indicator("x", rule.clone()), query, reader.sources());
    assert_eq!(found, Value::Share(Share { part: 2, whole: 3 }));
    let mut catalogue = catalogue(tonghop_core::catalogue::Layout::List, &[("x", "units")]);
    assert_eq!(facets_needed(&catalogue.forms[0], &catalogue), []);
    catalogue.indicators[0] = indicator("x", rule);
    assert_eq!(facets_needed(&catalogue.forms[0], &catalogue), [FacetKind::System]);
}

#[test]
fn what_is_narrowed_to_a_code_is_not_read_by_another() {
    for (terms, kind, expected) in [
        ("flow:dossier.reopened", FacetKind::Field, true),
        ("flow:dossier.reopened", FacetKind::Kind, false),
        ("closing:account.open", FacetKind::System, true),
        ("closing:account.open[system=ioffice]", FacetKind::System, false),
        ("closing:account.open[level=COMMUNE]", FacetKind::System, true),
        ("closing:account.open flow:dossier.reopened", FacetKind::System, false),
        ("units", FacetKind::System, false),
        ("units_with:account.open", FacetKind::System, false),
    ] {
        assert_eq!(sum(terms).can_be_read_by(kind), expected, "{terms} {}", kind.word());
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn read_2_the_codes_of_a_facet_add_up_to_all(
        facts in facts(60), window in window(), root in 0_usize..4,
    ) {
        let world = World::of(&messy(&facts));
        let reader = Reader::new(&world.store, world.projection.registry());
        let root = unit(UNITS[root].0);
        for (term, kind, codes) in [
            ("closing:account.open", "system", ["ioffice", "mail"].as_slice()),
            ("opening:deployment.done", "system", &["S1", "S2"]),
            ("closing:task.overdue", "plan", &["2021", "2022"]),
            ("flow:task.done_late", "plan", &["2021", "2022"]),
            ("closing:norm.in_force", "kind", &["QD", "CT", "XX"]),
            ("moved_in:dossier.pending", "field", &["f1", "f2"]),
            ("flow:dossier.received_online", "procedure", &["1.001", "1.002"]),
        ] {
            let parts: i64 = codes
                .iter()
                .map(|code| reader.count(root, window, &format!("{term}[{kind}={code}]")))
                .sum();
            prop_assert_eq!(parts, reader.count(root, window, term), "{}", term);
        }
    }

    #[test]
    fn read_2_the_cells_of_the_codes_add_up_to_the_cell_of_all(facts in facts(60)) {
        let world = World::of(&messy(&facts));
        let mut sums: BTreeMap<_, BTreeMap<FacetKind, i64>> = BTreeMap::new();
        for (key, amount) in world.store.cells.iter() {
            let cell = (key.unit, key.measure, key.day, key.recorded);
            *sums.entry(cell).or_default().entry(key.facet.kind()).or_default() += amount;
        }
        for (cell, by_kind) in sums {
            let of = |kind: FacetKind| by_kind.get(&kind).copied().unwrap_or(0);
            for kind in FacetKind::ALL.iter().filter(|kind| cell.1.is_kept_by(**kind)) {
                prop_assert_eq!(of(*kind), of(FacetKind::All), "{:?} {}", cell, kind.word());
            }
        }
    }

    #[test]
    fn read_3_levels_and_units_are_those_of_the_registry(
        facts in facts(60), window in window(), root in 0_usize..4,
    ) {
        let world = World::of(&messy(&facts));
        let registry = world.projection.registry();
        let reader = Reader::new(&world.store, registry);
        let root = unit(UNITS[root].0);
        let below = |code| registry.chain(code, window.to).contains(&root);
        let mut units = 0;
        for level in Level::ALL {
            let standing: Vec<_> = registry
                .units()
                .filter(|(code, unit)| below(*code) && unit.exists(window.to))
                .filter(|(_, unit)| unit.level(window.to) == Some(*level))
                .map(|(code, _)| code)
                .collect();
            let stock = |of| -> i64 {
                world.store.cells.iter()
                    .filter(|(key, _)| key.facet == tonghop_core::measure::Facet::All && key.unit == of)
                    .filter(|(key, _)| key.measure.word() == "dossier.pending" && key.day <= window.to)
                    .map(|(_, amount)| amount).sum()
            };
            let term = |term: &str| {
                reader.count(root, window, &format!("{term}[level={}]", level.word()))
            };
            let with = standing.iter().filter(|code| stock(**code) > 0).count();
            prop_assert_eq!(term("units"), i64::try_from(standing.len()).unwrap());
            prop_assert_eq!(term("units_with:dossier.pending"), i64::try_from(with).unwrap());
            let pending: i64 = standing.iter().map(|code| stock(*code)).sum();
            prop_assert_eq!(term("closing:dossier.pending"), pending);
            units += standing.len();
        }
        prop_assert_eq!(reader.count(root, window, "units"), i64::try_from(units).unwrap());
        let flow = "flow:dossier.received_direct";
        let by_level: i64 = Level::ALL.iter()
            .map(|level| reader.count(root, window, &format!("{flow}[level={}]", level.word()))).sum();
        prop_assert_eq!(by_level, reader.count(root, window, flow));
    }
}
