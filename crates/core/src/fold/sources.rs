//! The systems that each unit publishes from; their number is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::limits::SOURCES_PER_UNIT_MAX;
use crate::refusal::{Refusal, RefusalCode};
use crate::unit_code::UnitCode;

/// Known sources by unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources(BTreeMap<UnitCode, BTreeSet<Arc<str>>>);

impl Sources {
    /// Whether the source is known; an error if it is new and the unit has too many.
    pub(super) fn is_known(&self, unit: UnitCode, source: &Arc<str>) -> Result<bool, Refusal> {
        let Some(known) = self.0.get(&unit) else { return Ok(false) };
        if known.contains(source) {
            return Ok(true);
        }
        if u32::try_from(known.len()).unwrap_or(u32::MAX) >= SOURCES_PER_UNIT_MAX {
            return Err(
                Refusal::new(RefusalCode::SourceTooMany).with("sources_max", SOURCES_PER_UNIT_MAX)
            );
        }
        Ok(false)
    }

    /// Remembers a source.
    pub(super) fn insert(&mut self, unit: UnitCode, source: &Arc<str>) {
        self.0.entry(unit).or_default().insert(Arc::clone(source));
    }

    /// The sources of a unit, in order.
    pub(super) fn of(&self, unit: UnitCode) -> impl Iterator<Item = &Arc<str>> {
        self.0.get(&unit).into_iter().flatten()
    }
}
