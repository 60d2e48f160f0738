use proptest::prelude::*;

use super::*;
use crate::measure::Code;

fn ranges() -> impl Strategy<Value = Range> {
    (0..6_i64, proptest::option::of(0..4_i64), any::<bool>()).prop_map(|(low, more, rough)| Range {
        low,
        high: more.map(|more| low + more),
        rough,
    })
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        1 => Just(Said::Missing),
        1 => Just(Said::Nil),
        4 => ranges().prop_map(Said::Range),
    ]
}

fn natures() -> impl Strategy<Value = Nature> {
    prop::sample::select(vec![
        Nature::Flow,
        Nature::Stock,
        Nature::Ratio,
        Nature::Distinct,
        Nature::Declared,
    ])
}

fn days(from: u16, to: u16) -> Window {
    Window::new(Day::from_number(from), Day::from_number(to)).unwrap()
}

fn statement(window: Window, value: u32) -> Statement {
    let declaration = Declaration {
        indicator: Code::from("x"),
        from: Some(window.from),
        to: Some(window.to),
        as_of: None,
        value,
        of: None,
        qualifier: Qualifier::Exact,
        note: None,
    };
    let unit = UnitCode::parse("H41").unwrap();
    Statement { declaration, unit, day: window.to, recorded: window.to, times: 1 }
}

fn contains(range: Range, value: i64) -> bool {
    range.low <= value && range.high.is_none_or(|high| value <= high)
}

proptest! {
    #[test]
    fn said_1_a_sum_has_every_sum_and_no_other(a in ranges(), b in ranges(), value in 0..24_i64) {
        let sums = (0..24).filter(|x| contains(a, *x));
        let possible = sums.into_iter().any(|x| value >= x && contains(b, value - x));
        prop_assert_eq!(contains(a.plus(b), value), possible);
    }

    #[test]
    fn said_2_any_order_of_units_gives_one_sum(a in said(), b in said(), c in said()) {
        prop_assert_eq!(a.plus(b), b.plus(a));
        prop_assert_eq!(a.plus(b).plus(c), a.plus(b.plus(c)));
    }

    #[test]
    fn a_missing_part_leaves_no_upper_bound(a in said()) {
        let sum = a.plus(Said::Missing);
        prop_assert!(sum == Said::Missing || sum.range().is_some_and(|range| range.high.is_none()));
        prop_assert_eq!(sum == Said::Missing, a == Said::Missing);
    }

    /// A quarter and the next one, read for both together: what [`for_window`] answers is what
    /// [`over_days`] gives, of whatever nature.
    #[test]
    fn only_flows_are_added_over_days(a in 0..6_u32, b in 0..6_u32, nature in natures()) {
        let (first, second, both) = (days(1, 90), days(91, 181), days(1, 181));
        let said = [statement(first, a), statement(second, b)];
        let read = for_window(nature, &said.each_ref(), both);
        let (a, b) = (i64::from(a), i64::from(b));
        let sum = (nature == Nature::Flow).then_some(Value::Count(a + b));
        prop_assert_eq!(over_days(nature, Value::Count(a), Value::Count(b)), sum);
        // A stock is that of the last day.
        let stock = (nature == Nature::Stock).then_some(Value::Count(b));
        prop_assert_eq!(read, sum.or(stock));
    }

    #[test]
    fn agreeing_is_having_a_number_in_common(a in ranges(), b in ranges()) {
        let common = (0..24).any(|x| contains(a, x) && contains(b, x));
        prop_assert_eq!(a.agrees(b), a.rough || b.rough || common);
    }
}

#[test]
fn nil_missing_and_bounds_are_three_things() {
    let exact = |value| Said::Range(Range::exact(value));
    let at_least = |low| Said::Range(Range { low, high: None, rough: false });
    let at_most = |high| Said::Range(Range { low: 0, high: Some(high), rough: false });
    for (a, b, sum) in [
        (Said::Nil, Said::Nil, Said::Nil),
        (Said::Nil, exact(3), exact(3)),
        (Said::Missing, exact(3), at_least(3)),
        (Said::Missing, Said::Nil, at_least(0)),
        (exact(2), at_least(3), at_least(5)),
        (at_most(2), at_most(3), at_most(5)),
        // Counts are not negative: of the two, at least three.
        (at_most(2), at_least(3), at_least(3)),
        (exact(1), at_most(3), Said::Range(Range { low: 1, high: Some(4), rough: false })),
    ] {
        assert_eq!(a.plus(b), sum, "{a:?} {b:?}");
    }
}

#[test]
fn ratios_keep_their_parts_and_distinct_counts_are_not_added() {
    let share = |part, whole| Value::Share(Share { part, whole });
    assert_eq!(over_units(Nature::Ratio, share(6, 7), share(29, 29)), Some(share(35, 36)));
    assert_eq!(over_units(Nature::Ratio, share(6, 7), Value::Nil), Some(share(6, 7)));
    assert_eq!(over_units(Nature::Distinct, Value::Count(1), Value::Count(2)), None);
    let over = Value::BoundShare(Range { low: 90, high: Some(100), rough: false }, 100);
    let both = Value::BoundShare(Range { low: 140, high: Some(150), rough: false }, 150);
    assert_eq!(over_units(Nature::Ratio, over, share(50, 50)), Some(both));
}
