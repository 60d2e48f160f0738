//! The outbox on real files, against a list in memory, with crashes at any byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const SOURCES: [&str; 2] = ["/H41.16/igate", "/H41.16/ioffice"];

fn event(source: usize, id: u32) -> Vec<u8> {
    format!(
        r#"{{"specversion":"1.0","id":"e{id}","source":"{}","type":"vn.tonghop.document.issued.v1","subject":"{id}/CV","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","data":{{"kind":"CV"}}}}"#,
        SOURCES[source % 2]
    )
    .into_bytes()
}

fn open(dir: &Path) -> Outbox {
    Outbox::open(dir, OutboxSettings::new()).unwrap()
}

/// What would be sent: source, number and id of each event, in order.
fn held(outbox: &Outbox) -> Vec<(String, u64, String)> {
    let sources = outbox.read(|contents| contents.sources.len());
    (0..sources).for_each(|source| outbox.introduce(source, 0).unwrap());
    let taken = outbox.take(usize::MAX, &Identity::default()).unwrap();
    outbox.set(taken.iter().map(|taken| (taken.entry, State::Waiting)));
    let read = |taken: Taken| {
        let event: serde_json::Value = serde_json::from_slice(&taken.payload).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        (text("source"), text("sequence").parse().unwrap(), text("id"))
    };
    taken.into_iter().map(read).collect()
}

/// What is there, also of what was never sent.
fn inside(outbox: &Outbox) -> Vec<(String, u64, String)> {
    let mut inner = outbox.inner();
    let entries: Vec<(u64, Place)> =
        inner.contents.entries.values().map(|entry| (entry.number, entry.place)).collect();
    let mut read = |(number, place): (u64, Place)| {
        let segment = inner.segments.iter_mut().find(|s| s.number == place.segment).unwrap();
        let bytes = segment.read(place.at).unwrap();
        let Some(Record::Event { source, payload, .. }) = Record::unpack(&bytes) else {
            panic!("no event at {place:?}")
        };
        let event: serde_json::Value = serde_json::from_slice(payload).unwrap();
        (source.to_owned(), number, event["id"].as_str().unwrap().to_owned())
    };
    entries.into_iter().map(&mut read).collect()
}

fn last_segment(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "seg")).max().unwrap()
}

fn size(dir: &Path) -> u64 {
    fs::metadata(last_segment(dir)).unwrap().len()
}

fn cut(path: &Path, bytes: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(bytes).unwrap();
}

#[test]
fn out_2_numbers_go_on_after_all_events_have_left_and_the_outbox_was_opened_anew() {
    let dir = TempDir::new().unwrap();
    for round in 0..3_u32 {
        let outbox = open(dir.path());
        let events: Vec<_> = (0..3).map(|n| event(0, round * 3 + n)).collect();
        let entered = outbox.enqueue_all(&events).unwrap();
        assert!(entered.iter().all(|entered| entered.is_new));
        let numbers: Vec<u64> = held(&outbox).iter().map(|(_, number, _)| *number).collect();
        let first = u64::from(round) * 3 + 1;
        assert_eq!(numbers, [first, first + 1, first + 2]);
        let entries: Vec<u64> = entered.iter().filter_map(|entered| entered.entry).collect();
        outbox.leave(&entries).unwrap();
        assert_eq!(outbox.status().events, 0);
        // What left is known when it comes again.
        assert!(!outbox.enqueue(&events[1]).unwrap().is_new);
    }
}

#[test]
fn the_same_bytes_are_one_event() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    let entered = outbox.enqueue_all(&[event(0, 1), event(0, 1), event(0, 2)]).unwrap();
    assert_eq!(entered.iter().map(|e| e.is_new).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(entered[0].entry, entered[1].entry);
    drop(outbox);
    let outbox = open(dir.path());
    assert!(!outbox.enqueue(&event(0, 1)).unwrap().is_new);
    assert_eq!(held(&outbox).len(), 2);
}

