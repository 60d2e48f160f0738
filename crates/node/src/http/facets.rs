//! Which cells by facet a reading needs in memory.

use std::collections::BTreeSet;

use tonghop_core::catalogue::{Catalogue, Form, Indicator, Layout, Rule, Term};
use tonghop_core::measure::FacetKind;
use tonghop_core::read::Tree;

use crate::ask::{KnownAt, Wish};
use crate::view::{DividedNeed, FacetNeed};

/// The needs of a form.
pub(super) fn of_form(form: &Form, catalogue: &Catalogue) -> Vec<FacetNeed> {
    let by = match form.layout {
        Layout::ByFacet(kind) => Some(kind),
        Layout::ByUnit | Layout::List => None,
    };
    let mut needs = BTreeSet::new();
    for slot in &form.slots {
        if let Some(indicator) = catalogue.indicators.get(slot.indicator) {
            needs.extend(of_indicator(indicator, by));
        }
    }
    needs.into_iter().collect()
}

/// The needs of an indicator that is read by a kind of facet, or by none.
pub(super) fn of_indicator(indicator: &Indicator, by: Option<FacetKind>) -> Vec<FacetNeed> {
    let mut needs = BTreeSet::new();
    let read = groups(indicator);
    if let Rule::Distinct(kind, _) = &indicator.rule {
        needs.extend(read.iter().map(|group| (*kind, *group)));
    }
    if let Some(kind) = by {
        needs.extend(read.into_iter().map(|group| (kind, group)));
    }
    needs.into_iter().collect()
}

/// What a wish for these indicators needs of units that were divided by field; nothing as it was.
pub(super) fn divided<'a>(
    wish: &Wish,
    indicators: impl Iterator<Item = &'a Indicator>,
) -> Option<DividedNeed> {
    if wish.tree == Tree::AsWas {
        return None;
    }
    let known = match wish.known_at {
        KnownAt::Day(day) => Some(day),
        KnownAt::Now | KnownAt::Position(_) => None,
    };
    Some(DividedNeed { tree: wish.tree, known, groups: indicators.flat_map(groups).collect() })
}

/// The groups of measures that an indicator reads.
fn groups(indicator: &Indicator) -> BTreeSet<u8> {
    let of = |terms: &[Term]| -> BTreeSet<u8> {
        terms.iter().map(|term| term.measure.group()).collect()
    };
    match &indicator.rule {
        Rule::Sum(terms) => of(terms),
        Rule::Ratio { part, whole } => of(part).union(&of(whole)).copied().collect(),
        Rule::Distinct(_, measures) => measures.iter().map(|measure| measure.group()).collect(),
    }
}
