//! The events that are played: documents of a day of which no report is made.

use serde_json::{Value, json};
use tonghop_core::unit_code::UnitCode;

/// The day on which they happen: the contract takes events from 1990 on, and no report of these
/// registers is so old.
pub(super) const DAY: &str = "1990-01-02";
/// The day of the late one.
pub(super) const DAY_OF_LATE: &str = "1990-01-01";

/// What makes the events of one run.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) unit: UnitCode,
    /// Tells the events of this run from those of others.
    pub(super) run: String,
}

/// An event as structured JSON, to be changed before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Played(pub(super) Value);

impl Script {
    /// The source that speaks.
    pub(super) fn source(&self) -> String {
        format!("/{}/conformance", self.unit)
    }

    /// The id of the event of this name.
    pub(super) fn id(&self, name: &str) -> String {
        format!("cf-{}-{name}", self.run)
    }

    /// A document that was issued, signed by the organisation.
    pub(super) fn document(&self, name: &str) -> Played {
        Played(json!({
            "specversion": "1.0",
            "id": self.id(name),
            "source": self.source(),
            "type": "vn.tonghop.document.issued.v1",
            "subject": format!("{}/CF-{}", name.to_uppercase(), self.run),
            "time": format!("{DAY}T08:30:00+07:00"),
            "unit": self.unit.as_str(),
            "data": {
                "kind": "CV",
                "electronic": true,
                "personalSignature": true,
                "organisationSignature": true,
                "normative": false,
            },
        }))
    }

    /// Takes back the event of this id about this subject.
    pub(super) fn retraction(&self, id: &str, subject: &str, name: &str) -> Played {
        Played(json!({
            "specversion": "1.0",
            "id": self.id(name),
            "source": self.source(),
            "type": "vn.tonghop.document.retracted.v1",
            "subject": subject,
            "time": format!("{DAY}T08:30:00+07:00"),
            "unit": self.unit.as_str(),
            "replaces": id,
            "data": {},
        }))
    }

    /// Says how far the source has come.
    pub(super) fn heartbeat(&self, last: u64, now: &str) -> Played {
        Played(json!({
            "specversion": "1.0",
            "id": self.id("heartbeat"),
            "source": self.source(),
            "type": "vn.tonghop.source.heartbeat.v1",
            "subject": self.source(),
            "time": now,
            "unit": self.unit.as_str(),
            "data": {"lastSequence": last},
        }))
    }
}

impl Played {
    /// With a member set; `data.x` is one of its data.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let (place, name) = match name.strip_prefix("data.") {
            Some(field) => (self.0.get_mut("data"), field),
            None => (Some(&mut self.0), name),
        };
        if let Some(members) = place.and_then(Value::as_object_mut) {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// With its number.
    #[must_use]
    pub(super) fn numbered(self, number: u64) -> Self {
        self.with("sequence", number.to_string())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The subject of NATS that its type and the unit name.
    pub(super) fn nats_subject(&self, unit: UnitCode) -> String {
        let kind = self.text("type").strip_prefix("vn.tonghop.").unwrap_or_default();
        let kind = kind.strip_suffix(".v1").unwrap_or(kind);
        format!("tonghop.v1.{}.{kind}", unit.token())
    }
}
