//! Systems (hệ thống, phần mềm) that an agency has put to use: deployed until withdrawn.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// What an event says about a system in an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The system: the event's subject, by which its cells are kept apart.
    pub system: Code,
    /// Put to use, or given up.
    pub step: Step,
}

/// What became of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is in use from this day.
    Done,
    /// It is out of use from this day.
    Withdrawn,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.byte(self.rank());
        out.text(&self.system);
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let step = match from.byte()? {
            1 => Step::Done,
            2 => Step::Withdrawn,
            _ => return None,
        };
        Some(Self { system: Code::from(from.text()?), step })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self.step {
            Step::Done => 1,
            Step::Withdrawn => 2,
        }
    }
}

/// What one system in one agency contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut done: Option<&Code> = None;
    for (day, event) in events {
        match (event.step, done) {
            (Step::Done, None) => {
                let system = &event.system;
                out.add_of(Measure::DeploymentDone, *day, 1, FacetKind::System, system);
                done = Some(system);
            }
            (Step::Withdrawn, Some(system)) => {
                out.add_of(Measure::DeploymentDone, *day, -1, FacetKind::System, system);
                done = None;
            }
            (Step::Done, Some(_)) => out.note(Anomaly::DeploymentDoneTwice, *day),
            (Step::Withdrawn, None) => out.note(Anomaly::DeploymentNotDone, *day),
        }
    }
}
