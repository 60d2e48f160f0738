//! Which cells by facet a reading needs in memory.

use std::collections::BTreeSet;

use tonghop_core::catalogue::{Catalogue, Form, Indicator, Layout, Rule};
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::read::Tree;

use crate::ask::{KnownAt, Wish};
use crate::view::{DividedNeed, FacetNeed};

/// The needs of a form.
pub(super) fn of_form(form: &Form, catalogue: &Catalogue) -> Vec<FacetNeed> {
    let texts = form.sections.iter().any(|section| section.narrative);
    let texts = texts.then(|| (FacetKind::Narrative, Measure::NarrativeSubmitted.group()));
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
    needs.extend(texts);
    needs.into_iter().collect()
}

/// The needs of an indicator that is read by a kind of facet, or by none.
pub(super) fn of_indicator(indicator: &Indicator, by: Option<FacetKind>) -> Vec<FacetNeed> {
    let rule = &indicator.rule;
    if let Rule::Declared { .. } = rule {
        return vec![(FacetKind::Declared, Measure::FigureDeclared.group())];
    }
    let mut needs: BTreeSet<FacetNeed> =
        rule.facets_read().map(|(kind, measure)| (kind, measure.group())).collect();
    if let Some(kind) = by {
        let measures = rule.terms().filter_map(|term| term.counted.measure());
        needs.extend(measures.map(|measure| (kind, measure.group())));
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
    let groups =
        indicators.flat_map(|indicator| indicator.rule.measures()).map(Measure::group).collect();
    Some(DividedNeed { tree: wish.tree, known, groups })
}

#[cfg(test)]
mod tests {
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
        let directives = catalogue.indicator("norms.in_force_directives").unwrap();
        let kind = (FacetKind::Kind, Measure::NormInForce.group());
        assert_eq!(of_indicator(directives, None), [kind]);
    }
}
