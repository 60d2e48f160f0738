//! Laws of the decoder: spellings that are one event, and answers that never change.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own input fails"
)]

mod sample;

use proptest::prelude::*;
use sample::{LINE, SUBJECT, of_headers, told, with};
use serde_json::json;
use tonghop_wire::kind::{Form, Kind};
use tonghop_wire::{Decoder, Raw, route, to_protobuf};

#[test]
fn both_forms_of_a_unit_are_one_unit() {
    let mut decoder = Decoder::new();
    let mut decode = |subject: &str, line: &str| {
        decoder.decode(&Raw { subject, headers: &[], payload: line.as_bytes() }).unwrap()
    };
    let new = decode(SUBJECT, LINE);
    let old = decode(
        "tonghop.v1.000-00-16-H41.dossier.accepted",
        &LINE.replace("\"unit\":\"H41.16\"", "\"unit\":\"000.00.16.H41\""),
    );
    assert_eq!(old, new);
    let source = decode(SUBJECT, &LINE.replace("/H41.16/igate", "/000.00.16.H41/igate"));
    assert_eq!((source.timeline, source.content), (new.timeline, new.content));
    assert_ne!(source.statement.identity, new.statement.identity);

    let receipt = |issuer: &str| {
        with(&json!({
            "type": "vn.tonghop.document.received.v1", "data": {"electronic": true},
            "subject": format!("{issuer},2021-06-24,51/KH-STTTT"),
        }))
    };
    let subject = "tonghop.v1.H41-16.document.received";
    assert_eq!(decode(subject, &receipt("000.00.16.H41")), decode(subject, &receipt("H41.16")));
}

#[test]
fn a_local_suffix_joins_the_national_procedure() {
    let mut decoder = Decoder::new();
    let line = |code: &str| {
        with(&json!({
            "type": "vn.tonghop.procedure.withdrawn.v1", "subject": code, "data": {},
        }))
    };
    let mut decode = |code: &str| {
        let line = line(code);
        let subject = route(line.as_bytes()).unwrap();
        decoder.decode(&Raw { subject: &subject, headers: &[], payload: line.as_bytes() }).unwrap()
    };
    assert_eq!(decode("1.012790.000.00.00.H41"), decode("1.012790"));
    assert_ne!(decode("1.012790"), decode("1.012791"));
}

