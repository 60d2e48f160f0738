//! REC-3: how much is looked at and told, counted.

use std::collections::BTreeMap;

use super::figures::HELD_MAX;
use super::*;
use crate::book::{Book, FacetBooks};
use crate::catalogue::{Indicator, Nature, Rule, Term};
use crate::cells::CellKey;
use crate::checks::{Check, Operand, Quantity, Relation, WhenMissing};
use crate::family::figure::Declaration;
use crate::measure::{Code, Facet, Measure};
use crate::registry::Registry;
use crate::words::Qualifier;

fn unit(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap()
}

fn day(number: u16) -> Day {
    Day::from_number(number)
}

fn window(from: u16, to: u16) -> Window {
    Window::new(day(from), day(to)).unwrap()
}

fn says(indicator: &str, own: Window, value: u32) -> Declaration {
    Declaration {
        indicator: Code::from(indicator),
        from: Some(own.from),
        to: Some(own.to),
        as_of: None,
        value,
        of: None,
        qualifier: Qualifier::Exact,
        note: None,
    }
}

/// What these units declare, as cells; and one reported document, if any is.
#[derive(Default)]
struct World {
    registry: Registry,
    book: Book,
    facets: BTreeMap<FacetKind, FacetBooks>,
}

impl World {
    fn add(&mut self, unit: UnitCode, said: &Declaration) {
        let (day, measure) = (said.day(day(0)), Measure::FigureDeclared);
        let facet = Facet::Of(FacetKind::Declared, said.code());
        let key = CellKey { unit, measure, facet, day, recorded: day };
        self.facets.entry(FacetKind::Declared).or_default().add(&key, 1);
        self.book.add(&CellKey { facet: Facet::All, ..key }, 1);
    }

    fn sources(&self) -> Sources<'_> {
        Sources { registry: &self.registry, book: &self.book, facets: &self.facets }
    }
}

fn indicator(id: &str, nature: Nature, rule: Rule) -> Indicator {
    let label = Label { vi: id.to_owned(), en: id.to_owned() };
    Indicator {
        id: id.to_owned(),
        label: label.clone(),
        counted: label,
        nature,
        rule,
        source: String::new(),
        valid_from: None,
        valid_to: None,
    }
}

fn issued() -> Rule {
    Rule::Sum(vec![Term::parse("flow:document.issued").unwrap()])
}

fn catalogue() -> Catalogue {
    let rule = Rule::Declared { indicator: "portal.posted".to_owned(), nature: Nature::Flow };
    let indicators = vec![
        indicator("documents.issued", Nature::Flow, issued()),
        indicator("portal.posted", Nature::Declared, rule),
    ];
    Catalogue { indicators, forms: Vec::new(), calendars: Vec::new(), checks: Vec::new() }
}

fn query() -> Query {
    let (root, tree) = (unit("H41"), Tree::AsWas);
    Query { root, window: window(1_000, 3_000), known: None, tree, read_on: None }
}

#[test]
fn rec_3_windows_inside_windows_are_told_so_often_and_no_more() {
    let mut world = World::default();
    for n in 0..512_u16 {
        world
            .add(unit("H41.1"), &says("portal.posted", window(1_000 + n, 3_000 - n), u32::from(n)));
    }
    let found = reconcile(&catalogue(), query(), &[], world.sources());
    let max = UNIT_STATEMENTS_MAX;
    assert_eq!((found.statements, found.left_out), (max, 512 - max));
    let of_kind = |kind| found.findings.iter().filter(|finding| finding.kind == kind).count();
    // The inner windows have more than the outer ones.
    assert_eq!(of_kind(FindingKind::Nested), FINDINGS_MAX);
    let more = |kind, count| Untold { unit: unit("H41.1"), kind, count };
    let (pairs, others) = (max * (max - 1) / 2, max - 1);
    assert_eq!(
        found.untold,
        [
            more(FindingKind::Nested, pairs - FINDINGS_MAX),
            more(FindingKind::Window, others - FINDINGS_MAX),
        ]
    );
}

#[test]
fn rec_3_no_text_is_made_that_is_not_told() {
    let statement = |n| Statement {
        declaration: says("portal.posted", window(n, 3_000), 0),
        unit: unit("H41.1"),
        day: day(3_000),
        recorded: day(3_000),
        times: 1,
    };
    let mut made = 0;
    let mut findings = Findings::default();
    for n in 0..1_000 {
        findings.say(FindingKind::Contained, Severity::Advice, &[&statement(n)], || {
            made += 1;
            Label { vi: String::new(), en: String::new() }
        });
    }
    assert_eq!(made, FINDINGS_MAX);
    assert_eq!(findings.finish().0.len(), FINDINGS_MAX);
}

