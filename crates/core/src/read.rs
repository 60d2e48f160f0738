//! Readings: figures from cells, for a unit's subtree, a window, and a day of knowledge.
//!
//! Flows follow the tree of each day: a unit counts under a parent for the days on which it was
//! there. A stock at a day follows the tree of that day; what units bring along when they move is
//! read by `moved_in` and `moved_out`, so that a subtree's account still closes. In the tree of one
//! day, what units did counts for those who go on with it on that day (`lineage`).
//!
//! A term that is narrowed to a code reads that code's cells; one that is narrowed to a level
//! counts the units of that level, as [`Only`] says.
//!
//! **Invariant READ-1:** the figure of a subtree is the sum over its units, each counted once; a
//! province has the same figures in every tree.
//! **Invariant READ-2:** what is read for each code of a facet adds up to what is read for all.
//! **Invariant READ-3:** the units of a level are those that the registry has on the day.
//! **Invariant READ-4:** what is read for the root alone is what is read for it beside the others.
//! What nobody was ever heard of is missing, not 0: `silence`.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::book::{Book, FacetBooks, Series, UnitBook};
use crate::catalogue::{Counted, Reading, Rule, Term};
use crate::day::{Day, Window};
use crate::declared::Range;
use crate::measure::{FacetKind, Measure};
use crate::registry::Registry;
use crate::unit_code::UnitCode;
use crate::words::Level;

mod chains;
mod declared;
mod explain;
mod lineage;
mod silence;
mod sums;
mod trees;

use chains::{Chains, chains};
pub use explain::{Figure, Listed, Part, Reach, Tally};
pub use lineage::divided_units;
use lineage::{Detour, Folding};
use silence::Told;
pub use silence::Unheard;
pub use sums::{Amounts, Readings, Sums, Total};
pub(crate) use trees::Drawn;
use trees::Trees;

/// A ratio with its parts; never a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The numerator.
    pub part: i64,
    /// The denominator.
    pub whole: i64,
}

impl Share {
    /// Hundredths of a percent, rounded half up; none if the denominator is 0.
    pub fn basis_points(self) -> Option<i64> {
        let (part, whole) = (i128::from(self.part), i128::from(self.whole));
        if whole == 0 {
            return None;
        }
        let doubled = part * 20_000 + whole;
        i64::try_from(doubled.div_euclid(2 * whole)).ok()
    }
}

/// The value of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number of what the indicator counts.
    Count(i64),
    /// A ratio.
    Share(Share),
    /// Declared: nothing occurred (không phát sinh).
    Nil,
    /// Nobody said anything: nothing was declared, or nobody was ever heard of what is counted.
    Missing,
    /// Declared: a bound, which is no number.
    Bound(Range),
    /// Declared: a ratio whose numerator is a bound.
    BoundShare(Range, i64),
}

impl Value {
    /// Whether there is nothing to show. That nothing occurred is something to show.
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Share(Share { part: 0, whole: 0 }) | Self::Missing)
    }
}

/// Which tree the units are read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tree {
    /// The tree of each day.
    AsWas,
    /// The tree of one day, for all days.
    On(Day),
}

/// What a reading is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The unit whose subtree is read.
    pub root: UnitCode,
    /// The window.
    pub window: Window,
    /// What was recorded by the end of this day; none: everything.
    pub known: Option<Day>,
    /// The tree.
    pub tree: Tree,
    /// The day on which it is read; none: after all days. What lies behind it is not computed: a
    /// dossier that is promised for next week is not overdue because the quarter ends in a month.
    pub read_on: Option<Day>,
}

impl Query {
    /// The days of the window that are computed: those up to the day of reading. A window that has
    /// not begun is computed whole.
    pub fn days(&self) -> Window {
        let Window { from, to } = self.window;
        let last = self.read_on.map_or(to, |day| day.min(to));
        Window::new(from, last).unwrap_or(self.window)
    }

    /// The last day that is computed, as long as the window is not over.
    pub fn computed_to(&self) -> Option<Day> {
        (!self.is_over()).then(|| self.days().to)
    }

