//! The lines of the lists of a closing: one way to write each, for who closes and who verifies.
//!
//! ```text
//! figures        id  value  root          the value as in `figure`, the root of what it is made of
//! contributions  unit  family  n  root    n timelines; there is no line where there is none
//! heads          unit  position           of its last message
//! sources        unit  source  highest  missing
//! units          unit  timeline           its canonical bytes (`core`), in hexadecimal
//! ```
//!
//! Fields are separated by a tab. Roots are hexadecimal, numbers decimal without leading zeros. The
//! highest number of a source is the highest that it sent or promised, 0 if it does not number.
//! What is missing are numbers and ranges up to it, ascending: `3,7-9`; nothing if none is. Where
//! gaps were too many to be kept, `?900/12` stands first: of the numbers up to 900, at least 12.
//!
//! Lines are in order of unit, then of the next field, as bytes. A unit has a head if it has a
//! timeline in the list `units`, or is of level 1 and such a unit begins with it.

use tonghop_core::read::Value;
use tonghop_core::sources::Source;
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::FigureId;

use crate::closing::hex;
use crate::figure;
use crate::list::line;
use crate::tree::Hash;

/// A line of the list `figures`.
pub fn of_figure(id: &FigureId, value: Value, made_of: &Hash) -> String {
    line([&*id.to_string(), &*figure::written(value), &*hex(made_of)])
}

/// A line of the list `contributions`.
pub fn of_contributions(unit: UnitCode, family: Family, timelines: u64, root: &Hash) -> String {
    line([unit.as_str(), family.word(), &*timelines.to_string(), &*hex(root)])
}

/// A line of the list `heads`.
pub fn of_head(unit: UnitCode, position: u64) -> String {
    line([unit.as_str(), &*position.to_string()])
}

/// A line of the list `sources`.
pub fn of_source(unit: UnitCode, name: &str, source: &Source) -> String {
    line([unit.as_str(), name, &*source.upto().to_string(), &*missing(source)])
}

/// A line of the list `units`.
pub fn of_unit(code: UnitCode, timeline: &Timeline) -> String {
    let mut bytes = Vec::new();
    timeline.pack(&mut bytes);
    let mut timeline = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        timeline.extend(
            [byte >> 4, byte & 0xf]
                .map(|half| char::from_digit(half.into(), 16))
                .into_iter()
                .flatten(),
        );
    }
    line([code.as_str(), &*timeline])
}

fn missing(source: &Source) -> String {
    let uncertain = source.uncertain().map(|(to, count)| format!("?{to}/{count}"));
    ranges(uncertain, source.missing())
}

/// Ranges of numbers, first and last of each, as a field.
pub(crate) fn ranges(
    uncertain: Option<String>,
    ranges: impl Iterator<Item = (u64, u64)>,
) -> String {
    let text =
        |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    uncertain.into_iter().chain(ranges.map(text)).collect::<Vec<_>>().join(",")
}
