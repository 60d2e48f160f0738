//! What a run says at its end: the counts, and of what went wrong the first lines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tonghop_client::outbox::Status;

use super::import::Import;
use super::input::Unsendable;
use super::mending::Mending;
use super::refused_rows::RefusedRow;
use crate::announce::Reason;
use crate::commands::{grouped, print, printable};
use crate::outcome::{Listener, Outcome, Positions};
use crate::table;

/// The most lines that are named one by one, of those not sent and of those refused.
const NAMED_MAX: usize = 20;
/// The same in JSON.
const LISTED_MAX: usize = 1_000;
/// The most that are kept where all of them are written to a file.
const KEPT_MAX: usize = 1_048_576;

/// What a run has done so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) positions: Positions,
    pub(super) stored: u64,
    pub(super) bytes: u64,
    pub(super) unsendable_count: u64,
    pub(super) interrupted: bool,
    unsendable: Vec<(usize, Unsendable)>,
    unsendable_kept_max: usize,
}

impl Tally {
    /// Of nothing yet; keeps every line that is not sent, or the first ones.
    pub(super) fn new(keeps_all: bool) -> Self {
        Self {
            positions: Positions::default(),
            stored: 0,
            bytes: 0,
            unsendable_count: 0,
            interrupted: false,
            unsendable: Vec::new(),
            unsendable_kept_max: if keeps_all { KEPT_MAX } else { LISTED_MAX },
        }
    }

    /// Counts a line of a file that is not sent.
    pub(super) fn cannot_send(&mut self, file: usize, unsendable: Unsendable) {
        self.unsendable_count += 1;
        if self.unsendable.len() < self.unsendable_kept_max {
            self.unsendable.push((file, unsendable));
        }
    }

    /// The rows that were not sent.
    pub(super) fn refused_rows(&self) -> impl Iterator<Item = RefusedRow> {
        self.unsendable.iter().map(|(file, unsendable)| RefusedRow {
            file: *file,
            row: unsendable.line(),
            code: unsendable.fault().code.map(str::to_owned),
            why: unsendable.fault().to_string(),
            vietnamese: unsendable.fault().vietnamese,
        })
    }

    /// The rows that the log has and the projector refused.
    pub(super) fn refused_by(&self, listener: &Listener) -> Vec<RefusedRow> {
        let positions = listener.refused_among(&self.positions);
        let row = |position| {
            let (file, row) = self.positions.line(position)?;
            let reason = listener.reasons().iter().find(|reason| reason.position == position);
            let why =
                reason.map_or_else(|| "`tonghop refusals` says why".into(), ToString::to_string);
            let code = reason.map(|reason| reason.code.clone());
            Some(RefusedRow { file, row, code, why, vietnamese: None })
        };
        positions.into_iter().filter_map(row).collect()
    }

    /// The codes of the lines that were not sent.
    pub(super) fn codes(&self) -> BTreeSet<&str> {
        self.unsendable.iter().filter_map(|(_, unsendable)| unsendable.fault().code).collect()
    }

    /// The lines that were not sent, for programs.
    pub(super) fn not_sent(&self, files: &[PathBuf]) -> Vec<Value> {
        let lines = self.unsendable.iter().take(LISTED_MAX).map(|(file, unsendable)| {
            let fault = unsendable.fault();
            json!({
                "file": file_name(files, *file), "line": unsendable.line(),
                "column": fault.column, "code": fault.code, "why": fault.to_string(),
            })
        });
        lines.collect()
    }
}

/// What became of the events.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate<'a> {
    /// It was not waited for.
    NotAsked,
    /// No projector has said it.
    Unknown,
    /// A projector has said it, and why the first refused ones were refused.
    Known(Outcome, &'a [Reason]),
}

/// A run at its end.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    pub(super) files: &'a [PathBuf],
    pub(super) tally: &'a Tally,
    pub(super) fate: Fate<'a>,
    pub(super) import: Option<&'a Import>,
    pub(super) took: Duration,
    /// What the outbox keeps, if there is one.
    pub(super) kept: Option<Kept<'a>>,
}

