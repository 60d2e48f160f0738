//! Series, books, distinct counts and shares, against naive sums.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::catalogue::{Counted, Only, Reading, Rule, Term};
use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::day::{Day, Window};
use tonghop_core::form::{Sources, figure};
use tonghop_core::measure::{Code, Facet, FacetKind, Measure};
use tonghop_core::read::{Query, Share, Tree, Value};
use tonghop_core::registry::Registry;
use tonghop_core::words::Level;

use crate::kit::forms::{indicator, sum};
use crate::kit::{self};
use crate::laws::cases;

/// Unit, measure, day, recorded day, amount.
type Amount = (u8, bool, u16, u16, i8);

fn key((unit, issued, day, recorded, _): Amount) -> CellKey {
    CellKey {
        unit: kit::unit(["H41", "H41.1", "H41.2"][usize::from(unit % 3)]),
        measure: if issued { Measure::DocumentIssued } else { Measure::DocumentReceived },
        facet: Facet::All,
        day: Day::from_number(day),
        recorded: Day::from_number(recorded),
    }
}

fn amounts() -> impl Strategy<Value = Vec<Amount>> {
    // Days from the very first on: a window that begins on it has nothing before it.
    vec((any::<u8>(), any::<bool>(), 0_u16..8, 4_u16..10, any::<i8>()), 0..40)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn book_1_readings_are_naive_sums(
        amounts in amounts(), a in 0_u16..10, b in 0_u16..10, known in proptest::option::of(3_u16..11),
    ) {
        let mut book = Book::default();
        for amount in &amounts {
            book.add(&key(*amount), i64::from(amount.4));
        }
        let known = known.map(Day::from_number);
        let window = Window::new(Day::from_number(a.min(b)), Day::from_number(a.max(b))).unwrap();
        for unit in ["H41", "H41.1", "H41.2"].map(kit::unit) {
            for measure in [Measure::DocumentIssued, Measure::DocumentReceived] {
                let sum = |holds: &dyn Fn(Day) -> bool| -> i64 {
                    amounts.iter().map(|amount| (key(*amount), i64::from(amount.4)))
                        .filter(|(key, _)| key.unit == unit && key.measure == measure)
                        .filter(|(key, _)| known.is_none_or(|known| key.recorded <= known))
                        .filter(|(key, _)| holds(key.day))
                        .map(|(_, amount)| amount).sum()
                };
                let series = book.unit(unit).and_then(|book| book.series(measure));
                let (flow, stock) = series.map_or((0, 0), |series| {
                    (series.flow(window, known), series.up_to(window.to, known))
                });
                prop_assert_eq!(flow, sum(&|day| window.contains(day)));
                prop_assert_eq!(stock, sum(&|day| day <= window.to));
                let has_any = series.is_some_and(|series| series.has_any(window.to, known));
                let days = (0..=window.to.number()).map(Day::from_number);
                let counts = |on: Day| sum(&|day| day == on) != 0;
                prop_assert_eq!(has_any, days.into_iter().any(counts));
            }
        }
    }

    #[test]
    fn book_4_the_whole_is_the_sum_of_its_units(
        amounts in amounts(), to in 0_u16..10, known in proptest::option::of(3_u16..11),
    ) {
        let mut book = Book::default();
        for amount in &amounts {
            book.add(&key(*amount), i64::from(amount.4));
        }
        let (to, known) = (Day::from_number(to), known.map(Day::from_number));
        for measure in [Measure::DocumentIssued, Measure::DocumentReceived] {
            let units = book.units().filter_map(|(_, unit)| unit.series(measure));
            let sum: i64 = units.map(|series| series.up_to(to, known)).sum();
            let whole = book.whole().series(measure).map_or(0, |series| series.up_to(to, known));
            prop_assert_eq!(whole, sum);
        }
    }

    #[test]
    fn book_3_a_run_is_the_sum_of_its_changes(
        before in amounts(), run in vec((0_u16..8, 4_u16..10, any::<i8>()), 0..20),
    ) {
        let key_of = |day: u16, recorded: u16| key((0, true, day, recorded, 0));
        let mut run: Vec<CellChange> = run
            .iter()
            .map(|(day, recorded, amount)| CellChange {
                key: key_of(*day, *recorded),
                amount: i64::from(*amount),
            })
            .collect();
        run.sort_by(|a, b| a.key.cmp(&b.key));
        let mut one = Book::default();
        for amount in &before {
            one.add(&key(*amount), i64::from(amount.4));
        }
        let mut other = one.clone();
        for change in run.iter().rev() {
            one.add(&change.key, change.amount);
        }
        other.add_run(&run);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn book_2_the_order_of_additions_leaves_no_trace(amounts in amounts()) {
        let (mut one, mut other) = (Book::default(), Book::default());
        for amount in &amounts {
            one.add(&key(*amount), i64::from(amount.4));
        }
        for amount in amounts.iter().rev() {
            other.add(&key(*amount), i64::from(amount.4));
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_distinct_count_is_of_codes_with_a_positive_flow(
        amounts in vec((0_u8..4, any::<bool>(), 0_u16..8, -2_i64..4), 0..20), a in 0_u16..10, b in 0_u16..10,
    ) {
        let mut books = FacetBooks::default();
        let mut flows: BTreeMap<u8, i64> = BTreeMap::new();
        let window = Window::new(Day::from_number(a.min(b)), Day::from_number(a.max(b))).unwrap();
        for (procedure, accepted, day, amount) in &amounts {
            let day = Day::from_number(*day);
            let measure = if *accepted { Measure::PostAccepted } else { Measure::PostDelivered };
            let facet = Facet::Of(FacetKind::Procedure, Code::from(format!("1.{procedure}")));
            let key = CellKey { unit: kit::unit("H41"), measure, facet, day, recorded: day };
            books.add(&key, *amount);
            if window.contains(day) {
                *flows.entry(*procedure).or_default() += amount;
            }
        }
        let mut book = Book::default();
        // The book of all tells which units have cells, and that they speak of the post.
        book.add(&CellKey { measure: Measure::PostAccepted, ..key((0, true, 0, 0, 1)) }, 1);
        let facets = BTreeMap::from([(FacetKind::Procedure, books)]);
        let rule = Rule::Distinct(FacetKind::Procedure, vec![Measure::PostAccepted, Measure::PostDelivered]);
        let query = Query { root: kit::unit("H41"), window, known: None, tree: Tree::AsWas, read_on: None };
        let registry = Registry::default();
        let sources = Sources { registry: &registry, book: &book, facets: &facets };
        let expected = flows.values().filter(|flow| **flow > 0).count();
        let found = figure(&indicator("used", rule), query, sources);
        prop_assert_eq!(found, Value::Count(i64::try_from(expected).unwrap()));
    }
}

#[test]
fn shares_are_rounded_half_up_to_hundredths_of_a_percent() {
    for (part, whole, expected) in [
        (0, 0, None),
        (5, 0, None),
        (0, 7, Some(0)),
        (1, 3, Some(3_333)),
        (2, 3, Some(6_667)),
        (7, 7, Some(10_000)),
        (1, 20_000, Some(1)),
        (1, 20_001, Some(0)),
        (3, 20_000, Some(2)),
        (102_826, 140_857, Some(7_300)),
        (i64::MAX, i64::MAX, Some(10_000)),
        (-1, 3, Some(-3_333)),
    ] {
        assert_eq!(Share { part, whole }.basis_points(), expected, "{part}/{whole}");
    }
    assert!(Value::Share(Share { part: 0, whole: 0 }).is_zero());
    assert!(!Value::Share(Share { part: 0, whole: 1 }).is_zero());
}

#[test]
fn a_ratio_keeps_its_parts() {
    let mut book = Book::default();
    for amount in [(1, true, 1, 4, 3), (1, false, 1, 4, 8), (2, true, 2, 4, 4)] {
        book.add(&key(amount), i64::from(amount.4));
    }
    let rule = |terms: &str| match sum(terms) {
        Rule::Sum(terms) => terms,
        Rule::Distinct(..) | Rule::Ratio { .. } | Rule::Declared { .. } => unreachable!("a sum"),
    };
    let ratio = Rule::Ratio {
        part: rule("flow:document.issued"),
        whole: rule("flow:document.issued flow:document.received"),
    };
    let window = Window::new(Day::MIN, Day::from_number(5)).unwrap();
    let query =
        Query { root: kit::unit("H41"), window, known: None, tree: Tree::AsWas, read_on: None };
    let (registry, facets) = (Registry::default(), BTreeMap::new());
    let sources = Sources { registry: &registry, book: &book, facets: &facets };
    let share = Value::Share(Share { part: 7, whole: 15 });
    assert_eq!(figure(&indicator("x", ratio), query, sources), share);
}

#[test]
fn terms_are_read_or_refused() {
    let term = |negative, reading, measure| {
        let counted = Counted::Amounts(reading, measure);
        Some(Term { negative, counted, only: Only::EVERYTHING })
    };
    let narrowed = |counted, code: Option<(FacetKind, &str)>, level| {
        let code = code.map(|(kind, code)| (kind, Code::from(code)));
        Some(Term { negative: false, counted, only: Only { code, level } })
    };
    let done = Counted::Amounts(Reading::Closing, Measure::DeploymentDone);
    let ioffice = Some((FacetKind::System, "ioffice"));
    let department = Some(Level::Department);
    for (text, expected) in [
        ("flow:document.issued", term(false, Reading::Flow, Measure::DocumentIssued)),
        ("-closing:dossier.overdue", term(true, Reading::Closing, Measure::DossierOverdue)),
        ("opening:site.open", term(false, Reading::Opening, Measure::SiteOpen)),
        ("moved_in:dossier.pending", term(false, Reading::MovedIn, Measure::DossierPending)),
        ("-moved_out:dossier.pending", term(true, Reading::MovedOut, Measure::DossierPending)),
        ("document.issued", None),
        ("sum:document.issued", None),
        ("flow:documents.issued", None),
        ("--flow:document.issued", None),
        ("flow: document.issued", None),
        ("closing:deployment.done[system=ioffice]", narrowed(done, ioffice, None)),
        ("closing:deployment.done[level=DEPARTMENT]", narrowed(done, None, department)),
        (
            "closing:deployment.done[level=DEPARTMENT,system=ioffice]",
            narrowed(done, ioffice, department),
        ),
        ("units", narrowed(Counted::Units, None, None)),
        ("units[level=DEPARTMENT]", narrowed(Counted::Units, None, department)),
        (
            "units_with:certificate.valid[level=DEPARTMENT]",
            narrowed(Counted::UnitsWith(Measure::CertificateValid), None, department),
        ),
        (
            "units_with:deployment.done[system=ioffice]",
            narrowed(Counted::UnitsWith(Measure::DeploymentDone), ioffice, None),
        ),
        ("units[system=ioffice]", None),
        ("units_with:units", None),
        ("units:certificate.valid", None),
        ("closing:deployment.done[kind=QD]", None),
        ("closing:deployment.done[all=x]", None),
        ("closing:deployment.done[]", None),
        ("closing:deployment.done[system=]", None),
        ("closing:deployment.done[system]", None),
        ("closing:deployment.done[system=a,system=b]", None),
        ("closing:deployment.done[level=SYSTEM]", None),
        ("closing:deployment.done[system=ioffice", None),
        ("closing:deployment.done]", None),
        ("", None),
    ] {
        assert_eq!(Term::parse(text), expected, "{text}");
    }
}
