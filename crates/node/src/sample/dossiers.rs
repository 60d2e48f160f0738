//! Invented dossiers of the departments (but for H41.16), districts and communes: whatever a
//! dossier can go through, in plausible proportions, with about 1 % of what is said corrected.

use super::agenda::Agenda;
use super::apportion::{Wheel, apportion};
use super::days::{self, Day, plus, workday_from};
use super::event::{Channel, Code, DossierSaid};
use super::life::Life;
use super::rng::Rng;
use super::totals;
use super::units::{Level, OWN};
use super::world::{World, pick};

const DRAWS: u64 = 7;

/// What becomes of a dossier once it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Settled and returned.
    Plain,
    /// Refused.
    Refused,
    /// Taken back by its owner.
    Withdrawn,
    /// Stopped by the unit.
    Stopped,
    /// More is asked for; then promised anew.
    Supplement,
    /// Promised anew on the day for which it was promised.
    Extended,
    /// Settled, opened again, settled again.
    Reopened,
    /// Passed on to the department of the procedure; districts only.
    Transferred,
    /// Settled weeks late, or still open at the end.
    Slow,
    /// Entered by mistake and taken away.
    EnteredTwice,
    /// Settled by mistake, taken away, settled later.
    SettledTooSoon,
    /// Settled, then corrected: it was a workday later.
    Redated,
}

/// How many of a thousand dossiers take which course; the rest is plain.
const COURSES: [(u64, Course); 11] = [
    (20, Course::Refused),
    (15, Course::Withdrawn),
    (5, Course::Stopped),
    (50, Course::Supplement),
    (20, Course::Extended),
    (7, Course::Reopened),
    (20, Course::Transferred),
    (15, Course::Slow),
    (2, Course::EnteredTwice),
    (2, Course::SettledTooSoon),
    (4, Course::Redated),
];
/// Acceptances of a thousand that are corrected.
const CORRECTED: u64 = 10;

/// The invented dossiers.
#[derive(Debug)]
pub(super) struct Dossiers<'w> {
    world: &'w World,
    /// Accepted by day of the window.
    by_day: Vec<u64>,
    units: Wheel,
}

/// How a dossier comes in.
#[derive(Debug, Clone, Copy)]
struct Opening {
    procedure: usize,
    channel: Channel,
    submitted: Option<(Day, u32)>,
    due: Option<Day>,
}

impl Opening {
    fn said(self) -> DossierSaid {
        let Self { procedure, channel, submitted, due } = self;
        DossierSaid::Accepted { procedure, channel, submitted, due }
    }

    /// The same as somebody might have mistyped it.
    fn mistyped(self) -> Self {
        match self.due {
            Some(due) => Self { due: Some(plus(due, 7)), ..self },
            None if self.channel == Channel::Direct => Self { channel: Channel::Post, ..self },
            None => Self { channel: Channel::Direct, submitted: None, ..self },
        }
    }
}

impl<'w> Dossiers<'w> {
    /// The days share the total by their weight, the units share a day's.
    pub(super) fn new(world: &'w World) -> Self {
        let window = totals::DOSSIERS_ACCEPTED;
        let weights: Vec<u64> =
            days::each(window.from, window.to).map(days::office_weight).collect();
        let weight = |(place, unit): (usize, &super::units::Unit)| match unit.level {
            _ if place == OWN || world.procedures_of(place).is_empty() => 0,
            Level::Department => 130,
            Level::District => 250,
            Level::Commune => 14,
            Level::Province | Level::Affiliate | Level::School | Level::Outside => 0,
        };
        Self {
            world,
            by_day: apportion(world.scale.of(totals::DOSSIERS), &weights),
            units: Wheel::new(world.units.iter().enumerate().map(weight)),
        }
    }

