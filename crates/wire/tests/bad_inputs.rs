//! What bad input gets: a code and arguments, the first thing that is wrong.
//!
//! `UPDATE_EXPECT=1` rewrites the tables in `expected/`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own input fails"
)]

mod sample;

use std::fmt::Write;

use expect_test::{ExpectFile, expect, expect_file};
use sample::{LINE, SUBJECT, of_headers, told, with};
use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_wire::{Raw, RefusedMessage, refusal_json, to_protobuf};

type Headers = Vec<(String, String)>;

fn binary_headers() -> Headers {
    to_protobuf(LINE.as_bytes()).unwrap().headers
}

fn structured(subject: &str, line: &str) -> String {
    told(&Raw { subject, headers: &[], payload: line.as_bytes() })
}

fn check(cases: &[Value], expected: &ExpectFile) {
    let mut table = String::new();
    for changes in cases {
        let shown: String = changes.to_string().chars().take(90).collect();
        writeln!(table, "{shown}\n    {}", structured(SUBJECT, &with(changes))).unwrap();
    }
    expected.assert_eq(&table);
}

#[test]
fn envelopes() {
    let long = "x".repeat(300);
    check(
        &[
            json!({}),
            json!({"specversion": null}),
            json!({"specversion": "0.3"}),
            json!({"id": null}),
            json!({"id": ""}),
            json!({"id": 5}),
            json!({"id": "a b"}),
            json!({"id": "số-1"}),
            json!({"id": long}),
            json!({"source": null}),
            json!({"source": "/H41.17/igate"}),
            json!({"source": "/H41.165/igate"}),
            json!({"source": "igate"}),
            json!({"source": "/"}),
            json!({"source": "/H41.16/i gate"}),
            json!({"source": format!("/H41.16/{long}")}),
            json!({"subject": null}),
            json!({"subject": long}),
            json!({"subject": "a\nb"}),
            json!({"time": "2021-09-06T08:30:00"}),
            json!({"time": "1989-12-31T23:59:59+07:00"}),
            json!({"time": "2100-01-01T00:00:00+07:00"}),
            json!({"unit": "h41.16"}),
            json!({"unit": "H41.17"}),
            json!({"sequence": "0"}),
            json!({"sequence": "-1"}),
            json!({"sequence": 123}),
            json!({"sequence": "18446744073709551616"}),
            json!({"replaces": "ig-000123"}),
            json!({"replaces": "a b"}),
            json!({"type": "vn.tonghop.dossier.accepted.v2"}),
            json!({"type": "vn.tonghop.dossier.eaten.v1"}),
            json!({"type": "vn.tonghop.dossier.settled.v1"}),
            json!({"type": "vn.tonghop.dossier.retracted.v1"}),
            json!({"data_base64": "CgA="}),
            json!({"datacontenttype": "text/plain"}),
            json!({"traceparent": "00-ab-cd-01", "extension": {"deep": []}}),
        ],
        &expect_file!["expected/envelopes.txt"],
    );
}

#[test]
fn data() {
    let long = "x".repeat(65);
    check(
        &[
            json!({"data": null}),
            json!({"data": []}),
            json!({"data": "text"}),
            json!({"data.reason": "không có trường này"}),
            json!({"data.due_on": "2021-09-13", "data.dueOn": null}),
            json!({"data.due_on": "2021-09-13"}),
            json!({"data.procedure": null}),
            json!({"data.procedure": ""}),
            json!({"data.procedure": 5}),
            json!({"data.procedure": long}),
            json!({"data.field": "a\tb"}),
            json!({"data.channel": null}),
            json!({"data.channel": "UNSPECIFIED"}),
            json!({"data.channel": "direct"}),
            json!({"data.channel": 2}),
            json!({"data.channel": 4}),
            json!({"data.channel": -1}),
            json!({"data.channel": true}),
            json!({"data.dueOn": "2021-02-30"}),
            json!({"data.dueOn": "13/09/2021"}),
            json!({"data.dueOn": "9999-12-31"}),
            json!({"data.dueOn": ""}),
            json!({"data.dueOn": "2021-09-06"}),
            json!({"data.dueOn": "2021-09-05"}),
            json!({"data.submittedAt": "2021-09-04T21:15:00+07:00"}),
            json!({"data.submittedAt": "2021-09-04"}),
            json!({"data.submittedAt": "hôm qua"}),
        ],
        &expect_file!["expected/data.txt"],
    );
}

