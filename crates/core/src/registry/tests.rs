//! Units by the day. Trees over random histories are in `tests/it/trees.rs`.

use super::*;
use crate::day::Instant;
use crate::event::{Body, Statement};
use crate::family::unit::{Change, Event};
use crate::fingerprint::Identity;
use crate::timeline::Entry;
use crate::words::Level;

fn code(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap()
}

fn day(number: u16) -> Day {
    Day::from_number(number)
}

/// A registry of these changes: unit, effective day, change; all recorded on the day after.
fn registry(changes: &[(&str, u16, Change)]) -> Registry {
    let mut registry = Registry::default();
    for (place, (unit, on, change)) in changes.iter().enumerate() {
        let mut timeline = registry.timeline(code(unit)).cloned().unwrap_or_default();
        let position = u64::try_from(place).unwrap() + 1;
        timeline.insert(Entry {
            position,
            recorded: day(on + 1),
            statement: Statement {
                identity: Identity(u128::from(position)),
                replaces: None,
                sequence: None,
                at: Instant::from_unix_ms(i64::from(*on) * 86_400_000),
                day: day(*on),
                body: Body::Unit(Box::new(Event { code: code(unit), change: change.clone() })),
            },
        });
        registry.restore(code(unit), timeline);
    }
    registry
}

fn registered(name: &str, level: Level, parent: Option<&str>) -> Change {
    Change::Registered { name: name.into(), level, parent: parent.map(code), legal_basis: None }
}

fn sample() -> Registry {
    registry(&[
        ("H41", 10, registered("Nghệ An", Level::Province, None)),
        ("H41.1", 10, registered("A", Level::Department, Some("H41"))),
        ("H41.2", 20, registered("B", Level::District, Some("H41"))),
        ("H41.2.1", 30, registered("C", Level::Commune, Some("H41.2"))),
        ("H41.2.1", 40, Change::Moved { parent: code("H41.1") }),
        ("H41.2.1", 50, Change::Renamed { name: "D".into() }),
        ("H41.2.1", 50, Change::CodeAssigned { code: code("H41.3") }),
        ("H41.2", 60, Change::Closed { legal_basis: None }),
        ("H41.2.1", 70, Change::Moved { parent: code("H41.1") }),
    ])
}

#[test]
fn a_unit_is_what_its_last_event_by_the_day_made_it() {
    let registry = sample();
    let unit = registry.get(code("H41.2.1")).unwrap();
    assert_eq!(unit.registered(), Some(day(30)));
    assert_eq!(unit.closed(), None);
    for (on, name, parent) in
        [(29, "C", "H41.2"), (30, "C", "H41.2"), (40, "C", "H41.1"), (50, "D", "H41.1")]
    {
        assert_eq!(unit.name(day(on)), name, "day {on}");
        assert_eq!(unit.parent(day(on)), Some(code(parent)), "day {on}");
        assert_eq!(unit.level(day(on)), Some(Level::Commune));
    }
    assert_eq!(unit.aliases(), [(day(50), code("H41.3"))]);
    assert_eq!(registry.get(code("H41.2")).unwrap().closed(), Some(day(60)));
}

#[test]
fn a_unit_that_is_registered_again_keeps_the_gap_before() {
    let again = registry(&[
        ("H41.1", 10, registered("A", Level::District, Some("H41"))),
        ("H41.1", 20, Change::Merged { into: code("H41.2"), legal_basis: None }),
        ("H41.1", 25, Change::Renamed { name: "too late".into() }),
        ("H41.1", 30, registered("B", Level::Commune, Some("H41"))),
        ("H41.1", 40, Change::Closed { legal_basis: None }),
        ("H41.1", 41, Change::Merged { into: code("H41.3"), legal_basis: None }),
        ("H41.1", 42, Change::Merged { into: code("H41.4"), legal_basis: None }),
    ]);
    let unit = again.get(code("H41.1")).unwrap();
    let days = |wanted: &dyn Fn(Day) -> bool| -> Vec<u16> {
        (5..45).filter(|number| wanted(day(*number))).collect()
    };
    let expected: Vec<u16> = (10..20).chain(30..40).collect();
    assert_eq!(days(&|on| unit.exists(on)), expected);
    assert_eq!((unit.registered(), unit.closed()), (Some(day(10)), Some(day(40))));
    // In the gap it is called as on its last day, and so is its level.
    for (on, last, name, level) in [
        (5, 5, "A", Level::District),
        (19, 19, "A", Level::District),
        (29, 19, "A", Level::District),
        (30, 30, "B", Level::Commune),
        (44, 39, "B", Level::Commune),
    ] {
        let held = unit.last_day(day(on));
        assert_eq!((held, unit.name(held), unit.level(held)), (day(last), name, Some(level)));
    }
    // The first end counts, and the first successor that was named for it.
    for (on, heir) in [(19, "H41.1"), (20, "H41.2"), (30, "H41.1"), (40, "H41.3"), (44, "H41.3")] {
        assert_eq!(again.heir(code("H41.1"), None, day(on)), code(heir), "day {on}");
    }
}

#[test]
fn the_tree_changes_on_the_days_of_real_moves() {
    let registry = sample();
    assert_eq!(registry.boundaries(), [day(40)]);
    assert_eq!(registry.chain(code("H41.2.1"), day(39)), ["H41.2.1", "H41.2", "H41"].map(code));
    assert_eq!(registry.chain(code("H41.2.1"), day(40)), ["H41.2.1", "H41.1", "H41"].map(code));
    assert!(registry.is_below(code("H41.2.1"), code("H41.2"), day(39)));
    assert!(!registry.is_below(code("H41.2.1"), code("H41.2"), day(40)));
    // Without a known parent a unit belongs to the province of its code.
    assert_eq!(registry.chain(code("H41.9"), day(40)), ["H41.9", "H41"].map(code));
}

#[test]
fn what_was_not_recorded_yet_was_not_known() {
    let registry = sample().as_known(day(31));
    assert_eq!(registry.len(), 4);
    assert_eq!(registry.boundaries(), []);
    assert_eq!(registry.get(code("H41.2")).unwrap().closed(), None);
    assert!(sample().as_known(day(10)).is_empty());
}

#[test]
fn an_office_is_a_level_1_code_that_units_begin_with() {
    let registry = registry(&[("H41.2", 20, registered("B", Level::District, None))]);
    assert!(registry.has_office(code("H41")));
    for other in ["H4", "H40", "H410", "H42", "H41.2", "H41.1", "A00"] {
        assert!(!registry.has_office(code(other)), "{other}");
    }
}
