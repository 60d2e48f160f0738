//! The laws of the fold, on random logs: DUP, ORD, CUT, MIX, BIT, ACC.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::event::Event;
use tonghop_core::fold::{Message, Outcome};
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::timeline::Timeline;
use tonghop_core::words::Family;

use crate::kit::facts::{
    Fact, REGISTRATIONS, UNITS, clean, messy, recorded_at_once, registrations,
};
use crate::kit::saying::Saying;
use crate::kit::store::World;

pub(crate) fn facts(most: usize) -> impl Strategy<Value = Vec<Fact>> {
    vec(any::<Fact>(), 1..most)
}

pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// The log of these sayings, registrations first.
pub(crate) fn log_of(said: &[Saying]) -> Vec<Message> {
    let events = registrations().into_iter().chain(said.iter().map(Saying::event));
    recorded_at_once(events)
}

/// Numbers the messages from 1.
fn renumbered(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    (1..).zip(messages).map(|(position, message)| Message { position, ..message }).collect()
}

/// The timelines of a store as sets: what is kept of each event but its place in the log.
fn timelines(world: &World) -> Vec<(u128, Vec<String>)> {
    let timelines = world.store.entries.iter().filter(|(key, _)| is_timeline(world, **key));
    timelines
        .map(|(key, bytes)| {
            let timeline = Timeline::unpack(bytes).unwrap();
            let entries = timeline.entries().iter();
            (*key, entries.map(|e| format!("{} {:?}", e.recorded, e.statement)).collect())
        })
        .collect()
}

