//! Inspections (kiểm tra) of how the reform is carried out.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};

/// What an event says about an inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was held.
    Held {
        /// How long it took, in days.
        days: u32,
        /// Units that were inspected.
        units: u32,
        /// Shortcomings that were found.
        findings: u32,
        /// Of these, put right.
        fixed: u32,
    },
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        let Self::Held { days, units, findings, fixed } = self;
        out.byte(1);
        for number in [days, units, findings, fixed] {
            out.int(u64::from(*number));
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let mut number = || u32::try_from(from.int()?).ok();
        match number()? {
            1 => Some(Self::Held {
                days: number()?,
                units: number()?,
                findings: number()?,
                fixed: number()?,
            }),
            _ => None,
        }
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        1
    }
}

/// What one inspection contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut events = events.iter();
    let Some((day, Event::Held { days, units, findings, fixed })) = events.next() else {
        return;
    };
    out.add(Measure::InspectionHeld, *day, 1);
    for (measure, number) in [
        (Measure::InspectionDays, days),
        (Measure::InspectionUnits, units),
        (Measure::InspectionFindings, findings),
        (Measure::InspectionFixed, fixed),
    ] {
        out.add(measure, *day, i64::from(*number));
    }
    if fixed > findings {
        out.note(Anomaly::InspectionFixedMore, *day);
    }
    for (day, _) in events {
        out.note(Anomaly::InspectionHeldTwice, *day);
    }
}
