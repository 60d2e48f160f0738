//! The events of a request, each as a NATS publisher would have sent it.

use std::str::FromStr;

use async_nats::header::{HeaderName, HeaderValue};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::value::RawValue;
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{Raw, Refused, address};

use super::{BATCH_EVENTS_MAX, Problem, too_large};
use crate::accounts::{OFFICE_FAMILIES, may_publish};
use crate::agencies::Holder;
use crate::nats::Outgoing;

/// The media type of one event in structured mode.
const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a batch.
const BATCH: &str = "application/cloudevents-batch+json";
/// What the name of a header that carries an attribute begins with.
const PREFIX: &str = "ce-";
/// The header that says what the data are, in the NATS binding.
const DATA_TYPE: &str = "ce-datacontenttype";

/// How the events are put into the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The body is one event.
    Structured,
    /// The body is a list of events.
    Batch,
    /// The attributes are in headers, the body is the data.
    Binary,
}

/// One event.
#[derive(Debug)]
pub(super) enum Item {
    /// It can be published.
    Send(Outgoing),
    /// It cannot.
    Refused(Refused),
}

impl Mode {
    /// The mode that the headers tell.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let is_binary = headers.keys().any(|name| attribute(name.as_str()).is_some());
        let Some(value) = headers.get(CONTENT_TYPE) else {
            // The data of some kinds are empty.
            return if is_binary { Ok(Self::Binary) } else { Err(unsupported("it has none")) };
        };
        let value = value.to_str().unwrap_or_default();
        let mut parts = value.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_foreign = |part: &str| {
            let (name, text) = part.split_once('=').unwrap_or((part, ""));
            name.trim().eq_ignore_ascii_case("charset")
                && !text.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        };
        if parts.any(is_foreign) {
            return Err(unsupported("its charset is not utf-8"));
        }
        match essence.as_str() {
            STRUCTURED => Ok(Self::Structured),
            BATCH => Ok(Self::Batch),
            "application/json" | "application/protobuf" | "application/x-protobuf" if is_binary => {
                Ok(Self::Binary)
            }
            _ => Err(unsupported("it is another, or the ce- headers are missing")),
        }
    }
}

/// The content type is none that is taken.
pub(super) fn unsupported(why: &str) -> Problem {
    let detail = format!(
        "Content-Type must be {STRUCTURED}, {BATCH}, or with ce- headers application/json or \
         application/protobuf: {why}"
    );
    let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported content type");
    Problem::new(status, "content_type.unsupported", title, &detail)
}

/// The events of a body, in order; `holder` is who sends them.
pub(super) fn read(
    mode: Mode,
    headers: &HeaderMap,
    body: &Bytes,
    holder: Holder,
) -> Result<Vec<Item>, Problem> {
    match mode {
        Mode::Structured => Ok(vec![structured(body.clone(), holder)]),
        Mode::Binary => Ok(vec![binary(headers, body.clone(), holder)]),
        Mode::Batch => {
            let texts: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
                let detail = format!("the body is no JSON array: {error}; nothing was published");
                Problem::new(StatusCode::BAD_REQUEST, "batch.unreadable", "bad batch", &detail)
            })?;
            if texts.len() > BATCH_EVENTS_MAX {
                return Err(too_large());
            }
            let bytes = texts.iter().map(|text| body.slice_ref(text.get().as_bytes()));
            Ok(bytes.map(|bytes| structured(bytes, holder)).collect())
        }
    }
}

fn structured(payload: Bytes, holder: Holder) -> Item {
    item(&[("Content-Type".to_owned(), STRUCTURED.to_owned())], payload, holder)
}

/// The headers of the HTTP binding as those of the NATS binding: they differ in the data's type.
fn binary(headers: &HeaderMap, payload: Bytes, holder: Holder) -> Item {
    let mut pairs = Vec::new();
    for (name, value) in headers {
        let data_type = name == CONTENT_TYPE && !headers.contains_key(DATA_TYPE);
        if !data_type && attribute(name.as_str()).is_none() {
            continue;
        }
        let Ok(value) = value.to_str() else { return Item::Refused(unreadable()) };
        let name = if data_type { DATA_TYPE } else { name.as_str() };
        pairs.push((name.to_owned(), value.to_owned()));
    }
    item(&pairs, payload, holder)
}

/// The name of the attribute that a header carries.
fn attribute(header: &str) -> Option<&str> {
    let name = header.strip_prefix(PREFIX)?;
    let is_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (!name.is_empty() && name.bytes().all(is_one)).then_some(name)
}

fn item(headers: &[(String, String)], payload: Bytes, holder: Holder) -> Item {
    let pairs: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let subject = match address(&Raw { subject: "", headers: &pairs, payload: &payload }) {
        Ok((unit, subject)) => {
            let family = subject.split('.').nth(3).unwrap_or_default();
            if !may_publish(holder, unit, family) {
                return Item::Refused(not_yours(holder, unit, family));
            }
            subject
        }
        Err(refused) => return Item::Refused(refused),
    };
    let mut map = async_nats::HeaderMap::new();
    for (name, value) in pairs {
        let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(value))
        else {
            return Item::Refused(unreadable());
        };
        map.append(name, value);
    }
    Item::Send(Outgoing { subject: subject.into(), headers: Some(map), payload })
}

/// The holder may not say this; who may is said besides.
fn not_yours(holder: Holder, unit: UnitCode, family: &str) -> Refused {
    let refusal = Refusal::new(RefusalCode::UnitMismatch).with("unit", unit).with("token", holder);
    let refusal = if OFFICE_FAMILIES.contains(&family) {
        let whose = "a token of the office, of `tonghop agency add --office`";
        refusal.with("family", family).with("expected", whose)
    } else {
        refusal
    };
    Refused { refusal, source: None, id: None }
}

fn unreadable() -> Refused {
    let refusal = Refusal::new(RefusalCode::EnvelopeUnreadable);
    Refused { refusal, source: None, id: None }
}
