//! Bundles from anybody: whole ones of which a record was changed and its length put right, so that
//! what is wrong lies deep.

use tonghop_ledger::bundle::MAGIC;
use tonghop_ledger::note::VerifierKey;
use tonghop_ledger::verify::page::{Lang, page};
use tonghop_ledger::verify::{json::json, verify};
use tonghop_tests::evidence::{Log, Province};
use tonghop_tests::fuzz::{Memory, Random, mutated, run};

use crate::HELD;

/// The definitions as a catalogue, and little more than the bundle itself.
const OF_BUNDLES: Memory = Memory { fixed: 24 * 1024 * 1024, factor: 16 };

/// The records, if they are whole.
fn records(bytes: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let mut records = Vec::new();
    while !rest.is_empty() {
        let (head, after) = rest.split_first_chunk::<5>()?;
        let [kind, length @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        let (payload, after) = after.split_at_checked(length)?;
        records.push((kind, payload.to_vec()));
        rest = after;
    }
    Some(records)
}

fn joined(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for (kind, payload) in records {
        out.push(*kind);
        out.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        out.extend(payload);
    }
    out
}

#[test]
fn bundles() {
    let log = Log::story();
    let figure = format!("dossiers.settled~H41.1~20210615-20210914~p{}", log.messages.len());
    let province = Province::of(&log, &[&figure]);
    let honest = province.bundle(&figure);
    let keys: Vec<VerifierKey> =
        province.keys.iter().map(|key| VerifierKey::parse(key).unwrap()).collect();
    let whole = records(&honest).unwrap();
    let payloads: Vec<Vec<u8>> = whole.iter().map(|(_, payload)| payload.clone()).collect();
    let make = |random: &mut Random| {
        let mut changed = whole.clone();
        for _ in 0..=random.below(2) {
            let place = random.below(changed.len());
            match random.below(8) {
                0 => drop(changed.remove(place)),
                1 => {
                    let other = random.below(changed.len());
                    changed.swap(place, other);
                }
                2 => {
                    let copy = changed[random.below(changed.len())].clone();
                    changed.insert(place, copy);
                }
                _ => changed[place].1 = mutated(random, &changed[place].1, &payloads),
            }
        }
        let bytes = joined(&changed);
        if random.once_in(8) { mutated(random, &bytes, &payloads) } else { bytes }
    };
    run(("bundles", &HELD, OF_BUNDLES), 200, make, Vec::len, |bytes| {
        let judged = |keys: &[VerifierKey]| verify(bytes.as_slice(), keys, &mut |_| {}).unwrap();
        let verdict = judged(&keys);
        // The keys of a bundle count for nothing beside those of who verifies.
        let bare = |bytes: &[u8]| match records(bytes) {
            Some(mut all) => {
                all.retain(|(kind, _)| *kind != b'K');
                joined(&all)
            }
            None => bytes.to_vec(),
        };
        if bare(bytes) != bare(&honest) {
            assert!(!verdict.holds(), "VER-1");
        }
        assert_eq!(json(&verdict), json(&judged(&keys)), "the same bytes, the same verdict");
        for lang in [Lang::Vi, Lang::En] {
            assert!(page(&verdict, lang).ends_with("</html>\n"));
        }
    });
}
