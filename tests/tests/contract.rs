//! The contract as it is written out: up to date, its examples executed, and nothing broken that
//! was released.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::words::Family;
use tonghop_tests::contract::frozen::{self, decode, marks};
use tonghop_tests::contract::pages::hex;
use tonghop_tests::contract::released::{self, Contract, FieldPromise, broken};
use tonghop_tests::contract::{COMMAND, asyncapi, root, stale, write};
use tonghop_wire::kind::Kind;
use tonghop_wire::{Decoder, Raw, refusal_json, route, schema};

#[test]
fn what_is_written_out_is_what_the_source_says() {
    let stale = stale(&root()).unwrap();
    assert!(stale.is_empty(), "{}\n`{COMMAND}` rewrites them", stale.join("\n"));
}

#[test]
fn what_is_stale_is_named_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("proto")).unwrap();
    write(root).unwrap();
    assert_eq!(stale(root).unwrap(), [""; 0]);
    fs::write(root.join("proto/schema/dossier.accepted.json"), "{}").unwrap();
    fs::write(root.join("docs/events/ghost.md"), "").unwrap();
    fs::remove_file(root.join("proto/asyncapi.json")).unwrap();
    assert_eq!(
        stale(root).unwrap(),
        [
            "proto/asyncapi.json is missing",
            "proto/schema/dossier.accepted.json is not what the source says",
            "docs/events/ghost.md is made from nothing",
        ]
    );
    write(root).unwrap();
    assert_eq!(stale(root).unwrap(), [""; 0]);
}

/// The examples of a page: the JSON of each, and what is in the text behind it.
fn examples(page: &str) -> Vec<(&str, &str)> {
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    blocks
        .chunks(2)
        .map(|pair| {
            (pair[0].strip_prefix("json\n").unwrap(), pair[1].strip_prefix("text\n").unwrap())
        })
        .collect()
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.trim().chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn the_examples_of_the_pages_are_one_event_in_both_encodings() {
    let mut shown = BTreeSet::new();
    for family in Family::ALL {
        let page = fs::read_to_string(root().join(format!("docs/events/{}.md", family.word())));
        for (line, text) in examples(&page.unwrap()) {
            let subject = route(line.trim().as_bytes()).unwrap();
            let event = decode(&subject, &[], line.trim().as_bytes()).unwrap();
            let (headers, payload) = text.split_once("\n\n").unwrap();
            let headers: Vec<(String, String)> = headers
                .lines()
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert!(headers.iter().any(|(_, value)| value == "application/protobuf"));
            assert_eq!(decode(&subject, &headers, &from_hex(payload)).unwrap(), event, "{line}");
            let kind: Vec<&str> = subject.split('.').skip(3).collect();
            shown.insert(kind.join("."));
        }
    }
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(shown, kinds);
}

#[test]
fn bytes_of_released_versions_are_still_the_events_that_they_were() {
    let folder = root().join(frozen::FOLDER);
    let mut versions = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        versions += 1;
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let headers: Vec<(String, String)> =
                serde_json::from_value(line["headers"].clone()).unwrap();
            let text = line["payload"].as_str().map(|text| text.as_bytes().to_vec());
            let payload = text.unwrap_or_else(|| from_hex(line["payloadHex"].as_str().unwrap()));
            let event = decode(line["subject"].as_str().unwrap(), &headers, &payload);
            let event = event.unwrap_or_else(|why| panic!("{} {why}", line["encoding"]));
            assert_eq!(marks(&event), line["event"], "{line}");
        }
    }
    assert!(versions > 0);
}

#[test]
fn every_released_kind_is_frozen_in_three_encodings() {
    let released = contract_as_released();
    let path = format!("{}/{}.ndjson", frozen::FOLDER, released.version);
    let text = fs::read_to_string(root().join(path)).unwrap();
    let frozen: BTreeSet<(String, String)> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            [&line["kind"], &line["encoding"]].map(|text| text.as_str().unwrap().to_owned())
        })
        .map(|[kind, encoding]| (kind, encoding))
        .collect();
    let kinds: Vec<&String> = released.kinds.keys().collect();
    assert_eq!(frozen.len(), kinds.len() * 3);
    for kind in kinds {
        for encoding in ["structured", "json", "protobuf"] {
            assert!(frozen.contains(&(kind.clone(), encoding.to_owned())), "{kind} {encoding}");
        }
    }
}

