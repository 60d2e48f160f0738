//! A page: the next timelines of a figure in the log.

use std::collections::BTreeMap;

use tonghop_core::anomaly::Anomaly;
use tonghop_core::catalogue::Counted;
use tonghop_core::day::{Day, Instant};
use tonghop_core::measure::{Facet, Measure};
use tonghop_core::read::{Figure, Listed, Part, Reach, Scope, Share};
use tonghop_core::timeline::{Knowledge, Standing, Timeline};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::subject::PREFIX;
use tonghop_wire::{Decoder, Named};

use super::cursor::Cursor;
use super::log::Log;
use crate::folder::{decode, header_pairs};
use crate::nats::Raw;
use crate::view::View;

/// Messages that are looked at for a page, whether or not any is in the figure.
const SCANNED_MAX: usize = 20_000;
/// Messages that are read at once: few at first, for most pages need no more.
const CHUNK_MAX: usize = 2_048;
/// Events of a page; the timeline that brings more is the last.
const EVENTS_MAX: usize = 4_096;
/// Units that are read one after the other; more are read all together, and others with them.
const UNITS_SINGLY_MAX: usize = 8;

/// A figure as it was known, with the trees that it is read in.
#[derive(Debug)]
pub struct Side<'r> {
    /// The trees.
    pub scope: Scope<'r>,
    /// What was known.
    pub knowledge: Knowledge,
}

/// Whose timelines are listed.
#[derive(Debug)]
pub struct Question<'a> {
    /// What is explained.
    pub figure: Figure<'a>,
    /// As it is asked for.
    pub now: Side<'a>,
    /// What the difference is to, if one is explained.
    pub then: Option<Side<'a>>,
    /// Every unit that may have said something.
    pub units: Vec<UnitCode>,
}

/// A timeline of the page.
#[derive(Debug)]
pub struct Told {
    /// Who speaks.
    pub unit: UnitCode,
    /// Of what.
    pub family: Family,
    /// The business key.
    pub subject: String,
    /// What it has in the figure.
    pub parts: Vec<Part>,
    /// What that adds up to.
    pub listed: Listed,
    /// What is odd about it, and since which day.
    pub anomalies: Vec<(String, Day)>,
    /// Its events in order of what happened.
    pub events: Vec<Said>,
}

/// An event of a timeline.
#[derive(Debug)]
pub struct Said {
    /// Its place in the log.
    pub position: u64,
    /// When the log stored it.
    pub recorded_at: Option<Instant>,
    /// When it happened.
    pub time: Instant,
    /// What has become of it.
    pub standing: Standing,
    /// Whether it came after what the difference is to.
    pub is_new: bool,
    /// Who said it, and under which id.
    pub named: Option<Named>,
}

/// Messages that are gone through one after another.
struct Step {
    family: Family,
    /// The first token of their subjects; none: those of all units.
    token: Option<String>,
}

/// What the figure reads of one unit, now and then.
type Reaches = BTreeMap<UnitCode, (Reach, Option<Reach>)>;

impl Question<'_> {
    /// Whether all units have in the figure now what they had then, but for what was said since.
    /// Where units are counted themselves, one may be elsewhere by what was said of another.
    pub fn is_of_events_alone(&self) -> bool {
        if self.figure.rule.terms().any(|term| term.counted == Counted::Units) {
            return false;
        }
        let same = |(now, then): &(Reach, Option<Reach>)| then.as_ref() == Some(now);
        self.reaches().values().all(same)
    }

    fn reaches(&self) -> Reaches {
        let reach = |unit: &UnitCode| {
            let of = |side: &Side<'_>| side.scope.reach(&self.figure, *unit);
            (*unit, (of(&self.now), self.then.as_ref().map(of)))
        };
        self.units.iter().map(reach).collect()
    }

    fn steps(&self, reaches: &Reaches) -> Vec<Step> {
        let tokens: Vec<Option<String>> = if reaches.len() <= UNITS_SINGLY_MAX {
            reaches.keys().flat_map(tokens).map(Some).collect()
        } else {
            vec![None]
        };
        let families = self.figure.families();
        let of_family =
            |family: Family| tokens.iter().map(move |token| Step { family, token: token.clone() });
        families.into_iter().flat_map(of_family).collect()
    }

    fn knew(&self, timeline: &Timeline, start: u64) -> Option<u64> {
        let known = |side: &Side<'_>, at: &_| side.knowledge.has(at);
        timeline
            .entries()
            .iter()
            .filter(|entry| {
                known(&self.now, entry) || self.then.as_ref().is_some_and(|then| known(then, entry))
            })
            .map(|entry| entry.position)
            .filter(|position| *position > start)
            .min()
    }

    fn parts(&self, reaches: &(Reach, Option<Reach>), timeline: &Timeline) -> Vec<Part> {
        let of = |side: &Side<'_>, reach: &Reach| {
            side.scope.parts(&self.figure, reach, &timeline.known(side.knowledge))
        };
        let mut parts = of(&self.now, &reaches.0);
        if let (Some(then), Some(reach)) = (&self.then, &reaches.1) {
            for part in of(then, reach) {
                take_away(part, &mut parts);
            }
        }
        parts.retain(|part| part.weight != Share { part: 0, whole: 0 });
        parts
    }
}

