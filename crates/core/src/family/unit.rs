//! Units (cơ quan, đơn vị): registered, renamed, moved, given another code; merged, split, closed.
//!
//! A unit's timeline feeds the registry (`crate::registry`), not the cells; it contributes only
//! its anomalies.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::limits::{SPLIT_FIELDS_MAX, SPLIT_PARTS_MAX};
use crate::measure::Code;
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
    /// It does not exist from this day; another unit goes on with all that it did (sáp nhập).
    Merged {
        /// The unit that goes on.
        into: UnitCode,
        /// The decision that merged it.
        legal_basis: Option<Box<str>>,
    },
    /// Other units go on with a part of what it did from this day (chia, tách).
    Split {
        /// Who goes on with what; at least one, at most [`SPLIT_PARTS_MAX`].
        parts: Box<[Part]>,
        /// Whether it does not exist from this day.
        closes: bool,
    },
}

/// What one unit takes over of a unit that is split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The unit that goes on.
    pub into: UnitCode,
    /// The fields (lĩnh vực) that it takes over, at most [`SPLIT_FIELDS_MAX`]; none: the rest.
    pub fields: Box<[Code]>,
}

impl Part {
    fn pack(&self, out: &mut Packer<'_>) {
        out.text(self.into.as_str());
        out.int(u64::try_from(self.fields.len()).unwrap_or(u64::MAX));
        for field in &self.fields {
            out.text(field);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let into = UnitCode::parse(from.text()?)?;
        let count = usize::try_from(from.int()?).ok().filter(|count| *count <= SPLIT_FIELDS_MAX)?;
        let fields = (0..count).map(|_| from.text().map(Code::from)).collect::<Option<_>>()?;
        Some(Self { into, fields })
    }
}

impl Change {
    /// The units that it names as successors.
    pub fn successors(&self) -> impl Iterator<Item = UnitCode> {
        let (one, parts) = match self {
            Self::Merged { into, .. } => (Some(*into), &[][..]),
            Self::Split { parts, .. } => (None, &**parts),
            Self::Registered { .. }
            | Self::Renamed { .. }
            | Self::Moved { .. }
            | Self::Closed { .. }
            | Self::CodeAssigned { .. } => (None, &[][..]),
        };
        one.into_iter().chain(parts.iter().map(|part| part.into))
    }

    /// Whether the unit does not exist from this day.
    pub fn ends(&self) -> bool {
        match self {
            Self::Merged { .. } | Self::Closed { .. } => true,
            Self::Split { closes, .. } => *closes,
            Self::Registered { .. }
            | Self::Renamed { .. }
            | Self::Moved { .. }
            | Self::CodeAssigned { .. } => false,
        }
    }
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
            Change::Merged { into, legal_basis } => {
                out.byte(6);
                out.text(into.as_str());
                out.optional_text(legal_basis.as_deref());
            }
            Change::Split { parts, closes } => {
                out.byte(7);
                out.int(u64::try_from(parts.len()).unwrap_or(u64::MAX));
                for part in parts {
                    part.pack(out);
                }
                out.flag(*closes);
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
            6 => Change::Merged {
                into: UnitCode::parse(from.text()?)?,
                legal_basis: from.optional_text()?.map(Into::into),
            },
            7 => {
                let count = usize::try_from(from.int()?).ok();
                let count = count.filter(|count| *count <= SPLIT_PARTS_MAX)?;
                let parts = (0..count).map(|_| Part::unpack(from)).collect::<Option<_>>()?;
                Change::Split { parts, closes: from.flag()? }
            }
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
            Change::Split { closes: false, .. } => 5,
            Change::Split { closes: true, .. } => 6,
            Change::Merged { .. } => 7,
            Change::Closed { .. } => 8,
        }
    }
}

/// What one unit contributes: nothing but anomalies.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let (mut exists, mut existed) = (false, false);
    for (day, event) in events {
        match (&event.change, exists) {
            (Change::Registered { .. }, false) => (exists, existed) = (true, true),
            (Change::Registered { .. }, true) => out.note(Anomaly::UnitRegisteredTwice, *day),
            (change, false) if change.ends() && existed => out.note(Anomaly::UnitEndedTwice, *day),
            (change, true) if change.ends() => exists = false,
            (_, true) => {}
            (_, false) => out.note(Anomaly::UnitNotRegistered, *day),
        }
        if let Change::Split { parts, closes } = &event.change {
            note_parts(parts, *closes, *day, out);
        }
    }
}

fn note_parts(parts: &[Part], closes: bool, day: Day, out: &mut Contributions) {
    let mut fields: Vec<&Code> = parts.iter().flat_map(|part| &part.fields).collect();
    let named = fields.len();
    fields.sort_unstable();
    fields.dedup();
    if fields.len() < named {
        out.note(Anomaly::UnitSplitFieldTwice, day);
    }
    let takers_of_the_rest = parts.iter().filter(|part| part.fields.is_empty()).count();
    if takers_of_the_rest != usize::from(closes) {
        out.note(Anomaly::UnitSplitRestUnclear, day);
    }
}
