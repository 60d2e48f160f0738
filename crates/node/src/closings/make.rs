//! What goes into a closing, from a log that was folded afresh up to its position.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::Window;
use tonghop_core::fold::{Damaged, Message};
use tonghop_core::read::Value;
use tonghop_core::registry::Registry;
use tonghop_core::sources::{Source, Sources};
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_ledger::contributed::{Contributed, SILENT};
use tonghop_ledger::tree::{Frontier, Hash, leaf_hash};
use tonghop_ledger::{figure, line};
use tonghop_report::FormAnswer;
use tonghop_store::Store;
use tonghop_wire::FigureId;

use crate::folder::FoldError;

/// What is found in a second pass over the log, when all timelines are whole.
#[derive(Debug, Default)]
pub struct Found {
    /// For each unit and family the leaves of its timelines, in order of their first positions.
    trees: BTreeMap<(UnitCode, Family), Frontier>,
    /// The position of the last message of each unit.
    heads: BTreeMap<UnitCode, u64>,
    /// The units and families of which the leaves are kept, and these.
    wanted: (Vec<UnitCode>, Vec<Family>),
    leaves: BTreeMap<(UnitCode, Family), Vec<Vec<u8>>>,
}

impl Found {
    /// Nothing yet; of these units and families the leaves will be kept.
    pub fn keeping(wanted: (Vec<UnitCode>, Vec<Family>)) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// The leaves of a unit and a family that were kept.
    pub fn kept(&self, unit: &str, family: &str) -> impl Iterator<Item = &[u8]> {
        let of = UnitCode::parse(unit).zip(Family::parse(family));
        let leaves = of.and_then(|of| self.leaves.get(&of));
        leaves.into_iter().flatten().map(Vec::as_slice)
    }

    /// The message at this position is the unit's last so far.
    pub fn head(&mut self, unit: UnitCode, position: u64) {
        self.heads.insert(unit, position);
    }

    /// Takes the timelines that begin with a message of this batch. Batches come in order, and
    /// `store` holds the fold of all.
    pub fn batch(&mut self, messages: &[Message], store: &Store) -> Result<(), FoldError> {
        let events = || {
            let accepted = messages.iter().filter_map(|message| {
                message.said.as_ref().ok().map(|event| (message.position, event))
            });
            accepted.filter(|(_, event)| !SILENT.contains(&event.family))
        };
        let mut keys: Vec<u128> = events().map(|(_, event)| event.timeline.0).collect();
        keys.sort_unstable();
        keys.dedup();
        let values = store.load(&keys)?;
        for (position, event) in events() {
            let place = keys.binary_search(&event.timeline.0).ok();
            let value = place.and_then(|place| values.get(place)).and_then(Option::as_deref);
            // Nothing of it was ever accepted: all its messages were refused.
            let Some(value) = value else { continue };
            let timeline = Timeline::unpack(value).ok_or_else(|| damaged(position))?;
            let first = timeline.entries().iter().map(|entry| entry.position).min();
            if first != Some(position) {
                continue;
            }
            if let Some(contributed) = Contributed::of(&timeline) {
                let (of, leaf) = ((event.unit, event.family), contributed.encode());
                let tree = self.trees.entry(of).or_insert_with(Frontier::new);
                tree.push(leaf_hash(&leaf));
                let (units, families) = &self.wanted;
                if families.contains(&of.1) && units.binary_search(&of.0).is_ok() {
                    self.leaves.entry(of).or_default().push(leaf);
                }
            }
        }
        Ok(())
    }

    /// The lines of the list `contributions`, by unit and family.
    pub fn contributions(&self) -> Contributions {
        let line = |((unit, family), tree): (&(UnitCode, Family), &Frontier)| {
            let line = line::of_contributions(*unit, *family, tree.size(), &tree.root());
            ((unit.as_str().to_owned(), family.word()), line)
        };
        Contributions(self.trees.iter().map(line).collect())
    }

    /// The list `heads`.
    pub fn heads(&self, registry: &Registry) -> String {
        let mut units: BTreeSet<UnitCode> = registry.timelines().map(|(unit, _)| unit).collect();
        let offices: Vec<UnitCode> = units.iter().map(UnitCode::level_1).collect();
        units.extend(offices);
        let head = |unit: UnitCode| self.heads.get(&unit).copied().unwrap_or_default();
        units.into_iter().map(|unit| line::of_head(unit, head(unit))).collect()
    }
}

