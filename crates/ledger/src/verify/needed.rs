//! What the figure needs, now that the units are known; and whether all of it was shown.

use std::collections::{BTreeMap, BTreeSet};

use tonghop_core::catalogue::{Catalogue, Indicator};
use tonghop_core::form::naming_day;
use tonghop_core::limits::SOURCES_PER_UNIT_MAX;
use tonghop_core::read::Query;
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::FigureId;

use super::lists::Lines;
use super::seen::Seen;
use super::shown::Part;
use super::verdict::{Code, Named, Verdict};
use crate::bundle::Header;
use crate::closing::Closing;
use crate::figure;
use crate::line::{self, ranges};
use crate::list::{Listed, listed};

/// What stands before the timelines.
pub(super) struct Bundle {
    pub(super) header: Header,
    pub(super) closing: Closing,
    pub(super) lines: Lines,
    pub(super) catalogue: Option<Catalogue>,
}

/// What the figure is read from.
pub(super) struct Needed<'b> {
    pub(super) id: FigureId,
    pub(super) indicator: &'b Indicator,
    pub(super) query: Query,
    pub(super) units: Vec<UnitCode>,
    pub(super) families: Vec<Family>,
    /// Value and root of what it is made of, as the closing has them.
    pub(super) value: &'b str,
    pub(super) made_of: &'b str,
}

/// Checks what can be checked before the timelines; none if the figure cannot be told.
pub(super) fn check<'b>(
    bundle: &'b Bundle,
    part: &Part,
    verdict: &mut Verdict,
) -> Option<Needed<'b>> {
    let registry = part.refold.registry();
    units(bundle, registry, verdict);
    let needed = figure(bundle, part, verdict)?;
    verdict.published = Some(needed.value.to_owned());
    let listed = |all: &[&str], held: &[String]| all.iter().eq(held.iter());
    let units: Vec<&str> = needed.units.iter().map(UnitCode::as_str).collect();
    let families: Vec<&str> = needed.families.iter().map(|family| family.word()).collect();
    if !listed(&units, &bundle.header.units) || !listed(&families, &bundle.header.families) {
        verdict.fail(Code::HeaderOther, "the figure reads other units or families");
    }
    complete(bundle, &needed, part, verdict);
    opened(&needed, part, verdict);
    sources(bundle, &needed, part, verdict);
    Some(needed)
}

fn figure<'b>(bundle: &'b Bundle, part: &Part, verdict: &mut Verdict) -> Option<Needed<'b>> {
    let registry = part.refold.registry();
    let missing = |verdict: &mut Verdict, what: &str| {
        verdict.fail(Code::FigureMissing, format!("{}: {what}", bundle.header.figure));
    };
    let [line] = bundle.lines.figures.as_slice() else {
        missing(verdict, "one line of the list figures has to be shown");
        return None;
    };
    let mut fields = line.split('\t');
    let (id, value, made_of, None) =
        (fields.next()?, fields.next()?, fields.next()?, fields.next())
    else {
        missing(verdict, "its line has other fields");
        return None;
    };
    if id != bundle.header.figure {
        missing(verdict, "the line that is shown is of another figure");
        return None;
    }
    let id = FigureId::parse(id);
    let asked =
        id.and_then(|id| Some((figure::query(&id, bundle.closing.position, part.recorded())?, id)));
    let Some((query, id)) = asked else {
        missing(verdict, "it is no figure of a closing at this position");
        return None;
    };
    let indicator = bundle.catalogue.as_ref()?.indicator(&id.indicator);
    let Some(indicator) = indicator else {
        verdict.fail(Code::DefinitionFaulty, format!("there is no indicator {}", id.indicator));
        return None;
    };
    let name = registry
        .get(id.unit)
        .map(|unit| unit.name(naming_day(&query, unit)).to_owned())
        .unwrap_or_default();
    let both = |label: &tonghop_core::catalogue::Label| (label.vi.clone(), label.en.clone());
    verdict.named = Some(Named {
        indicator: both(&indicator.label),
        counted: both(&indicator.counted),
        unit: name,
        window: (id.window.from.to_string(), id.window.to.to_string()),
    });
    let units = figure::units_read(id.unit, id.window, id.tree, registry);
    let families = figure::families_read(&indicator.rule);
    Some(Needed { id, indicator, query, units, families, value, made_of })
}

/// The list `units`, of which every line is made anew.
fn units(bundle: &Bundle, registry: &Registry, verdict: &mut Verdict) {
    let lines: String =
        registry.timelines().map(|(code, timeline)| line::of_unit(code, timeline)).collect();
    let made = listed(&lines).map(|Listed { lines, root }| (lines, root));
    if made != bundle.closing.root("units") {
        verdict.fail(Code::UnitsOther, "the list units is not what the messages of offices make");
    }
}

/// Whose messages are needed: the units that are read, and every office that speaks of units.
fn speakers(needed: &Needed<'_>, registry: &Registry) -> BTreeSet<UnitCode> {
    let offices = registry.timelines().map(|(code, _)| code.level_1());
    needed.units.iter().copied().chain(offices).chain([needed.id.unit.level_1()]).collect()
}