/// Identity records are short and their upper half is a content, so that bytes alone do not tell.
fn is_timeline(world: &World, key: u128) -> bool {
    Timeline::unpack(&world.store.entries[&key]).is_some_and(|timeline| {
        timeline.entries().iter().all(|e| world.store.entries.contains_key(&e.statement.identity.0))
            && !timeline.is_empty()
    })
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn dup_redelivery_changes_nothing(facts in facts(24), again in vec(any::<u16>(), 1..12)) {
        let log = messy(&facts);
        let mut world = World::of(&log);
        let before = world.clone();
        // The log is stored at a later position each time, as a publisher's retry is.
        let recorded = log.last().unwrap().recorded;
        let accepted: Vec<Message> = (before.store.position + 1..)
            .zip(
                again
                    .iter()
                    .map(|pick| usize::from(*pick) % log.len())
                    .filter(|place| before.outcomes[*place] != Outcome::Refused),
            )
            .map(|(position, place)| Message { position, recorded, said: log[place].said.clone() })
            .collect();
        world.fold(&accepted);
        prop_assert_eq!(&world.store.cells, &before.store.cells);
        prop_assert_eq!(&world.store.entries, &before.store.entries);
        prop_assert!(world.outcomes[before.outcomes.len()..].iter().all(|o| *o == Outcome::Duplicate));
        let (now, then) = (world.projection.counts(), before.projection.counts());
        prop_assert_eq!(now.duplicates, then.duplicates + u64::try_from(accepted.len()).unwrap());
        prop_assert_eq!((now.folded, now.refused), (then.folded, then.refused));
    }

    #[test]
    fn dup_within_a_batch_is_dup_between_batches(facts in facts(24)) {
        let log = messy(&facts);
        let doubled = renumbered(log.iter().flat_map(|m| [m.clone(), m.clone()]));
        let world = World::of(&doubled);
        for (place, pair) in world.outcomes.chunks(2).enumerate() {
            let expected =
                if pair[0] == Outcome::Refused { Outcome::Refused } else { Outcome::Duplicate };
            prop_assert_eq!(pair[1], expected, "message {}", place);
        }
        prop_assert_eq!(&world.store.cells, &World::of(&log).store.cells);
    }

    #[test]
    fn ord_any_order_of_arrival_gives_the_same_cells(
        facts in facts(24), order in Just(()).prop_perturb(|(), mut rng| {
            std::iter::repeat_with(|| rng.next_u64()).take(24).collect::<Vec<_>>()
        }),
    ) {
        let said = clean(&facts);
        let mut shuffled: Vec<(u64, Saying)> = order.into_iter().zip(said.clone()).collect();
        shuffled.sort_by_key(|(place, _)| *place);
        let shuffled: Vec<Saying> = shuffled.into_iter().map(|(_, saying)| saying).collect();
        let (one, other) = (World::of(&log_of(&said)), World::of(&log_of(&shuffled)));
        prop_assert!(one.refusals.is_empty(), "{:?}", one.refusals);
        prop_assert!(other.refusals.is_empty(), "{:?}", other.refusals);
        prop_assert_eq!(&one.store.cells, &other.store.cells);
        prop_assert_eq!(timelines(&one), timelines(&other));
    }

    #[test]
    fn cut_any_batches_give_the_same_projection(
        facts in facts(30), cuts in vec(any::<bool>(), 40),
    ) {
        let log = messy(&facts);
        let whole = World::of(&log);
        let mut pieces = World::default();
        for batch in cut(&log, &cuts) {
            pieces.fold(batch);
        }
        pieces.assert_same(&whole);
        // A restart after each batch: the projection comes back from the records.
        let mut restarted = World::default();
        for batch in cut(&log, &cuts) {
            restarted.projection = restarted.store.restore().unwrap();
            restarted.fold(batch);
        }
        restarted.assert_same(&whole);
        prop_assert_eq!(format!("{:?}", whole.store.restore().unwrap()), format!("{:?}", whole.projection));
    }

    /// PART-1. Sources of these logs speak for several units, which no decoder lets them: so what
    /// has the identity of a kept message, or of what it replaces, is kept too.
    #[test]
    fn part_some_units_fold_alone_as_among_all(facts in facts(30), pick in 1_usize..16) {
        let log = messy(&facts);
        let codes = UNITS.iter().map(|(code, _)| *code).chain(["H41.99"]);
        let picked: BTreeSet<&str> =
            (0..).zip(codes).filter(|(bit, _)| pick >> bit & 1 == 1).map(|(_, code)| code).collect();
        let kept = kept_of(&log, &picked);
        let mut alone = World::default();
        let mut recorded = log[0].recorded;
        for (message, keep) in log.iter().zip(kept) {
            recorded = recorded.max(message.recorded);
            if keep {
                alone.projection.pass_over(message.position - 1);
                alone.fold(&[Message { recorded, ..message.clone() }]);
            }
        }
        let whole = World::of(&log);
        let of_picked = |world: &World| {
            let cells = world.store.cells_known(|key| picked.contains(key.unit.as_str()));
            let keys: BTreeSet<u128> = events(&log)
                .filter(|event| picked.contains(event.unit.as_str()))
                .flat_map(|event| [event.timeline.0, event.statement.identity.0])
                .collect();
            let entries = world.store.entries.clone().into_iter();
            (cells, entries.filter(|(key, _)| keys.contains(key)).collect::<BTreeMap<_, _>>())
        };
        prop_assert_eq!(of_picked(&alone), of_picked(&whole));
        let registry = |world: &World| format!("{:?}", world.projection.registry());
        prop_assert_eq!(registry(&alone), registry(&whole));
    }

    #[test]
    fn mix_any_partition_over_workers_adds_up(facts in facts(30), deal in vec(0_usize..3, 30)) {
        let said: Vec<Saying> =
            clean(&facts).into_iter().filter(|saying| saying.family != Family::Unit).collect();
        let mut dealt: BTreeMap<_, usize> = BTreeMap::new();
        let mut workers: [Vec<Saying>; 3] = Default::default();
        for (saying, worker) in said.iter().zip(&deal) {
            let worker = *dealt.entry(saying.event().timeline).or_insert(*worker);
            workers[worker].push(saying.clone());
        }
        let mut sum = tonghop_core::cells::Cells::default();
        for said in &workers {
            let world = World::of(&log_of(said));
            for (key, amount) in world.store.cells.iter() {
                sum.add(key.clone(), amount);
            }
        }
        prop_assert_eq!(&sum, &World::of(&log_of(&said)).store.cells);
    }

    #[test]
    fn bit_cells_of_a_recorded_day_are_the_fold_up_to_it(facts in facts(30)) {
        let log = messy(&facts);
        let whole = World::of(&log);
        let mut ends: BTreeMap<_, usize> = BTreeMap::new();
        let mut highest = log[0].recorded;
        for (place, message) in log.iter().enumerate() {
            highest = highest.max(message.recorded);
            ends.insert(highest.day().unwrap(), place + 1);
        }
        for (day, end) in ends {
            let then = World::of(&log[..end]);
            let known = whole.store.cells_known(|key| key.recorded <= day);
            prop_assert_eq!(&known, &then.store.cells, "known on {}", day);
            let registry = whole.projection.registry().as_known(day);
            prop_assert_eq!(format!("{registry:?}"), format!("{:?}", then.projection.registry()));
        }
    }

    #[test]
    fn acc_every_message_comes_to_one_end(facts in facts(30)) {
        let log = messy(&facts);
        let world = World::of(&log);
        let counts = world.projection.counts();
        let of = |outcome| world.outcomes.iter().filter(|o| **o == outcome).count();
        prop_assert_eq!(world.outcomes.len(), log.len());
        prop_assert_eq!(counts.total(), u64::try_from(log.len()).unwrap());
        prop_assert_eq!(counts.folded, u64::try_from(of(Outcome::Folded)).unwrap());
        prop_assert_eq!(counts.duplicates, u64::try_from(of(Outcome::Duplicate)).unwrap());
        prop_assert_eq!(counts.refused, u64::try_from(of(Outcome::Refused)).unwrap());
        let refused: Vec<u64> = world.refusals.iter().map(|(position, _)| *position).collect();
        let expected: Vec<u64> = (1..)
            .zip(&world.outcomes)
            .filter(|(_, outcome)| **outcome == Outcome::Refused)
            .map(|(position, _)| position)
            .collect();
        prop_assert_eq!(refused, expected);
        let entries: usize = timelines(&world).iter().map(|(_, entries)| entries.len()).sum();
        prop_assert_eq!(entries, of(Outcome::Folded));
    }

    #[test]
    fn the_cells_are_the_contributions_of_the_timelines(facts in facts(30)) {
        let log = messy(&facts);
        let world = World::of(&log);
        let units: BTreeMap<u128, Event> = log
            .iter()
            .filter_map(|message| message.said.clone().ok())
            .map(|event| (event.timeline.0, event))
            .collect();
        let mut expected: BTreeMap<_, i64> = BTreeMap::new();
        for (key, _) in timelines(&world) {
            let timeline = Timeline::unpack(&world.store.entries[&key]).unwrap();
            for c in timeline.contributions() {
                *expected.entry((units[&key].unit, c.measure, c.facet, c.day)).or_default() += c.amount;
            }
        }
        let mut found: BTreeMap<_, i64> = BTreeMap::new();
        for (key, amount) in world.store.cells.iter() {
            let key = key.clone();
            *found.entry((key.unit, key.measure, key.facet, key.day)).or_default() += amount;
        }
        expected.retain(|_, amount| *amount != 0);
        found.retain(|_, amount| *amount != 0);
        prop_assert_eq!(found, expected);
    }
}