    /// Whether the window's last day is past on the day of reading.
    pub fn is_over(&self) -> bool {
        self.read_on.is_none_or(|day| self.window.to < day)
    }
}

/// The units of the subtree, over the window.
#[derive(Debug)]
pub struct Scope<'r> {
    query: Query,
    /// Those that are computed.
    days: Window,
    registry: &'r Registry,
    trees: Arc<Trees>,
}

/// A book as a scope reads it, and the facets that narrowed terms read.
#[derive(Debug)]
pub struct Opened<'a> {
    book: &'a Book,
    /// The series by measure, in this order, and by the places of a scope's units; sorted so when a
    /// unit is first read by itself.
    series: OnceCell<Vec<(Measure, Placed<'a>)>>,
    /// Whether all of the book counts below the root on every day.
    is_whole: bool,
    /// For each detour, the cells of its unit in its field.
    divided: Vec<Option<&'a UnitBook>>,
    /// The cells of all, which tell who was heard.
    told: Told<'a>,
    facets: &'a BTreeMap<FacetKind, FacetBooks>,
}

/// Series of one measure by the places of their units.
type Placed<'a> = Vec<(usize, &'a Series)>;

impl<'a> Opened<'a> {
    /// The series of a measure, by the places of their units.
    fn of(&self, measure: Measure, scope: &Scope<'_>) -> &[(usize, &'a Series)] {
        let all = self.series.get_or_init(|| scope.series_in(self.book));
        let found = all.binary_search_by_key(&measure, |(held, _)| *held);
        found.ok().and_then(|at| all.get(at)).map_or(&[], |(_, series)| series)
    }

    /// The series of a measure of the units that count in a tree, each with its chain.
    fn counted<'c>(
        &self,
        measure: Measure,
        chains: &'c Chains,
        scope: &Scope<'_>,
    ) -> impl Iterator<Item = (usize, &'a Series, &'c [usize])> {
        let mut rest = chains.units.as_slice();
        self.of(measure, scope).iter().filter_map(move |(place, series)| {
            // In the book of all, it mostly is the next one; in that of one code it seldom is.
            if rest.first().is_some_and(|(next, _)| next < place) {
                rest = rest.get(rest.partition_point(|(next, _)| next < place)..)?;
            }
            let (_, chain) = rest.first().filter(|(next, _)| next == place)?;
            Some((*place, *series, chain.as_slice()))
        })
    }
}

impl<'r> Scope<'r> {
    /// Works out who is below the root on which days. `registry` is as known at `query.known`;
    /// `units` are those with cells, in order of code.
    pub fn new(query: Query, registry: &'r Registry, units: &[UnitCode]) -> Self {
        let trees = registry.drawn().trees(query, registry, units);
        Self { query, days: query.days(), registry, trees }
    }

    /// The units that sums are for, in order of code.
    pub fn codes(&self) -> &[UnitCode] {
        &self.trees.codes
    }

