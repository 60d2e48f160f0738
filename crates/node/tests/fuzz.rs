//! Hostile bytes for what this process reads beside events: bodies and headers of `POST
//! /v1/events`, paths and queries (over TCP and over the socket of a data directory alike), ids of
//! figures, what the projector tells.
//!
//! `make fuzz` shows them millions of cases; here are as many as a second or two allow.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::str::FromStr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde_json::Value;
use tonghop_core::fold::Counts;
use tonghop_core::unit_code::UnitCode;
use tonghop_node::agencies::Holder;
use tonghop_node::announce::Told;
use tonghop_node::http::{self, Api};
use tonghop_node::reading::Reading;
use tonghop_node::view::{FacetSource, View};
use tonghop_tests::fuzz::{
    Counter, HOSTILE, Memory, Random, json_mutated, members_reordered, mutated, run,
};
use tonghop_wire::FigureId;

#[path = "http/world.rs"]
#[allow(dead_code, reason = "the tests of HTTP use the rest")]
mod world;

#[global_allocator]
static HELD: Counter = Counter {};

const OF_BODIES: Memory = Memory { fixed: 256 * 1024, factor: 64 };
const OF_ANSWERS: Memory = Memory { fixed: 8 * 1024 * 1024, factor: 64 };

fn examples() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/golden");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap().trim_ascii().to_vec()).collect()
}

#[test]
fn bodies_and_headers_of_events() {
    let lines = examples();
    let values: Vec<Value> = lines.iter().map(|l| serde_json::from_slice(l).unwrap()).collect();
    let types = [
        "application/cloudevents-batch+json",
        "application/cloudevents+json",
        "application/json",
        "application/protobuf; charset=\"UTF-8\"",
        "text/plain;;charset",
    ];
    let make = |random: &mut Random| {
        let mut body = b"[".to_vec();
        let many = if random.once_in(200) { 1_200 } else { 5 };
        for place in 0..random.below(many) {
            body.extend(if place > 0 { &b","[..] } else { b"" });
            let value = &values[random.below(values.len())];
            if random.once_in(8) {
                body.extend(json_mutated(random, value, &lines));
            } else {
                body.extend(members_reordered(random, value).into_bytes());
            }
        }
        body.push(b']');
        if random.once_in(4) {
            body = mutated(random, &body, &lines);
        }
        let mut headers = HeaderMap::new();
        let first = if random.once_in(4) { random.below(types.len()) } else { 0 };
        headers.insert("content-type", HeaderValue::from_static(types[first]));
        while random.once_in(3) {
            let name = random.one_of(&["ce-id", "ce-", "ce-type", "ce-a-b", "content-type", "x"]);
            let value = HeaderValue::from_bytes(random.one_of(HOSTILE).as_bytes());
            let Ok(value) = value else { continue };
            headers.append(HeaderName::from_str(name).unwrap(), value);
        }
        (headers, Bytes::from(body))
    };
    let unit = Holder::Unit(UnitCode::parse("H41.16").unwrap());
    let size = |(_, body): &(HeaderMap, Bytes)| body.len();
    run(("bodies of events", &HELD, OF_BODIES), 2_000, make, size, |(headers, body)| {
        let said = || http::unpublishable(headers, body, unit).map_err(|why| why.status());
        assert_eq!(said(), said(), "the same request, the same answer");
    });
}

