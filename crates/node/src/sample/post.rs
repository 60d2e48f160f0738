//! The public post: results delivered, of which some dossiers were accepted by post too.
//!
//! A dossier's code carries the day on which it came in, 1 to 7 days before its delivery. Whatever
//! touches the report's window, by acceptance or by delivery, uses one of its procedures; its
//! first deliveries use each of them once.

use super::agenda::Agenda;
use super::apportion::{apportion, marks};
use super::days::{self, Day};
use super::event::{Code, Event, PostSaid, Said, Source, System};
use super::rng::Rng;
use super::totals::{self, Window};
use super::units::POST_OFFICE;
use super::world::{World, pick};

const DRAWS: u64 = 3;
const UNDELIVERED: u64 = 4;
/// The longest time from acceptance to delivery, in days.
const DAYS_MAX: u64 = 7;
/// More than the dossiers of one day.
const SERIALS: u64 = 100_000;

/// One window of deliveries.
#[derive(Debug)]
struct Batch {
    window: Window,
    delivered: u64,
    /// Of these, accepted by post too.
    both: u64,
    /// Delivered by day of the window.
    by_day: Vec<u64>,
    /// Whether only the report's procedures may be used.
    of_report: bool,
}

impl Batch {
    fn new(window: Window, delivered: u64, both: u64, of_report: bool) -> Self {
        let weights: Vec<u64> = days::each(window.from, window.to).map(days::post_weight).collect();
        Self { window, delivered, both, by_day: apportion(delivered, &weights), of_report }
    }
}

/// A dossier whose result is delivered.
struct Delivery {
    code: Code,
    procedure: usize,
    /// Days since the dossier came in.
    days: u64,
    /// Accepted by post too.
    accepted: bool,
    second: u32,
}

/// The public post of the sample.
#[derive(Debug)]
pub(super) struct Post<'w> {
    world: &'w World,
    batches: [Batch; 3],
    /// Accepted by day of the report's window and never delivered.
    undelivered: Vec<u64>,
}

impl<'w> Post<'w> {
    /// The deliveries of the report's window, and some on either side.
    pub(super) fn new(world: &'w World) -> Self {
        let volumes = &world.volumes;
        let delivered_aside = world.scale.of(totals::POST_DELIVERED_ASIDE);
        let both_aside = world.scale.of(totals::POST_BOTH_ASIDE);
        let aside = |window| Batch::new(window, delivered_aside, both_aside, false);
        let of_report =
            Batch::new(totals::POST, volumes.delivered, volumes.accepted_and_delivered, true);
        let undelivered = world.scale.of(totals::POST_UNDELIVERED);
        Self {
            world,
            batches: [aside(totals::POST_BEFORE), of_report, aside(totals::POST_AFTER)],
            undelivered: Batch::new(totals::POST, undelivered, 0, true).by_day,
        }
    }

    /// Plans what the post does on a day.
    pub(super) fn plan(&self, day: Day, agenda: &mut Agenda) {
        let source = Source { unit: POST_OFFICE, system: System::Post };
        let mut put = |second, code, said| {
            agenda.put(day, Event::numbered(second, source, Said::Post(code, said)));
        };
        for ahead in 1..=DAYS_MAX {
            let came_in_today = |delivery: &Delivery| delivery.accepted && delivery.days == ahead;
            for delivery in self.deliveries(days::plus(day, ahead)).filter(came_in_today) {
                let said = PostSaid::Accepted { procedure: delivery.procedure };
                put(delivery.second, delivery.code, said);
            }
        }
        for (second, code, procedure) in self.undelivered(day) {
            put(second, code, PostSaid::Accepted { procedure });
        }
        for delivery in self.deliveries(day) {
            let said = PostSaid::Delivered { procedure: delivery.procedure };
            put(delivery.second, delivery.code, said);
        }
    }

    fn deliveries(&self, day: Day) -> impl Iterator<Item = Delivery> {
        let of_day = |batch: &&Batch| batch.window.from <= day && day <= batch.window.to;
        let batch = self.batches.iter().find(of_day);
        batch.into_iter().flat_map(move |batch| {
            let days_past = usize::try_from(days::between(batch.window.from, day)).unwrap_or(0);
            let count = batch.by_day.get(days_past).copied().unwrap_or(0);
            let first: u64 = batch.by_day.iter().take(days_past).sum();
            (0..count).map(move |ordinal| self.delivery(batch, day, first + ordinal, ordinal))
        })
    }

    fn delivery(&self, batch: &Batch, day: Day, index: u64, ordinal: u64) -> Delivery {
        debug_assert!(ordinal < SERIALS, "more deliveries a day than serial numbers");
        let mut rng = Rng::at(self.world.seed, [DRAWS, days::number(day), ordinal]);
        let days = rng.between(1, DAYS_MAX);
        let accepted = marks(index, batch.both, batch.delivered) == 1;
        let procedure = if batch.of_report {
            let in_turn = usize::try_from(index).ok();
            let first = in_turn.and_then(|place| self.world.post_used.get(place).copied());
            first.unwrap_or_else(|| self.used_procedure(&mut rng))
        } else if accepted {
            self.used_procedure(&mut rng)
        } else {
            pick(&self.world.post_others, rng.next())
        };
        let code = self.code(procedure, days::minus(day, days), days * SERIALS + ordinal);
        let second = rng.second(days::OPENS, days::LAST_CALL);
        Delivery { code, procedure, days, accepted, second }
    }

    fn undelivered(&self, day: Day) -> impl Iterator<Item = (u32, Code, usize)> {
        let in_window = totals::POST.from <= day && day <= totals::POST.to;
        let days_past = usize::try_from(days::between(totals::POST.from, day)).unwrap_or(0);
        let count = self.undelivered.get(days_past).copied().filter(|_| in_window).unwrap_or(0);
        (0..count).map(move |ordinal| {
            let mut rng = Rng::at(self.world.seed, [UNDELIVERED, days::number(day), ordinal]);
            let procedure = self.used_procedure(&mut rng);
            let second = rng.second(days::OPENS, days::LAST_CALL);
            (second, self.code(procedure, day, ordinal), procedure)
        })
    }

    /// One of the procedures of the report, as often as its weight says.
    fn used_procedure(&self, rng: &mut Rng) -> usize {
        let World { post_used, post_wheel, .. } = self.world;
        let place = post_wheel.at(rng.below(post_wheel.circumference()));
        post_used.get(place).copied().expect("a place among the post's procedures")
    }

    fn code(&self, procedure: usize, day: Day, serial: u64) -> Code {
        Code { unit: self.world.procedure(procedure).owner, day, serial }
    }
}
