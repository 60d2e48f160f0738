//! What was heard of each source: SEQ-1, SEQ-2, and tables.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::fold::Message;
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::sources::{Source, Speaker};

use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::laws::cases;

fn world(lines: &str) -> World {
    let mut log = messages(PRELUDE, 1);
    log.extend(messages(lines, 4));
    World::of(&log)
}

fn source<'a>(world: &'a World, name: &str) -> &'a Source {
    let found = world.projection.sources().iter().find(|(_, held, _)| &***held == name);
    found.unwrap_or_else(|| panic!("{name} was not heard")).2
}

/// `last 5/9 missing [(2, 3)] since 2030-01-01, 3 accepted`
fn shown(world: &World, name: &str) -> String {
    let source = source(world, name);
    let since = source.since().map_or_else(String::new, |day| format!(" since {day}"));
    let missing: Vec<_> = source.missing().collect();
    assert_eq!(source.is_incomplete(), source.missing_count() > 0);
    assert_eq!(source.is_incomplete(), source.since().is_some());
    format!(
        "{}/{} missing {missing:?}{since}; {} accepted {} duplicate {} refused {} reused",
        source.last_sequence(),
        source.upto(),
        source.accepted,
        source.duplicates,
        source.refused,
        source.reused,
    )
}

#[test]
fn a_hole_is_seen_and_closes() {
    let hole = "H41.16 site S1 2021-06-01 opened source=/x seq=1 rec=2021-06-01
        H41.16 site S4 2021-06-01 opened source=/x seq=4 rec=2021-06-02
        H41.16 site S6 2021-06-01 opened source=/x seq=6 rec=2021-06-03";
    let open =
        "6/6 missing [(2, 3), (5, 5)] since 2021-06-02; 3 accepted 0 duplicate 0 refused 0 reused";
    assert_eq!(shown(&world(hole), "/x"), open);
    let less = format!(
        "{hole}
        H41.16 site S3 2021-06-01 opened source=/x seq=3 rec=2021-06-04
        H41.16 site S2 2021-06-01 opened source=/x seq=2 rec=2021-06-04"
    );
    let one = "6/6 missing [(5, 5)] since 2021-06-03; 5 accepted 0 duplicate 0 refused 0 reused";
    assert_eq!(shown(&world(&less), "/x"), one);
    let whole = format!("{less}\nH41.16 site S5 2021-06-01 opened source=/x seq=5 rec=2021-06-05");
    let none = "6/6 missing []; 6 accepted 0 duplicate 0 refused 0 reused";
    assert_eq!(shown(&world(&whole), "/x"), none);
}

#[test]
fn the_latest_heartbeat_promises() {
    let lines = [
        (
            "H41.16 source /x 2021-06-02 heartbeat last=3 source=/x id=h1 rec=2021-06-02",
            "0/3 missing [(1, 3)] since 2021-06-02",
        ),
        (
            "H41.16 source /x 2021-06-03 heartbeat last=3 source=/x id=h2 rec=2021-06-03",
            "0/3 missing [(1, 3)] since 2021-06-02",
        ),
        (
            "H41.16 source /x 2021-06-01 heartbeat last=9 source=/x id=h0 rec=2021-06-04",
            "0/3 missing [(1, 3)] since 2021-06-02",
        ),
        (
            "H41.16 source /x 2021-06-04 heartbeat last=5 source=/x id=h3 rec=2021-06-04",
            "0/5 missing [(1, 5)] since 2021-06-04",
        ),
        (
            "H41.16 source /x 2021-06-05 retracted source=/x id=h4 replaces=h3 rec=2021-06-05",
            "0/3 missing [(1, 3)] since 2021-06-02",
        ),
        (
            "H41.16 source /x 2021-06-06 heartbeat last=0 source=/x id=h5 rec=2021-06-06",
            "0/0 missing []",
        ),
    ];
    for count in 1..=lines.len() {
        let said: Vec<&str> = lines[..count].iter().map(|(line, _)| *line).collect();
        let world = world(&said.join("\n"));
        let expected = lines[count - 1].1;
        let found = shown(&world, "/x");
        assert!(found.starts_with(&format!("{expected};")), "{expected}: {found}");
        assert!(world.store.cells.iter().all(|(key, _)| key.unit == crate::kit::unit("H41")));
    }
}

#[test]
fn heartbeats_come_for_ever() {
    let lines: Vec<String> = (0..1_000)
        .map(|n| {
            let (day, minute) = (1 + n / 60 % 28, n % 60);
            format!("H41.16 source /x 2021-06-{day:02}T10:{minute:02} heartbeat last={n} source=/x")
        })
        .collect();
    let world = world(&lines.join("\n"));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    assert!(world.store.entries.values().all(|bytes| bytes.len() < 4_096));
}

