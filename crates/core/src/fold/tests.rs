//! What a caller may do wrong, and the bound of the registry. The laws are in `tests/it/laws.rs`.

use super::*;
use crate::family::unit::{Change, Event as UnitEvent};
use crate::fingerprint::{Content, Identity, TimelineKey};
use crate::words::Level;

fn registration(number: usize) -> Message {
    let about = UnitCode::parse(&format!("H41.{number}")).unwrap();
    let position = u64::try_from(number).unwrap();
    let at = Instant::from_unix_ms(0);
    let parent = UnitCode::parse("H41");
    let name = Box::from("x");
    let change = Change::Registered { name, level: Level::Commune, parent, legal_basis: None };
    let statement = crate::event::Statement {
        identity: Identity(u128::from(position)),
        replaces: None,
        sequence: None,
        at,
        day: at.day().unwrap(),
        body: Body::Unit(Box::new(UnitEvent { code: about, change })),
    };
    let event = Event {
        unit: parent.unwrap(),
        source: Arc::from("/office"),
        family: Family::Unit,
        timeline: TimelineKey(u128::from(position) << 64),
        content: Content(position),
        statement,
    };
    Message { position, recorded: at, said: Ok(event) }
}

#[test]
fn a_plan_names_each_key_once_and_in_order() {
    let mut messages = vec![registration(1), registration(2), registration(1)];
    messages[2].position = 3;
    let plan = Plan::new(messages);
    assert_eq!(plan.keys(), [1, 2, 1 << 64, 2 << 64]);
    assert_eq!(plan.last_position(), Some(3));
    assert_eq!(Plan::new(Vec::new()).last_position(), None);
}

#[test]
fn values_that_do_not_answer_the_keys_are_damage() {
    let mut projection = Projection::default();
    let plan = Plan::new(vec![registration(1)]);
    assert!(projection.fold(plan, vec![None]).is_err());
    assert_eq!(projection.position(), 0);
}

#[test]
fn values_that_nobody_wrote_are_damage_and_say_where() {
    for spoilt in [0, 1] {
        let mut values = vec![None, None];
        values[spoilt] = Some(vec![1, 2, 3]);
        let damaged = Projection::default().fold(Plan::new(vec![registration(1)]), values);
        let what = damaged.unwrap_err().what;
        assert!(what.starts_with("entry 0000"), "{what}");
    }
}

#[test]
fn the_registry_has_a_bound_and_what_is_in_it_goes_on() {
    let mut projection = Projection::default();
    let mut messages: Vec<Message> = (1..=UNITS_MAX + 1).map(registration).collect();
    let mut again = registration(1);
    again.position = u64::try_from(UNITS_MAX).unwrap() + 2;
    if let Ok(event) = &mut again.said {
        event.statement.identity = Identity(u128::MAX);
    }
    messages.push(again);
    let plan = Plan::new(messages);
    let values = vec![None; plan.keys().len()];
    let folded = projection.fold(plan, values).unwrap();
    let refused: Vec<_> = folded.refusals.iter().map(|(_, refusal)| refusal.code).collect();
    assert_eq!(refused, [RefusalCode::UnitTooMany]);
    assert_eq!(folded.outcomes.last(), Some(&Outcome::Folded));
    assert_eq!(projection.registry().len(), UNITS_MAX);
}
