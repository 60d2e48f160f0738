//! Normative documents (văn bản quy phạm pháp luật): in force from the day that they name until
//! they are repealed, and reviewed on the way. Issuing one is an event of the family `document`.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// The kinds of normative document (Luật Ban hành văn bản quy phạm pháp luật 2015, article 4),
/// with the directives (CT) that were of them before.
pub const KINDS: &[&str] =
    &["HP", "LUAT", "PL", "LENH", "NQ", "NQLT", "ND", "QD", "TT", "TTLT", "CT"];

/// What an event says about a normative document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is in force from this day.
    Effective {
        /// Kind of document, a code of the list.
        kind: Code,
    },
    /// It is out of force from this day.
    Repealed,
    /// It was reviewed.
    Reviewed,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Effective { kind } => {
                out.byte(1);
                out.text(kind);
            }
            Self::Repealed => out.byte(2),
            Self::Reviewed => out.byte(3),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Effective { kind: Code::from(from.text()?) },
            2 => Self::Repealed,
            3 => Self::Reviewed,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Effective { .. } => 1,
            Self::Reviewed => 2,
            Self::Repealed => 3,
        }
    }
}

/// What one normative document contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut in_force: Option<&Code> = None;
    let mut known: Option<&Code> = None;
    for (day, event) in events {
        match (event, in_force) {
            (Event::Effective { kind }, None) => {
                if !KINDS.contains(&&**kind) {
                    out.note(Anomaly::NormUnknownKind, *day);
                }
                out.add_of(Measure::NormEffective, *day, 1, FacetKind::Kind, kind);
                out.add_of(Measure::NormInForce, *day, 1, FacetKind::Kind, kind);
                (in_force, known) = (Some(kind), Some(kind));
            }
            (Event::Effective { .. }, Some(_)) => out.note(Anomaly::NormEffectiveTwice, *day),
            (Event::Repealed, Some(kind)) => {
                out.add_of(Measure::NormRepealed, *day, 1, FacetKind::Kind, kind);
                out.add_of(Measure::NormInForce, *day, -1, FacetKind::Kind, kind);
                in_force = None;
            }
            (Event::Repealed, None) => out.note(Anomaly::NormNotInForce, *day),
            // What is out of force may be reviewed; what never was in force is of no kind.
            (Event::Reviewed, _) => {
                if let Some(kind) = known {
                    out.add_of(Measure::NormReviewed, *day, 1, FacetKind::Kind, kind);
                } else {
                    out.note(Anomaly::NormNotInForce, *day);
                }
            }
        }
    }
}