/// No message of a unit is left out: its chain ends with its head.
fn complete(bundle: &Bundle, needed: &Needed<'_>, part: &Part, verdict: &mut Verdict) {
    let registry = part.refold.registry();
    let speakers = speakers(needed, registry);
    let mut heads = BTreeMap::new();
    for line in &bundle.lines.heads {
        let head = line.split_once('\t').and_then(|(unit, position)| {
            Some((UnitCode::parse(unit).filter(|code| code.as_str() == unit)?, position))
        });
        let last = head.and_then(|(_, position)| position.parse::<u64>().ok());
        match head.zip(last).filter(|((unit, _), _)| speakers.contains(unit)) {
            Some(((unit, _), last)) => drop(heads.insert(unit, last)),
            None => verdict.fail(Code::ListLine, format!("heads: {line:?} is not needed")),
        }
    }
    for unit in &speakers {
        let last = part.chains.get(unit.as_str()).map_or(0, |chain| chain.last);
        match heads.get(unit) {
            Some(head) if *head == last => {}
            Some(head) => {
                let what = format!("{unit}: its last message is {head}, and {last} is shown");
                verdict.fail(Code::ChainHead, what);
            }
            // A unit that nobody ever registered has no head; nothing of it was accepted.
            None if registry.timeline(*unit).is_none() && last == 0 => {}
            None => verdict.fail(Code::ListLine, format!("heads: the line of {unit} is not shown")),
        }
    }
    for unit in part.chains.keys() {
        if !UnitCode::parse(unit).is_some_and(|code| speakers.contains(&code)) {
            verdict.fail(Code::ChainUnneeded, format!("{unit:?} is not read"));
        }
    }
}

/// All messages that are needed are open; of a unit and family all are, or none.
fn opened(needed: &Needed<'_>, part: &Part, verdict: &mut Verdict) {
    let registry = part.refold.registry();
    let read: BTreeSet<&str> = needed.families.iter().map(|family| family.word()).collect();
    for (unit, chain) in &part.chains {
        let Some(code) = UnitCode::parse(unit) else { continue };
        let is_read = needed.units.binary_search(&code).is_ok();
        let is_office = registry.has_office(code);
        for (family, position) in &chain.closed {
            let of_unit = is_read && (read.contains(&**family) || family == Family::Source.word());
            let of_office = is_office && family == Family::Unit.word();
            let mixed = chain.opened.contains(family);
            if family.is_empty() || of_unit || of_office || mixed || chain.is_crowded() {
                let what = format!("{unit}: the message {position} of the family {family:?}");
                verdict.fail(Code::MessageClosed, what);
            }
        }
    }
}

/// The numbers that the leaves have are those that the closing says.
fn sources(bundle: &Bundle, needed: &Needed<'_>, part: &Part, verdict: &mut Verdict) {
    let mut lines: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut of_unit: BTreeMap<&str, u32> = BTreeMap::new();
    for line in &bundle.lines.sources {
        let mut fields = line.splitn(3, '\t');
        if let (Some(unit), Some(name), Some(rest)) = (fields.next(), fields.next(), fields.next())
        {
            lines.insert((unit, name), rest);
            *of_unit.entry(unit).or_default() += 1;
        }
        let is_read = |unit: &UnitCode| line.split('\t').next() == Some(unit.as_str());
        if !needed.units.iter().any(is_read) {
            verdict.fail(Code::ListLine, format!("sources: {line:?} is not needed"));
        }
    }
    for ((unit, name), seen) in &part.numbers {
        if needed.units.binary_search(unit).is_err() {
            continue;
        }
        let said = part.refold.sources().of(*unit).find(|(held, _)| ***held == **name);
        let promised = said.and_then(|(_, source)| source.promise).map_or(0, |held| held.last);
        let upto = seen.highest().max(promised);
        match lines.remove(&(unit.as_str(), name)) {
            Some(rest) if agrees(rest, seen, upto) => {}
            Some(rest) => {
                let missing = ranges(None, seen.gaps(upto));
                let what =
                    format!("{unit}: {name} has come to {upto} and lacks {missing:?}; {rest:?}");
                verdict.fail(Code::SourceOther, what);
            }
            // Of a unit with too many sources not all are remembered.
            None if of_unit.get(unit.as_str()) >= Some(&SOURCES_PER_UNIT_MAX) => {}
            None => {
                verdict
                    .fail(Code::SourceOther, format!("{unit}: {name} was heard, and has no line"));
            }
        }
    }
    for ((unit, name), _) in lines {
        verdict.fail(Code::SourceOther, format!("{unit}: {name} has a line, and was not heard"));
    }
}

/// Whether the line of a source says what its leaves do. Where gaps were too many to be kept, it
/// says how many there are at least.
fn agrees(line: &str, seen: &Seen, upto: u64) -> bool {
    let exact = format!("{upto}\t{}", ranges(None, seen.gaps(upto)));
    let uncertain = || {
        let (highest, missing) = line.split_once("\t?")?;
        let (below, rest) = missing.split_once(',').unwrap_or((missing, ""));
        let (to, count) = below.split_once('/')?;
        let (to, count): (u64, u64) = (to.parse().ok()?, count.parse().ok()?);
        let lacks: u64 = seen.gaps(to).map(|(first, last)| last - first + 1).sum();
        let above = ranges(None, seen.gaps(upto).filter(|(_, last)| *last > to));
        Some(highest == upto.to_string() && count <= lacks && above == rest)
    };
    line == exact || uncertain() == Some(true)
}
