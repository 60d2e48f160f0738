//! Messages that cannot be accepted, each with what becomes of it.

use async_nats::HeaderMap;
use serde_json::{Value, json};

pub(super) const SUBJECT: &str = "tonghop.v1.H41-16.dossier.accepted";

/// A message that is refused, and how.
#[derive(Debug, Clone)]
pub(super) struct Bad {
    pub(super) what: String,
    pub(super) subject: String,
    pub(super) headers: Option<HeaderMap>,
    pub(super) payload: Vec<u8>,
    pub(super) code: &'static str,
    /// Its arguments; null stands for any text.
    pub(super) args: Value,
}

impl Bad {
    /// Bytes without headers, by this subject.
    fn at(subject: &str, payload: &[u8], code: &'static str, args: Value) -> Self {
        let shown: String = String::from_utf8_lossy(payload).chars().take(200).collect();
        Self {
            what: format!("{subject} {shown}"),
            subject: subject.to_owned(),
            headers: None,
            payload: payload.to_vec(),
            code,
            args,
        }
    }

    /// A structured event by the subject of [`SUBJECT`].
    pub(super) fn line(line: &str, code: &'static str, args: Value) -> Self {
        Self::at(SUBJECT, line.as_bytes(), code, args)
    }

    /// Whether these are the arguments that are expected.
    pub(super) fn has_args(&self, told: &Value) -> bool {
        let (expected, told) = (self.args.as_object().unwrap(), told.as_object().unwrap());
        expected.len() == told.len()
            && expected.iter().all(|(name, value)| match told.get(name) {
                Some(Value::String(_)) if value.is_null() => true,
                said => said == Some(value),
            })
    }

    /// Where it is told: at the unit that the subject names.
    pub(super) fn told_at(&self) -> String {
        format!("tonghop.refused.{}", self.subject.split('.').nth(2).unwrap())
    }
}

/// A good event with these changes; `data.x` changes a field of its data, null takes away.
pub(super) fn with(id: &str, changes: &Value) -> String {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "/H41.16/e2e",
        "type": "vn.tonghop.dossier.accepted.v1", "subject": "000.00.16.H41-210906-0001",
        "time": "2021-09-06T08:30:00+07:00", "unit": "H41.16",
        "data": {"procedure": "1.005129", "field": "buu-chinh", "channel": "DIRECT",
                 "dueOn": "2021-09-13"},
    });
    for (name, value) in changes.as_object().unwrap() {
        let (object, name) = match name.strip_prefix("data.") {
            Some(field) => (&mut event["data"], field),
            None => (&mut event, name.as_str()),
        };
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    event.to_string()
}

/// A good event with its subject.
pub(super) fn event(id: &str, changes: &Value) -> (String, String) {
    (SUBJECT.to_owned(), with(id, changes))
}

/// An event of each of as many sources as a unit may have, and that of one more.
pub(super) fn sources() -> (Vec<(String, String)>, Bad) {
    let of = |number: usize| {
        let (id, subject) = (format!("s-{number}"), format!("000.00.89.H41-210906-{number:04}"));
        let source = format!("/H41.89/may-{number}");
        let changes = json!({"source": source, "unit": "H41.89", "subject": subject});
        ("tonghop.v1.H41-89.dossier.accepted".to_owned(), with(&id, &changes))
    };
    let allowed = (0..64).map(of).collect();
    let (subject, line) = of(64);
    let args = json!({"sources_max": "64"});
    (allowed, Bad::at(&subject, line.as_bytes(), "source.too_many", args))
}

/// The table; the events `first` and `other` stand at these positions.
pub(super) fn bad_messages(first: u64, other: u64) -> Vec<Bad> {
    [envelopes(), units(), data(), past(first, other), binary()].concat()
}

fn envelopes() -> Vec<Bad> {
    let long = "x".repeat(300);
    let unreadable = |payload: &[u8]| Bad::at(SUBJECT, payload, "envelope.unreadable", json!({}));
    let missing = |name: &str| {
        let line = with("m", &json!({name: null}));
        Bad::line(&line, "envelope.missing_attribute", json!({"attribute": name}))
    };
    let overlong = |name: &str, value: String| {
        let args = json!({"attribute": name, "value": value.chars().take(200).collect::<String>()});
        Bad::line(&with("l", &json!({name: value})), "envelope.bad_attribute", args)
    };
    let type_of = |word: &str| {
        let line = with("t", &json!({"type": word}));
        Bad::line(&line, "type.unknown", json!({"type": word}))
    };
    let large = with("large", &json!({"x": "x".repeat(300 * 1024)}));
    let size = json!({"bytes": large.len().to_string(), "limit": "262144"});
    let mut all = vec![
        unreadable(&[0xff, 0xfe, 0x00, 0x9f]),
        unreadable(b""),
        unreadable(b"{\"specversion\":\"1.0\""),
        unreadable(b"[]"),
        Bad::line(&large, "size.exceeded", size),
        type_of("vn.tonghop.dossier.eaten.v1"),
        type_of("vn.tonghop.dossier.accepted.v2"),
        overlong("id", long.clone()),
        overlong("source", format!("/H41.16/{long}")),
        overlong("subject", long),
    ];
    all.extend(
        ["specversion", "id", "source", "type", "subject", "time", "unit"]
            .iter()
            .map(|n| missing(n)),
    );
    all
}

