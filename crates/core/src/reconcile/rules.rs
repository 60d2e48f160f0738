//! The rules of the catalogue, held against figures: each is what the unit declared at a place,
//! else what is computed for the unit there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Figures, Finding, FindingKind as Kind, tell};
use crate::catalogue::{Catalogue, Indicator, Rule};
use crate::checks::{Check, Operand, Quantity, Severity, WhenMissing};
use crate::day::{Day, Window};
use crate::declared::{Range, Said, Statement};
use crate::read::{Query, Value};
use crate::unit_code::UnitCode;

/// Ways to choose among contradicting figures that one rule is tried with.
const WAYS_MAX: usize = 1_024;

/// Where figures stand that may be held against one another: a window, or a day, or neither.
type Place = (Option<Day>, Option<Day>);

/// What may be meant by each quantity of a rule, at one place; each range with who says it, if it
/// is not computed.
type Choices<'a> = BTreeMap<Quantity, Vec<(Range, Option<&'a Statement>)>>;

/// A number for each quantity.
pub(super) type Way = BTreeMap<Quantity, Range>;

/// What one unit declared, by indicator.
type Declared<'a> = BTreeMap<&'a str, Vec<&'a Statement>>;

/// How often a rule was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The rule.
    pub check: String,
    /// Times that it holds, whatever figures are chosen.
    pub held: usize,
    /// Times that it does not hold, or only with some of the figures.
    pub broken: usize,
    /// Times that a figure is missing.
    pub not_applicable: usize,
}

/// What comes of one trial.
enum Outcome {
    Held,
    Broken(Box<Finding>),
    NotApplicable,
}

/// Holds every rule wherever a unit declared one of its figures; those that cannot be broken, also
/// against what is computed for the root and the window.
pub(super) fn all(
    statements: &[Statement],
    catalogue: &Catalogue,
    query: Query,
    figures: &mut Figures<'_>,
) -> (Vec<Tried>, Vec<Finding>) {
    let mut by_unit: BTreeMap<UnitCode, Declared<'_>> = BTreeMap::new();
    for statement in statements {
        let of_unit = by_unit.entry(statement.unit).or_default();
        of_unit.entry(&statement.declaration.indicator).or_default().push(statement);
    }
    let nothing = Declared::new();
    let whole = (Some(query.window.from), Some(query.window.to));
    let mut trials: BTreeSet<(UnitCode, Place, usize)> = BTreeSet::new();
    for (number, check) in catalogue.checks.iter().enumerate() {
        for (unit, declared) in &by_unit {
            let places = places(check, declared, catalogue);
            trials.extend(places.into_iter().map(|place| (*unit, place, number)));
        }
        if check.severity == Severity::Error {
            trials.insert((query.root, whole, number));
        }
    }
    let none =
        |check: &Check| Tried { check: check.id.clone(), held: 0, broken: 0, not_applicable: 0 };
    let mut tried: Vec<Tried> = catalogue.checks.iter().map(none).collect();
    let mut findings = Vec::new();
    // By unit and place, so that what is computed there is worked out once for all rules.
    for (unit, place, number) in trials {
        let declared = by_unit.get(&unit).unwrap_or(&nothing);
        let checks = catalogue.checks.get(number).zip(tried.get_mut(number));
        let Some((check, tried)) = checks else { continue };
        let at = At { unit, place, known: query.known };
        let choices = choices(check, declared, catalogue, at, figures);
        let outcome = if figures.take_refused() {
            Outcome::NotApplicable
        } else {
            hold(check, unit, &choices, catalogue)
        };
        match outcome {
            Outcome::Held => tried.held += 1,
            Outcome::NotApplicable => tried.not_applicable += 1,
            Outcome::Broken(finding) => {
                tried.broken += 1;
                findings.push(*finding);
            }
        }
    }
    (tried, findings)
}

fn of(quantity: Quantity, catalogue: &Catalogue) -> Option<&Indicator> {
    catalogue.indicators.get(quantity.indicator()?)
}

/// The places at which some figure of the rule is said: windows, and days where there is only one.
fn places(check: &Check, declared: &Declared<'_>, catalogue: &Catalogue) -> BTreeSet<Place> {
    let indicators = check.operands().filter_map(|operand| of(operand.term, catalogue));
    let said = indicators.filter_map(|indicator| declared.get(indicator.id.as_str())).flatten();
    let mut places: BTreeSet<Place> = said
        .map(|statement| match statement.frame() {
            (None, None, as_of) => (None, as_of),
            (from, to, _) => (from, to),
        })
        .collect();
    // A day that ends a window is looked at with the window.
    let ends: BTreeSet<Day> =
        places.iter().filter(|(from, _)| from.is_some()).filter_map(|(_, to)| *to).collect();
    places.retain(|(from, to)| from.is_some() || to.is_none_or(|to| !ends.contains(&to)));
    places
}

/// Whose figures are looked at, and where.
#[derive(Clone, Copy)]
struct At {
    unit: UnitCode,
    place: Place,
    known: Option<Day>,
}

impl At {
    /// Whether the statement stands here: what is of the window, and what is as of its last day.
    fn has(self, statement: &Statement, is_as_of: bool) -> bool {
        let (said_from, said_to, as_of) = statement.frame();
        let (from, to) = self.place;
        let in_place = (said_from, said_to) == (from, to) && (to.is_some() || as_of.is_none());
        let as_of_end = to.is_some()
            && (as_of == to || (is_as_of && said_to == to))
            && (is_as_of || from.is_none());
        in_place || as_of_end
    }

