//! Events in structured JSON, in binary JSON and in binary protobuf.

use serde_json::Value;
use serde_json::value::RawValue;
use tonghop_core::day::Instant;
use tonghop_core::event::Event;
use tonghop_tests::fuzz::{
    HOSTILE, Random, json_mutated, members_reordered, mutated, percent_garbage, run,
};
use tonghop_wire::{
    Decoder, Message, Raw, Refused, RefusedMessage, address, refusal_json, route, to_binary_json,
    to_protobuf, to_structured,
};

use crate::{HELD, OF_EVENTS, examples};

/// A message that owns what it is made of.
#[derive(Debug)]
struct Sent {
    subject: String,
    headers: Vec<(String, String)>,
    payload: Vec<u8>,
}

impl Sent {
    fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.subject.len() + headers.sum::<usize>() + self.payload.len()
    }

    /// Shows it to a decoder that met other messages, and to one that met none.
    fn decoded(&self, used: &mut Decoder) -> Result<Event, Refused> {
        let headers = pairs(&self.headers);
        let raw = Raw { subject: &self.subject, headers: &headers, payload: &self.payload };
        let said = used.decode(&raw);
        assert_eq!(Decoder::new().decode(&raw), said, "WIRE-2");
        drop(address(&raw));
        drop(route(&self.payload));
        if let Err(refused) = &said {
            assert_eq!(used.decode(&raw).as_ref(), Err(refused), "WIRE-2");
            kept_whole(&raw, refused);
        }
        said
    }
}

