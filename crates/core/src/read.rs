//! Readings: figures from cells, for a unit's subtree, a window, and a day of knowledge.
//!
//! Flows follow the tree of each day: a unit counts under a parent for the days on which it was
//! there. A stock at a day follows the tree of that day; what units bring along when they move is
//! read by `moved_in` and `moved_out`, so that a subtree's account still closes.
//!
//! **Invariant READ-1:** the figure of a subtree is the sum over its units, each counted once.

use std::collections::BTreeMap;

use crate::book::{Book, FacetBooks, Series, UnitBook};
use crate::catalogue::{Reading, Rule, Term};
use crate::day::{Day, Window};
use crate::measure::FacetKind;
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
        for day in boundaries.into_iter().filter(|day| query.window.contains(*day)) {
            if let Some(window) = day.previous().and_then(|last| Window::new(from, last)) {
                epochs.push(Epoch { window, chains: tree_of(window.from) });
                from = day;
            }
        }
        if let Some(window) = Window::new(from, query.window.to) {
            epochs.push(Epoch { window, chains: tree_of(from) });
        }
        let opening = tree_of(query.window.from.previous().unwrap_or(Day::MIN));
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

    /// The sum of the terms for every unit's subtree, in the order of `codes`.
    pub fn sums(&self, terms: &[Term], book: &Opened<'_>) -> Vec<i64> {
        let mut sums = vec![0; self.codes.len()];
        for term in terms {
            self.add_term(*term, book, &mut sums);
        }
        sums
    }

    /// The same units and days, each unit alone, without what is below it.
    #[must_use]
    pub fn alone(&self) -> Self {
        let alone = |chains: &Chains| chains.iter().map(|(unit, _)| (*unit, vec![*unit])).collect();
        let epochs = self
            .epochs
            .iter()
            .map(|epoch| Epoch { window: epoch.window, chains: alone(&epoch.chains) })
            .collect();
        let opening = alone(&self.opening);
        Self { query: self.query, codes: self.codes.clone(), opening, epochs }
    }

    fn add_term(&self, term: Term, book: &Opened<'_>, sums: &mut [i64]) {
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
        sums: &mut [i64],
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
                for ancestor in chain.iter().filter(|ancestor| !other.contains(ancestor)) {
                    add(sums, *ancestor, stock);
                }
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
    ) -> Vec<Value> {
        match rule {
            Rule::Sum(terms) => self.sums(terms, book).into_iter().map(Value::Count).collect(),
            Rule::Ratio { part, whole } => self
                .sums(part, book)
                .into_iter()
                .zip(self.sums(whole, book))
                .map(|(part, whole)| Value::Share(Share { part, whole }))
                .collect(),
            Rule::Distinct(kind, measures) => {
                let terms: Vec<Term> = measures
                    .iter()
                    .map(|m| Term { negative: false, reading: Reading::Flow, measure: *m })
                    .collect();
                let mut counts = vec![0; self.codes.len()];
                for (_, book) in facets.get(kind).into_iter().flat_map(FacetBooks::iter) {
                    for (count, amount) in counts.iter_mut().zip(self.sums(&terms, &self.open(book)))
                    {
                        *count += i64::from(amount > 0);
                    }
                }
                counts.into_iter().map(Value::Count).collect()
            }
        }
    }

    /// The value of a rule for the root's subtree.
    pub fn value(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        facets: &BTreeMap<FacetKind, FacetBooks>,
    ) -> Value {
        let place = self.codes.binary_search(&self.query.root).unwrap_or(usize::MAX);
        let values = self.by_unit(rule, book, facets);
        values.get(place).copied().unwrap_or(Value::Count(0))
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
    let place = |code: &UnitCode| codes.binary_search(code).ok();
    let mut chains = Vec::new();
    for unit in units {
        let chain = registry.chain(*unit, day);
        if let Some(depth) = chain.iter().position(|code| *code == query.root)
            && let Some(own) = place(unit)
        {
            chains.push((own, chain.iter().take(depth + 1).filter_map(place).collect()));
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
    sums: &mut [i64],
    amount: impl Fn(&UnitBook) -> i64,
) {
    for (unit, chain) in chains {
        let amount = book.unit(*unit).map_or(0, &amount);
        if amount != 0 {
            for ancestor in chain {
                add(sums, *ancestor, amount);
            }
        }
    }
}

fn add(sums: &mut [i64], place: usize, amount: i64) {
    if let Some(sum) = sums.get_mut(place) {
        *sum += amount;
    }
}
