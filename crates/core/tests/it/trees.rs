//! TREE: units that are founded, moved, renamed and closed; and what their province comes to.

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::day::{Day, Window};
use tonghop_core::event::{Body, Event};
use tonghop_core::family::unit::{self, Change, Part};
use tonghop_core::fold::Message;
use tonghop_core::measure::{Code, Facet, Measure};
use tonghop_core::read::{Query, Tree};
use tonghop_core::registry::Registry;
use tonghop_core::words::{Family, Level};

use crate::bieu_06::window;
use crate::kit::facts::{Fact, clean, day};
use crate::kit::forms::Reader;
use crate::kit::line::{PRELUDE, messages};
use crate::kit::saying::Saying;
use crate::kit::store::World;
use crate::kit::{self, instant};
use crate::laws::{cases, facts};

pub(crate) const CODES: [&str; 6] = ["H41", "H41.1", "H41.2", "H41.3", "H41.1.1", "H41.2.1"];
const LEVELS: [Level; 3] = [Level::Department, Level::District, Level::Commune];

/// Days after the first on which the first message of a history is recorded.
pub(crate) const RECORDED: u8 = 20;

/// About, kind, parent, day, retracts, target.
pub(crate) type Turn = [u8; 6];

pub(crate) fn turn(turn: Turn, n: usize, roots_too: bool) -> Event {
    let [about, kind, parent, after, retracts, target] = turn;
    let first = usize::from(!roots_too);
    let code = CODES[first + usize::from(about) % (CODES.len() - first)];
    let parent = kit::unit(CODES[usize::from(parent) % CODES.len()]);
    let into = kit::unit(CODES[usize::from(target) % CODES.len()]);
    let change = match kind % 12 {
        0..=2 => Change::Registered {
            name: format!("N{n}").into(),
            level: LEVELS[usize::from(after) % 3],
            parent: (retracts % 4 != 0).then_some(parent),
            legal_basis: None,
        },
        3..=5 => Change::Moved { parent },
        6 => Change::Renamed { name: format!("N{n}").into() },
        7 => Change::CodeAssigned { code: kit::unit("H41.9") },
        8 | 9 => Change::Merged { into, legal_basis: None },
        10 => Change::Split { parts: parts(target, after), closes: retracts % 3 == 0 },
        _ => Change::Closed { legal_basis: None },
    };
    let body = if retracts % 5 == 1 {
        Body::Retracted
    } else {
        Body::Unit(Box::new(unit::Event { code: kit::unit(code), change }))
    };
    Saying {
        unit: kit::unit("H41"),
        family: Family::Unit,
        subject: code.to_owned(),
        at: instant(day(after % 14), 0),
        source: "/office".to_owned(),
        id: format!("t{n}"),
        sequence: None,
        replaces: (retracts % 5 < 2).then(|| format!("t{}", usize::from(target) % (n + 1))),
        body,
    }
    .event()
}

/// One or two parts with no field, one or both.
fn parts(into: u8, fields: u8) -> Box<[Part]> {
    let part = |into: u8, fields: u8| Part {
        into: kit::unit(CODES[usize::from(into) % CODES.len()]),
        fields: ["f1", "f2"].into_iter().skip(usize::from(fields % 3)).map(Code::from).collect(),
    };
    let parts = [part(into, fields / 14), part(into / 6, fields / 42)];
    parts.into_iter().take(1 + usize::from(into % 2)).collect()
}

/// The province, then these turns of its units and what the facts say happened in them, in turn;
/// three messages are recorded a day.
fn history(turns: &[Turn], facts: &[Fact]) -> World {
    let turns = turns.iter().enumerate().map(|(n, t)| turn(*t, n, false));
    history_after(messages(PRELUDE.lines().nth(1).unwrap(), 1), turns, facts)
}

/// The same after other messages.
pub(crate) fn history_after(
    log: Vec<Message>,
    turns: impl Iterator<Item = Event>,
    facts: &[Fact],
) -> World {
    World::of(&log_after(log, turns, facts))
}