fn events(log: &[Message]) -> impl Iterator<Item = &Event> {
    log.iter().filter_map(|message| message.said.as_ref().ok())
}

/// For each message, whether these units cannot be folded without it.
fn kept_of(log: &[Message], units: &BTreeSet<&str>) -> Vec<bool> {
    let mut wanted = BTreeSet::new();
    loop {
        let keeps = |event: &Event| {
            event.family == Family::Unit
                || units.contains(event.unit.as_str())
                || wanted.contains(&event.statement.identity)
        };
        let kept = events(log).filter(|event| keeps(event)).map(|event| &event.statement);
        let more: BTreeSet<_> =
            kept.flat_map(|said| [Some(said.identity), said.replaces]).flatten().collect();
        if more == wanted {
            return log.iter().map(|message| message.said.as_ref().is_ok_and(keeps)).collect();
        }
        wanted = more;
    }
}

fn cut<'a>(log: &'a [Message], cuts: &'a [bool]) -> impl Iterator<Item = &'a [Message]> {
    let mut batches = Vec::new();
    let mut start = 0;
    for place in 1..=log.len() {
        if place == log.len() || cuts[place % cuts.len()] {
            batches.push(&log[start..place]);
            start = place;
        }
    }
    batches.into_iter()
}

/// The random logs are worth something only if they hit what they are meant to hit.
#[test]
fn messy_logs_have_all_that_a_log_can_have() {
    let mut state = 1_u64;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = BTreeSet::new();
    for _ in 0..4_000 {
        let facts: Vec<Fact> = (0..30).map(|_| random_fact(&mut state)).collect();
        let world = World::of(&messy(&facts));
        assert_eq!(world.outcomes[..REGISTRATIONS], [Outcome::Folded; REGISTRATIONS]);
        for outcome in &world.outcomes[REGISTRATIONS..] {
            *seen.entry(format!("{outcome:?}")).or_default() += 1;
        }
        for (_, refusal) in &world.refusals {
            *seen.entry(refusal.code.word().to_owned()).or_default() += 1;
        }
        for (key, _) in world.store.cells.iter() {
            let name = format!("{} {}", key.measure.word(), key.facet.code());
            *seen.entry(name.trim_end().to_owned()).or_default() += 1;
            kept.insert((key.measure, key.facet.kind()));
        }
    }
    let kinds = FacetKind::ALL.iter().filter(|kind| **kind != FacetKind::All);
    for (measure, kind) in kinds.flat_map(|kind| Measure::ALL.iter().map(move |m| (*m, *kind))) {
        let says = measure.is_kept_by(kind);
        assert_eq!(kept.contains(&(measure, kind)), says, "{} {}", measure.word(), kind.word());
    }
    let mut missing: Vec<&str> = Vec::new();
    let wanted = [
        "Folded",
        "Duplicate",
        "Refused",
        "id.reused",
        "unit.unknown",
        "unit.closed",
        "unit.mismatch",
        "unit.circular",
        "time.in_future",
        "replaces.unknown",
        "data.unreadable",
    ];
    let measures = Measure::ALL.iter().map(|m| m.word());
    let anomalies: Vec<String> = tonghop_core::anomaly::Anomaly::ALL
        .iter()
        .filter(|a| a.word() != "unit.not_registered")
        .map(|a| format!("anomaly {}", a.word()))
        .collect();
    for word in wanted.into_iter().chain(measures).chain(anomalies.iter().map(String::as_str)) {
        if !seen.contains_key(word) {
            missing.push(word);
        }
    }
    assert_eq!(missing, Vec::<&str>::new());
}

fn random_fact(state: &mut u64) -> Fact {
    std::array::from_fn(|_| {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()[0]
    })
}
