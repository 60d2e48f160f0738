//! Nanoseconds to decode one event of each kind in structured JSON, beside what a bare JSON parser
//! needs to find the end of the same bytes, and what `serde_json` needs to read the most frequent
//! kinds into a typed struct, which checks nothing, computes no day and takes no fingerprint.
//!
//! `cargo run --release -p tonghop-wire --example decode_speed [PART OF A KIND]`

#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "it prints how fast it was")]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;
use tonghop_wire::{Decoder, Message, Raw, route, to_binary_json, to_protobuf};

const ROUNDS: u32 = 40;
const EVENTS_PER_ROUND: u32 = 5_000;

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("proto/golden is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let part = std::env::args().nth(1).unwrap_or_default();
    paths.retain(|path| path.to_string_lossy().contains(&part));
    println!(
        "{:<32} {:>6} {:>9} {:>11} {:>9} {:>9} {:>9} {:>7}",
        "kind", "bytes", "decode ns", "bin-json ns", "proto ns", "bare ns", "typed ns", "M/s"
    );
    let mut sums = [0.0; 4];
    for path in &paths {
        let line = std::fs::read_to_string(path).expect("it can be read");
        let line = line.trim();
        let subject = route(line.as_bytes()).expect("the example is good");
        let whole = of_structured(line, &subject);
        let json = of_message(&to_binary_json(line.as_bytes()).expect("good"), &subject);
        let protobuf = of_message(&to_protobuf(line.as_bytes()).expect("good"), &subject);
        let bare = best(|| {
            let value: Result<&RawValue, _> = serde_json::from_slice(black_box(line.as_bytes()));
            black_box(value).is_ok()
        });
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        row(&name, line.len(), [whole, json, protobuf, bare], typed(&name, line));
        for (sum, one) in sums.iter_mut().zip([whole, json, protobuf, bare]) {
            *sum += one;
        }
    }
    let count = f64::from(u32::try_from(paths.len()).expect("few files"));
    row("mean", 0, sums.map(|sum| sum / count), None);
}

fn row(name: &str, bytes: usize, [whole, json, protobuf, bare]: [f64; 4], typed: Option<f64>) {
    let millions = 1e3 / whole;
    let typed = typed.map_or_else(|| "–".to_owned(), |typed| format!("{typed:.0}"));
    println!(
        "{name:<32} {bytes:>6} {whole:>9.0} {json:>11.0} {protobuf:>9.0} {bare:>9.0} {typed:>9} \
         {millions:>7.2}"
    );
}

/// An event as a programmer with serde would read it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Typed<'a, D> {
    specversion: &'a str,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    r#type: &'a str,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: &'a str,
    unit: &'a str,
    sequence: Option<&'a str>,
    replaces: Option<&'a str>,
    data: D,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Accepted<'a> {
    #[serde(borrow)]
    procedure: Cow<'a, str>,
    #[serde(borrow)]
    field: Cow<'a, str>,
    channel: &'a str,
    submitted_at: Option<&'a str>,
    due_on: Option<&'a str>,
    service_level: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Settled<'a> {
    outcome: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Received {
    electronic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
#[allow(clippy::struct_excessive_bools, reason = "they are those of the contract")]
struct Issued<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    electronic: bool,
    personal_signature: bool,
    organisation_signature: bool,
    normative: bool,
}

/// What `serde_json` needs for a kind whose struct is here.
fn typed(kind: &str, line: &str) -> Option<f64> {
    fn reads<'a, D: Deserialize<'a>>(line: &'a str) -> f64 {
        best(|| {
            let event: Result<Typed<'a, D>, _> = serde_json::from_str(black_box(line));
            black_box(event).is_ok()
        })
    }
    Some(match kind {
        "dossier.accepted" => reads::<Accepted<'_>>(line),
        "dossier.settled" => reads::<Settled<'_>>(line),
        "document.received" => reads::<Received>(line),
        "document.issued" => reads::<Issued<'_>>(line),
        _ => return None,
    })
}

fn of_structured(line: &str, subject: &str) -> f64 {
    let headers = [("Content-Type", "application/cloudevents+json")];
    decode(&Raw { subject, headers: &headers, payload: line.as_bytes() })
}

fn of_message(message: &Message, subject: &str) -> f64 {
    let headers: Vec<(&str, &str)> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    decode(&Raw { subject, headers: &headers, payload: &message.payload })
}

fn decode(raw: &Raw<'_>) -> f64 {
    let mut decoder = Decoder::new();
    best(|| decoder.decode(black_box(raw)).is_ok())
}

/// The best round: what the code needs when nothing else wants the core.
fn best(mut work: impl FnMut() -> bool) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..EVENTS_PER_ROUND {
            assert!(work(), "the example is refused");
        }
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(EVENTS_PER_ROUND)
}
