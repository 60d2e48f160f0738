//! (h) Decoding an event in JSON, beside `serde_json` reading it into a typed struct, which checks
//! nothing, computes no day and takes no fingerprint. CPU time, for one thread does it all.

use std::borrow::Cow;
use std::hint::black_box;

use serde::Deserialize;
use tonghop_node::commands::grouped;
use tonghop_node::nats::Raw;
use tonghop_wire::Decoder;

use crate::input::{decode, message};
use crate::table::{Goal, Spread, middle, over, per_second};
use crate::{Bench, process, tell};

/// Events of a kind that are read in a round; CPU time is counted in hundredths of a second.
const EVENTS: u64 = 1_000_000;
/// Different events among them.
const DIFFERENT: usize = 2_000;
/// Events a CPU-second that decoding should reach.
const GOAL: u64 = 2_000_000;

/// An event as a programmer with serde would read it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Typed<'a, D> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: &'a str,
    unit: &'a str,
    sequence: Option<&'a str>,
    replaces: Option<&'a str>,
    data: D,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Accepted<'a> {
    procedure: &'a str,
    field: &'a str,
    channel: &'a str,
    submitted_at: Option<&'a str>,
    due_on: Option<&'a str>,
    service_level: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "it is read, and that is what is measured")]
struct Received {
    electronic: bool,
}

/// Measures and adds the rows.
pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    kind(bench, "dossier.accepted", |line| {
        serde_json::from_slice::<Typed<'_, Accepted<'_>>>(line).is_ok()
    })?;
    kind(bench, "document.received", |line| {
        serde_json::from_slice::<Typed<'_, Received>>(line).is_ok()
    })
}

fn kind(bench: &mut Bench, kind: &str, typed: fn(&[u8]) -> bool) -> anyhow::Result<()> {
    tell(&format!("(h) {kind}"));
    let mut raws: Vec<Raw> = Vec::new();
    for line in bench.sample.lines()? {
        let raw = message(1, line?)?;
        if raw.subject.as_str().ends_with(kind) {
            raws.push(raw);
        }
        if raws.len() == DIFFERENT {
            break;
        }
    }
    anyhow::ensure!(!raws.is_empty(), "the sample has no {kind}");
    let laps = EVENTS / u64::try_from(raws.len())?;
    let events = laps * u64::try_from(raws.len())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let before = process::cpu()?;
        let mut decoder = Decoder::new();
        for _ in 0..laps {
            for raw in &raws {
                black_box(decode(&mut decoder, black_box(raw)));
            }
        }
        let between = process::cpu()?;
        for _ in 0..laps {
            for raw in &raws {
                anyhow::ensure!(typed(black_box(&raw.payload)), "serde reads no {kind}");
            }
        }
        theirs.push(process::cpu()?.saturating_sub(between));
        ours.push(between.saturating_sub(before));
    }
    let rate = |took: &[std::time::Duration]| {
        middle(took.iter().map(|took| per_second(events, *took)).collect())
    };
    let (decoded, read) = (rate(&ours), rate(&theirs));
    bench.table.row(
        'h',
        format!("{kind}: CPU of decode ÷ CPU of serde into a struct"),
        Spread::of(ours.iter().zip(&theirs).map(|(ours, theirs)| over(*ours, *theirs))),
        format!("{} decoded, {} read a CPU-second", grouped(decoded), grouped(read)),
        Some(Goal::new("≥ 2,000,000", decoded >= GOAL)),
    );
    Ok(())
}
