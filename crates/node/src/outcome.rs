//! What became of published events: their positions against what the projector tells.
//!
//! `publish` and the gateway both listen; neither asks the store.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tonghop_core::unit_code::UnitCode;

use crate::announce::{FOLDED_SUBJECT, Reason, Told, folded_subject};
use crate::nats::NatsError;

/// The most reasons of refusals that are kept.
const REASONS_KEPT_MAX: usize = 1_000;

/// Consecutive positions of consecutive lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
    /// The file, counted from 0, and the line of the first position.
    file: usize,
    line: u64,
}

/// The positions of events, and the lines that they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Positions(Vec<Run>);

impl Positions {
    /// Adds the position of a line.
    pub(crate) fn add(&mut self, position: u64, file: usize, line: u64) {
        let single = Run { first: position, last: position, file, line };
        match self.0.last_mut() {
            Some(run) if run.is_followed_by(&single) => run.last = position,
            Some(run) if position <= run.last => self.add_before(single),
            _ => self.0.push(single),
        }
    }

    /// A position below the last one: a retried event may be confirmed late.
    fn add_before(&mut self, single: Run) {
        if self.line(single.first).is_none() {
            let place = self.0.partition_point(|run| run.first <= single.first);
            self.0.insert(place, single);
        }
    }

    /// The file and the line that the event at a position came from.
    pub(crate) fn line(&self, position: u64) -> Option<(usize, u64)> {
        let place = self.0.partition_point(|run| run.first <= position);
        let run = place.checked_sub(1).and_then(|before| self.0.get(before))?;
        (position <= run.last).then_some((run.file, run.line + (position - run.first)))
    }

    /// The last one; 0 if there is none.
    fn last(&self) -> u64 {
        self.0.last().map_or(0, |run| run.last)
    }

    /// How many positions from the first to the last are among these.
    fn count(&self, (first, last): (u64, u64)) -> u64 {
        let from = self.0.partition_point(|run| run.last < first);
        self.0
            .iter()
            .skip(from)
            .take_while(|run| run.first <= last)
            .map(|run| run.last.min(last).saturating_sub(run.first.max(first)) + 1)
            .sum()
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|run| run.last - run.first + 1).sum()
    }
}

impl Run {
    fn is_followed_by(&self, next: &Self) -> bool {
        next.first == self.last + 1
            && next.file == self.file
            && next.line == self.line + (next.first - self.first)
    }
}

/// What became of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) folded: u64,
    pub(crate) duplicates: u64,
    pub(crate) refused: u64,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was new.
    New,
    /// It was accepted before.
    Duplicate,
    /// It was refused; why, if that was told.
    Refused(Option<Reason>),
}

/// Listens to the projector while events are published.
#[derive(Debug)]
pub(crate) struct Listener {
    subscriber: async_nats::Subscriber,
    heard: Option<u64>,
    first: Option<u64>,
    /// First and last positions of what was told without a gap.
    told: Vec<(u64, u64)>,
    duplicates: Vec<(u64, u64)>,
    refused: Vec<(u64, u64)>,
    /// Why the first refused ones of these events were refused.
    reasons: Vec<Reason>,
    complete: bool,
    /// What is told is of one unit alone: steps without a message of it are not told at all.
    of_unit: bool,
}

impl Listener {
    /// Starts to listen: to all that is told, or to what is told a unit whose agency hears no more.
    pub(crate) async fn start(
        client: &async_nats::Client,
        unit: Option<UnitCode>,
    ) -> Result<Self, NatsError> {
        let subject = unit.map_or_else(|| FOLDED_SUBJECT.to_owned(), folded_subject);
        let subscriber = client.subscribe(subject).await.map_err(|error| NatsError::Api {
            what: "listening to the projector",
            source: error.into(),
        })?;
        Ok(Self {
            of_unit: unit.is_some(),
            subscriber,
            heard: None,
            first: None,
            told: Vec::new(),
            duplicates: Vec::new(),
            refused: Vec::new(),
            reasons: Vec::new(),
            complete: true,
        })
    }

    fn take(&mut self, payload: &[u8], positions: &Positions) {
        let Ok(told) = serde_json::from_slice::<Told>(payload) else { return };
        if !self.of_unit && self.heard.is_some_and(|heard| told.from > heard + 1) {
            self.complete = false;
        }
        self.first.get_or_insert(told.from);
        self.heard = Some(told.position);
        for reason in told.reasons {
            let is_ours = positions.line(reason.position).is_some();
            if is_ours && self.reasons.len() < REASONS_KEPT_MAX {
                self.reasons.push(reason);
            }
        }
        match told.ranges {
            Some(ranges) => {
                match self.told.last_mut() {
                    Some((_, last)) if told.from == *last + 1 => *last = told.position,
                    _ => self.told.push((told.from, told.position)),
                }
                self.duplicates.extend(ranges.duplicates);
                self.refused.extend(ranges.refused);
            }
            None => self.complete = false,
        }
    }

