//! The examples in `proto/golden`: one of each kind, in three encodings, against the table of
//! fingerprints and against the messages that prost and pbjson generate.
//!
//! `UPDATE_GOLDEN=1` rewrites the table. A line that changes breaks every log there is.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own input fails"
)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use prost::Message as _;
use tonghop_core::event::Event;
use tonghop_core::words;
use tonghop_wire::kind::{Form, Kind};
use tonghop_wire::{Decoder, Raw, route, to_binary_json, to_protobuf, to_structured};

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/tonghop.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/tonghop.v1.serde.rs"));
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/golden"))
}

fn name(kind: Kind) -> String {
    let spec = kind.spec();
    format!("{}.{}", spec.family.word(), spec.word)
}

fn example(kind: Kind) -> String {
    let path = folder().join(format!("{}.json", name(kind)));
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    text.trim_end().to_owned()
}

fn decode(subject: &str, headers: &[(String, String)], payload: &[u8]) -> Event {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let raw = Raw { subject, headers: &headers, payload };
    Decoder::new().decode(&raw).unwrap_or_else(|refused| panic!("{subject}: {refused}"))
}

fn data(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["data"].to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

#[test]
fn every_kind_has_one_example_and_no_more() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    let kinds: BTreeSet<String> = Kind::ALL.iter().map(|kind| name(*kind)).collect();
    assert_eq!(files, kinds);
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(&name(*kind)), Some(*kind));
    }
}

#[test]
fn wire_1_the_three_encodings_are_one_event() {
    for kind in Kind::ALL {
        let line = example(*kind);
        let subject = route(line.as_bytes()).unwrap();
        let bare = decode(&subject, &[], line.as_bytes());
        let typed =
            [("CONTENT-TYPE".to_owned(), "application/cloudevents+json; charset=utf-8".to_owned())];
        assert_eq!(decode(&subject, &typed, line.as_bytes()), bare);
        for message in [to_binary_json(line.as_bytes()), to_protobuf(line.as_bytes())] {
            let message = message.unwrap();
            let event = decode(&subject, &message.headers, &message.payload);
            assert_eq!(event, bare, "{subject}");
            let headers: Vec<(&str, &str)> =
                message.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let raw = Raw { subject: &subject, headers: &headers, payload: &message.payload };
            assert_eq!(to_structured(&raw).unwrap(), line);
        }
    }
}

#[test]
fn fingerprints_are_those_of_the_table() {
    let mut table = String::from("# kind identity timeline content protobuf\n");
    for kind in Kind::ALL {
        let line = example(*kind);
        let subject = route(line.as_bytes()).unwrap();
        let event = decode(&subject, &[], line.as_bytes());
        let bytes = to_protobuf(line.as_bytes()).unwrap().payload;
        let hex = hex(&bytes);
        let (identity, timeline) = (event.statement.identity.0, event.timeline.0);
        let hex = if hex.is_empty() { "-" } else { &hex };
        let name = name(*kind);
        let content = event.content.0;
        writeln!(table, "{name} {identity:032x} {timeline:032x} {content:016x} {hex}").unwrap();
    }
    let path = folder().join("fingerprints.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (one, other) in known.lines().zip(table.lines()) {
        assert_eq!(one, other);
    }
    assert_eq!(known.lines().count(), table.lines().count());
}

#[test]
fn the_page_of_the_contract_tells_the_truth() {
    let page = include_str!("../../../proto/README.md");
    let line = page.lines().find(|line| line.starts_with("{\"specversion\"")).unwrap();
    let subject = route(line.as_bytes()).unwrap();
    decode(&subject, &[], line.as_bytes());
    assert!(page.contains(&format!("`{subject}`")));
    let binary = to_binary_json(line.as_bytes()).unwrap();
    for (name, value) in &binary.headers {
        assert!(page.contains(&format!("\n{name}: {value}\n")), "{name}: {value}");
    }
    assert!(page.contains(std::str::from_utf8(&binary.payload).unwrap()));
    assert!(page.contains(&format!("\n{}\n", hex(&to_protobuf(line.as_bytes()).unwrap().payload))));
}

