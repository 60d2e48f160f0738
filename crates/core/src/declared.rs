//! Declared figures as values: exact, a bound, nil or missing; how they add up; where they stand.
//!
//! *Nil* (không phát sinh) was looked for and did not occur. *Missing* means that nobody said
//! anything. A *bound* (trên 4.000) is a range, not a number. The three are never mixed up.
//!
//! **Invariant SAID-1:** what numbers inside two ranges add up to is inside the sum of the ranges,
//! and no smaller range has all of these sums.
//! **Invariant SAID-2:** adding is commutative and associative, so that a roll-up does not depend
//! on the order of the units.

use crate::book::{Book, FacetBooks};
use crate::catalogue::Nature;
use crate::day::{Day, Window};
use crate::family::figure::Declaration;
use crate::family::narrative::Narrative;
use crate::measure::Measure;
use crate::read::{Share, Value};
use crate::unit_code::UnitCode;
use crate::words::Qualifier;

mod days;
mod shown;

pub use days::for_window;
pub use shown::shown;

/// Whole numbers from `low` to `high`, both possible; never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The least that it can be.
    pub low: i64,
    /// The most that it can be; none: there is no bound.
    pub high: Option<i64>,
    /// Whether an approximate number is in it, so that its ends are no sharp bounds.
    pub rough: bool,
}

impl Range {
    /// One number.
    pub const fn exact(value: i64) -> Self {
        Self { low: value, high: Some(value), rough: false }
    }

    /// The number, if it is one.
    pub fn number(self) -> Option<i64> {
        (self.high == Some(self.low) && !self.rough).then_some(self.low)
    }

    /// All sums of a number of the one and a number of the other.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            high: self.high.zip(other.high).map(|(a, b)| a.saturating_add(b)),
            rough: self.rough || other.rough,
        }
    }

    /// The least range that has both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.zip(other.high).map(|(a, b)| a.max(b)),
            rough: self.rough || other.rough,
        }
    }

    /// Whether one number can be meant by both. What is approximate bounds nothing.
    pub fn agrees(self, other: Self) -> bool {
        self.rough
            || other.rough
            || (other.high.is_none_or(|high| self.low <= high)
                && self.high.is_none_or(|high| other.low <= high))
    }
}

/// What was said of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Nobody said anything.
    Missing,
    /// It was looked for, and nothing occurred.
    Nil,
    /// A number or a bound.
    Range(Range),
}

impl Said {
    /// What a declaration says.
    pub fn of(declaration: &Declaration) -> Self {
        let value = i64::from(declaration.value);
        let most = declaration.of.map(i64::from).filter(|of| *of >= value);
        Self::Range(match declaration.qualifier {
            Qualifier::Nil => return Self::Nil,
            Qualifier::Exact => Range::exact(value),
            // A part is at most the whole.
            Qualifier::AtLeast => Range { low: value, high: most, rough: false },
            Qualifier::AtMost => Range { low: 0, high: Some(value), rough: false },
            Qualifier::Approximate => Range { low: value, high: Some(value), rough: true },
        })
    }

    /// What two units that are both part of a whole say of it together. If one is missing, what is
    /// known is the least that it can be.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missing, Self::Missing) => Self::Missing,
            (Self::Nil, Self::Nil) => Self::Nil,
            (Self::Missing, known) | (known, Self::Missing) => {
                let known = known.range().unwrap_or(Range::exact(0));
                Self::Range(Range { high: None, ..known })
            }
            (Self::Nil, known) | (known, Self::Nil) => known,
            (Self::Range(a), Self::Range(b)) => Self::Range(a.plus(b)),
        }
    }

    /// The numbers that it can be; none if nobody said anything.
    pub const fn range(self) -> Option<Range> {
        match self {
            Self::Missing => None,
            Self::Nil => Some(Range::exact(0)),
            Self::Range(range) => Some(range),
        }
    }
}

/// A declaration in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// What is said.
    pub declaration: Declaration,
    /// Who says it.
    pub unit: UnitCode,
    /// The day on which it counts.
    pub day: Day,
    /// The recorded day since which it stands.
    pub recorded: Day,
    /// How often it is said, word for word.
    pub times: i64,
}

impl Statement {
    /// Whether it is said of days of the window: its own day lies there, or its window does in part.
    pub fn concerns(&self, window: Window) -> bool {
        self.window().map_or(window.contains(self.day), |own| own.intersect(window).is_some())
    }

    /// The days that it is said of, where it names both ends, or one day.
    pub fn window(&self) -> Option<Window> {
        match (self.declaration.from, self.declaration.to, self.declaration.as_of) {
            (Some(from), Some(to), _) => Window::new(from, to),
            (_, _, Some(day)) => Window::new(day, day),
            (Some(_), None, None) | (None, _, None) => None,
        }
    }
}

/// The declarations that stood at the end of the day of knowledge, in order of indicator, unit and
/// what they say. `indicator` narrows them to one.
pub fn statements(
    books: Option<&FacetBooks>,
    indicator: Option<&str>,
    known: Option<Day>,
) -> Vec<Statement> {
    let mut statements = Vec::new();
    let prefix = indicator.map_or_else(String::new, Declaration::prefix);
    for (code, book) in books.into_iter().flat_map(|books| books.starting(&prefix)) {
        if let Some(declaration) = Declaration::parse(code) {
            stand(&declaration, book, known, &mut statements);
        }
    }
    statements.sort_unstable();
    statements
}