/// A small change of bytes.
#[derive(Debug, Clone)]
enum Edit {
    Set(usize, u8),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = 0_usize..400;
    let interesting = proptest::sample::select(&b"\"\\{}[]:,0-9. \x00\xff\xc3u%"[..]);
    let edit = prop_oneof![
        (place.clone(), interesting.clone()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (place.clone(), 1_usize..20).prop_map(|(at, count)| Edit::Remove(at, count)),
        (place, proptest::collection::vec(interesting, 1..4))
            .prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
    ];
    proptest::collection::vec(edit, 1..4)
}

/// The example of a kind in `proto/golden`.
fn example(kind: Kind) -> String {
    let name = format!("{}.{}.json", kind.spec().family.word(), kind.spec().word);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/golden/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap().trim_end().to_owned()
}

/// The example with other numbers, words and flags, and without some fields that may be missing.
fn varied(kind: Kind, mut seed: u64) -> String {
    let mut line: serde_json::Value = serde_json::from_str(&example(kind)).unwrap();
    for field in kind.spec().fields {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = u32::try_from(seed >> 33).unwrap();
        let data = line["data"].as_object_mut().unwrap();
        let value = match field.form {
            _ if !field.required && random.is_multiple_of(3) => {
                data.remove(field.json);
                continue;
            }
            Form::Flag => json!(random.is_multiple_of(2)),
            Form::Count => json!(random % field.max.saturating_add(1)),
            Form::Word(words) => json!(words[usize::try_from(random).unwrap() % words.len()].0),
            Form::Text | Form::Code | Form::Procedure | Form::Unit | Form::Day | Form::Moment => {
                continue;
            }
        };
        data.insert(field.json.to_owned(), value);
    }
    line.to_string()
}

fn apply(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for edit in edits {
        let within = |at: &usize| at % (bytes.len() + 1);
        match edit {
            Edit::Set(at, byte) => {
                let at = within(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Edit::Remove(at, count) => {
                let at = within(at);
                let end = (at + count).min(bytes.len());
                bytes.drain(at..end);
            }
            Edit::Insert(at, new) => {
                let at = within(at);
                bytes.splice(at..at, new.iter().copied());
            }
        }
    }
    bytes
}

proptest! {
    #[test]
    fn wire_3_bytes_never_panic(
        subject in prop_oneof![Just(SUBJECT.to_owned()), ".{0,30}"],
        headers in proptest::collection::vec(("(ce-)?[a-z]{0,8}|content-type", ".{0,20}"), 0..4),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        told(&Raw { subject: &subject, headers: &headers, payload: &payload });
    }

    #[test]
    fn wire_2_spoilt_lines_get_one_answer(edits in edits()) {
        let payload = apply(LINE.as_bytes(), &edits);
        told(&Raw { subject: SUBJECT, headers: &[], payload: &payload });
    }

    #[test]
    fn wire_2_spoilt_lines_of_every_kind_get_one_answer(
        kind in proptest::sample::select(Kind::ALL), edits in edits(),
    ) {
        let line = example(kind);
        let payload = apply(line.as_bytes(), &edits);
        told(&Raw { subject: &route(line.as_bytes()).unwrap(), headers: &[], payload: &payload });
    }

    #[test]
    fn wire_1_values_of_every_kind_come_back_from_protobuf(
        kind in proptest::sample::select(Kind::ALL), seed in any::<u64>(),
    ) {
        let line = varied(kind, seed);
        let subject = route(line.as_bytes()).unwrap();
        let mut decoder = Decoder::new();
        let known = decoder.decode(&Raw { subject: &subject, headers: &[], payload: line.as_bytes() });
        let message = to_protobuf(line.as_bytes()).unwrap();
        let headers: Vec<(&str, &str)> =
            message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let raw = Raw { subject: &subject, headers: &headers, payload: &message.payload };
        prop_assert!(known.is_ok(), "{line}: {known:?}");
        prop_assert_eq!(decoder.decode(&raw), known);
    }

    #[test]
    fn wire_2_spoilt_protobuf_gets_one_answer(edits in edits()) {
        let message = to_protobuf(LINE.as_bytes()).unwrap();
        of_headers(&message.headers, &apply(&message.payload, &edits));
    }

    #[test]
    fn header_names_have_no_case(seed in any::<u64>()) {
        let message = to_protobuf(LINE.as_bytes()).unwrap();
        let mixed: Vec<(String, String)> = message
            .headers
            .iter()
            .enumerate()
            .map(|(place, (name, value))| {
                let change = |(at, letter): (usize, char)| {
                    let upper = (seed >> ((place * 7 + at) % 64)) & 1 == 1;
                    if upper { letter.to_ascii_uppercase() } else { letter }
                };
                (name.chars().enumerate().map(change).collect(), value.clone())
            })
            .collect();
        let expected = of_headers(&message.headers, &message.payload);
        prop_assert_eq!(of_headers(&mixed, &message.payload), expected);
    }

    #[test]
    fn decomposed_text_is_the_same_event(
        name in "[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ a-z]{1,30}",
    ) {
        use unicode_normalization::UnicodeNormalization;
        let mut decoder = Decoder::new();
        let mut decode = |text: &str| {
            let line = with(&json!({
                "type": "vn.tonghop.site.opened.v1", "subject": text, "data": {"name": text},
            }));
            let subject = "tonghop.v1.H41-16.site.opened";
            decoder.decode(&Raw { subject, headers: &[], payload: line.as_bytes() }).unwrap()
        };
        let composed: String = name.nfc().collect();
        let decomposed: String = name.nfd().collect();
        prop_assert_eq!(decode(&composed), decode(&decomposed));
    }
}
