//! (e) How long forms and figures take while the projector catches up at full rate, and after.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tonghop_node::http::{self, Api};
use tonghop_node::socket;

use crate::log::Log;
use crate::projector::Projector;
use crate::table::{Goal, Spread, ms, over, percentile};
use crate::{Bench, tell};

/// What is asked.
#[derive(Debug)]
struct Question {
    /// Its name in the table.
    name: &'static str,
    path: &'static str,
    /// What its p99 while folding should stay below, in milliseconds.
    goal: Option<u64>,
}

const QUESTIONS: [Question; 5] = [
    Question { name: "form", path: "/v1/forms/bieu-06a?unit=H41&period=2021-Q3", goal: Some(5) },
    Question { name: "cchc", path: "/v1/forms/cchc?unit=H41&period=2021-Q3", goal: Some(20) },
    Question {
        name: "figure",
        path: "/v1/figures?indicator=documents.issued&unit=H41&from=2021-06-15&to=2021-09-14",
        goal: None,
    },
    // The figure with the most events that there is: 900,000 at the true volume.
    Question {
        name: "events behind a figure",
        path: "/v1/figures/documents.received~H41~20200101-20211231/events",
        goal: Some(100),
    },
    Question {
        name: "reconciliation",
        path: "/v1/reconciliation?unit=H41&period=2021-Q3",
        goal: None,
    },
];
/// The pause between two questions, so that asking leaves the fold its processors.
const PAUSE: Duration = Duration::from_millis(2);
/// How long is asked while nothing is folded.
const IDLE_FOR: Duration = Duration::from_secs(2);

/// How long the answers to one question took, by one way, in one round.
#[derive(Debug, Default)]
struct Series {
    folding: Vec<Duration>,
    idle: Vec<Duration>,
    bytes: usize,
}

/// By which way is asked.
#[derive(Debug, Clone, Copy)]
enum Way {
    Router,
    Socket,
}

const WAYS: [(Way, &str); 2] = [(Way::Router, "router"), (Way::Socket, "socket")];

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench, log: &Log) -> anyhow::Result<()> {
    let mut rounds = Vec::new();
    for round in 1..=bench.rounds {
        tell(&format!("(e) round {round}: ask while folding, then idle"));
        let data = bench.dir(&format!("queries-{round}"))?;
        rounds.push(bench.runtime.block_on(measure_once(log, &data))?);
        std::fs::remove_dir_all(data)?;
    }
    for (place, (question, way)) in asked().enumerate() {
        let series: Vec<&Series> = rounds.iter().filter_map(|round| round.get(place)).collect();
        let of = |times: fn(&Series) -> &Vec<Duration>, hundredths| {
            let mut each: Vec<Duration> =
                series.iter().map(|one| percentile(times(one), hundredths)).collect();
            each.sort_unstable();
            each.get(each.len() / 2).copied().unwrap_or_default()
        };
        let ratios =
            series.iter().map(|one| over(percentile(&one.folding, 99), percentile(&one.idle, 99)));
        let (p50, p99) = (of(|one| &one.folding, 50), of(|one| &one.folding, 99));
        let (idle50, idle99) = (of(|one| &one.idle, 50), of(|one| &one.idle, 99));
        let counts: Vec<String> = series.iter().map(|one| one.folding.len().to_string()).collect();
        let beside = format!(
            "p50 {}, p99 {}; idle {}, {}; {} bytes; asked {} times",
            ms(p50),
            ms(p99),
            ms(idle50),
            ms(idle99),
            series.iter().map(|one| one.bytes).max().unwrap_or_default(),
            counts.join(" + "),
        );
        let goal = question
            .goal
            .map(|goal| Goal::new(format!("p99 < {goal} ms"), p99 < Duration::from_millis(goal)));
        let what = format!("{} by {}, p99 folding ÷ idle", question.name, way.1);
        bench.table.row('e', what, Spread::of(ratios), beside, goal);
    }
    Ok(())
}

/// Every question by every way, in the order of the series.
fn asked() -> impl Iterator<Item = (&'static Question, &'static (Way, &'static str))> {
    QUESTIONS.iter().flat_map(|question| WAYS.iter().map(move |way| (question, way)))
}

/// One catch-up with questions, then some idle time with questions.
async fn measure_once(log: &Log, data: &Path) -> anyhow::Result<Vec<Series>> {
    let projector = Projector::start(log.url(), data)?;
    let router = http::router(&Api::new(Arc::clone(&projector.reading)));
    let mut series: Vec<Series> = asked().map(|_| Series::default()).collect();
    // Before that there is little in memory to read.
    projector.until(log.last() / 2).await?;
    // A store that is built anew shows nothing until it is whole; here that is what is measured.
    if let Some(view) = projector.reading.view() {
        view.withhold_until(0);
    }
    while projector.position() < log.last() {
        for ((question, way), series) in asked().zip(&mut series) {
            let (took, bytes) = ask(&projector.data, &router, way.0, question.path).await?;
            if projector.position() < log.last() {
                series.folding.push(took);
                series.bytes = series.bytes.max(bytes);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    let begun = Instant::now();
    while begun.elapsed() < IDLE_FOR {
        for ((question, way), series) in asked().zip(&mut series) {
            let (took, bytes) = ask(&projector.data, &router, way.0, question.path).await?;
            series.idle.push(took);
            series.bytes = series.bytes.max(bytes);
            tokio::time::sleep(PAUSE).await;
        }
    }
    projector.stop().await?;
    Ok(series)
}

async fn ask(
    data: &Path,
    router: &Router,
    way: Way,
    path: &str,
) -> anyhow::Result<(Duration, usize)> {
    let begun = Instant::now();
    let reply = match way {
        Way::Router => http::ask(router, path).await?,
        Way::Socket => socket::ask(data, path).await?,
    };
    let took = begun.elapsed();
    anyhow::ensure!(reply.status.is_success(), "{path} was answered {}", reply.status);
    Ok((took, reply.body.len()))
}
