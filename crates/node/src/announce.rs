//! What the projector tells after every durable step, to whoever listens: how far it is, and what
//! became of each message, as ranges of positions, and of the first refused ones why.
//!
//! Sent as a plain NATS message, kept nowhere. Publishers use it to say how many of their events
//! were new, duplicates or refused.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tonghop_core::fold::Outcome;
use tonghop_core::projector::Announcement;
use tonghop_core::refusal::Refusal;
use tonghop_core::unit_code::UnitCode;

/// Where it is told.
pub const FOLDED_SUBJECT: &str = "tonghop.folded.v1";
/// Where a unit whose agency has a key for NATS is told of its own messages, and of nobody else's.
pub fn folded_subject(unit: UnitCode) -> String {
    format!("{FOLDED_SUBJECT}.{}", unit.token())
}

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
    /// All messages since the log began; a unit is not told of those of others.
    #[serde(flatten)]
    pub totals: Option<Totals>,
    /// First and last position of each run of duplicates and of refused messages in the step.
    pub ranges: Option<Ranges>,
    /// Why the first refused messages of the step were refused.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// What became of all messages since the log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Folded.
    pub folded: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Refused.
    pub refused: u64,
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
    let counts = announcement.counts;
    let told = Told {
        from: announcement.from,
        position: announcement.position,
        lag,
        totals: Some(Totals {
            folded: counts.folded,
            duplicates: counts.duplicates,
            refused: counts.refused,
        }),
        ranges: ranges(announcement),
        reasons,
    };
    serde_json::to_string(&told).unwrap_or_default()
}

/// The same for each of these units that the step has a message of: what became of its own ones.
/// `subjects` are those of the messages, with their positions.
pub fn to_json_by_unit<'a>(
    announcement: &Announcement,
    lag: u64,
    reasons: &[Reason],
    units: &BTreeMap<String, UnitCode>,
    subjects: impl Iterator<Item = (u64, &'a str)>,
) -> Vec<(UnitCode, String)> {
    let mut owners: BTreeMap<u64, UnitCode> = BTreeMap::new();
    let mut told: BTreeMap<UnitCode, (Ranges, Vec<Reason>)> = BTreeMap::new();
    for (position, subject) in subjects {
        let unit = subject.split('.').nth(2).and_then(|token| units.get(token));
        let place = position.checked_sub(announcement.from).and_then(|at| at.try_into().ok());
        let outcome = place.and_then(|at: usize| announcement.outcomes.get(at));
        let (Some(unit), Some(outcome)) = (unit, outcome) else { continue };
        owners.insert(position, *unit);
        let ranges = &mut told.entry(*unit).or_default().0;
        match outcome {
            Outcome::Folded => {}
            Outcome::Duplicate => push(&mut ranges.duplicates, position),
            Outcome::Refused => push(&mut ranges.refused, position),
        }
    }
    for reason in reasons {
        if let Some(unit) = owners.get(&reason.position) {
            told.entry(*unit).or_default().1.push(reason.clone());
        }
    }
    let (from, position) = (announcement.from, announcement.position);
    let of_unit = told.into_iter().map(|(unit, (ranges, reasons))| {
        let runs = ranges.duplicates.len() + ranges.refused.len();
        let ranges = (runs <= RANGES_MAX).then_some(ranges);
        let told = Told { from, position, lag, totals: None, ranges, reasons };
        (unit, serde_json::to_string(&told).unwrap_or_default())
    });
    of_unit.collect()
}

/// Adds a position behind those that are there.
fn push(runs: &mut Vec<(u64, u64)>, position: u64) {
    match runs.last_mut() {
        Some((_, last)) if *last + 1 == position => *last = position,
        _ => runs.push((position, position)),
    }
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
        assert_eq!((told.position, told.lag, told.totals.unwrap().folded), (16, 4, 12));
    }

    #[test]
    fn a_unit_is_told_of_its_own_messages_alone() {
        use Outcome::{Duplicate, Folded, Refused};
        let announcement = Announcement {
            from: 11,
            position: 15,
            recorded: Day::MIN,
            outcomes: vec![Refused, Duplicate, Refused, Folded, Refused],
            counts: Counts { folded: 12, duplicates: 3, refused: 3 },
            units_changed: false,
            heard: Vec::new(),
        };
        let refusal = Refusal::new(RefusalCode::DataMissingField).with("field", "kind");
        let reasons = [11, 13, 15].map(|position| Reason::new(position, &refusal));
        let subjects = ["H41-16", "H41-16", "H41-17", "H41-18", "H41-16"]
            .map(|unit| format!("tonghop.v1.{unit}.document.issued"));
        let units = ["H41.16", "H41.17", "H41.19"].map(|code| UnitCode::parse(code).unwrap());
        let units = units.map(|unit| (unit.token(), unit)).into();
        let subjects = (11..).zip(subjects.iter().map(String::as_str));
        let told = to_json_by_unit(&announcement, 0, &reasons, &units, subjects);
        let told: Vec<(String, Told)> = told
            .iter()
            .map(|(unit, text)| (unit.to_string(), serde_json::from_str(text).unwrap()))
            .collect();
        let [(first, of_first), (second, of_second)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((first.as_str(), second.as_str()), ("H41.16", "H41.17"));
        let ranges = of_first.ranges.clone().unwrap();
        assert_eq!((ranges.duplicates, ranges.refused), (vec![(12, 12)], vec![(11, 11), (15, 15)]));
        let positions = |told: &Told| told.reasons.iter().map(|one| one.position).collect();
        let (one, other): (Vec<_>, Vec<_>) = (positions(of_first), positions(of_second));
        assert_eq!((one, other), (vec![11, 15], vec![13]));
        assert_eq!((of_second.from, of_second.position, &of_second.totals), (11, 15, &None));
    }
}
