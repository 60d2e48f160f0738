//! Dossiers (hồ sơ): the whole of Biểu II.06 (Thông tư 01/2020/TT-VPCP) as contributions.
//!
//! A dossier comes in (accepted, or transferred in), is promised for a day, may wait for a
//! supplement, is closed (settled, withdrawn, stopped), may be reopened, or goes to another unit.
//! A reopening takes the closing back on the day of the reopening, in the class of the closing.
//! An event dated before the dossier came in counts on the day it came in.
//!
//! **Invariant DOS-1:** on every day since it came in, a dossier is in exactly one of {pending,
//! closed, elsewhere}.
//! **Invariant DOS-2:** received + transferred in = pending + closed + transferred out, summed up
//! to any day; so columns 3 = 4+5+6 = 7+11, 7 = 8+9+10 and 11 = 12+13 hold by construction.
//! **Invariant DOS-3:** a dossier is overdue on a day if it is pending on it and the promise in
//! force on it is for an earlier day.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, Facet, FacetKind, Measure};
use crate::words::{Channel, Outcome};

mod packed;

/// What an event says about a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The unit took it in.
    Accepted {
        /// The procedure, joined by its national code.
        procedure: Code,
        /// Its field (lĩnh vực).
        field: Code,
        /// The way by which it came.
        channel: Channel,
        /// The day on which its owner handed it in.
        submitted: Option<Day>,
        /// The day for which the result is promised.
        due: Option<Day>,
    },
    /// The result is promised for another day, or for none.
    Promised {
        /// The new day.
        due: Option<Day>,
    },
    /// The owner is asked for more.
    SupplementRequested,
    /// The owner gave more.
    Supplemented,
    /// A fee was paid.
    FeePaid {
        /// Paid online.
        online: bool,
    },
    /// Papers were digitised.
    Digitised {
        /// The components of the dossier.
        components: bool,
        /// The result.
        result: bool,
    },
    /// It was decided.
    Settled {
        /// How.
        outcome: Outcome,
    },
    /// The result was handed over.
    Returned {
        /// The way by which it went.
        channel: Channel,
    },
    /// The owner took it back.
    Withdrawn,
    /// The unit stopped it.
    Stopped,
    /// It is open again.
    Reopened,
    /// It went to another unit.
    TransferredOut,
    /// It came from another unit.
    TransferredIn {
        /// The procedure, joined by its national code.
        procedure: Code,
        /// Its field (lĩnh vực).
        field: Code,
        /// The day for which the result is promised.
        due: Option<Day>,
    },
}

impl Event {
    /// The procedure and field of an event that brings a dossier in; none for the others.
    fn brings_in(&self) -> Option<(&Code, &Code)> {
        if let Self::Accepted { procedure, field, .. }
        | Self::TransferredIn { procedure, field, .. } = self
        {
            return Some((procedure, field));
        }
        None
    }
}

/// What one dossier contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let Some(first) = events.iter().position(|(_, event)| event.brings_in().is_some()) else {
        if let Some((day, _)) = events.first() {
            out.note(Anomaly::DossierNeverAccepted, *day);
        }
        return;
    };
    let (before, rest) = events.split_at(first);
    let Some(((came_in, opening), after)) = rest.split_first() else { return };
    let Some((procedure, field)) = opening.brings_in() else { return };
    let mut fold = Fold::new(procedure, field, out);
    fold.step(*came_in, opening);
    for (day, event) in before {
        fold.out.note(Anomaly::DossierBeforeAccepted, *day);
        fold.step(*came_in, event);
    }
    for (day, event) in after {
        fold.step(*day, event);
    }
    fold.end_promise(None);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    NotYet,
    Pending,
    /// Closed, in the class of this measure; and whether by a refusal.
    Closed(Measure, bool),
    Elsewhere,
}

struct Fold<'a> {
    out: &'a mut Contributions,
    facets: [Facet; 2],
    place: Place,
    /// The promise in force.
    due: Option<Day>,
    /// The day since which the dossier is pending under the promise in force.
    since: Day,
    waiting: bool,
    returned: bool,
}

impl<'a> Fold<'a> {
    fn new(procedure: &Code, field: &Code, out: &'a mut Contributions) -> Self {
        Self {
            out,
            facets: [
                Facet::Of(FacetKind::Field, Code::clone(field)),
                Facet::Of(FacetKind::Procedure, Code::clone(procedure)),
            ],
            place: Place::NotYet,
            due: None,
            since: Day::MIN,
            waiting: false,
            returned: false,
        }
    }

    /// One event, on the day on which it counts.
    fn step(&mut self, day: Day, event: &Event) {
        match event {
            Event::Accepted { channel, due, .. } => self.accepted(day, *channel, *due),
            Event::TransferredIn { due, .. } => self.transferred_in(day, *due),
            Event::TransferredOut => self.transferred_out(day),
            Event::Promised { due } => self.promised(day, *due),
            Event::SupplementRequested => self.wait(day, true),
            Event::Supplemented => self.wait(day, false),
            Event::Settled { outcome } => {
                self.close(day, self.class_on(day), *outcome == Outcome::Refused);
            }
            Event::Withdrawn => self.close(day, Measure::DossierWithdrawn, false),
            Event::Stopped => self.close(day, Measure::DossierStopped, false),
            Event::Reopened => self.reopened(day),
            Event::Returned { channel } => self.returned(day, *channel),
            Event::FeePaid { online } => {
                self.count(Measure::DossierFeePaid, day, 1);
                self.count(Measure::DossierFeePaidOnline, day, i64::from(*online));
            }
            Event::Digitised { components, result } => {
                self.count(Measure::DossierDigitisedComponents, day, i64::from(*components));
                self.count(Measure::DossierDigitisedResult, day, i64::from(*result));
            }
        }
    }