#[test]
fn other_families() {
    let mut table = String::new();
    let line = |kind: &str, subject: &str, unit: &str, data: Value| {
        with(&json!({
            "type": format!("vn.tonghop.{kind}.v1"), "subject": subject, "unit": unit,
            "source": format!("/{unit}/x"), "data": data, "replaces": "other",
        }))
    };
    let meeting = |online: Value, sites: Value| json!({"scope": "INTERNAL", "online": online, "sites": sites, "minutes": 5});
    let inspection = |days: Value| json!({"days": days, "units": 1, "findings": 0, "fixed": 0});
    for (kind, subject, unit, data) in [
        ("unit.renamed", "H41.16", "H41.16", json!({"name": "Sở"})),
        ("unit.renamed", "Sở", "H41", json!({"name": "Sở"})),
        (
            "unit.registered",
            "H41.16",
            "H41",
            json!({"name": "Sở", "level": "DEPARTMENT", "parent": "x"}),
        ),
        ("unit.retracted", "H41.16", "H41", json!({})),
        ("unit.retracted", "H41.16", "H41", json!({"reason": "x"})),
        ("document.received", "51/KH-STTTT", "H41.16", json!({"electronic": true})),
        ("document.received", "H41,2021-06-31,51/KH", "H41.16", json!({"electronic": true})),
        ("document.received", "H41,2021-06-30,", "H41.16", json!({"electronic": true})),
        (
            "document.received",
            "Bộ Nội vụ,2021-06-30,51/KH, bản 2",
            "H41.16",
            json!({"electronic": true}),
        ),
        ("meeting.served", "m", "H41.16", meeting(json!(true), json!(-1))),
        ("meeting.served", "m", "H41.16", meeting(json!(true), json!(1.5))),
        ("meeting.served", "m", "H41.16", meeting(json!(true), json!(4_294_967_296_u64))),
        ("meeting.served", "m", "H41.16", meeting(json!(true), json!("3"))),
        ("meeting.served", "m", "H41.16", meeting(json!("true"), json!(3))),
        (
            "dossier.transferred_in",
            "d",
            "H41.16",
            json!({"from": "H41.17", "procedure": "1.005129", "field": "f", "channel": "POST", "acceptedOn": "2021-09-02", "dueOn": "2021-09-01"}),
        ),
        ("procedure.changed", "1.005129", "H41.16", json!({})),
        ("inspection.held", "i", "H41.16", inspection(json!(366))),
        ("inspection.held", "i", "H41.16", inspection(json!(367))),
        ("inspection.held", "i", "H41.16", inspection(json!("367"))),
        ("deployment.done", &"x".repeat(64), "H41.16", json!({})),
        ("deployment.done", &"x".repeat(65), "H41.16", json!({})),
        ("staff.posts", "posts", "H41.16", json!({"quota": 0, "filled": 0})),
        ("staff.posts", "Posts", "H41.16", json!({"quota": 7, "filled": 6})),
        ("staff.moved", "posts", "H41.16", json!({"kind": "LEFT"})),
        ("staff.moved", "m", "H41.16", json!({"kind": "RETIRED"})),
        ("feedback.received", "f", "H41.16", json!({})),
        ("certificate.issued", "c", "H41.16", json!({"holder": "PERSON", "expiresOn": ""})),
        ("norm.reviewed", "n", "H41.16", json!({"result": null})),
        ("portal.posted", "p", "H41.16", json!({"title": "x"})),
    ] {
        let line = line(kind, subject, unit, data);
        let subject = format!("tonghop.v1.{}.{kind}", unit.replace('.', "-"));
        writeln!(table, "{line}\n    {}", structured(&subject, &line)).unwrap();
    }
    let line = with(&json!({"type": "vn.tonghop.dossier.retracted.v1", "data": {}}));
    let said = structured("tonghop.v1.H41-16.dossier.retracted", &line);
    writeln!(table, "no replaces\n    {said}").unwrap();
    expect_file!["expected/other_families.txt"].assert_eq(&table);
}

#[test]
fn bytes_and_subjects() {
    let mut table = String::new();
    for line in [
        "",
        "null",
        "[]",
        "{",
        "{} {}",
        &LINE.replacen('{', "{\"id\":\"other\",", 1),
        &LINE.replacen('{', "{\"x\":1,\"x\":1,", 1),
        &LINE.replacen("\"data\":{", "\"data\":{},\"data\":{", 1),
        &LINE.replacen("\"data\":{", "\"data\":{\"field\":\"x\",", 1),
        &LINE.replacen("\"data\":{", "\"data\":{\"dueOn\":null,", 1),
        &LINE.replacen("\"data\":{", &format!("\"x\":{}", "[".repeat(100_000)), 1),
    ] {
        let shown: String = line.chars().take(60).collect();
        writeln!(table, "{shown}\n    {}", structured(SUBJECT, line)).unwrap();
    }
    for subject in [
        "tonghop.v1.000-00-16-H41.dossier.accepted",
        "tonghop.v1.H41-17.dossier.accepted",
        "tonghop.v1.H41-1.dossier.accepted",
        "tonghop.v1.H41.16.dossier.accepted",
        "tonghop.v1.H41-16.dossier.settled",
        "tonghop.v1.H41-16.dossier.accepted.x",
        "tonghop.v1.H41-16",
        "tonghop.v2.H41-16.dossier.accepted",
        "",
    ] {
        writeln!(table, "{subject}\n    {}", structured(subject, LINE)).unwrap();
    }
    let not_utf8 = [b"{\"id\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat();
    writeln!(table, "{}", told(&Raw { subject: SUBJECT, headers: &[], payload: &not_utf8 }))
        .unwrap();
    let large = LINE.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(300 * 1024)), 1);
    writeln!(table, "{}", structured(SUBJECT, &large)).unwrap();
    let headers = [("ce-id", "ig-1"), ("ce-source", "/H41.16/igate")];
    let raw = Raw { subject: SUBJECT, headers: &headers, payload: large.as_bytes() };
    writeln!(table, "{}", told(&raw)).unwrap();
    expect_file!["expected/bytes_and_subjects.txt"].assert_eq(&table);
}