    /// The days over which a figure is computed that is to stand beside what is declared here. What
    /// names no day may be of days other than those that would be computed: it stands alone.
    fn days(self, is_as_of: bool) -> Option<Window> {
        match self.place {
            (_, Some(to)) if is_as_of => Window::new(to, to),
            (Some(from), Some(to)) => Window::new(from, to),
            (Some(_) | None, None) | (None, Some(_)) => None,
        }
    }
}

/// What may be meant by each quantity at a place.
fn choices<'a>(
    check: &Check,
    declared: &Declared<'a>,
    catalogue: &Catalogue,
    at: At,
    figures: &mut Figures<'_>,
) -> Choices<'a> {
    let mut choices = Choices::new();
    for operand in check.operands() {
        let Some(indicator) = of(operand.term, catalogue) else { continue };
        let is_as_of = indicator.rule.is_as_of_a_day();
        let of_quantity = choices.entry(operand.term).or_default();
        let said = declared.get(indicator.id.as_str()).into_iter().flatten();
        for statement in said.filter(|statement| at.has(statement, is_as_of)) {
            let said = &statement.declaration;
            let range = match operand.term {
                Quantity::Whole(_) => said.of.map(|of| Range::exact(i64::from(of))),
                Quantity::Of(_) | Quantity::Number(_) => Said::of(said).range(),
            };
            if let Some(range) = range
                && of_quantity.iter().all(|(held, _)| *held != range)
            {
                of_quantity.push((range, Some(*statement)));
            }
        }
    }
    for (quantity, of_quantity) in &mut choices {
        let Some(indicator) = of(*quantity, catalogue).filter(|_| of_quantity.is_empty()) else {
            continue;
        };
        let days = at.days(indicator.rule.is_as_of_a_day());
        let number = days.and_then(|days| computed(*quantity, &indicator.rule, at, days, figures));
        of_quantity.extend(number.map(|number| (Range::exact(number), None)));
    }
    choices
}

/// What is computed of a quantity, if anything was reported that it is made of.
fn computed(
    quantity: Quantity,
    rule: &Rule,
    at: At,
    days: Window,
    figures: &mut Figures<'_>,
) -> Option<i64> {
    let read = figures.read(rule, at.unit, days, at.known).filter(|read| read.reported)?;
    match (quantity, read.subtree) {
        (Quantity::Of(_), Value::Count(count)) => Some(count),
        (Quantity::Of(_), Value::Share(share)) => Some(share.part),
        (Quantity::Whole(_), Value::Share(share)) => Some(share.whole),
        (Quantity::Of(_) | Quantity::Whole(_) | Quantity::Number(_), _) => None,
    }
}

/// Tries the rule in every way to choose among what may be meant.
fn hold(check: &Check, unit: UnitCode, choices: &Choices<'_>, catalogue: &Catalogue) -> Outcome {
    if !is_applicable(check, choices) {
        return Outcome::NotApplicable;
    }
    let ways = ways(choices);
    let (good, bad): (Vec<&Way>, Vec<&Way>) = ways.iter().partition(|way| holds(check, way));
    if bad.is_empty() {
        return Outcome::Held;
    }
    let mut statements: Vec<Statement> =
        choices.values().flatten().filter_map(|(_, said)| *said).cloned().collect();
    statements.sort_unstable();
    statements.dedup();
    let name = |quantity| of(quantity, catalogue).map_or("", |indicator| &indicator.id).to_owned();
    let (kind, severity, text) = match good.first() {
        None => {
            let is_said = !statements.is_empty();
            let kind = if is_said { Kind::Rule } else { Kind::RuleComputed };
            (kind, check.severity, tell::rule(check, &bad, name))
        }
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
                return Outcome::Held;
            }
            let text = tell::rule_ambiguous(check, way, &wrong, name);
            (Kind::RuleAmbiguous, check.severity.max(Severity::Warning), text)
        }
    };
    let check = Some(check.id.clone());
    Outcome::Broken(Box::new(Finding { kind, severity, unit, check, text, statements }))
}

/// Whether all figures are given that must be; of each side, at least one.
fn is_applicable(check: &Check, choices: &Choices<'_>) -> bool {
    let is_given = |operand: &Operand| {
        operand.term.indicator().is_none()
            || choices.get(&operand.term).is_some_and(|given| !given.is_empty())
    };
    let has_some = |side: &[Operand]| {
        let mut named = side.iter().filter(|operand| operand.term.indicator().is_some()).peekable();
        named.peek().is_none() || named.any(is_given)
    };
    let may_lack = check.when_missing == WhenMissing::Zero;
    has_some(&check.left)
        && has_some(&check.right)
        && check.operands().all(|operand| may_lack || operand.optional || is_given(operand))
}

/// Every way to take one of what may be meant by each quantity; the first so many.
fn ways(choices: &Choices<'_>) -> Vec<Way> {
    let mut ways = vec![Way::new()];
    for (quantity, given) in choices {
        if given.is_empty() {
            continue;
        }
        let longer = ways.iter().flat_map(|way| {
            given.iter().map(|(range, _)| {
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