    /// Listens until the positions are folded, or nothing was told for `quiet_max`.
    pub(crate) async fn wait_for(
        &mut self,
        positions: &Positions,
        quiet_max: Duration,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut until = Instant::now() + quiet_max;
        while self.heard.is_none_or(|heard| heard < positions.last()) {
            let next = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                next = timeout_at(until, self.subscriber.next()) => next,
            };
            let Ok(Some(message)) = next else { return };
            self.take(&message.payload, positions);
            until = Instant::now() + quiet_max;
        }
    }

    /// What became of the event at a position; none if that was not told.
    pub(crate) fn said(&self, position: u64) -> Option<Said> {
        let is_in = |runs: &[(u64, u64)]| {
            runs.iter().any(|(first, last)| (*first..=*last).contains(&position))
        };
        if !is_in(&self.told) {
            return None;
        }
        if is_in(&self.refused) {
            let reason = self.reasons.iter().find(|reason| reason.position == position);
            return Some(Said::Refused(reason.cloned()));
        }
        Some(if is_in(&self.duplicates) { Said::Duplicate } else { Said::New })
    }

    /// Why the first refused ones were refused, in order of position.
    pub(crate) fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The positions of these that were refused, as far as it was told.
    pub(crate) fn refused_among(&self, positions: &Positions) -> Vec<u64> {
        let runs = self.refused.iter().flat_map(|(first, last)| *first..=*last);
        runs.filter(|position| positions.line(*position).is_some()).collect()
    }

    /// Whether the event at a position was refused, for many positions; none if that was not told.
    pub(crate) fn refusals(&self) -> impl Fn(u64) -> Option<bool> + use<> {
        let (is_told, is_refused) = (within(&self.told), within(&self.refused));
        move |position| is_told(position).then(|| is_refused(position))
    }

    /// What became of the events; none if that was not told of all of them.
    pub(crate) fn outcome(&self, positions: &Positions) -> Option<Outcome> {
        let first = positions.0.first().map_or(0, |run| run.first);
        let told = || self.told.iter().map(|run| positions.count(*run)).sum::<u64>();
        let covered = positions.total() == 0
            || (self.of_unit && told() == positions.total())
            || (!self.of_unit
                && self.heard? >= positions.last()
                && self.first? <= first
                && self.complete);
        if !covered {
            return None;
        }
        let of = |runs: &[(u64, u64)]| runs.iter().map(|run| positions.count(*run)).sum::<u64>();
        let (duplicates, refused) = (of(&self.duplicates), of(&self.refused));
        Some(Outcome { folded: positions.total() - duplicates - refused, duplicates, refused })
    }
}

/// Whether a position is within one of the runs.
fn within(runs: &[(u64, u64)]) -> impl Fn(u64) -> bool + use<> {
    let mut runs = runs.to_vec();
    runs.sort_unstable();
    let mut until = 0;
    for (_, last) in &mut runs {
        until = until.max(*last);
        *last = until;
    }
    move |position| {
        let place = runs.partition_point(|(first, _)| *first <= position);
        let run = place.checked_sub(1).and_then(|before| runs.get(before));
        run.is_some_and(|(_, last)| position <= *last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_within_any_of_the_runs() {
        let is_within = within(&[(9, 9), (2, 6), (3, 4)]);
        let found: Vec<u64> = (0..=10).filter(|position| is_within(*position)).collect();
        assert_eq!(found, [2, 3, 4, 5, 6, 9]);
    }

    #[test]
    fn positions_are_runs_and_late_ones_find_their_place() {
        let mut positions = Positions::default();
        for (position, line) in [(1, 1), (2, 2), (3, 3), (7, 4), (8, 5), (5, 6), (8, 5), (9, 9)] {
            positions.add(position, 0, line);
        }
        positions.add(10, 1, 10);
        let runs: Vec<_> = positions.0.iter().map(|run| (run.first, run.last)).collect();
        assert_eq!(runs, [(1, 3), (5, 5), (7, 8), (9, 9), (10, 10)]);
        assert_eq!(positions.total(), 8);
        assert_eq!(positions.count((2, 7)), 4);
        assert_eq!(positions.count((11, 20)), 0);
        for (position, line) in [(2, Some((0, 2))), (4, None), (5, Some((0, 6))), (8, Some((0, 5)))]
        {
            assert_eq!(positions.line(position), line, "{position}");
        }
        assert_eq!((positions.line(9), positions.line(10)), (Some((0, 9)), Some((1, 10))));
        assert_eq!(positions.line(11), None);
    }
}
