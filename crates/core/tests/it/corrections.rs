//! CORR: what was corrected or taken back counts as if it had been said right, or never.

use proptest::prelude::*;
use tonghop_core::event::Body;

use crate::kit::facts::{Fact, clean};
use crate::kit::saying::Saying;
use crate::kit::store::World;
use crate::laws::{cases, facts, log_of};

/// An event, corrections of it in a chain, all of one timeline and source, with ids of their own.
fn chain(facts: &[Fact; 3]) -> [Saying; 3] {
    let mut first = clean(&facts[..1]).remove(0);
    first.replaces = None;
    if first.body == Body::Retracted {
        first.body = clean(&[{
            let mut fact = facts[0];
            fact[10] = 1;
            fact
        }])
        .remove(0)
        .body;
    }
    let others = [1, 2].map(|n| {
        let mut fact = facts[n];
        // The same unit, family and subject; and nothing replaced yet.
        fact[..3].copy_from_slice(&facts[0][..3]);
        fact[6] = facts[0][6];
        fact[10] = 1;
        clean(&[fact]).remove(0)
    });
    let [mut second, mut third] = others;
    first.id = "x0".into();
    second.id = "x1".into();
    second.replaces = Some("x0".to_owned());
    third.id = "x2".into();
    third.replaces = Some("x1".to_owned());
    [first, second, third]
}

fn retraction(of: &Saying, id: &str) -> Saying {
    let mut saying = of.clone();
    saying.id = id.into();
    saying.replaces = Some(of.id.clone());
    saying.body = Body::Retracted;
    saying
}

fn said_at_once(saying: &Saying) -> Saying {
    Saying { replaces: None, ..saying.clone() }
}

/// The cells of the log with these events put in at some places.
fn cells(log: &[Saying], extra: &[&Saying], places: &[u16]) -> tonghop_core::cells::Cells {
    let mut log = log.to_vec();
    for (saying, place) in extra.iter().zip(places) {
        let place = usize::from(*place) % (log.len() + 1);
        log.insert(place, (*saying).clone());
    }
    let world = World::of(&log_of(&log));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world.store.cells
}

proptest! {
    #![proptest_config(cases(250))]

    #[test]
    fn corr_what_was_retracted_was_never_said(
        facts in facts(16), three: [Fact; 3], places: [u16; 4], sequence in any::<Option<u8>>(),
    ) {
        let log = clean(&facts);
        let never = cells(&log, &[], &[]);
        let [first, second, third] = chain(&three);
        let mut r0 = retraction(&first, "r0");
        r0.sequence = sequence.map(u64::from);
        prop_assert_eq!(&cells(&log, &[&first, &r0], &places), &never, "retracted");
        let r1 = retraction(&second, "r1");
        prop_assert_eq!(&cells(&log, &[&first, &second, &r1], &places), &never, "corrected, then retracted");
        let r2 = retraction(&third, "r2");
        let all = [&first, &second, &third, &r2];
        prop_assert_eq!(&cells(&log, &all, &places), &never, "corrected twice, then retracted");
    }

    #[test]
    fn corr_what_was_corrected_was_said_right_at_once(
        facts in facts(16), three: [Fact; 3], places: [u16; 3],
    ) {
        let log = clean(&facts);
        let [first, second, third] = chain(&three);
        let right = said_at_once(&second);
        prop_assert_eq!(cells(&log, &[&first, &second], &places), cells(&log, &[&right], &places));
        let right = said_at_once(&third);
        prop_assert_eq!(cells(&log, &[&first, &second, &third], &places), cells(&log, &[&right], &places));
    }

    #[test]
    fn corr_retracting_the_original_takes_its_corrections_along(
        facts in facts(16), three: [Fact; 3], places: [u16; 4],
    ) {
        use tonghop_core::measure::Measure;
        let log = clean(&facts);
        let [first, second, third] = chain(&three);
        let r0 = retraction(&first, "r0");
        let never: Vec<_> = cells(&log, &[], &[]).iter()
            .filter(|(key, _)| key.measure != Measure::Anomaly)
            .map(|(key, amount)| (key.clone(), amount)).collect();
        for extra in [vec![&first, &second, &r0], vec![&first, &second, &third, &r0]] {
            let found: Vec<_> = cells(&log, &extra, &places).iter()
                .filter(|(key, _)| key.measure != Measure::Anomaly)
                .map(|(key, amount)| (key.clone(), amount)).collect();
            prop_assert_eq!(&found, &never, "{} events", extra.len());
        }
    }
}
