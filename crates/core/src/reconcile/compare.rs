//! Declared against computed, over the declaration's own window.

use super::Figures;
use crate::catalogue::{Catalogue, Indicator, Nature};
use crate::day::Window;
use crate::declared::{Range, Said, Statement};
use crate::pack::words;
use crate::read::{Query, Share, Value};

words! {
    /// Whether what is declared is what is computed.
    Verdict {
        /// It is.
        Agrees = 1 "agrees",
        /// It is not.
        Differs = 2 "differs",
        /// Nothing that it is made of was ever reported by the unit or below it.
        NotReported = 3 "not_reported",
        /// The declaration does not say of which days it is.
        NotComparable = 4 "not_comparable",
    }
}

words! {
    /// Why a declared figure may differ from the computed one.
    Cause {
        /// What was known when it was declared is what is declared: the rest was reported later.
        ReportedLate = 1 "reported_late",
        /// It is the figure of the period, not of the window that it names.
        PeriodWindow = 2 "period_window",
        /// It is the figure of another indicator.
        Definition = 3 "definition",
        /// More is declared than the systems have reported: units or days are missing.
        UnitsMissing = 4 "units_missing",
        /// Nothing explains it.
        Unexplained = 5 "unexplained",
    }
}

/// A declaration beside what is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What is declared.
    pub statement: Statement,
    /// The window that is compared over; none if the declaration does not say.
    pub window: Option<Window>,
    /// Whether that is the window of the report.
    pub is_period: bool,
    /// What is computed over it.
    pub computed: Option<Value>,
    /// Declared less computed, where both are numbers.
    pub difference: Option<i64>,
    /// Whether they agree.
    pub verdict: Verdict,
    /// Why they may differ.
    pub cause: Option<Cause>,
    /// The other indicator, for [`Cause::Definition`].
    pub other: Option<String>,
}

/// The comparisons, in order of the statements; and how many are not made, because so many scopes
/// were.
pub(super) fn all(
    statements: &[Statement],
    catalogue: &Catalogue,
    query: Query,
    figures: &mut Figures<'_>,
) -> (Vec<Comparison>, usize) {
    let mut computed: Vec<(usize, &Statement, &Indicator)> = (0..)
        .zip(statements)
        .filter_map(|(place, statement)| {
            let indicator = catalogue.indicator(&statement.declaration.indicator)?;
            (indicator.nature != Nature::Declared).then_some((place, statement, indicator))
        })
        .collect();
    // By unit and window, so that what is computed there is worked out once for all statements.
    computed.sort_by_key(|(_, statement, indicator)| {
        (statement.unit, own_window(statement, indicator, query.window), statement.recorded)
    });
    let mut left_out = 0;
    let mut comparisons: Vec<(usize, Comparison)> = Vec::new();
    for (place, statement, indicator) in computed {
        let comparison = if figures.has_room() {
            one(statement, indicator, catalogue, query, figures)
        } else {
            None
        };
        match comparison {
            Some(comparison) => comparisons.push((place, comparison)),
            None => left_out += 1,
        }
    }
    comparisons.sort_by_key(|(place, _)| *place);
    (comparisons.into_iter().map(|(_, comparison)| comparison).collect(), left_out)
}

fn one(
    statement: &Statement,
    indicator: &Indicator,
    catalogue: &Catalogue,
    query: Query,
    figures: &mut Figures<'_>,
) -> Option<Comparison> {
    let mut comparison = Comparison {
        statement: statement.clone(),
        window: own_window(statement, indicator, query.window),
        is_period: false,
        computed: None,
        difference: None,
        verdict: Verdict::NotComparable,
        cause: None,
        other: None,
    };
    let Some(window) = comparison.window else { return Some(comparison) };
    comparison.is_period =
        window == query.window || (indicator.rule.is_as_of_a_day() && window.to == query.window.to);
    let computed = figures.read(&indicator.rule, statement.unit, window, query.known)?;
    let agrees = says(statement, computed.subtree);
    // That nothing occurred is what a system says by never sending one kind of what it speaks of;
    // of what nobody was heard of there is no figure, and nothing agrees.
    if !computed.reported && !agrees {
        comparison.verdict = Verdict::NotReported;
        return Some(comparison);
    }
    comparison.computed = Some(computed.subtree);
    comparison.difference = difference(statement, computed.subtree);
    if agrees {
        comparison.verdict = Verdict::Agrees;
        return Some(comparison);
    }
    comparison.verdict = Verdict::Differs;
    let (cause, other) = cause(statement, indicator, window, catalogue, query, figures);
    let more = comparison.difference.is_some_and(|difference| difference > 0);
    let missing = cause == Cause::Unexplained && more;
    comparison.cause = Some(if missing { Cause::UnitsMissing } else { cause });
    comparison.other = other;
    Some(comparison)
}

