//! DOS: the identities of Biểu 06 for random windows, and its columns against brute force.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::day::{Day, Window};
use tonghop_core::event::Body;
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::read::{Query, Tree};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

use crate::kit::facts::{day, dossier, recorded_at_once, registrations};
use crate::kit::forms::{BIEU_06, Reader};
use crate::kit::saying::Saying;
use crate::kit::store::World;
use crate::kit::{instant, unit};
use crate::laws::{cases, facts, log_of};
use crate::naive::{self, Dossier};

const LEAVES: [&str; 2] = ["H41.1", "H41.2"];

/// Unit, subject, day, kind, p, q.
type Step = [u8; 6];

fn sayings(steps: &[Step]) -> Vec<Saying> {
    steps
        .iter()
        .enumerate()
        .map(|(n, step)| Saying {
            unit: unit(LEAVES[usize::from(step[0] % 2)]),
            family: Family::Dossier,
            subject: format!("D{}", step[1] % 2),
            // No two at one instant, so that their order is plain.
            at: instant(day(step[2] % 12), i64::try_from(n).unwrap() * 1_000),
            source: "/a".to_owned(),
            id: format!("n{n}"),
            sequence: None,
            replaces: None,
            body: Body::Dossier(dossier(step[3], step[4], step[5])),
        })
        .collect()
}

/// The dossiers of a unit, or of all.
fn dossiers(said: &[Saying], of: Option<UnitCode>) -> Vec<Dossier> {
    let mut said: Vec<&Saying> =
        said.iter().filter(|saying| of.is_none_or(|unit| saying.unit == unit)).collect();
    said.sort_by_key(|saying| saying.at);
    let mut dossiers: BTreeMap<(UnitCode, &str), Dossier> = BTreeMap::new();
    for saying in said {
        let Body::Dossier(event) = &saying.body else { continue };
        let dossier = dossiers.entry((saying.unit, &saying.subject)).or_default();
        dossier.0.push((saying.at.day().unwrap(), event.clone()));
    }
    dossiers.into_values().collect()
}

