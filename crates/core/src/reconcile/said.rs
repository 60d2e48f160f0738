//! What declarations tell by themselves and against one another.

use std::collections::{BTreeMap, BTreeSet};

use super::{FindingKind as Kind, Findings, tell};
use crate::catalogue::{Catalogue, Indicator, Label, Nature};
use crate::checks::{Operand, Quantity, Relation, Severity};
use crate::day::{Day, Window};
use crate::declared::{Range, Said, Statement};
use crate::form::Sources;
use crate::read::{Query, Tree};
use crate::unit_code::UnitCode;
use crate::words::Qualifier;

/// The days that a declaration names.
type Frame = (Option<Day>, Option<Day>, Option<Day>);

/// Words of a note after which a number is a bound, in lower case.
const BOUND_WORDS: &[&str] = &[
    "trên ",
    "hơn ",
    "khoảng ",
    "gần ",
    "dưới ",
    "ít nhất ",
    "tối đa ",
    "over ",
    "about ",
    "at least ",
    "at most ",
    "nearly ",
    "more than ",
    "less than ",
];

pub(super) fn find(
    statements: &[Statement],
    catalogue: &Catalogue,
    query: Query,
    sources: Sources<'_>,
    out: &mut Findings,
) {
    for statement in statements {
        alone(statement, catalogue, out);
    }
    // Statements are in order of indicator, so that those of one stand together.
    let same = |a: &Statement, b: &Statement| a.declaration.indicator == b.declaration.indicator;
    for of_indicator in statements.chunk_by(same) {
        let mut by_unit: BTreeMap<UnitCode, Vec<&Statement>> = BTreeMap::new();
        for statement in of_indicator {
            by_unit.entry(statement.unit).or_default().push(statement);
        }
        let first = of_indicator.first().map(|first| &*first.declaration.indicator);
        let adds = first.and_then(|id| catalogue.indicator(id)).map(Indicator::adds_as);
        for statements in by_unit.values() {
            in_one_window(statements, out);
            if adds == Some(Nature::Flow) {
                windows_inside(statements, statements, out);
            }
        }
        if matches!(adds, Some(Nature::Flow | Nature::Stock)) {
            parts_of_units(&by_unit, query, sources, out);
        }
    }
    parts_inside(statements, catalogue, out);
    windows(statements, catalogue, query, out);
}

/// What is odd about one declaration.
fn alone(statement: &Statement, catalogue: &Catalogue, out: &mut Findings) {
    let declaration = &statement.declaration;
    let mut say = |kind, severity, text: &dyn Fn() -> Label| {
        out.say(kind, severity, &[statement], text);
    };
    let indicator = catalogue.indicator(&declaration.indicator);
    if indicator.is_none() {
        say(Kind::IndicatorUnknown, Severity::Warning, &|| tell::unknown(statement));
    }
    if indicator.is_some_and(|indicator| !indicator.is_valid_on(statement.day)) {
        say(Kind::IndicatorNotValid, Severity::Warning, &|| tell::not_valid(statement));
    }
    let at_least = matches!(declaration.qualifier, Qualifier::Exact | Qualifier::AtLeast);
    if at_least && declaration.of.is_some_and(|of| declaration.value > of) {
        say(Kind::PartOverWhole, Severity::Error, &|| tell::over_whole(statement));
    }
    let in_window = declaration.from.zip(declaration.to).filter(|(from, to)| from < to);
    if indicator.is_some_and(|i| i.adds_as() == Nature::Stock && i.rule.is_as_of_a_day())
        && let Some((from, to)) = in_window
        && declaration.as_of.is_none()
    {
        say(Kind::StockInWindow, Severity::Warning, &|| tell::stock_in_window(statement, from, to));
    }
    match declaration.qualifier {
        Qualifier::AtLeast | Qualifier::AtMost | Qualifier::Approximate => {
            say(Kind::Bound, Severity::Advice, &|| tell::bound(statement));
        }
        Qualifier::Exact => {
            let note = declaration.note.as_deref().unwrap_or_default().to_lowercase();
            let word = BOUND_WORDS.iter().find(|word| {
                let number = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
                note.match_indices(**word)
                    .any(|(at, word)| note.get(at + word.len()..).is_some_and(number))
            });
            if let Some(word) = word {
                say(Kind::BoundInNote, Severity::Warning, &|| tell::bound_in_note(statement, word));
            }
        }
        Qualifier::Nil => {}
    }
}