fn contract_as_released() -> Contract {
    Contract::parse(&fs::read_to_string(root().join(released::PATH)).unwrap()).unwrap()
}

#[test]
fn nothing_is_broken_that_was_released() {
    let broken = broken(&contract_as_released(), &Contract::present(""));
    assert!(broken.is_empty(), "another meaning is another version (v2):\n{}", broken.join("\n"));
}

#[test]
fn a_contract_is_read_as_it_is_written() {
    let present = Contract::present("9.9.9");
    assert_eq!(Contract::parse(&present.to_string()).unwrap(), present);
    let error = Contract::parse("version 1\nfield x").unwrap_err();
    assert!(error.contains("field x"), "{error}");
}

/// What is said when the present contract is the released one but for this change.
fn said_after<T>(change: impl FnOnce(&mut Contract) -> T) -> Vec<String> {
    let released = Contract::present("0.0.0");
    let mut present = released.clone();
    change(&mut present);
    broken(&released, &present)
}

fn field(contract: &mut Contract, number: u32) -> &mut FieldPromise {
    contract.fields.get_mut(&("dossier.accepted".to_owned(), number)).unwrap()
}

#[test]
fn each_broken_promise_of_a_field_is_named() {
    let key = |number| ("dossier.accepted".to_owned(), number);
    assert_eq!(
        said_after(|now| now.fields.remove(&key(5))),
        ["dossier.accepted: the field dueOn (5) is gone"]
    );
    assert_eq!(
        said_after(|now| {
            let moved = now.fields.remove(&key(5)).unwrap();
            now.fields.insert(key(8), moved);
        }),
        ["dossier.accepted: the field dueOn had the number 5 and has 8"]
    );
    assert_eq!(
        said_after(|now| field(now, 5).json = "due".to_owned()),
        ["dossier.accepted: the field dueOn had the name dueOn and has due"]
    );
    assert_eq!(
        said_after(|now| field(now, 5).proto = "due".to_owned()),
        ["dossier.accepted: the field dueOn had the protobuf name due_on and has due"]
    );
    assert_eq!(
        said_after(|now| field(now, 5).form = "moment".to_owned()),
        ["dossier.accepted: the field dueOn had the type day and has moment"]
    );
    assert_eq!(
        said_after(|now| field(now, 5).required = true),
        ["dossier.accepted: the field dueOn was optional and is required"]
    );
    assert_eq!(
        said_after(|now| {
            let mut new = field(now, 1).clone();
            new.json = "office".to_owned();
            now.fields.insert(key(9), new);
        }),
        ["dossier.accepted: the field office is new and required: what was accepted is refused"]
    );
    assert_eq!(
        said_after(|now| {
            let quota = now.fields.get_mut(&("staff.posts".to_owned(), 1)).unwrap();
            quota.max = 9;
        }),
        ["staff.posts: the field quota had the largest number 1000000 and has 9"]
    );
}

#[test]
fn each_other_broken_promise_is_named() {
    let post = ("Channel".to_owned(), "POST".to_owned());
    assert_eq!(said_after(|now| now.words.remove(&post)), ["Channel: the word POST is gone"]);
    assert_eq!(
        said_after(|now| now.words.insert(post.clone(), 7)),
        ["Channel: the word POST was 3 and is 7"]
    );
    assert_eq!(
        said_after(|now| now.kinds.remove("dossier.settled")),
        ["the kind dossier.settled is gone"]
    );
    let settled = |now: &mut Contract, change: fn(&mut released::KindPromise)| {
        change(now.kinds.get_mut("dossier.settled").unwrap());
    };
    assert_eq!(
        said_after(|now| settled(now, |kind| kind.subject = "tonghop.v2.settled".to_owned())),
        ["dossier.settled: the subject was tonghop.v1.<unit>.dossier.settled and is \
          tonghop.v2.settled"]
    );
    assert_eq!(
        said_after(|now| settled(now, |kind| kind.message = "Settled".to_owned())),
        ["dossier.settled: the message was DossierSettled and is Settled"]
    );
    assert_eq!(
        said_after(|now| settled(now, |kind| kind.type_name = "settled".to_owned())),
        ["dossier.settled: the type was vn.tonghop.dossier.settled.v1 and is settled"]
    );
    assert_eq!(
        said_after(|now| now.limits.insert("id.characters".to_owned(), 32)),
        ["the limit id.characters was 64 and is 32"]
    );
    assert_eq!(
        said_after(|now| now.limits.remove("id.characters")),
        ["the limit id.characters is no longer promised"]
    );
    assert_eq!(
        said_after(|now| now.refusals.remove("id.reused")),
        ["the refusal id.reused is gone"]
    );
}

