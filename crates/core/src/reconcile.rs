//! Reconciliation (đối chiếu): what units declared, held against what is computed, against the
//! rules of the catalogue, and against one another. It names what it finds; it changes nothing.
//!
//! **Invariant REC-1:** every declaration of a computed indicator is compared over its own window,
//! never over that of the report.
//! **Invariant REC-2:** what can be so is not called wrong: a bound breaks a rule only if no number
//! inside it keeps the rule.

use crate::catalogue::{Catalogue, Label};
use crate::checks::Severity;
use crate::day::{Day, Window};
use crate::declared::{Statement, statements};
use crate::form::Sources;
use crate::measure::FacetKind;
use crate::pack::words;
use crate::read::{Query, Tree};
use crate::unit_code::UnitCode;

mod bounds;
mod compare;
mod figures;
mod outliers;
mod rules;
mod said;
mod tell;
mod wording;

pub use bounds::{FINDINGS_MAX, SCOPES_MAX, STATEMENTS_MAX, UNIT_STATEMENTS_MAX, Untold};
pub use compare::{Cause, Comparison, Verdict};
pub use outliers::{Outlier, outlier};
pub use rules::Tried;

use bounds::Findings;
use figures::Figures;

words! {
    /// What was found.
    FindingKind {
        /// One unit says different things of one indicator in one window.
        Contradiction = 1 "contradiction",
        /// A unit says more than the unit that it is part of.
        PartOverUnit = 2 "part_over_unit",
        /// A number is larger than what it is a part of.
        PartOverWhole = 3 "part_over_whole",
        /// Declared figures break a rule.
        Rule = 4 "rule",
        /// Of figures that contradict one another, only some keep a rule.
        RuleAmbiguous = 5 "rule_ambiguous",
        /// Computed figures break a rule.
        RuleComputed = 6 "rule_computed",
        /// A window is larger than another that it is inside of, or the number is.
        Nested = 7 "nested",
        /// One window is inside another: the two numbers are not to be added.
        Contained = 8 "contained",
        /// One thing is said several times.
        Repetition = 9 "repetition",
        /// Declared windows are not the period.
        Window = 10 "window",
        /// A window has no first or no last day.
        WindowOpen = 11 "window_open",
        /// What happened is declared without its days.
        WindowMissing = 12 "window_missing",
        /// A stock is declared for a window, not as of a day.
        StockInWindow = 13 "stock_in_window",
        /// A bound, which is not to be printed or added as a number.
        Bound = 14 "bound",
        /// A number is called exact, but its note says that it is a bound.
        BoundInNote = 15 "bound_in_note",
        /// The indicator is not in the catalogue.
        IndicatorUnknown = 16 "indicator_unknown",
        /// The indicator is not asked for on that day.
        IndicatorNotValid = 17 "indicator_not_valid",
        /// A computed figure lies far from those of the unit's own past periods.
        Outlier = 18 "outlier",
    }
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// Whose figures it is about.
    pub unit: UnitCode,
    /// The rule, if it is about one.
    pub check: Option<String>,
    /// What was found, in a sentence.
    pub text: Label,
    /// The declarations that it is about.
    pub statements: Vec<Statement>,
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// How many declarations were looked at.
    pub statements: usize,
    /// How many more there are.
    pub left_out: usize,
    /// Declarations of computed indicators beside what is computed.
    pub comparisons: Vec<Comparison>,
    /// How many more comparisons would have been made.
    pub comparisons_left_out: usize,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
    /// How many more findings there are.
    pub untold: Vec<Untold>,
    /// How often each rule was tried, in the order of the catalogue.
    pub rules: Vec<Tried>,
}

/// Reconciles what was declared of the query's window by the units of its subtree. `past` are the
/// windows of the periods before, to tell what is out of the ordinary.
pub fn reconcile(
    catalogue: &Catalogue,
    query: Query,
    past: &[Window],
    sources: Sources<'_>,
) -> Reconciliation {
    let all: Vec<Statement> =
        statements(sources.facets.get(&FacetKind::Declared), None, query.known)
            .into_iter()
            .filter(|said| said.concerns(query.window))
            .filter(|said| is_below(said.unit, said.day, query, sources))
            .collect();
    let there_are = all.len();
    let statements = bounds::chosen(all, catalogue);
    let mut findings = Findings::default();
    said::find(&statements, catalogue, query, sources, &mut findings);
    let mut figures = Figures::new(query, sources);
    let outliers = outliers::findings(catalogue, query, past, &mut figures);
    let (rules, broken) = rules::all(&statements, catalogue, query, &mut figures);
    broken.into_iter().chain(outliers).for_each(|finding| findings.push(finding));
    let (comparisons, comparisons_left_out) =
        compare::all(&statements, catalogue, query, &mut Figures::new(query, sources));
    let (findings, untold) = findings.finish();
    Reconciliation {
        statements: statements.len(),
        left_out: there_are - statements.len(),
        comparisons,
        comparisons_left_out,
        findings,
        untold,
        rules,
    }
}

fn is_below(unit: UnitCode, day: Day, query: Query, sources: Sources<'_>) -> bool {
    let day = match query.tree {
        Tree::AsWas => day,
        Tree::On(day) => day,
    };
    sources.registry.is_below(unit, query.root, day)
}

#[cfg(test)]
mod tests;
