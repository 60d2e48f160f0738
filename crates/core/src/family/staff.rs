//! Staff (cán bộ, công chức, viên chức): readings of the posts, and movements of people.
//!
//! A reading says how many posts there are, not what has changed: it contributes the difference
//! to the reading before it, so that the sum up to a day is the last reading by then.
//!
//! **Invariant STAFF-1:** the sums of `staff.quota` and `staff.filled` up to a day are what the
//! last reading by the end of that day says.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};
use crate::words::Movement;

/// What an event says about staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The posts, as they stand at the end of this day.
    Posts {
        /// Posts that the unit is given (biên chế được giao).
        quota: u32,
        /// Posts that are filled (biên chế có mặt).
        filled: u32,
    },
    /// A person came, went or was disciplined.
    Moved {
        /// Which of these.
        kind: Movement,
    },
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Posts { quota, filled } => {
                out.byte(1);
                out.int(u64::from(*quota));
                out.int(u64::from(*filled));
            }
            Self::Moved { kind } => {
                out.byte(2);
                out.byte(kind.byte());
            }
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Posts {
                quota: u32::try_from(from.int()?).ok()?,
                filled: u32::try_from(from.int()?).ok()?,
            },
            2 => Self::Moved { kind: Movement::from_byte(from.byte()?)? },
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Posts { .. } => 1,
            Self::Moved { .. } => 2,
        }
    }
}

/// What the readings of one unit, or one movement, contribute.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let (mut quota_before, mut filled_before) = (0, 0);
    let mut moved = false;
    for (day, event) in events {
        match event {
            Event::Posts { quota, filled } => {
                if filled > quota {
                    out.note(Anomaly::StaffFilledMore, *day);
                }
                let (quota, filled) = (i64::from(*quota), i64::from(*filled));
                out.add(Measure::StaffQuota, *day, quota - quota_before);
                out.add(Measure::StaffFilled, *day, filled - filled_before);
                (quota_before, filled_before) = (quota, filled);
            }
            Event::Moved { .. } if moved => out.note(Anomaly::StaffMovedTwice, *day),
            Event::Moved { kind } => {
                moved = true;
                let measure = match kind {
                    Movement::Recruited => Measure::StaffRecruited,
                    Movement::Appointed => Measure::StaffAppointed,
                    Movement::Rotated => Measure::StaffRotated,
                    Movement::Disciplined => Measure::StaffDisciplined,
                    Movement::Left => Measure::StaffLeft,
                };
                out.add(measure, *day, 1);
            }
        }
    }
}
