//! A figure as a plain sum of what is shown: what somebody can add up who has no tree of units.
//!
//! It is the value wherever all units that are read count below the unit asked for on every day. A
//! figure that counts units, codes or declarations is none.

use tonghop_core::catalogue::{Counted, Reading, Rule, Term};
use tonghop_core::contribution::Contribution;
use tonghop_core::day::Window;
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::read::{Query, Share, Value};

/// A sum that is being made.
#[derive(Debug)]
pub(crate) struct Plain<'r> {
    part: &'r [Term],
    whole: Option<&'r [Term]>,
    facet: Facet,
    window: Window,
    sums: (i64, i64),
}

impl<'r> Plain<'r> {
    /// Of this rule; none if its figures are no plain sums.
    pub(crate) fn of(
        rule: &'r Rule,
        facet: Option<&(FacetKind, String)>,
        query: &Query,
    ) -> Option<Self> {
        let (part, whole): (&[Term], Option<&[Term]>) = match rule {
            Rule::Sum(terms) => (terms, None),
            Rule::Ratio { part, whole } => (part, Some(whole)),
            Rule::Distinct(..) | Rule::Declared { .. } => return None,
        };
        let adds =
            |term: &Term| term.only.level.is_none() && matches!(term.counted, Counted::Amounts(..));
        let all = rule.terms().all(adds);
        let facet = facet.map_or(Facet::All, |(kind, code)| Facet::Of(*kind, code.as_str().into()));
        all.then_some(Self { part, whole, facet, window: query.days(), sums: (0, 0) })
    }

    /// Adds what a timeline contributes.
    pub(crate) fn add(&mut self, contribution: &Contribution) {
        let amount = |terms: &[Term]| {
            terms.iter().map(|term| self.amount(term, contribution)).fold(0, i64::saturating_add)
        };
        let (part, whole) = (amount(self.part), self.whole.map_or(0, amount));
        self.sums = (self.sums.0.saturating_add(part), self.sums.1.saturating_add(whole));
    }

    fn amount(&self, term: &Term, contribution: &Contribution) -> i64 {
        let Contribution { measure, facet, day, amount } = contribution;
        let Counted::Amounts(reading, of) = term.counted else { return 0 };
        let narrowed = term.only.code.as_ref().map(|(kind, code)| Facet::Of(*kind, code.clone()));
        let counts = match reading {
            Reading::Flow => self.window.contains(*day),
            Reading::Opening => *day < self.window.from,
            Reading::Closing => *day <= self.window.to,
            Reading::MovedIn | Reading::MovedOut => false,
        };
        match (
            of == *measure && counts && narrowed.as_ref().unwrap_or(&self.facet) == facet,
            term.negative,
        ) {
            (false, _) => 0,
            (true, false) => *amount,
            (true, true) => amount.saturating_neg(),
        }
    }

    /// The value.
    pub(crate) fn value(self) -> Value {
        let (part, whole) = self.sums;
        match self.whole {
            None => Value::Count(part),
            Some(_) => Value::Share(Share { part, whole }),
        }
    }
}
