//! The attributes of an event, checked: everything that can be said of one event by itself.
//!
//! The order of the checks is part of the contract with the tests: the first that fails is the one
//! that is told.

use std::borrow::Cow;
use std::sync::Arc;

use tonghop_core::day::{Day, Instant};
use tonghop_core::limits::{CODE_BYTES_MAX, ID_CHARS_MAX, SOURCE_BYTES_MAX, SUBJECT_BYTES_MAX};
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::sources::Speaker;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

use crate::envelope::{
    Attribute, Envelope, ID, REPLACES, SEQUENCE, SOURCE, SPECVERSION, SUBJECT, TIME, TYPE, UNIT,
    kind_name,
};
use crate::kind::{DocumentKind, Kind, StaffKind};
use crate::moment;
use crate::subject;
use crate::text::{clean, national_procedure};

/// What the attributes say.
#[derive(Debug, Clone)]
pub(crate) struct Attributes<'e> {
    pub(crate) id: &'e str,
    pub(crate) source: Cow<'e, str>,
    pub(crate) kind: Kind,
    pub(crate) unit: UnitCode,
    pub(crate) subject: Cow<'e, str>,
    pub(crate) at: Instant,
    pub(crate) day: Day,
    pub(crate) sequence: Option<u64>,
    pub(crate) replaces: Option<&'e str>,
}

/// The attributes that every event has, as they are written.
struct Given<'e> {
    id: &'e str,
    source: &'e str,
    kind: &'e str,
    subject: &'e str,
    time: &'e str,
    unit: &'e str,
}

impl<'e> Attributes<'e> {
    /// Checks an envelope against the NATS subject that it came by.
    pub(crate) fn check(
        envelope: &'e Envelope<'_>,
        nats_subject: Option<&str>,
    ) -> Result<Self, Refusal> {
        let given = Given::of(envelope)?;
        let id = id("id", given.id)?;
        let unit = UnitCode::parse(given.unit).ok_or_else(|| bad("unit", given.unit))?;
        let source = source(given.source, unit)?;
        let (subject, odd) = clean(Cow::Borrowed(given.subject));
        if odd || subject.len() > SUBJECT_BYTES_MAX {
            return Err(bad("subject", subject));
        }
        let (at, day) = moment::instant(given.time).ok_or_else(|| bad("time", given.time))?;
        let sequence = optional(envelope, SEQUENCE)?.map(sequence).transpose()?;
        let replaces = optional(envelope, REPLACES)?;
        let replaces = replaces.map(|text| self::id("replaces", text)).transpose()?;
        if replaces == Some(id) {
            return Err(bad("replaces", id));
        }
        if envelope.has_base64() {
            return Err(bad("data_base64", ""));
        }
        let kind = kind(envelope, given.kind, unit, nats_subject)?;
        if let (Kind::Retracted(_), None) = (kind, replaces) {
            return Err(missing("replaces"));
        }
        if kind.spec().family == Family::Unit && !unit.is_level_1() {
            return Err(Refusal::new(RefusalCode::UnitMismatch).with("unit", unit));
        }
        if kind.spec().family == Family::Source && subject != source {
            return Err(bad("subject", subject));
        }
        let subject = business_key(kind, subject)?;
        Ok(Self { id, source, kind, unit, subject, at, day, sequence, replaces })
    }
}

impl<'e> Given<'e> {
    fn of(envelope: &'e Envelope<'_>) -> Result<Self, Refusal> {
        let specversion = required(envelope, SPECVERSION)?;
        if specversion != "1.0" {
            return Err(bad("specversion", specversion));
        }
        Ok(Self {
            id: required(envelope, ID)?,
            source: required(envelope, SOURCE)?,
            kind: required(envelope, TYPE)?,
            subject: required(envelope, SUBJECT)?,
            time: required(envelope, TIME)?,
            unit: required(envelope, UNIT)?,
        })
    }
}

/// Who speaks, as far as it can be read and the subject does not name another unit.
pub(crate) fn speaker(envelope: &Envelope<'_>, nats_subject: &str) -> Option<Speaker> {
    let unit = UnitCode::parse(envelope.text(UNIT)?)?;
    let source = source(envelope.text(SOURCE)?, unit).ok()?;
    subject::split(nats_subject, unit)?.ok()?;
    let sequence = envelope.text(SEQUENCE).and_then(|text| sequence(text).ok());
    Some(Speaker { unit, source: Arc::from(&*source), sequence })
}

/// The kind and the subject's first token of an event, checked no further: what a publisher needs.
pub(crate) fn route(envelope: &Envelope<'_>) -> Result<(Kind, UnitCode), Refusal> {
    let given = Given::of(envelope)?;
    let unit = UnitCode::parse(given.unit).ok_or_else(|| bad("unit", given.unit))?;
    Ok((kind(envelope, given.kind, unit, None)?, unit))
}

/// The source and the number of an event of this unit: what a publisher that keeps events needs.
/// A number that is written and says nothing is none, and is not left out either.
pub(crate) fn numbered<'e>(
    envelope: &'e Envelope<'_>,
    unit: UnitCode,
) -> Result<(Cow<'e, str>, Option<u64>), Refusal> {
    let source = source(required(envelope, SOURCE)?, unit)?;
    let (name, attribute) = envelope.attribute(SEQUENCE);
    let sequence = match (attribute, optional(envelope, SEQUENCE)?) {
        (Attribute::Unset, _) => None,
        (_, Some(text)) => Some(sequence(text)?),
        (_, None) => return Err(bad(name, "")),
    };
    Ok((source, sequence))
}

/// The unit that a source begins with.
pub fn unit_of_source(source: &str) -> Option<UnitCode> {
    UnitCode::parse(source.strip_prefix('/')?.split('/').next()?)
}