/// What an outbox keeps at the end of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) dir: &'a Path,
    pub(super) status: &'a Status,
    /// Events that were in it before, or had left it.
    pub(super) known: u64,
}

impl Kept<'_> {
    fn json(self) -> Value {
        let Self { dir, status, known } = self;
        json!({
            "directory": dir.display().to_string(),
            "waiting": status.events,
            "unsent": status.unsent,
            "notTaken": status.parked,
            "known": known,
        })
    }

    fn tell(self) {
        let Self { dir, status, .. } = self;
        let again = format!("`tonghop publish --outbox {}`", dir.display());
        let (unsent, stored) = (to_u64(status.unsent), to_u64(status.stored));
        if unsent > 0 {
            eprintln!(
                "{} events wait in the outbox to be sent: {again} sends them",
                grouped(unsent)
            );
        }
        if stored > 0 {
            eprintln!(
                "{} events stay in the outbox until the log is safe on its server's disk and a \
                 projector says that it has them: {again} looks again",
                grouped(stored)
            );
        }
        for (name, source) in &status.sources {
            if let Some(why) = &source.parked {
                eprintln!("{name}: an event stays in the outbox: {}", printable(why));
            }
        }
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Summary<'_> {
    /// Prints it.
    pub(super) fn tell(&self, as_json: bool) {
        if as_json {
            print(&format!("{}\n", self.json()));
        } else {
            name_unsendable(self.tally, self.files);
            self.name_refused();
            if let Some(kept) = self.kept {
                kept.tell();
            }
            if let Some(import) = self.import {
                import.warnings().iter().for_each(|text| eprintln!("{}", printable(text)));
                self.tell_rest_of_rows(import);
                let refused = self.reasons().iter().map(|reason| reason.code.as_str());
                tell_mending(self.tally.codes().into_iter().chain(refused).collect());
            }
            print(&format!("{}\n", self.line()));
        }
    }

    fn per_second(&self) -> u64 {
        let ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        self.tally.stored.saturating_mul(1_000) / ms
    }

    fn json(&self) -> Value {
        let (tally, outcome) = (self.tally, self.outcome());
        let reasons = self.reasons().iter().take(LISTED_MAX);
        let refusals: Vec<Value> = reasons
            .map(|reason| {
                let (file, line) = self.place(reason);
                let args: serde_json::Map<_, _> =
                    reason.args.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
                json!({
                    "file": file, "line": line, "position": reason.position,
                    "code": reason.code, "args": args,
                })
            })
            .collect();
        json!({
            "stored": tally.stored,
            "bytes": tally.bytes,
            "new": outcome.map(|o| o.folded),
            "duplicate": outcome.map(|o| o.duplicates),
            "refused": outcome.map(|o| o.refused),
            "unsendable": tally.unsendable_count,
            "refusals": refusals,
            "notSent": tally.not_sent(self.files),
            "corrections": self.import.map(Import::corrections),
            "warnings": self.import.map(Import::warnings),
            "interrupted": tally.interrupted,
            "perSecond": self.per_second(),
            "outbox": self.kept.map(Kept::json),
        })
    }

    fn name_refused(&self) {
        let Some(Outcome { refused, .. }) = self.outcome() else { return };
        let named = self.reasons().iter().take(NAMED_MAX);
        let mut left = refused;
        for reason in named {
            left = left.saturating_sub(1);
            let (position, reason) = (reason.position, printable(&reason.to_string()));
            match self.tally.positions.line(position) {
                Some((file, line)) => {
                    eprintln!("{}{line}: refused: {reason}", before_number(self.files, file));
                }
                None => eprintln!("position {position}: refused: {reason}"),
            }
        }
        if left > 0 {
            eprintln!("and {} more that were refused", grouped(left));
        }
        if refused > 0 {
            eprintln!(
                "`tonghop refusals` lists what was refused; proto/refusals.md says how to mend it"
            );
        }
    }

    /// The log looks at each event by itself.
    fn tell_rest_of_rows(&self, import: &Import) {
        let is_some = self.outcome().is_some_and(|outcome| outcome.refused > 0);
        if is_some && import.mapping.events.len() > 1 {
            eprintln!(
                "of a row with a refused event the log may have accepted the others: mend the row \
                 and publish it again, which counts nothing twice"
            );
        }
    }

    fn line(&self) -> String {
        let mut parts = vec![format!("stored {}", grouped(self.tally.stored))];
        match self.fate {
            Fate::Known(outcome, _) => parts.extend([
                format!("new {}", grouped(outcome.folded)),
                format!("duplicate {}", grouped(outcome.duplicates)),
                format!("refused {}", grouped(outcome.refused)),
            ]),
            Fate::NotAsked => parts.push("what became of them was not waited for".to_owned()),
            Fate::Unknown => {
                parts.push("no projector has said yet what became of them".to_owned());
            }
        }
        if let Some(import) = self.import.filter(|import| import.corrections() > 0) {
            parts.push(format!("corrections among them {}", grouped(import.corrections())));
        }
        if let Some(kept) = self.kept {
            parts.push(format!("known before {}", grouped(kept.known)));
            parts.push(format!("waiting {}", grouped(to_u64(kept.status.events))));
        }
        if self.tally.unsendable_count > 0 {
            parts.push(format!("not sent {}", grouped(self.tally.unsendable_count)));
        }
        format!("{} · {} events/s", parts.join(" · "), grouped(self.per_second()))
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.fate {
            Fate::Known(outcome, _) => Some(outcome),
            Fate::NotAsked | Fate::Unknown => None,
        }
    }

    fn reasons(&self) -> &[Reason] {
        match self.fate {
            Fate::Known(_, reasons) => reasons,
            Fate::NotAsked | Fate::Unknown => &[],
        }
    }

    fn place(&self, reason: &Reason) -> (Option<String>, Option<u64>) {
        let place = self.tally.positions.line(reason.position);
        (place.and_then(|(file, _)| self.file(file)), place.map(|(_, line)| line))
    }

    fn file(&self, file: usize) -> Option<String> {
        file_name(self.files, file)
    }
}

