//! The canonical bytes of a dossier's events.

use super::Event;
use crate::measure::Code;
use crate::pack::{Packer, Unpacker};
use crate::words::{Channel, Outcome};

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.byte(self.rank());
        match self {
            Self::Accepted { procedure, field, channel, submitted, due } => {
                out.text(procedure);
                out.text(field);
                out.byte(channel.byte());
                out.day(*submitted);
                out.day(*due);
            }
            Self::TransferredIn { procedure, field, due } => {
                out.text(procedure);
                out.text(field);
                out.day(*due);
            }
            Self::Promised { due } => out.day(*due),
            Self::FeePaid { online } => out.flag(*online),
            Self::Digitised { components, result } => {
                out.flag(*components);
                out.flag(*result);
            }
            Self::Settled { outcome } => out.byte(outcome.byte()),
            Self::Returned { channel } => out.byte(channel.byte()),
            Self::SupplementRequested
            | Self::Supplemented
            | Self::Withdrawn
            | Self::Stopped
            | Self::Reopened
            | Self::TransferredOut => {}
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Accepted {
                procedure: Code::from(from.text()?),
                field: Code::from(from.text()?),
                channel: Channel::from_byte(from.byte()?)?,
                submitted: from.day()?,
                due: from.day()?,
            },
            2 => Self::TransferredIn {
                procedure: Code::from(from.text()?),
                field: Code::from(from.text()?),
                due: from.day()?,
            },
            3 => Self::SupplementRequested,
            4 => Self::Supplemented,
            5 => Self::Promised { due: from.day()? },
            6 => Self::FeePaid { online: from.flag()? },
            7 => Self::Digitised { components: from.flag()?, result: from.flag()? },
            8 => Self::TransferredOut,
            9 => Self::Settled { outcome: Outcome::from_byte(from.byte()?)? },
            10 => Self::Withdrawn,
            11 => Self::Stopped,
            12 => Self::Returned { channel: Channel::from_byte(from.byte()?)? },
            13 => Self::Reopened,
            _ => return None,
        })
    }

    /// Place among events of one instant; also the byte of the kind.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Accepted { .. } => 1,
            Self::TransferredIn { .. } => 2,
            Self::SupplementRequested => 3,
            Self::Supplemented => 4,
            Self::Promised { .. } => 5,
            Self::FeePaid { .. } => 6,
            Self::Digitised { .. } => 7,
            Self::TransferredOut => 8,
            Self::Settled { .. } => 9,
            Self::Withdrawn => 10,
            Self::Stopped => 11,
            Self::Returned { .. } => 12,
            Self::Reopened => 13,
        }
    }
}
