//! How much one reconciliation looks at and tells. What is declared is what units choose to
//! declare: nobody's statements may hide those of others, nor keep readers waiting.
//!
//! **Invariant REC-3:** what is left out is counted in the answer, and no unit's statements take
//! the place of another's first ones.

use std::collections::BTreeMap;

use super::{Finding, FindingKind};
use crate::catalogue::{Catalogue, Label};
use crate::checks::Severity;
use crate::declared::Statement;
use crate::unit_code::UnitCode;

/// Statements of one unit that are looked at.
pub const UNIT_STATEMENTS_MAX: usize = 128;
/// Statements of all units that are looked at: a score of each commune before they were merged.
pub const STATEMENTS_MAX: usize = 16_384;
/// Findings of one kind about one unit that are told.
pub const FINDINGS_MAX: usize = 32;
/// Scopes that one reconciliation makes: three for each unit before they were merged, and more.
pub const SCOPES_MAX: usize = 4_096;

/// Chooses what is looked at, in order: of each unit, first one statement of each indicator that is
/// known, then a second one; those of unknown ones last. If the units have too many together, each
/// has as many as the others, as far as it has any.
pub(super) fn chosen(statements: Vec<Statement>, catalogue: &Catalogue) -> Vec<Statement> {
    let mut of_units: BTreeMap<UnitCode, Vec<(bool, usize, Statement)>> = BTreeMap::new();
    let mut of_indicator = 0;
    let mut last = None;
    // In order of indicator, then of who says it.
    for statement in statements {
        let about = Some((statement.declaration.indicator.clone(), statement.unit));
        of_indicator = if about == last { of_indicator + 1 } else { 0 };
        last = about;
        let is_unknown = catalogue.indicator(&statement.declaration.indicator).is_none();
        let of_unit = of_units.entry(statement.unit).or_default();
        of_unit.push((is_unknown, of_indicator, statement));
    }
    let mut ranked: Vec<(usize, Statement)> = Vec::new();
    for (_, mut of_unit) in of_units {
        of_unit.sort_unstable();
        let first = of_unit.into_iter().map(|(_, _, statement)| statement);
        ranked.extend((0..).zip(first.take(UNIT_STATEMENTS_MAX)));
    }
    ranked.sort_unstable();
    ranked.truncate(STATEMENTS_MAX);
    let mut chosen: Vec<Statement> = ranked.into_iter().map(|(_, statement)| statement).collect();
    chosen.sort_unstable();
    chosen
}

/// Findings, so many of each kind and unit.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    /// How many there are of each, told or not.
    counts: BTreeMap<(UnitCode, FindingKind), usize>,
}

/// Findings of one kind about one unit that are not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untold {
    /// Whose figures they are about.
    pub unit: UnitCode,
    /// What they are.
    pub kind: FindingKind,
    /// How many more there are.
    pub count: usize,
}

impl Findings {
    /// Tells what the statements, of which there is one at least, are found to be; the text is not
    /// made if there is no room for it.
    pub(super) fn say(
        &mut self,
        kind: FindingKind,
        severity: Severity,
        about: &[&Statement],
        text: impl FnOnce() -> Label,
    ) {
        let Some(first) = about.first() else { return };
        if self.has_room(first.unit, kind) {
            let statements = about.iter().map(|statement| (*statement).clone()).collect();
            let (unit, check, text) = (first.unit, None, text());
            self.all.push(Finding { kind, severity, unit, check, text, statements });
        }
    }

    pub(super) fn push(&mut self, finding: Finding) {
        if self.has_room(finding.unit, finding.kind) {
            self.all.push(finding);
        }
    }

    fn has_room(&mut self, unit: UnitCode, kind: FindingKind) -> bool {
        let count = self.counts.entry((unit, kind)).or_default();
        *count += 1;
        *count <= FINDINGS_MAX
    }

    /// The findings, the gravest first; and how many more there are.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Vec<Untold>) {
        self.all.sort_by_key(|finding| (finding.severity, finding.unit, finding.kind));
        let untold = self.counts.into_iter().filter(|(_, count)| *count > FINDINGS_MAX);
        let untold = untold.map(|((unit, kind), count)| {
            let count = count - FINDINGS_MAX;
            Untold { unit, kind, count }
        });
        (self.all, untold.collect())
    }
}
