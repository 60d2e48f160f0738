//! What the gateway counts.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the latency of requests, in seconds.
const REQUEST_SECONDS: [f64; 10] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 10.0];

/// Counters of the gateway. Their labels are closed sets.
#[derive(Debug)]
pub struct GatewayMetrics {
    events: Family<Vec<(&'static str, &'static str)>, Counter>,
    requests: Family<Vec<(&'static str, String)>, Counter>,
    limited: Counter,
    seconds: Histogram,
}

impl Default for GatewayMetrics {
    fn default() -> Self {
        Self {
            events: Family::default(),
            requests: Family::default(),
            limited: Counter::default(),
            seconds: Histogram::new(REQUEST_SECONDS),
        }
    }
}

impl GatewayMetrics {
    /// An event was answered with this status.
    pub fn event(&self, status: &'static str) {
        self.events.get_or_create(&vec![("status", status)]).inc();
    }

    /// A request was answered.
    pub fn answered(&self, status: u16, took: Duration) {
        self.requests.get_or_create(&vec![("status", status.to_string())]).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// An agency sent more than it may.
    pub fn limited(&self) {
        self.limited.inc();
    }

    /// Shows them.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Events that came over HTTP, by what they were answered with";
        registry.register("gateway_events", help, self.events.clone());
        let help = "Requests to publish over HTTP, by status";
        registry.register("gateway_requests", help, self.requests.clone());
        let help = "Requests of agencies that sent more than they may";
        registry.register("gateway_limited", help, self.limited.clone());
        let help = "How long requests to publish took";
        registry.register_with_unit("gateway_request", help, Unit::Seconds, self.seconds.clone());
    }
}