#[test]
fn binary_mode() {
    let protobuf = to_protobuf(LINE.as_bytes()).unwrap().payload;
    let json =
        br#"{"procedure":"1.005129","field":"buu-chinh","channel":"DIRECT","dueOn":"2021-09-13"}"#;
    let mut table = String::new();
    let mut say = |what: &str, change: &dyn Fn(&mut Headers), payload: &[u8]| {
        let mut headers = binary_headers();
        change(&mut headers);
        writeln!(table, "{what}\n    {}", of_headers(&headers, payload)).unwrap();
    };
    let set = |name: &'static str, value: &'static str| {
        move |headers: &mut Headers| {
            headers.retain(|(known, _)| known != name);
            if !value.is_empty() {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
    };
    let as_is = |_: &mut Headers| {};
    say("as it is", &as_is, &protobuf);
    say("json", &set("ce-datacontenttype", "application/json; charset=utf-8"), json);
    say("content type of the body", &set("ce-datacontenttype", ""), json);
    say("twice", &|headers| headers.push(("CE-ID".to_owned(), "x".to_owned())), &protobuf);
    say("bad escape", &set("ce-subject", "100%"), &protobuf);
    say("quoted", &set("ce-subject", "\"000.00.16.H41%2D210906-0001\""), &protobuf);
    say("foreign type", &set("ce-datacontenttype", "application/xml"), &protobuf);
    say("batch", &set("content-type", "application/cloudevents-batch+json"), &protobuf);
    say("no data", &as_is, b"");
    say("cut", &as_is, &protobuf[..protobuf.len() - 1]);
    say("unknown field 7", &as_is, &[&protobuf[..], &[0x3a, 0]].concat());
    say("field 2 twice", &as_is, &[&protobuf[..], &[0x12, 1, b'x']].concat());
    say("group", &as_is, &[&protobuf[..], &[0x33]].concat());
    say("wrong wire type", &as_is, &[0x08, 1]);
    say("channel 9", &as_is, &[0x0a, 1, b'p', 0x12, 1, b'f', 0x18, 9]);
    say("channel 0", &as_is, &[0x0a, 1, b'p', 0x12, 1, b'f', 0x18, 0]);
    say("endless varint", &as_is, &[0xff; 20]);
    say("field 0", &as_is, &[0x00, 0x00]);
    say("no utf-8", &as_is, &[0x0a, 1, 0xff]);
    say("json, no utf-8", &set("ce-datacontenttype", "application/json"), &[b'"', 0xff, b'"']);
    say("json null", &set("ce-datacontenttype", "application/json"), b" null ");
    expect_file!["expected/binary_mode.txt"].assert_eq(&table);
}

#[test]
fn a_refused_message_is_kept_whole() {
    let headers = [("Content-Type", "application/cloudevents+json"), ("X", "\u{e9}")];
    let raw = Raw { subject: SUBJECT, headers: &headers, payload: b"{\"id\":\"ig-1\"" };
    let refusal = Refusal::new(RefusalCode::IdReused).with("first", 7).with("a\"b", "c");
    let recorded = Instant::parse("2021-09-06T08:30:00+07:00").unwrap();
    let json = refusal_json(&raw, 123, recorded, &refusal);
    expect![[r#"{"code":"id.reused","args":{"first":"7","a\"b":"c"},"subject":"tonghop.v1.H41-16.dossier.accepted","position":123,"source":null,"id":null,"recordedAt":"2021-09-06T08:30:00+07:00","message":{"headers":[["Content-Type","application/cloudevents+json"],["X","é"]],"payload":"eyJpZCI6ImlnLTEi"}}"#]].assert_eq(std::str::from_utf8(&json).unwrap());
    let read = RefusedMessage::from_json(&json).unwrap();
    assert_eq!(read.to_json(), json);
    assert_eq!((read.payload.as_slice(), read.position), (raw.payload, 123));
    assert!(RefusedMessage::from_json(b"{}").is_err());
}

#[test]
fn every_code_is_explained() {
    let page = include_str!("../../../proto/refusals.md");
    let headings: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: Vec<&str> = RefusalCode::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(headings, codes);
}
