//! Who counts under whom in one tree.

use super::{Query, Tree};
use crate::day::Day;
use crate::registry::Registry;
use crate::unit_code::UnitCode;

/// One tree: for each unit below the root, the places of itself and its ancestors up to the root.
pub(super) type Chains = Vec<(usize, Vec<usize>)>;

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
    day: Day,
) -> Chains {
    let day = match query.tree {
        Tree::AsWas => day,
        Tree::On(day) => day,
    };
    let Ok(root) = codes.binary_search(&query.root) else { return Vec::new() };
    let parents: Vec<Above> = codes.iter().map(|code| above(*code, registry, codes, day)).collect();
    let mut chains = Vec::with_capacity(units.len());
    for unit in units {
        let Ok(own) = codes.binary_search(unit) else { continue };
        let mut chain = vec![own];
        let mut current = own;
        while current != root {
            match parents.get(current) {
                Some(Above::Place(parent)) if !chain.contains(parent) => {
                    chain.push(*parent);
                    current = *parent;
                }
                Some(Above::Unplaced) => {
                    // Above stands a unit without cells that is not registered: take the long way.
                    let way = registry.chain(*unit, day);
                    let depth = way.iter().position(|code| *code == query.root);
                    let place = |code: &UnitCode| codes.binary_search(code).ok();
                    chain = way.iter().take(depth.map_or(0, |d| d + 1)).filter_map(place).collect();
                    break;
                }
                Some(Above::Place(_) | Above::Nothing) | None => break,
            }
        }
        if chain.last() == Some(&root) {
            chains.push((own, chain));
        }
    }
    chains
}
