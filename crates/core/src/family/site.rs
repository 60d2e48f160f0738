//! Video-conference sites (điểm cầu): a site is in use from the day it opens to the day it closes.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};

/// What an event says about a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is in use from this day.
    Opened {
        /// What it is called.
        name: Box<str>,
    },
    /// It is out of use from this day.
    Closed,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Opened { name } => {
                out.byte(1);
                out.text(name);
            }
            Self::Closed => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Opened { name: from.text()?.into() },
            2 => Self::Closed,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Opened { .. } => 1,
            Self::Closed => 2,
        }
    }
}

/// What one site contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut open = false;
    for (day, event) in events {
        match (event, open) {
            (Event::Opened { .. }, false) => out.add(Measure::SiteOpen, *day, 1),
            (Event::Opened { .. }, true) => out.note(Anomaly::SiteOpenedTwice, *day),
            (Event::Closed, true) => out.add(Measure::SiteOpen, *day, -1),
            (Event::Closed, false) => out.note(Anomaly::SiteNotOpen, *day),
        }
        open = matches!(event, Event::Opened { .. });
    }
}
