//! What the projector tells after every durable step, to whoever listens: how far it is, and what
//! became of each message, as ranges of positions, and of the first refused ones why.
//!
//! Sent as a plain NATS message, kept nowhere. Publishers use it to say how many of their events
//! were new, duplicates or refused.

use std::fmt;

use serde::{Deserialize, Serialize};
use tonghop_core::fold::Outcome;
use tonghop_core::projector::Announcement;
use tonghop_core::refusal::Refusal;

/// Where it is told.
pub const FOLDED_SUBJECT: &str = "tonghop.folded.v1";
/// The most ranges that are told; beyond, `ranges` is missing and listeners know the totals only.
const RANGES_MAX: usize = 8_192;
/// The most refusals of one step that are told with their reasons; all stand in `TONGHOP_REFUSED`.
pub const REASONS_MAX: usize = 64;

/// A durable step, as told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The first position of the step.
    pub from: u64,
    /// The last one.
    pub position: u64,
    /// How many messages the log had beyond it.
    pub lag: u64,
    /// Messages folded since the log began.
    pub folded: u64,
    /// Duplicates since the log began.
    pub duplicates: u64,
    /// Refused since the log began.
    pub refused: u64,
    /// First and last position of each run of duplicates and of refused messages in the step.
    pub ranges: Option<Ranges>,
    /// Why the first refused messages of the step were refused.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// Why one message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Its place in the log.
    pub position: u64,
    /// The code of the contract.
    pub code: String,
    /// What the sentence of the code speaks of: name and value.
    pub args: Vec<(String, String)>,
}

impl Reason {
    /// Of the refusal of the message at a position.
    pub fn new(position: u64, refusal: &Refusal) -> Self {
        let args = refusal.args.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Self { position, code: refusal.code.word().to_owned(), args: args.collect() }
    }
}

impl fmt::Display for Reason {
    /// `data.missing_field (field: channel)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        let mut before = " (";
        for (name, value) in &self.args {
            write!(f, "{before}{name}: {value}")?;
            before = ", ";
        }
        if self.args.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

/// Runs of positions that were not folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges {
    /// Duplicates.
    pub duplicates: Vec<(u64, u64)>,
    /// Refused.
    pub refused: Vec<(u64, u64)>,
}

/// The announcement as JSON, with why messages of the step were refused.
pub fn to_json(announcement: &Announcement, lag: u64, reasons: Vec<Reason>) -> String {
    let told = Told {
        from: announcement.from,
        position: announcement.position,
        lag,
        folded: announcement.counts.folded,
        duplicates: announcement.counts.duplicates,
        refused: announcement.counts.refused,
        ranges: ranges(announcement),
        reasons,
    };
    serde_json::to_string(&told).unwrap_or_default()
}

fn ranges(announcement: &Announcement) -> Option<Ranges> {
    let mut ranges = Ranges::default();
    let mut position = announcement.from;
    for run in announcement.outcomes.chunk_by(|a, b| a == b) {
        let next = position.saturating_add(u64::try_from(run.len()).unwrap_or(0));
        let span = (position, next.saturating_sub(1));
        match run.first() {
            Some(Outcome::Duplicate) => ranges.duplicates.push(span),
            Some(Outcome::Refused) => ranges.refused.push(span),
            Some(Outcome::Folded) | None => {}
        }
        position = next;
    }
    (ranges.duplicates.len() + ranges.refused.len() <= RANGES_MAX).then_some(ranges)
}

#[cfg(test)]
mod tests {
    use tonghop_core::day::Day;
    use tonghop_core::fold::Counts;
    use tonghop_core::refusal::RefusalCode;

    use super::*;

    #[test]
    fn what_was_not_folded_is_told_as_ranges() {
        use Outcome::{Duplicate, Folded, Refused};
        let announcement = Announcement {
            from: 11,
            position: 16,
            recorded: Day::MIN,
            outcomes: vec![Folded, Duplicate, Duplicate, Refused, Folded, Duplicate],
            counts: Counts { folded: 12, duplicates: 3, refused: 1 },
            units_changed: false,
            heard: Vec::new(),
        };
        let refusal = Refusal::new(RefusalCode::DataMissingField).with("field", "kind");
        let text = to_json(&announcement, 4, vec![Reason::new(14, &refusal)]);
        let told: Told = serde_json::from_str(&text).unwrap();
        let ranges = told.ranges.unwrap();
        assert_eq!(ranges.duplicates, [(12, 13), (16, 16)]);
        assert_eq!(ranges.refused, [(14, 14)]);
        assert_eq!(told.reasons[0].position, 14);
        assert_eq!(told.reasons[0].to_string(), "data.missing_field (field: kind)");
        assert_eq!((told.position, told.lag, told.folded), (16, 4, 12));
    }
}