    /// Plans the lives of the dossiers that come in on a day.
    pub(super) fn plan(&self, day: Day, agenda: &mut Agenda) {
        let window = totals::DOSSIERS_ACCEPTED;
        if day < window.from {
            return;
        }
        let days_past = usize::try_from(days::between(window.from, day)).unwrap_or(usize::MAX);
        let count = self.by_day.get(days_past).copied().unwrap_or(0);
        let number = days::number(day);
        let offset = Rng::at(self.world.seed, [DRAWS, number, 0]).below(self.units.circumference());
        let mut last = Code { unit: 0, day, serial: 0 };
        for (ordinal, unit) in (1..).zip(self.units.deal(count, offset)) {
            // A unit's dossiers of one day are dealt in a row.
            let serial = if unit == last.unit { last.serial + 1 } else { 1 };
            last = Code { unit, day, serial };
            let mut rng = Rng::at(self.world.seed, [DRAWS, number, ordinal]);
            self.tell(last, &mut rng, agenda);
        }
    }

    fn tell(&self, code: Code, rng: &mut Rng, agenda: &mut Agenda) {
        let course = self.course(code.unit, rng);
        let mut life = Life::begin(agenda, code, rng);
        let opening = self.opening(&life, code.unit, rng);
        if rng.chance(CORRECTED) {
            let step = life.say(opening.mistyped().said());
            life.say_instead(step, opening.said());
        } else {
            let step = life.say(opening.said());
            if course == Course::EnteredTwice {
                life.later(rng);
                life.say_instead(step, DossierSaid::Retracted);
                return;
            }
        }
        if rng.chance(200) {
            life.later(rng);
            let online = opening.channel == Channel::Online && rng.chance(700);
            life.say(DossierSaid::FeePaid { online });
        }
        if rng.chance(300) {
            life.later(rng);
            life.say(DossierSaid::Digitised { result: false });
        }
        self.go_on(course, opening, &mut life, rng);
    }

    fn course(&self, unit: usize, rng: &mut Rng) -> Course {
        let mut roll = rng.below(1000);
        for (share, course) in COURSES {
            match roll.checked_sub(share) {
                Some(rest) => roll = rest,
                None if course != Course::Transferred => return course,
                None if self.world.unit(unit).level == Level::District => return course,
                None => return Course::Plain,
            }
        }
        Course::Plain
    }

    fn opening(&self, life: &Life<'_>, unit: usize, rng: &mut Rng) -> Opening {
        let procedure = pick(self.world.procedures_of(unit), rng.next());
        let channel = match rng.below(100) {
            0..10 => Channel::Post,
            10..60 if self.world.procedure(procedure).level >= 3 => Channel::Online,
            _ => Channel::Direct,
        };
        let submitted = (channel == Channel::Online).then(|| {
            let earlier = days::minus(life.day(), rng.between(0, 2));
            (earlier, life.second() - rng.second(60, 3600))
        });
        let promised = plus(life.day(), rng.between(1, 30));
        let due = rng.chance(920).then(|| workday_from(promised));
        Opening { procedure, channel, submitted, due }
    }

