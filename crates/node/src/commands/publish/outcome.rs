//! What became of the published events: their positions against what the projector tells.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::announce::{FOLDED_SUBJECT, Told};
use crate::nats::NatsError;

/// Positions as runs, first and last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Positions(Vec<(u64, u64)>);

impl Positions {
    /// Adds a position.
    pub(super) fn add(&mut self, position: u64) {
        match self.0.last_mut() {
            Some((_, last)) if position == *last + 1 => *last = position,
            Some((_, last)) if position <= *last => self.add_before(position),
            _ => self.0.push((position, position)),
        }
    }

    /// A position below the last one: a retried event may be confirmed late.
    fn add_before(&mut self, position: u64) {
        let place = self.0.partition_point(|(first, _)| *first <= position);
        let held = place
            .checked_sub(1)
            .and_then(|before| self.0.get(before))
            .is_some_and(|(_, last)| position <= *last);
        if !held {
            self.0.insert(place, (position, position));
        }
    }

    fn last(&self) -> u64 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// How many positions of the run are among these.
    fn count(&self, (first, last): (u64, u64)) -> u64 {
        let from = self.0.partition_point(|(_, end)| *end < first);
        self.0
            .iter()
            .skip(from)
            .take_while(|(start, _)| *start <= last)
            .map(|(start, end)| (*end).min(last).saturating_sub((*start).max(first)) + 1)
            .sum()
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }
}

/// What became of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) folded: u64,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
}

/// Listens to the projector while events are published.
#[derive(Debug)]
pub(super) struct Listener {
    subscriber: async_nats::Subscriber,
    heard: Option<u64>,
    first: Option<u64>,
    duplicates: Vec<(u64, u64)>,
    refused: Vec<(u64, u64)>,
    complete: bool,
}

impl Listener {
    /// Starts to listen.
    pub(super) async fn start(client: &async_nats::Client) -> Result<Self, NatsError> {
        let subscriber = client.subscribe(FOLDED_SUBJECT).await.map_err(|error| {
            NatsError::Api { what: "listening to the projector", source: error.into() }
        })?;
        Ok(Self {
            subscriber,
            heard: None,
            first: None,
            duplicates: Vec::new(),
            refused: Vec::new(),
            complete: true,
        })
    }

    fn take(&mut self, payload: &[u8]) {
        let Ok(told) = serde_json::from_slice::<Told>(payload) else { return };
        if self.heard.is_some_and(|heard| told.from > heard + 1) {
            self.complete = false;
        }
        self.first.get_or_insert(told.from);
        self.heard = Some(told.position);
        match told.ranges {
            Some(ranges) => {
                self.duplicates.extend(ranges.duplicates);
                self.refused.extend(ranges.refused);
            }
            None => self.complete = false,
        }
    }

    /// Listens until the positions are folded, or nothing was told for `quiet_max`.
    pub(super) async fn wait_for(
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
            self.take(&message.payload);
            until = Instant::now() + quiet_max;
        }
    }

    /// What became of the events; none if that was not told of all of them.
    pub(super) fn outcome(&self, positions: &Positions) -> Option<Outcome> {
        let first = positions.0.first().map_or(0, |(first, _)| *first);
        let covered = positions.total() == 0
            || (self.heard? >= positions.last() && self.first? <= first && self.complete);
        if !covered {
            return None;
        }
        let of = |runs: &[(u64, u64)]| runs.iter().map(|run| positions.count(*run)).sum::<u64>();
        let (duplicates, refused) = (of(&self.duplicates), of(&self.refused));
        Some(Outcome { folded: positions.total() - duplicates - refused, duplicates, refused })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_runs_and_late_ones_find_their_place() {
        let mut positions = Positions::default();
        for position in [1, 2, 3, 7, 8, 5, 8] {
            positions.add(position);
        }
        assert_eq!(positions.0, [(1, 3), (5, 5), (7, 8)]);
        assert_eq!(positions.total(), 6);
        assert_eq!(positions.count((2, 7)), 4);
        assert_eq!(positions.count((9, 20)), 0);
    }
}
