//! Accounts (tài khoản) in the systems that an agency uses: open from opening to closing.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// What an event says about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is open from this day.
    Opened {
        /// The system that it is for.
        system: Code,
    },
    /// It is closed from this day.
    Closed,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Opened { system } => {
                out.byte(1);
                out.text(system);
            }
            Self::Closed => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Opened { system: Code::from(from.text()?) },
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

/// What one account contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut open: Option<&Code> = None;
    for (day, event) in events {
        match (event, open) {
            (Event::Opened { system }, None) => {
                out.add_of(Measure::AccountOpen, *day, 1, FacetKind::System, system);
                open = Some(system);
            }
            (Event::Closed, Some(system)) => {
                out.add_of(Measure::AccountOpen, *day, -1, FacetKind::System, system);
                open = None;
            }
            (Event::Opened { .. }, Some(_)) => out.note(Anomaly::AccountOpenedTwice, *day),
            (Event::Closed, None) => out.note(Anomaly::AccountNotOpen, *day),
        }
    }
}
