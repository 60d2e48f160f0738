//! Sets of numbers, against a plain set.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limits::NUMBER_RANGES_MAX;

fn set(numbers: impl IntoIterator<Item = u64>) -> Numbers {
    let mut set = Numbers::default();
    for number in numbers {
        set.insert(number, Day::MIN);
    }
    set
}

fn packed(numbers: &Numbers) -> Vec<u8> {
    let mut bytes = Vec::new();
    numbers.pack(&mut Packer(&mut bytes));
    bytes
}

proptest! {
    #[test]
    fn seq_2_what_is_there_and_what_is_missing_are_all(numbers in vec(1_u64..40, 0..40), more in 0_u64..9) {
        let numbers_of_a_set: BTreeSet<u64> = numbers.iter().copied().collect();
        let set = set(numbers.iter().copied());
        let upto = set.highest() + more;
        prop_assert_eq!(set.highest(), numbers_of_a_set.last().copied().unwrap_or(0));
        let missing: Vec<u64> = set.gaps(upto).flat_map(|(from, to)| from..=to).collect();
        let expected: Vec<u64> = (1..=upto).filter(|n| !numbers_of_a_set.contains(n)).collect();
        prop_assert_eq!(set.missing(upto), u64::try_from(expected.len()).unwrap());
        prop_assert_eq!(set.is_whole(upto), expected.is_empty());
        prop_assert_eq!(missing, expected);
        let bytes = packed(&set);
        prop_assert_eq!(Numbers::unpack(&mut Unpacker(&bytes)), Some(set));
    }

    #[test]
    fn a_number_is_new_once(numbers in vec(1_u64..12, 0..30)) {
        let (mut held, mut known) = (Numbers::default(), BTreeSet::new());
        for number in numbers {
            prop_assert_eq!(held.insert(number, Day::MIN), known.insert(number), "{}", number);
        }
    }
}

#[test]
fn more_gaps_than_are_kept_are_counted_and_close() {
    let most = u64::try_from(NUMBER_RANGES_MAX).unwrap();
    let last = 6 * most;
    let even = || (1..=last).filter(|n| n % 2 == 0);
    let odd = || (1..=last).filter(|n| n % 2 == 1);
    let mut numbers = set(even());
    assert!(packed(&numbers).len() < 8 * NUMBER_RANGES_MAX, "{}", packed(&numbers).len());
    assert_eq!(numbers.missing(last), last / 2);
    let (below, uncertain) = numbers.uncertain().unwrap();
    let named: u64 = numbers.gaps(last).map(|(from, to)| to - from + 1).sum();
    assert_eq!(uncertain + named, last / 2);
    assert!(below < last);
    assert!(!numbers.is_whole(last));
    // Backwards, so that the counted ones come last.
    for number in odd().collect::<Vec<_>>().into_iter().rev() {
        assert!(!numbers.is_whole(last));
        numbers.insert(number, Day::MIN);
    }
    assert_eq!(numbers, set(1..=last));
    // And in the other order.
    let mut numbers = set(odd());
    even().for_each(|number| assert!(numbers.insert(number, Day::MIN)));
    assert_eq!(numbers, set(1..=last));
}

#[test]
fn the_highest_number_there_is_is_a_number() {
    let numbers = set([1, u64::MAX - 1]);
    assert_eq!(numbers.missing(u64::MAX - 1), u64::MAX - 3);
    assert_eq!(numbers.gaps(u64::MAX - 1).collect::<Vec<_>>(), [(2, u64::MAX - 2)]);
}

#[test]
fn a_source_is_silent_after_three_usual_intervals() {
    let day = |n: u16| Day::from_number(10_000 + n);
    let mut source = Source::default();
    for n in [0, 1, 2, 6, 7] {
        assert!(!source.is_silent(day(90)), "heard on too few days");
        let at = Instant::parse(&format!("{}T12:00:00+07:00", day(n))).unwrap();
        source.hear(Hearing::Accepted, None, at, day(n));
        source.hear(Hearing::Duplicate, None, at, day(n));
    }
    // Seven days in four steps.
    assert_eq!(source.usual_interval(), Some(2));
    assert!(!source.is_silent(day(13)));
    assert!(source.is_silent(day(14)));
}
