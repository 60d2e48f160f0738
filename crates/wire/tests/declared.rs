//! What is refused of declared figures and narratives, and what is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::fmt::Write;

use expect_test::expect;
use serde_json::{Value, json};
use tonghop_wire::{Decoder, Raw};

fn told(kind: &str, subject: &str, data: &Value) -> String {
    let line = json!({
        "specversion": "1.0", "id": "1", "source": "/H41.16/bao-cao",
        "type": format!("vn.tonghop.{kind}.v1"), "subject": subject,
        "time": "2021-09-06T08:00:00+07:00", "unit": "H41.16", "data": data,
    })
    .to_string();
    let nats = format!("tonghop.v1.H41-16.{kind}");
    let raw = Raw { subject: &nats, headers: &[], payload: line.as_bytes() };
    match Decoder::new().decode(&raw) {
        Ok(_) => "accepted".to_owned(),
        Err(refused) => refused.to_string(),
    }
}

#[test]
fn a_figure_says_a_number_and_days_that_can_be() {
    let mut table = String::new();
    for (subject, data) in [
        ("portal.posted", json!({"from": "2021-06-01", "value": 60, "qualifier": "EXACT"})),
        ("portal.posted", json!({"to": "2021-06-01", "qualifier": "NIL"})),
        ("portal.posted", json!({"value": 0, "qualifier": "NIL"})),
        ("portal.posted", json!({"value": 3, "qualifier": "NIL"})),
        ("portal.posted", json!({"value": 3})),
        ("portal.posted", json!({"qualifier": "AT_LEAST"})),
        ("portal.posted", json!({"value": "trên 4.000", "qualifier": "AT_LEAST"})),
        ("portal.posted", json!({"value": 73.5, "of": 100, "qualifier": "EXACT"})),
        (
            "portal.posted",
            json!({"from": "2021-06-02", "to": "2021-06-01", "value": 1, "qualifier": "EXACT"}),
        ),
        ("bài viết", json!({"value": 1, "qualifier": "EXACT"})),
        ("a|b", json!({"value": 1, "qualifier": "EXACT"})),
        (&"x".repeat(65), json!({"value": 1, "qualifier": "EXACT"})),
    ] {
        writeln!(table, "{subject} {data}\n    {}", told("figure.declared", subject, &data))
            .unwrap();
    }
    expect![[r#"
        portal.posted {"from":"2021-06-01","qualifier":"EXACT","value":60}
            accepted
        portal.posted {"qualifier":"NIL","to":"2021-06-01"}
            accepted
        portal.posted {"qualifier":"NIL","value":0}
            accepted
        portal.posted {"qualifier":"NIL","value":3}
            data.out_of_range (field: value, value: 3)
        portal.posted {"value":3}
            data.missing_field (field: qualifier)
        portal.posted {"qualifier":"AT_LEAST"}
            data.missing_field (field: value)
        portal.posted {"qualifier":"AT_LEAST","value":"trên 4.000"}
            data.out_of_range (field: value, value: trên 4.000)
        portal.posted {"of":100,"qualifier":"EXACT","value":73.5}
            data.out_of_range (field: value, value: 73.5)
        portal.posted {"from":"2021-06-02","qualifier":"EXACT","to":"2021-06-01","value":1}
            data.out_of_range (field: to, value: 2021-06-01)
        bài viết {"qualifier":"EXACT","value":1}
            envelope.bad_attribute (attribute: subject, value: bài viết)
        a|b {"qualifier":"EXACT","value":1}
            envelope.bad_attribute (attribute: subject, value: a|b)
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx {"qualifier":"EXACT","value":1}
            envelope.bad_attribute (attribute: subject, value: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)
    "#]].assert_eq(&table);
}

#[test]
fn a_narrative_says_a_text_for_a_period() {
    let long = |bytes: usize| json!({"text": "x".repeat(bytes), "period": "2021-Q3"});
    let told = |data: &Value| told("narrative.submitted", "A.I", data);
    assert_eq!(told(&json!({"text": "Một.\n\nHai | ba", "period": "2021-H1"})), "accepted");
    assert_eq!(told(&long(16 * 1024)), "accepted");
    assert!(told(&long(16 * 1024 + 1)).starts_with("data.out_of_range (field: text"));
    assert_eq!(
        told(&json!({"text": "x", "period": "quý III"})),
        "data.out_of_range (field: period, value: quý III)"
    );
    assert_eq!(told(&json!({"period": "2021"})), "data.missing_field (field: text)");
}
