//! (g) Publishing over HTTP, from files and tables, and through an outbox, beside what the plain client gets confirmed; all onto
//! the same log, which a projector folds meanwhile.

use std::time::Duration;

use tonghop_node::commands::grouped;

use crate::agency::{Agency, documents};
use crate::table::{Spread, middle, over, per_second};
use crate::{Bench, tell};

/// Events that each way publishes in a round.
const EVENTS: u64 = 20_000;
/// Events of a batch over HTTP.
const BATCHES: [usize; 2] = [100, 500];

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let dir = bench.dir("publishing")?;
    let agency = bench.runtime.block_on(Agency::start(&dir))?;
    let [mut raw, mut file, mut outbox, mut table] = [const { Vec::<Duration>::new() }; 4];
    let mut posted = BATCHES.map(|_| Vec::new());
    for round in 1..=bench.rounds {
        tell(&format!("(g) round {round}: raw, over HTTP, from a file, an outbox and a table"));
        bench.runtime.block_on(async {
            raw.push(agency.raw(&documents(&format!("raw-{round}"), EVENTS)).await?);
            for (size, posted) in BATCHES.iter().zip(&mut posted) {
                let lines = documents(&format!("http-{size}-{round}"), EVENTS);
                let batch = |lines: &[String]| format!("[{}]", lines.join(","));
                let bodies: Vec<String> = lines.chunks(*size).map(batch).collect();
                posted.push(agency.post(&bodies).await?);
            }
            let rows = documents(&format!("file-{round}"), EVENTS);
            file.push(agency.file(&rows).await?);
            let kept = documents(&format!("kept-{round}"), EVENTS);
            outbox.push(agency.outbox(&kept).await?);
            table.push(agency.table(&format!("table-{round}"), EVENTS).await?);
            anyhow::Ok(())
        })?;
    }
    bench.runtime.block_on(agency.stop())?;
    let rate = |took: &[Duration]| {
        grouped(middle(took.iter().map(|took| per_second(EVENTS, *took)).collect()))
    };
    let ways = BATCHES.iter().zip(&posted);
    let ways = ways.map(|(size, took)| (format!("HTTP in batches of {size}, folded"), took));
    let others = [
        ("`tonghop publish` of a file", &file),
        ("`tonghop publish --outbox`, on disk first,", &outbox),
        ("`tonghop publish --map` of a CSV table", &table),
    ];
    let others = others.map(|(what, took)| (what.to_owned(), took));
    for (what, took) in ways.chain(others) {
        let ratios = raw.iter().zip(took).map(|(raw, took)| over(*raw, *took));
        let beside = format!("{} of {} events/s", rate(took), rate(&raw));
        bench.table.row(
            'g',
            format!("{what} ÷ raw acked publish"),
            Spread::of(ratios),
            beside,
            None,
        );
    }
    Ok(())
}
