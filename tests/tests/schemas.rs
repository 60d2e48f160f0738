//! The JSON Schemas and the decoder give one answer: random data and random envelopes, good and
//! bad, are shown to both. Where a schema cannot say what the contract says, its text does, and the
//! difference is named here.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::{Draft, Registry, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_wire::kind::{Field, Form, Kind};
use tonghop_wire::{Decoder, Raw, describe, schema, to_structured};

#[path = "schemas/pool.rs"]
mod pool;

use pool::{Choices, is_lenient};

/// A validator for each kind's data, by its name; `envelope` is the one of whole events.
fn validators() -> &'static BTreeMap<String, Validator> {
    static VALIDATORS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let base = |name: &str| format!("tonghop:/schema/{name}.json");
        let schemas: BTreeMap<String, Value> =
            Kind::ALL.iter().map(|kind| (kind.name(), schema::data(*kind))).collect();
        let resources = schemas.iter().map(|(name, schema)| (base(name), schema));
        let registry = Registry::new().extend(resources).unwrap().prepare().unwrap();
        let build = |name: &str, schema: &Value| {
            assert!(jsonschema::meta::is_valid(schema), "{name} is no schema");
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_base_uri(base(name))
                .with_registry(&registry)
                .offline()
                .build(schema)
                .unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let mut validators: BTreeMap<String, Validator> =
            schemas.iter().map(|(name, schema)| (name.clone(), build(name, schema))).collect();
        validators.insert("envelope".to_owned(), build("envelope", &schema::envelope()));
        validators
    })
}

fn is_valid(name: &str, value: &Value) -> bool {
    validators()[name].is_valid(value)
}

/// What the decoder says of an event in structured JSON.
fn decoded(event: &Value) -> Result<(), Refusal> {
    let line = event.to_string();
    let subject = nats_subject(event);
    let raw = Raw { subject: &subject, headers: &[], payload: line.as_bytes() };
    Decoder::new().decode(&raw).map(drop).map_err(|refused| refused.refusal)
}

/// The NATS subject that such an event comes by, however broken it is.
fn nats_subject(event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let (unit, kind) = (text("unit").replace('.', "-"), text("type"));
    let kind = kind.trim_start_matches("vn.tonghop.").trim_end_matches(".v1");
    format!("tonghop.v1.{unit}.{kind}")
}

/// The event as the decoder writes it once it has read it.
fn rewritten(event: &Value) -> Value {
    let line = event.to_string();
    let raw = Raw { subject: "", headers: &[], payload: line.as_bytes() };
    serde_json::from_str(&to_structured(&raw).unwrap()).unwrap()
}

#[test]
fn every_example_is_valid() {
    for kind in Kind::ALL {
        let event = schema::example(*kind);
        assert!(is_valid("envelope", &event), "{}", kind.name());
        assert!(is_valid(&kind.name(), &event["data"]), "{}", kind.name());
        decoded(&event).unwrap();
    }
}

#[test]
fn an_unknown_field_and_a_wrong_word_are_wrong_for_both() {
    for kind in Kind::ALL {
        let name = kind.name();
        let mut event = schema::example(*kind);
        event["data"]["due"] = json!("2021-09-13");
        assert!(!is_valid(&name, &event["data"]) && !is_valid("envelope", &event), "{name}");
        assert_eq!(decoded(&event).unwrap_err().code, RefusalCode::DataUnknownField);
        for field in kind.spec().fields {
            let Form::Word(words) = field.form else { continue };
            let mut event = schema::example(*kind);
            event["data"][field.json] = json!(words[0].0.to_lowercase());
            assert!(!is_valid(&name, &event["data"]) && !is_valid("envelope", &event), "{name}");
            assert_eq!(decoded(&event).unwrap_err().code, RefusalCode::DataOutOfRange, "{name}");
        }
    }
}

