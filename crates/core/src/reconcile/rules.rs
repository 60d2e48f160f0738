//! The rules of the catalogue, held against declared figures and against computed ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{Figures, Finding, FindingKind as Kind, tell};
use crate::catalogue::{Catalogue, Nature};
use crate::checks::{Check, Operand, Quantity, Severity, WhenMissing};
use crate::day::Day;
use crate::declared::{Range, Said, Statement};
use crate::read::{Query, Value};
use crate::unit_code::UnitCode;

/// Ways to choose among contradicting figures that one rule is tried with.
const WAYS_MAX: usize = 1_024;

/// Where figures stand that may be held against one another: a window, or a day, or neither.
type Place = (Option<Day>, Option<Day>);

/// What is said of each quantity of a rule, at one place; each range with who says it.
type Choices<'a> = BTreeMap<Quantity, Vec<(Range, &'a Statement)>>;

/// A number for each quantity.
pub(super) type Way = BTreeMap<Quantity, Range>;

pub(super) fn declared(statements: &[Statement], catalogue: &Catalogue) -> Vec<Finding> {
    let mut by_unit: BTreeMap<UnitCode, Vec<&Statement>> = BTreeMap::new();
    for statement in statements {
        by_unit.entry(statement.unit).or_default().push(statement);
    }
    let mut findings = Vec::new();
    for check in &catalogue.checks {
        for (unit, statements) in &by_unit {
            for place in places(check, statements, catalogue) {
                let choices = choices(check, statements, catalogue, place);
                findings.extend(hold(check, *unit, &choices, catalogue));
            }
        }
    }
    findings
}

fn id_of(quantity: Quantity, catalogue: &Catalogue) -> Option<(&str, Nature)> {
    let indicator = catalogue.indicators.get(quantity.indicator()?)?;
    Some((&indicator.id, indicator.adds_as()))
}

/// The places at which some figure of the rule is said: windows, and days where there is only one.
fn places(check: &Check, statements: &[&Statement], catalogue: &Catalogue) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for statement in statements {
        let declaration = &statement.declaration;
        let about = |operand: &Operand| {
            id_of(operand.term, catalogue).is_some_and(|(id, _)| id == &*declaration.indicator)
        };
        if check.operands().any(about) {
            places.insert(match (declaration.from, declaration.to, declaration.as_of) {
                (None, None, as_of) => (None, as_of),
                (from, to, _) => (from, to),
            });
        }
    }
    // A day that ends a window is looked at with the window.
    let ends: Vec<Day> =
        places.iter().filter(|(from, _)| from.is_some()).filter_map(|(_, to)| *to).collect();
    places.retain(|(from, to)| from.is_some() || to.is_none_or(|to| !ends.contains(&to)));
    places
}

/// What is said at a place: flows of its window, stocks of the window or as of its last day.
fn choices<'a>(
    check: &Check,
    statements: &[&'a Statement],
    catalogue: &Catalogue,
    (from, to): Place,
) -> Choices<'a> {
    let mut choices = Choices::new();
    for operand in check.operands() {
        let Some((id, nature)) = id_of(operand.term, catalogue) else { continue };
        let of_quantity = choices.entry(operand.term).or_default();
        for statement in statements {
            let said = &statement.declaration;
            let in_place =
                (said.from, said.to) == (from, to) && (to.is_some() || said.as_of.is_none());
            let as_of_end = to.is_some()
                && (said.as_of == to || (nature == Nature::Stock && said.to == to))
                && (nature == Nature::Stock || from.is_none());
            if id != &*said.indicator || !(in_place || as_of_end) {
                continue;
            }
            let range = match operand.term {
                Quantity::Whole(_) => said.of.map(|of| Range::exact(i64::from(of))),
                Quantity::Of(_) | Quantity::Number(_) => Said::of(said).range(),
            };
            if let Some(range) = range
                && of_quantity.iter().all(|(held, _)| *held != range)
            {
                of_quantity.push((range, statement));
            }
        }
    }
    choices
}