/// Its messages.
pub(crate) fn log_after(
    mut log: Vec<Message>,
    turns: impl Iterator<Item = Event>,
    facts: &[Fact],
) -> Vec<Message> {
    let turns = turns.enumerate();
    let facts = clean(facts).into_iter().filter(|saying| saying.family != Family::Unit);
    let facts = facts.enumerate().map(|(n, saying)| (n + 3, saying.event()));
    let mut events: Vec<(usize, Event)> = turns.chain(facts).collect();
    events.sort_by_key(|(place, _)| *place);
    for (n, (_, event)) in events.into_iter().enumerate() {
        let position = u64::try_from(log.len()).unwrap() + 1;
        let recorded = instant(day(RECORDED + u8::try_from(n / 3).unwrap()), 0);
        log.push(Message { position, recorded, said: Ok(event) });
    }
    log
}

fn terms(measure: Measure) -> [String; 3] {
    ["flow", "opening", "closing"].map(|reading| format!("{reading}:{}", measure.word()))
}

/// Who is above whom, by parents alone and without a bound.
fn is_above(registry: &Registry, a: &str, b: &str, day: Day) -> bool {
    a != b && registry.is_below(kit::unit(b), kit::unit(a), day)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn tree_1_no_unit_is_its_own_ancestor(turns in vec(any::<Turn>(), 1..16)) {
        let recorded = instant(day(30), 0);
        let log: Vec<Message> = (1..)
            .zip(turns.iter().enumerate().map(|(n, t)| turn(*t, n, true)))
            .map(|(position, event)| Message { position, recorded, said: Ok(event) })
            .collect();
        let mut world = World::default();
        for message in &log {
            world.fold(std::slice::from_ref(message));
            let registry = world.projection.registry();
            for after in 0..14 {
                for a in CODES {
                    for b in CODES {
                        prop_assert!(
                            !(is_above(registry, a, b, day(after)) && is_above(registry, b, a, day(after))),
                            "{} and {} on {}", a, b, day(after)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn tree_2_the_province_is_the_same_in_every_tree(
        turns in vec(any::<Turn>(), 1..14), facts in facts(30), window in window(), on in 0_u8..16,
        known in proptest::option::of(RECORDED - 1..RECORDED + 16),
    ) {
        let world = history(&turns, &facts);
        let known = known.map(day);
        let registry = known.map_or_else(
            || world.projection.registry().clone(),
            |day| world.projection.registry().as_known(day),
        );
        let reader = Reader::new(&world.store, &registry);
        let root = kit::unit("H41");
        for measure in Measure::ALL {
            for terms in terms(*measure) {
                let as_was = reader.count_of(Query { root, window, known, tree: Tree::AsWas, read_on: None }, &terms);
                let query = Query { root, window, known, tree: Tree::On(day(on)), read_on: None };
                prop_assert_eq!(as_was, reader.count_of(query, &terms), "{}", terms);
                let (from, to) = match terms.split_once(':').unwrap().0 {
                    "flow" => (window.from, window.to),
                    "opening" => (Day::MIN, window.from.previous().unwrap()),
                    _ => (Day::MIN, window.to),
                };
                let naive: i64 = world.store.cells.iter()
                    .filter(|(key, _)| key.measure == *measure && key.facet == Facet::All)
                    .filter(|(key, _)| from <= key.day && key.day <= to)
                    .filter(|(key, _)| known.is_none_or(|known| key.recorded <= known))
                    .map(|(_, amount)| amount).sum();
                prop_assert_eq!(as_was, naive, "{}", terms);
            }
        }
    }

    #[test]
    fn tree_3_every_subtree_s_account_closes(
        turns in vec(any::<Turn>(), 1..14), facts in facts(40), window in window(),
    ) {
        let world = history(&turns, &facts);
        let reader = Reader::new(&world.store, world.projection.registry());
        for root in CODES {
            let c = |name: &str| reader.column(kit::unit(root), window, name);
            prop_assert_eq!(
                c("c3") + c("in") + c("moved_in"), c("c7") + c("c11") + c("out") + c("moved_out"),
                "{} {}", root, window
            );
        }
        let c = |name: &str| reader.column(kit::unit("H41"), window, name);
        prop_assert_eq!((c("moved_in"), c("moved_out")), (0, 0));
    }

    #[test]
    fn tree_4_a_flow_counts_where_its_unit_was_on_each_day(
        turns in vec(any::<Turn>(), 1..14), facts in facts(40), window in window(),
    ) {
        let world = history(&turns, &facts);
        let registry = world.projection.registry();
        let reader = Reader::new(&world.store, registry);
        for root in CODES {
            let root = kit::unit(root);
            let naive: i64 = world.store.cells.iter()
                .filter(|(key, _)| key.facet == Facet::All && window.contains(key.day))
                .filter(|(key, _)| key.measure == Measure::DossierPending)
                .filter(|(key, _)| registry.is_below(key.unit, root, key.day))
                .map(|(_, amount)| amount).sum();
            prop_assert_eq!(reader.count(root, window, "flow:dossier.pending"), naive);
            let before = window.from.previous().unwrap();
            let stock = |tree: Day, day: Day| -> i64 {
                world.store.cells.iter()
                    .filter(|(key, _)| key.facet == Facet::All && key.day <= day)
                    .filter(|(key, _)| key.measure == Measure::DossierPending)
                    .filter(|(key, _)| registry.is_below(key.unit, root, tree))
                    .map(|(_, amount)| amount).sum()
            };
            let read = |reading: &str| reader.count(root, window, &format!("{reading}:dossier.pending"));
            prop_assert_eq!(read("closing"), stock(window.to, window.to));
            prop_assert_eq!(read("opening"), stock(before, before));
            // On the day of a move itself what is carried in is still of the tree before.
            for after in 0..14 {
                let one = Window::new(day(after), day(after)).unwrap();
                let before = one.from.previous().unwrap();
                let opening = reader.count(root, one, "opening:dossier.pending");
                prop_assert_eq!(opening, stock(before, before), "{} on {}", root, one.from);
            }
            // What joins less what leaves: each night, the stock of the evening in both trees.
            let mut moved = 0;
            let mut evening = before;
            while evening < window.to {
                moved += stock(evening.next(), evening) - stock(evening, evening);
                evening = evening.next();
            }
            prop_assert_eq!(read("moved_in") - read("moved_out"), moved);
        }
    }
}

#[test]
fn a_province_under_its_own_department_is_refused_though_the_department_is_not_known_yet() {
    let world = World::of(&messages(
        "H41 unit H41 2021-01-01 registered PROVINCE parent=H41.1
         H41 unit H41.1 2021-01-01 registered DEPARTMENT",
        1,
    ));
    let codes: Vec<&str> = world.refusals.iter().map(|(_, refusal)| refusal.code.word()).collect();
    assert_eq!(codes, ["unit.circular"]);
}

#[test]
fn however_deep_a_unit_is_the_province_counts_it() {
    let mut lines = "H41 unit H41 2021-01-01 registered PROVINCE\n".to_owned();
    for depth in 1..=30 {
        let parent = if depth == 1 { "H41".to_owned() } else { format!("H41.{}", depth - 1) };
        lines += &format!(
            "H41 unit H41.{depth} 2021-01-01 registered AFFILIATE parent={parent} id=d{depth}\n"
        );
    }
    lines += "H41.30 document 1/KH 2021-06-01 issued KH";
    let world = World::of(&messages(&lines, 1));
    assert!(world.refusals.is_empty());
    let reader = Reader::new(&world.store, world.projection.registry());
    let window = Window::new(day(0), day(0)).unwrap();
    for root in ["H41", "H41.1", "H41.17", "H41.30"] {
        assert_eq!(reader.count(kit::unit(root), window, "flow:document.issued"), 1, "{root}");
    }
}
