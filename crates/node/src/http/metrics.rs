//! `/metrics`: what is counted about the process, as Prometheus (`OpenMetrics`) text.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tonghop_core::sources::Source;

use super::{Answer, Problem, Request};
use crate::ask::AskError;

/// `/metrics`.
pub(super) fn text(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let view = request.view()?;
    let moment = view.read(&[], |moment| {
        let all = || moment.sources.iter().map(|(_, _, source)| source);
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let sources = [
            count(all().count()),
            count(all().filter(|source| source.is_numbered()).count()),
            count(all().filter(|source| source.is_incomplete()).count()),
            all().map(Source::missing_count).fold(0, u64::saturating_add),
        ];
        (moment.position, moment.lag, moment.counts, sources)
    });
    let (position, lag, counts, sources) = moment.map_err(Problem::from)?;
    let mut registry = Registry::with_prefix("tonghop");
    gauge(&mut registry, "position", "Position of the log that readers see", position);
    gauge(&mut registry, "lag", "Messages of the log that are not folded yet", lag);
    let (is_ready, _) = view.readiness();
    gauge(&mut registry, "ready", "1 once the log's end at the start was reached", is_ready.into());
    count(&mut registry, "folded", "Events accepted for the first time", counts.folded);
    count(&mut registry, "duplicates", "Events accepted before", counts.duplicates);
    count(&mut registry, "refused", "Messages refused", counts.refused);
    for (value, (name, help)) in sources.into_iter().zip([
        ("sources", "Sources that were heard"),
        ("sources_numbered", "Sources that number their events"),
        ("sources_incomplete", "Sources of which events are missing"),
        ("events_missing", "Events that sources have numbered and that never came"),
    ]) {
        gauge(&mut registry, name, help, value);
    }
    registry.register(
        "refused_by_code",
        "Messages refused since this process opened the store",
        view.metrics().refused.clone(),
    );
    registry.register_with_unit(
        "commit",
        "How long commits took until they were durable",
        Unit::Seconds,
        view.metrics().commits.clone(),
    );
    if let Some(gateway) = &request.gateway {
        gateway.metrics().register(&mut registry);
    }
    let stored = view.metrics().store_bytes.load(Ordering::Relaxed);
    gauge(&mut registry, "store_bytes", "Disk that the store takes", stored);
    for (name, help, line) in [
        ("resident_memory_bytes", "Memory that the process holds", "VmRSS:"),
        ("resident_memory_peak_bytes", "The most memory that the process ever held", "VmHWM:"),
    ] {
        if let Some(bytes) = status_bytes(line) {
            gauge(&mut registry, name, help, bytes);
        }
    }
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        return Err(super::defect().into());
    }
    Ok(Answer {
        status: StatusCode::OK,
        disposition: None,
        content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        body: text.into_bytes(),
    })
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge<u64, std::sync::atomic::AtomicU64> = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn count(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

/// A size in the status of this process, where the system says so.
fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
