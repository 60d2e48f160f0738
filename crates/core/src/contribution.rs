//! Contributions: what one timeline adds to the cells.

use std::sync::Arc;

use crate::anomaly::Anomaly;
use crate::day::Day;
use crate::measure::{Code, Facet, FacetKind, Measure};

/// An amount of one measure on one effective day, under one facet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// What is counted.
    pub measure: Measure,
    /// Under which facet.
    pub facet: Facet,
    /// On which effective day.
    pub day: Day,
    /// How much, in the measure's unit; negative where something ends or is taken back.
    pub amount: i64,
}

/// The contributions of one timeline, in no particular order; equal keys may occur several times.
#[derive(Debug, Default, Clone)]
pub struct Contributions(pub Vec<Contribution>);

impl Contributions {
    /// Adds an amount to the cell of all.
    pub fn add(&mut self, measure: Measure, day: Day, amount: i64) {
        if amount != 0 {
            self.0.push(Contribution { measure, facet: Facet::All, day, amount });
        }
    }

    /// Adds an amount to the cell of all and to the cell of each facet.
    pub fn add_under(&mut self, measure: Measure, day: Day, amount: i64, facets: &[Facet]) {
        self.add(measure, day, amount);
        if amount != 0 {
            self.0.extend(facets.iter().map(|facet| Contribution {
                measure,
                facet: facet.clone(),
                day,
                amount,
            }));
        }
    }

    /// Adds an amount to the cell of all and to the cell of the code.
    pub fn add_of(
        &mut self,
        measure: Measure,
        day: Day,
        amount: i64,
        kind: FacetKind,
        code: &Code,
    ) {
        self.add_under(measure, day, amount, &[Facet::Of(kind, Arc::clone(code))]);
    }

    /// Counts an anomaly on the day of the event that is odd.
    pub fn note(&mut self, anomaly: Anomaly, day: Day) {
        self.add_of(Measure::Anomaly, day, 1, FacetKind::Anomaly, &Arc::from(anomaly.word()));
    }

    /// The sum per key, zero sums left out, in canonical order.
    #[must_use]
    pub fn summed(mut self) -> Vec<Contribution> {
        self.0.sort();
        let mut out: Vec<Contribution> = Vec::with_capacity(self.0.len());
        for next in self.0 {
            match out.last_mut() {
                Some(last)
                    if last.measure == next.measure
                        && last.facet == next.facet
                        && last.day == next.day =>
                {
                    last.amount += next.amount;
                }
                _ => out.push(next),
            }
        }
        out.retain(|contribution| contribution.amount != 0);
        out
    }
}
