//! Video-conference sites and meetings, published by H41.16, which runs the system.
//!
//! The 50 online meetings between the province and its localities are the report's. Around them,
//! so that a wrong condition shows: the ministry's meetings, which the report says were held in
//! person, internal ones, and online ones after the window.

use super::agenda::Agenda;
use super::days::{self, Day, day, workday_from};
use super::event::{Event, Meeting, Said, Scope, Source, System};
use super::rng::Rng;
use super::totals::{MEETINGS, MEETINGS_LATE, MEETINGS_ONLINE, MEETINGS_ONLINE_LATE, SITES};
use super::units::{DISTRICTS, OWN};
use super::world::World;

const DRAWS: u64 = 5;
/// S059: meetings with the ministry.
const WITH_MINISTRY: u64 = 6;
/// Invented.
const INTERNAL: u64 = 12;
/// Invented: online meetings after the report's window.
const ONLINE_AFTER: u64 = 3;

const SOURCE: Source = Source { unit: OWN, system: System::Meetings };

/// Plans the sites and the meetings.
pub(super) fn plan(world: &World, agenda: &mut Agenda) {
    for (site, minute) in (1..).zip(0..u32::try_from(SITES).unwrap_or(0)) {
        let second = 9 * 3600 + minute * 60;
        let event = Event::numbered(second, SOURCE, Said::SiteOpened(site));
        agenda.put(day(2020, 12, 15), event);
    }
    let early = MEETINGS_ONLINE - MEETINGS_ONLINE_LATE;
    let before_late = days::minus(MEETINGS_LATE.from, 1);
    let spread = |count, from, to| (0..count).map(move |turn| meeting_day(turn, count, from, to));
    let with_localities = spread(early, MEETINGS.from, before_late).zip((1..).map(locality));
    let late = spread(MEETINGS_ONLINE_LATE, MEETINGS_LATE.from, MEETINGS_LATE.to);
    let after = spread(ONLINE_AFTER, days::plus(MEETINGS.to, 1), days::LAST);
    let districts = late.chain(after).map(|day| (day, Scope::ProvinceDistrict));
    let ministry = spread(WITH_MINISTRY, MEETINGS.from, MEETINGS.to);
    let internal = spread(INTERNAL, MEETINGS.from, MEETINGS.to);
    let in_person = ministry
        .map(|day| (day, Scope::MinistryProvince))
        .chain(internal.map(|day| (day, Scope::Internal)));
    let online = with_localities.chain(districts).map(|(day, scope)| (day, scope, true));
    let mut meetings: Vec<(Day, Scope, bool)> =
        online.chain(in_person.map(|(day, scope)| (day, scope, false))).collect();
    meetings.sort_by_key(|&(day, _, _)| day);
    for (number, (day, scope, online)) in (1_u32..).zip(meetings) {
        let mut rng = Rng::at(world.seed, [DRAWS, u64::from(number), 0]);
        let sites = match scope {
            _ if !online => 1,
            Scope::ProvinceCommune => SITES,
            Scope::MinistryProvince | Scope::ProvinceDistrict | Scope::Internal => {
                rng.between(22, SITES)
            }
        };
        let meeting = Meeting { scope, online, sites, minutes: rng.between(60, 240) };
        let second = rng.second(8 * 3600, 15 * 3600);
        agenda.put(day, Event::numbered(second, SOURCE, Said::MeetingServed(number, meeting)));
    }
}

/// Every sixth meeting before July was with communes.
fn locality(number: u64) -> Scope {
    if number.is_multiple_of(6) { Scope::ProvinceCommune } else { Scope::ProvinceDistrict }
}

/// The day of one of `count` meetings spread over a window, on a workday that is still in it.
fn meeting_day(turn: u64, count: u64, from: Day, to: Day) -> Day {
    let even = days::plus(from, (2 * turn + 1) * days::between(from, to) / (2 * count));
    let workday = workday_from(even);
    if workday <= to { workday } else { days::workday_until(to, from) }
}

/// What a site is called: the province's, the districts', and four that the report leaves unnamed.
pub(super) fn site_name(number: u32) -> String {
    let place = usize::try_from(number).unwrap_or(0);
    match DISTRICTS.get(place.wrapping_sub(2)) {
        Some((district, _)) => format!("Điểm cầu UBND {district}"),
        None if number == 1 => "Điểm cầu UBND tỉnh".to_owned(),
        None => format!("Điểm cầu số {number} (minh họa)"),
    }
}
