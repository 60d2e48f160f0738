//! What an event is called, for people who look at it: who says it, under which id, of what.

use tonghop_core::day::Instant;

use crate::decoder::check;
use crate::envelope::{Envelope, Raw};
use crate::refused::Refused;
use crate::value::Values;

/// What an event is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The source system.
    pub source: String,
    /// The event's id.
    pub id: String,
    /// Family and kind, as the contract writes them: `dossier.accepted`.
    pub kind: String,
    /// The business key.
    pub subject: String,
    /// When it happened.
    pub time: Instant,
    /// The id of the event whose place it takes.
    pub replaces: Option<String>,
}

/// What an event in any of the encodings is called; what it says is left out.
pub fn named(raw: &Raw<'_>) -> Result<Named, Refused> {
    let mut envelope = Envelope::default();
    let mut values = Values::new();
    envelope.read(raw, &mut values)?;
    let checked = check(&envelope, &mut values, Some(raw.subject));
    let attributes = checked.map_err(|why| envelope.refused(why))?;
    let spec = attributes.kind.spec();
    Ok(Named {
        source: attributes.source.into_owned(),
        id: attributes.id.to_owned(),
        kind: format!("{}.{}", spec.family.word(), spec.word),
        subject: attributes.subject.into_owned(),
        time: attributes.at,
        replaces: attributes.replaces.map(str::to_owned),
    })
}
