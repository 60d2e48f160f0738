//! The life of one dossier, told step by step.

use super::agenda::Agenda;
use super::days::{self, Day};
use super::event::{Code, DossierSaid, Event, Said, Source, System};
use super::rng::Rng;

/// A dossier whose life is being told. Time only goes forward.
#[derive(Debug)]
pub(super) struct Life<'a> {
    agenda: &'a mut Agenda,
    code: Code,
    /// The unit where it is.
    unit: usize,
    day: Day,
    second: u32,
    steps: u8,
}

impl<'a> Life<'a> {
    /// A dossier that comes in on the day of its code, at the unit that gave it.
    pub(super) fn begin(agenda: &'a mut Agenda, code: Code, rng: &mut Rng) -> Self {
        let second = rng.second(days::OPENS, days::LAST_CALL);
        Self { agenda, code, unit: code.unit, day: code.day, second, steps: 0 }
    }

    /// The day that has been reached.
    pub(super) fn day(&self) -> Day {
        self.day
    }

    /// The time of day that has been reached, in seconds.
    pub(super) fn second(&self) -> u32 {
        self.second
    }

    /// The next thing that happens; returns which step it is.
    pub(super) fn say(&mut self, said: DossierSaid) -> u8 {
        self.put(said, None)
    }

    /// The same, in place of an earlier step.
    pub(super) fn say_instead(&mut self, step: u8, said: DossierSaid) {
        self.put(said, Some(step));
    }

    fn put(&mut self, said: DossierSaid, replaces: Option<u8>) -> u8 {
        self.steps += 1;
        let source = Source { unit: self.unit, system: System::Igate };
        let step = Some(self.steps);
        let said = Said::Dossier(self.code, said);
        let event = Event { second: self.second, source, said, step, replaces };
        self.agenda.put(self.day, event);
        self.steps
    }

    /// Moves on to a day; to later the same day, where the day is not after the one reached.
    pub(super) fn go(&mut self, day: Day, rng: &mut Rng) {
        if day > self.day {
            self.day = day;
            self.second = rng.second(days::OPENS, days::LAST_CALL);
        } else {
            self.later(rng);
        }
    }

    /// Moves on to later the same day.
    pub(super) fn later(&mut self, rng: &mut Rng) {
        self.second = (self.second + rng.second(120, 2400)).min(24 * 3600 - 1);
    }

    /// The unit where it is.
    pub(super) fn unit(&self) -> usize {
        self.unit
    }

    /// Goes on at another unit.
    pub(super) fn move_to(&mut self, unit: usize) {
        self.unit = unit;
    }
}