#[test]
fn rec_3_nobody_hides_what_others_say() {
    let mut world = World::default();
    let many = unit("H41.1");
    for n in 0..2_000_u16 {
        world.add(many, &says(&format!("a.{n}"), window(1_000, 1_000 + n), 1));
    }
    world.add(many, &says("portal.posted", query().window, 1));
    for n in 2..=460_u16 {
        for m in 0..20_u16 {
            let own = window(1_000, 1_000 + m);
            world.add(unit(&format!("H41.{n}")), &says("portal.posted", own, 1));
        }
    }
    let all = statements(world.facets.get(&FacetKind::Declared), None, None);
    let chosen = bounds::chosen(all, &catalogue());
    assert_eq!(chosen.len(), UNIT_STATEMENTS_MAX + 459 * 20);
    let of_many = || chosen.iter().filter(|said| said.unit == many);
    assert_eq!(of_many().count(), UNIT_STATEMENTS_MAX);
    assert!(of_many().any(|said| &*said.declaration.indicator == "portal.posted"));
    assert!(chosen.is_sorted());
}

#[test]
fn rec_3_where_all_say_much_each_has_as_much_as_the_others() {
    let mut world = World::default();
    let units = u16::try_from(STATEMENTS_MAX / UNIT_STATEMENTS_MAX * 2).unwrap();
    for n in 1..=units {
        for m in 0..u16::try_from(UNIT_STATEMENTS_MAX).unwrap() {
            let id = if m % 2 == 0 { "portal.posted" } else { "a.unknown" };
            world.add(unit(&format!("H41.{n}")), &says(id, window(1_000, 1_000 + m), 1));
        }
    }
    let all = statements(world.facets.get(&FacetKind::Declared), None, None);
    let chosen = bounds::chosen(all, &catalogue());
    assert_eq!(chosen.len(), STATEMENTS_MAX);
    let mut counts: BTreeMap<UnitCode, usize> = BTreeMap::new();
    for said in &chosen {
        *counts.entry(said.unit).or_default() += 1;
    }
    assert_eq!(counts.len(), usize::from(units));
    assert!(counts.values().all(|count| *count == UNIT_STATEMENTS_MAX / 2));
    assert!(chosen.iter().all(|said| &*said.declaration.indicator == "portal.posted"));
}

#[test]
fn rec_3_so_many_scopes_are_made_and_few_are_held() {
    let mut world = World::default();
    let units = u16::try_from(SCOPES_MAX / UNIT_STATEMENTS_MAX + 2).unwrap();
    for n in 1..=units {
        for m in 0..u16::try_from(UNIT_STATEMENTS_MAX).unwrap() {
            let own = window(1_000, 1_100 + m);
            world.add(unit(&format!("H41.{n}")), &says("documents.issued", own, 1));
        }
    }
    let all = statements(world.facets.get(&FacetKind::Declared), None, None);
    let mut figures = Figures::new(query(), world.sources());
    let (comparisons, left_out) = compare::all(&all, &catalogue(), query(), &mut figures);
    assert!(figures.made <= SCOPES_MAX && !figures.has_room(), "{}", figures.made);
    assert_eq!(figures.held(), HELD_MAX);
    assert_eq!(comparisons.len() + left_out, usize::from(units) * UNIT_STATEMENTS_MAX);
    assert!(left_out > UNIT_STATEMENTS_MAX);

    // The rules have as many; what is not read for want of them breaks none and holds in none.
    let operand = |place| {
        let term = Quantity::Of(place);
        Operand { negative: false, optional: false, term }
    };
    let mut with_rule = catalogue();
    with_rule.indicators.push(indicator("documents.other", Nature::Flow, issued()));
    with_rule.checks.push(Check {
        id: "issued".to_owned(),
        label: Label { vi: String::new(), en: String::new() },
        left: vec![operand(0), operand(2)],
        relation: Relation::Equal,
        right: vec![operand(0)],
        when_missing: WhenMissing::Zero,
        severity: Severity::Warning,
    });
    let mut figures = Figures::new(query(), world.sources());
    let (tried, findings) = rules::all(&all, &with_rule, query(), &mut figures);
    assert_eq!(figures.made, SCOPES_MAX);
    assert_eq!((tried[0].held, tried[0].broken, findings), (SCOPES_MAX, 0, Vec::new()));
    assert_eq!(tried[0].not_applicable, all.len() - SCOPES_MAX);

    // Of the windows that all name, each is made once for each unit, however many figures it has.
    let mut world = World::default();
    for n in 1..=50_u16 {
        for m in 0..UNIT_STATEMENTS_MAX {
            let said = says("documents.issued", window(1_000, 1_100), u32::try_from(m).unwrap());
            world.add(unit(&format!("H41.{n}")), &said);
        }
    }
    let all = statements(world.facets.get(&FacetKind::Declared), None, None);
    let mut figures = Figures::new(query(), world.sources());
    compare::all(&all, &catalogue(), query(), &mut figures);
    assert_eq!(figures.made, 50);
}
