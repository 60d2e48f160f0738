//! Documents (văn bản): issued, received, recalled.
//!
//! A number and symbol is unique per issuer and calendar year, so that one timeline holds the
//! documents of many years. A recall subtracts on its own day.
//!
//! **Invariant DOC-1:** within one calendar year a timeline has at most one document issued.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// The kinds of document (Nghị định 30/2020/NĐ-CP, annex III) with the letter symbols in use.
pub const KINDS: &[&str] = &[
    "NQ", "QD", "CT", "QC", "QYD", "TC", "TB", "HD", "CTr", "KH", "PA", "DA", "DUAN", "BC", "BB",
    "TTr", "HDONG", "CD", "BGN", "BTT", "GUQ", "GM", "GGT", "GNP", "PG", "PC", "PB", "TCONG", "CV",
];

/// What an event says about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The unit issued it.
    Issued {
        /// Kind of document, a code of the list.
        kind: Code,
        /// Sent as an electronic document.
        electronic: bool,
        /// Signed by a person's certificate.
        personal_signature: bool,
        /// Signed by the organisation's certificate.
        organisation_signature: bool,
        /// A normative document (văn bản quy phạm pháp luật).
        normative: bool,
    },
    /// The unit received it.
    Received {
        /// Came as an electronic document.
        electronic: bool,
    },
    /// The unit took it back.
    Recalled,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Issued {
                kind,
                electronic,
                personal_signature,
                organisation_signature,
                normative,
            } => {
                out.byte(1);
                out.text(kind);
                out.flag(*electronic);
                out.flag(*personal_signature);
                out.flag(*organisation_signature);
                out.flag(*normative);
            }
            Self::Received { electronic } => {
                out.byte(2);
                out.flag(*electronic);
            }
            Self::Recalled => out.byte(3),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Issued {
                kind: Code::from(from.text()?),
                electronic: from.flag()?,
                personal_signature: from.flag()?,
                organisation_signature: from.flag()?,
                normative: from.flag()?,
            },
            2 => Self::Received { electronic: from.flag()? },
            3 => Self::Recalled,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Issued { .. } => 1,
            Self::Received { .. } => 2,
            Self::Recalled => 3,
        }
    }
}

/// What the documents of one timeline contribute.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut in_force: Option<(Day, &Event)> = None;
    let mut issued_year = None;
    let mut received_before = false;
    for (day, event) in events {
        match event {
            Event::Issued { kind, .. } => {
                if issued_year == Some(day.year()) {
                    out.note(Anomaly::DocumentIssuedTwice, *day);
                    continue;
                }
                if !KINDS.contains(&&**kind) {
                    out.note(Anomaly::DocumentUnknownKind, *day);
                }
                issued_year = Some(day.year());
                in_force = Some((*day, event));
                count_issued(event, *day, 1, out);
            }
            Event::Received { electronic } => {
                if received_before {
                    out.note(Anomaly::DocumentReceivedTwice, *day);
                    continue;
                }
                received_before = true;
                out.add(Measure::DocumentReceived, *day, 1);
                out.add(Measure::DocumentReceivedElectronic, *day, i64::from(*electronic));
            }
            Event::Recalled => match in_force.take() {
                Some((_, issued)) => {
                    // Its number may be given again.
                    issued_year = None;
                    count_issued(issued, *day, -1, out);
                    out.add(Measure::DocumentRecalled, *day, 1);
                }
                None => out.note(Anomaly::DocumentNotIssued, *day),
            },
        }
    }
}

fn count_issued(event: &Event, day: Day, amount: i64, out: &mut Contributions) {
    let Event::Issued { kind, electronic, personal_signature, organisation_signature, normative } =
        event
    else {
        return;
    };
    out.add_of(Measure::DocumentIssued, day, amount, FacetKind::Kind, kind);
    for (measure, holds) in [
        (Measure::DocumentIssuedElectronic, *electronic),
        (Measure::DocumentIssuedPersonSigned, *personal_signature),
        (Measure::DocumentIssuedOrganisationSigned, *organisation_signature),
        (Measure::DocumentIssuedNormative, *normative),
    ] {
        if holds {
            out.add(measure, day, amount);
        }
    }
}
