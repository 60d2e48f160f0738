//! Differences of cells while a batch is folded: many small amounts, summed per key at the end.

use std::collections::BTreeMap;

use crate::cells::{CellChange, CellKey};
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Facet, Measure};
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;

/// A cell's key with small numbers for unit and facet: unit, measure, facet, day.
type SmallKey = (u32, u8, u32, u16);

/// Amounts that wait to be booked.
#[derive(Debug, Default)]
pub struct Deltas {
    amounts: Vec<(SmallKey, i64)>,
    units: Vec<UnitCode>,
    unit_places: BTreeMap<UnitCode, u32>,
    facets: Vec<Facet>,
    facet_places: BTreeMap<Facet, u32>,
    scratch: Contributions,
}

impl Deltas {
    /// Adds the contributions of a timeline, `sign` times.
    pub fn add(&mut self, unit: UnitCode, timeline: &Timeline, sign: i64) {
        if timeline.is_empty() {
            return;
        }
        let unit = self.unit_place(unit);
        let mut scratch = std::mem::take(&mut self.scratch);
        timeline.contribute(&mut scratch);
        for contribution in scratch.0.drain(..) {
            let facet = self.facet_place(contribution.facet);
            let key = (unit, contribution.measure.byte(), facet, contribution.day.number());
            self.amounts.push((key, sign * contribution.amount));
        }
        self.scratch = scratch;
    }

    fn unit_place(&mut self, unit: UnitCode) -> u32 {
        if let Some(place) = self.unit_places.get(&unit) {
            return *place;
        }
        let place = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
        self.units.push(unit);
        self.unit_places.insert(unit, place);
        place
    }

    /// 0 is the cell of all; a facet's place is its index plus one.
    fn facet_place(&mut self, facet: Facet) -> u32 {
        if facet == Facet::All {
            return 0;
        }
        if let Some(place) = self.facet_places.get(&facet) {
            return *place;
        }
        self.facets.push(facet.clone());
        let place = u32::try_from(self.facets.len()).unwrap_or(u32::MAX);
        self.facet_places.insert(facet, place);
        place
    }

    /// Books all that waits on one recorded day: appends the sums that are not zero.
    pub fn book(&mut self, recorded: Day, out: &mut Vec<CellChange>) {
        let mut amounts = std::mem::take(&mut self.amounts);
        amounts.sort_unstable_by_key(|(key, _)| *key);
        for run in amounts.chunk_by(|a, b| a.0 == b.0) {
            let amount: i64 = run.iter().map(|(_, amount)| amount).sum();
            if let Some(((unit, measure, facet, day), _)) = run.first()
                && amount != 0
                && let Some(key) = self.full_key(*unit, *measure, *facet, *day, recorded)
            {
                out.push(CellChange { key, amount });
            }
        }
        amounts.clear();
        self.amounts = amounts;
    }

    fn full_key(
        &self,
        unit: u32,
        measure: u8,
        facet: u32,
        day: u16,
        recorded: Day,
    ) -> Option<CellKey> {
        let facet = match facet.checked_sub(1) {
            None => Facet::All,
            Some(place) => self.facets.get(usize::try_from(place).ok()?)?.clone(),
        };
        Some(CellKey {
            unit: *self.units.get(usize::try_from(unit).ok()?)?,
            measure: Measure::from_byte(measure)?,
            facet,
            day: Day::from_number(day),
            recorded,
        })
    }
}
