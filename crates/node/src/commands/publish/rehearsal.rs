//! A dry run: everything is read and decoded as the projector will, and nothing is sent.
//!
//! What needs the log is not known here: whether a unit is registered, whether an id was used.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};
use tonghop_core::anomaly::Anomaly;
use tonghop_core::contribution::Contribution;
use tonghop_core::day::Day;
use tonghop_core::event::Event;
use tonghop_core::limits::FUTURE_MS_MAX;
use tonghop_core::measure::{Facet, Measure};
use tonghop_core::refusal::RefusalCode;
use tonghop_core::timeline::{Entry, Timeline};
use tonghop_wire::{Decoder, Raw};

use super::PublishArgs;
use super::import::{Fault, Import, Role};
use super::input::{Line, NotLines, Place, Unsendable};
use super::refused_rows::{self, RefusedRow};
use super::sending::{progress_bar, start_reading};
use super::summary::{Tally, name_unsendable, tell_mending};
use crate::commands::{DONE, NO, grouped, print, printable};
use crate::settings::Settings;

/// The most timelines that are looked at for what is odd.
const TIMELINES_MAX: usize = 200_000;
/// How often progress is told, in events.
const TOLD_EVERY: u64 = 4_096;

/// Reads the files, and tells what would become of them.
pub(super) async fn run(
    args: &PublishArgs,
    settings: &Settings,
    import: Option<Arc<Import>>,
) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::new(args.refused.is_some());
    let now = chrono::Utc::now().timestamp_millis();
    let mut would = Would { latest_ms: now + FUTURE_MS_MAX, ..Would::default() };
    let mut events = match &args.events {
        Some(path) => {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let bar = progress_bar(None, 0);
    for (file, path) in args.files.iter().enumerate() {
        let (mut waiting, read) = start_reading(path, Place::default(), import.clone());
        while let Some(line) = waiting.recv().await {
            match line {
                Line::Event { place, subject, payload, role } => {
                    let is_counted = role != Role::StandIn;
                    if is_counted && let Err(fault) = would.read(&subject, &payload, place.row) {
                        tally.cannot_send(file, Unsendable::new(place, fault));
                    } else if let Some(events) = &mut events {
                        events.write_all(&payload)?;
                        events.write_all(b"\n")?;
                    }
                }
                Line::Unsendable(unsendable) => tally.cannot_send(file, unsendable),
            }
            if would.events.is_multiple_of(TOLD_EVERY) {
                bar.set_message(format!("{} read, none", grouped(would.events)));
                bar.tick();
            }
        }
        match read.await? {
            Err(error) if error.is::<NotLines>() => {
                bar.finish_and_clear();
                eprintln!("tonghop: {error:#}");
                return Ok(ExitCode::from(NO));
            }
            other => other?,
        }
    }
    bar.finish_and_clear();
    if let Some(mut events) = events {
        events.flush()?;
    }
    if let Some(path) = &args.refused {
        let rows: Vec<RefusedRow> = tally.refused_rows().collect();
        refused_rows::write(path, &args.files, import.as_deref(), &rows, settings.lang)?;
    }
    would.tell(args, settings.json, &tally, import.as_deref());
    Ok(ExitCode::from(if tally.unsendable_count > 0 { NO } else { DONE }))
}

/// What would be sent.
#[derive(Debug, Default)]
struct Would {
    events: u64,
    decoder: Decoder,
    /// What is dated behind it would be refused now, by the clock of this machine.
    latest_ms: i64,
    /// The timelines of the files alone, each with the first row of it.
    timelines: HashMap<u128, (Timeline, u64)>,
}

impl Would {
    fn read(&mut self, subject: &str, payload: &[u8], row: u64) -> Result<(), Fault> {
        let raw = Raw { subject, headers: &[], payload };
        match self.decoder.decode(&raw) {
            Ok(event) if event.statement.at.unix_ms() > self.latest_ms => Err(Fault {
                code: Some(RefusalCode::TimeInFuture.word()),
                what: format!(
                    "(time: {}): by the clock of this machine it is in the future",
                    event.statement.at
                ),
                ..Fault::default()
            }),
            Ok(event) => {
                self.events += 1;
                self.keep(event, row);
                Ok(())
            }
            Err(refused) => Err(Fault {
                code: Some(refused.refusal.code.word()),
                column: None,
                what: refused.to_string().replacen(refused.refusal.code.word(), "", 1),
                vietnamese: None,
            }),
        }
    }

    fn keep(&mut self, event: Event, row: u64) {
        let is_full = self.timelines.len() >= TIMELINES_MAX;
        if is_full && !self.timelines.contains_key(&event.timeline.0) {
            return;
        }
        let (timeline, _) =
            self.timelines.entry(event.timeline.0).or_insert_with(|| (Timeline::default(), row));
        if timeline.len() < tonghop_core::limits::TIMELINE_EVENTS_MAX {
            let statement = event.statement;
            timeline.insert(Entry { position: row, recorded: Day::MIN, statement });
        }
    }

    /// What is odd about the files by themselves: how often, and a row of it.
    fn anomalies(&self) -> BTreeMap<String, (u64, u64)> {
        let mut odd: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (timeline, row) in self.timelines.values() {
            for Contribution { measure, facet, .. } in timeline.contributions() {
                let Facet::Of(_, code) = facet else { continue };
                // What is corrected stands in the log, not in the file.
                if measure == Measure::Anomaly && *code != *Anomaly::ReplacesMissing.word() {
                    let (count, first) = odd.entry(code.to_string()).or_insert((0, *row));
                    *count += 1;
                    *first = (*first).min(*row);
                }
            }
        }
        odd
    }

    fn tell(&self, args: &PublishArgs, as_json: bool, tally: &Tally, import: Option<&Import>) {
        let corrections = import.map_or(0, Import::corrections);
        let notes = import.map(Import::notes).unwrap_or_default();
        let warnings = import.map(Import::warnings).unwrap_or_default();
        let odd = self.anomalies();
        let refused = tally.unsendable_count;
        if as_json {
            let odd = odd
                .iter()
                .map(|(code, (count, row))| json!({"code": code, "subjects": count, "line": row}));
            let told = json!({
                "dryRun": true, "wouldSend": self.events, "corrections": corrections,
                "refused": refused, "notSent": tally.not_sent(&args.files), "notes": notes,
                "warnings": warnings,
                "anomalies": odd.collect::<Vec<Value>>(),
            });
            print(&format!("{told}\n"));
            return;
        }
        for note in notes {
            eprintln!("{note}");
        }
        name_unsendable(tally, &args.files);
        for warning in warnings {
            eprintln!("{}", printable(&warning));
        }
        tell_mending(tally.codes());
        for (code, (count, row)) in odd {
            eprintln!(
                "odd, unless the log has what is missing: {code}, {} subjects, such as that of \
                 line {row}",
                grouped(count)
            );
        }
        let mut parts = vec![format!("dry run: would send {}", grouped(self.events))];
        if import.is_some() {
            parts.push(format!("corrections among them {}", grouped(corrections)));
        }
        parts.push(format!("refused {}", grouped(refused)));
        print(&format!("{}\n", parts.join(" · ")));
    }
}
