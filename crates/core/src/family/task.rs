//! Tasks (nhiệm vụ) of a plan, or given ad hoc (đột xuất): planned, then done.
//!
//! A task stays in the stock of its plan for good, so that done of planned is two stocks; the
//! plans of two years are told apart by their codes.
//!
//! **Invariant TASK-1:** a task that is done was done in time, late, or had no day.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// What an event says about a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is to be done.
    Planned {
        /// The plan that it belongs to, or is counted with.
        plan: Code,
        /// Given ad hoc, not in the plan.
        ad_hoc: bool,
        /// The last day on which it is in time.
        due: Option<Day>,
    },
    /// It was done.
    Done,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Planned { plan, ad_hoc, due } => {
                out.byte(1);
                out.text(plan);
                out.flag(*ad_hoc);
                out.day(*due);
            }
            Self::Done => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Planned {
                plan: Code::from(from.text()?),
                ad_hoc: from.flag()?,
                due: from.day()?,
            },
            2 => Self::Done,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Planned { .. } => 1,
            Self::Done => 2,
        }
    }
}

/// What one task contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut planned = None;
    let mut done = None;
    for (day, event) in events {
        match event {
            Event::Planned { .. } if planned.is_some() => {
                out.note(Anomaly::TaskPlannedTwice, *day);
            }
            Event::Planned { plan, ad_hoc, due } => {
                planned = Some(Task { plan, ad_hoc: *ad_hoc, due: *due, since: *day });
            }
            Event::Done if done.is_some() => out.note(Anomaly::TaskDoneTwice, *day),
            Event::Done => done = Some(*day),
        }
    }
    match (planned, done) {
        (Some(task), done) => task.contribute(done, out),
        (None, Some(day)) => out.note(Anomaly::TaskNeverPlanned, day),
        (None, None) => {}
    }
}

struct Task<'a> {
    plan: &'a Code,
    ad_hoc: bool,
    due: Option<Day>,
    since: Day,
}

impl Task<'_> {
    fn contribute(&self, done: Option<Day>, out: &mut Contributions) {
        self.count(Measure::TaskPlanned, Measure::TaskAdHoc, self.since, 1, out);
        if let Some(day) = done {
            if day < self.since {
                out.note(Anomaly::TaskBeforePlanned, day);
            }
            let day = day.max(self.since);
            self.count(Measure::TaskDone, Measure::TaskAdHocDone, day, 1, out);
            match self.due {
                None => self.add(Measure::TaskDoneNoDue, day, 1, out),
                Some(due) if day <= due => self.add(Measure::TaskDoneInTime, day, 1, out),
                Some(_) => {
                    self.count(Measure::TaskDoneLate, Measure::TaskAdHocDoneLate, day, 1, out);
                }
            }
        }
        let Some(due) = self.due.filter(|due| *due < Day::MAX) else { return };
        let late_from = due.next().max(self.since);
        let done = done.map(|day| day.max(self.since));
        if done.is_none_or(|day| late_from < day) {
            self.count(Measure::TaskOverdue, Measure::TaskAdHocOverdue, late_from, 1, out);
            if let Some(day) = done {
                self.count(Measure::TaskOverdue, Measure::TaskAdHocOverdue, day, -1, out);
            }
        }
    }

    /// Adds to the measure, and for an ad-hoc task to the one inside it too.
    fn count(&self, all: Measure, ad_hoc: Measure, day: Day, amount: i64, out: &mut Contributions) {
        self.add(all, day, amount, out);
        if self.ad_hoc {
            self.add(ad_hoc, day, amount, out);
        }
    }

    fn add(&self, measure: Measure, day: Day, amount: i64, out: &mut Contributions) {
        out.add_of(measure, day, amount, FacetKind::Plan, self.plan);
    }
}
