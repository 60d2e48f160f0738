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

use std::collections::BTreeMap;

use crate::book::{Book, FacetBooks, UnitBook};
use crate::catalogue::{Counted, Nature, Only, Reading, Rule, Term};
use crate::day::{Day, Window};
use crate::declared::{self, Range, Statement};
use crate::measure::{FacetKind, Measure};
use crate::registry::Registry;
use crate::unit_code::UnitCode;
use crate::words::Level;

mod chains;
mod lineage;

use chains::{Chains, chains};
pub use lineage::divided_units;
use lineage::{Detour, Folding};

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
    /// Nobody declared anything.
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

    /// Whether the window's last day is past on the day of reading.
    pub fn is_over(&self) -> bool {
        self.read_on.is_none_or(|day| self.window.to < day)
    }
}

/// A stretch of the window with one tree.
#[derive(Debug)]
struct Epoch {
    window: Window,
    chains: Chains,
}

/// The units of the subtree, over the window.
#[derive(Debug)]
pub struct Scope<'r> {
    query: Query,
    /// Those that are computed.
    days: Window,
    registry: &'r Registry,
    /// Every unit that a sum may be for, in order of code; a place is an index into this.
    codes: Vec<UnitCode>,
    /// The tree of the day before the window.
    opening: Chains,
    epochs: Vec<Epoch>,
}

/// A book with the units of a scope looked up once, and the facets that narrowed terms read.
#[derive(Debug)]
pub struct Opened<'a> {
    units: Vec<Option<&'a UnitBook>>,
    /// For each detour, the cells of its unit in its field.
    divided: Vec<Option<&'a UnitBook>>,
    facets: &'a BTreeMap<FacetKind, FacetBooks>,
}

impl Opened<'_> {
    fn unit(&self, place: usize) -> Option<&UnitBook> {
        self.units.get(place).copied().flatten()
    }
}

/// An amount for each unit of a scope, in the order of its codes.
#[derive(Debug, Clone)]
pub struct Amounts {
    /// Of the unit alone.
    pub own: Vec<i64>,
    /// Of the unit and what is below it.
    pub subtree: Vec<i64>,
}

impl Amounts {
    fn zero(units: usize) -> Self {
        Self { own: vec![0; units], subtree: vec![0; units] }
    }

    /// Adds an amount to a unit and its ancestors.
    fn add(&mut self, chain: &[usize], amount: i64) {
        self.add_own(chain.first(), amount);
        self.add_above(chain.iter(), amount);
    }

    fn add_own(&mut self, unit: Option<&usize>, amount: i64) {
        if let Some(sum) = unit.and_then(|place| self.own.get_mut(*place)) {
            *sum += amount;
        }
    }

    fn add_above<'a>(&mut self, chain: impl Iterator<Item = &'a usize>, amount: i64) {
        for place in chain {
            if let Some(sum) = self.subtree.get_mut(*place) {
                *sum += amount;
            }
        }
    }
}

/// What was read already of one book in one scope: many columns of a form share their terms.
#[derive(Debug, Default)]
pub struct Readings(BTreeMap<(Counted, Only), Amounts>);

impl<'r> Scope<'r> {
    /// Works out who is below the root on which days. `registry` is as known at `query.known`;
    /// `units` are those with cells, in order of code.
    pub fn new(query: Query, registry: &'r Registry, units: &[UnitCode]) -> Self {
        let folding = Folding::of(query.tree, registry, units);
        let mut codes = units.to_vec();
        codes.extend(registry.units().map(|(code, _)| code));
        codes.extend(folding.heirs());
        codes.push(query.root);
        codes.sort_unstable();
        codes.dedup();
        let tree_of = |day: Day| chains(query, registry, &codes, units, &folding, day);
        let mut epochs = Vec::new();
        let days = query.days();
        let mut from = days.from;
        let boundaries = match query.tree {
            Tree::AsWas => registry.boundaries(),
            Tree::On(_) => Vec::new(),
        };
        let changes_at_once = boundaries.contains(&days.from);
        for day in boundaries.into_iter().filter(|day| days.contains(*day)) {
            if let Some(window) = day.previous().and_then(|last| Window::new(from, last)) {
                epochs.push(Epoch { window, chains: tree_of(window.from) });
                from = day;
            }
        }
        if let Some(window) = Window::new(from, days.to) {
            epochs.push(Epoch { window, chains: tree_of(from) });
        }
        let opening = match epochs.first() {
            Some(first) if !changes_at_once => first.chains.clone(),
            _ => tree_of(days.from.previous().unwrap_or(Day::MIN)),
        };
        Self { query, days, registry, codes, opening, epochs }
    }

