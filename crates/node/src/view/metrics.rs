//! What the projector's driver counts beside the figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

/// Upper bounds of the latency of commits, in seconds.
const COMMIT_SECONDS: [f64; 12] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// What the tasks of the process count; everything else is read when it is asked for.
#[derive(Debug)]
pub struct Metrics {
    pub(crate) commits: Histogram,
    pub(crate) store_bytes: AtomicU64,
    pub(crate) refused: Family<Vec<(&'static str, String)>, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commits: Histogram::new(COMMIT_SECONDS),
            store_bytes: AtomicU64::new(0),
            refused: Family::default(),
        }
    }
}

impl Metrics {
    /// A commit was durable after so long.
    pub fn committed(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// The store takes so many bytes of disk.
    pub fn stored(&self, bytes: u64) {
        self.store_bytes.store(bytes, Ordering::Relaxed);
    }

    /// A message was refused with this code. Codes are a closed set; they are labels.
    pub fn refused(&self, code: &str) {
        self.refused.get_or_create(&vec![("code", code.to_owned())]).inc();
    }
}
