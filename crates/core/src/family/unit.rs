//! Units (cơ quan, đơn vị): registered, renamed, moved, closed, given another code.
//!
//! A unit's timeline feeds the registry (`crate::registry`), not the cells; it contributes only
//! its anomalies.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::pack::{Packer, Unpacker};
use crate::unit_code::UnitCode;
use crate::words::Level;

/// What an event says about a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The unit that the event is about; not the one that speaks.
    pub code: UnitCode,
    /// What happened to it.
    pub change: Change,
}

/// What happened to a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It exists from this day.
    Registered {
        /// What it is called.
        name: Box<str>,
        /// Its level.
        level: Level,
        /// The unit that it belongs to; none for a province.
        parent: Option<UnitCode>,
        /// The decision that founded it.
        legal_basis: Option<Box<str>>,
    },
    /// It is called otherwise from this day.
    Renamed {
        /// What it is called.
        name: Box<str>,
    },
    /// It belongs to another unit from this day.
    Moved {
        /// The unit that it belongs to.
        parent: UnitCode,
    },
    /// It does not exist from this day.
    Closed {
        /// The decision that ended it.
        legal_basis: Option<Box<str>>,
    },
    /// It is given another code by which it is known too from this day.
    CodeAssigned {
        /// The other code.
        code: UnitCode,
    },
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.text(self.code.as_str());
        match &self.change {
            Change::Registered { name, level, parent, legal_basis } => {
                out.byte(1);
                out.text(name);
                out.byte(level.byte());
                out.optional_text(parent.as_ref().map(UnitCode::as_str));
                out.optional_text(legal_basis.as_deref());
            }
            Change::Renamed { name } => {
                out.byte(2);
                out.text(name);
            }
            Change::Moved { parent } => {
                out.byte(3);
                out.text(parent.as_str());
            }
            Change::Closed { legal_basis } => {
                out.byte(4);
                out.optional_text(legal_basis.as_deref());
            }
            Change::CodeAssigned { code } => {
                out.byte(5);
                out.text(code.as_str());
            }
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let code = UnitCode::parse(from.text()?)?;
        let change = match from.byte()? {
            1 => Change::Registered {
                name: from.text()?.into(),
                level: Level::from_byte(from.byte()?)?,
                parent: match from.optional_text()? {
                    Some(text) => Some(UnitCode::parse(text)?),
                    None => None,
                },
                legal_basis: from.optional_text()?.map(Into::into),
            },
            2 => Change::Renamed { name: from.text()?.into() },
            3 => Change::Moved { parent: UnitCode::parse(from.text()?)? },
            4 => Change::Closed { legal_basis: from.optional_text()?.map(Into::into) },
            5 => Change::CodeAssigned { code: UnitCode::parse(from.text()?)? },
            _ => return None,
        };
        Some(Self { code, change })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self.change {
            Change::Registered { .. } => 1,
            Change::Renamed { .. } => 2,
            Change::Moved { .. } => 3,
            Change::CodeAssigned { .. } => 4,
            Change::Closed { .. } => 5,
        }
    }
}

/// What one unit contributes: nothing but anomalies.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut registered = false;
    for (day, event) in events {
        match (&event.change, registered) {
            (Change::Registered { .. }, false) => registered = true,
            (Change::Registered { .. }, true) => out.note(Anomaly::UnitRegisteredTwice, *day),
            (Change::Closed { .. }, true) => registered = false,
            (_, true) => {}
            (_, false) => out.note(Anomaly::UnitNotRegistered, *day),
        }
    }
}