    fn accepted(&mut self, day: Day, channel: Channel, due: Option<Day>) {
        if self.place != Place::NotYet {
            self.out.note(Anomaly::DossierAcceptedTwice, day);
            return;
        }
        let measure = match channel {
            Channel::Online => Measure::DossierReceivedOnline,
            Channel::Direct => Measure::DossierReceivedDirect,
            Channel::Post => Measure::DossierReceivedPost,
        };
        self.count(measure, day, 1);
        self.due = due;
        self.open(day);
    }

    fn transferred_in(&mut self, day: Day, due: Option<Day>) {
        if !matches!(self.place, Place::NotYet | Place::Elsewhere) {
            self.out.note(Anomaly::DossierAcceptedTwice, day);
            return;
        }
        self.count(Measure::DossierTransferredIn, day, 1);
        self.due = due.or(self.due);
        self.open(day);
    }

    fn transferred_out(&mut self, day: Day) {
        if self.leave(day) {
            self.count(Measure::DossierTransferredOut, day, 1);
            self.place = Place::Elsewhere;
        }
    }

    fn promised(&mut self, day: Day, due: Option<Day>) {
        if self.place != Place::Pending {
            self.out.note(Anomaly::DossierNotPending, day);
            return;
        }
        self.end_promise(Some(day));
        self.due = due;
        self.since = day;
        self.count(Measure::DossierPromisedAnew, day, 1);
    }

    fn wait(&mut self, day: Day, waits: bool) {
        if self.place != Place::Pending {
            self.out.note(Anomaly::DossierNotPending, day);
        } else if waits != self.waiting {
            self.count(Measure::DossierWaiting, day, if waits { 1 } else { -1 });
            self.waiting = waits;
        }
    }

    fn close(&mut self, day: Day, class: Measure, refused: bool) {
        if matches!(self.place, Place::Closed(..)) {
            self.out.note(Anomaly::DossierClosedTwice, day);
        } else if self.leave(day) {
            self.place = Place::Closed(class, refused);
            self.count_closing(day, class, refused, 1);
        }
    }

    fn reopened(&mut self, day: Day) {
        let Place::Closed(class, refused) = self.place else {
            self.out.note(Anomaly::DossierNotClosed, day);
            return;
        };
        self.count_closing(day, class, refused, -1);
        self.count(Measure::DossierReopened, day, 1);
        self.open(day);
    }

    fn returned(&mut self, day: Day, channel: Channel) {
        if self.returned {
            self.out.note(Anomaly::DossierReturnedTwice, day);
            return;
        }
        if !matches!(self.place, Place::Closed(..)) {
            self.out.note(Anomaly::DossierReturnedBeforeClosed, day);
        }
        self.returned = true;
        self.count(Measure::DossierReturned, day, 1);
        self.count(Measure::DossierReturnedPost, day, i64::from(channel == Channel::Post));
    }

    fn open(&mut self, day: Day) {
        self.place = Place::Pending;
        self.since = day;
        self.returned = false;
        self.count(Measure::DossierPending, day, 1);
    }

    /// Ends the pending interval; false, with an anomaly, if the dossier was not pending.
    fn leave(&mut self, day: Day) -> bool {
        if self.place != Place::Pending {
            self.out.note(Anomaly::DossierNotPending, day);
            return false;
        }
        if self.waiting {
            self.wait(day, false);
        }
        self.end_promise(Some(day));
        self.count(Measure::DossierPending, day, -1);
        true
    }

    /// Books the overdue days under the promise in force, up to the day before `end`.
    fn end_promise(&mut self, end: Option<Day>) {
        let (Place::Pending, Some(due)) = (self.place, self.due) else { return };
        let start = due.next().max(self.since);
        if end.is_none_or(|end| start < end) && due < Day::MAX {
            self.count(Measure::DossierOverdue, start, 1);
            if let Some(end) = end {
                self.count(Measure::DossierOverdue, end, -1);
            }
        }
    }

    /// The class of a settlement on this day: by whole days against the promise in force.
    fn class_on(&self, day: Day) -> Measure {
        match self.due {
            None => Measure::DossierSettledNoDue,
            Some(due) if day < due => Measure::DossierSettledEarly,
            Some(due) if day == due => Measure::DossierSettledOnTime,
            Some(_) => Measure::DossierSettledLate,
        }
    }

    fn count_closing(&mut self, day: Day, class: Measure, refused: bool, amount: i64) {
        self.count(class, day, amount);
        if refused {
            self.count(Measure::DossierRefused, day, amount);
        }
    }

    fn count(&mut self, measure: Measure, day: Day, amount: i64) {
        self.out.add_under(measure, day, amount, &self.facets);
    }
}

#[cfg(test)]
mod tests;
