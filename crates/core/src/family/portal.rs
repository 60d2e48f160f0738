//! Items on the portal (tin, bài trên cổng thông tin điện tử): posted, removed.
//!
//! A removal subtracts from what was posted on its own day, as a recalled document does.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};

/// What an event says about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is online from this day.
    Posted,
    /// It is offline from this day.
    Removed,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.byte(self.rank());
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Posted,
            2 => Self::Removed,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Posted => 1,
            Self::Removed => 2,
        }
    }
}

/// What one item contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut online = false;
    for (day, event) in events {
        match (event, online) {
            (Event::Posted, false) => {
                out.add(Measure::PortalPosted, *day, 1);
                out.add(Measure::PortalOnline, *day, 1);
            }
            (Event::Removed, true) => {
                out.add(Measure::PortalPosted, *day, -1);
                out.add(Measure::PortalRemoved, *day, 1);
                out.add(Measure::PortalOnline, *day, -1);
            }
            (Event::Posted, true) => out.note(Anomaly::PortalPostedTwice, *day),
            (Event::Removed, false) => out.note(Anomaly::PortalNotOnline, *day),
        }
        online = matches!(event, Event::Posted);
    }
}
