//! Dossiers through the public post (bưu chính công ích, Quyết định 45/2016/QĐ-TTg).
//!
//! Acceptance and delivery are two flows. "Accepted and delivered" counts on the day of delivery,
//! whenever the acceptance was.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// What an event says about a dossier in the post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Taken in, or its result handed over.
    pub step: Step,
    /// The procedure, joined by its national code.
    pub procedure: Code,
    /// Whether its owner is outside the provincial committee (police, social insurance).
    pub outside: bool,
}

/// What the post did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Took the dossier in.
    Accepted,
    /// Delivered the result.
    Delivered,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.byte(match self.step {
            Step::Accepted => 1,
            Step::Delivered => 2,
        });
        out.text(&self.procedure);
        out.flag(self.outside);
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let step = match from.byte()? {
            1 => Step::Accepted,
            2 => Step::Delivered,
            _ => return None,
        };
        Some(Self { step, procedure: Code::from(from.text()?), outside: from.flag()? })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self.step {
            Step::Accepted => 1,
            Step::Delivered => 2,
        }
    }
}

/// What one dossier in the post contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut accepted = false;
    let mut delivered_on = None;
    for (day, event) in events {
        match event.step {
            Step::Accepted if accepted => out.note(Anomaly::PostAcceptedTwice, *day),
            Step::Accepted => {
                accepted = true;
                count(event, *day, Measure::PostAccepted, Measure::PostAcceptedOutside, out);
            }
            Step::Delivered if delivered_on.is_some() => {
                out.note(Anomaly::PostDeliveredTwice, *day);
            }
            Step::Delivered => {
                delivered_on = Some(*day);
                count(event, *day, Measure::PostDelivered, Measure::PostDeliveredOutside, out);
            }
        }
    }
    if let (true, Some(day)) = (accepted, delivered_on) {
        out.add(Measure::PostDeliveredAndAccepted, day, 1);
    }
}

fn count(event: &Event, day: Day, all: Measure, outside: Measure, out: &mut Contributions) {
    out.add_of(all, day, 1, FacetKind::Procedure, &event.procedure);
    if event.outside {
        out.add(outside, day, 1);
    }
}
