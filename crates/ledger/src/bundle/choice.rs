//! Which leaves of the log a bundle shows, and which of them it opens.
//!
//! Shown is all that the log holds of the units that a figure reads, and of the offices that speak
//! of units. Of a unit and a family either all messages are open or none. Open are those that the
//! figure is made of, those that make the registry and say how far sources have come, and those
//! without which it could not be told whether one of these was accepted: what has the same source
//! and id, or is what it replaces.

use std::collections::{BTreeMap, BTreeSet};

use tonghop_core::fingerprint::Identity;
use tonghop_core::limits::SOURCES_PER_UNIT_MAX;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

use crate::leaf::{Leaf, Said};

/// The family that a leaf's kind names; empty if it names none.
pub fn family_of(kind: &str) -> &str {
    kind.split_once('.').map_or("", |(family, _)| family)
}

/// A unit and a family, as leaves write them.
type Of = (String, String);

/// What is shown and opened.
///
/// See all leaves that are shown, in order, then [`Self::settle`]; and again until nothing more is
/// to be opened.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The units that are read, and those of them that are offices.
    units: BTreeSet<String>,
    offices: BTreeSet<String>,
    families: BTreeSet<String>,
    opened: BTreeSet<Of>,
    more: BTreeSet<Of>,
    /// The sources of each unit, as far as they count.
    sources: BTreeMap<String, BTreeSet<String>>,
    /// What stays closed of the leaves that were seen.
    closed: BTreeMap<Identity, Of>,
}

impl Choice {
    /// For a figure that reads these; `offices` are those that speak of units.
    pub fn new(units: &[UnitCode], families: &[Family], offices: &[UnitCode]) -> Self {
        let codes = |units: &[UnitCode]| -> BTreeSet<String> {
            units.iter().map(|unit| unit.as_str().to_owned()).collect()
        };
        Self {
            units: codes(units),
            offices: codes(offices),
            families: families.iter().map(|family| family.word().to_owned()).collect(),
            opened: BTreeSet::new(),
            more: BTreeSet::new(),
            sources: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Whether the leaf is shown.
    pub fn shows(&self, leaf: &Leaf) -> bool {
        self.units.contains(&leaf.unit) || self.offices.contains(&leaf.unit)
    }

    /// Whether its message is opened.
    pub fn opens(&self, leaf: &Leaf) -> bool {
        let family = family_of(&leaf.kind);
        let of_unit = || {
            self.units.contains(&leaf.unit)
                && (self.families.contains(family) || family == Family::Source.word())
        };
        let of_office = || self.offices.contains(&leaf.unit) && family == Family::Unit.word();
        family.is_empty() || of_unit() || of_office() || self.is_opened(leaf)
    }

    fn is_opened(&self, leaf: &Leaf) -> bool {
        let of = (leaf.unit.clone(), family_of(&leaf.kind).to_owned());
        let sources = self.sources.get(&leaf.unit).map_or(0, BTreeSet::len);
        self.opened.contains(&of) || u32::try_from(sources).is_ok_and(many)
    }

    /// Takes notice of a leaf that is shown; `said` is what its message says, of one that is opened.
    pub fn see(&mut self, leaf: &Leaf, said: Option<&Said>) {
        let mut scratch = Vec::new();
        let mut identity = |id: &str| Identity::of(&leaf.source, id, &mut scratch);
        if !leaf.source.is_empty() {
            let sources = self.sources.entry(leaf.unit.clone()).or_default();
            if u32::try_from(sources.len()).is_ok_and(|sources| !many(sources)) {
                sources.insert(leaf.source.clone());
            }
        }
        let own = (!leaf.id.is_empty()).then(|| identity(&leaf.id));
        match said {
            None => {
                let of = (leaf.unit.clone(), family_of(&leaf.kind).to_owned());
                self.closed.extend(own.map(|own| (own, of)));
            }
            Some(said) => {
                let target = said.replaces.as_deref().map(identity);
                let met = own.into_iter().chain(target);
                let met = met.filter_map(|identity| self.closed.get(&identity).cloned());
                self.more.extend(met.collect::<Vec<_>>());
            }
        }
    }

    /// Opens what has to be opened after all leaves were seen; whether there was any, so that they
    /// have to be seen again.
    pub fn settle(&mut self) -> bool {
        self.closed.clear();
        let crowded = |sources: &BTreeSet<String>| u32::try_from(sources.len()).is_ok_and(many);
        let crowd: BTreeSet<String> = self
            .sources
            .iter()
            .filter(|(_, sources)| crowded(sources))
            .map(|(unit, _)| unit.clone())
            .collect();
        self.more.extend(crowd.into_iter().map(|unit| (unit, String::new())));
        let before = self.opened.len();
        self.opened.append(&mut self.more);
        self.opened.len() > before
    }
}

/// Whether so many sources of a unit may be too many for one more: then it matters which of them
/// were ever accepted, and only open messages tell.
pub(crate) const fn many(sources: u32) -> bool {
    sources > SOURCES_PER_UNIT_MAX
}
