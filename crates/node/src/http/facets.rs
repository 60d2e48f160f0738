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

#[cfg(test)]
mod tests {
    use tonghop_core::measure::{FacetKind, Measure};

    use super::*;

    #[test]
    fn a_reading_needs_the_facets_that_its_terms_are_narrowed_by() {
        let catalogue = tonghop_wire::catalogue().unwrap();
        let needs = |id: &str| of_form(catalogue.form(id).unwrap(), &catalogue);
        let (account, deployment) = (Measure::AccountOpen, Measure::DeploymentDone);
        let system = |measure: Measure| (FacetKind::System, measure.group());
        assert_eq!(needs("deployment"), [system(account), system(deployment)]);
        assert_eq!(needs("certificates"), []);
        assert_eq!(needs("tasks"), [(FacetKind::Plan, Measure::TaskDone.group())]);
        assert_eq!(needs("bieu-06-field"), [(FacetKind::Field, Measure::DossierPending.group())]);
        assert_eq!(needs("post"), [(FacetKind::Procedure, Measure::PostAccepted.group())]);
        let directives = catalogue.indicator("norms.directives").unwrap();
        let kind = (FacetKind::Kind, Measure::NormInForce.group());
        assert_eq!(of_indicator(directives, None), [kind]);
    }
}