    /// The units that sums are for, in order of code.
    pub fn codes(&self) -> &[UnitCode] {
        &self.codes
    }

    fn units_in<'a>(&self, book: &'a Book) -> Vec<Option<&'a UnitBook>> {
        self.codes.iter().map(|code| book.unit(*code)).collect()
    }

    fn detours(&self) -> impl Iterator<Item = &Detour> {
        self.opening.detours.iter()
    }

    /// Whether any unit of the subtree ever had a cell of one of the measures.
    pub fn reports(&self, measures: &[Measure], book: &Opened<'_>) -> bool {
        let units = self.epochs.iter().flat_map(|epoch| &epoch.chains.units).map(|(unit, _)| *unit);
        units
            .filter_map(|unit| book.unit(unit))
            .any(|unit| measures.iter().any(|measure| unit.series(*measure).is_some()))
    }

    /// The sum of the terms for every unit's subtree, in the order of `codes`.
    pub fn sums(&self, terms: &[Term], book: &Opened<'_>) -> Vec<i64> {
        self.amounts(terms, book, &mut Readings::default()).subtree
    }

    /// The sum of the terms for every unit; what was read before is not read again.
    pub fn amounts(&self, terms: &[Term], book: &Opened<'_>, read: &mut Readings) -> Amounts {
        let mut sum = Amounts::zero(self.codes.len());
        for term in terms {
            let part = read
                .0
                .entry((term.counted, term.only.clone()))
                .or_insert_with(|| self.amounts_of(term, book));
            let sign = if term.negative { -1 } else { 1 };
            add_all(&mut sum.own, &part.own, sign);
            add_all(&mut sum.subtree, &part.subtree, sign);
        }
        sum
    }

    /// The amounts of a term for every unit, whatever its sign.
    fn amounts_of(&self, term: &Term, book: &Opened<'_>) -> Amounts {
        let of_code;
        let book = match &term.only.code {
            None => book,
            Some((kind, code)) => {
                of_code = match book.facets.get(kind).and_then(|books| books.get(code)) {
                    Some(held) => self.open_code(*kind, code, held, book.facets),
                    None => Opened { units: Vec::new(), divided: Vec::new(), facets: book.facets },
                };
                &of_code
            }
        };
        let mut sums = Amounts::zero(self.codes.len());
        match term.counted {
            Counted::Amounts(reading, measure) => {
                self.add_amounts(reading, measure, term.only.level, book, &mut sums);
            }
            Counted::Units => self.add_units(term.only.level, |_| true, &mut sums),
            Counted::UnitsWith(measure) => {
                let (day, known) = (self.days.to, self.query.known);
                let has_some = |place| {
                    book.unit(place).is_some_and(|unit| stock(unit, measure, day, known) > 0)
                };
                self.add_units(term.only.level, has_some, &mut sums);
            }
        }
        sums
    }

    fn add_amounts(
        &self,
        reading: Reading,
        measure: Measure,
        level: Option<Level>,
        book: &Opened<'_>,
        sums: &mut Amounts,
    ) {
        let (window, known) = (self.days, self.query.known);
        let last_level = |place| level.is_none() || self.last_level(place) == level;
        match reading {
            Reading::Flow => {
                for epoch in &self.epochs {
                    add_chains(&epoch.chains, book, sums, last_level, |unit| {
                        unit.series(measure).map_or(0, |series| series.flow(epoch.window, known))
                    });
                }
            }
            Reading::Opening => {
                let Some(day) = window.from.previous() else { return };
                let stands = |place| level.is_none() || self.level_on(place, day) == level;
                add_chains(&self.opening, book, sums, stands, |unit| {
                    stock(unit, measure, day, known)
                });
            }
            Reading::Closing => {
                let (Some(last), day) = (self.epochs.last(), window.to) else { return };
                let stands = |place| level.is_none() || self.level_on(place, day) == level;
                add_chains(&last.chains, book, sums, stands, |unit| {
                    stock(unit, measure, day, known)
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

    /// Counts the units that stand on the window's last day, in its tree.
    fn add_units(&self, level: Option<Level>, counts: impl Fn(usize) -> bool, sums: &mut Amounts) {
        let day = self.days.to;
        let units: Vec<UnitCode> = (0..)
            .zip(&self.codes)
            .filter(|(place, _)| {
                let held = self.level_on(*place, day);
                held.is_some() && (level.is_none() || held == level) && counts(*place)
            })
            .map(|(_, code)| *code)
            .collect();
        let folding = Folding::of(self.query.tree, self.registry, &units);
        let chains = chains(self.query, self.registry, &self.codes, &units, &folding, day);
        for (_, chain) in &chains.units {
            sums.add(chain, 1);
        }
    }

    /// The level of a unit on the day; none unless it is registered by then and not closed.
    fn level_on(&self, place: usize, day: Day) -> Option<Level> {
        let unit = self.registry.get(*self.codes.get(place)?)?;
        unit.exists(day).then(|| unit.level(day)).flatten()
    }

    /// The last level of a unit by the end of the window, though it may be closed by then.
    fn last_level(&self, place: usize) -> Option<Level> {
        self.registry.get(*self.codes.get(place)?)?.level(self.days.to)
    }

    /// What units bring to their new ancestors, or take from their old ones: the stock that they
    /// have at the end of the day before the move. `pick` says which tree gains and which lacks.
    fn add_moves<'a>(
        &'a self,
        measure: Measure,
        book: &Opened<'_>,
        sums: &mut Amounts,
        counts: impl Fn(usize) -> bool,
        pick: impl Fn(&'a Chains, &'a Chains) -> (&'a Chains, &'a Chains),
    ) {
        let mut before = &self.opening;
        for epoch in &self.epochs {
            let (with, without) = pick(before, &epoch.chains);
            let day = epoch.window.from.previous().unwrap_or(Day::MIN);
            for (place, chain) in with.units.iter().filter(|(place, _)| counts(*place)) {
                let Some(unit) = book.unit(*place) else { continue };
                let other = without
                    .units
                    .binary_search_by_key(place, |(other, _)| *other)
                    .ok()
                    .and_then(|found| without.units.get(found))
                    .map_or(&[][..], |(_, chain)| chain.as_slice());
                let stock = stock(unit, measure, day, self.query.known);
                sums.add_own(chain.first().filter(|place| !other.contains(place)), stock);
                sums.add_above(chain.iter().filter(|place| !other.contains(place)), stock);
            }
            before = &epoch.chains;
        }
    }

    /// The value of a rule for every unit's subtree, in the order of `codes`.
    pub fn by_unit(&self, rule: &Rule, book: &Opened<'_>, read: &mut Readings) -> Vec<Value> {
        match rule {
            Rule::Sum(terms) => {
                self.amounts(terms, book, read).subtree.into_iter().map(Value::Count).collect()
            }
            Rule::Ratio { part, whole } => self
                .amounts(part, book, read)
                .subtree
                .into_iter()
                .zip(self.amounts(whole, book, read).subtree)
                .map(|(part, whole)| Value::Share(Share { part, whole }))
                .collect(),
            Rule::Distinct(kind, measures) => {
                let terms: Vec<Term> =
                    measures.iter().map(|measure| Term::of(Reading::Flow, *measure)).collect();
                let mut counts = vec![0; self.codes.len()];
                let facets = book.facets;
                for (code, book) in facets.get(kind).into_iter().flat_map(FacetBooks::iter) {
                    let sums = self.sums(&terms, &self.open_code(*kind, code, book, facets));
                    for (count, amount) in counts.iter_mut().zip(sums) {
                        *count += i64::from(amount > 0);
                    }
                }
                counts.into_iter().map(Value::Count).collect()
            }
            Rule::Declared { indicator, nature } => {
                let books = book.facets.get(&FacetKind::Declared);
                let known = self.query.known;
                let said = declared::statements(books, Some(indicator), known);
                self.declared(&said, *nature)
            }
        }
    }

    /// What was declared for every unit's subtree: by the unit itself, else by those below it
    /// together. A unit that speaks for its subtree is not added to what that says.
    fn declared(&self, said: &[Statement], nature: Nature) -> Vec<Value> {
        let own: Vec<Option<Value>> = self
            .codes
            .iter()
            .map(|code| {
                let of_unit = said.iter().filter(|said| said.unit == *code);
                declared::for_window(of_unit, self.query.window)
            })
            .collect();
        let of = |place: usize| own.get(place).copied().flatten();
        let mut below: Vec<Option<Value>> = vec![None; self.codes.len()];
        for (unit, chain) in self.epochs.last().into_iter().flat_map(|epoch| &epoch.chains.units) {
            let Some(value) = of(*unit) else { continue };
            let above = chain.iter().skip_while(|place| *place == unit);
            for place in above.take_while(|place| of(**place).is_none()) {
                if let Some(sum) = below.get_mut(*place) {
                    *sum = match *sum {
                        None => Some(value),
                        Some(before) => Some(
                            declared::over_units(nature, before, value).unwrap_or(Value::Missing),
                        ),
                    };
                }
            }
        }
        own.into_iter().zip(below).map(|(own, b)| own.or(b).unwrap_or(Value::Missing)).collect()
    }

    /// The value of a rule for the root's subtree.
    pub fn value(&self, rule: &Rule, book: &Opened<'_>, read: &mut Readings) -> Value {
        let place = self.codes.binary_search(&self.query.root).unwrap_or(usize::MAX);
        let values = self.by_unit(rule, book, read);
        values.get(place).copied().unwrap_or(match rule {
            Rule::Declared { .. } => Value::Missing,
            Rule::Sum(_) | Rule::Distinct(..) | Rule::Ratio { .. } => Value::Count(0),
        })
    }
}

/// The stock of a unit at the end of the day.
fn stock(unit: &UnitBook, measure: Measure, day: Day, known: Option<Day>) -> i64 {
    unit.series(measure).map_or(0, |series| series.up_to(day, known))
}

fn add_chains(
    chains: &Chains,
    book: &Opened<'_>,
    sums: &mut Amounts,
    counts: impl Fn(usize) -> bool,
    amount: impl Fn(&UnitBook) -> i64,
) {
    for (unit, chain) in chains.units.iter().filter(|(unit, _)| counts(*unit)) {
        let amount = book.unit(*unit).map_or(0, &amount);
        if amount != 0 {
            sums.add(chain, amount);
        }
    }
    for (detour, divided) in chains.detours.iter().zip(&book.divided) {
        let amount = divided.filter(|_| counts(detour.place)).map_or(0, &amount);
        if amount != 0 {
            sums.add(&detour.from, -amount);
            sums.add(&detour.to, amount);
        }
    }
}

fn add_all(sums: &mut [i64], amounts: &[i64], sign: i64) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += sign * amount;
    }
}