/// Of one unit and indicator: what is said twice, and what is said otherwise.
fn in_one_window(statements: &[&Statement], out: &mut Findings) {
    let mut by_frame: BTreeMap<Frame, Vec<&Statement>> = BTreeMap::new();
    for statement in statements {
        by_frame.entry(statement.frame()).or_default().push(statement);
    }
    for said in by_frame.values() {
        let mut by_value: BTreeMap<(Said, Option<u32>), Vec<&Statement>> = BTreeMap::new();
        for statement in said {
            let key = (Said::of(&statement.declaration), statement.declaration.of);
            by_value.entry(key).or_default().push(statement);
        }
        for repeated in by_value.values() {
            let times = repeated.iter().map(|statement| statement.times).sum();
            if times > 1 {
                let text = || tell::repetition(repeated, times);
                out.say(Kind::Repetition, Severity::Advice, repeated, text);
            }
        }
        let values: Vec<(Range, Option<u32>)> = by_value
            .keys()
            .filter_map(|(said, of)| said.range().map(|range| (range, *of)))
            .collect();
        if values.len() > 1 {
            let each: Vec<&Statement> =
                by_value.values().filter_map(|same| same.first()).copied().collect();
            let severity = if all_agree(&values) { Severity::Warning } else { Severity::Error };
            let text = || tell::contradiction(&each, severity);
            out.say(Kind::Contradiction, severity, &each, text);
        }
    }
}

/// Whether any two of them can mean one number of one whole.
fn all_agree(values: &[(Range, Option<u32>)]) -> bool {
    values.iter().enumerate().all(|(place, (range, of))| {
        values.iter().skip(place + 1).all(|(other, other_of)| {
            let one_whole = of.is_none() || other_of.is_none() || of == other_of;
            one_whole && range.agrees(*other)
        })
    })
}

/// What happened in a window as a part of something larger is inside what happened of that in every
/// window around it. A rule `part <= whole` of two flows says what is a part of what.
fn parts_inside(statements: &[Statement], catalogue: &Catalogue, out: &mut Findings) {
    let flow = |side: &[Operand]| match side {
        [Operand { negative: false, term: Quantity::Of(place), .. }] => catalogue
            .indicators
            .get(*place)
            .filter(|indicator| indicator.adds_as() == Nature::Flow)
            .map(|indicator| indicator.id.as_str()),
        _ => None,
    };
    for check in catalogue.checks.iter().filter(|check| check.relation == Relation::AtMost) {
        let (Some(part), Some(whole)) = (flow(&check.left), flow(&check.right)) else { continue };
        let mut by_unit: BTreeMap<UnitCode, (Vec<&Statement>, Vec<&Statement>)> = BTreeMap::new();
        for statement in statements {
            let (parts, wholes) = by_unit.entry(statement.unit).or_default();
            match &*statement.declaration.indicator {
                id if id == part => parts.push(statement),
                id if id == whole => wholes.push(statement),
                _ => {}
            }
        }
        for (parts, wholes) in by_unit.values() {
            windows_inside(parts, wholes, out);
        }
    }
}

