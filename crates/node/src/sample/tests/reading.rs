//! The lines read back and counted as naively as can be: from the JSON alone, by filters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::office;
use crate::sample::{Options, Scale, Value, write};

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) time: String,
    pub(super) unit: String,
    pub(super) sequence: u64,
    pub(super) replaces: Option<String>,
    pub(super) data: Map<String, Json>,
}

impl Read {
    fn parse(line: &str) -> Self {
        let Json::Object(mut event) = serde_json::from_str(line).expect("JSON") else {
            panic!("not an object: {line}");
        };
        let mut take = |name: &str| event.remove(name);
        let text = |value: Option<Json>| value.and_then(|v| v.as_str().map(str::to_owned));
        assert_eq!(text(take("specversion")).as_deref(), Some("1.0"));
        let kind = text(take("type")).expect("type");
        let kind = kind.strip_prefix("vn.tonghop.").and_then(|kind| kind.strip_suffix(".v1"));
        let Some(Json::Object(data)) = take("data") else { panic!("no data: {line}") };
        let sequence = text(take("sequence")).expect("sequence");
        let read = Self {
            id: text(take("id")).expect("id"),
            source: text(take("source")).expect("source"),
            kind: kind.expect("a type of the contract").to_owned(),
            subject: text(take("subject")).expect("subject"),
            time: text(take("time")).expect("time"),
            unit: text(take("unit")).expect("unit"),
            sequence: sequence.parse().expect("a number"),
            replaces: text(take("replaces")),
            data,
        };
        assert!(event.is_empty(), "attributes that the contract does not name: {line}");
        read
    }

    pub(super) fn day(&self) -> &str {
        self.time.split('T').next().expect("a day")
    }

    pub(super) fn text(&self, field: &str) -> &str {
        self.data.get(field).and_then(Json::as_str).unwrap_or_default()
    }

    pub(super) fn flag(&self, field: &str) -> bool {
        self.data.get(field).and_then(Json::as_bool).unwrap_or_default()
    }

    pub(super) fn number(&self, field: &str) -> u64 {
        self.data.get(field).and_then(Json::as_u64).unwrap_or_default()
    }

    fn below(&self, unit: &str) -> bool {
        self.unit.strip_prefix(unit).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

pub(super) fn options(scale: &str, seed: u64) -> Options {
    Options { scale: Scale::parse(scale).expect("a scale"), seed }
}

pub(super) fn bytes(scale: &str, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let summary = write(&options(scale, seed), &mut out).expect("writing to memory");
    assert_eq!(summary.bytes, u64::try_from(out.len()).expect("a length"));
    out
}

pub(super) fn read(scale: &str, seed: u64) -> Vec<Read> {
    let text = String::from_utf8(bytes(scale, seed)).expect("UTF-8");
    assert!(text.ends_with('\n'), "each line is ended");
    text.lines().map(Read::parse).collect()
}

/// The events that no other takes the place of, and no retractions.
pub(super) fn in_force(lines: &[Read]) -> Vec<&Read> {
    let replaced: BTreeSet<(&str, &str)> = lines
        .iter()
        .filter_map(|line| Some((line.source.as_str(), line.replaces.as_deref()?)))
        .collect();
    let stands = |line: &&Read| {
        !replaced.contains(&(line.source.as_str(), line.id.as_str()))
            && !line.kind.ends_with(".retracted")
    };
    lines.iter().filter(stands).collect()
}

/// An indicator of the contract over a window, from the events in force.
pub(super) fn figure(lines: &[&Read], indicator: &str, unit: &str, from: &str, to: &str) -> Value {
    let of_unit: Vec<&Read> = lines.iter().copied().filter(|line| line.below(unit)).collect();
    let until: Vec<&Read> = of_unit.iter().copied().filter(|line| line.day() <= to).collect();
    let within = |kind: &str| {
        until.iter().copied().filter(|l| l.kind == kind && l.day() >= from).collect::<Vec<_>>()
    };
    let subjects = |kind: &str| -> BTreeSet<&str> {
        until.iter().filter(|l| l.kind == kind).map(|l| l.subject.as_str()).collect()
    };
    if let Some(value) = office::figure(lines, &until, indicator, unit, from) {
        return value;
    }
    let count = match indicator {
        "documents.received" => within("document.received").len(),
        "documents.issued" => within("document.issued").len() - within("document.recalled").len(),
        "documents.signed_share" => {
            let issued = within("document.issued");
            let signed = issued.iter().filter(|l| l.flag("organisationSignature")).count();
            return Value::Share { part: long(signed), whole: long(issued.len()) };
        }
        "meetings.online" => online_meetings(&within("meeting.served"), "PROVINCE_"),
        "meetings.online_province_district" => {
            online_meetings(&within("meeting.served"), "PROVINCE_DISTRICT")
        }
        "meetings.sites" => subjects("site.opened").len(),
        "post.results_delivered" => within("post.delivered").len(),
        "post.accepted_and_delivered" => {
            let accepted = subjects("post.accepted");
            let both = |line: &&&Read| accepted.contains(line.subject.as_str());
            within("post.delivered").iter().filter(both).count()
        }
        "post.procedures_used" => {
            let mut used = within("post.accepted");
            used.extend(within("post.delivered"));
            used.iter().map(|line| line.text("procedure")).collect::<BTreeSet<_>>().len()
        }
        "dossiers.received_other" => {
            let other = |line: &&&Read| line.text("channel") != "ONLINE";
            within("dossier.accepted").iter().filter(other).count()
        }
        "dossiers.returned" => within("dossier.returned").len(),
        "dossiers.pending" => pending(&until, "").len(),
        "dossiers.pending_in_term" => pending(&until, to).len(),
        _ => procedures(&until, indicator),
    };
    Value::Count(long(count))
}

fn online_meetings(meetings: &[&Read], scope: &str) -> usize {
    let wanted = |line: &&&Read| line.flag("online") && line.text("scope").starts_with(scope);
    meetings.iter().filter(wanted).count()
}

/// Accepted, not settled, and promised for `due` or later; enough for H41.16.
fn pending<'a>(until: &[&'a Read], due: &str) -> Vec<&'a Read> {
    let settled: BTreeSet<&str> = until
        .iter()
        .filter(|line| line.kind == "dossier.settled")
        .map(|line| line.subject.as_str())
        .collect();
    let open = |line: &&Read| {
        line.kind == "dossier.accepted"
            && !settled.contains(line.subject.as_str())
            && line.text("dueOn") >= due
    };
    until.iter().copied().filter(open).collect()
}

fn procedures(until: &[&Read], indicator: &str) -> usize {
    let mut in_force: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    for line in until {
        match line.kind.as_str() {
            "procedure.published" | "procedure.changed" => {
                in_force.entry(&line.subject).or_default().extend(line.data.clone());
            }
            "procedure.withdrawn" => {
                assert!(in_force.remove(line.subject.as_str()).is_some(), "withdrawn unpublished");
            }
            _ => {}
        }
    }
    let wanted = |data: &&Map<String, Json>| match indicator {
        "procedures.published" => true,
        "post.procedures_offered" => data.get("byPost") == Some(&Json::Bool(true)),
        _ => {
            let level = indicator.strip_prefix("procedures.").expect("an indicator known here");
            data.get("serviceLevel") == Some(&Json::String(level.to_uppercase()))
        }
    };
    in_force.values().filter(wanted).count()
}

pub(super) fn long(count: usize) -> u64 {
    u64::try_from(count).expect("a count")
}