#[test]
fn what_left_is_known_when_its_segment_is_gone_and_does_not_come_back() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 16 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    let entries: Vec<u64> =
        (0..20).filter_map(|id| outbox.enqueue(&event(0, id)).unwrap().entry).collect();
    let (path, before) = (last_segment(dir.path()), size(dir.path()));
    outbox.leave(&entries[..19]).unwrap();
    assert!(!dir.path().join("00000001.seg").exists());
    drop(outbox);
    // The power goes before it is safe in the last segment what has left.
    cut(&path, before);
    let outbox = open(dir.path());
    let numbers = || held(&outbox).iter().map(|(_, number, _)| *number).collect::<Vec<_>>();
    assert_eq!(numbers(), [20]);
    assert!(!outbox.enqueue(&event(0, 0)).unwrap().is_new);
    outbox.enqueue(&event(0, 20)).unwrap();
    assert_eq!(numbers(), [20, 21]);
}

#[test]
fn a_second_process_is_refused() {
    let dir = TempDir::new().unwrap();
    let first = open(dir.path());
    let second = Outbox::open(dir.path(), OutboxSettings::new());
    assert!(matches!(second, Err(OutboxError::Locked { .. })), "{second:?}");
    // Looking is allowed.
    first.enqueue(&event(0, 1)).unwrap();
    assert_eq!(Outbox::look(dir.path()).unwrap().events, 1);
    drop(first);
    open(dir.path());
}

#[test]
fn a_full_outbox_takes_nothing_until_something_left() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 64 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    let mut entries = Vec::new();
    let mut id = 0;
    let mut fill = |entries: &mut Vec<u64>| {
        loop {
            match outbox.enqueue(&event(0, id)) {
                Ok(entered) => entries.extend(entered.entry),
                Err(OutboxError::Full { events, bytes, .. }) => {
                    assert!(bytes <= 64 * 1_024);
                    return events;
                }
                Err(other) => panic!("{other}"),
            }
            id += 1;
        }
    };
    let most = fill(&mut entries);
    assert!(most > 100, "{most}");
    // One event that never leaves holds up no space: it is carried over.
    let stuck = entries.remove(0);
    for round in 0..6 {
        outbox.leave(&entries).unwrap();
        entries.clear();
        let more = fill(&mut entries);
        assert!(more > most / 2, "round {round}: {more} of {most}");
    }
    outbox.leave(&entries).unwrap();
    drop(outbox);
    let outbox = open(dir.path());
    let left = held(&outbox);
    assert_eq!((left.len(), left[0].1, left[0].2.as_str()), (1, 1, "e0"), "{left:?} {stuck}");
}

#[test]
fn who_numbers_a_source_stays_who_numbers_it() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    let numbered = |id: u32, number: u64| event::numbered(&event(0, id), number);
    outbox.enqueue_all(&[numbered(1, 70), numbered(2, 71)]).unwrap();
    let mixed = outbox.enqueue_all(&[numbered(3, 72), event(0, 4)]);
    assert!(
        matches!(&mixed, Err(OutboxError::Numbering { index: 1, numbered: false, .. })),
        "{mixed:?}"
    );
    outbox.enqueue(&event(1, 1)).unwrap();
    let other = event::numbered(&event(1, 2), 9);
    assert!(matches!(outbox.enqueue(&other), Err(OutboxError::Numbering { numbered: true, .. })));
    let numbers: Vec<u64> = held(&outbox).iter().map(|(_, number, _)| *number).collect();
    assert_eq!(numbers, [70, 71, 1], "none of a batch that was not taken");
    assert!(matches!(outbox.begin_after(SOURCES[1], 9), Err(OutboxError::Begun { .. })));
}

#[test]
fn a_source_may_begin_after_what_it_has() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).begin_after(SOURCES[0], 41).unwrap();
    let outbox = open(dir.path());
    outbox.enqueue(&event(0, 1)).unwrap();
    assert_eq!(held(&outbox)[0].1, 42);
}

