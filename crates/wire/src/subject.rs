//! Subjects of NATS: `tonghop.v1.<unit>.<family>.<kind>`, the unit's dots written as hyphens.

use tonghop_core::unit_code::UnitCode;

use crate::attributes;
use crate::envelope::{Envelope, Raw, unreadable};
use crate::json::Malformed;
use crate::kind::Kind;
use crate::refused::Refused;
use crate::value::Values;

/// What every subject of events begins with.
pub const PREFIX: &str = "tonghop.v1.";

/// The subject by which a unit publishes events of a kind.
pub fn of(unit: UnitCode, kind: Kind) -> String {
    let spec = kind.spec();
    format!("{PREFIX}{}.{}.{}", unit.token(), spec.family.word(), spec.word)
}

/// The subject by which a structured-JSON event is to be published. Checks nothing that the
/// subject does not need.
pub fn route(line: &[u8]) -> Result<String, Refused> {
    let mut envelope = Envelope::default();
    let read = envelope.structured(line, &mut Values::new());
    read.map_err(|Malformed| unreadable())?;
    let (kind, unit) = attributes::route(&envelope).map_err(|why| envelope.refused(why))?;
    Ok(of(unit, kind))
}

/// What is to be known of an event that is kept until it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The subject by which it is to be published.
    pub subject: String,
    /// Its source, as accounts name it.
    pub source: String,
    /// Its number, if it has one.
    pub sequence: Option<u64>,
}

/// The head of a structured-JSON event. Checks what the subject needs, `source` and `sequence`.
pub fn head(line: &[u8]) -> Result<Head, Refused> {
    let mut envelope = Envelope::default();
    let read = envelope.structured(line, &mut Values::new());
    read.map_err(|Malformed| unreadable())?;
    let (kind, unit) = attributes::route(&envelope).map_err(|why| envelope.refused(why))?;
    let numbered = attributes::numbered(&envelope, unit);
    let (source, sequence) = numbered.map_err(|why| envelope.refused(why))?;
    Ok(Head { subject: of(unit, kind), source: source.into_owned(), sequence })
}

/// Who speaks in a message in any of the encodings, and by which subject it is to be published; the
/// subject that `raw` names is not looked at. Checks nothing that the subject does not need.
pub fn address(raw: &Raw<'_>) -> Result<(UnitCode, String), Refused> {
    let mut envelope = Envelope::default();
    envelope.read(raw, &mut Values::new())?;
    let (kind, unit) = attributes::route(&envelope).map_err(|why| envelope.refused(why))?;
    Ok((unit, of(unit, kind)))
}

/// The family and kind of a subject of this unit, the token of another unit, or neither.
pub(crate) fn split(subject: &str, unit: UnitCode) -> Option<Result<&str, &str>> {
    let rest = subject.strip_prefix(PREFIX)?;
    let code = unit.as_str();
    if let Some((token, tail)) = rest.split_at_checked(code.len())
        && let Some(kind) = tail.strip_prefix('.')
        && token.bytes().zip(code.bytes()).all(|(written, meant)| written == spelt(meant))
    {
        return Some(Ok(kind));
    }
    let (token, kind) = rest.split_once('.')?;
    Some(if UnitCode::parse_token(token) == Some(unit) { Ok(kind) } else { Err(token) })
}

/// A byte of a unit's code as a token has it.
const fn spelt(byte: u8) -> u8 {
    if byte == b'.' { b'-' } else { byte }
}