    fn go_on(&self, course: Course, opening: Opening, life: &mut Life<'_>, rng: &mut Rng) {
        let due = opening.due;
        match course {
            Course::Plain | Course::EnteredTwice => finish(opening, due, life, rng),
            Course::Refused => {
                life.go(closing_day(life.day(), due, rng), rng);
                life.say(DossierSaid::Refused);
                hand_over(opening, life, rng);
            }
            Course::Withdrawn | Course::Stopped => {
                life.go(workday_from(plus(life.day(), rng.between(1, 5))), rng);
                let withdrawn = course == Course::Withdrawn;
                life.say(if withdrawn { DossierSaid::Withdrawn } else { DossierSaid::Stopped });
            }
            Course::Supplement => supplement(opening, life, rng),
            Course::Extended => {
                let Some(due) = due else { return finish(opening, due, life, rng) };
                life.go(due, rng);
                let anew = workday_from(plus(life.day(), rng.between(5, 10)));
                life.say(DossierSaid::Promised { due: anew, reason: "Xin lỗi và gia hạn" });
                finish(opening, Some(anew), life, rng);
            }
            Course::Reopened => {
                life.go(closing_day(life.day(), due, rng), rng);
                life.say(DossierSaid::Approved);
                life.go(workday_from(plus(life.day(), rng.between(1, 3))), rng);
                life.say(DossierSaid::Reopened);
                life.go(workday_from(plus(life.day(), rng.between(1, 4))), rng);
                life.say(DossierSaid::Approved);
                hand_over(opening, life, rng);
            }
            Course::Transferred => self.transfer(opening, life, rng),
            Course::Slow => {
                let promised = due.unwrap_or(life.day());
                life.go(workday_from(plus(promised, rng.between(15, 90))), rng);
                life.say(DossierSaid::Approved);
                hand_over(opening, life, rng);
            }
            Course::SettledTooSoon => {
                life.go(closing_day(life.day(), due, rng), rng);
                let step = life.say(DossierSaid::Approved);
                life.later(rng);
                life.say_instead(step, DossierSaid::Retracted);
                life.go(workday_from(plus(life.day(), rng.between(1, 3))), rng);
                life.say(DossierSaid::Approved);
                hand_over(opening, life, rng);
            }
            Course::Redated => {
                life.go(closing_day(life.day(), due, rng), rng);
                let step = life.say(DossierSaid::Approved);
                life.go(workday_from(plus(life.day(), 1)), rng);
                life.say_instead(step, DossierSaid::Approved);
                hand_over(opening, life, rng);
            }
        }
    }

    fn transfer(&self, opening: Opening, life: &mut Life<'_>, rng: &mut Rng) {
        let accepted_on = life.day();
        let Opening { procedure, channel, due, .. } = opening;
        let to = self.world.procedure(procedure).owner;
        life.go(workday_from(plus(life.day(), rng.between(1, 2))), rng);
        let from = life.unit();
        life.say(DossierSaid::TransferredOut { to });
        life.move_to(to);
        life.later(rng);
        life.say(DossierSaid::TransferredIn { from, procedure, channel, accepted_on, due });
        finish(opening, due, life, rng);
    }
}

/// Most are settled early, many on the day, some late.
fn closing_day(from: Day, due: Option<Day>, rng: &mut Rng) -> Day {
    let Some(due) = due else { return workday_from(plus(from, rng.between(0, 3))) };
    let left = days::between(from, due);
    match rng.below(100) {
        0..62 if left > 0 => days::workday_until(plus(from, rng.below(left)), from),
        0..90 => due,
        _ => workday_from(plus(due, rng.between(1, 12))),
    }
}

fn finish(opening: Opening, due: Option<Day>, life: &mut Life<'_>, rng: &mut Rng) {
    life.go(closing_day(life.day(), due, rng), rng);
    life.say(DossierSaid::Approved);
    if rng.chance(250) {
        life.later(rng);
        life.say(DossierSaid::Digitised { result: true });
    }
    hand_over(opening, life, rng);
}

fn hand_over(opening: Opening, life: &mut Life<'_>, rng: &mut Rng) {
    if rng.chance(920) {
        life.go(workday_from(plus(life.day(), rng.between(0, 3))), rng);
        life.say(DossierSaid::Returned { channel: opening.channel });
    }
}

/// Some wait for the supplement to the end.
fn supplement(opening: Opening, life: &mut Life<'_>, rng: &mut Rng) {
    life.go(workday_from(plus(life.day(), rng.between(1, 3))), rng);
    life.say(DossierSaid::SupplementRequested);
    if rng.chance(60) {
        return;
    }
    let waited = rng.between(2, 9);
    life.go(workday_from(plus(life.day(), waited)), rng);
    life.say(DossierSaid::Supplemented);
    let anew = opening.due.map(|due| workday_from(plus(due.max(life.day()), waited)));
    if let Some(due) = anew {
        life.later(rng);
        life.say(DossierSaid::Promised { due, reason: "Đã bổ sung hồ sơ" });
    }
    finish(opening, anew, life, rng);
}