#[test]
fn what_was_never_sent_gets_the_numbers_after_those_of_an_outbox_that_is_gone() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    outbox.enqueue_all(&[event(0, 1), event(1, 2), event(0, 3)]).unwrap();
    outbox.introduce(0, 41).unwrap();
    drop(outbox);
    // Also after a crash; and nothing that was sent is given another number.
    for _ in 0..2 {
        let outbox = open(dir.path());
        let numbers: Vec<u64> = held(&outbox).iter().map(|(_, number, _)| *number).collect();
        assert_eq!(numbers, [42, 1, 43]);
        outbox.introduce(0, 90).unwrap();
        outbox.introduce(1, 90).unwrap();
    }
    let outbox = open(dir.path());
    outbox.enqueue(&event(0, 4)).unwrap();
    let numbers: Vec<u64> = held(&outbox).iter().map(|(_, number, _)| *number).collect();
    assert_eq!(numbers, [42, 1, 43, 44]);
}

#[test]
fn out_2_more_events_than_the_log_has_get_the_numbers_after_its_last() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    outbox.enqueue_all(&(0..100).map(|id| event(0, id)).collect::<Vec<_>>()).unwrap();
    // The second time they are what they should be.
    (0..2).for_each(|_| outbox.introduce(0, 5).unwrap());
    drop(outbox);
    let outbox = open(dir.path());
    outbox.enqueue(&event(0, 100)).unwrap();
    let numbers: Vec<u64> = held(&outbox).iter().map(|(_, number, _)| *number).collect();
    assert_eq!(numbers, (6..=106).collect::<Vec<_>>());
}

#[test]
fn other_numbers_for_a_full_outbox_take_hardly_any_room() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 64 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    let full = (0..1_000).find(|id| outbox.enqueue(&event(0, *id)).is_err()).unwrap();
    let before = outbox.status().bytes;
    outbox.introduce(0, 50_000).unwrap();
    assert!(outbox.status().bytes - before < 200, "{before} {}", outbox.status().bytes);
    drop(outbox);
    let last = held(&open(dir.path())).last().unwrap().1;
    assert_eq!(last, 50_000 + u64::from(full));
}

#[test]
fn what_is_carried_over_keeps_the_number_that_it_got_later() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 16 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    outbox.enqueue(&event(1, 0)).unwrap();
    outbox.introduce(0, 41).unwrap();
    let entries: Vec<u64> =
        (1..30).filter_map(|id| outbox.enqueue(&event(0, id)).unwrap().entry).collect();
    outbox.leave(&entries).unwrap();
    assert!(!dir.path().join("00000001.seg").exists());
    let expected = [(SOURCES[1].to_owned(), 42, "e0".to_owned())];
    assert_eq!(inside(&outbox), expected);
    drop(outbox);
    assert_eq!(held(&open(dir.path())), expected);
}

#[test]
fn an_unfit_event_is_named_and_nothing_is_taken() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    let bad = outbox.enqueue_all(&[event(0, 1), b"{}".to_vec()]);
    assert!(matches!(bad, Err(OutboxError::Unfit { index: 1, .. })), "{bad:?}");
    assert_eq!(outbox.status().events, 0);
}

#[test]
fn out_3_a_damaged_record_is_named_and_not_skipped() {
    let dir = TempDir::new().unwrap();
    let outbox = open(dir.path());
    for id in 0..5 {
        outbox.enqueue(&event(0, id)).unwrap();
    }
    drop(outbox);
    let path = last_segment(dir.path());
    let whole = fs::read(&path).unwrap();
    let second = whole.windows(4).position(|bytes| bytes == b"\"e1\"").unwrap();
    let mut damaged = whole.clone();
    damaged[second] ^= 1;
    fs::write(&path, &damaged).unwrap();
    for opened in [
        Outbox::open(dir.path(), OutboxSettings::new()).map(drop),
        Outbox::look(dir.path()).map(drop),
    ] {
        let Err(OutboxError::Damaged { path: named, offset, .. }) = opened else {
            panic!("{opened:?}")
        };
        let place = u64::try_from(second).unwrap();
        assert!(named == path && offset < place && place - offset < 300, "{offset} {place}");
    }
    assert_eq!(fs::read(&path).unwrap(), damaged, "nothing was changed");
    fs::write(&path, &whole).unwrap();
    assert_eq!(held(&open(dir.path())).len(), 5);
}

