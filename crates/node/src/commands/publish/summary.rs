//! What a run says at its end: the counts, and of what went wrong the first lines.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::input::Unsendable;
use crate::announce::Reason;
use crate::commands::{grouped, print, printable};
use crate::outcome::{Outcome, Positions};

/// The most lines that are named one by one, of those not sent and of those refused.
const NAMED_MAX: usize = 20;
/// The same in JSON.
const LISTED_MAX: usize = 1_000;

/// What a run has done so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) positions: Positions,
    pub(super) stored: u64,
    pub(super) bytes: u64,
    pub(super) unsendable_count: u64,
    pub(super) interrupted: bool,
    unsendable: Vec<(usize, Unsendable)>,
}

impl Tally {
    /// Counts a line of a file that is not sent.
    pub(super) fn cannot_send(&mut self, file: usize, unsendable: Unsendable) {
        self.unsendable_count += 1;
        if self.unsendable.len() < LISTED_MAX {
            self.unsendable.push((file, unsendable));
        }
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
    pub(super) took: Duration,
}

impl Summary<'_> {
    /// Prints it.
    pub(super) fn tell(&self, as_json: bool) {
        if as_json {
            print(&format!("{}\n", self.json()));
        } else {
            self.name_unsendable();
            self.name_refused();
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
        let unsendable = tally.unsendable.iter().map(|(file, what)| {
            json!({"file": self.file(*file), "line": what.line(), "why": what.why()})
        });
        json!({
            "stored": tally.stored,
            "bytes": tally.bytes,
            "new": outcome.map(|o| o.folded),
            "duplicate": outcome.map(|o| o.duplicates),
            "refused": outcome.map(|o| o.refused),
            "unsendable": tally.unsendable_count,
            "refusals": refusals,
            "notSent": unsendable.collect::<Vec<_>>(),
            "interrupted": tally.interrupted,
            "perSecond": self.per_second(),
        })
    }

    fn name_unsendable(&self) {
        for (file, unsendable) in self.tally.unsendable.iter().take(NAMED_MAX) {
            let (line, why) = (unsendable.line(), printable(unsendable.why()));
            eprintln!("{}line {line}: not sent: {why}", self.prefix(*file));
        }
        let more = beyond_named(self.tally.unsendable_count);
        if more > 0 {
            eprintln!("and {} more lines that were not sent", grouped(more));
        }
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
                    eprintln!("{}line {line}: refused: {reason}", self.prefix(file));
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
        self.files.get(file).map(|path| path.display().to_string())
    }

    /// Which file, where there are several.
    fn prefix(&self, file: usize) -> String {
        match self.file(file) {
            Some(path) if self.files.len() > 1 => format!("{path}: "),
            _ => String::new(),
        }
    }
}

fn beyond_named(count: u64) -> u64 {
    count.saturating_sub(u64::try_from(NAMED_MAX).unwrap_or(u64::MAX))
}
