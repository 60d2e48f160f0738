//! Which cells by facet a reading needs in memory.

use std::collections::BTreeSet;

use tonghop_core::catalogue::{Catalogue, Form, Indicator, Layout};
use tonghop_core::measure::FacetKind;

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
    let rule = &indicator.rule;
    let mut needs: BTreeSet<FacetNeed> =
        rule.facets_read().map(|(kind, measure)| (kind, measure.group())).collect();
    if let Some(kind) = by {
        let measures = rule.terms().filter_map(|term| term.counted.measure());
        needs.extend(measures.map(|measure| (kind, measure.group())));
    }
    needs.into_iter().collect()
}
