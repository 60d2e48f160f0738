//! (g) Publishing over HTTP and from a file, beside what the plain client gets confirmed; all onto
//! the same log, which a projector folds meanwhile.

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
    let (mut raw, mut file) = (Vec::new(), Vec::new());
    let mut posted = BATCHES.map(|_| Vec::new());
    for round in 1..=bench.rounds {
        tell(&format!("(g) round {round}: raw, over HTTP, from a file"));
        bench.runtime.block_on(async {
            raw.push(agency.raw(&documents(&format!("raw-{round}"), EVENTS)).await?);
            for (size, posted) in BATCHES.iter().zip(&mut posted) {
                let lines = documents(&format!("http-{size}-{round}"), EVENTS);
                let batch = |lines: &[String]| format!("[{}]", lines.join(","));
                let bodies: Vec<String> = lines.chunks(*size).map(batch).collect();
                posted.push(agency.post(&bodies).await?);
            }
            let rows = documents(&format!("file-{round}"), EVENTS);
            file.push(agency.file(&rows, &agency.url()).await?);
            anyhow::Ok(())
        })?;
    }
    bench.runtime.block_on(agency.stop())?;
    let rate = |took: &[std::time::Duration]| {
        grouped(middle(took.iter().map(|took| per_second(EVENTS, *took)).collect()))
    };
    let ways = BATCHES.iter().zip(&posted);
    let ways = ways.map(|(size, took)| (format!("HTTP in batches of {size}, folded"), took));
    for (what, took) in ways.chain([("`tonghop publish` of a file".to_owned(), &file)]) {
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
