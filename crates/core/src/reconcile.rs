//! Reconciliation (đối chiếu): what units declared, held against what is computed, against the
//! rules of the catalogue, and against one another. It names what it finds; it changes nothing.
//!
//! **Invariant REC-1:** every declaration of a computed indicator is compared over its own window,
//! never over that of the report.
//! **Invariant REC-2:** what can be so is not called wrong: a bound breaks a rule only if no number
//! inside it keeps the rule.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Label, Rule};
use crate::checks::Severity;
use crate::day::{Day, Window};
use crate::declared::{Statement, statements};
use crate::form::Sources;
use crate::measure::{FacetKind, Measure};
use crate::pack::words;
use crate::read::{Opened, Query, Readings, Scope, Total, Tree, Value};
use crate::unit_code::UnitCode;

mod compare;
mod outliers;
mod rules;
mod said;
mod tell;

pub use compare::{Cause, Comparison, Verdict};
pub use outliers::{Outlier, outlier};

/// Statements that one reconciliation looks at; beyond them it says that there are more.
pub const STATEMENTS_MAX: usize = 2_000;

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
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

/// Reconciles what was declared of the query's window by the units of its subtree. `past` are the
/// windows of the periods before, to tell what is out of the ordinary.
pub fn reconcile(
    catalogue: &Catalogue,
    query: Query,
    past: &[Window],
    sources: Sources<'_>,
) -> Reconciliation {
    let mut statements: Vec<Statement> =
        statements(sources.facets.get(&FacetKind::Declared), None, query.known)
            .into_iter()
            .filter(|said| said.concerns(query.window))
            .filter(|said| is_below(said.unit, said.day, query, sources))
            .collect();
    let left_out = statements.len().saturating_sub(STATEMENTS_MAX);
    statements.truncate(STATEMENTS_MAX);
    let mut findings = said::findings(&statements, catalogue, query, sources);
    findings.extend(rules::declared(&statements, catalogue));
    let mut figures = Figures::new(query, sources);
    findings.extend(rules::computed(catalogue, query, &mut figures));
    findings.extend(outliers::findings(catalogue, query, past, &mut figures));
    let comparisons = compare::all(&statements, catalogue, query, &mut figures);
    findings.sort_by_key(|finding| (finding.severity, finding.unit, finding.kind));
    Reconciliation { statements: statements.len(), left_out, comparisons, findings }
}

fn is_below(unit: UnitCode, day: Day, query: Query, sources: Sources<'_>) -> bool {
    let day = match query.tree {
        Tree::AsWas => day,
        Tree::On(day) => day,
    };
    sources.registry.is_below(unit, query.root, day)
}

/// Computed figures, each scope made once.
struct Figures<'a> {
    tree: Tree,
    read_on: Option<Day>,
    sources: Sources<'a>,
    units: Vec<UnitCode>,
    scopes: BTreeMap<(UnitCode, Window, Option<Day>), Held<'a>>,
}

/// A scope with what was read in it.
struct Held<'a> {
    scope: Scope<'a>,
    opened: Opened<'a>,
    read: Readings<Total>,
}

/// What is computed of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Computed {
    /// The figure of the unit and what is below it.
    subtree: Value,
    /// Whether any unit of the subtree ever reported what it is made of.
    reported: bool,
}

impl<'a> Figures<'a> {
    fn new(query: Query, sources: Sources<'a>) -> Self {
        let units = sources.book.units().map(|(code, _)| code).collect();
        Self { tree: query.tree, read_on: query.read_on, sources, units, scopes: BTreeMap::new() }
    }

    /// None for an indicator that is declared.
    fn read(
        &mut self,
        rule: &Rule,
        unit: UnitCode,
        window: Window,
        known: Option<Day>,
    ) -> Option<Computed> {
        if let Rule::Declared { .. } = rule {
            return None;
        }
        let measures: Vec<Measure> = rule.measures().collect();
        let (sources, units) = (self.sources, &self.units);
        let (tree, read_on) = (self.tree, self.read_on);
        let held = self.scopes.entry((unit, window, known)).or_insert_with(|| {
            let query = Query { root: unit, window, known, tree, read_on };
            let scope = Scope::new(query, sources.registry, units);
            let opened = scope.open(sources.book, sources.facets);
            Held { scope, opened, read: Readings::default() }
        });
        Some(Computed {
            subtree: held.scope.value(rule, &held.opened, &mut held.read),
            reported: held.scope.reports(&measures, &held.opened),
        })
    }
}
