//! What is honest holds, whatever the log is like.

use proptest::prelude::*;
use tonghop_ledger::bundle::Redaction;
use tonghop_tests::evidence::{Fact, Log, Province};

use super::{NOTHING, WINDOW, codes, figures, judged, keys};

fn province(log: &Log) -> Province {
    let figures = figures(u64::try_from(log.messages.len()).unwrap());
    let ids: Vec<&str> = figures.iter().map(String::as_str).collect();
    Province::of(log, &ids)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// VER-1, of bundles that nobody changed.
    #[test]
    fn every_honest_bundle_holds(
        facts in prop::collection::vec(any::<Fact>(), 1..60), earlier in 0..100_i64,
    ) {
        let log = Log::random(&facts).earlier(earlier);
        let province = province(&log);
        for figure in figures(province.position()) {
            let verdict = judged(&province.bundle(&figure), &keys(&province));
            prop_assert!(verdict.holds(), "{figure}: {:?}", verdict.failures);
            prop_assert_eq!(verdict.read, Some(province.value(&figure)));
        }
    }

    /// A message that was redacted leaves the value as it was, and the verdict says so.
    #[test]
    fn what_is_redacted_keeps_its_figures(
        facts in prop::collection::vec(any::<Fact>(), 1..60), at in any::<prop::sample::Index>(),
    ) {
        let log = Log::random(&facts);
        let mut province = province(&log);
        let position = u64::try_from(at.index(facts.len()) + 6).unwrap();
        let Some(stored) = log.messages.get(usize::try_from(position).unwrap() - 1) else {
            return Ok(());
        };
        // Of units and sources nothing is personal.
        if !["dossier", "document", "post"].iter().any(|family| stored.subject.contains(family)) {
            return Ok(());
        }
        // What was sent again is erased each time.
        let erased = Redaction { decision: "12/QĐ-UBND".to_owned(), day: "2022-01-03".to_owned() };
        for (number, other) in (1..).zip(&log.messages) {
            if other.payload == stored.payload && other.subject == stored.subject {
                province.redacted.insert(number, erased.clone());
            }
        }
        let figure = format!("dossiers.settled~H41~{WINDOW}~p{}", province.position());
        let verdict = judged(&province.bundle(&figure), &keys(&province));
        if stored.subject.contains("dossier") && !stored.subject.contains("H41-9") {
            prop_assert!(verdict.redacted.iter().any(|(held, _)| *held == position));
        }
        prop_assert!(verdict.holds(), "{:?}", verdict.failures);
        prop_assert_eq!(verdict.read, Some(province.value(&figure)));
    }
}

#[test]
fn the_story_holds_and_says_what_it_is_made_of() {
    let province = province(&Log::story());
    let figure = format!("dossiers.settled~H41.1~{WINDOW}~p{}", province.position());
    let verdict = judged(&province.bundle(&figure), &keys(&province));
    assert_eq!(codes(&verdict), NOTHING, "{:?}", verdict.failures);
    assert!(verdict.is_vouched);
    assert_eq!(verdict.signers.len(), 3);
    assert_eq!(verdict.published, Some(province.value(&figure)));
    let made: Vec<(&str, &str, u64)> = verdict
        .made_of
        .iter()
        .map(|made| (made.unit.as_str(), made.family.as_str(), made.timelines))
        .collect();
    let expected = [("H41.1", "dossier", 6), ("H41.1.1", "dossier", 6), ("H41.1.2", "dossier", 6)];
    assert_eq!(made, expected);
    assert_eq!(verdict.named.unwrap().unit, "Huyện Anh Sơn");
    // Documents stay closed, and other districts are not shown.
    assert!(verdict.leaves.1 < verdict.leaves.0 && verdict.leaves.0 < province.position());
}

#[test]
fn nobody_vouches_for_keys_that_came_with_the_bundle() {
    let province = province(&Log::story());
    let figure = format!("dossiers.settled~H41~{WINDOW}~p{}", province.position());
    let verdict = judged(&province.bundle(&figure), &[]);
    assert!(verdict.holds());
    assert!(!verdict.is_vouched);
}