/// Tries the rule in every way to choose among what is said.
fn hold(
    check: &Check,
    unit: UnitCode,
    choices: &Choices<'_>,
    catalogue: &Catalogue,
) -> Option<Finding> {
    let said_of = |operand: &Operand| {
        operand.term.indicator().is_none()
            || choices.get(&operand.term).is_some_and(|said| !said.is_empty())
    };
    let given = |side: &[Operand]| {
        let mut named = side.iter().filter(|operand| operand.term.indicator().is_some()).peekable();
        named.peek().is_none() || named.any(said_of)
    };
    let complete = check.operands().all(|operand| operand.optional || said_of(operand));
    if !given(&check.left)
        || !given(&check.right)
        || (check.when_missing == WhenMissing::Skip && !complete)
    {
        return None;
    }
    let ways = ways(choices);
    let (good, bad): (Vec<&Way>, Vec<&Way>) = ways.iter().partition(|way| holds(check, way));
    if bad.is_empty() {
        return None;
    }
    let statements = choices.values().flatten().map(|(_, statement)| (*statement).clone());
    let name = |quantity: Quantity| id_of(quantity, catalogue).map_or("", |(id, _)| id).to_owned();
    let (kind, severity, text) = match good.first() {
        None => (Kind::Rule, check.severity, tell::rule(check, &bad, name)),
        Some(way) => {
            let in_good = |quantity: &Quantity, range: &Range| {
                good.iter().any(|way| way.get(quantity) == Some(range))
            };
            let wrong = choices.iter().flat_map(|(quantity, said)| {
                said.iter().map(move |(range, _)| (*quantity, *range))
            });
            let wrong: Vec<(Quantity, Range)> =
                wrong.filter(|(quantity, range)| !in_good(quantity, range)).collect();
            if wrong.is_empty() {
                return None;
            }
            let text = tell::rule_ambiguous(check, way, &wrong, name);
            (Kind::RuleAmbiguous, check.severity.max(Severity::Warning), text)
        }
    };
    let mut statements: Vec<Statement> = statements.collect();
    statements.sort_unstable();
    statements.dedup();
    Some(Finding { kind, severity, unit, check: Some(check.id.clone()), text, statements })
}

/// Every way to take one of what is said for each quantity; the first so many.
fn ways(choices: &Choices<'_>) -> Vec<Way> {
    let mut ways = vec![Way::new()];
    for (quantity, said) in choices {
        if said.is_empty() {
            continue;
        }
        let longer = ways.iter().flat_map(|way| {
            said.iter().map(|(range, _)| {
                let mut way = way.clone();
                way.insert(*quantity, *range);
                way
            })
        });
        ways = longer.take(WAYS_MAX).collect();
    }
    ways
}

/// Whether the rule can hold. What is taken away on one side is added on the other, so that a
/// bound stays one.
fn holds(check: &Check, way: &Way) -> bool {
    let (left, right) = sides(check, way);
    check.relation.can_hold(left, right)
}

pub(super) fn sides(check: &Check, way: &Way) -> (Range, Range) {
    let value = |quantity| match quantity {
        Quantity::Number(number) => Range::exact(i64::from(number)),
        Quantity::Of(_) | Quantity::Whole(_) => {
            way.get(&quantity).copied().unwrap_or(Range::exact(0))
        }
    };
    let sum = |side: &[Operand], other: &[Operand]| {
        let added = side.iter().filter(|operand| !operand.negative);
        let moved = other.iter().filter(|operand| operand.negative);
        added.chain(moved).fold(Range::exact(0), |sum, operand| sum.plus(value(operand.term)))
    };
    (sum(&check.left, &check.right), sum(&check.right, &check.left))
}

/// Rules that cannot be broken, held against what is computed for the root and the window.
pub(super) fn computed(
    catalogue: &Catalogue,
    query: Query,
    figures: &mut Figures<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in catalogue.checks.iter().filter(|check| check.severity == Severity::Error) {
        let mut way = Way::new();
        let complete = check.operands().all(|operand| match operand.term {
            Quantity::Number(_) => true,
            Quantity::Whole(_) => false,
            Quantity::Of(place) => {
                let Some(indicator) = catalogue.indicators.get(place) else { return false };
                let read = figures.read(&indicator.rule, query.root, query.window, query.known);
                let count = read.filter(|read| read.reported).map(|read| read.subtree);
                let Some(Value::Count(count)) = count else { return operand.optional };
                way.insert(operand.term, Range::exact(count));
                true
            }
        });
        if complete && !holds(check, &way) {
            let name = |quantity| id_of(quantity, catalogue).map_or("", |(id, _)| id).to_owned();
            findings.push(Finding {
                kind: Kind::RuleComputed,
                severity: check.severity,
                unit: query.root,
                check: Some(check.id.clone()),
                text: tell::rule(check, &[&way], name),
                statements: Vec::new(),
            });
        }
    }
    findings
}
