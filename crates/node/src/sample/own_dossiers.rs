//! The dossiers of H41.16, whose figures the report states: 75 in and 73 out by 28 June, 85 and 83
//! by 6 September, none late, none online, none carried in. Each single dossier is made up.

use super::agenda::Agenda;
use super::days::{self, Day, day, plus, workday_from};
use super::event::{Channel, Code, DossierSaid};
use super::life::Life;
use super::rng::Rng;
use super::totals::{
    OWN_ACCEPTED_BY_INSPECTION, OWN_ACCEPTED_BY_REPORT, OWN_RETURNED_BY_INSPECTION,
    OWN_RETURNED_BY_REPORT,
};
use super::units::OWN;
use super::world::{World, pick};

const DRAWS: u64 = 6;

/// When a dossier comes in, is promised for, and is settled.
struct Course {
    accepted: Day,
    due: Day,
    settled: Option<Day>,
}

/// Plans all of them.
pub(super) fn plan(world: &World, agenda: &mut Agenda) {
    for (number, course) in (1_u64..).zip(courses()) {
        tell(world, agenda, number, &course);
    }
}

fn courses() -> Vec<Course> {
    let open_at_inspection = [
        course(day(2021, 6, 24), day(2021, 7, 5), Some(day(2021, 7, 1))),
        course(day(2021, 6, 25), day(2021, 7, 6), Some(day(2021, 7, 2))),
    ];
    let open_at_report = [
        course(day(2021, 8, 31), day(2021, 9, 17), None),
        course(day(2021, 9, 6), day(2021, 9, 20), None),
    ];
    let between = OWN_ACCEPTED_BY_REPORT - OWN_ACCEPTED_BY_INSPECTION - 2;
    let courses: Vec<Course> =
        handled(OWN_RETURNED_BY_INSPECTION, day(2021, 1, 4), day(2021, 6, 11))
            .chain(open_at_inspection)
            .chain(handled(between, day(2021, 7, 5), day(2021, 8, 20)))
            .chain(open_at_report)
            .collect();
    let settled = courses.iter().filter(|course| course.settled.is_some()).count();
    assert!(u64::try_from(courses.len()) == Ok(OWN_ACCEPTED_BY_REPORT), "SAM-1: H41.16 accepted");
    assert!(u64::try_from(settled) == Ok(OWN_RETURNED_BY_REPORT), "SAM-1: H41.16 returned");
    courses
}

/// Dossiers spread over the workdays of a window; most are settled early, every twelfth on the day.
fn handled(count: u64, from: Day, to: Day) -> impl Iterator<Item = Course> {
    let workdays: Vec<Day> = days::each(from, to).filter(|&day| days::is_workday(day)).collect();
    let length = u64::try_from(workdays.len()).unwrap_or(0);
    (0..count).map(move |turn| {
        let accepted = pick(&workdays, turn * length / count);
        let due = workday_from(plus(accepted, 7 + turn % 5));
        let early = workday_from(plus(accepted, 2 + turn % 4));
        let settled = if turn % 12 == 5 { due } else { early };
        course(accepted, due, Some(settled))
    })
}

fn course(accepted: Day, due: Day, settled: Option<Day>) -> Course {
    Course { accepted, due, settled }
}

fn tell(world: &World, agenda: &mut Agenda, number: u64, course: &Course) {
    let mut rng = Rng::at(world.seed, [DRAWS, number, 0]);
    let code = Code { unit: OWN, day: course.accepted, serial: 1 };
    let mut life = Life::begin(agenda, code, &mut rng);
    let procedure = pick(world.procedures_of(OWN), number * 5);
    life.say(DossierSaid::Accepted {
        procedure,
        channel: Channel::Direct,
        submitted: None,
        due: Some(course.due),
    });
    let Some(settled) = course.settled else { return };
    life.go(settled, &mut rng);
    life.say(DossierSaid::Approved);
    let returned = if number.is_multiple_of(3) { workday_from(plus(settled, 1)) } else { settled };
    life.go(returned, &mut rng);
    life.say(DossierSaid::Returned { channel: Channel::Direct });
}
