//! The messages that are handed over and not yet confirmed, in the order of publishing.
//!
//! Pure bookkeeping: it sends nothing and knows no clock. A message has a number, from 0; the
//! numbers in the window are consecutive, and it is never longer than its limit, so that one
//! message that is late holds up the callers rather than memory.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::{Job, Outgoing, PublishError, Stored};
use crate::jitter::jittered;

/// The shortest and the longest pause before a message that was refused is sent again.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Slot {
    job: Job,
    /// When it was handed over.
    since: Instant,
    /// When it is to be sent again, when nothing was heard; `None` while it is queued to be sent.
    retry_at: Option<Instant>,
    attempts: u32,
}

#[derive(Debug)]
pub(super) struct Window {
    limit: usize,
    /// The number of the first slot.
    first: u64,
    /// `None` where the message is settled and an earlier one is not.
    slots: VecDeque<Option<Slot>>,
    /// How many are not settled.
    unsettled: usize,
    /// The numbers to be sent, in order.
    due: VecDeque<u64>,
    confirm_max: Duration,
    /// Another one in each process, so that not all of them come back at the same moment.
    seed: u64,
}

impl Window {
    pub(super) fn new(limit: usize, confirm_max: Duration, seed: u64) -> Self {
        Self {
            limit,
            first: 0,
            slots: VecDeque::new(),
            unsettled: 0,
            due: VecDeque::new(),
            confirm_max,
            seed,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many are not settled.
    pub(super) fn unsettled(&self) -> usize {
        self.unsettled
    }

    /// How many more may be pushed.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.slots.len())
    }

    /// Takes a message in, to be sent.
    pub(super) fn push(&mut self, job: Job, now: Instant) {
        assert!(self.room() > 0, "the window is bounded");
        let number = self.first + u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        self.slots.push_back(Some(Slot { job, since: now, retry_at: None, attempts: 0 }));
        self.unsettled += 1;
        self.due.push_back(number);
    }

    /// The next message to be sent, counted as sent.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<(u64, Outgoing)> {
        let confirm_max = self.confirm_max;
        while let Some(number) = self.due.pop_front() {
            if let Some(slot) = self.slot(number) {
                slot.attempts = slot.attempts.saturating_add(1);
                slot.retry_at = Some(now + confirm_max);
                return Some((number, slot.job.outgoing.clone()));
            }
        }
        None
    }