#[test]
fn out_3_a_segment_that_is_followed_by_another_ends_as_it_was_written() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 16 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    (0..20).for_each(|id| assert!(outbox.enqueue(&event(0, id)).unwrap().is_new));
    drop(outbox);
    let first = dir.path().join("00000001.seg");
    cut(&first, fs::metadata(&first).unwrap().len() - 1);
    let opened = Outbox::open(dir.path(), OutboxSettings::new());
    assert!(matches!(opened, Err(OutboxError::Damaged { .. })), "{opened:?}");
}

#[test]
fn a_segment_that_is_missing_is_named() {
    let dir = TempDir::new().unwrap();
    let settings = OutboxSettings { bytes_max: 16 * 1_024, events_max: 1_000 };
    let outbox = Outbox::open(dir.path(), settings).unwrap();
    (0..20).for_each(|id| assert!(outbox.enqueue(&event(0, id)).unwrap().is_new));
    drop(outbox);
    fs::remove_file(dir.path().join("00000002.seg")).unwrap();
    let opened = Outbox::open(dir.path(), OutboxSettings::new());
    assert!(matches!(opened, Err(OutboxError::Damaged { .. })), "{opened:?}");
}

/// A step of a life of an outbox.
#[derive(Debug, Clone)]
enum Step {
    /// Events of these sources enter at once.
    Enter(Vec<usize>),
    /// Events of these sources are being written when the power goes: this part of the bytes, in
    /// thousandths, is on the disk, and behind it perhaps what was never written.
    EnterCut(Vec<usize>, u64, Vec<u8>),
    /// It is known how many numbers the log has of a source; also with the power going while that
    /// is being written, as before.
    Introduce(usize, u64, Option<u64>),
    /// Every n-th event leaves, after all of them were sent.
    Leave(usize),
    /// The process is killed.
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sources = || vec(0_usize..2, 1..6);
    let step = prop_oneof![
        3 => sources().prop_map(Step::Enter),
        3 => (sources(), 0_u64..1_000, vec(any::<u8>(), 0..40))
            .prop_map(|(s, part, rest)| Step::EnterCut(s, part, rest)),
        3 => (0_usize..2, 0_u64..40, proptest::option::of(0_u64..1_000))
            .prop_map(|(source, last, part)| Step::Introduce(source, last, part)),
        1 => (1_usize..5).prop_map(Step::Leave),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..25)
}

/// What an outbox must hold.
#[derive(Debug, Default, Clone)]
struct Model {
    held: Vec<(String, u64, String)>,
    next: BTreeMap<String, u64>,
    /// Sources of which something was sent.
    begun: BTreeSet<String>,
    ids: u32,
}

impl Model {
    fn events(&mut self, sources: &[usize]) -> Vec<Vec<u8>> {
        sources
            .iter()
            .map(|source| {
                self.ids += 1;
                event(*source, self.ids)
            })
            .collect()
    }

    fn enter(&mut self, source: usize, id: u32) {
        let name = SOURCES[source % 2].to_owned();
        let next = self.next.entry(name.clone()).or_insert(1);
        self.held.push((name, *next, format!("e{id}")));
        *next += 1;
    }

    /// Nothing that was sent changes its number; of the others the first comes after the last that
    /// the log has, and all keep their order.
    fn introduce(&mut self, name: &str, last: u64) {
        if self.begun.contains(name) {
            return;
        }
        let next = self.next.entry(name.to_owned()).or_insert(1);
        let held: Vec<_> = self.held.iter_mut().filter(|(source, ..)| source == name).collect();
        let first = held.first().map_or(*next, |(_, number, _)| *number);
        if first <= last {
            for ((_, number, _), new) in held.into_iter().zip(last + 1..) {
                *number = new;
            }
            *next += last + 1 - first;
        }
    }

    fn next(&self, name: &str) -> u64 {
        self.next.get(name).copied().unwrap_or(1)
    }