fn units() -> Vec<Bad> {
    let at = |subject: &str, unit: &str, day: &str, code, args| {
        let changes = json!({
            "unit": unit, "source": format!("/{unit}/e2e"), "time": format!("{day}T08:00:00+07:00"),
            "data.dueOn": null,
        });
        let subject = format!("tonghop.v1.{subject}.dossier.accepted");
        Bad::at(&subject, with("u", &changes).as_bytes(), code, args)
    };
    vec![
        at(
            "H41-17",
            "H41.16",
            "2021-09-06",
            "unit.mismatch",
            json!({"unit": "H41.16", "subject": "tonghop.v1.H41-17.dossier.accepted"}),
        ),
        at("H41-999", "H41.999", "2021-09-06", "unit.unknown", json!({"unit": "H41.999"})),
        at(
            "H41-88",
            "H41.88",
            "2021-07-01",
            "unit.closed",
            json!({"unit": "H41.88", "closed": "2021-07-01", "day": "2021-07-01"}),
        ),
    ]
}

fn data() -> Vec<Bad> {
    let of = |changes: Value, code, args| Bad::line(&with("d", &changes), code, args);
    let range = |field: &str, value: &str| {
        let changes = json!({format!("data.{field}"): value});
        of(changes, "data.out_of_range", json!({"field": field, "value": value}))
    };
    vec![
        of(json!({"data.due": "2021-09-13"}), "data.unknown_field", json!({"field": "due"})),
        of(json!({"data.field": null}), "data.missing_field", json!({"field": "field"})),
        of(json!({"data.field": 5}), "data.unreadable", json!({"field": "field"})),
        range("dueOn", "2021-02-30"),
        range("dueOn", "9999-12-31"),
        range("dueOn", "13/09/2021"),
        range("channel", "BY_HAND"),
        of(
            json!({"data.dueOn": "2021-09-05"}),
            "dossier.due_before_accepted",
            json!({"due_on": "2021-09-05", "accepted_on": "2021-09-06"}),
        ),
        of(
            json!({"time": "2021-02-30T08:30:00+07:00"}),
            "envelope.bad_attribute",
            json!({"attribute": "time", "value": "2021-02-30T08:30:00+07:00"}),
        ),
    ]
}

/// What is bad because of what was said before, or of the time it is.
fn past(first: u64, other: u64) -> Vec<Bad> {
    let reused = with("first", &json!({"data.channel": "POST"}));
    let elsewhere = with("r", &json!({"replaces": "other"}));
    let future = chrono::Utc::now() + chrono::Duration::hours(1);
    let future = future.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let future = with("f", &json!({"time": future, "data.dueOn": null}));
    vec![
        Bad::line(&reused, "id.reused", json!({"first_position": first.to_string()})),
        Bad::line(&elsewhere, "replaces.unknown", json!({"target_position": other.to_string()})),
        Bad::line(&future, "time.in_future", json!({"time": null, "recorded": null})),
    ]
}

fn binary() -> Vec<Bad> {
    let of = |changes: &[(&str, &str)], code, args| {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-id", "b"),
            ("ce-source", "/H41.16/e2e"),
            ("ce-type", "vn.tonghop.dossier.accepted.v1"),
            ("ce-subject", "000.00.16.H41-210906-0003"),
            ("ce-time", "2021-09-06T08:30:00+07:00"),
            ("ce-unit", "H41.16"),
            ("ce-datacontenttype", "application/json"),
        ] {
            headers.insert(name, value);
        }
        for (name, value) in changes {
            headers.insert(*name, *value);
        }
        let payload = br#"{"procedure":"1.005129","field":"buu-chinh","channel":"DIRECT"}"#;
        Bad { headers: Some(headers), ..Bad::at(SUBJECT, payload, code, args) }
    };
    let mut foreign = HeaderMap::new();
    foreign.insert("Content-Type", "text/plain");
    let structured = Bad::line(&with("c", &json!({})), "envelope.unreadable", json!({}));
    vec![
        of(
            &[("ce-datacontenttype", "application/xml")],
            "data.unreadable",
            json!({"content_type": "application/xml"}),
        ),
        // Read as protobuf, JSON begins with a field 15.
        of(
            &[("ce-datacontenttype", "application/protobuf")],
            "data.unknown_field",
            json!({"field": "#15"}),
        ),
        of(&[("ce-subject", "100%")], "envelope.bad_attribute", json!({"attribute": "subject"})),
        of(&[("ce-time", "")], "envelope.missing_attribute", json!({"attribute": "time"})),
        of(&[("CE-ID", "twice")], "envelope.unreadable", json!({})),
        Bad { headers: Some(foreign), ..structured },
    ]
}
