//! What a test says, before it is an event.

use std::sync::Arc;

use tonghop_core::day::Instant;
use tonghop_core::event::{Body, Event, Reading};
use tonghop_core::pack::Packer;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

/// All that makes an event.
#[derive(Debug, Clone)]
pub(crate) struct Saying {
    pub(crate) unit: UnitCode,
    pub(crate) family: Family,
    pub(crate) subject: String,
    pub(crate) at: Instant,
    pub(crate) source: String,
    pub(crate) id: String,
    pub(crate) sequence: Option<u64>,
    pub(crate) replaces: Option<String>,
    pub(crate) body: Body,
}

impl Saying {
    /// The event.
    pub(crate) fn event(&self) -> Event {
        let mut data = Vec::new();
        self.body.pack(&mut Packer(&mut data));
        Reading {
            source: Arc::from(self.source.as_str()),
            id: &self.id,
            unit: self.unit,
            family: self.family,
            subject: &self.subject,
            at: self.at,
            day: self.at.day().expect("a day in range"),
            sequence: self.sequence,
            replaces: self.replaces.as_deref(),
            body: self.body.clone(),
            kind: if self.body == Body::Retracted { "retracted" } else { "said" },
            data: &data,
        }
        .into_event(&mut Vec::new())
    }
}
