//! One good event, ways to spoil it, and what the decoder says of it.

use serde_json::Value;
use tonghop_wire::{Decoder, Raw};

pub(crate) const SUBJECT: &str = "tonghop.v1.H41-16.dossier.accepted";
pub(crate) const LINE: &str = r#"{"specversion":"1.0","id":"ig-000123","source":"/H41.16/igate","type":"vn.tonghop.dossier.accepted.v1","subject":"000.00.16.H41-210906-0001","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","sequence":"123","data":{"procedure":"1.005129","field":"buu-chinh","channel":"DIRECT","dueOn":"2021-09-13"}}"#;

/// What the decoder says, twice: freshly made, and after other messages.
pub(crate) fn told(raw: &Raw<'_>) -> String {
    let mut decoder = Decoder::new();
    let first = decoder.decode(raw);
    let other = Raw { subject: SUBJECT, headers: &[], payload: LINE.as_bytes() };
    assert!(decoder.decode(&other).is_ok());
    assert_eq!(decoder.decode(raw), first);
    match first {
        Ok(event) => format!("{:?}", event.content),
        Err(refused) => {
            let known = |text: &Option<String>| if text.is_some() { '+' } else { '-' };
            format!("{refused} source{} id{}", known(&refused.source), known(&refused.id))
        }
    }
}

/// The good line with these members set; `null` takes one away.
pub(crate) fn with(changes: &Value) -> String {
    let mut line: Value = serde_json::from_str(LINE).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match (name.strip_prefix("data."), value) {
            (Some(field), Value::Null) => drop(line["data"].as_object_mut().unwrap().remove(field)),
            (Some(field), value) => line["data"][field] = value.clone(),
            (None, Value::Null) => drop(line.as_object_mut().unwrap().remove(name)),
            (None, value) => line[name] = value.clone(),
        }
    }
    line.to_string()
}

/// The same for headers that are owned.
pub(crate) fn of_headers(headers: &[(String, String)], payload: &[u8]) -> String {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    told(&Raw { subject: SUBJECT, headers: &headers, payload })
}