/// Names the first lines that are not sent.
pub(super) fn name_unsendable(tally: &Tally, files: &[PathBuf]) {
    for (file, unsendable) in tally.unsendable.iter().take(NAMED_MAX) {
        let why = printable(&unsendable.fault().to_string());
        eprintln!("{}{}: not sent: {why}", before_number(files, *file), unsendable.line());
    }
    let more = beyond_named(tally.unsendable_count);
    if more > 0 {
        eprintln!("and {} more lines that were not sent", grouped(more));
    }
}

/// Says how to mend what has these codes, in the words of the contract.
pub(super) fn tell_mending(codes: BTreeSet<&str>) {
    for code in codes {
        if let Some(Mending { english, vietnamese, .. }) = Mending::of(code) {
            eprintln!("{code}: {english}\n  Cách sửa: {vietnamese}");
        }
    }
}

fn file_name(files: &[PathBuf], file: usize) -> Option<String> {
    files.get(file).map(|path| path.display().to_string())
}

/// Which file, where there are several, and what its numbers count.
fn before_number(files: &[PathBuf], file: usize) -> String {
    let path = files.get(file).map_or(Path::new(""), PathBuf::as_path);
    let counted = if table::is_workbook(path) { "row" } else { "line" };
    if files.len() > 1 { format!("{}: {counted} ", path.display()) } else { format!("{counted} ") }
}

fn beyond_named(count: u64) -> u64 {
    count.saturating_sub(u64::try_from(NAMED_MAX).unwrap_or(u64::MAX))
}