/// The tokens by which a unit publishes: its code in either official form, `H41-16` and
/// `000-00-16-H41`.
fn tokens(unit: &UnitCode) -> Vec<String> {
    const ZEROS: [&str; 3] = ["000", "00", "00"];
    let mut groups: Vec<&str> = unit.as_str().split('.').collect();
    groups.reverse();
    let zeros = ZEROS.iter().take(4_usize.saturating_sub(groups.len())).copied();
    let older = zeros.chain(groups).collect::<Vec<_>>().join("-");
    let is_one = older != unit.token() && UnitCode::parse_token(&older) == Some(*unit);
    [unit.token()].into_iter().chain(is_one.then_some(older)).collect()
}

fn take_away(part: Part, parts: &mut Vec<Part>) {
    let weight = Share { part: -part.weight.part, whole: -part.weight.whole };
    let same = parts.iter_mut().find(|held| {
        (held.measure, held.day, held.recorded, held.amount)
            == (part.measure, part.day, part.recorded, part.amount)
            && held.facet == part.facet
            && held.group == part.group
    });
    match same {
        Some(held) => {
            held.weight.part += weight.part;
            held.weight.whole += weight.whole;
        }
        None => parts.push(Part { weight, ..part }),
    }
}

/// The next timelines, at most so many, and where the page after it goes on; none: these were the
/// last.
pub async fn page(
    log: &Log,
    view: &View,
    question: &Question<'_>,
    from: Cursor,
    limit: usize,
) -> anyhow::Result<(Vec<Told>, Cursor, bool)> {
    let reaches = question.reaches();
    let counts = |(now, then): &(Reach, Option<Reach>)| {
        !now.is_empty() || then.as_ref().is_some_and(|then| !then.is_empty())
    };
    let reaches: Reaches = reaches.into_iter().filter(|(_, reach)| counts(reach)).collect();
    let steps = question.steps(&reaches);
    let mut page = Page {
        view,
        question,
        reaches,
        decoder: Decoder::new(),
        at: from,
        told: Vec::new(),
        events: 0,
        limit,
    };
    let (mut scanned, mut chunk) = (0, limit.clamp(16, CHUNK_MAX));
    while let Some(Step { family, token }) = steps.get(page.at.step) {
        let mut messages = log.messages(*family, token.as_deref(), page.at.after);
        loop {
            let found = messages.next(chunk).await.map_err(anyhow::Error::msg)?;
            scanned += found.len();
            chunk = (chunk * 2).min(CHUNK_MAX);
            let is_last = found.last().is_none_or(|last| last.position > page.at.position);
            let is_full = !page.take(&found)?;
            if is_full {
                return finish(log, page, false).await;
            }
            if is_last {
                break;
            }
            if scanned >= SCANNED_MAX {
                return finish(log, page, false).await;
            }
        }
        page.at.step += 1;
        page.at.after = page.at.start;
    }
    finish(log, page, true).await
}

struct Page<'a> {
    view: &'a View,
    question: &'a Question<'a>,
    reaches: Reaches,
    decoder: Decoder,
    at: Cursor,
    told: Vec<Told>,
    events: usize,
    limit: usize,
}