pub(crate) fn window() -> impl Strategy<Value = Window> {
    (0_u8..16, 0_u8..16).prop_map(|(a, b)| Window::new(day(a.min(b)), day(a.max(b))).unwrap())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn dos_1_columns_are_what_brute_force_counts(
        steps in vec(any::<Step>(), 1..40), window in window(),
    ) {
        let said = sayings(&steps);
        let world = World::of(&log_of(&said));
        prop_assert!(world.refusals.is_empty());
        let reader = Reader::new(&world.store, world.projection.registry());
        for (root, of) in [("H41", None), ("H41.1", Some(unit("H41.1"))), ("H41.2", Some(unit("H41.2")))] {
            let dossiers = dossiers(&said, of);
            for name in ["c4", "c5", "c6", "c8", "c9", "c10", "c11", "c12", "c13", "in", "out",
                "waiting", "reopened", "noDueDate", "withdrawn", "stopped"]
            {
                let read = reader.column(unit(root), window, name);
                prop_assert_eq!(read, naive::column(&dossiers, window, name), "{} {} {}", root, name, window);
            }
            // A stock is held against every day of the log, for a wrong edge shows on few of them.
            for after in 0..16 {
                let one = Window::new(day(after), day(after)).unwrap();
                for name in ["c6", "c11", "c13", "waiting"] {
                    let read = reader.column(unit(root), one, name);
                    prop_assert_eq!(read, naive::column(&dossiers, one, name), "{} {} {}", root, name, one);
                }
            }
            let refused = reader.column(unit(root), window, "refused");
            prop_assert_eq!(refused, naive::refused(&dossiers, window));
        }
    }

    #[test]
    fn dos_2_the_identities_hold_for_every_window(
        facts in facts(40), window in window(), more in 0_u8..9, known in 5_u8..20,
    ) {
        let world = World::of(&crate::kit::facts::messy(&facts));
        let next = Window::new(window.to.next(), day(more + 16)).unwrap();
        for known in [None, Some(day(known))] {
            let registry = match known {
                Some(day) => world.projection.registry().as_known(day),
                None => world.projection.registry().clone(),
            };
            let reader = Reader::new(&world.store, &registry);
            for root in ["H41", "H41.1", "H41.2", "H41.1.1"] {
                let read = |window: Window, name: &str| {
                    let query = Query { root: unit(root), window, known, tree: Tree::AsWas, read_on: None };
                    let (_, terms) = BIEU_06.iter().find(|(key, _)| *key == name).unwrap();
                    reader.count_of(query, terms)
                };
                let c = |name: &str| read(window, name);
                prop_assert_eq!(c("c3"), c("c4") + c("c5") + c("c6"));
                prop_assert_eq!(
                    c("c3") + c("in") + c("moved_in"), c("c7") + c("c11") + c("out") + c("moved_out"),
                    "{} {} known {:?}", root, window, known
                );
                prop_assert_eq!(c("c7"), c("c8") + c("c9") + c("c10"));
                prop_assert_eq!(c("c11"), c("c12") + c("c13"));
                for name in ["c3", "c4", "c5", "c6", "c11", "c12", "c13", "in", "out", "waiting"] {
                    prop_assert!(c(name) >= 0, "{} {} is {}", root, name, c(name));
                }
                prop_assert!(c("c8").min(c("c9")).min(c("c10")) + c("reopened") >= 0);
                prop_assert!(c("waiting") <= c("c11"));
                prop_assert!(c("refused") <= c("c7") - c("withdrawn") - c("stopped") || c("reopened") > 0);
                // What is carried in is what was pending: in a tree that does not change between.
                let moved = read(next, "moved_in") - read(next, "moved_out");
                if moved == 0 {
                    prop_assert_eq!(read(next, "c6"), c("c11"), "{} after {}", root, window);
                }
            }
        }
    }

    #[test]
    fn dos_3_facets_are_the_same_sum(facts in facts(40)) {
        let world = World::of(&crate::kit::facts::messy(&facts));
        let mut sums: BTreeMap<_, [i64; 3]> = BTreeMap::new();
        for (key, amount) in world.store.cells.iter() {
            if key.measure.group() != 3 {
                continue;
            }
            let place = match &key.facet {
                Facet::All => 0,
                Facet::Of(FacetKind::Field, _) => 1,
                Facet::Of(FacetKind::Procedure, _) => 2,
                Facet::Of(other, _) => panic!("{other:?} is no facet of a dossier"),
            };
            sums.entry((key.unit, key.measure, key.day, key.recorded)).or_default()[place] += amount;
        }
        for (key, [all, by_field, by_procedure]) in sums {
            prop_assert_eq!((all, all), (by_field, by_procedure), "{:?}", key);
        }
    }
}

#[test]
fn dos_transfers_net_to_nothing_in_the_province() {
    let steps: &[(&str, u8, u8)] =
        &[("H41.1", 0, 0), ("H41.1", 3, 10), ("H41.2", 3, 3), ("H41.2", 7, 10), ("H41.1", 8, 3)];
    let said: Vec<Saying> = steps
        .iter()
        .enumerate()
        .map(|(n, (code, after, kind))| {
            let mut saying = sayings(&[[0, 0, *after, *kind, 0, 0]]).remove(0);
            saying.unit = unit(code);
            saying.id = format!("n{n}");
            saying
        })
        .collect();
    let events = registrations().into_iter().chain(said.iter().map(Saying::event));
    let world = World::of(&recorded_at_once(events));
    let reader = Reader::new(&world.store, world.projection.registry());
    let all = Window::new(Day::MIN, day(20)).unwrap();
    let column = |root: &str, window, name| reader.column(unit(root), window, name);
    assert_eq!((column("H41", all, "in"), column("H41", all, "out")), (2, 2));
    assert_eq!((column("H41.1", all, "c11"), column("H41.2", all, "c11")), (1, 0));
    assert_eq!(column("H41", all, "c3"), 1);
    for after in 0..10 {
        let one = Window::new(day(after), day(after)).unwrap();
        let here = i64::from(after != 7);
        assert_eq!(column("H41", one, "c11"), here, "day {after}");
    }
}
