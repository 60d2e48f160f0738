use proptest::prelude::*;
use tonghop_core::catalogue::{Reading, Term};
use tonghop_core::measure::Measure;

use super::*;

fn ranges() -> impl Strategy<Value = Range> {
    let number = || prop_oneof![0..9_i64, any::<i64>()];
    (number(), prop::option::of(number()), any::<bool>()).prop_map(|(low, high, rough)| Range {
        low,
        high,
        rough,
    })
}

fn values() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![-3..9_i64, any::<i64>()];
    prop_oneof![
        number().prop_map(Value::Count),
        (number(), number()).prop_map(|(part, whole)| Value::Share(Share { part, whole })),
        Just(Value::Nil),
        Just(Value::Missing),
        ranges().prop_map(Value::Bound),
        (ranges(), number()).prop_map(|(part, whole)| Value::BoundShare(part, whole)),
    ]
}

proptest! {
    /// VAL-1.
    #[test]
    fn a_value_is_read_as_it_was_written(value in values()) {
        prop_assert_eq!(read(&written(value)), Some(value));
    }

    /// VAL-1: two texts are never one value.
    #[test]
    fn a_text_is_one_value(text in "[-~.0-9/+nilmsg]{1,9}") {
        if let Some(value) = read(&text) {
            prop_assert_eq!(written(value), text);
        }
    }
}

#[test]
fn values_are_written_as_the_page_says() {
    let bound = |low, high, rough| Value::Bound(Range { low, high, rough });
    for (value, text) in [
        (Value::Count(85), "85"),
        (Value::Share(Share { part: 3, whole: 85 }), "3/85"),
        (Value::Nil, "nil"),
        (Value::Missing, "missing"),
        (bound(4000, None, false), "4000.."),
        (bound(0, Some(500), false), "0..500"),
        (bound(4000, Some(4000), true), "~4000"),
        (bound(4000, Some(5000), true), "~4000..5000"),
        (Value::BoundShare(Range { low: 85, high: None, rough: false }, 90), "85../90"),
    ] {
        assert_eq!(written(value), text);
        assert_eq!(read(text), Some(value));
    }
    for text in ["", "+1", "007", "1/", "/1", "~", "..", "~5..5", "1/2/3", "nil/3"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_rule_reads_the_families_of_its_measures() {
    let of = |measures: &[Measure]| {
        let terms = measures.iter().map(|measure| Term::of(Reading::Flow, *measure)).collect();
        families_read(&Rule::Sum(terms))
    };
    assert_eq!(
        of(&[Measure::PostAccepted, Measure::DossierPending, Measure::DossierReturned]),
        [Family::Dossier, Family::Post]
    );
    assert_eq!(of(&[]), []);
    assert_eq!(of(&[Measure::Anomaly]).len(), Family::ALL.len());
    let indicator = "cchc.plans_issued".to_owned();
    let nature = tonghop_core::catalogue::Nature::Flow;
    assert_eq!(families_read(&Rule::Declared { indicator, nature }), [Family::Figure]);
}