#[test]
fn additions_break_nothing() {
    let said = said_after(|now| {
        let mut new = field(now, 5).clone();
        new.json = "closesOn".to_owned();
        now.fields.insert(("dossier.accepted".to_owned(), 9), new.clone());
        new.required = true;
        now.fields.insert(("dossier.archived".to_owned(), 1), new);
        let archived = now.kinds["dossier.settled"].clone();
        now.kinds.insert("dossier.archived".to_owned(), archived);
        now.words.insert(("Channel".to_owned(), "KIOSK".to_owned()), 4);
        now.limits.insert("id.characters".to_owned(), 128);
        now.refusals.insert("dossier.too_old".to_owned());
        field(now, 1).required = false;
    });
    assert_eq!(said, [""; 0]);
}

#[test]
fn the_asyncapi_document_holds_together() {
    let document = asyncapi::document();
    let mut references = Vec::new();
    references_in(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for kind in Kind::ALL {
        let name = kind.name();
        let channel = &document["channels"][&name];
        let address = channel["address"].as_str().unwrap();
        let subject = route(schema::example(*kind).to_string().as_bytes()).unwrap();
        let unit = subject.split('.').nth(2).unwrap();
        assert_eq!(address.replace("{unit}", unit), subject);
        let message = &document["components"]["messages"][&name];
        let payload = json!({"allOf": [message["payload"]], "components": document["components"]});
        let validator = jsonschema::draft202012::new(&payload).unwrap();
        for example in message["examples"].as_array().unwrap() {
            validator.validate(&example["payload"]).unwrap_or_else(|why| panic!("{name}: {why}"));
            let mut wrong = example["payload"].clone();
            wrong["data"]["due"] = json!(1);
            assert!(!validator.is_valid(&wrong), "{name}");
        }
    }
}

/// A message of `TONGHOP_REFUSED` is what the document says of it.
#[test]
fn a_refused_message_is_as_described() {
    let document = asyncapi::document();
    let described = &document["components"]["messages"]["refused"]["payload"];
    let validator = jsonschema::draft202012::new(described).unwrap();
    let recorded = Instant::parse("2021-09-06T08:30:02+07:00").unwrap();
    for payload in ["{}", "no JSON", "{\"id\":\"a\",\"source\":\"/H41\"}"] {
        let headers = [("Content-Type", "application/cloudevents+json")];
        let subject = "tonghop.v1.H41-16.dossier.accepted";
        let raw = Raw { subject, headers: &headers, payload: payload.as_bytes() };
        let refused = Decoder::new().decode(&raw).unwrap_err();
        let json = refusal_json(&raw, 7, recorded, &refused.refusal);
        let json: Value = serde_json::from_slice(&json).unwrap();
        validator.validate(&json).unwrap_or_else(|why| panic!("{why}: {json}"));
        let told: Vec<&String> = json.as_object().unwrap().keys().collect();
        let properties = described["properties"].as_object().unwrap();
        assert!(told.iter().all(|name| properties.contains_key(*name)), "{json}");
    }
}

fn references_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.push(reference.clone());
            }
            members.values().for_each(|value| references_in(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references_in(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn hexadecimal_is_read_as_it_is_written() {
    assert_eq!(from_hex(&hex(&[0, 10, 255])), [0, 10, 255]);
}
