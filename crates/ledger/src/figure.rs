//! A figure of a closing: what it is a reading of, and how its value is written.
//!
//! ```text
//! 85   -3      a number                      3/85          a ratio, its parts
//! nil          looked for, nothing occurred  missing       nobody said anything
//! 4000..       4000 or more                  0..500        500 at most
//! ~4000        about 4000                    ~4000..5000   about 4000 to about 5000
//! 85../90      a part that is a bound
//! ```
//!
//! A closing is of all that the log holds up to its position. Its figures are read on the recorded day
//! of that position, whenever they are read again: what lies behind it is not computed.
//!
//! **Invariant VAL-1:** a value has one text, and a text is one value.

use tonghop_core::catalogue::Rule;
use tonghop_core::day::{Day, Window};
use tonghop_core::declared::Range;
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::read::{Query, Share, Tree, Value};
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::{FigureId, KnownAt};

use crate::contributed::Contributed;
use crate::tree::{Frontier, Hash, leaf_hash};

mod plain;

pub(crate) use plain::Plain;

/// The question that a figure of a closing at this position answers, which was recorded on this day;
/// none if the figure is as known on some day, or at another position.
pub fn query(id: &FigureId, position: u64, recorded: Day) -> Option<Query> {
    match id.known_at {
        KnownAt::Now => {}
        KnownAt::Position(known) if known == position => {}
        KnownAt::Position(_) | KnownAt::Day(_) => return None,
    }
    let FigureId { unit, window, tree, .. } = *id;
    Some(Query { root: unit, window, known: None, tree, read_on: Some(recorded) })
}

/// The units whose events a figure reads, in order of code: the unit asked for, and all that were
/// below it on some day up to the window's last. In the tree of one day also those whose heirs are
/// below it on that day, and all that were below these.
///
/// They are more than those whose amounts are added up: a unit that left years ago is among them.
/// So who reads them sees that nothing of theirs is left out.
pub fn units_read(
    root: UnitCode,
    window: Window,
    tree: Tree,
    registry: &Registry,
) -> Vec<UnitCode> {
    // An office speaks of units though it be none itself.
    let mut codes: Vec<UnitCode> =
        registry.timelines().flat_map(|(code, _)| [code, code.level_1()]).collect();
    codes.push(root);
    codes.sort_unstable();
    codes.dedup();
    let mut days = vec![Day::MIN, window.to];
    days.extend(registry.boundaries().into_iter().filter(|day| *day <= window.to));
    let is_below = |code: UnitCode| days.iter().any(|day| registry.is_below(code, root, *day));
    let counts = |code: UnitCode| match tree {
        Tree::AsWas => is_below(code),
        Tree::On(day) => {
            let heirs = registry.heirs(code, day);
            let mut all = heirs.fields.iter().map(|(_, heir)| *heir).chain([heirs.rest, code]);
            is_below(code) || all.any(|heir| registry.is_below(heir, root, day))
        }
    };
    let mut read: Vec<UnitCode> = codes.iter().copied().filter(|code| counts(*code)).collect();
    if tree != Tree::AsWas {
        // Who speaks for whom is a matter of the tree of the window's last day.
        let spoken_for = |code: &UnitCode| {
            registry.chain(*code, window.to).iter().any(|above| read.binary_search(above).is_ok())
        };
        read = codes.iter().copied().filter(spoken_for).collect();
    }
    read
}

/// The families whose timelines a rule reads, in order of their words; none if it reads the registry
/// alone.
pub fn families_read(rule: &Rule) -> Vec<Family> {
    let mut families: Vec<Family> = match rule {
        Rule::Declared { .. } => vec![Family::Figure],
        Rule::Sum(_) | Rule::Ratio { .. } | Rule::Distinct(..) => {
            let of = |measure: Measure| match measure.family() {
                Some(family) => vec![family],
                None => Family::ALL.to_vec(),
            };
            rule.measures().flat_map(of).collect()
        }
    };
    families.sort_unstable_by_key(|family| family.word());
    families.dedup();
    families
}

/// What a figure is made of, in one hash: the root over those lines of the list `contributions`, in
/// its order and without their ends, that are of a unit and a family that it reads.
pub fn made_of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Hash {
    let mut tree = Frontier::new();
    lines.into_iter().for_each(|line| tree.push(leaf_hash(line.as_bytes())));
    tree.root()
}

/// The figure as a plain sum of what these timelines contribute, whosever they are; none if it is no
/// sum of amounts. It is the value wherever all units that are read count below the unit asked for
/// on every day.
pub fn plain_sum(
    rule: &Rule,
    facet: Option<&(FacetKind, String)>,
    query: &Query,
    timelines: impl IntoIterator<Item = Contributed>,
) -> Option<Value> {
    let mut plain = Plain::of(rule, facet, query)?;
    for timeline in timelines {
        timeline.contributions.iter().for_each(|contribution| plain.add(contribution));
    }
    Some(plain.value())
}

/// The text of a value.
pub fn written(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Share(Share { part, whole }) => format!("{part}/{whole}"),
        Value::Nil => "nil".to_owned(),
        Value::Missing => "missing".to_owned(),
        Value::Bound(range) => range_text(range),
        Value::BoundShare(part, whole) => format!("{}/{whole}", range_text(part)),
    }
}

/// The value of a text; none if it is not what [`written`] writes.
pub fn read(text: &str) -> Option<Value> {
    let number = |text: &str| text.parse::<i64>().ok();
    let value = match text {
        "nil" => Value::Nil,
        "missing" => Value::Missing,
        _ => match text.split_once('/') {
            Some((part, whole)) => match number(part) {
                Some(part) => Value::Share(Share { part, whole: number(whole)? }),
                None => Value::BoundShare(range(part)?, number(whole)?),
            },
            None => match number(text) {
                Some(count) => Value::Count(count),
                None => Value::Bound(range(text)?),
            },
        },
    };
    (written(value) == text).then_some(value)
}

fn range_text(Range { low, high, rough }: Range) -> String {
    let mut text = String::from(if rough { "~" } else { "" });
    text += &low.to_string();
    if rough && high == Some(low) {
        return text;
    }
    text += "..";
    text + &high.map(|high| high.to_string()).unwrap_or_default()
}

fn range(text: &str) -> Option<Range> {
    let (rough, ends) = match text.strip_prefix('~') {
        Some(ends) => (true, ends),
        None => (false, text),
    };
    let Some((low, high)) = ends.split_once("..") else {
        let only = ends.parse().ok()?;
        return rough.then_some(Range { low: only, high: Some(only), rough });
    };
    let high = if high.is_empty() { None } else { Some(high.parse().ok()?) };
    Some(Range { low: low.parse().ok()?, high, rough })
}

#[cfg(test)]
mod tests;