/// The lines of the list `contributions`, in its order.
#[derive(Debug)]
pub struct Contributions(BTreeMap<(String, &'static str), String>);

impl Contributions {
    /// The list.
    pub fn list(&self) -> String {
        self.0.values().map(String::as_str).collect()
    }

    /// What a figure of these units and families is made of.
    fn made_of(&self, units: &[UnitCode], families: &[Family]) -> Hash {
        let keys = units.iter().flat_map(|unit| {
            families.iter().map(move |family| (unit.as_str().to_owned(), family.word()))
        });
        // In the order of the list, which is not that of codes.
        let mut held: Vec<_> = keys.filter_map(|key| self.0.get_key_value(&key)).collect();
        held.sort_unstable();
        figure::made_of(held.into_iter().map(|(_, line)| line.trim_end_matches('\n')))
    }
}

/// The figures of forms, as a list: each once, in order of id.
pub fn figures<'a>(
    forms: impl IntoIterator<Item = &'a FormAnswer>,
    catalogue: &Catalogue,
    registry: &Registry,
    contributions: &Contributions,
) -> anyhow::Result<String> {
    let mut units: BTreeMap<UnitCode, Vec<UnitCode>> = BTreeMap::new();
    let mut roots: BTreeMap<(UnitCode, Vec<Family>), Hash> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for (text, value) in forms.into_iter().flat_map(figures_of) {
        let id = FigureId::parse(text).with_context(|| format!("{text} is no figure"))?;
        let indicator = catalogue.indicators.iter().find(|held| held.id == id.indicator);
        let indicator = indicator.with_context(|| format!("{text} is of no indicator"))?;
        let families = figure::families_read(&indicator.rule);
        let read = units
            .entry(id.unit)
            .or_insert_with(|| figure::units_read(id.unit, id.window, id.tree, registry));
        let root = roots
            .entry((id.unit, families.clone()))
            .or_insert_with(|| contributions.made_of(read, &families));
        lines.insert(text.to_owned(), line::of_figure(&id, value, root));
    }
    Ok(lines.into_values().collect())
}

fn figures_of(form: &FormAnswer) -> impl Iterator<Item = (&str, Value)> {
    let cells = form.rows.iter().flat_map(|row| &row.cells.0);
    cells.filter_map(|(_, cell)| Some((cell.figure.as_deref()?, cell.figure()?)))
}

fn damaged(position: u64) -> FoldError {
    let what = format!("the timeline of the message at {position}");
    FoldError::Damaged(Damaged { what })
}

/// The list `units`.
pub fn units(registry: &Registry) -> String {
    registry.timelines().map(|(unit, timeline)| line::of_unit(unit, timeline)).collect()
}

/// The list `sources`.
pub fn sources(sources: &Sources) -> String {
    sources.iter().map(|(unit, name, source)| line::of_source(unit, name, source)).collect()
}

/// Why a period cannot be closed without saying so: events that sources have numbered and that
/// never came. Sentences, the first of each unit first.
pub fn gaps(sources: &Sources, registry: &Registry, root: UnitCode, window: Window) -> Vec<String> {
    let below = sources.below(registry, root, window.to);
    let incomplete = below.filter(|(_, _, source)| source.is_incomplete());
    let sentence = |(unit, name, source): (UnitCode, &Arc<str>, &Source)| {
        let numbers: Vec<String> = source.missing().take(NUMBERS_TOLD).map(range).collect();
        let since = source.since().map(|day| format!(" since {day}")).unwrap_or_default();
        format!(
            "{unit}: {name} has numbered {} events that never came{since} ({}{})",
            source.missing_count(),
            numbers.join(", "),
            if source.missing().count() > NUMBERS_TOLD { ", …" } else { "" }
        )
    };
    incomplete.map(sentence).collect()
}

/// Ranges of numbers that a sentence names.
const NUMBERS_TOLD: usize = 5;

fn range((from, to): (u64, u64)) -> String {
    if from == to { from.to_string() } else { format!("{from}–{to}") }
}
