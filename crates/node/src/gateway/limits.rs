//! How much an agency may send: so many events a second, a burst of more, and few requests at once.
//!
//! One agency's flood uses up its own share alone; the bodies of all together are bounded too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::BATCH_EVENTS_MAX;
use crate::agencies::Holder;

/// Requests whose bodies are held at once, of all agencies.
const BODIES_MAX: usize = 16;

/// The table `gateway` of the settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewaySettings {
    /// Events that an agency may send each second, in the long run.
    pub events_per_second: u32,
    /// Events that it may send at once after a pause.
    pub burst_events: u32,
    /// Requests of one agency that are answered at once.
    pub requests_at_once: u32,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self { events_per_second: 500, burst_events: 5_000, requests_at_once: 4 }
    }
}

impl GatewaySettings {
    /// What is wrong with them, if anything is.
    pub fn fault(&self) -> Option<String> {
        if self.events_per_second == 0 || self.requests_at_once == 0 {
            return Some("events_per_second and requests_at_once are at least 1".to_owned());
        }
        if usize::try_from(self.burst_events).is_ok_and(|burst| burst < BATCH_EVENTS_MAX) {
            return Some(format!("burst_events is at least a batch, {BATCH_EVENTS_MAX}"));
        }
        None
    }
}

/// Why a request is not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// The agency has used up its events; there are enough after so many seconds.
    Events {
        /// How long to wait.
        retry_after_s: u16,
    },
    /// The agency has as many requests under way as it may have.
    Requests,
    /// All agencies together have.
    Bodies,
}

/// What the agencies have left.
#[derive(Debug)]
pub struct Limits {
    settings: GatewaySettings,
    buckets: Mutex<BTreeMap<Holder, Bucket>>,
    bodies: Arc<Semaphore>,
}

/// What one agency has left.
#[derive(Debug)]
struct Bucket {
    /// Events that it may send now, in thousandths.
    left_milli: u64,
    filled: Instant,
    requests: u32,
}

/// One request that is taken. Its agency may send another when it is dropped.
#[derive(Debug)]
pub struct Admission {
    limits: Arc<Limits>,
    holder: Holder,
    _body: OwnedSemaphorePermit,
}

impl Limits {
    /// Every agency has its burst.
    pub fn new(settings: GatewaySettings) -> Self {
        let buckets = Mutex::new(BTreeMap::new());
        Self { settings, buckets, bodies: Arc::new(Semaphore::new(BODIES_MAX)) }
    }

    /// Takes a request of at least one event.
    pub fn admit(self: &Arc<Self>, holder: Holder) -> Result<Admission, Limited> {
        let body = Arc::clone(&self.bodies).try_acquire_owned().map_err(|_| Limited::Bodies)?;
        self.with(holder, |bucket| {
            if bucket.requests >= self.settings.requests_at_once {
                return Err(Limited::Requests);
            }
            bucket.take(1, self.settings, Instant::now())?;
            bucket.requests += 1;
            Ok(())
        })?;
        Ok(Admission { limits: Arc::clone(self), holder, _body: body })
    }

    fn with<T>(&self, holder: Holder, act: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = u64::from(self.settings.burst_events) * 1_000;
        let new = || Bucket { left_milli: full, filled: Instant::now(), requests: 0 };
        act(buckets.entry(holder).or_insert_with(new))
    }
}

impl Admission {
    /// Takes the events of the request beyond the first; if there is no room for them, the first
    /// is given back.
    pub fn take_more(&self, events: usize) -> Result<(), Limited> {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let settings = self.limits.settings;
        self.limits.with(self.holder, |bucket| {
            bucket.take(events, settings, Instant::now()).inspect_err(|_| {
                bucket.left_milli = bucket.left_milli.saturating_add(1_000);
            })
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.limits.with(self.holder, |bucket| bucket.requests = bucket.requests.saturating_sub(1));
    }
}

impl Bucket {
    /// Takes all of the events or none.
    fn take(
        &mut self,
        events: u64,
        settings: GatewaySettings,
        now: Instant,
    ) -> Result<(), Limited> {
        let rate = u64::from(settings.events_per_second);
        let passed = now.saturating_duration_since(self.filled);
        let passed_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        // What is less than a millisecond is not lost.
        self.filled += Duration::from_millis(passed_ms);
        let full = u64::from(settings.burst_events) * 1_000;
        self.left_milli = self.left_milli.saturating_add(passed_ms.saturating_mul(rate)).min(full);
        let asked = events.saturating_mul(1_000);
        if let Some(left) = self.left_milli.checked_sub(asked) {
            self.left_milli = left;
            return Ok(());
        }
        let seconds = (asked - self.left_milli).div_ceil(rate * 1_000);
        Err(Limited::Events { retry_after_s: u16::try_from(seconds).unwrap_or(u16::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use tonghop_core::unit_code::UnitCode;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let settings =
            GatewaySettings { events_per_second: 2, burst_events: 1_000, requests_at_once: 1 };
        let start = Instant::now();
        let mut bucket = Bucket { left_milli: 1_000_000, filled: start, requests: 0 };
        let mut take = |events, ms| {
            let now = start + Duration::from_millis(ms);
            bucket.take(events, settings, now)
        };
        let later = |retry_after_s| Err(Limited::Events { retry_after_s });
        for (events, ms, expected) in [
            (1_000, 0, Ok(())),
            (1, 0, later(1)),
            (1, 499, later(1)),
            (1, 500, Ok(())),
            (1_000, 500, later(500)),
            (1_000, 499_999, later(1)),
            (1_000, 500_500, Ok(())),
            // It never has more than the burst.
            (1_001, 9_000_000, later(1)),
            (1_000, 9_000_000, Ok(())),
        ] {
            assert_eq!(take(events, ms), expected, "{events} at {ms}");
        }
    }

    #[test]
    fn one_agency_does_not_take_what_is_another_ones() {
        let settings = GatewaySettings { requests_at_once: 2, ..GatewaySettings::default() };
        let limits = Arc::new(Limits::new(settings));
        let [one, other] =
            ["H41.16", "H41.17"].map(|code| Holder::Unit(UnitCode::parse(code).unwrap()));
        let first = limits.admit(one).unwrap();
        let _second = limits.admit(one).unwrap();
        assert_eq!(limits.admit(one).unwrap_err(), Limited::Requests);
        limits.admit(other).unwrap();
        drop(first);
        let third = limits.admit(one).unwrap();
        let left = || limits.with(one, |bucket| bucket.left_milli);
        let before = left();
        assert!(third.take_more(1_000_000).is_err());
        assert!(left() >= before + 1_000, "the first is given back");
    }

    #[test]
    fn settings_that_would_stop_every_batch_are_faulty() {
        assert_eq!(GatewaySettings::default().fault(), None);
        let faulty = GatewaySettings { burst_events: 999, ..GatewaySettings::default() };
        assert!(faulty.fault().is_some());
        let faulty = GatewaySettings { events_per_second: 0, ..GatewaySettings::default() };
        assert!(faulty.fault().is_some());
    }
}
