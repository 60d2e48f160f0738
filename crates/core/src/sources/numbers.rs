//! A set of the numbers that a source gave its events, as ranges, with the day each was recorded.
//!
//! ```text
//! 1 ── 40   gap   43 ── 90   gap   92        ranges, at most `NUMBER_RANGES_MAX`
//! 1 ── 12 000 below: so many of them there    what is left of the oldest when there are more
//! ```
//!
//! Gaps that no longer fit are not forgotten but counted: of the numbers below, it is known how
//! many there are, not which. When all of them have come they are a range again.

use crate::day::Day;
use crate::limits::NUMBER_RANGES_MAX;
use crate::pack::{Packer, Unpacker};

/// Numbers in a row that are all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: u64,
    to: u64,
    /// The first recorded day of any of them.
    on: Day,
}

/// The numbers from 1 to `to`, of which so many are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Below {
    to: u64,
    count: u64,
    on: Day,
}

/// A set of numbers from 1 on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    below: Option<Below>,
    /// In order, with a gap between any two and after what is below.
    ranges: Vec<Range>,
}

impl Numbers {
    /// Adds a number that was recorded on this day; false if it is known to be there already.
    pub fn insert(&mut self, number: u64, on: Day) -> bool {
        // Nearly every number is the one after the last.
        if let Some(last) = self.ranges.last_mut()
            && last.to.checked_add(1) == Some(number)
        {
            last.to = number;
            last.on = last.on.min(on);
            return true;
        }
        if let Some(below) = &mut self.below
            && number <= below.to
        {
            below.count = below.to.min(below.count + 1);
            below.on = below.on.min(on);
            self.dissolve();
            return true;
        }
        let place = self.ranges.partition_point(|range| range.to < number);
        if self.ranges.get(place).is_some_and(|range| range.from <= number) {
            return false;
        }
        self.ranges.insert(place, Range { from: number, to: number, on });
        self.join(place);
        if let Some(before) = place.checked_sub(1) {
            self.join(before);
        }
        while self.ranges.len() > NUMBER_RANGES_MAX {
            self.lower();
        }
        self.dissolve();
        true
    }

    /// Makes one of the range at a place and the one after it, if nothing is between them.
    fn join(&mut self, place: usize) {
        let (Some(one), Some(other)) = (self.ranges.get(place), self.ranges.get(place + 1)) else {
            return;
        };
        if one.to + 1 == other.from {
            let joined = Range { from: one.from, to: other.to, on: one.on.min(other.on) };
            self.ranges.remove(place + 1);
            if let Some(range) = self.ranges.get_mut(place) {
                *range = joined;
            }
        }
    }

    /// Counts the lowest range, with the gap before it, among what is below.
    fn lower(&mut self) {
        if self.ranges.is_empty() {
            return;
        }
        let range = self.ranges.remove(0);
        let count = range.to - range.from + 1;
        self.below = Some(match self.below {
            None => Below { to: range.to, count, on: range.on },
            Some(held) => {
                Below { to: range.to, count: held.count + count, on: held.on.min(range.on) }
            }
        });
    }

    /// Makes a range again of what is below, if all of it is there.
    fn dissolve(&mut self) {
        while let Some(Below { to, count, on }) = self.below {
            if count == to {
                self.below = None;
                self.ranges.insert(0, Range { from: 1, to, on });
                self.join(0);
                // Only a first range could have been lowered with nothing missing.
                if self.ranges.len() > NUMBER_RANGES_MAX {
                    self.lower();
                    self.lower();
                }
            } else if self.ranges.first().is_some_and(|range| range.from == to + 1) {
                self.lower();
            } else {
                return;
            }
        }
    }

    /// How many numbers are there.
    pub fn count(&self) -> u64 {
        let ranges = self.ranges.iter().map(|range| range.to - range.from + 1);
        let below = self.below.map_or(0, |below| below.count);
        ranges.fold(below, u64::saturating_add)
    }

    /// The highest number; 0 if there is none.
    pub fn highest(&self) -> u64 {
        let below = self.below.map_or(0, |below| below.to);
        self.ranges.last().map_or(below, |range| range.to)
    }

    /// Whether every number from 1 to `upto` is there.
    pub fn is_whole(&self, upto: u64) -> bool {
        match (self.below, self.ranges.first()) {
            (None, None) => upto == 0,
            (None, Some(first)) => first.from == 1 && first.to >= upto,
            (Some(_), _) => false,
        }
    }

    /// How many of the numbers from 1 to `upto` are missing; `upto` is not below the highest.
    pub fn missing(&self, upto: u64) -> u64 {
        upto.saturating_sub(self.count())
    }

    /// Of the numbers from 1 to the first, the second many are missing, and it is not known which.
    pub fn uncertain(&self) -> Option<(u64, u64)> {
        self.below.map(|below| (below.to, below.to - below.count))
    }

    /// The missing numbers from 1 to `upto` as first and last, in order, after the uncertain ones.
    pub fn gaps(&self, upto: u64) -> impl Iterator<Item = (u64, u64)> {
        let start = self.below.map_or(1, |below| below.to + 1);
        let starts = std::iter::once(start).chain(self.ranges.iter().map(|range| range.to + 1));
        let ends = self.ranges.iter().map(|range| range.from - 1).chain(std::iter::once(upto));
        starts.zip(ends).filter(|(from, to)| from <= to)
    }

    /// The first recorded day of a number that is higher than the lowest missing one: since then
    /// it has been known to be missing.
    pub fn since(&self, upto: u64) -> Option<Day> {
        let lowest = self.gaps(upto).next().map_or(u64::MAX, |(from, _)| from);
        let uncertain = self.below.map(|below| below.on);
        let above = self.ranges.iter().filter(|r| uncertain.is_some() || r.from > lowest);
        above.map(|range| range.on).chain(uncertain).min()
    }

    /// The lowest number that is known to be missing.
    pub fn lowest_missing(&self, upto: u64) -> Option<u64> {
        if self.below.is_some() { Some(1) } else { self.gaps(upto).next().map(|(from, _)| from) }
    }

    /// Writes the set as bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        let day = |out: &mut Packer<'_>, on: Day| out.int(u64::from(on.number()));
        out.flag(self.below.is_some());
        if let Some(below) = self.below {
            out.int(below.to);
            out.int(below.count);
            day(out, below.on);
        }
        out.int(u64::try_from(self.ranges.len()).unwrap_or(u64::MAX));
        for range in &self.ranges {
            out.int(range.from);
            out.int(range.to - range.from);
            day(out, range.on);
        }
    }

    /// Reads what [`Self::pack`] wrote.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut below = None;
        if from.flag()? {
            below = Some(Below { to: from.int()?, count: from.int()?, on: day(from)? });
        }
        let mut numbers = Self { below, ranges: Vec::new() };
        let count = usize::try_from(from.int()?).ok().filter(|n| *n <= NUMBER_RANGES_MAX)?;
        for _ in 0..count {
            let first = from.int()?;
            let to = first.checked_add(from.int()?)?;
            numbers.ranges.push(Range { from: first, to, on: day(from)? });
        }
        Some(numbers)
    }
}

/// A day as its number.
pub(super) fn day(from: &mut Unpacker<'_>) -> Option<Day> {
    u16::try_from(from.int()?).ok().map(Day::from_number)
}
