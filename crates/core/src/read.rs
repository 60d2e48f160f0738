//! Readings: figures from cells, for a unit's subtree, a window, and a day of knowledge.
//!
//! Flows follow the tree of each day: a unit counts under a parent for the days on which it was
//! there. A stock at a day follows the tree of that day; what units bring along when they move is
//! read by `moved_in` and `moved_out`, so that a subtree's account still closes.
//!
//! **Invariant READ-1:** the figure of a subtree is the sum over its units, each counted once.

use std::collections::BTreeMap;

use crate::book::{Book, FacetBooks, Series, UnitBook};
use crate::catalogue::{Nature, Reading, Rule, Term};
use crate::day::{Day, Window};
use crate::declared::{self, Range, Statement};
use crate::measure::{FacetKind, Measure};
use crate::registry::Registry;
use crate::unit_code::UnitCode;

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
}

/// One tree: for each unit below the root, the places of itself and its ancestors up to the root.
type Chains = Vec<(usize, Vec<usize>)>;

/// A stretch of the window with one tree.
#[derive(Debug)]
struct Epoch {
    window: Window,
    chains: Chains,
}

/// The units of the subtree, over the window.
#[derive(Debug)]
pub struct Scope {
    query: Query,
    /// Every unit that a sum may be for, in order of code; a place is an index into this.
    codes: Vec<UnitCode>,
    /// The tree of the day before the window.
    opening: Chains,
    epochs: Vec<Epoch>,
}

/// A book with the units of a scope looked up once.
#[derive(Debug)]
pub struct Opened<'a>(Vec<Option<&'a UnitBook>>);