    /// Tells the caller; nothing happens when the caller was told before.
    pub(super) fn settle(&mut self, number: u64, result: Result<Stored, PublishError>) {
        let Some(slot) = self.index(number).and_then(|index| self.slots.get_mut(index)?.take())
        else {
            return;
        };
        self.unsettled -= 1;
        // Who dropped the receipt does not want to know.
        drop(slot.job.receipt.send(result));
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.first += 1;
        }
    }

    /// Tells all callers the same.
    pub(super) fn settle_all(&mut self, error: &dyn Fn() -> PublishError) {
        for slot in self.slots.drain(..).flatten() {
            drop(slot.job.receipt.send(Err(error())));
        }
        self.unsettled = 0;
        self.due.clear();
    }

    /// The subject of a message that is not settled.
    pub(super) fn subject(&mut self, number: u64) -> Option<String> {
        self.slot(number).map(|slot| slot.job.outgoing.subject.to_string())
    }

    /// The message was refused for now: it is sent again after a pause that grows.
    pub(super) fn refused(&mut self, number: u64, now: Instant) {
        let seed = self.seed;
        if let Some(slot) = self.slot(number)
            && slot.retry_at.is_some()
        {
            let doublings = slot.attempts.saturating_sub(1).min(8);
            let pause = (PAUSE_MIN * 2_u32.saturating_pow(doublings)).min(PAUSE_MAX);
            slot.retry_at = Some(now + jittered(pause, seed ^ number));
        }
    }

    /// Nothing that is under way is waited for longer than this.
    pub(super) fn expect_all_before(&mut self, deadline: Instant) {
        for slot in self.slots.iter_mut().flatten() {
            slot.retry_at = slot.retry_at.map(|at| at.min(deadline));
        }
    }

    /// Queues what was to be confirmed by now, and says how many that is.
    pub(super) fn queue_overdue(&mut self, now: Instant) -> usize {
        let mut count = 0;
        for (number, slot) in (self.first..).zip(&mut self.slots) {
            if let Some(slot) = slot
                && slot.retry_at.is_some_and(|at| at <= now)
            {
                slot.retry_at = None;
                self.due.push_back(number);
                count += 1;
            }
        }
        count
    }

    /// How long the oldest has waited.
    pub(super) fn oldest_age(&self, now: Instant) -> Option<Duration> {
        let oldest = self.slots.front()?.as_ref()?;
        Some(now.saturating_duration_since(oldest.since))
    }

    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let index = self.index(number)?;
        self.slots.get_mut(index)?.as_mut()
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::{Job, Outgoing, PublishError, Stored, Window};

    type Promise = oneshot::Receiver<Result<Stored, PublishError>>;

    const CONFIRM_MAX: Duration = Duration::from_secs(5);

    fn job() -> (Job, Promise) {
        let (receipt, promise) = oneshot::channel();
        let outgoing = Outgoing { subject: "s".into(), headers: None, payload: Bytes::new() };
        (Job { outgoing, receipt }, promise)
    }

    fn filled(count: usize, now: Instant) -> (Window, Vec<Promise>) {
        let mut window = Window::new(count, CONFIRM_MAX, 0);
        let promises = (0..count)
            .map(|_| {
                let (job, promise) = job();
                window.push(job, now);
                promise
            })
            .collect();
        (window, promises)
    }

    fn sent(window: &mut Window, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| window.next_due(now).map(|(number, _)| number)).collect()
    }

    fn stored(position: u64) -> Stored {
        Stored { position, duplicate: false }
    }

    #[test]
    fn confirmations_in_any_order_free_the_window_from_its_front() {
        let now = Instant::now();
        let (mut window, promises) = filled(3, now);
        assert_eq!(sent(&mut window, now), [0, 1, 2]);
        window.settle(2, Ok(stored(30)));
        window.settle(1, Ok(stored(20)));
        assert_eq!((window.room(), window.unsettled()), (0, 1));
        window.settle(0, Ok(stored(10)));
        assert_eq!((window.room(), window.unsettled()), (3, 0));
        window.settle(0, Ok(stored(99)));
        let positions: Vec<u64> = promises
            .into_iter()
            .map(|mut promise| promise.try_recv().unwrap().unwrap().position)
            .collect();
        assert_eq!(positions, [10, 20, 30]);
    }

    #[test]
    fn what_is_not_confirmed_is_sent_again_in_order() {
        let now = Instant::now();
        let (mut window, _promises) = filled(3, now);
        assert_eq!(sent(&mut window, now), [0, 1, 2]);
        window.settle(1, Ok(stored(1)));
        assert_eq!(window.queue_overdue(now + CONFIRM_MAX / 2), 0);
        assert_eq!(window.queue_overdue(now + CONFIRM_MAX), 2);
        assert_eq!(window.queue_overdue(now + CONFIRM_MAX * 9), 0, "queued once");
        assert_eq!(sent(&mut window, now + CONFIRM_MAX), [0, 2]);
    }

    #[test]
    fn a_refused_message_waits_and_a_settled_one_is_not_sent() {
        let now = Instant::now();
        let (mut window, _promises) = filled(2, now);
        assert_eq!(sent(&mut window, now), [0, 1]);
        window.refused(0, now);
        window.refused(1, now);
        assert_eq!(window.queue_overdue(now), 0);
        assert_eq!(window.queue_overdue(now + Duration::from_millis(150)), 2);
        window.settle(0, Ok(stored(1)));
        assert_eq!(sent(&mut window, now), [1]);
    }

    #[test]
    fn giving_up_tells_everybody() {
        let now = Instant::now();
        let (mut window, promises) = filled(2, now);
        assert_eq!(window.oldest_age(now + CONFIRM_MAX), Some(CONFIRM_MAX));
        window.settle_all(&|| PublishError::Closed);
        assert!(window.is_empty());
        for mut promise in promises {
            assert!(matches!(promise.try_recv(), Ok(Err(PublishError::Closed))));
        }
    }
}
