//! (f) Memory of the projector, and bytes on disk of store and log.

use std::time::Duration;

use anyhow::Context;
use tonghop_node::{compare, socket};

use crate::log::Log;
use crate::table::{Spread, float};
use crate::{Bench, process, tell};

/// How often the projector is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench, log: &mut Log) -> anyhow::Result<()> {
    tell("(f) a projector in a process of its own");
    let data = bench.dir("sizes")?;
    let peak = bench.runtime.block_on(peak_of_projector(log, &data))?;
    let store = compare::open_in_use(&data)?.disk_bytes()?;
    bench.runtime.block_on(log.look())?;
    let files = process::bytes_below(&log.dir.join("nats").join("jetstream"))?;
    let (events, payload) = (float(log.last()), float(bench.sample.bytes));
    let each = |bytes: u64| format!("{:.0} bytes an event", float(bytes) / events);
    let rows = [
        ("peak memory of the projector ÷ payload", peak, format!("{} MiB", peak >> 20)),
        ("store on disk ÷ payload", store, each(store)),
        ("log as the server counts ÷ payload", log.events.bytes, each(log.events.bytes)),
        ("log's files ÷ payload", files, each(files)),
    ];
    for (what, bytes, beside) in rows {
        bench.table.row('f', what, Spread::of([float(bytes) / payload]), beside, None);
    }
    std::fs::remove_dir_all(data)?;
    Ok(())
}

/// The most memory that a projector held while it caught up.
async fn peak_of_projector(log: &Log, data: &std::path::Path) -> anyhow::Result<u64> {
    let mut child = log.tonghop(data, &["project"])?;
    let pid = child.id().context("the projector ended at once")?;
    loop {
        anyhow::ensure!(child.try_wait()?.is_none(), "the projector ended by itself");
        if let Ok(reply) = socket::ask(data, "/healthz").await {
            let health: serde_json::Value = serde_json::from_slice(&reply.body)?;
            let position = health.get("position").and_then(serde_json::Value::as_u64);
            if position.is_some_and(|position| position >= log.last()) {
                break;
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    let peak = process::memory_peak(pid)?;
    child.kill().await?;
    Ok(peak)
}
