//! Feedback and petitions (phản ánh, kiến nghị, Nghị định 20/2008/NĐ-CP): received, then resolved.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};
use crate::words::About;

/// What an event says about a piece of feedback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It came in.
    Received {
        /// What it is about.
        about: About,
    },
    /// It was answered.
    Resolved,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Received { about } => {
                out.byte(1);
                out.byte(about.byte());
            }
            Self::Resolved => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Received { about: About::from_byte(from.byte()?)? },
            2 => Self::Resolved,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Received { .. } => 1,
            Self::Resolved => 2,
        }
    }
}

/// What one piece of feedback contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut received = None;
    let mut resolved = None;
    for (day, event) in events {
        match event {
            Event::Received { .. } if received.is_some() => {
                out.note(Anomaly::FeedbackReceivedTwice, *day);
            }
            Event::Received { about } => received = Some((*day, *about)),
            Event::Resolved if resolved.is_some() => {
                out.note(Anomaly::FeedbackResolvedTwice, *day);
            }
            Event::Resolved => resolved = Some(*day),
        }
    }
    let Some((came_in, about)) = received else {
        if let Some(day) = resolved {
            out.note(Anomaly::FeedbackNeverReceived, day);
        }
        return;
    };
    let measure = match about {
        About::Rule => Measure::FeedbackReceivedRule,
        About::Conduct => Measure::FeedbackReceivedConduct,
    };
    out.add(measure, came_in, 1);
    out.add(Measure::FeedbackOpen, came_in, 1);
    if let Some(day) = resolved {
        if day < came_in {
            out.note(Anomaly::FeedbackBeforeReceived, day);
        }
        out.add(Measure::FeedbackResolved, day.max(came_in), 1);
        out.add(Measure::FeedbackOpen, day.max(came_in), -1);
    }
}