    fn series_in<'a>(&self, book: &'a Book) -> Vec<(Measure, Placed<'a>)> {
        let mut by_measure: Vec<(Measure, Placed<'a>)> = Vec::new();
        let mut places = (0..).zip(&self.trees.codes).zip(&self.trees.is_below).peekable();
        for (code, unit) in book.units() {
            // Both are in order of code.
            while places.next_if(|((_, held), _)| **held < code).is_some() {}
            let Some(((place, _), true)) = places.next_if(|((_, held), _)| **held == code) else {
                continue;
            };
            // Both are in order of measure, and most units have the same ones.
            let mut at = 0;
            for (measure, series) in unit.all() {
                while by_measure.get(at).is_some_and(|(held, _)| *held < measure) {
                    at += 1;
                }
                match by_measure.get_mut(at) {
                    Some((held, of_measure)) if *held == measure => {
                        of_measure.push((place, series));
                    }
                    _ => by_measure.insert(at, (measure, vec![(place, series)])),
                }
            }
        }
        by_measure
    }

    fn detours(&self) -> impl Iterator<Item = &Detour> {
        self.trees.opening.detours.iter()
    }

    /// Whether any unit of the subtree ever had a cell of one of the measures.
    pub fn reports(&self, measures: &[Measure], book: &Opened<'_>) -> bool {
        let trees = self.trees.epochs.iter().map(|epoch| &epoch.chains);
        let mut both = trees.flat_map(|tree| measures.iter().map(move |measure| (*measure, tree)));
        both.any(|(measure, tree)| book.counted(measure, tree, self).next().is_some())
    }

    /// The sum of the terms; what was read before is not read again.
    pub fn sum<S: Sums>(&self, terms: &[Term], book: &Opened<'_>, read: &mut Readings<S>) -> S {
        let mut sum = S::zero(self.trees.codes.len());
        for term in terms {
            let part = read
                .sums
                .entry((term.counted, term.only.clone()))
                .or_insert_with(|| self.sum_of(term, book));
            sum.add_all(part, if term.negative { -1 } else { 1 });
        }
        sum
    }

    /// The sum of a term, whatever its sign.
    fn sum_of<S: Sums>(&self, term: &Term, book: &Opened<'_>) -> S {
        let of_code;
        let book = match &term.only.code {
            None => book,
            Some((kind, code)) => {
                of_code = match book.facets.get(kind).and_then(|books| books.get(code)) {
                    Some(held) => self.open_code(*kind, code, held, book),
                    None => return S::zero(self.trees.codes.len()),
                };
                &of_code
            }
        };
        let mut sums = S::zero(self.trees.codes.len());
        match term.counted {
            Counted::Amounts(reading, measure) => {
                self.add_amounts(reading, measure, term.only.level, book, &mut sums);
            }
            Counted::Units => self.add_units(term.only.level, |_| true, &mut sums),
            Counted::UnitsWith(measure) => {
                let (day, known) = (self.days.to, self.query.known);
                let series =
                    |place: usize| book.book.unit(*self.trees.codes.get(place)?)?.series(measure);
                let has_some = |place| series(place).is_some_and(|held| held.up_to(day, known) > 0);
                self.add_units(term.only.level, has_some, &mut sums);
            }
        }
        sums
    }

    fn add_amounts<S: Sums>(
        &self,
        reading: Reading,
        measure: Measure,
        level: Option<Level>,
        book: &Opened<'_>,
        sums: &mut S,
    ) {
        if S::IS_ROOT_ALONE && level.is_none() && book.is_whole {
            if let Ok(root) = self.trees.codes.binary_search(&self.query.root) {
                sums.add(&[root], &[], self.amount_of_whole(reading, measure, book.book));
            }
            return;
        }
        let (window, known) = (self.days, self.query.known);
        let last_level = |place| level.is_none() || self.last_level(place) == level;
        match reading {
            Reading::Flow => {
                for epoch in &self.trees.epochs {
                    self.add_chains(&epoch.chains, book, measure, sums, last_level, |series| {
                        series.flow(epoch.window, known)
                    });
                }
            }
            Reading::Opening => {
                let Some(day) = window.from.previous() else { return };
                let stands = |place| level.is_none() || self.level_on(place, day) == level;
                self.add_chains(&self.trees.opening, book, measure, sums, stands, |series| {
                    series.up_to(day, known)
                });
            }
            Reading::Closing => {
                let (Some(last), day) = (self.trees.epochs.last(), window.to) else { return };
                let stands = |place| level.is_none() || self.level_on(place, day) == level;
                self.add_chains(&last.chains, book, measure, sums, stands, |series| {
                    series.up_to(day, known)
                });
            }
            Reading::MovedIn => {
                self.add_moves(measure, book, sums, last_level, |before, after| (after, before));
            }
            Reading::MovedOut => {
                self.add_moves(measure, book, sums, last_level, |before, after| (before, after));
            }
        }
    }

    /// The amount of a book of which everything counts below the root on every day, so that nothing
    /// moves in or out.
    fn amount_of_whole(&self, reading: Reading, measure: Measure, book: &Book) -> i64 {
        let (window, known) = (self.days, self.query.known);
        let Some(series) = book.whole().series(measure) else { return 0 };
        match reading {
            Reading::Flow => series.flow(window, known),
            Reading::Opening => window.from.previous().map_or(0, |day| series.up_to(day, known)),
            Reading::Closing => series.up_to(window.to, known),
            Reading::MovedIn | Reading::MovedOut => 0,
        }
    }

    /// Counts the units that stand on the window's last day, in its tree.
    fn add_units<S: Sums>(
        &self,
        level: Option<Level>,
        counts: impl Fn(usize) -> bool,
        sums: &mut S,
    ) {
        for (place, held, chain) in self.standing_units() {
            if level.is_none_or(|level| level == *held) && counts(*place) {
                sums.add(chain, &[], 1);
            }
        }
    }

    fn standing_units(&self) -> &[(usize, Level, Vec<usize>)] {
        self.trees.standing.get_or_init(|| self.standing())
    }

    /// The units that stand on the window's last day, with their level and their chain.
    fn standing(&self) -> Vec<(usize, Level, Vec<usize>)> {
        let day = self.days.to;
        let level_of = |place: usize| self.level_on(place, day);
        let places = (0..).zip(&self.trees.codes).filter(|(place, _)| level_of(*place).is_some());
        let units: Vec<UnitCode> = places.map(|(_, code)| *code).collect();
        let folding = Folding::of(self.query.tree, self.registry, &units);
        let chains = chains(self.query, self.registry, &self.trees.codes, &units, &folding, day);
        let with_level = |(place, chain)| Some((place, level_of(place)?, chain));
        chains.units.into_iter().filter_map(with_level).collect()
    }

    /// The level of a unit on the day; none unless it is registered by then and not closed.
    fn level_on(&self, place: usize, day: Day) -> Option<Level> {
        let unit = self.registry.get(*self.trees.codes.get(place)?)?;
        unit.exists(day).then(|| unit.level(day)).flatten()
    }

    /// The last level of a unit by the end of the window, though it may be closed by then.
    fn last_level(&self, place: usize) -> Option<Level> {
        let level = |code: &UnitCode| self.registry.get(*code)?.level(self.days.to);
        let levels =
            self.trees.last_levels.get_or_init(|| self.trees.codes.iter().map(level).collect());
        levels.get(place).copied().flatten()
    }

    /// What units bring to their new ancestors, or take from their old ones: the stock that they
    /// have at the end of the day before the move. `pick` says which tree gains and which lacks.
    fn add_moves<'a, S: Sums>(
        &'a self,
        measure: Measure,
        book: &Opened<'_>,
        sums: &mut S,
        counts: impl Fn(usize) -> bool,
        pick: impl Fn(&'a Chains, &'a Chains) -> (&'a Chains, &'a Chains),
    ) {
        let mut before = &self.trees.opening;
        for epoch in &self.trees.epochs {
            let (with, without) = pick(before, &epoch.chains);
            let day = epoch.window.from.previous().unwrap_or(Day::MIN);
            let counted = book.counted(measure, with, self).filter(|(place, ..)| counts(*place));
            for (place, series, chain) in counted {
                let other = without
                    .units
                    .binary_search_by_key(&place, |(other, _)| *other)
                    .ok()
                    .and_then(|found| without.units.get(found))
                    .map_or(&[][..], |(_, chain)| chain.as_slice());
                sums.add(chain, other, series.up_to(day, self.query.known));
            }
            before = &epoch.chains;
        }
    }

    /// The value of a rule for every unit's subtree, in the order of `codes`.
    pub fn by_unit(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        read: &mut Readings<Amounts>,
    ) -> Vec<Value> {
        let heard = self.who_is_heard(rule, book, read);
        let values: Vec<Value> = match rule {
            Rule::Sum(terms) => {
                self.sum(terms, book, read).subtree.into_iter().map(Value::Count).collect()
            }
            Rule::Ratio { part, whole } => self
                .sum(part, book, read)
                .subtree
                .into_iter()
                .zip(self.sum(whole, book, read).subtree)
                .map(|(part, whole)| Value::Share(Share { part, whole }))
                .collect(),
            Rule::Distinct(kind, measures) => {
                let mut counts = vec![0; self.trees.codes.len()];
                for sums in self.of_each_code::<Amounts>(*kind, measures, book) {
                    for (count, amount) in counts.iter_mut().zip(sums.subtree) {
                        *count += i64::from(amount > 0);
                    }
                }
                counts.into_iter().map(Value::Count).collect()
            }
            Rule::Declared { indicator, nature } => self.declared(indicator, *nature, book),
        };
        let is_heard = |place: usize| heard.iter().all(|side| side.subtree.get(place) != Some(&0));
        let told = |(place, value)| if is_heard(place) { value } else { Value::Missing };
        (0..).zip(values).map(told).collect()
    }

    /// The units' own amounts of a sum, in the order of `codes`; none of one that was not heard.
    /// None of all if the rule is no sum.
    pub fn own(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        read: &mut Readings<Amounts>,
    ) -> Option<Vec<Option<i64>>> {
        let Rule::Sum(terms) = rule else { return None };
        let heard = self.who_is_heard(rule, book, read);
        let is_heard = |place: usize| heard.iter().all(|side| side.own.get(place) != Some(&0));
        let own = self.sum(terms, book, read).own;
        Some((0..).zip(own).map(|(place, amount)| is_heard(place).then_some(amount)).collect())
    }

    /// The value of a rule for the root's subtree.
    pub fn value(&self, rule: &Rule, book: &Opened<'_>, read: &mut Readings<Total>) -> Value {
        if self.who_is_heard(rule, book, read).contains(&Total(0)) {
            return Value::Missing;
        }
        match rule {
            Rule::Sum(terms) => Value::Count(self.sum(terms, book, read).0),
            Rule::Ratio { part, whole } => Value::Share(Share {
                part: self.sum(part, book, read).0,
                whole: self.sum(whole, book, read).0,
            }),
            Rule::Distinct(kind, measures) => {
                let counted = self.of_each_code(*kind, measures, book);
                Value::Count(counted.map(|Total(amount)| i64::from(amount > 0)).sum())
            }
            Rule::Declared { indicator, nature } => {
                let place = self.trees.codes.binary_search(&self.query.root).unwrap_or(usize::MAX);
                let values = self.declared(indicator, *nature, book);
                values.get(place).copied().unwrap_or(Value::Missing)
            }
        }
    }

    /// What happened under each code of a facet.
    fn of_each_code<S: Sums>(
        &self,
        kind: FacetKind,
        measures: &[Measure],
        book: &Opened<'_>,
    ) -> impl Iterator<Item = S> {
        let terms: Vec<Term> =
            measures.iter().map(|measure| Term::of(Reading::Flow, *measure)).collect();
        let books = book.facets.get(&kind);
        books.into_iter().flat_map(FacetBooks::iter).map(move |(code, of_code)| {
            let opened = self.open_code(kind, code, of_code, book);
            self.sum(&terms, &opened, &mut Readings::default())
        })
    }

    fn add_chains<S: Sums>(
        &self,
        chains: &Chains,
        book: &Opened<'_>,
        measure: Measure,
        sums: &mut S,
        counts: impl Fn(usize) -> bool,
        amount: impl Fn(&Series) -> i64,
    ) {
        let counted = book.counted(measure, chains, self).filter(|(place, ..)| counts(*place));
        for (_, series, chain) in counted {
            let amount = amount(series);
            if amount != 0 {
                sums.add(chain, &[], amount);
            }
        }
        for (detour, divided) in chains.detours.iter().zip(&book.divided) {
            let series =
                divided.filter(|_| counts(detour.place)).and_then(|unit| unit.series(measure));
            let amount = series.map_or(0, &amount);
            if amount != 0 {
                sums.add(&detour.from, &[], -amount);
                sums.add(&detour.to, &[], amount);
            }
        }
    }
}