impl Page<'_> {
    /// Lists the timelines that begin with one of these messages; false when the page is full.
    fn take(&mut self, found: &[Raw]) -> anyhow::Result<bool> {
        let mut said = Vec::new();
        for raw in found.iter().filter(|raw| raw.position <= self.at.position) {
            if !speaker(raw).is_some_and(|unit| self.reaches.contains_key(&unit)) {
                continue;
            }
            if let Ok(event) = decode(&mut self.decoder, raw).said {
                said.push((raw, event.unit, event.family, event.timeline.0));
            }
        }
        let mut keys: Vec<u128> = said.iter().map(|(.., key)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let timelines = self.view.timelines(&keys)?;
        let timelines: BTreeMap<u128, Timeline> =
            keys.into_iter().zip(timelines).filter_map(|(key, held)| Some((key, held?))).collect();
        for (raw, unit, family, key) in said {
            let Some(timeline) = timelines.get(&key) else { continue };
            if self.question.knew(timeline, self.at.start) != Some(raw.position) {
                continue;
            }
            let Some(reach) = self.reaches.get(&unit) else { continue };
            let parts = self.question.parts(reach, timeline);
            if parts.is_empty() {
                continue;
            }
            if self.told.len() >= self.limit || self.events >= EVENTS_MAX {
                // The next page begins with this one.
                self.at.after = raw.position - 1;
                return Ok(false);
            }
            self.list((unit, family), parts, timeline, found);
        }
        self.at.after = found.last().map_or(self.at.after, |last| last.position);
        Ok(true)
    }

    fn list(
        &mut self,
        (unit, family): (UnitCode, Family),
        parts: Vec<Part>,
        timeline: &Timeline,
        found: &[Raw],
    ) {
        let mut listed = Listed::default();
        for part in &parts {
            listed.add(part);
            self.at.listed.add(part);
        }
        let Question { now, then, .. } = self.question;
        let known = timeline.known(now.knowledge);
        let events: Vec<Said> = known
            .standings()
            .into_iter()
            .map(|(entry, standing)| {
                let raw = found.binary_search_by_key(&entry.position, |raw| raw.position).ok();
                let raw = raw.and_then(|place| found.get(place));
                Said {
                    position: entry.position,
                    recorded_at: raw.map(|raw| Instant::from_unix_ms(raw.recorded_ms)),
                    time: entry.statement.at,
                    standing,
                    is_new: then.as_ref().is_some_and(|then| !then.knowledge.has(entry)),
                    named: raw.and_then(name),
                }
            })
            .collect();
        self.events += events.len();
        self.at.timelines += 1;
        let subject = String::new();
        let anomalies = anomalies(&known);
        self.told.push(Told { unit, family, subject, parts, listed, anomalies, events });
    }
}

/// Looks up what the messages at hand did not tell.
async fn finish(
    log: &Log,
    page: Page<'_>,
    is_whole: bool,
) -> anyhow::Result<(Vec<Told>, Cursor, bool)> {
    let Page { mut told, at, .. } = page;
    let events = || told.iter().flat_map(|told| &told.events);
    let positions: Vec<u64> =
        events().filter(|said| said.recorded_at.is_none()).map(|said| said.position).collect();
    let mut fetched: BTreeMap<u64, Raw> =
        log.at(&positions).await?.into_iter().map(|raw| (raw.position, raw)).collect();
    for timeline in &mut told {
        for said in &mut timeline.events {
            if let Some(raw) = fetched.remove(&said.position) {
                said.recorded_at = Some(Instant::from_unix_ms(raw.recorded_ms));
                said.named = name(&raw);
            }
        }
        let named = timeline.events.iter().find_map(|said| said.named.as_ref());
        timeline.subject = named.map(|named| named.subject.clone()).unwrap_or_default();
    }
    Ok((told, at, is_whole))
}

/// The unit that a message's subject names.
fn speaker(raw: &Raw) -> Option<UnitCode> {
    UnitCode::parse_token(raw.subject.strip_prefix(PREFIX)?.split('.').next()?)
}

fn name(raw: &Raw) -> Option<Named> {
    let pairs = header_pairs(raw);
    let raw =
        tonghop_wire::Raw { subject: raw.subject.as_str(), headers: &pairs, payload: &raw.payload };
    tonghop_wire::named(&raw).ok()
}

fn anomalies(timeline: &Timeline) -> Vec<(String, Day)> {
    let contributions = timeline.contributions().into_iter();
    let odd = contributions.filter(|held| held.measure == Measure::Anomaly);
    let word = |facet: &Facet| (!facet.code().is_empty()).then(|| facet.code().to_owned());
    let words = odd.filter_map(|held| Some((word(&held.facet)?, held.day)));
    words.filter(|(word, _)| Anomaly::parse(word).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_publishes_by_its_code_in_either_form() {
        for (unit, expected) in [
            ("H41", vec!["H41", "000-00-00-H41"]),
            ("H41.16", vec!["H41-16", "000-00-16-H41"]),
            ("H41.16.01", vec!["H41-16-01", "000-01-16-H41"]),
            ("H41.1.2.3.4", vec!["H41-1-2-3-4", "4-3-2-1-H41"]),
        ] {
            assert_eq!(tokens(&UnitCode::parse(unit).unwrap()), expected);
        }
    }
}
