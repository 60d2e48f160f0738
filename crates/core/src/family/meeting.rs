//! Meetings (cuộc họp) that the video-conference system served.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::Measure;
use crate::pack::{Packer, Unpacker};
use crate::words::Scope;

/// What an event says about a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was held and served.
    Served {
        /// Who met whom.
        scope: Scope,
        /// Held online.
        online: bool,
        /// Sites that joined.
        sites: u32,
        /// How long it took, in minutes.
        minutes: u32,
    },
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        let Self::Served { scope, online, sites, minutes } = self;
        out.byte(1);
        out.byte(scope.byte());
        out.flag(*online);
        out.int(u64::from(*sites));
        out.int(u64::from(*minutes));
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match from.byte()? {
            1 => Some(Self::Served {
                scope: Scope::from_byte(from.byte()?)?,
                online: from.flag()?,
                sites: u32::try_from(from.int()?).ok()?,
                minutes: u32::try_from(from.int()?).ok()?,
            }),
            _ => None,
        }
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        1
    }
}

/// What one meeting contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut events = events.iter();
    let Some((day, Event::Served { scope, online, sites, minutes })) = events.next() else {
        return;
    };
    let measure = match (online, scope) {
        (false, _) => Measure::MeetingInPerson,
        (true, Scope::MinistryProvince) => Measure::MeetingOnlineMinistryProvince,
        (true, Scope::ProvinceDistrict) => Measure::MeetingOnlineProvinceDistrict,
        (true, Scope::ProvinceCommune) => Measure::MeetingOnlineProvinceCommune,
        (true, Scope::Internal) => Measure::MeetingOnlineInternal,
    };
    out.add(measure, *day, 1);
    out.add(Measure::MeetingSitesJoined, *day, i64::from(*sites));
    out.add(Measure::MeetingMinutes, *day, i64::from(*minutes));
    for (day, _) in events {
        out.note(Anomaly::MeetingServedTwice, *day);
    }
}
