//! Silence is not zero: who was heard of what a figure counts.
//!
//! A unit was heard of a family of measures by a day if anything of it counts on some day up to
//! then, as known on the day of knowledge. Only its cells are looked at, those of all codes: so
//! what was said and taken back was never said, in any order, and a code that nobody names is 0
//! once the unit speaks of others.
//!
//! A figure is missing where nobody who counts below its unit was heard by the last day on which
//! he did. A figure of several families needs one that was heard; both parts of a ratio do. What is
//! counted in the registry is always known; beside something that nobody was heard of it tells
//! nothing.
//!
//! **Invariant SIL-1:** what is missing would be 0, and in every window up to then. So it is
//! nothing in every sum, and 3 = 4 + 5 + 6 holds of what is there.
//! **Invariant SIL-2:** once a unit was heard of a family, no later window of its is missing.

use std::collections::BTreeSet;

use super::chains::Chains;
use super::{Amounts, Opened, Readings, Scope, Sums};
use crate::book::{Book, UnitBook};
use crate::catalogue::{Rule, Term};
use crate::day::Day;
use crate::measure::Measure;
use crate::words::{Family, Level};

/// The cells of all, as far as they tell who was heard.
#[derive(Debug, Clone)]
pub(super) struct Told<'a> {
    pub(super) book: &'a Book,
    /// Whether all of it counts below the root on every day.
    pub(super) is_whole: bool,
    /// For each detour, the cells of its unit in its field.
    pub(super) divided: Vec<Option<&'a UnitBook>>,
}

/// A family of measures (none: all of them), and the level that a term is narrowed to.
pub(super) type Of = (Option<Family>, Option<Level>);

/// Units that were never heard of some families, they and those below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unheard {
    /// How many.
    pub units: usize,
    /// Of how many that stand on the window's last day.
    pub of: usize,
}

impl Scope<'_> {
    /// For each side of a rule that reads cells, how often anybody was heard of it: 0 of nobody.
    pub(super) fn who_is_heard<S: Sums>(
        &self,
        rule: &Rule,
        book: &Opened<'_>,
        read: &mut Readings<S>,
    ) -> Vec<S> {
        let of_terms = |terms: &[Term]| -> Vec<Of> {
            let of = |term: &Term| Some((term.counted.measure()?.family(), term.only.level));
            terms.iter().filter_map(of).collect()
        };
        let sides = match rule {
            Rule::Sum(terms) => vec![of_terms(terms)],
            Rule::Ratio { part, whole } => vec![of_terms(part), of_terms(whole)],
            Rule::Distinct(_, measures) => {
                vec![measures.iter().map(|measure| (measure.family(), None)).collect()]
            }
            Rule::Declared { .. } => Vec::new(),
        };
        let mut all = Vec::new();
        for mut side in sides.into_iter().filter(|side| !side.is_empty()) {
            side.sort_unstable();
            side.dedup();
            let mut sum = S::zero(self.trees.codes.len());
            for of in side {
                sum.add_all(read.heard.entry(of).or_insert_with(|| self.heard(of, &book.told)), 1);
            }
            all.push(sum);
        }
        all
    }

    fn heard<S: Sums>(&self, (family, level): Of, told: &Told<'_>) -> S {
        let mut sums = S::zero(self.trees.codes.len());
        let (days, known) = (self.days, self.query.known);
        let is_of = |measure: Measure| is_of(measure, family);
        let whole = told.book.whole();
        if told.is_whole && !whole.all().any(|(measure, _)| is_of(measure)) {
            return sums;
        }
        if S::IS_ROOT_ALONE
            && told.is_whole
            && level.is_none()
            && whole.is_heard(is_of, days.to, known)
            && let Ok(root) = self.trees.codes.binary_search(&self.query.root)
        {
            sums.add(&[root], &[], 1);
            return sums;
        }
        // The latest tree first: whoever is in it need not be looked for long.
        for epoch in self.trees.epochs.iter().rev() {
            let counts = |place| level.is_none() || self.last_level(place) == level;
            self.add_heard(is_of, &epoch.chains, epoch.window.to, told, counts, &mut sums);
        }
        let day = days.from.previous().unwrap_or(Day::MIN);
        let stood = |place| self.last_level(place) == level || self.level_on(place, day) == level;
        let counts = |place| level.is_none() || stood(place);
        self.add_heard(is_of, &self.trees.opening, day, told, counts, &mut sums);
        sums
    }

    /// The units of the subtree that were never heard of what any of the rules counts; none if they
    /// count nothing that is sent.
    pub fn unheard<'r>(
        &self,
        rules: impl Iterator<Item = &'r Rule>,
        book: &Opened<'_>,
    ) -> Option<Unheard> {
        let families: BTreeSet<Option<Family>> =
            rules.flat_map(Rule::measures).map(Measure::family).collect();
        let tree = self.trees.epochs.last().filter(|_| !families.is_empty())?;
        let mut heard = Amounts::zero(self.trees.codes.len());
        let is_of = |measure| families.iter().any(|family| is_of(measure, *family));
        self.add_heard(is_of, &tree.chains, tree.window.to, &book.told, |_| true, &mut heard);
        let standing = self.standing_units();
        let is_silent = |chain: &[usize]| {
            chain.first().is_some_and(|place| heard.subtree.get(*place) == Some(&0))
        };
        let units = standing.iter().filter(|(_, _, chain)| is_silent(chain)).count();
        Some(Unheard { units, of: standing.len() })
    }

    /// Adds who was heard by the day of those who count in a tree.
    fn add_heard<S: Sums>(
        &self,
        is_of: impl Fn(Measure) -> bool + Copy,
        chains: &Chains,
        day: Day,
        told: &Told<'_>,
        counts: impl Fn(usize) -> bool,
        sums: &mut S,
    ) {
        let known = self.query.known;
        let mut units = told.book.units().peekable();
        for (place, chain) in &chains.units {
            if sums.is_settled() {
                return;
            }
            let Some(code) = self.trees.codes.get(*place) else { continue };
            // Both are in order of code.
            while units.next_if(|(held, _)| held < code).is_some() {}
            let unit = units.next_if(|(held, _)| held == code).map(|(_, unit)| unit);
            if unit.is_some_and(|unit| counts(*place) && unit.is_heard(is_of, day, known)) {
                sums.add(chain, &[], 1);
            }
        }
        for (detour, divided) in chains.detours.iter().zip(&told.divided) {
            let unit = divided.filter(|_| counts(detour.place));
            if unit.is_some_and(|unit| unit.is_heard(is_of, day, known)) {
                sums.add(&detour.to, &[], 1);
            }
        }
    }
}

/// Whether a measure tells that its unit was heard of a family. Whatever a unit says is looked at for
/// anomalies, which are of no family: who was heard of anything was heard of them.
fn is_of(measure: Measure, family: Option<Family>) -> bool {
    family.is_none() || measure.family() == family
}

impl UnitBook {
    /// Whether anything of these measures counts on some day up to this one.
    fn is_heard(&self, is_of: impl Fn(Measure) -> bool, day: Day, known: Option<Day>) -> bool {
        let mut all = self.all().filter(|(measure, _)| is_of(*measure));
        all.any(|(_, series)| series.has_any(day, known))
    }
}