    fn enter_all(&mut self, sources: &[usize], from: u32) {
        (from..).zip(sources).for_each(|(id, source)| self.enter(*source, id));
    }
}

fn sorted(mut held: Vec<(String, u64, String)>) -> Vec<(String, u64, String)> {
    held.sort_unstable();
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn out_1_what_was_taken_is_there_after_a_crash_at_any_byte(steps in steps()) {
        let dir = TempDir::new().unwrap();
        // Small, so that segments come and go.
        let settings = OutboxSettings { bytes_max: 32 * 1_024, events_max: 10_000 };
        let reopen = || Outbox::open(dir.path(), settings.clone()).unwrap();
        let mut outbox = reopen();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Enter(sources) => {
                    let from = model.ids + 1;
                    match outbox.enqueue_all(&model.events(&sources)) {
                        Ok(_) => model.enter_all(&sources, from),
                        Err(OutboxError::Full { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                Step::EnterCut(sources, part, rest) => {
                    let (from, path) = (model.ids + 1, last_segment(dir.path()));
                    let before = size(dir.path());
                    let entered = outbox.enqueue_all(&model.events(&sources));
                    drop(outbox);
                    if entered.is_ok() && path == last_segment(dir.path()) {
                        let after = size(dir.path());
                        cut(&path, before + (after - before) * part / 1_000);
                        OpenOptions::new().append(true).open(&path).unwrap()
                            .write_all(&rest).unwrap();
                        outbox = reopen();
                        // None of it, or some from the first on; nobody was told.
                        let found = sorted(inside(&outbox));
                        let mut may = model.clone();
                        let mut fits = sorted(may.held.clone()) == found;
                        for (id, source) in (from..).zip(&sources) {
                            if !fits {
                                may.enter(*source, id);
                                fits = sorted(may.held.clone()) == found;
                            }
                        }
                        prop_assert!(fits, "{:?} of {:?} and {:?}", found, model, sources);
                        model.held = may.held;
                        model.next = may.next;
                    } else {
                        if entered.is_ok() {
                            model.enter_all(&sources, from);
                        }
                        outbox = reopen();
                    }
                }
                Step::Introduce(source, last, part) => {
                    let name = SOURCES[source];
                    let Some(place) = outbox.read(|contents| contents.source(name)) else { continue };
                    let (before, unchanged) = (size(dir.path()), model.clone());
                    outbox.introduce(place, last).unwrap();
                    model.introduce(name, last);
                    if let Some(part) = part {
                        let (path, after) = (last_segment(dir.path()), size(dir.path()));
                        drop(outbox);
                        cut(&path, before + (after - before) * part / 1_000);
                        outbox = reopen();
                        // All of them have other numbers, or none.
                        let next = outbox.status().sources[name].next.unwrap();
                        let found = sorted(inside(&outbox));
                        let is = |may: &Model| {
                            sorted(may.held.clone()) == found && may.next(name) == next
                        };
                        if !is(&model) {
                            prop_assert!(is(&unchanged), "{found:?} {next} of {unchanged:?}");
                            model = unchanged;
                        }
                    }
                }
                Step::Leave(nth) => {
                    let entries: Vec<u64> =
                        outbox.read(|contents| contents.entries.keys().copied().step_by(nth).collect());
                    let left: Vec<_> = held(&outbox).into_iter().step_by(nth).collect();
                    model.begun.extend(model.held.iter().map(|(source, ..)| source.clone()));
                    outbox.leave(&entries).unwrap();
                    model.held.retain(|held| !left.contains(held));
                }
                Step::Reopen => {
                    drop(outbox);
                    outbox = reopen();
                }
            }
            prop_assert_eq!(sorted(inside(&outbox)), sorted(model.held.clone()));
        }
        prop_assert_eq!(sorted(held(&outbox)), sorted(model.held));
        let used: u64 = fs::read_dir(dir.path()).unwrap()
            .filter_map(|e| e.unwrap().path().extension()?.eq("seg").then_some(()))
            .map(|()| 1).sum();
        prop_assert!(used <= 40, "{} segments", used);
    }
}
