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
    /// Whether the unit may publish from this source.
    pub(super) fn check(&self, unit: UnitCode, source: &Arc<str>) -> Result<(), Refusal> {
        let Some(known) = self.0.get(&unit) else { return Ok(()) };
        let full = u32::try_from(known.len()).unwrap_or(u32::MAX) >= SOURCES_PER_UNIT_MAX;
        if full && !known.contains(source) {
            return Err(Refusal::new(RefusalCode::SourceTooMany)
                .with("sources_max", SOURCES_PER_UNIT_MAX));
        }
        Ok(())
    }

    /// Remembers a source; true if it is new.
    pub(super) fn insert(&mut self, unit: UnitCode, source: &Arc<str>) -> bool {
        let known = self.0.entry(unit).or_default();
        !known.contains(source) && known.insert(Arc::clone(source))
    }

    /// The sources of a unit, in order.
    pub(super) fn of(&self, unit: UnitCode) -> impl Iterator<Item = &Arc<str>> {
        self.0.get(&unit).into_iter().flatten()
    }
}