#[test]
fn paths_and_queries() {
    let view = View::new(
        world::shared(),
        world::book(&world::changes()),
        world::registry(),
        11,
        world::day("2021-09-14"),
        Counts { folded: 10, duplicates: 1, refused: 0 },
        FacetSource::empty(),
    );
    let reading = Arc::new(Reading::with_catalogue(world::catalogue()));
    reading.show(Arc::new(view));
    let today = || world::day("2021-09-20");
    let router = http::router(&Api { today, ..Api::new(reading) });
    let good: Vec<Vec<u8>> = [
        "/v1/forms/bieu-06a?from=2021-06-15&to=2021-09-14&unit=H41&tree=2021-07-01&lang=en",
        "/v1/forms/bieu-06a?period=2021-Q3&calendar=legal&knownAt=2021-09-01&format=csv",
        "/v1/figures?indicator=dossiers.settled&from=2021-06-15&to=2021-09-14&unit=000.00.16.H41",
        "/v1/figures/dossiers.settled~H41.16~20210615-20210914~t20210701~k20210914~ffield.a_2D",
        "/v1/figures/dossiers.settled~H41~20210615-20210914/events?since=1&limit=2&cursor=1.2.3.a",
        "/v1/units?on=2021-06-15&unit=H41",
        "/v1/calendars?calendar=legal&year=2021",
        "/v1/completeness?unit=H41.16&format=csv",
        "/v1/refusals?after=1&limit=10&unit=H41.16&code=id.reused",
        "/v1/reconciliation?period=2021-Q3&unit=H41",
        "/v1/indicators?lang=vi",
        "/metrics?",
        "/openapi.json",
    ]
    .map(|target| target.as_bytes().to_vec())
    .to_vec();
    let make = |random: &mut Random| {
        let place = random.below(good.len());
        // What hyper lets through to the router is what a URI may hold.
        let bytes = mutated(random, &good[place], &good);
        let plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"<>\\^`{}|#".contains(byte);
        let text: Vec<u8> = bytes.into_iter().filter(plain).take(http::URL_BYTES_MAX).collect();
        format!("/{}", String::from_utf8_lossy(&text).trim_start_matches('/'))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    run(("paths and queries", &HELD, OF_ANSWERS), 1_500, make, String::len, |target| {
        let ask = || runtime.block_on(http::ask(&router, target)).ok();
        let (one, other) = (ask(), ask());
        if let (Some(one), Some(other)) = (one, other)
            && !target.contains("metrics")
        {
            assert_eq!(one, other, "the same question, the same answer");
            // 501 to 503 say that this process has no log; 500 says that we are wrong.
            assert_ne!(one.status.as_u16(), 500, "{target}");
        }
    });
}

#[test]
fn ids_of_figures() {
    let good: Vec<Vec<u8>> = [
        "dossiers.settled~H41.16~20210615-20210914",
        "dossiers.settled~H41.16~20210615-20210914~t20250701~k20210914~ffield.buu-chinh",
        "documents.issued~H41~20210615-20210914~p2203144~fkind.C_56",
    ]
    .map(|id| id.as_bytes().to_vec())
    .to_vec();
    let make = |random: &mut Random| {
        let place = random.below(good.len());
        String::from_utf8_lossy(&mutated(random, &good[place], &good)).into_owned()
    };
    run(("ids of figures", &HELD, OF_BODIES), 3_000, make, String::len, |text| {
        if let Some(id) = FigureId::parse(text) {
            assert_eq!(id.to_string(), *text, "FIG-1");
        }
    });
}

#[test]
fn what_the_projector_tells() {
    let told = r#"{"from":1,"position":9,"lag":0,"folded":7,"duplicates":1,"refused":1,
        "ranges":{"duplicates":[[2,2]],"refused":[[5,9]]},
        "reasons":[{"position":5,"code":"id.reused","args":[["first","2"]]}]}"#;
    let value: Value = serde_json::from_str(told).unwrap();
    let others = vec![told.as_bytes().to_vec()];
    let make = |random: &mut Random| json_mutated(random, &value, &others);
    run(("what the projector tells", &HELD, OF_BODIES), 2_000, make, Vec::len, |bytes| {
        if let Ok(told) = serde_json::from_slice::<Told>(bytes) {
            let again = serde_json::to_vec(&told).unwrap();
            assert_eq!(serde_json::from_slice::<Told>(&again).unwrap(), told);
        }
    });
}
