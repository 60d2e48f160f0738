//! Which cells by facet a reading needs in memory.

use std::collections::BTreeSet;

use tonghop_core::catalogue::{Catalogue, Form, Indicator, Layout, Rule, Term};
use tonghop_core::measure::{FacetKind, Measure};

use crate::view::FacetNeed;

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
    let groups = |terms: &[Term]| -> BTreeSet<u8> {
        terms.iter().map(|term| term.measure.group()).collect()
    };
    let mut needs = BTreeSet::new();
    let read = match &indicator.rule {
        Rule::Declared { .. } => {
            needs.insert((FacetKind::Declared, Measure::FigureDeclared.group()));
            return needs.into_iter().collect();
        }
        Rule::Sum(terms) => groups(terms),
        Rule::Ratio { part, whole } => groups(part).union(&groups(whole)).copied().collect(),
        Rule::Distinct(kind, measures) => {
            let groups: BTreeSet<u8> = measures.iter().map(|measure| measure.group()).collect();
            needs.extend(groups.iter().map(|group| (*kind, *group)));
            groups
        }
    };
    if let Some(kind) = by {
        needs.extend(read.into_iter().map(|group| (kind, group)));
    }
    needs.into_iter().collect()
}