/// What happened in a window happened in every window around it.
fn windows_inside(inners: &[&Statement], outers: &[&Statement], out: &mut Findings) {
    let mut seen: BTreeSet<(Window, Window)> = BTreeSet::new();
    for inner in inners {
        for outer in outers {
            let Some((inside, around)) = inner.window().zip(outer.window()) else { continue };
            let is_inside = around.from <= inside.from && inside.to <= around.to;
            if !is_inside || inside == around || !seen.insert((inside, around)) {
                continue;
            }
            let ranges =
                (Said::of(&inner.declaration).range(), Said::of(&outer.declaration).range());
            let (Some(part), Some(whole)) = ranges else { continue };
            let fits = part.rough || whole.rough || whole.high.is_none_or(|high| part.low <= high);
            let (kind, severity) = if fits {
                (Kind::Contained, Severity::Advice)
            } else {
                (Kind::Nested, Severity::Error)
            };
            out.say(kind, severity, &[inner, outer], || tell::inside(inner, outer, fits));
        }
    }
}

/// A unit cannot have more than the unit that it is part of.
fn parts_of_units(
    by_unit: &BTreeMap<UnitCode, Vec<&Statement>>,
    query: Query,
    sources: Sources<'_>,
    out: &mut Findings,
) {
    let mut wholes: BTreeMap<(UnitCode, Frame), Vec<&Statement>> = BTreeMap::new();
    for whole in by_unit.values().flatten() {
        wholes.entry((whole.unit, whole.frame())).or_default().push(whole);
    }
    for part in by_unit.values().flatten() {
        let day = match query.tree {
            Tree::AsWas => part.day,
            Tree::On(day) => day,
        };
        for above in sources.registry.chain(part.unit, day).iter().skip(1) {
            for whole in wholes.get(&(*above, part.frame())).into_iter().flatten() {
                let ranges =
                    (Said::of(&part.declaration).range(), Said::of(&whole.declaration).range());
                let (Some(less), Some(more)) = ranges else { continue };
                if !less.rough && !more.rough && more.high.is_some_and(|h| less.low > h) {
                    out.say(Kind::PartOverUnit, Severity::Error, &[part, whole], || {
                        tell::part_over_unit(part, whole)
                    });
                }
            }
        }
    }
}

/// The windows that are not the period, each once; and what names no window at all.
fn windows(statements: &[Statement], catalogue: &Catalogue, query: Query, out: &mut Findings) {
    let mut others: BTreeMap<(UnitCode, Window), Vec<&Statement>> = BTreeMap::new();
    let mut open: BTreeMap<UnitCode, Vec<&Statement>> = BTreeMap::new();
    let mut missing: BTreeMap<UnitCode, Vec<&Statement>> = BTreeMap::new();
    for statement in statements {
        let indicator = catalogue.indicator(&statement.declaration.indicator);
        let is_as_of = indicator.is_some_and(|i| i.rule.is_as_of_a_day());
        let adds = indicator.map(Indicator::adds_as);
        let is_of_days = !is_as_of && matches!(adds, Some(Nature::Flow | Nature::Stock));
        match statement.frame() {
            (Some(from), Some(to), _) => {
                let window = Window { from, to };
                // A day in the period is when it happened, not another period.
                let is_day = from == to && query.window.contains(from);
                if window != query.window && !is_day {
                    others.entry((statement.unit, window)).or_default().push(statement);
                }
            }
            (Some(_), None, _) | (None, Some(_), None) if !is_as_of => {
                open.entry(statement.unit).or_default().push(statement);
            }
            (None, None, None) if is_of_days => {
                missing.entry(statement.unit).or_default().push(statement);
            }
            (Some(_) | None, Some(_) | None, Some(_) | None) => {}
        }
    }
    for ((_, window), said) in &others {
        let text = || tell::window(*window, query.window, said);
        out.say(Kind::Window, Severity::Warning, said, text);
    }
    for said in open.values() {
        out.say(Kind::WindowOpen, Severity::Warning, said, || tell::window_open(said));
    }
    for said in missing.values() {
        out.say(Kind::WindowMissing, Severity::Warning, said, || tell::window_missing(said));
    }
}
