//! Certificates of digital signatures (chứng thư số): valid from the day of issue until they run
//! out or are revoked, whichever comes first.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};
use crate::words::Holder;

/// What an event says about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is valid from this day.
    Issued {
        /// Whose it is.
        holder: Holder,
        /// The last day on which it is valid.
        expires: Option<Day>,
    },
    /// It is not valid from this day.
    Revoked,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Issued { holder, expires } => {
                out.byte(1);
                out.byte(holder.byte());
                out.day(*expires);
            }
            Self::Revoked => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Issued { holder: Holder::from_byte(from.byte()?)?, expires: from.day()? },
            2 => Self::Revoked,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Issued { .. } => 1,
            Self::Revoked => 2,
        }
    }
}

/// What one certificate contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut issued = None;
    let mut revoked = None;
    for (day, event) in events {
        match event {
            Event::Issued { .. } if issued.is_some() => {
                out.note(Anomaly::CertificateIssuedTwice, *day);
            }
            Event::Issued { holder, expires } => issued = Some((*day, *holder, *expires)),
            Event::Revoked if revoked.is_some() => {
                out.note(Anomaly::CertificateRevokedTwice, *day);
            }
            Event::Revoked => revoked = Some(*day),
        }
    }
    let Some((from, holder, expires)) = issued else {
        if let Some(day) = revoked {
            out.note(Anomaly::CertificateNotIssued, day);
        }
        return;
    };
    out.add(Measure::CertificateIssued, from, 1);
    if expires.is_some_and(|last| last < from) {
        out.note(Anomaly::CertificateExpiredBefore, from);
    }
    if let Some(day) = revoked {
        if day < from {
            out.note(Anomaly::CertificateRevokedBefore, day);
        }
        out.add(Measure::CertificateRevoked, day.max(from), 1);
    }
    // What is valid until the last day that there is never runs out.
    let runs_out = expires.filter(|last| *last < Day::MAX).map(Day::next);
    let end = match (runs_out, revoked) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    valid(holder, from, 1, out);
    if let Some(end) = end {
        valid(holder, end.max(from), -1, out);
    }
}

fn valid(holder: Holder, day: Day, amount: i64, out: &mut Contributions) {
    out.add(Measure::CertificateValid, day, amount);
    let measure = match holder {
        Holder::Organisation => Measure::CertificateValidOrganisation,
        Holder::Person => Measure::CertificateValidPerson,
    };
    out.add(measure, day, amount);
}
