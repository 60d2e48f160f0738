//! Cells as text: what the right-hand side of a golden table says.

use std::collections::BTreeMap;
use std::fmt::Write;

use tonghop_core::fold::Outcome;
use tonghop_core::measure::{Facet, FacetKind, Measure};

use super::line::{PRELUDE, messages};
use super::store::{Store, World};

/// Folds the lines after the prelude and tells what the cells say, then what was not folded.
pub(crate) fn table(lines: &str) -> String {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    let mut text = cells(&world.store, false);
    for (place, outcome) in world.outcomes.iter().enumerate().skip(3) {
        let line = place - 2;
        match outcome {
            Outcome::Folded => {}
            Outcome::Duplicate => writeln!(text, "line {line} is a duplicate").unwrap(),
            Outcome::Refused => {
                let (_, refusal) = world
                    .refusals
                    .iter()
                    .find(|(position, _)| usize::try_from(*position) == Ok(place + 1))
                    .unwrap();
                write!(text, "line {line} is refused {}", refusal.code.word()).unwrap();
                for (name, value) in &refusal.args {
                    write!(text, " {name}={value}").unwrap();
                }
                text.push('\n');
            }
        }
    }
    text
}

/// A line for each unit and effective day; `!` before an anomaly; `[…]` after a facet's amount.
pub(crate) fn cells(store: &Store, with_facets: bool) -> String {
    let mut lines: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for (key, amount) in store.cells.iter() {
        let name = match (&key.facet, key.measure) {
            (Facet::Of(FacetKind::Anomaly, code), _) => format!("!{code}"),
            (Facet::All, Measure::Anomaly) => continue,
            (Facet::All, measure) => {
                format!("{:03} {}", measure.byte(), short(measure))
            }
            (Facet::Of(kind, code), measure) if with_facets => {
                format!("{:03} {}[{}={code}]", measure.byte(), short(measure), kind.word())
            }
            (Facet::Of(..), _) => continue,
        };
        let line = lines.entry((key.unit.to_string(), key.day.to_string())).or_default();
        *line.entry(name).or_default() += amount;
    }
    let mut text = String::new();
    for ((unit, day), amounts) in lines {
        let amounts: Vec<String> = amounts
            .iter()
            .filter(|(_, amount)| **amount != 0)
            .map(|(name, amount)| {
                format!("{} {amount:+}", name.split_once(' ').map_or(name.as_str(), |(_, n)| n))
            })
            .collect();
        if !amounts.is_empty() {
            writeln!(text, "{unit} {day}  {}", amounts.join(", ")).unwrap();
        }
    }
    text
}

/// The word after the dot.
fn short(measure: Measure) -> &'static str {
    measure.word().split_once('.').map_or(measure.word(), |(_, word)| word)
}
