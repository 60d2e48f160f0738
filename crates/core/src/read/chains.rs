//! Who counts under whom in one tree.

use super::lineage::{Detour, Folding};
use super::{Query, Tree};
use crate::day::Day;
use crate::registry::Registry;
use crate::unit_code::UnitCode;

/// One tree.
#[derive(Debug, Clone)]
pub(super) struct Chains {
    /// For each unit that counts below the root, the places of who goes on with what it did and
    /// its ancestors up to the root; as it was, that is the unit itself.
    pub(super) units: Vec<(usize, Vec<usize>)>,
    /// The fields that count elsewhere than the rest; the same in all trees of one scope.
    pub(super) detours: Vec<Detour>,
}

/// What stands above a unit in one tree.
enum Above {
    Nothing,
    /// The unit at this place.
    Place(usize),
    /// A unit that has no place.
    Unplaced,
}

fn above(code: UnitCode, registry: &Registry, codes: &[UnitCode], day: Day) -> Above {
    match registry.parent_of(code, day).map(|parent| codes.binary_search(&parent)) {
        None => Above::Nothing,
        Some(Ok(place)) => Above::Place(place),
        Some(Err(_)) => Above::Unplaced,
    }
}

/// The chains of these units in the tree that the query asks for on this day; `codes` are those
/// that have a place, in order.
pub(super) fn chains(
    query: Query,
    registry: &Registry,
    codes: &[UnitCode],
    units: &[UnitCode],
    folding: &Folding,
    day: Day,
) -> Chains {
    let day = match query.tree {
        Tree::AsWas => day,
        Tree::On(day) => day,
    };
    let parents: Vec<Above> = codes.iter().map(|code| above(*code, registry, codes, day)).collect();
    let chain = |unit: UnitCode| chain(unit, query.root, registry, codes, &parents, day);
    let place = |unit: UnitCode| codes.binary_search(&unit).unwrap_or(usize::MAX);
    let mut counted = Vec::with_capacity(units.len());
    for (unit, heir) in folding.rest(units) {
        let (Ok(place), chain) = (codes.binary_search(&unit), chain(heir)) else { continue };
        if !chain.is_empty() {
            counted.push((place, chain));
        }
    }
    Chains { units: counted, detours: folding.detours(units, place, chain) }
}

/// The places of a unit and its ancestors up to the root; empty if it is not below the root.
fn chain(
    unit: UnitCode,
    root: UnitCode,
    registry: &Registry,
    codes: &[UnitCode],
    parents: &[Above],
    day: Day,
) -> Vec<usize> {
    let place = |code: &UnitCode| codes.binary_search(code).ok();
    let (Some(own), Some(top)) = (place(&unit), place(&root)) else { return Vec::new() };
    let mut chain = vec![own];
    let mut current = own;
    while current != top {
        match parents.get(current) {
            Some(Above::Place(parent)) if !chain.contains(parent) => {
                chain.push(*parent);
                current = *parent;
            }
            Some(Above::Unplaced) => {
                // Above stands a unit without cells that is not registered: take the long way.
                let way = registry.chain(unit, day);
                let depth = way.iter().position(|code| *code == root);
                chain = way.iter().take(depth.map_or(0, |d| d + 1)).filter_map(place).collect();
                break;
            }
            Some(Above::Place(_) | Above::Nothing) | None => break,
        }
    }
    if chain.last() == Some(&top) { chain } else { Vec::new() }
}
