//! EXP: what all timelines have in a figure adds up to it, whoever moved and whatever was known.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::catalogue::{Nature, Reading, Rule, Term};
use tonghop_core::day::Window;
use tonghop_core::fold::Message;
use tonghop_core::form::{figure, figure_of_code};
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::read::{Figure, Listed, Query, Scope, Share, Tally, Tree, Value};
use tonghop_core::timeline::{Knowledge, Standing, Timeline};
use tonghop_core::unit_code::UnitCode;

use crate::bieu_06::window;
use crate::kit;
use crate::kit::facts::day;
use crate::kit::forms::{Reader, indicator};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::laws::{cases, facts};
use crate::lineage;
use crate::trees::{CODES, RECORDED, Turn, log_after, turn};

fn term(text: &str) -> Term {
    Term::parse(text).unwrap()
}

fn terms(text: &str) -> Vec<Term> {
    text.split(' ').map(term).collect()
}

/// Rules of every kind, and some of the measures by each reading.
fn rules(pick: u8) -> Vec<Rule> {
    let mut rules: Vec<Rule> = [
        "units",
        "units[level=DEPARTMENT] -units[level=DISTRICT]",
        "units_with:dossier.pending",
        "units_with:dossier.pending[field=f1]",
        "units_with:site.open[level=DISTRICT] flow:document.issued",
        "moved_in:dossier.pending",
        "moved_out:dossier.pending",
        "moved_in:site.open[level=COMMUNE]",
        "flow:dossier.received_online[field=f1]",
        "closing:dossier.pending[procedure=1.001]",
        "opening:dossier.pending[field=f2,level=DEPARTMENT]",
        "closing:dossier.pending -closing:dossier.overdue",
        "flow:anomaly",
    ]
    .iter()
    .map(|text| Rule::Sum(terms(text)))
    .collect();
    rules.push(Rule::Ratio {
        part: terms("units_with:dossier.pending -flow:document.issued"),
        whole: terms("units closing:dossier.pending opening:dossier.pending"),
    });
    let used = vec![Measure::DossierReceivedOnline, Measure::DossierReceivedDirect];
    rules.push(Rule::Distinct(FacetKind::Procedure, used.clone()));
    rules.push(Rule::Distinct(FacetKind::Field, used));
    for (nature, id) in [(Nature::Flow, "S1"), (Nature::Stock, "S2"), (Nature::Ratio, "S1")] {
        rules.push(Rule::Declared { indicator: id.to_owned(), nature });
    }
    for measure in Measure::ALL.iter().skip(usize::from(pick % 8)).step_by(8) {
        for reading in [Reading::Flow, Reading::Opening, Reading::Closing, Reading::MovedOut] {
            rules.push(Rule::Sum(vec![Term::of(reading, *measure)]));
        }
    }
    rules
}

/// The timelines of a log, each with the unit that speaks.
fn timelines(world: &World, log: &[Message]) -> BTreeMap<u128, (UnitCode, Timeline)> {
    let mut found = BTreeMap::new();
    for event in log.iter().filter_map(|message| message.said.as_ref().ok()) {
        if let Some(bytes) = world.store.entries.get(&event.timeline.0) {
            let timeline = Timeline::unpack(bytes).unwrap();
            found.insert(event.timeline.0, (event.unit, timeline));
        }
    }
    found
}

/// A log with what the store holds at its end.
struct Told {
    timelines: BTreeMap<u128, (UnitCode, Timeline)>,
    world: World,
}

impl Told {
    fn new(log: &[Message]) -> Self {
        let world = World::of(log);
        Self { timelines: timelines(&world, log), world }
    }

    /// All that timelines have in a figure, as far as it was known.
    fn explained(&self, figure: &Figure<'_>, query: Query, position: u64) -> Tally {
        let knowledge = Knowledge { position, day: query.known };
        let registry = self.world.projection.registry().known(knowledge);
        let scope = Scope::of_all(query, &registry);
        let mut tally = Tally::default();
        for (unit, timeline) in self.timelines.values() {
            let timeline = timeline.known(knowledge);
            for part in scope.parts(figure, &scope.reach(figure, *unit), &timeline) {
                tally.add(&part);
            }
        }
        tally
    }
}

/// The value of a figure and what its parts must come to, read from the cells.
fn read(world: &World, of: &Figure<'_>, query: Query) -> (Value, Listed) {
    let registry = match query.known {
        Some(day) => world.projection.registry().as_known(day),
        None => world.projection.registry().clone(),
    };
    let reader = Reader::new(&world.store, &registry);
    let (sources, rule) = (reader.sources(), indicator("x", of.rule.clone()));
    let scope = Scope::of_all(query, &registry);
    let empty = tonghop_core::book::Book::default();
    match of.code {
        None => {
            let book = scope.open(sources.book, sources.facets);
            (figure(&rule, query, sources), scope.expected(of, &book))
        }
        Some((kind, code)) => {
            let held = sources.facets.get(&kind).and_then(|books| books.get(code));
            let all = scope.open(sources.book, sources.facets);
            let book = scope.open_code(kind, code, held.unwrap_or(&empty), &all);
            (figure_of_code(&rule, query, sources, kind, code), scope.expected(of, &book))
        }
    }
}

