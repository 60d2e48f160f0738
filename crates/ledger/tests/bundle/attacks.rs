//! What somebody changed does not hold, and the check that has failed is named.

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use proptest::prelude::*;
use tonghop_ledger::bundle::MAGIC;
use tonghop_ledger::closing::hex;
use tonghop_ledger::note::{Kind, SigningKey, VerifierKey};
use tonghop_tests::evidence::{Log, Province, Saying, Spoilt};

use super::{NOTHING, WINDOW, codes, judged, keys};

type Lists = BTreeMap<String, Vec<String>>;

fn figure(log: &Log) -> String {
    format!("dossiers.settled~H41.1~{WINDOW}~p{}", log.messages.len())
}

fn story() -> (Province, String) {
    let log = Log::story();
    let figure = figure(&log);
    (Province::of(&log, &[&figure]), figure)
}

/// The records of a bundle, whole.
fn records(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &bundle[MAGIC.len()..];
    let mut records = Vec::new();
    while let Some(length) = rest.get(1..5) {
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let (record, after) = rest.split_at(5 + usize::try_from(length).unwrap());
        records.push(record.to_vec());
        rest = after;
    }
    records
}

fn joined(records: &[Vec<u8>]) -> Vec<u8> {
    [MAGIC.to_vec(), records.concat()].concat()
}

fn fails(bundle: &[u8], keys: &[VerifierKey]) -> Vec<&'static str> {
    let verdict = judged(bundle, keys);
    assert_eq!(verdict.holds(), verdict.failures.is_empty());
    codes(&verdict)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// VER-1 and VER-2: one byte.
    #[test]
    fn no_byte_can_be_changed(at in any::<prop::sample::Index>(), other in 1..=255_u8) {
        let (province, figure) = story();
        let mut bundle = province.bundle(&figure);
        let at = at.index(bundle.len());
        bundle[at] ^= other;
        prop_assert_ne!(fails(&bundle, &keys(&province)), NOTHING, "byte {}", at);
    }

    /// VER-1 and VER-2: records dropped, doubled, swapped, and the file cut.
    #[test]
    fn no_record_can_be_moved(at in any::<prop::sample::Index>(), how in 0..4) {
        let (province, figure) = story();
        let bundle = province.bundle(&figure);
        let mut all = records(&bundle);
        let place = at.index(all.len() - 1);
        let changed = match how {
            0 => {
                all.remove(place);
                joined(&all)
            }
            1 => {
                all.insert(place, all[place].clone());
                joined(&all)
            }
            2 => {
                all.swap(place, place + 1);
                joined(&all)
            }
            _ => bundle[..at.index(bundle.len())].to_vec(),
        };
        // Who verifies with keys of his own asks nobody for those of the bundle.
        let is_key = |record: &Vec<u8>| record[0] == b'K';
        let idle = is_key(&all[place.min(all.len() - 1)]) || records(&bundle)[place][0] == b'K';
        if !(changed == bundle || (idle && how != 3)) {
            prop_assert_ne!(fails(&changed, &keys(&province)), NOTHING, "{} {}", how, place);
        }
    }
}

#[test]
fn the_lines_that_are_needed_are_shown_and_no_others() {
    for (list, start, code) in [
        ("contributions", "H41.2\tdossier", "list.line"),
        ("contributions", "H41.1.1\tdossier", "format.order"),
        ("heads", "H41.2\t", "list.line"),
        ("heads", "H41.1\t", "list.line"),
        ("sources", "H41.2\t", "list.line"),
        ("sources", "H41.1\t", "source.other"),
        ("figures", "dossiers", "figure.missing"),
    ] {
        let (mut province, figure) = story();
        province.lie.lines.push((list, start));
        let found = fails(&province.bundle(&figure), &keys(&province));
        assert!(found.contains(&code), "{list} {start}: {found:?}");
    }
    let (province, figure) = story();
    let honest = records(&province.bundle(&figure));
    let mut all = honest.clone();
    let header = String::from_utf8(all[0][5..].to_vec()).unwrap();
    all[0].splice(5.., header.replace("H41.1.2", "H41.1.3").into_bytes());
    assert_eq!(fails(&joined(&all), &keys(&province)), ["header.other"]);
    let mut all = honest;
    all.remove(all.len() - 2);
    let found = fails(&joined(&all), &keys(&province));
    assert!(found.contains(&"timeline.missing"), "{found:?}");
}

