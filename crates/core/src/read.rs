//! Readings: figures from cells, for a unit's subtree, a window, and a day of knowledge.
//!
//! Flows follow the tree of each day: a unit counts under a parent for the days on which it was
//! there. A stock at a day follows the tree of that day; what units bring along when they move is
//! read by `moved_in` and `moved_out`, so that a subtree's account still closes.
//!
//! A term that is narrowed to a code reads that code's cells; one that is narrowed to a level
//! counts the units of that level, as [`Only`] says.
//!
//! **Invariant READ-1:** the figure of a subtree is the sum over its units, each counted once.
//! **Invariant READ-2:** what is read for each code of a facet adds up to what is read for all.
//! **Invariant READ-3:** the units of a level are those that the registry has on the day.

use std::collections::BTreeMap;

use crate::book::{Book, FacetBooks, UnitBook};
use crate::catalogue::{Counted, Only, Reading, Rule, Term};
use crate::day::{Day, Window};
use crate::measure::{FacetKind, Measure};
use crate::registry::Registry;
use crate::unit_code::UnitCode;
use crate::words::Level;

mod chains;
use chains::{Chains, chains};

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
}

impl Value {
    /// Whether there is nothing to show.
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Share(Share { part: 0, whole: 0 }))
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

    /// Adds an amount of a unit to itself and its ancestors.
    fn add<'a>(&mut self, unit: usize, chain: impl Iterator<Item = &'a usize>, amount: i64) {
        for place in chain {
            if let Some(sum) = self.subtree.get_mut(*place) {
                *sum += amount;
            }
            if *place == unit
                && let Some(sum) = self.own.get_mut(unit)
            {
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
        let mut codes = units.to_vec();
        codes.extend(registry.units().map(|(code, _)| code));
        codes.push(query.root);
        codes.sort_unstable();
        codes.dedup();
        let tree_of = |day: Day| chains(query, registry, &codes, units, day);
        let mut epochs = Vec::new();
        let mut from = query.window.from;
        let boundaries = match query.tree {
            Tree::AsWas => registry.boundaries(),
            Tree::On(_) => Vec::new(),
        };
        let changes_at_once = boundaries.contains(&query.window.from);
        for day in boundaries.into_iter().filter(|day| query.window.contains(*day)) {
            if let Some(window) = day.previous().and_then(|last| Window::new(from, last)) {
                epochs.push(Epoch { window, chains: tree_of(window.from) });
                from = day;
            }
        }
        if let Some(window) = Window::new(from, query.window.to) {
            epochs.push(Epoch { window, chains: tree_of(from) });
        }
        let opening = match epochs.first() {
            Some(first) if !changes_at_once => first.chains.clone(),
            _ => tree_of(query.window.from.previous().unwrap_or(Day::MIN)),
        };
        Self { query, registry, codes, opening, epochs }
    }

    /// The units that sums are for, in order of code.
    pub fn codes(&self) -> &[UnitCode] {
        &self.codes
    }

    /// Looks the units up in a book; `facets` are for terms that are narrowed to a code.
    pub fn open<'a>(
        &self,
        book: &'a Book,
        facets: &'a BTreeMap<FacetKind, FacetBooks>,
    ) -> Opened<'a> {
        Opened { units: self.codes.iter().map(|code| book.unit(*code)).collect(), facets }
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
                let held = book.facets.get(kind).and_then(|books| books.get(code));
                let units = match held {
                    Some(held) => self.codes.iter().map(|code| held.unit(*code)).collect(),
                    None => Vec::new(),
                };
                of_code = Opened { units, facets: book.facets };
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
                let (day, known) = (self.query.window.to, self.query.known);
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
        let (window, known) = (self.query.window, self.query.known);
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
        let day = self.query.window.to;
        let units: Vec<UnitCode> = (0..)
            .zip(&self.codes)
            .filter(|(place, _)| {
                let held = self.level_on(*place, day);
                held.is_some() && (level.is_none() || held == level) && counts(*place)
            })
            .map(|(_, code)| *code)
            .collect();
        for (unit, chain) in chains(self.query, self.registry, &self.codes, &units, day) {
            sums.add(unit, chain.iter(), 1);
        }
    }

    /// The level of a unit on the day; none unless it is registered by then and not closed.
    fn level_on(&self, place: usize, day: Day) -> Option<Level> {
        let unit = self.registry.get(*self.codes.get(place)?)?;
        unit.stands_on(day).then(|| unit.level(day)).flatten()
    }

    /// The last level of a unit by the end of the window, though it may be closed by then.
    fn last_level(&self, place: usize) -> Option<Level> {
        self.registry.get(*self.codes.get(place)?)?.level(self.query.window.to)
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
            for (place, chain) in with.iter().filter(|(place, _)| counts(*place)) {
                let Some(unit) = book.unit(*place) else { continue };
                let other = without
                    .binary_search_by_key(place, |(other, _)| *other)
                    .ok()
                    .and_then(|found| without.get(found))
                    .map_or(&[][..], |(_, chain)| chain.as_slice());
                let stock = stock(unit, measure, day, self.query.known);
                sums.add(*place, chain.iter().filter(|place| !other.contains(place)), stock);
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
                for (_, book) in facets.get(kind).into_iter().flat_map(FacetBooks::iter) {
                    let sums = self.sums(&terms, &self.open(book, facets));
                    for (count, amount) in counts.iter_mut().zip(sums) {
                        *count += i64::from(amount > 0);
                    }
                }
                counts.into_iter().map(Value::Count).collect()
            }
        }
    }

    /// The value of a rule for the root's subtree.
    pub fn value(&self, rule: &Rule, book: &Opened<'_>, read: &mut Readings) -> Value {
        let place = self.codes.binary_search(&self.query.root).unwrap_or(usize::MAX);
        let values = self.by_unit(rule, book, read);
        values.get(place).copied().unwrap_or(Value::Count(0))
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
    for (unit, chain) in chains.iter().filter(|(unit, _)| counts(*unit)) {
        let amount = book.unit(*unit).map_or(0, &amount);
        if amount != 0 {
            sums.add(*unit, chain.iter(), amount);
        }
    }
}

fn add_all(sums: &mut [i64], amounts: &[i64], sign: i64) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += sign * amount;
    }
}
