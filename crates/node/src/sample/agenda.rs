//! What is still to be written, by day: the day at hand, and the later steps of open dossiers.

use std::collections::BTreeMap;

use super::days::{Day, LAST};
use super::event::Event;

/// Planned events by effective day.
#[derive(Debug)]
pub(super) struct Agenda(BTreeMap<Day, Vec<Event>>);

impl Agenda {
    /// With nothing planned.
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Plans an event; what would happen after the last day is not told.
    pub(super) fn put(&mut self, day: Day, event: Event) {
        if day <= LAST {
            self.0.entry(day).or_default().push(event);
        }
    }

    /// The day's events in order of time; at the same second, in the order of planning.
    pub(super) fn take(&mut self, day: Day) -> Vec<Event> {
        let mut events = self.0.remove(&day).unwrap_or_default();
        events.sort_by_key(|event| event.second);
        let left_behind = self.0.first_key_value().is_some_and(|(&first, _)| first < day);
        assert!(!left_behind, "an event was planned for a day that is past");
        events
    }
}
