//! What bad input gets, from a client that knows nothing of this program: a refusal with code and
//! arguments in `TONGHOP_REFUSED`, a metric, and the stream goes on.
//!
//! **ACC-1:** published = folded + duplicates + refused.

use std::collections::BTreeMap;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::program::{Up, run, sample};
use crate::world::Data;

#[path = "bad_table.rs"]
mod bad_table;

use bad_table::{Bad, SUBJECT, bad_messages, event, sources, with};

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_whole_and_counted() {
    let data = Data::new("bad");
    let up = Up::start(&data).await;
    let told = up.publish(&data, &sample(&data, "0.001").await).await;
    let begun = told["stored"].as_u64().unwrap();
    let mut log = stock_client(&up).await;

    // What the bad ones are bad against.
    let good = [
        event("first", &json!({})),
        event("other", &json!({"subject": "000.00.16.H41-210906-0002"})),
        registered("H41.88", "2021-01-01T00:00:00+07:00"),
        closed("H41.88", "2021-07-01T00:00:00+07:00"),
        registered("H41.89", "2021-01-01T00:00:00+07:00"),
    ];
    for (subject, payload) in &good {
        send(&log, subject, None, payload.as_bytes()).await;
    }
    let mut expected = BTreeMap::new();
    for bad in bad_messages(begun + 1, begun + 2) {
        let position = send(&log, &bad.subject, bad.headers.clone(), &bad.payload).await;
        expected.insert(position, bad);
    }
    // A unit may have 64 sources; the event of one more is refused, those of the others are not.
    let (allowed, one_more) = sources();
    for (subject, payload) in &allowed {
        send(&log, subject, None, payload.as_bytes()).await;
    }
    let mut published = send(&log, &one_more.subject, None, &one_more.payload).await;
    expected.insert(published, one_more);
    up.reaches(published).await;
    is_refused(&log, &expected).await;
    accounts(&data, &up, published, &expected).await;
    refusals_are_listed(&data, &up, &expected).await;
    let mut by_code = BTreeMap::new();
    for bad in expected.values() {
        *by_code.entry(bad.code).or_insert(0) += 1;
    }
    for (code, count) in by_code {
        let name = format!("tonghop_refused_by_code_total{{code=\"{code}\"}}");
        assert_eq!(up.metric(&name).await, Some(count), "{code}");
    }

    // The next good event is folded as if nothing had been.
    let before = up.metric("tonghop_folded_total").await.unwrap();
    let (subject, payload) = event("last", &json!({"subject": "000.00.16.H41-210906-0009"}));
    published = send(&log, &subject, None, payload.as_bytes()).await;
    up.reaches(published).await;
    assert_eq!(up.metric("tonghop_folded_total").await, Some(before + 1));

    // An id stays used, and a source stays known, after a restart.
    up.running.stop("TERM").await.expect(0);
    let up = Up::start(&data).await;
    log = stock_client(&up).await;
    for line in [with("first", &json!({"data.channel": "POST"})), with("first", &json!({}))] {
        published = send(&log, SUBJECT, None, line.as_bytes()).await;
    }
    let again = Bad::line(
        &with("first", &json!({"data.channel": "POST"})),
        "id.reused",
        json!({"first_position": (begun + 1).to_string()}),
    );
    expected.insert(published - 1, again);
    up.reaches(published).await;
    is_refused(&log, &expected).await;
    accounts(&data, &up, published, &expected).await;
    assert_eq!(up.metric("tonghop_duplicates_total").await, Some(1), "the same again is none");
    up.running.stop("TERM").await.expect(0);
}

/// A client as an agency has one: the library's own defaults.
async fn stock_client(up: &Up) -> Context {
    jetstream::new(async_nats::connect(&up.nats).await.unwrap())
}

/// Publishes a message; its position.
async fn send(log: &Context, subject: &str, headers: Option<HeaderMap>, payload: &[u8]) -> u64 {
    let (subject, payload) = (subject.to_owned(), payload.to_vec().into());
    let stored = match headers {
        Some(headers) => log.publish_with_headers(subject, headers, payload).await,
        None => log.publish(subject, payload).await,
    };
    stored.unwrap().await.unwrap().sequence
}

fn registered(unit: &str, time: &str) -> (String, String) {
    of_office(
        unit,
        time,
        "registered",
        &json!({"name": unit, "level": "DEPARTMENT", "parent": "H41"}),
    )
}

fn closed(unit: &str, time: &str) -> (String, String) {
    of_office(unit, time, "closed", &json!({}))
}

fn of_office(unit: &str, time: &str, kind: &str, data: &Value) -> (String, String) {
    let event = json!({
        "specversion": "1.0", "id": format!("e2e-{unit}-{kind}"), "source": "/H41/danh-muc",
        "type": format!("vn.tonghop.unit.{kind}.v1"), "subject": unit, "time": time,
        "unit": "H41", "data": data,
    });
    (format!("tonghop.v1.H41.unit.{kind}"), event.to_string())
}