fn pairs(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A refused message is kept byte for byte, and read back as it was written.
fn kept_whole(raw: &Raw<'_>, refused: &Refused) {
    let recorded = Instant::from_unix_ms(1_630_000_000_000);
    let json = refusal_json(raw, 7, recorded, &refused.refusal);
    let read = RefusedMessage::from_json(&json).unwrap();
    assert_eq!(read.to_json(), json);
    assert_eq!(
        (read.payload.as_slice(), pairs(&read.headers)),
        (raw.payload, raw.headers.to_vec())
    );
}

/// What was accepted comes back from every encoding as the same event (WIRE-1).
fn comes_back(sent: &Sent, event: &Event, used: &mut Decoder) {
    let headers = pairs(&sent.headers);
    let raw = Raw { subject: &sent.subject, headers: &headers, payload: &sent.payload };
    let line = to_structured(&raw).unwrap();
    let again = Raw { headers: &[], payload: line.as_bytes(), ..raw };
    assert_eq!(used.decode(&again).as_ref(), Ok(event), "WIRE-1: {line}");
    assert_eq!(to_structured(&again).unwrap(), line, "written again as it was");
    for message in [to_binary_json(line.as_bytes()), to_protobuf(line.as_bytes())] {
        let Message { headers, payload } = message.unwrap();
        let headers = pairs(&headers);
        let again = Raw { headers: &headers, payload: &payload, ..raw };
        assert_eq!(used.decode(&again).as_ref(), Ok(event), "WIRE-1: {headers:?}");
    }
}

fn subject_of(random: &mut Random, line: &[u8]) -> String {
    let good = route(line).unwrap();
    match random.below(20) {
        0 => String::from_utf8_lossy(&mutated(random, good.as_bytes(), &[])).into_owned(),
        1 => random.one_of(HOSTILE).to_owned(),
        _ => good,
    }
}

fn content_type(random: &mut Random) -> Vec<(String, String)> {
    const TYPES: &[&str] = &[
        "application/cloudevents+json",
        "Application/CloudEvents+JSON; charset=utf-8",
        "application/json",
        "application/cloudevents-batch+json",
        "application/xml",
        "",
    ];
    let mut headers = Vec::new();
    while random.once_in(3) {
        let name = random.one_of(&["Content-Type", "content-type", "ce-id", "Nats-Msg-Id", "ce-"]);
        headers.push((name.to_owned(), random.one_of(TYPES).to_owned()));
    }
    headers
}

#[test]
fn structured_json() {
    let lines = examples();
    let values: Vec<Value> = lines.iter().map(|l| serde_json::from_slice(l).unwrap()).collect();
    let make = |random: &mut Random| {
        let place = random.below(lines.len());
        let (line, value) = (&lines[place], &values[place]);
        let payload = match random.below(6) {
            0 => mutated(random, line, &lines),
            1 => members_reordered(random, value).into_bytes(),
            _ => json_mutated(random, value, &lines),
        };
        let headers = if random.once_in(4) { content_type(random) } else { Vec::new() };
        Sent { subject: subject_of(random, line), headers, payload }
    };
    let (mut used, mut accepted) = (Decoder::new(), 0_u64);
    run(("structured JSON", &HELD, OF_EVENTS), 6_000, make, Sent::bytes, |sent| {
        let Ok(event) = sent.decoded(&mut used) else { return };
        accepted += 1;
        comes_back(sent, &event, &mut used);
        if sent.headers.is_empty() {
            let known: Result<&RawValue, _> = serde_json::from_slice(&sent.payload);
            assert!(known.is_ok(), "serde_json does not take what the decoder takes");
        }
    });
    eprintln!("structured JSON: {accepted} were accepted");
    assert!(accepted > 0 || std::env::var_os("CASE").is_some(), "a case shows nothing else");
}

#[test]
fn binary_mode() {
    let lines = examples();
    let of = |to: fn(&[u8]) -> Result<Message, Refused>| -> Vec<Message> {
        lines.iter().map(|line| to(line).unwrap()).collect()
    };
    let modes = [of(to_binary_json), of(to_protobuf)];
    let payloads: Vec<Vec<u8>> = modes.iter().flatten().map(|m| m.payload.clone()).collect();
    let make = |random: &mut Random| {
        let place = random.below(lines.len());
        let message = &modes[random.below(2)][place];
        let mut headers = message.headers.clone();
        while random.once_in(3) {
            spoil(random, &mut headers);
        }
        let payload = match random.below(4) {
            0 => message.payload.clone(),
            1 if random.once_in(3) => nested(random),
            _ => mutated(random, &message.payload, &payloads),
        };
        Sent { subject: subject_of(random, &lines[place]), headers, payload }
    };
    let (mut used, mut accepted) = (Decoder::new(), 0_u64);
    run(("binary mode", &HELD, OF_EVENTS), 6_000, make, Sent::bytes, |sent| {
        if let Ok(event) = sent.decoded(&mut used) {
            accepted += 1;
            comes_back(sent, &event, &mut used);
        }
    });
    eprintln!("binary mode: {accepted} were accepted");
}

/// One header missing, twice, in other letters, or with another value.
fn spoil(random: &mut Random, headers: &mut Vec<(String, String)>) {
    if headers.is_empty() {
        return;
    }
    let place = random.below(headers.len());
    let (name, value) = headers[place].clone();
    match random.below(8) {
        0 => drop(headers.remove(place)),
        1 => headers.push((name.to_ascii_uppercase(), value)),
        2 => headers[place].0 = name.replace("ce-", "CE-"),
        3 | 4 => headers[place].1 = percent_garbage(random, &value),
        5 => random.one_of(HOSTILE).clone_into(&mut headers[place].1),
        6 => headers.extend(content_type(random)),
        _ => {
            let times = if random.once_in(30) { 20_000 } else { 3 };
            let many = (0..random.below(times)).map(|n| (format!("ce-x{n}"), "%41".to_owned()));
            headers.extend(many);
        }
    }
}

/// Protobuf that says of its parts that they are parts, without end, or longer than they are.
fn nested(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(3_000) {
        match random.below(5) {
            0 => bytes.extend([0x0a, random.byte()]),
            1 => bytes.extend([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
            2 => bytes.extend([0xff; 10]),
            3 => bytes.extend([random.byte(), 0x80, 0]),
            _ => bytes.extend([random.byte() & 0x7f, 1, b'x']),
        }
    }
    bytes
}

#[test]
fn refusals_read_back() {
    let lines = examples();
    let whole: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| {
            let line = &line[..line.len() - 1];
            let headers = [("Content-Type", "application/cloudevents+json"), ("X", "é\"\\")];
            let raw = Raw { subject: "tonghop.v1.H41-16.x.y", headers: &headers, payload: line };
            let refused = Decoder::new().decode(&raw).unwrap_err();
            refusal_json(&raw, 7, Instant::from_unix_ms(1_630_000_000_000), &refused.refusal)
        })
        .collect();
    let values: Vec<Value> = whole.iter().map(|j| serde_json::from_slice(j).unwrap()).collect();
    let make = |random: &mut Random| {
        let place = random.below(whole.len());
        if random.once_in(2) {
            mutated(random, &whole[place], &whole)
        } else {
            json_mutated(random, &values[place], &whole)
        }
    };
    run(("refusals", &HELD, OF_EVENTS), 4_000, make, Vec::len, |json| {
        let Ok(read) = RefusedMessage::from_json(json) else { return };
        let written = read.to_json();
        assert_eq!(RefusedMessage::from_json(&written).unwrap().to_json(), written);
    });
}
