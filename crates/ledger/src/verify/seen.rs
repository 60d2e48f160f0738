//! The numbers of a source that leaves have, exactly: as many ranges as there are.

/// A set of numbers from 1 on.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Vec<(u64, u64)>);

impl Seen {
    pub(super) fn insert(&mut self, number: u64) {
        let place = self.0.partition_point(|(_, last)| *last < number);
        if self.0.get(place).is_some_and(|(first, _)| *first <= number) {
            return;
        }
        let follows = place.checked_sub(1).and_then(|before| self.0.get_mut(before));
        let joins_before = follows.is_some_and(|(_, last)| {
            let joins = last.checked_add(1) == Some(number);
            *last = if joins { number } else { *last };
            joins
        });
        let joins_after =
            self.0.get(place).is_some_and(|(first, _)| number.checked_add(1) == Some(*first));
        match (joins_before, joins_after) {
            (true, true) => {
                let (_, last) = self.0.remove(place);
                if let Some((_, held)) = place.checked_sub(1).and_then(|b| self.0.get_mut(b)) {
                    *held = last;
                }
            }
            (false, true) => {
                if let Some((first, _)) = self.0.get_mut(place) {
                    *first = number;
                }
            }
            (false, false) => self.0.insert(place, (number, number)),
            (true, false) => {}
        }
    }

    pub(super) fn highest(&self) -> u64 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// What is missing up to a number, as first and last, ascending.
    pub(super) fn gaps(&self, upto: u64) -> impl Iterator<Item = (u64, u64)> {
        let ends = self.0.iter().copied().chain([(u64::MAX, u64::MAX)]);
        let mut next = 1;
        ends.filter_map(move |(first, last)| {
            let gap = (next, first.saturating_sub(1).min(upto));
            next = last.saturating_add(1);
            (gap.0 <= gap.1).then_some(gap)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gaps_are_what_is_not_there(numbers in prop::collection::vec(1..30_u64, 0..25), upto in 0..35_u64) {
            let mut seen = Seen::default();
            for number in &numbers {
                seen.insert(*number);
            }
            let all: BTreeSet<u64> = numbers.into_iter().collect();
            let missing: Vec<u64> = seen.gaps(upto).flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(missing, (1..=upto).filter(|n| !all.contains(n)).collect::<Vec<_>>());
            prop_assert_eq!(seen.highest(), all.last().copied().unwrap_or(0));
            prop_assert!(seen.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