fn required<'e>(envelope: &'e Envelope<'_>, place: usize) -> Result<&'e str, Refusal> {
    optional(envelope, place)?.ok_or_else(|| missing(envelope.attribute(place).0))
}

/// A text that is empty says nothing, like one that is not there.
fn optional<'e>(envelope: &'e Envelope<'_>, place: usize) -> Result<Option<&'e str>, Refusal> {
    let (name, attribute) = envelope.attribute(place);
    match attribute {
        Attribute::Unset | Attribute::Null => Ok(None),
        Attribute::Text(text) => Ok(Some(&**text).filter(|text| !text.is_empty())),
        Attribute::Wrong => {
            Err(Refusal::new(RefusalCode::EnvelopeBadAttribute).with("attribute", name))
        }
    }
}

fn id<'e>(name: &'static str, text: &'e str) -> Result<&'e str, Refusal> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && text.len() <= ID_CHARS_MAX { Ok(text) } else { Err(bad(name, text)) }
}

fn source(text: &str, unit: UnitCode) -> Result<Cow<'_, str>, Refusal> {
    let (source, odd) = clean(Cow::Borrowed(text));
    let has_space = source.bytes().any(|byte| byte == b' ')
        || (!source.is_ascii() && source.chars().any(char::is_whitespace));
    if odd || has_space || source.len() > SOURCE_BYTES_MAX {
        return Err(bad("source", source));
    }
    let path = source.strip_prefix('/').and_then(|path| path.strip_prefix(unit.as_str()));
    if path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Ok(source);
    }
    match unit_of_source(&source) {
        Some(other) if other == unit => Ok(source),
        Some(_) => {
            Err(Refusal::new(RefusalCode::UnitMismatch).with("unit", unit).with("source", source))
        }
        None => Err(bad("source", source)),
    }
}

fn sequence(text: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..u64::MAX).contains(number));
    number.ok_or_else(|| bad("sequence", text))
}

fn kind(
    envelope: &Envelope<'_>,
    text: &str,
    unit: UnitCode,
    nats_subject: Option<&str>,
) -> Result<Kind, Refusal> {
    let unknown = || Refusal::new(RefusalCode::TypeUnknown).with("type", text);
    let kind = envelope.known_kind().ok_or_else(unknown)?;
    let Some(nats_subject) = nats_subject else { return Ok(kind) };
    match subject::split(nats_subject, unit) {
        Some(Ok(rest)) if kind_name(text) == Some(rest) => Ok(kind),
        Some(Err(_)) => Err(Refusal::new(RefusalCode::UnitMismatch)
            .with("unit", unit)
            .with("subject", nats_subject)),
        Some(Ok(_)) | None => Err(unknown().with("subject", nats_subject)),
    }
}

/// The subject of every reading of a unit's posts.
const POSTS: &str = "posts";

/// The business key in the one spelling by which it is known.
fn business_key(kind: Kind, subject: Cow<'_, str>) -> Result<Cow<'_, str>, Refusal> {
    match kind.spec().family {
        Family::Unit => match UnitCode::parse(&subject) {
            Some(unit) if unit.as_str() == subject => Ok(subject),
            Some(unit) => Ok(Cow::Owned(unit.as_str().to_owned())),
            None => Err(bad("subject", subject)),
        },
        Family::Procedure => match national_procedure(&subject) {
            national if national.len() == subject.len() => Ok(subject),
            national => Ok(Cow::Owned(national.to_owned())),
        },
        Family::Document => match receipt(&subject) {
            Some(Cow::Owned(known)) => Ok(Cow::Owned(known)),
            None if kind == Kind::Document(DocumentKind::Received) => Err(bad("subject", subject)),
            Some(Cow::Borrowed(_)) | None => Ok(subject),
        },
        // The name of an indicator or a section, as it can stand in a path and in a list.
        Family::Figure | Family::Narrative => {
            let plain =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            if subject.len() <= CODE_BYTES_MAX && subject.bytes().all(plain) {
                Ok(subject)
            } else {
                Err(bad("subject", subject))
            }
        }
        Family::Deployment if subject.len() > CODE_BYTES_MAX => Err(bad("subject", subject)),
        // One timeline holds all readings, and nothing else: a retraction may be of either.
        Family::Staff if kind == Kind::Staff(StaffKind::Posts) && subject != POSTS => {
            Err(bad("subject", subject))
        }
        Family::Staff if kind == Kind::Staff(StaffKind::Moved) && subject == POSTS => {
            Err(bad("subject", subject))
        }
        Family::Dossier
        | Family::Meeting
        | Family::Site
        | Family::Post
        | Family::Feedback
        | Family::Portal
        | Family::Task
        | Family::Inspection
        | Family::Norm
        | Family::Certificate
        | Family::Account
        | Family::Deployment
        | Family::Staff
        | Family::Source => Ok(subject),
    }
}

/// `issuer,YYYY-MM-DD,number/symbol`, with the issuer's code in the newer form.
fn receipt(subject: &str) -> Option<Cow<'_, str>> {
    let (issuer, rest) = subject.split_once(',')?;
    let (day, number) = rest.split_once(',')?;
    moment::day(day)?;
    if issuer.is_empty() || number.is_empty() {
        return None;
    }
    match UnitCode::parse(issuer) {
        Some(unit) if unit.as_str() != issuer => Some(Cow::Owned(format!("{unit},{rest}"))),
        _ => Some(Cow::Borrowed(subject)),
    }
}

fn missing(name: &'static str) -> Refusal {
    Refusal::new(RefusalCode::EnvelopeMissingAttribute).with("attribute", name)
}

fn bad(name: &'static str, value: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::EnvelopeBadAttribute).with("attribute", name).with("value", value)
}