/// EXP-1 for one figure, asked for as it was known at a position of the log before its end.
fn check(told: &Told, then: &World, of: &Figure<'_>, query: Query) -> Result<(), TestCaseError> {
    let tally = told.explained(of, query, then.store.position);
    let (value, expected) = read(then, of, query);
    prop_assert_eq!(tally.listed(), expected, "{:?} {:?}", of, query);
    let counted = match value {
        Value::Count(part) => Share { part, whole: 0 },
        Value::Share(share) => share,
        Value::Nil | Value::Missing | Value::Bound(_) | Value::BoundShare(..) => return Ok(()),
    };
    if !matches!(of.rule, Rule::Declared { .. }) {
        prop_assert_eq!(tally.value(), counted, "{:?} {:?}", of, query);
    }
    Ok(())
}

fn log(turns: &[Turn], facts: &[kit::facts::Fact]) -> Vec<Message> {
    let turns = turns.iter().enumerate().map(|(n, t)| turn(*t, n, false));
    log_after(messages(PRELUDE.lines().nth(1).unwrap(), 1), turns, facts)
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn exp_1_what_is_listed_adds_up(
        turns in vec(any::<Turn>(), 1..14), facts in facts(60), window in window(),
        root in 0..CODES.len(), on in proptest::option::weighted(0.6, 8_u8..16), pick in any::<u8>(),
        known in proptest::option::weighted(0.2, RECORDED..RECORDED + 20),
        cut in proptest::option::weighted(0.3, any::<u16>()),
        read_on in proptest::option::weighted(0.3, 2_u8..16), founded in any::<bool>(),
    ) {
        let log = if founded { lineage::log(&turns, &facts) } else { log(&turns, &facts) };
        let told = Told::new(&log);
        let then = World::of(&log[..cut.map_or(log.len(), |n| 1 + usize::from(n) % log.len())]);
        let query = Query {
            root: kit::unit(CODES[root]),
            window,
            known: known.map(day),
            tree: on.map_or(Tree::AsWas, |on| Tree::On(day(on))),
            read_on: read_on.map(day),
        };
        for rule in rules(pick) {
            check(&told, &then, &Figure { rule: &rule, code: None }, query)?;
            for (kind, code) in [(FacetKind::Field, "f1"), (FacetKind::Procedure, "1.002")] {
                if rule.can_be_read_by(kind) {
                    check(&told, &then, &Figure { rule: &rule, code: Some((kind, code)) }, query)?;
                }
            }
        }
    }
}

#[test]
fn a_correction_is_booked_on_the_day_that_it_was_recorded() {
    let lines = "
        H41.16 dossier D1 2021-06-20 accepted ONLINE f1 p1 due=2021-06-30 id=a1 rec=2021-06-20
        H41.16 dossier D1 2021-07-01 settled APPROVED id=a2 rec=2021-07-01
        H41.16 dossier D1 2021-06-30 settled APPROVED id=a3 replaces=a2 rec=2021-07-05";
    let mut log = messages(PRELUDE, 1);
    log.extend(messages(lines, 4));
    let told = Told::new(&log);
    let rule = Rule::Sum(terms("flow:dossier.settled_late"));
    let of = Figure { rule: &rule, code: None };
    let window = Window::new(kit::day("2021-06-15"), kit::day("2021-09-14")).unwrap();
    let root = kit::unit("H41.16");
    let query = Query { root, window, known: None, tree: Tree::AsWas, read_on: None };
    let scope = Scope::of_all(query, told.world.projection.registry());
    let reach = scope.reach(&of, root);
    let mut found = Vec::new();
    for (unit, timeline) in told.timelines.values().filter(|(unit, _)| *unit == root) {
        assert!(!scope.reach(&of, *unit).is_empty());
        for part in scope.parts(&of, &reach, timeline) {
            let word = part.measure.unwrap().word();
            found.push(format!("{word} {} {:+} ({})", part.day, part.amount, part.recorded));
        }
    }
    let expected = [
        "dossier.settled_late 2021-07-01 +1 (2021-07-01)",
        "dossier.settled_late 2021-07-01 -1 (2021-07-05)",
    ];
    assert_eq!(found, expected);
    let (_, timeline) = told.timelines.values().find(|(unit, _)| *unit == root).unwrap();
    let standings: Vec<Standing> = timeline.standings().into_iter().map(|(_, s)| s).collect();
    // In order of what happened: the correction is dated before what it replaces.
    assert_eq!(standings, [Standing::InForce, Standing::InForce, Standing::Replaced]);
    assert!(scope.reach(&of, kit::unit("H41.17")).is_empty());
}
