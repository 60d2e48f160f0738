//! What a vendor's own system has written, checked without a server: the faults that only show
//! between events, and those that the decoder names in each.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use serde::Deserialize;
use tonghop_core::event::{Body, Event};
use tonghop_core::fingerprint::{Content, Identity, TimelineKey};
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{Decoder, Raw, route};

use super::played::now;
use super::verdict::{Report, Step, Verdict, cut};

/// The most bytes of a line; a longer one is told as such.
const LINE_BYTES_MAX: u64 = 400 * 1024;
/// Lines of one fault that are named; the others are counted.
const NAMED_MAX: usize = 5;
/// How far ahead of this machine's clock an event may be.
const AHEAD_MAX_MS: i64 = 5 * 60 * 1_000;

/// What is wrong, by check; each with the lines that show it.
#[derive(Debug, Default)]
struct Faults(BTreeMap<&'static str, (u64, Vec<String>)>);

impl Faults {
    fn add(&mut self, check: &'static str, place: &str, why: impl std::fmt::Display) {
        let (count, named) = self.0.entry(check).or_default();
        *count += 1;
        if named.len() < NAMED_MAX {
            named.push(format!("{place}: {why}"));
        }
    }
}

/// An event that was met.
#[derive(Debug, Clone, Copy)]
struct Met {
    line: u64,
    content: Content,
    timeline: TimelineKey,
}

/// The numbers of one source.
#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    /// Which event has which number.
    taken: BTreeMap<u64, (Identity, u64)>,
    unnumbered: u64,
    /// The highest number that a heartbeat names, and where.
    promised: Option<(u64, u64)>,
}

/// The checks: name, what is looked at, how a fault is mended.
const CHECKS: &[(&str, &str, &str)] = &[
    (
        "decodes",
        "every line is one event of the contract",
        "the page of refusals says what each code means",
    ),
    ("unit", "every event speaks for the same unit", "one system publishes for its own unit alone"),
    (
        "ids",
        "an id belongs to one content",
        "give a change a new id, and name the old one in `replaces`",
    ),
    (
        "numbers",
        "the numbers of each source have no gaps, and each is of one event",
        "number the events of one source 1, 2, 3 … in the order in which they are sent",
    ),
    (
        "order",
        "numbers rise with the lines",
        "write the events in the order of their numbers; an event that is sent again keeps its own",
    ),
    (
        "corrections",
        "what is corrected is in the file, with the same subject",
        "`replaces` names the id of an event of the same source, unit, family and subject",
    ),
    (
        "time",
        "no event is of the future, and each says its offset from UTC",
        "`time` is when it happened: local time with +07:00",
    ),
];

#[derive(Debug, Default)]
struct Checker {
    decoder: Decoder,
    faults: Faults,
    lines: u64,
    events: u64,
    again: u64,
    unit: Option<UnitCode>,
    met: HashMap<Identity, Met>,
    sources: BTreeMap<Arc<str>, Numbered>,
    /// Corrections: where, what they replace, and of which timeline they are.
    corrections: Vec<(String, Identity, TimelineKey)>,
    utc: u64,
    now_ms: i64,
}

/// The attributes that a decoded event no longer has.
#[derive(Deserialize)]
struct Attributes {
    time: String,
}

/// Checks the files as if they were one.
pub(super) fn check(files: &[PathBuf], unit: Option<UnitCode>) -> anyhow::Result<Report> {
    let now = now();
    let mut checker = Checker { unit, now_ms: now.unix_ms(), ..Checker::default() };
    for path in files {
        let name = path.display().to_string();
        if path == Path::new("-") {
            checker.file("standard input", &mut std::io::stdin().lock())?;
        } else {
            let file = File::open(path).with_context(|| name.clone())?;
            checker.file(&name, &mut BufReader::with_capacity(1 << 20, file)).context(name)?;
        }
    }
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    Ok(checker.report(&names.join(", "), now.to_string()))
}