fn cause(
    statement: &Statement,
    indicator: &Indicator,
    window: Window,
    catalogue: &Catalogue,
    query: Query,
    figures: &mut Figures<'_>,
) -> (Cause, Option<String>) {
    let mut is = |indicator: &Indicator, window, known| {
        let computed = figures.read(&indicator.rule, statement.unit, window, known);
        computed.is_some_and(|computed| says(statement, computed.subtree))
    };
    if is(indicator, window, Some(statement.recorded)) {
        return (Cause::ReportedLate, None);
    }
    if is(indicator, query.window, query.known) {
        return (Cause::PeriodWindow, None);
    }
    let group = |id: &str| id.split('.').next().map(str::to_owned);
    // That another figure is 0 as well explains nothing.
    let like = |other: &&Indicator| {
        statement.declaration.value > 0
            && other.id != indicator.id
            && (other.nature != Nature::Ratio || statement.declaration.of.is_some())
            && group(&other.id) == group(&indicator.id)
    };
    let other = catalogue.indicators.iter().filter(like).find(|o| is(o, window, query.known));
    match other {
        Some(other) => (Cause::Definition, Some(other.id.clone())),
        None => (Cause::Unexplained, None),
    }
}

/// The days to compute over. What is as of a day is read on its day; all else, over its window.
/// What names no day at all is taken to be of the report's window.
fn own_window(statement: &Statement, indicator: &Indicator, period: Window) -> Option<Window> {
    let frame = statement.frame();
    if indicator.rule.is_as_of_a_day() {
        let (_, to, as_of) = frame;
        let day = as_of.or(to).unwrap_or_else(|| statement.day.min(period.to));
        return Window::new(day, day);
    }
    match frame {
        (Some(from), Some(to), _) => Window::new(from, to),
        // What happened on a day has that day for a window; what was carried in has none.
        (None, None, Some(_)) if indicator.nature == Nature::Stock => None,
        (None, None, Some(day)) => Window::new(day, day),
        (None, None, None) => Some(period),
        (Some(_), None, _) | (None, Some(_), _) => None,
    }
}

/// Whether the computed value is what the declaration says.
fn says(statement: &Statement, computed: Value) -> bool {
    let range = Said::of(&statement.declaration).range();
    let of = statement.declaration.of.map(i64::from);
    match (computed, range) {
        (Value::Count(count), Some(range)) => {
            range.agrees(Range::exact(count)) && !far(range, count)
        }
        (Value::Share(share), Some(range)) => share_says(share, range, of),
        (
            Value::Nil
            | Value::Missing
            | Value::Bound(_)
            | Value::BoundShare(..)
            | Value::Count(_)
            | Value::Share(_),
            _,
        ) => false,
    }
}

/// An approximate number is taken for wrong if it is a tenth off.
fn far(range: Range, count: i64) -> bool {
    range.rough && (count - range.low).abs() > (range.low / 10).max(1)
}

/// A ratio is declared with its own parts, or rounded to a whole of 100.
fn share_says(share: Share, range: Range, of: Option<i64>) -> bool {
    // Where no whole is declared, the number is that of the part.
    let Some(whole) = of else {
        return range.agrees(Range::exact(share.part)) && !far(range, share.part);
    };
    if whole == 0 || share.whole == 0 {
        return false;
    }
    if whole == share.whole {
        return range.agrees(Range::exact(share.part));
    }
    let scaled = i128::from(share.part) * i128::from(whole) * 2 + i128::from(share.whole);
    let rounded = scaled.div_euclid(i128::from(share.whole) * 2);
    i64::try_from(rounded).is_ok_and(|rounded| range.agrees(Range::exact(rounded)))
}

fn difference(statement: &Statement, computed: Value) -> Option<i64> {
    let Value::Count(count) = computed else { return None };
    let declared = Said::of(&statement.declaration).range()?.number()?;
    declared.checked_sub(count)
}