/// Whether an event is accepted may depend on one that nobody would look at.
#[test]
fn what_has_the_id_of_an_open_message_is_open_too() {
    let mut log = Log::story();
    let both = [
        (
            "document.issued",
            "\"kind\":\"KH\",\"electronic\":true,\"personalSignature\":true,\"organisationSignature\":true,\"normative\":false",
        ),
        ("dossier.accepted", "\"procedure\":\"1.1\",\"field\":\"x\",\"channel\":\"ONLINE\""),
    ];
    for (kind, data) in both {
        let (id, data) = ("twice".to_owned(), data.to_owned());
        log.say(&Saying {
            unit: "H41.1",
            kind,
            subject: "T",
            day: 50,
            id,
            data,
            ..Saying::default()
        });
    }
    let figure = figure(&log);
    let mut province = Province::of(&log, &[&figure]);
    let keys = keys(&province);
    assert_eq!(fails(&province.bundle(&figure), &keys), NOTHING);
    province.lie.closes = vec!["document.".to_owned()];
    let found = fails(&province.bundle(&figure), &keys);
    assert_eq!(found, ["message.closed", "timeline.missing"]);
}

/// A closing of whoever has the keys, and lies: the events tell.
fn lied(spoilt: Spoilt) -> Vec<&'static str> {
    let log = Log::story();
    let figure = figure(&log);
    let province = Province::closed(&log, &[&figure], spoilt);
    fails(&province.bundle(&figure), &keys(&province))
}

fn lied_in_lists(lists: fn(&mut Lists)) -> Vec<&'static str> {
    lied(Spoilt { lists, ..Spoilt::default() })
}

fn changed(lists: &mut Lists, name: &str, starts: &str, change: impl Fn(&str) -> String) {
    let lines = lists.get_mut(name).unwrap();
    let line = lines.iter_mut().find(|line| line.starts_with(starts)).unwrap();
    let other = change(line);
    assert_ne!(*line, other);
    *line = other;
}

fn field(line: &str, place: usize, value: &str) -> String {
    let mut fields: Vec<&str> = line.split('\t').collect();
    fields[place] = value;
    fields.join("\t")
}