impl Checker {
    fn file(&mut self, name: &str, input: &mut dyn BufRead) -> anyhow::Result<()> {
        let (mut line, mut number) = (Vec::new(), 0_u64);
        loop {
            line.clear();
            let read = input.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            number += 1;
            let place = format!("{name}:{number}");
            let is_cut = !line.ends_with(b"\n") && u64::try_from(read).ok() == Some(LINE_BYTES_MAX);
            if is_cut {
                self.lines += 1;
                self.faults.add("decodes", &place, "size.exceeded");
                input.skip_until(b'\n')?;
                continue;
            }
            let text = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&line);
            if !text.trim_ascii().is_empty() {
                self.line(&place, text.trim_ascii());
            }
        }
    }

    fn line(&mut self, place: &str, line: &[u8]) {
        self.lines += 1;
        let decoded = route(line).and_then(|subject| {
            self.decoder.decode(&Raw { subject: &subject, headers: &[], payload: line })
        });
        match decoded {
            Ok(event) => self.event(place, &event, line),
            Err(refused) => self.faults.add("decodes", place, refused),
        }
    }

    fn event(&mut self, place: &str, event: &Event, line: &[u8]) {
        self.events += 1;
        let statement = &event.statement;
        let unit = *self.unit.get_or_insert(event.unit);
        if unit != event.unit {
            self.faults.add("unit", place, format!("{} speaks, not {unit}", event.unit));
        }
        self.time(place, event, line);
        let met = Met { line: self.lines, content: event.content, timeline: event.timeline };
        if let Some(known) = self.met.insert(statement.identity, met) {
            if known.content == event.content {
                self.again += 1;
            } else {
                let says = format!("the id of event {} with other content", known.line);
                self.faults.add("ids", place, says);
            }
        }
        if let Some(replaced) = statement.replaces {
            self.corrections.push((place.to_owned(), replaced, event.timeline));
        }
        self.number(place, event);
    }

    fn number(&mut self, place: &str, event: &Event) {
        let source = self.sources.entry(Arc::clone(&event.source)).or_default();
        if let Body::Source(tonghop_core::family::source::Event::Heartbeat { last_sequence }) =
            &event.statement.body
        {
            let promised = source.promised.get_or_insert((0, 0));
            *promised = (*promised).max((u64::from(*last_sequence), self.lines));
        }
        let Some(number) = event.statement.sequence else {
            let is_heartbeat = matches!(event.statement.body, Body::Source(_));
            source.unnumbered += u64::from(!is_heartbeat);
            return;
        };
        let identity = event.statement.identity;
        match source.taken.insert(number, (identity, self.lines)) {
            Some((known, at)) if known != identity => {
                self.faults.add(
                    "numbers",
                    place,
                    format!("{number} is that of event {at} already"),
                );
            }
            None if number < source.last => {
                self.faults.add("order", place, format!("{number} after {}", source.last));
            }
            Some(_) | None => {}
        }
        source.last = source.last.max(number);
    }

    fn time(&mut self, place: &str, event: &Event, line: &[u8]) {
        let ahead = event.statement.at.unix_ms() - self.now_ms;
        if ahead > AHEAD_MAX_MS {
            self.faults.add("time", place, format!("it is of {}", event.statement.at));
        }
        let attributes: Option<Attributes> = serde_json::from_slice(line).ok();
        let is_utc = attributes.is_some_and(|known| !known.time.ends_with("+07:00"));
        self.utc += u64::from(is_utc);
    }

    fn report(mut self, about: &str, at: String) -> Report {
        let mut notes = Vec::new();
        for (source, numbered) in &self.sources {
            let first = numbered.taken.keys().next().copied().unwrap_or(0);
            let mut expected = first;
            for (number, (_, line)) in &numbered.taken {
                if *number != expected {
                    let says = format!("{expected} to {} of {source} are missing", number - 1);
                    self.faults.add("numbers", &format!("event {line}"), says);
                }
                expected = number.saturating_add(1);
            }
            if first > 1 {
                notes.push(format!("{source} begins with {first}: were the first sent before?"));
            }
            if let Some((promised, line)) =
                numbered.promised.filter(|(last, _)| *last < numbered.last)
            {
                let says = format!("lastSequence {promised}, but {} came", numbered.last);
                self.faults.add("numbers", &format!("event {line}"), says);
            }
            if numbered.unnumbered > 0 {
                notes.push(format!(
                    "{source}: {} events without `sequence`: nobody can tell what of them is missing",
                    numbered.unnumbered
                ));
            }
        }
        for (place, replaced, timeline) in std::mem::take(&mut self.corrections) {
            match self.met.get(&replaced) {
                None => {
                    self.faults.add("corrections", &place, "what it replaces is not in the file");
                }
                Some(known) if known.timeline != timeline => {
                    let says = format!("event {} is about another subject", known.line);
                    self.faults.add("corrections", &place, says);
                }
                Some(_) => {}
            }
        }
        if self.utc > 0 {
            notes.push(format!(
                "{} events do not say +07:00: their day is the local one all the same",
                self.utc
            ));
        }
        if self.again > 0 {
            notes.push(format!(
                "{} events are there twice: duplicates, which do no harm",
                self.again
            ));
        }
        if self.lines == 0 {
            self.faults.add("decodes", about, "there is no line in it");
        }
        let about = format!("{} events in {} lines of {about}.", self.events, self.lines);
        let steps = CHECKS.iter().map(|(name, what, mend)| self.step(name, what, mend)).collect();
        Report { about, at, steps, notes }
    }

    fn step(&self, name: &'static str, what: &'static str, mend: &'static str) -> Step {
        let expected = "no line".to_owned();
        let Some((count, named)) = self.faults.0.get(name) else {
            return Step {
                name,
                what,
                verdict: Verdict::Pass,
                came: expected.clone(),
                expected,
                mend,
            };
        };
        let more = if *count > 1 { format!("{count} lines: ") } else { String::new() };
        let came = cut(&format!("{more}{}", named.join("; ")));
        Step { name, what, verdict: Verdict::Fail, expected, came, mend }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, number: u64) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/H41.16/x","type":"vn.tonghop.dossier.returned.v1","subject":"d-{id}","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","sequence":"{number}","data":{{"channel":"DIRECT"}}}}"#
        )
    }

    fn report(lines: &[String]) -> Report {
        let now = now();
        let mut checker = Checker { now_ms: now.unix_ms(), ..Checker::default() };
        checker.file("f", &mut lines.join("\n").as_bytes()).unwrap();
        checker.report("f", String::new())
    }

    fn failed(lines: &[String]) -> Vec<String> {
        let report = report(lines);
        let failed = report.steps.iter().filter(|step| step.verdict == Verdict::Fail);
        failed.map(|step| format!("{} {}", step.name, step.came)).collect()
    }

    #[test]
    fn a_good_file_has_no_faults_whatever_is_sent_again() {
        let correction =
            event("c", 3).replace("d-c", "d-a").replace("\"data\"", "\"replaces\":\"a\",\"data\"");
        let lines = [event("a", 1), event("b", 2), correction, event("a", 1)];
        assert_eq!(failed(&lines), Vec::<String>::new());
        assert_eq!(
            report(&lines).notes,
            ["1 events are there twice: duplicates, which do no harm"]
        );
        let later = [event("a", 7), event("b", 8).replace("+07:00", "Z")];
        assert_eq!(failed(&later), Vec::<String>::new());
        assert_eq!(report(&later).notes.len(), 2, "it begins with 7, and one is in UTC");
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let a = event("a", 1);
        for (lines, told) in [
            (vec![a.clone(), event("b", 3)], "numbers event 2: 2 to 2 of /H41.16/x are missing"),
            (vec![a.clone(), event("b", 1)], "numbers f:2: 1 is that of event 1 already"),
            (vec![event("a", 2), event("b", 1)], "order f:2: 1 after 2"),
            (
                vec![a.clone(), a.replace("DIRECT", "POST")],
                "ids f:2: the id of event 1 with other content",
            ),
            (vec![a.replace("DIRECT", "BIRD")], "decodes f:1: data.out_of_range"),
            (vec!["{".to_owned()], "decodes f:1: envelope.unreadable"),
            (vec!["x".repeat(500_000)], "decodes f:1: size.exceeded"),
            (vec![a.replace("2021-09", "2098-09")], "time f:1: it is of 2098-09-06T08:30:00+07:00"),
            (
                vec![a.clone(), event("b", 2).replace("H41.16", "H41.17")],
                "unit f:2: H41.17 speaks, not H41.16",
            ),
            (
                vec![a.clone(), event("b", 2).replace("\"data\"", "\"replaces\":\"z\",\"data\"")],
                "corrections f:2: what it replaces is not in the file",
            ),
            (
                vec![a.clone(), event("b", 2).replace("\"data\"", "\"replaces\":\"a\",\"data\"")],
                "corrections f:2: event 1 is about another subject",
            ),
            (vec![String::new()], "decodes f: there is no line in it"),
        ] {
            let failed = failed(&lines);
            assert!(failed.iter().any(|fault| fault.starts_with(told)), "{told}: {failed:?}");
        }
    }
}