/// What the text of every schema says that it cannot express.
#[test]
fn what_a_schema_cannot_say_is_what_its_text_says() {
    let mut event = schema::example(Kind::parse("document.issued").unwrap());
    event["data"]["kind"] = json!("ở".repeat(64));
    assert!(is_valid("envelope", &event));
    assert_eq!(decoded(&event).unwrap_err().code, RefusalCode::DataOutOfRange);
    let mut event = schema::example(Kind::parse("meeting.served").unwrap());
    event["data"]["sites"] = json!(1.0);
    assert!(is_valid("envelope", &event));
    assert_eq!(decoded(&event).unwrap_err().code, RefusalCode::DataOutOfRange);
    let says = schema::data(Kind::ALL[0])["$comment"].to_string();
    for said in ["bytes of UTF-8", "1, not 1.0", "given once", "numbers as texts", "UNSPECIFIED"] {
        assert!(says.contains(said), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn sch_1_data_are_valid_if_and_only_if_they_are_read(
        kind in proptest::sample::select(Kind::ALL),
        seed in any::<u64>(),
    ) {
        let mut choices = Choices::new(seed);
        let mut event = schema::example(kind);
        let lenient = pool::vary(&mut event["data"], kind, &mut choices);
        let valid = is_valid(&kind.name(), &event["data"]);
        match decoded(&event) {
            Ok(()) => {
                prop_assert!(valid || lenient, "read, but not valid: {event}");
                let again = rewritten(&event);
                prop_assert!(is_valid(&kind.name(), &again["data"]), "{event} became {again}");
                prop_assert!(is_valid("envelope", &again), "{event} became {again}");
            }
            Err(refusal) => {
                let named = describe::kind(kind).refused.iter();
                let named = named.clone().any(|(code, _)| *code == refusal.code.word());
                prop_assert!(!valid || named, "valid, but refused {refusal:?}: {event}");
            }
        }
    }

    #[test]
    fn sch_2_envelopes_are_valid_if_and_only_if_they_are_read(
        kind in proptest::sample::select(Kind::ALL),
        seed in any::<u64>(),
    ) {
        let mut choices = Choices::new(seed);
        let mut event = schema::example(kind);
        let lenient = pool::vary_envelope(&mut event, &mut choices);
        let valid = is_valid("envelope", &event);
        match decoded(&event) {
            Ok(()) => {
                prop_assert!(valid || lenient, "read, but not valid: {event}");
                let again = rewritten(&event);
                prop_assert!(is_valid("envelope", &again), "{event} became {again}");
            }
            Err(refusal) => {
                prop_assert!(!valid || pool::crosses(&event, &refusal), "{refusal:?}: {event}");
            }
        }
    }
}

/// The generators reach both answers, or the laws above would hold of nothing.
#[test]
fn the_generators_make_good_and_bad_ones() {
    let (mut good, mut bad) = ([0, 0], [0, 0]);
    for seed in 0..4_000 {
        let mut choices = Choices::new(seed);
        let kind = Kind::ALL[choices.below(Kind::ALL.len())];
        let mut event = schema::example(kind);
        pool::vary(&mut event["data"], kind, &mut choices);
        *if decoded(&event).is_ok() { &mut good[0] } else { &mut bad[0] } += 1;
        let mut event = schema::example(kind);
        pool::vary_envelope(&mut event, &mut choices);
        *if decoded(&event).is_ok() { &mut good[1] } else { &mut bad[1] } += 1;
    }
    assert!(good.iter().chain(&bad).all(|count| *count > 400), "{good:?} {bad:?}");
}

#[test]
fn lenient_is_what_the_text_names() {
    let field = |name: &str, json: &str| -> &'static Field {
        let fields = Kind::parse(name).unwrap().spec().fields;
        fields.iter().find(|field| field.json == json).unwrap()
    };
    let word = field("dossier.accepted", "channel");
    assert!(is_lenient(word, &json!(1)) && is_lenient(word, &json!("UNSPECIFIED")));
    assert!(!is_lenient(word, &json!("ONLINE")) && !is_lenient(word, &Value::Null));
    let count = field("meeting.served", "sites");
    assert!(is_lenient(count, &json!("7")) && !is_lenient(count, &json!(7)));
}
