//! Differences of cells while a batch is folded: many small amounts, summed per key at the end.

use std::collections::BTreeMap;

use crate::cells::{CellChange, CellKey};
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Facet, Measure};
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;

/// A cell's key in 88 bits: unit 32, measure 8, facet 32, day 16; unit and facet are places in
/// the tables of [`Deltas`].
type SmallKey = u128;

fn small_key(unit: u32, measure: u8, facet: u32, day: u16) -> SmallKey {
    (u128::from(unit) << 56)
        | (u128::from(measure) << 48)
        | (u128::from(facet) << 16)
        | u128::from(day)
}

/// Amounts that wait to be booked.
#[derive(Debug, Default, Clone)]
pub struct Deltas {
    /// The keys, and beside each its amount.
    keys: Vec<SmallKey>,
    amounts: Vec<i64>,
    /// Memory that is used again.
    order: Vec<u128>,
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
            let (measure, day) = (contribution.measure.byte(), contribution.day.number());
            self.keys.push(small_key(unit, measure, facet, day));
            self.amounts.push(sign * contribution.amount);
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

    /// Books all that waits on one recorded day: appends the sums that are not zero, in canonical
    /// order.
    pub fn book(&mut self, recorded: Day, out: &mut Vec<CellChange>) {
        let (units, facets) = (ranks(&self.units), ranks(&self.facets));
        let mut order = std::mem::take(&mut self.order);
        // Key and place are sorted as one integer, which is faster than sorting pairs.
        order.extend(self.keys.iter().zip(0_u32..).map(|(key, at)| {
            (ranked(*key, &units.of_place, &facets.of_place) << 32) | u128::from(at)
        }));
        order.sort_unstable();
        out.reserve(order.chunk_by(|a, b| a >> 32 == b >> 32).count());
        for run in order.chunk_by(|a, b| a >> 32 == b >> 32) {
            let amount: i64 = run.iter().map(|packed| self.amount_at(*packed)).sum();
            if let Some(packed) = run.first()
                && amount != 0
                && let Some(key) = full_key(packed >> 32, &units.sorted, &facets.sorted, recorded)
            {
                out.push(CellChange { key, amount });
            }
        }
        order.clear();
        self.order = order;
        self.keys.clear();
        self.amounts.clear();
    }

    /// Forgets the units and facets of a batch, and keeps the memory for the next.
    pub fn forget(&mut self) {
        self.units.clear();
        self.unit_places.clear();
        self.facets.clear();
        self.facet_places.clear();
    }

    fn amount_at(&self, packed: u128) -> i64 {
        let place = usize::try_from(packed & 0xffff_ffff).unwrap_or(usize::MAX);
        self.amounts.get(place).copied().unwrap_or(0)
    }
}

/// Values in their order, and the place in it of each.
struct Ranks<T> {
    sorted: Vec<T>,
    of_place: Vec<u32>,
}

fn ranks<T: Ord + Clone>(values: &[T]) -> Ranks<T> {
    let mut places: Vec<(&T, usize)> = values.iter().zip(0..).collect();
    places.sort_unstable();
    let mut of_place = vec![0; values.len()];
    for (rank, (_, place)) in (0_u32..).zip(&places) {
        if let Some(slot) = of_place.get_mut(*place) {
            *slot = rank;
        }
    }
    Ranks { sorted: places.into_iter().map(|(value, _)| value.clone()).collect(), of_place }
}

fn bits(key: SmallKey, shift: u32) -> usize {
    usize::try_from((key >> shift) & 0xffff_ffff).unwrap_or(usize::MAX)
}

/// The key with ranks for places: in the order of these keys the cells are in canonical order.
fn ranked(key: SmallKey, units: &[u32], facets: &[u32]) -> SmallKey {
    let unit = units.get(bits(key, 56)).copied().unwrap_or(u32::MAX);
    let facet = match bits(key, 16).checked_sub(1) {
        None => 0,
        Some(place) => facets.get(place).map_or(u32::MAX, |rank| rank + 1),
    };
    (u128::from(unit) << 56) | (key & (0xff << 48)) | (u128::from(facet) << 16) | (key & 0xffff)
}

fn full_key(key: SmallKey, units: &[UnitCode], facets: &[Facet], recorded: Day) -> Option<CellKey> {
    let facet = match bits(key, 16).checked_sub(1) {
        None => Facet::All,
        Some(rank) => facets.get(rank)?.clone(),
    };
    Some(CellKey {
        unit: *units.get(bits(key, 56))?,
        measure: Measure::from_byte(u8::try_from((key >> 48) & 0xff).ok()?)?,
        facet,
        day: Day::from_number(u16::try_from(key & 0xffff).ok()?),
        recorded,
    })
}
