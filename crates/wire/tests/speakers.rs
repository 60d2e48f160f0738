//! Who is believed to have spoken when a message is refused, and what a heartbeat may say.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own input fails"
)]

use serde_json::{Value, json};
use tonghop_wire::{Decoder, Raw};

/// The code of the refusal, and unit, source and number of who spoke; nothing if it is no refusal.
fn told(subject: &str, payload: &str) -> String {
    let raw = Raw { subject, headers: &[], payload: payload.as_bytes() };
    let Err(refused) = Decoder::new().decode(&raw) else { return String::new() };
    let code = refused.refusal.code.word();
    match refused.refusal.speaker {
        None => format!("{code} by nobody"),
        Some(by) => format!("{code} by {} {} {:?}", by.unit, by.source, by.sequence),
    }
}

fn with(changes: &Value) -> String {
    let mut event = json!({"specversion": "1.0", "id": "a", "source": "/H41.16/igate",
        "type": "vn.tonghop.site.opened.v1", "subject": "S1", "unit": "H41.16", "sequence": "9",
        "time": "2021-07-01T08:00:00+07:00", "data": {"name": "S1"}});
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string()
}

#[test]
fn a_refused_message_has_a_speaker_if_it_can_be_believed() {
    let own = "tonghop.v1.H41-16.site.opened";
    for (subject, changes, expected) in [
        (own, json!({}), ""),
        (own, json!({"data": {"no": 1}}), "data.unknown_field by H41.16 /H41.16/igate Some(9)"),
        (own, json!({"time": "now"}), "envelope.bad_attribute by H41.16 /H41.16/igate Some(9)"),
        (own, json!({"sequence": "x"}), "envelope.bad_attribute by H41.16 /H41.16/igate None"),
        (own, json!({"source": "/H41.17/x"}), "unit.mismatch by nobody"),
        (own, json!({"unit": null}), "envelope.missing_attribute by nobody"),
        // Nobody is charged with what came by another unit's subject.
        ("tonghop.v1.H41-17.site.opened", json!({}), "unit.mismatch by nobody"),
    ] {
        assert_eq!(told(subject, &with(&changes)), expected, "{subject} {changes}");
    }
    assert_eq!(told(own, "{\"unit\":\"H41.16\""), "envelope.unreadable by nobody");
}

#[test]
fn a_heartbeat_speaks_of_its_own_source_and_says_a_number() {
    let beat = |subject: &str, data: &Value| {
        let kind = "vn.tonghop.source.heartbeat.v1";
        told(
            "tonghop.v1.H41-16.source.heartbeat",
            &with(&json!({"type": kind, "subject": subject, "data": data})),
        )
    };
    let by = " by H41.16 /H41.16/igate Some(9)";
    assert_eq!(beat("/H41.16/igate", &json!({"lastSequence": 0})), "");
    let other = beat("/H41.16/other", &json!({"lastSequence": 1}));
    assert_eq!(other, format!("envelope.bad_attribute{by}"));
    assert_eq!(beat("/H41.16/igate", &json!({})), format!("data.missing_field{by}"));
    let negative = beat("/H41.16/igate", &json!({"lastSequence": -1}));
    assert_eq!(negative, format!("data.out_of_range{by}"));
}