#[test]
fn numbers_that_came_are_not_missing_whatever_became_of_them() {
    let mut log = messages(PRELUDE, 1);
    log.extend(messages(
        "H41.16 site S1 2021-06-01 opened source=/x seq=1 id=a
        H41.16 site S1 2021-06-01 opened source=/x seq=1 id=a
        H41.16 site S2 2021-06-01 opened source=/x seq=2 id=a
        H41.16 site S3 2021-06-01 opened source=/x seq=3 id=c
        H41.16 site S4 2021-06-01 opened source=/x seq=3 id=d
        H41.16 site S4 2099-06-01 opened source=/x seq=4 id=e
        H41.16 site S5 2021-06-01 opened source=/x seq=5 id=f",
        4,
    ));
    // The last one could not be read but for who spoke.
    let mut refusal = Refusal::new(RefusalCode::DataUnreadable);
    let speaker = |source: &str, unit: &str| {
        let unit = crate::kit::unit(unit);
        Box::new(Speaker { unit, source: source.into(), sequence: Some(5) })
    };
    refusal.speaker = Some(speaker("/x", "H41.16"));
    log[9] = Message { said: Err(refusal.clone()), ..log[9].clone() };
    let world = World::of(&log);
    let expected = "5/5 missing []; 3 accepted 1 duplicate 3 refused 1 reused";
    assert_eq!(shown(&world, "/x"), expected);
    // Numbers 2, 4 and 5 were refused, and nothing has taken their place.
    assert_eq!(source(&world, "/x").refused_numbers(), 3);
    // A unit that nobody registered has no sources.
    refusal.speaker = Some(speaker("/y", "H40.1"));
    log[9] = Message { said: Err(refusal), ..log[9].clone() };
    let world = World::of(&log);
    assert!(
        world.projection.sources().iter().all(|(unit, _, _)| unit != crate::kit::unit("H40.1"))
    );
}

#[test]
fn sources_of_which_nothing_was_accepted_have_a_bound() {
    let mut log = messages(PRELUDE, 1);
    for position in 4..300 {
        let mut refusal = Refusal::new(RefusalCode::DataUnreadable);
        let (unit, source) = (crate::kit::unit("H41.16"), format!("/{position}").into());
        refusal.speaker = Some(Box::new(Speaker { unit, source, sequence: None }));
        let recorded = log[2].recorded;
        log.push(Message { position, recorded, said: Err(refusal) });
    }
    let own = messages("H41.16 site S1 2021-06-01 opened source=/x seq=1", 300);
    log.extend(own);
    let world = World::of(&log);
    assert_eq!(world.projection.sources().iter().filter(|(_, _, of)| of.accepted == 0).count(), 64);
    assert_eq!(source(&world, "/x").accepted, 1);
}

/// One message of the law: which source, which number, what it is.
type Said = (u8, u8, u8);

fn log(said: &[Said]) -> Vec<Message> {
    let mut log = messages(PRELUDE, 1);
    for (place, (source, number, what)) in said.iter().enumerate() {
        let source = ["/x", "/y"][usize::from(source % 2)];
        let number = number % 24 + 1;
        let body = match what % 5 {
            0 => format!("source {source} 2021-06-0{} heartbeat last={number}", place % 8 + 1),
            1 => format!("site S{number} 2021-06-01 opened id=again-{number} seq={number}"),
            _ => format!("site S{place} 2021-06-01 opened seq={number}"),
        };
        let mut message = messages(&format!("H41.16 {body} source={source}"), 4).remove(0);
        if what % 5 != 1
            && let Ok(event) = &mut message.said
        {
            event.statement.identity.0 ^= u128::try_from(place).unwrap() << 8;
        }
        if what % 5 == 4 {
            let mut refusal = Refusal::new(RefusalCode::DataUnreadable);
            refusal.speaker = Some(Box::new(Speaker {
                unit: crate::kit::unit("H41.16"),
                source: source.into(),
                sequence: Some(u64::from(number)),
            }));
            message.said = Err(refusal);
        }
        log.push(message);
    }
    log
}

fn numbered(messages: Vec<Message>) -> Vec<Message> {
    (1..).zip(messages).map(|(position, message)| Message { position, ..message }).collect()
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn seq_1_any_order_gives_the_same_account(said in vec(any::<Said>(), 0..40), order in vec(any::<u32>(), 40)) {
        let one = log(&said);
        let mut other: Vec<(u32, Message)> = order.into_iter().zip(one[3..].iter().cloned()).collect();
        other.sort_by_key(|(place, _)| *place);
        let other = one[..3].iter().cloned().chain(other.into_iter().map(|(_, message)| message));
        let (one, other) = (World::of(&numbered(one.clone())), World::of(&numbered(other.collect())));
        prop_assert_eq!(one.projection.sources(), other.projection.sources());
        let back = one.store.restore().unwrap();
        prop_assert_eq!(one.projection.sources(), back.sources());
    }

    #[test]
    fn seq_2_received_and_missing_are_all_up_to_the_highest(said in vec(any::<Said>(), 0..40)) {
        let log = numbered(log(&said));
        let world = World::of(&log);
        let mut received: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for message in &log[3..] {
            let (source, number) = match &message.said {
                Ok(event) => (&event.source, event.statement.sequence),
                Err(refusal) => {
                    let speaker = refusal.speaker.as_ref().unwrap();
                    (&speaker.source, speaker.sequence)
                }
            };
            received.entry(source).or_default().extend(number);
        }
        for (name, numbers) in received {
            let source = source(&world, name);
            let promised = source.promise.map_or(0, |promise| promise.last);
            let upto = numbers.iter().copied().max().unwrap_or(0).max(promised);
            prop_assert_eq!(source.upto(), upto);
            let missing: Vec<u64> = source.missing().flat_map(|(from, to)| from..=to).collect();
            let expected: Vec<u64> = (1..=upto).filter(|n| !numbers.contains(n)).collect();
            prop_assert_eq!(missing, expected);
        }
    }
}
