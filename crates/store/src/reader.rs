//! Reading from other threads while commits go on.

use std::collections::BTreeMap;
use std::sync::Arc;

use tonghop_core::cells::CellKey;
use tonghop_core::measure::FacetKind;
use tonghop_core::unit_code::UnitCode;

use crate::cells::{Shared, of_group, read_page};
use crate::error::StoreError;
use crate::keys::PageGroup;
use crate::page::{self, Tails};

/// Keys that are looked up while commits wait.
const KEYS_AT_ONCE: usize = 256;

/// Reads beside the writer; never sees half of a commit (STO-3).
///
/// It keeps the store's lock: drop every reader before the store is opened again.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Reader {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The position that this reader sees.
    pub fn position(&self) -> Result<u64, StoreError> {
        Ok(self.shared.read()?.position)
    }

    /// The values of these keys, each in its key's place. Of many keys some may be of a later commit
    /// than others: commits come in between.
    pub fn load(&self, keys: &[u128]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(KEYS_AT_ONCE) {
            found.extend(self.shared.entries()?.load(&self.shared.disk, some)?);
        }
        Ok(found)
    }

    /// The cells of a unit, a group of measures ([`tonghop_core::measure::Measure::group`]) and a
    /// kind of facet, of the effective days up to the end of a month
    /// ([`tonghop_core::day::Day::month_number`]): in order of month, day, code, measure and
    /// recorded day.
    pub fn facet_cells(
        &self,
        unit: UnitCode,
        group: u8,
        kind: FacetKind,
        month_last: u16,
    ) -> Result<Vec<(CellKey, i64)>, StoreError> {
        let first = PageGroup { kind, unit, group, month: 0 };
        let last = PageGroup { month: month_last, ..first };
        let disk = &self.shared.disk;
        let mut months: BTreeMap<PageGroup, Tails> = BTreeMap::new();
        // Held until all is read: neither a commit nor a fold comes in between.
        let waiting = self.shared.read()?;
        for pair in disk.scan(first.prefix(), crate::keys::after(&last.prefix())) {
            let (key, value) = pair?;
            let (group, cells) = read_page(disk, &key, &value)?;
            months.entry(group).or_default().extend(cells);
        }
        for (group, changes) in waiting.groups.range(first..=last) {
            let stored = months.remove(group).unwrap_or_default();
            let changes = changes.iter().map(|(tail, amount)| (tail.clone(), *amount));
            months.insert(*group, page::add(stored, changes));
        }
        drop(waiting);
        Ok(months.into_iter().flat_map(|(group, tails)| of_group(&group, tails)).collect())
    }
}