/// Each of these positions stands in `TONGHOP_REFUSED` with what is expected, and no other does.
async fn is_refused(log: &Context, expected: &BTreeMap<u64, Bad>) {
    let mut stream = log.get_stream("TONGHOP_REFUSED").await.unwrap();
    let last = stream.info().await.unwrap().state.last_sequence;
    let mut found = BTreeMap::new();
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let told: Value = serde_json::from_slice(&message.payload).unwrap();
        found.insert(told["position"].as_u64().unwrap(), (message.subject.to_string(), told));
    }
    assert!(found.keys().eq(expected.keys()), "{:?} and {:?}", found.keys(), expected.keys());
    for (position, (subject, told)) in &found {
        let bad = &expected[position];
        let what = format!("{}: {told}", bad.what);
        assert_eq!(told["code"], bad.code, "{what}");
        assert!(bad.has_args(&told["args"]), "{} expected: {what}", bad.args);
        assert_eq!(*subject, bad.told_at(), "{what}");
        assert_eq!(told["subject"], bad.subject, "{what}");
        assert!(told["recordedAt"].as_str().unwrap().ends_with("+07:00"), "{what}");
        let payload = BASE64.decode(told["message"]["payload"].as_str().unwrap()).unwrap();
        assert!(payload == bad.payload, "the message whole, byte for byte: {what}");
        for (name, values) in bad.headers.iter().flat_map(HeaderMap::iter) {
            for value in values {
                let pair = json!([name.to_string(), value.as_str()]);
                let headers = told["message"]["headers"].as_array().unwrap();
                assert!(headers.contains(&pair), "{pair} of {what}");
            }
        }
    }
}

/// `tonghop refusals` and `/v1/refusals` tell the same, whole or in part.
async fn refusals_are_listed(data: &Data, up: &Up, expected: &BTreeMap<u64, Bad>) {
    let listed = |told: &Value| -> Vec<(u64, String)> {
        let row = |row: &Value| {
            let code = row["code"].as_str().unwrap().to_owned();
            (row["position"].as_u64().unwrap(), code)
        };
        told["refusals"].as_array().unwrap().iter().map(row).collect()
    };
    let all: Vec<(u64, String)> =
        expected.iter().map(|(position, bad)| (*position, bad.code.to_owned())).collect();
    let args = ["refusals", "--json", "--last", "1000", "--nats", &up.nats];
    let told = run(data, &args).await.expect(0).json();
    assert_eq!(listed(&told), all);
    for row in told["refusals"].as_array().unwrap() {
        let bad = &expected[&row["position"].as_u64().unwrap()];
        assert!(bad.has_args(&row["args"]), "{}: {row}", bad.what);
        assert_eq!(row["subject"], bad.subject);
    }
    let words = run(data, &["refusals", "--last", "2", "--nats", &up.nats]).await.expect(0);
    let positions: Vec<&str> =
        words.out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let newest: Vec<String> =
        all[all.len() - 2..].iter().map(|(position, _)| position.to_string()).collect();
    assert_eq!(positions, newest);

    let mut paged = Vec::new();
    let mut after = json!(0);
    while let Some(from) = after.as_u64() {
        let page = up.get(&format!("/v1/refusals?after={from}&limit=5")).await.json();
        assert!(listed(&page).len() <= 5 && page["lag"] == 0, "{page}");
        paged.extend(listed(&page));
        after = page["next"].clone();
    }
    assert_eq!(paged, all);
    let of_code = all.iter().filter(|(_, code)| code == "id.reused").count();
    let told = up.get("/v1/refusals?code=id.reused&unit=h41.16").await.json();
    assert!(of_code > 0 && listed(&told).len() <= of_code && !listed(&told).is_empty(), "{told}");
    assert_eq!(up.get("/v1/refusals?code=nonsense").await.status, 400);
    assert_eq!(up.get("/v1/refusals?limit=0").await.status, 400);
}

/// Published = folded + duplicates + refused, in the metrics, and `doctor` proves it.
async fn accounts(data: &Data, up: &Up, published: u64, expected: &BTreeMap<u64, Bad>) {
    let [folded, duplicates, refused] = [
        up.metric("tonghop_folded_total").await.unwrap(),
        up.metric("tonghop_duplicates_total").await.unwrap(),
        up.metric("tonghop_refused_total").await.unwrap(),
    ];
    assert_eq!(published, folded + duplicates + refused, "ACC-1");
    assert_eq!(refused, u64::try_from(expected.len()).unwrap());
    let checks = run(data, &["doctor", "--json", "--nats", &up.nats]).await.expect(0).json();
    for check in checks.as_array().unwrap() {
        assert_eq!(check["good"], true, "{check}");
    }
    for name in ["log", "streams", "projector", "accounts", "refused"] {
        let of_name = checks.as_array().unwrap().iter().filter(|check| check["check"] == name);
        assert_eq!(of_name.count(), 1, "{name} of {checks}");
    }
}