impl Opened<'_> {
    fn unit(&self, place: usize) -> Option<&UnitBook> {
        self.0.get(place).copied().flatten()
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
pub struct Readings(BTreeMap<(Reading, Measure), Amounts>);

impl Scope {
    /// Works out who is below the root on which days. `registry` is as known at `query.known`;
    /// `units` are those with cells, in order of code.
    pub fn new(query: Query, registry: &Registry, units: &[UnitCode]) -> Self {
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
        Self { query, codes, opening, epochs }
    }

    /// The units that sums are for, in order of code.
    pub fn codes(&self) -> &[UnitCode] {
        &self.codes
    }

    /// Looks the units up in a book.
    pub fn open<'a>(&self, book: &'a Book) -> Opened<'a> {
        Opened(self.codes.iter().map(|code| book.unit(*code)).collect())
    }

    /// Whether any unit of the subtree ever had a cell of one of the measures.
    pub fn reports(&self, measures: &[Measure], book: &Opened<'_>) -> bool {
        let units = self.epochs.iter().flat_map(|epoch| &epoch.chains).map(|(unit, _)| *unit);
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
                .entry((term.reading, term.measure))
                .or_insert_with(|| self.amounts_of(term.reading, term.measure, book));
            let sign = if term.negative { -1 } else { 1 };
            add_all(&mut sum.own, &part.own, sign);
            add_all(&mut sum.subtree, &part.subtree, sign);
        }
        sum
    }

    fn amounts_of(&self, reading: Reading, measure: Measure, book: &Opened<'_>) -> Amounts {
        let mut sums = Amounts::zero(self.codes.len());
        self.add_term(Term { negative: false, reading, measure }, book, &mut sums);
        sums
    }

    fn add_term(&self, term: Term, book: &Opened<'_>, sums: &mut Amounts) {
        let known = self.query.known;
        match term.reading {
            Reading::Flow => {
                for epoch in &self.epochs {
                    add_chains(&epoch.chains, book, sums, |unit| {
                        signed(term, unit, |series| series.flow(epoch.window, known))
                    });
                }
            }
            Reading::Opening => {
                let Some(day) = self.query.window.from.previous() else { return };
                add_chains(&self.opening, book, sums, |unit| {
                    signed(term, unit, |series| series.up_to(day, known))
                });
            }
            Reading::Closing => {
                let Some(last) = self.epochs.last() else { return };
                let day = self.query.window.to;
                add_chains(&last.chains, book, sums, |unit| {
                    signed(term, unit, |series| series.up_to(day, known))
                });
            }
            Reading::MovedIn => self.add_moves(term, book, sums, |before, after| (after, before)),
            Reading::MovedOut => self.add_moves(term, book, sums, |before, after| (before, after)),
        }
    }

    /// What units bring to their new ancestors, or take from their old ones: the stock that they
    /// have at the end of the day before the move. `pick` says which tree gains and which lacks.
    fn add_moves<'a>(
        &'a self,
        term: Term,
        book: &Opened<'_>,
        sums: &mut Amounts,
        pick: impl Fn(&'a Chains, &'a Chains) -> (&'a Chains, &'a Chains),
    ) {
        let mut before = &self.opening;
        for epoch in &self.epochs {
            let (with, without) = pick(before, &epoch.chains);
            let day = epoch.window.from.previous().unwrap_or(Day::MIN);
            for (place, chain) in with {
                let Some(unit) = book.unit(*place) else { continue };
                let other = without
                    .binary_search_by_key(place, |(other, _)| *other)
                    .ok()
                    .and_then(|found| without.get(found))
                    .map_or(&[][..], |(_, chain)| chain.as_slice());
                let stock = signed(term, unit, |series| series.up_to(day, self.query.known));
                sums.add(*place, chain.iter().filter(|place| !other.contains(place)), stock);
            }
            before = &epoch.chains;
        }
    }

    /// The value of a rule for every unit's subtree, in the order of `codes`. `facets` is needed
    /// for distinct counts alone.
    pub fn by_unit(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        facets: &BTreeMap<FacetKind, FacetBooks>,
        read: &mut Readings,
    ) -> Vec<Value> {
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
                let terms: Vec<Term> = measures
                    .iter()
                    .map(|m| Term { negative: false, reading: Reading::Flow, measure: *m })
                    .collect();
                let mut counts = vec![0; self.codes.len()];
                for (_, book) in facets.get(kind).into_iter().flat_map(FacetBooks::iter) {
                    for (count, amount) in
                        counts.iter_mut().zip(self.sums(&terms, &self.open(book)))
                    {
                        *count += i64::from(amount > 0);
                    }
                }
                counts.into_iter().map(Value::Count).collect()
            }
            Rule::Declared { indicator, nature } => {
                let books = facets.get(&FacetKind::Declared);
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
        for (unit, chain) in self.epochs.last().into_iter().flat_map(|epoch| &epoch.chains) {
            let Some(value) = of(*unit) else { continue };
            for place in chain.iter().skip(1).take_while(|place| of(**place).is_none()) {
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
    pub fn value(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        facets: &BTreeMap<FacetKind, FacetBooks>,
        read: &mut Readings,
    ) -> Value {
        let place = self.codes.binary_search(&self.query.root).unwrap_or(usize::MAX);
        let values = self.by_unit(rule, book, facets, read);
        values.get(place).copied().unwrap_or(match rule {
            Rule::Declared { .. } => Value::Missing,
            Rule::Sum(_) | Rule::Distinct(..) | Rule::Ratio { .. } => Value::Count(0),
        })
    }
}

/// What stands above a unit in one tree.
enum Above {
    Nothing,
    /// The unit at this place.
    Place(usize),
    /// A unit that has no place.
    Unplaced,
}

fn above(code: UnitCode, registry: &Registry, codes: &[UnitCode], day: Day) -> Above {
    match registry.parent_of(code, day).map(|parent| codes.binary_search(&parent)) {
        None => Above::Nothing,
        Some(Ok(place)) => Above::Place(place),
        Some(Err(_)) => Above::Unplaced,
    }
}

fn chains(
    query: Query,
    registry: &Registry,
    codes: &[UnitCode],
    units: &[UnitCode],
    day: Day,
) -> Chains {
    let day = match query.tree {
        Tree::AsWas => day,
        Tree::On(day) => day,
    };
    let Ok(root) = codes.binary_search(&query.root) else { return Vec::new() };
    let parents: Vec<Above> = codes.iter().map(|code| above(*code, registry, codes, day)).collect();
    let mut chains = Vec::with_capacity(units.len());
    for unit in units {
        let Ok(own) = codes.binary_search(unit) else { continue };
        let mut chain = vec![own];
        let mut current = own;
        while current != root {
            match parents.get(current) {
                Some(Above::Place(parent)) if !chain.contains(parent) => {
                    chain.push(*parent);
                    current = *parent;
                }
                Some(Above::Unplaced) => {
                    // Above stands a unit without cells that is not registered: take the long way.
                    let way = registry.chain(*unit, day);
                    let depth = way.iter().position(|code| *code == query.root);
                    let place = |code: &UnitCode| codes.binary_search(code).ok();
                    chain = way.iter().take(depth.map_or(0, |d| d + 1)).filter_map(place).collect();
                    break;
                }
                Some(Above::Place(_) | Above::Nothing) | None => break,
            }
        }
        if chain.last() == Some(&root) {
            chains.push((own, chain));
        }
    }
    chains
}

fn signed(term: Term, unit: &UnitBook, read: impl Fn(&Series) -> i64) -> i64 {
    let amount = unit.series(term.measure).map_or(0, read);
    if term.negative { -amount } else { amount }
}

fn add_chains(
    chains: &Chains,
    book: &Opened<'_>,
    sums: &mut Amounts,
    amount: impl Fn(&UnitBook) -> i64,
) {
    for (unit, chain) in chains {
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
