//! What is out of the ordinary: a computed figure against the unit's own past periods.
//!
//! Median and median absolute deviation: one wild quarter among the past ones moves neither.

use super::{Figures, Finding, FindingKind, tell};
use crate::catalogue::{Catalogue, Nature};
use crate::checks::Severity;
use crate::day::Window;
use crate::read::{Query, Value};

/// Past periods below which nothing is called out of the ordinary.
const PAST_MIN: usize = 5;
/// Deviations from the median beyond which a figure is.
const DEVIATIONS_MAX: i64 = 5;

/// What a figure is far from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlier {
    /// The median of the past figures.
    pub median: i64,
    /// The median of how far they lie from it.
    pub deviation: i64,
}

/// Whether a figure lies far from past ones; none if it does not, or if they are too few.
pub fn outlier(past: &[i64], now: i64) -> Option<Outlier> {
    if past.len() < PAST_MIN {
        return None;
    }
    let middle = median(past.to_vec())?;
    let deviation = median(past.iter().map(|value| value.abs_diff(middle)).map(clamped).collect())?;
    // Past figures that are all the same still leave room for a tenth.
    let room = deviation.saturating_mul(DEVIATIONS_MAX).max(middle.abs() / 10).max(1);
    (clamped(now.abs_diff(middle)) > room).then_some(Outlier { median: middle, deviation })
}

fn clamped(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The lower of the two middle values, if there are two.
fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// Computed flows of the root that are far from its own past.
pub(super) fn findings(
    catalogue: &Catalogue,
    query: Query,
    past: &[Window],
    figures: &mut Figures<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Some days of a period are not like whole ones.
    if past.len() < PAST_MIN || !query.is_over() {
        return findings;
    }
    for indicator in catalogue.indicators.iter().filter(|i| i.nature == Nature::Flow) {
        let mut count = |window| {
            let read = figures.read(&indicator.rule, query.root, window, query.known)?;
            let Value::Count(count) = read.subtree else { return None };
            read.reported.then_some(count)
        };
        let Some(now) = count(query.window) else { continue };
        // Periods before the first report are no zeros.
        let counts = past.iter().filter_map(|window| count(*window));
        let counts: Vec<i64> = counts.skip_while(|count| *count == 0).collect();
        if let Some(far) = outlier(&counts, now) {
            findings.push(Finding {
                kind: FindingKind::Outlier,
                severity: Severity::Advice,
                unit: query.root,
                check: None,
                text: tell::outlier(&indicator.id, now, far, counts.len()),
                statements: Vec::new(),
            });
        }
    }
    findings
}