/// What pbjson and prost make of the data, for messages of these names.
macro_rules! by_generated_code {
    ($message:expr, $json:expr, $($name:ident),+ $(,)?) => {
        match $message {
            $(stringify!($name) => {
                let message: generated::$name = serde_json::from_str($json).unwrap();
                let bytes = message.encode_to_vec();
                assert_eq!(generated::$name::decode(bytes.as_slice()).unwrap(), message);
                bytes
            })+
            other => panic!("{other} is not held against generated code"),
        }
    };
}

fn generated_bytes(message: &str, json: &str) -> Vec<u8> {
    by_generated_code!(
        message,
        json,
        Retracted,
        UnitRegistered,
        UnitRenamed,
        UnitMoved,
        UnitClosed,
        UnitCodeAssigned,
        UnitMerged,
        UnitSplit,
        ProcedurePublished,
        ProcedureChanged,
        ProcedureWithdrawn,
        DossierAccepted,
        DossierPromised,
        DossierSupplementRequested,
        DossierSupplemented,
        DossierFeePaid,
        DossierDigitised,
        DossierSettled,
        DossierReturned,
        DossierWithdrawn,
        DossierStopped,
        DossierReopened,
        DossierTransferredOut,
        DossierTransferredIn,
        DocumentIssued,
        DocumentReceived,
        DocumentRecalled,
        MeetingServed,
        SiteOpened,
        SiteClosed,
        PostAccepted,
        PostDelivered,
        FeedbackReceived,
        FeedbackResolved,
        PortalPosted,
        PortalRemoved,
        TaskPlanned,
        TaskDone,
        InspectionHeld,
        NormEffective,
        NormRepealed,
        NormReviewed,
        CertificateIssued,
        CertificateRevoked,
        AccountOpened,
        AccountClosed,
        DeploymentDone,
        DeploymentWithdrawn,
        StaffPosts,
        StaffMoved,
        FigureDeclared,
        FigureWithdrawn,
        NarrativeSubmitted,
        SourceHeartbeat,
    )
}

#[test]
fn canonical_bytes_are_those_of_generated_code() {
    for kind in Kind::ALL {
        let line = example(*kind);
        let ours = to_protobuf(line.as_bytes()).unwrap().payload;
        assert_eq!(ours, generated_bytes(kind.spec().message, &data(&line)), "{line}");
    }
}

#[test]
fn every_word_of_every_closed_set_is_that_of_generated_code() {
    for kind in Kind::ALL {
        for field in kind.spec().fields {
            let Form::Word(known) = field.form else { continue };
            for (word, _) in known {
                let mut line: serde_json::Value = serde_json::from_str(&example(*kind)).unwrap();
                line["data"][field.json] = serde_json::Value::from(*word);
                if *word == "NIL" {
                    line["data"]["value"] = serde_json::Value::from(0);
                }
                let line = line.to_string();
                let ours = to_protobuf(line.as_bytes()).unwrap().payload;
                assert_eq!(ours, generated_bytes(kind.spec().message, &data(&line)), "{line}");
            }
        }
    }
}

#[test]
fn closed_sets_are_those_of_core() {
    macro_rules! pairs {
        ($set:ty) => {
            <$set>::ALL.iter().map(|word| (word.word(), word.byte())).collect::<Vec<_>>()
        };
    }
    for kind in Kind::ALL {
        for field in kind.spec().fields {
            let Form::Word(known) = field.form else { continue };
            let expected = match field.json {
                "level" => pairs!(words::Level),
                "serviceLevel" => pairs!(words::ServiceLevel),
                "interlinked" => pairs!(words::Interlinked),
                "homeLevel" => pairs!(words::HomeLevel),
                "channel" => pairs!(words::Channel),
                "outcome" => pairs!(words::Outcome),
                "scope" => pairs!(words::Scope),
                "about" => pairs!(words::About),
                "holder" => pairs!(words::Holder),
                "kind" => pairs!(words::Movement),
                "qualifier" => pairs!(words::Qualifier),
                other => panic!("{other} is held against no set of core"),
            };
            assert_eq!(known, expected, "{} {}", name(*kind), field.json);
        }
    }
}

#[test]
fn messages_that_share_code_share_their_fields() {
    for (one, other) in
        [("procedure.published", "procedure.changed"), ("post.accepted", "post.delivered")]
    {
        let fields = |name: &str| -> Vec<&str> {
            Kind::parse(name).unwrap().spec().fields.iter().map(|field| field.json).collect()
        };
        assert_eq!(fields(one), fields(other));
    }
}
