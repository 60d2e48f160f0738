//! Readings in the tree of one day: what units did, brought to those who go on with it.
//!
//! All that a unit did goes to the heir of the rest; then, for each field that another heir has,
//! the cells of that field are taken from there and added here. Measures that have no cells by
//! field so follow the rest, and nothing can be lost on the way: READ-1 holds in every tree.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::silence::Told;
use super::{Opened, Scope, Tree};
use crate::book::{Book, FacetBooks};
use crate::measure::{Code, FacetKind};
use crate::registry::Registry;
use crate::unit_code::UnitCode;

/// What a unit did in one field, on its way past the heir of the rest.
#[derive(Debug, Clone)]
pub(super) struct Detour {
    pub(super) unit: UnitCode,
    pub(super) place: usize,
    pub(super) field: Code,
    /// Who has the rest, with its ancestors up to the root; empty outside the subtree.
    pub(super) from: Vec<usize>,
    /// Who has the field.
    pub(super) to: Vec<usize>,
}

/// Who goes on with what each unit did, in the tree that is read.
#[derive(Debug)]
pub(super) struct Folding {
    /// The heir of the rest, for each unit with cells, in their order.
    rest: Vec<UnitCode>,
    /// Unit, field and the heir of the field.
    fields: Vec<(UnitCode, Code, UnitCode)>,
}

impl Folding {
    pub(super) fn of(tree: Tree, registry: &Registry, units: &[UnitCode]) -> Self {
        let Tree::On(day) = tree else {
            return Self { rest: units.to_vec(), fields: Vec::new() };
        };
        let mut folding = Self { rest: Vec::with_capacity(units.len()), fields: Vec::new() };
        for unit in units {
            let heirs = registry.heirs(*unit, day);
            folding.rest.push(heirs.rest);
            let fields = heirs.fields.into_iter().map(|(field, heir)| (*unit, field, heir));
            folding.fields.extend(fields);
        }
        folding
    }

    /// Every heir.
    pub(super) fn heirs(&self) -> impl Iterator<Item = UnitCode> {
        self.rest.iter().copied().chain(self.fields.iter().map(|(_, _, heir)| *heir))
    }

    /// The units with their heirs of the rest.
    pub(super) fn rest<'a>(
        &'a self,
        units: &'a [UnitCode],
    ) -> impl Iterator<Item = (UnitCode, UnitCode)> {
        units.iter().copied().zip(self.rest.iter().copied())
    }

    /// The detours of the fields; `place` is where a unit stands among the codes, `chain` the way
    /// from it up to the root.
    pub(super) fn detours(
        &self,
        units: &[UnitCode],
        place: impl Fn(UnitCode) -> usize,
        chain: impl Fn(UnitCode) -> Vec<usize>,
    ) -> Vec<Detour> {
        let rest_of = |unit: &UnitCode| {
            let place = units.binary_search(unit).ok();
            place.and_then(|place| self.rest.get(place)).copied().unwrap_or(*unit)
        };
        let detour = |(unit, field, heir): &(UnitCode, Code, UnitCode)| Detour {
            unit: *unit,
            place: place(*unit),
            field: field.clone(),
            from: chain(rest_of(unit)),
            to: chain(*heir),
        };
        self.fields.iter().map(detour).collect()
    }
}

/// The units of which cells by field are needed to read in this tree, in order of code; the
/// registry is as known at the query's day of knowledge.
pub fn divided_units(tree: Tree, registry: &Registry) -> Vec<UnitCode> {
    match tree {
        Tree::AsWas => Vec::new(),
        Tree::On(day) => registry.divided(day),
    }
}

impl Scope<'_> {
    /// Looks the units up in the book of all. `facets` are for terms that are narrowed to a code,
    /// and hold the cells by field of the units that were divided.
    pub fn open<'a>(
        &self,
        book: &'a Book,
        facets: &'a BTreeMap<FacetKind, FacetBooks>,
    ) -> Opened<'a> {
        let fields = facets.get(&FacetKind::Field);
        let divided = |detour: &Detour| fields?.get(&detour.field)?.unit(detour.unit);
        let divided: Vec<_> = self.detours().map(divided).collect();
        let is_whole = self.trees.have_all(book);
        let told = Told { book, is_whole, divided: divided.clone() };
        Opened { book, series: OnceCell::new(), is_whole, divided, told, facets }
    }

    /// Looks the units up in the book of one code of a facet, beside `all` of them. A book of another
    /// facet than the field does not say which cells are of which field: all of it follows the rest.
    pub fn open_code<'a>(
        &self,
        kind: FacetKind,
        code: &str,
        book: &'a Book,
        all: &Opened<'a>,
    ) -> Opened<'a> {
        let divided = |detour: &Detour| {
            let is_whole = kind == FacetKind::Field && *detour.field == *code;
            if is_whole { book.unit(detour.unit) } else { None }
        };
        let divided = self.detours().map(divided).collect();
        let is_whole = self.trees.have_all(book);
        let (told, facets) = (all.told.clone(), all.facets);
        Opened { book, series: OnceCell::new(), is_whole, divided, told, facets }
    }
}
