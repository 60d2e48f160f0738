//! Messages of the log to events of `core`, or to refusals. Total: every message is one or other.
//!
//! **Invariant WIRE-1:** the three encodings of one event give equal events.
//! **Invariant WIRE-2:** the same message gives the same answer, whatever was decoded before it.

use tonghop_core::calendar::PeriodName;
use tonghop_core::event::{Event, Reading};
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::words::Qualifier;

use crate::attributes::{self, Attributes};
use crate::body::Bodies;
use crate::data;
use crate::envelope::{Envelope, Raw};
use crate::interner::Interner;
use crate::kind::{
    DossierKind, FigureKind, Kind, NarrativeKind, dossier_accepted, dossier_transferred_in,
    figure_declared, narrative_submitted,
};
use crate::refused::Refused;
use crate::value::Values;

/// Decodes one message after another; what it holds between them is bounded and changes no answer.
#[derive(Debug)]
pub struct Decoder {
    sources: Interner,
    bodies: Bodies,
    canonical: Vec<u8>,
    scratch: Vec<u8>,
}

impl Decoder {
    /// A decoder that has met nothing yet.
    pub fn new() -> Self {
        Self {
            sources: Interner::new(),
            bodies: Bodies::new(),
            canonical: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Reads a message in any of the encodings, and checks all that can be checked of one event.
    pub fn decode(&mut self, raw: &Raw<'_>) -> Result<Event, Refused> {
        let mut envelope = Envelope::default();
        let mut values = Values::new();
        if let Err(refused) = envelope.read(raw, &mut values) {
            return Err(spoken(refused, &envelope, raw));
        }
        let event = self.event(raw.subject, &envelope, &mut values);
        event.map_err(|refusal| spoken(envelope.refused(refusal), &envelope, raw))
    }

    fn event<'a>(
        &mut self,
        nats_subject: &str,
        envelope: &Envelope<'a>,
        values: &mut Values<'a>,
    ) -> Result<Event, Refusal> {
        let attributes = check(envelope, values, Some(nats_subject))?;
        let body = self.bodies.of(attributes.kind, &attributes.subject, values)?;
        let spec = attributes.kind.spec();
        self.canonical.clear();
        data::write_protobuf(spec, values, &mut self.canonical);
        let reading = Reading {
            source: self.sources.get(&attributes.source),
            id: attributes.id,
            unit: attributes.unit,
            family: spec.family,
            subject: &attributes.subject,
            at: attributes.at,
            day: attributes.day,
            sequence: attributes.sequence,
            replaces: attributes.replaces,
            body,
            kind: spec.word,
            data: &self.canonical,
        };
        Ok(reading.into_event(&mut self.scratch))
    }
}

/// The refusal with who spoke, if that can be read.
fn spoken(mut refused: Refused, envelope: &Envelope<'_>, raw: &Raw<'_>) -> Refused {
    // Of what is no event nothing is believed.
    if refused.source.is_some() {
        refused.refusal.speaker = attributes::speaker(envelope, raw.subject).map(Box::new);
    }
    refused
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything that can be said of an envelope by itself and the subject that it came by.
pub(crate) fn check<'e, 'a>(
    envelope: &'e Envelope<'a>,
    values: &mut Values<'a>,
    nats_subject: Option<&str>,
) -> Result<Attributes<'e>, Refusal> {
    let attributes = Attributes::check(envelope, nats_subject)?;
    let kind = attributes.kind;
    envelope.read_data(kind, values)?;
    if let Some(field) = values.missing(kind.spec().fields) {
        return Err(Refusal::new(RefusalCode::DataMissingField).with("field", field.json));
    }
    said_of_a_report(kind, values)?;
    let promised = if kind == Kind::Dossier(DossierKind::Accepted) {
        values.day(dossier_accepted::DUE_ON).map(|due| (due, attributes.day))
    } else if kind == Kind::Dossier(DossierKind::TransferredIn) {
        let accepted = values.day(dossier_transferred_in::ACCEPTED_ON);
        values.day(dossier_transferred_in::DUE_ON).zip(accepted)
    } else {
        None
    };
    if let Some((due, accepted)) = promised
        && due < accepted
    {
        return Err(Refusal::new(RefusalCode::DossierDueBeforeAccepted)
            .with("due_on", due)
            .with("accepted_on", accepted));
    }
    Ok(attributes)
}

/// What must hold of a declared figure and of a narrative beyond their fields.
fn said_of_a_report(kind: Kind, values: &Values<'_>) -> Result<(), Refusal> {
    if kind == Kind::Figure(FigureKind::Declared) {
        use figure_declared::{FROM, QUALIFIER, TO, VALUE};
        let (from, to) = (values.day(FROM), values.day(TO));
        if let Some((_, to)) = from.zip(to).filter(|(from, to)| to < from) {
            return Err(out_of_range("to", to));
        }
        let nil = values.word(QUALIFIER) == Some(Qualifier::Nil.byte());
        match values.count(VALUE) {
            None if !nil => {
                return Err(Refusal::new(RefusalCode::DataMissingField).with("field", "value"));
            }
            Some(value) if nil && value > 0 => return Err(out_of_range("value", value)),
            None | Some(_) => {}
        }
    }
    if kind == Kind::Narrative(NarrativeKind::Submitted)
        && let Some(period) = values.text(narrative_submitted::PERIOD)
        && PeriodName::parse(period).is_none()
    {
        return Err(out_of_range("period", period));
    }
    Ok(())
}

fn out_of_range(field: &str, value: impl std::fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::DataOutOfRange).with("field", field).with("value", value)
}
