//! Dossiers by brute force: what domain.md says of Biểu 06, replayed day by day.
//!
//! Nothing here knows of intervals, edges or cells. A dossier's state on a day is what its events
//! up to that day make of it; a stock is counted over the states, a flow over the days.

use tonghop_core::day::{Day, Window};
use tonghop_core::family::dossier::Event;
use tonghop_core::words::{Channel, Outcome};

/// The events of one dossier at one unit, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dossier(pub(crate) Vec<(Day, Event)>);

/// Where a dossier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Unborn,
    Here,
    Done(Class),
    Away,
}

/// How a dossier was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Early,
    OnTime,
    Late,
    NoDue,
    Withdrawn,
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    place: Place,
    due: Option<Day>,
    waits: bool,
}

/// What happened at one step, if it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Received(Channel),
    In,
    Out,
    Closed(Class),
    Reopened(Class),
}

impl Dossier {
    /// The events on the days on which they count: nothing before the dossier came in.
    fn counted(&self) -> Vec<(Day, &Event)> {
        let opens =
            |event: &Event| matches!(event, Event::Accepted { .. } | Event::TransferredIn { .. });
        let Some(first) = self.0.iter().position(|(_, event)| opens(event)) else {
            return Vec::new();
        };
        let born = self.0[first].0;
        let mut counted = vec![(born, &self.0[first].1)];
        for (place, (day, event)) in self.0.iter().enumerate() {
            if place != first {
                counted.push(((*day).max(born), event));
            }
        }
        counted
    }

    fn replay(&self, until: Day) -> (State, Vec<(Day, Step)>) {
        let mut state = State { place: Place::Unborn, due: None, waits: false };
        let mut steps = Vec::new();
        for (day, event) in self.counted().into_iter().filter(|(day, _)| *day <= until) {
            let (next, step) = after(state, day, event);
            state = next;
            steps.extend(step.map(|step| (day, step)));
        }
        (state, steps)
    }

    fn state(&self, day: Day) -> State {
        self.replay(day).0
    }

    fn steps(&self, window: Window) -> impl Iterator<Item = Step> {
        let steps = self.replay(window.to).1.into_iter();
        steps.filter(move |(day, _)| window.contains(*day)).map(|(_, step)| step)
    }
}

fn after(state: State, day: Day, event: &Event) -> (State, Option<Step>) {
    let here = state.place == Place::Here;
    let opened = |due| State { place: Place::Here, due, waits: false };
    let gone = |place| State { place, waits: false, ..state };
    match event {
        Event::Accepted { due, channel, .. } if state.place == Place::Unborn => {
            (opened(*due), Some(Step::Received(*channel)))
        }
        Event::TransferredIn { due, .. } if matches!(state.place, Place::Unborn | Place::Away) => {
            (opened(due.or(state.due)), Some(Step::In))
        }
        Event::Promised { due } if here => (State { due: *due, ..state }, None),
        Event::SupplementRequested if here => (State { waits: true, ..state }, None),
        Event::Supplemented if here => (State { waits: false, ..state }, None),
        Event::TransferredOut if here => (gone(Place::Away), Some(Step::Out)),
        Event::Settled { .. } if here => {
            let class = match state.due {
                None => Class::NoDue,
                Some(due) if due > day => Class::Early,
                Some(due) if due < day => Class::Late,
                Some(_) => Class::OnTime,
            };
            (gone(Place::Done(class)), Some(Step::Closed(class)))
        }
        Event::Withdrawn if here => {
            (gone(Place::Done(Class::Withdrawn)), Some(Step::Closed(Class::Withdrawn)))
        }
        Event::Stopped if here => {
            (gone(Place::Done(Class::Stopped)), Some(Step::Closed(Class::Stopped)))
        }
        Event::Reopened => match state.place {
            Place::Done(class) => (opened(state.due), Some(Step::Reopened(class))),
            Place::Unborn | Place::Here | Place::Away => (state, None),
        },
        Event::Accepted { .. }
        | Event::TransferredIn { .. }
        | Event::TransferredOut
        | Event::Promised { .. }
        | Event::SupplementRequested
        | Event::Supplemented
        | Event::Settled { .. }
        | Event::Withdrawn
        | Event::Stopped
        | Event::Returned { .. }
        | Event::FeePaid { .. }
        | Event::Digitised { .. } => (state, None),
    }
}

/// A column of Biểu 06, counted dossier by dossier.
pub(crate) fn column(dossiers: &[Dossier], window: Window, name: &str) -> i64 {
    let stock = |day: Option<Day>, holds: &dyn Fn(State, Day) -> bool| -> i64 {
        let Some(day) = day else { return 0 };
        let count = dossiers.iter().filter(|dossier| holds(dossier.state(day), day)).count();
        i64::try_from(count).unwrap()
    };
    let flow = |amount: &dyn Fn(Step) -> i64| -> i64 {
        dossiers.iter().flat_map(|dossier| dossier.steps(window)).map(amount).sum()
    };
    let closed = |classes: &[Class]| {
        flow(&|step| match step {
            Step::Closed(class) => i64::from(classes.contains(&class)),
            Step::Reopened(class) => -i64::from(classes.contains(&class)),
            Step::Received(_) | Step::In | Step::Out => 0,
        })
    };
    let here = |state: State| state.place == Place::Here;
    let overdue = |state: State, day| here(state) && state.due.is_some_and(|due| due < day);
    let end = Some(window.to);
    match name {
        "c4" => flow(&|step| i64::from(step == Step::Received(Channel::Online))),
        "c5" => {
            flow(&|step| i64::from(matches!(step, Step::Received(Channel::Direct | Channel::Post))))
        }
        "c6" => stock(window.from.previous(), &|state, _| here(state)),
        "c8" => closed(&[Class::Early]),
        "c9" => closed(&[Class::OnTime, Class::NoDue, Class::Withdrawn, Class::Stopped]),
        "c10" => closed(&[Class::Late]),
        "c11" => stock(end, &|state, _| here(state)),
        "c12" => stock(end, &|state, day| here(state) && !overdue(state, day)),
        "c13" => stock(end, &overdue),
        "in" => flow(&|step| i64::from(step == Step::In)),
        "out" => flow(&|step| i64::from(step == Step::Out)),
        "waiting" => stock(end, &|state, _| here(state) && state.waits),
        "reopened" => flow(&|step| i64::from(matches!(step, Step::Reopened(_)))),
        "noDueDate" => closed(&[Class::NoDue]),
        "withdrawn" => closed(&[Class::Withdrawn]),
        "stopped" => closed(&[Class::Stopped]),
        _ => panic!("{name} is not counted here"),
    }
}

/// How many dossiers were refused, less those reopened: the part of settled that was not granted.
pub(crate) fn refused(dossiers: &[Dossier], window: Window) -> i64 {
    let mut refused = 0;
    for dossier in dossiers {
        let mut last = false;
        let mut state = State { place: Place::Unborn, due: None, waits: false };
        for (day, event) in dossier.counted() {
            let (next, step) = after(state, day, event);
            state = next;
            match step {
                Some(Step::Closed(_)) => {
                    last = *event == Event::Settled { outcome: Outcome::Refused };
                    refused += i64::from(last && window.contains(day));
                }
                Some(Step::Reopened(_)) => {
                    refused -= i64::from(last && window.contains(day));
                }
                Some(Step::Received(_) | Step::In | Step::Out) | None => {}
            }
        }
    }
    refused
}