fn stand(declaration: &Declaration, book: &Book, known: Option<Day>, out: &mut Vec<Statement>) {
    for (unit, day, recorded, times) in standing(book, Measure::FigureDeclared, known) {
        out.push(Statement { declaration: declaration.clone(), unit, day, recorded, times });
    }
}

/// The cells of a measure that are in force: unit, day, the recorded day since when, how often.
fn standing(book: &Book, measure: Measure, known: Option<Day>) -> Vec<(UnitCode, Day, Day, i64)> {
    let mut standing: Vec<(UnitCode, Day, Day, i64)> = Vec::new();
    for (unit, of_unit) in book.units() {
        let Some(series) = of_unit.series(measure) else { continue };
        let cells = series.cells().filter(|(_, recorded, _)| known.is_none_or(|k| *recorded <= k));
        for (day, recorded, amount) in cells {
            match standing.last_mut() {
                Some((of, held, since, times)) if (*of, *held) == (unit, day) => {
                    if *times <= 0 {
                        *since = recorded;
                    }
                    *times += amount;
                }
                _ => standing.push((unit, day, recorded, amount)),
            }
        }
    }
    standing.retain(|(_, _, _, times)| *times > 0);
    standing
}

/// A text in force, by unit, section and period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// Who wrote it.
    pub unit: UnitCode,
    /// The section, the period and the text.
    pub narrative: Narrative,
    /// The recorded day since which it stands.
    pub recorded: Day,
    /// The day on which it was written.
    pub day: Day,
}

/// The texts that stood at the end of the day of knowledge, in order of unit and section.
pub fn written(books: Option<&FacetBooks>, known: Option<Day>) -> Vec<Written> {
    let mut written = Vec::new();
    for (code, book) in books.into_iter().flat_map(FacetBooks::iter) {
        let Some(narrative) = Narrative::parse(code) else { continue };
        for (unit, day, recorded, _) in standing(book, Measure::NarrativeSubmitted, known) {
            written.push(Written { unit, narrative: narrative.clone(), recorded, day });
        }
    }
    written.sort_unstable();
    written
}

/// The value of a declaration.
pub fn value(declaration: &Declaration) -> Value {
    of_parts(Said::of(declaration), declaration.of.map(i64::from))
}

fn of_parts(said: Said, whole: Option<i64>) -> Value {
    match (said, whole) {
        (Said::Missing, _) => Value::Missing,
        (Said::Nil, _) => Value::Nil,
        (Said::Range(part), Some(whole)) => match part.number() {
            Some(part) => Value::Share(Share { part, whole }),
            None => Value::BoundShare(part, whole),
        },
        (Said::Range(range), None) => range.number().map_or(Value::Bound(range), Value::Count),
    }
}

fn parts(value: Value) -> (Said, Option<i64>) {
    match value {
        Value::Missing => (Said::Missing, None),
        Value::Nil => (Said::Nil, None),
        Value::Count(count) => (Said::Range(Range::exact(count)), None),
        Value::Bound(range) => (Said::Range(range), None),
        Value::Share(share) => (Said::Range(Range::exact(share.part)), Some(share.whole)),
        Value::BoundShare(part, whole) => (Said::Range(part), Some(whole)),
    }
}

/// The value that has both, of two that are said of the same.
fn either(one: Value, other: Value) -> Value {
    let ((a, whole), (b, other_whole)) = (parts(one), parts(other));
    let said = match (a, b) {
        (Said::Missing, said) | (said, Said::Missing) => said,
        (Said::Nil, Said::Nil) => Said::Nil,
        (Said::Nil | Said::Range(_), Said::Nil | Said::Range(_)) => match (a.range(), b.range()) {
            (Some(a), Some(b)) => Said::Range(a.hull(b)),
            _ => Said::Missing,
        },
    };
    let whole = match (a, b) {
        (_, Said::Nil) => whole,
        (Said::Nil, _) => other_whole,
        (Said::Missing | Said::Range(_), Said::Missing | Said::Range(_)) => {
            whole.filter(|_| whole == other_whole)
        }
    };
    of_parts(said, whole)
}

/// The value of a figure over two stretches of days that do not overlap; none for a stock, a distinct
/// count or a ratio, which are read anew for a longer window. What the two are parts of is no sum:
/// the wholes of two quarters may be the same things.
pub fn over_days(nature: Nature, one: Value, other: Value) -> Option<Value> {
    match nature {
        Nature::Flow => Some(of_parts(parts(one).0.plus(parts(other).0), None)),
        Nature::Stock | Nature::Distinct | Nature::Ratio | Nature::Declared => None,
    }
}

/// The value of two units together; none if a figure of this nature is not added over units.
pub fn over_units(nature: Nature, one: Value, other: Value) -> Option<Value> {
    match nature {
        Nature::Flow | Nature::Stock | Nature::Ratio => {}
        Nature::Distinct | Nature::Declared => return None,
    }
    let ((a, whole), (b, other_whole)) = (parts(one), parts(other));
    let whole = match (whole, other_whole) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (only, None) if b == Said::Nil => only,
        (None, only) if a == Said::Nil => only,
        (Some(_) | None, None) | (None, Some(_)) => None,
    };
    Some(of_parts(a.plus(b), whole))
}

#[cfg(test)]
mod tests;