#[test]
fn a_closing_that_lies_is_told_by_the_events() {
    assert_eq!(
        lied_in_lists(|lists| changed(lists, "figures", "doss", |line| field(line, 1, "99"))),
        ["value.other", "header.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| changed(lists, "heads", "H41.1.1\t", |line| field(line, 1, "9"))),
        ["chain.head"]
    );
    assert_eq!(
        lied_in_lists(|lists| changed(lists, "sources", "H41.1.2", |line| field(line, 2, "12"))),
        ["source.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| changed(lists, "sources", "H41.1.2", |line| field(line, 3, ""))),
        ["source.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| lists.get_mut("sources").unwrap().truncate(1)),
        ["source.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| {
            let other = hex(&[7; 32]);
            changed(lists, "contributions", "H41.1.1\tdossier", |line| field(line, 3, &other));
        }),
        ["timeline.root", "made_of.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| {
            let lines = lists.get_mut("contributions").unwrap();
            lines.retain(|line| !line.starts_with("H41.1.1\tdossier"));
        }),
        ["made_of.other", "timeline.missing", "value.other"]
    );
    assert_eq!(
        lied_in_lists(|lists| {
            changed(lists, "units", "H41.1.2\t", |line| line.replacen("\t0104", "\t0103", 1));
        }),
        ["units.other"]
    );
    assert_eq!(lied_in_lists(|lists| drop(lists.get_mut("units").unwrap().pop())), ["units.other"]);
}

#[test]
fn a_log_that_lies_is_told_by_its_messages() {
    let lied = |leaves| lied(Spoilt { leaves, ..Spoilt::default() });
    assert_eq!(lied(|leaves| leaves[9].recorded_ms = 1), ["log.leaf"]);
    assert_eq!(lied(|leaves| leaves[9].position = 1)[0], "log.leaf");
    assert_eq!(lied(|leaves| leaves[9].previous = 1), ["chain.broken"]);
    assert_eq!(lied(|leaves| leaves[8].id = "other".to_owned()), ["message.other"]);
    assert_eq!(lied(|leaves| leaves[8].commitment = [0; 32])[0], "message.altered");
    // Hidden in another unit, or as another kind: the chain is longer, or what is said is not there.
    let hidden = lied(|leaves| leaves[8].unit = "H41.2".to_owned());
    assert!(hidden.contains(&"chain.broken"), "{hidden:?}");
    let hidden = lied(|leaves| leaves[5].kind = "document.issued".to_owned());
    assert!(hidden.contains(&"timeline.other"), "{hidden:?}");
}

#[test]
fn definitions_are_those_of_the_closing() {
    let faulty = |files: &mut Vec<(String, String)>| files[0].1 += "\n[[rule]]\n";
    let found = lied(Spoilt { definitions: faulty, ..Spoilt::default() });
    assert_eq!(found, ["definition.faulty"]);
    let none = lied(Spoilt { definitions: Vec::clear, ..Spoilt::default() });
    assert_eq!(none, ["definition.faulty"]);
    let (province, figure) = story();
    let honest = records(&province.bundle(&figure));
    let place = honest.iter().rposition(|record| record[0] == b'D').unwrap();
    let mut all = honest.clone();
    *all[place].last_mut().unwrap() ^= 1;
    assert_eq!(fails(&joined(&all), &keys(&province)), ["definition.altered"]);
    let mut all = honest.clone();
    all.swap(place, place - 1);
    assert_eq!(fails(&joined(&all), &keys(&province))[0], "definition.missing");
    let mut all = honest.clone();
    all.remove(place);
    assert_eq!(fails(&joined(&all), &keys(&province)), ["definition.missing"]);
}

#[test]
fn what_the_document_says_is_checked() {
    let closing = |closing: &mut tonghop_ledger::closing::Closing| closing.position += 1;
    assert_eq!(lied(Spoilt { closing, ..Spoilt::default() }), ["closing.misshapen"]);
    let (mut province, figure) = story();
    province.lie.shows = Some("H41.2".to_owned());
    assert_eq!(fails(&province.bundle(&figure), &keys(&province)), ["chain.unneeded"]);
    let found = lied_in_lists(|lists| {
        changed(lists, "heads", "H41.1\t", |line| field(line, 1, "x"));
    });
    assert_eq!(found, ["list.line"]);
    let found = lied_in_lists(|lists| {
        changed(lists, "contributions", "H41.1\tdossier", |line| field(line, 2, "06"));
    });
    assert!(found.contains(&"list.line"), "{found:?}");
    let found = lied_in_lists(|lists| {
        lists.get_mut("sources").unwrap().insert(1, "H41.1\t/H41.1/z\t0\t".to_owned());
    });
    assert_eq!(found, ["source.other"]);
    let (province, figure) = story();
    let mut all = records(&province.bundle(&figure));
    let header = String::from_utf8(all[0][5..].to_vec()).unwrap();
    let other = header.replace("dossiers.settled", "dossiers.refused");
    assert_eq!(header.len(), other.len());
    all[0].splice(5.., other.into_bytes());
    assert_eq!(fails(&joined(&all), &keys(&province)), ["figure.missing"]);
}

#[test]
fn a_bundle_of_other_parts_is_told() {
    let (province, figure) = story();
    let honest = records(&province.bundle(&figure));
    let mut log = Log::story();
    log.messages.remove(20);
    let other = Province::of(&log, &[&super::attacks::figure(&log)]);
    let theirs = records(&other.bundle(&super::attacks::figure(&log)));
    let of = |records: &[Vec<u8>], kinds: &[u8]| -> Vec<Vec<u8>> {
        records.iter().filter(|record| kinds.contains(&record[0])).cloned().collect()
    };
    // Another closing, of the same keys.
    let mut all = honest.clone();
    let place = all.iter().position(|record| record[0] == b'C').unwrap();
    all[place].clone_from(&of(&theirs, b"C")[0]);
    let found = fails(&joined(&all), &keys(&province));
    assert!(found.contains(&"signature.witness") && found.contains(&"list.root"), "{found:?}");
    assert!(found.contains(&"figure.missing") || found.contains(&"log.root"), "{found:?}");
    // The log without an event.
    let log_of = |records: &[Vec<u8>]| {
        let from = records.iter().position(|record| record[0] == b'G').unwrap();
        let to = records.iter().position(|record| record[0] == b'T').unwrap();
        from..to
    };
    let mut all = honest.clone();
    all.splice(log_of(&honest), theirs[log_of(&theirs)].to_vec());
    let found = fails(&joined(&all), &keys(&province));
    assert!(found.contains(&"log.root") && found.contains(&"chain.head"), "{found:?}");
    assert!(found.contains(&"timeline.other"), "{found:?}");
}

#[test]
fn what_is_needed_has_to_be_open() {
    let (mut province, figure) = story();
    province.lie.closes = vec!["dossier.settled".to_owned()];
    let found = fails(&province.bundle(&figure), &keys(&province));
    assert!(found.contains(&"message.closed") && found.contains(&"timeline.other"), "{found:?}");
    province.lie.closes = vec!["source.heartbeat".to_owned()];
    let found = fails(&province.bundle(&figure), &keys(&province));
    assert_eq!(found, ["message.closed", "source.other"]);
    province.lie.closes = vec!["unit.".to_owned()];
    let found = fails(&province.bundle(&figure), &keys(&province));
    assert!(found.contains(&"units.other"), "{found:?}");
    province.lie.closes = Vec::new();
    province.lie.plain = Some(false);
    assert_eq!(fails(&province.bundle(&figure), &keys(&province)), ["header.other"]);
}

#[test]
fn a_redaction_of_a_unit_is_no_excuse() {
    let (mut province, figure) = story();
    let erased = tonghop_ledger::bundle::Redaction {
        decision: "1".to_owned(),
        day: "2022-01-03".to_owned(),
    };
    province.redacted.insert(2, erased);
    let found = fails(&province.bundle(&figure), &keys(&province));
    assert!(found.contains(&"message.redacted") && found.contains(&"units.other"), "{found:?}");
}

#[test]
fn keys_that_signed_nothing_do_not_count() {
    let (province, figure) = story();
    let bundle = province.bundle(&figure);
    let keys = keys(&province);
    assert_eq!(fails(&bundle, &keys[..1]), ["signature.closing"]);
    assert_eq!(fails(&bundle, &keys[1..2]), ["signature.checkpoint", "signature.witness"]);
    assert_eq!(fails(&bundle, &keys[..2]), NOTHING);
    assert!(!fails(&bundle, &keys[2..]).is_empty());
    let other = SigningKey::new("so-noi-vu", Kind::Cosignature, &[9; 32]).unwrap();
    let with_other = [keys.as_slice(), &[other.verifier().clone()]].concat();
    assert_eq!(fails(&bundle, &with_other), ["signature.witness"]);
}

#[test]
fn what_is_no_bundle_is_said_so() {
    let (province, figure) = story();
    let bundle = province.bundle(&figure);
    let said = |bytes: &[u8]| catch_unwind(|| fails(bytes, &[])).unwrap();
    assert_eq!(said(b""), ["format.magic"]);
    assert_eq!(said(b"%PDF-1.7\n%...................."), ["format.magic"]);
    assert_eq!(said(MAGIC), ["format.truncated"]);
    assert_eq!(said(&[MAGIC, b"H\xff\xff\xff\xff"].concat()), ["format.record"]);
    assert_eq!(said(&[MAGIC, b"?\0\0\0\0"].concat()), ["format.record"]);
    assert_eq!(said(&[MAGIC, b"H\0\0\0\x09{}"].concat()), ["format.truncated"]);
    assert_eq!(said(&[MAGIC, b"H\0\0\0\x02{}E\0\0\0\0"].concat()), ["format.payload"]);
    assert_eq!(said(&[bundle.as_slice(), b"E\0\0\0\0"].concat()), ["format.trailing"]);
    assert_eq!(said(&[bundle.as_slice(), b"E"].concat()), ["format.truncated"]);
}
