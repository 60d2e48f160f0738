use std::sync::atomic::AtomicBool;

use tonghop_core::day::Instant;
use tonghop_core::event::{Body, Statement};
use tonghop_core::family::unit::{Change, Event, Part};
use tonghop_core::fingerprint::Identity;
use tonghop_core::fold::Outcome;
use tonghop_core::measure::Measure;
use tonghop_core::timeline::{Entry, Timeline};
use tonghop_core::words::Level;

use super::*;

const NEED: FacetNeed = (FacetKind::Field, 3);

fn key(unit: &str, facet: Facet, day: u16) -> CellKey {
    let unit = UnitCode::parse(unit).unwrap();
    let day = Day::from_number(day);
    CellKey { unit, measure: Measure::DossierReceivedOnline, facet, day, recorded: day }
}

fn field(code: &str) -> Facet {
    Facet::Of(FacetKind::Field, code.into())
}

/// An event counts under all and under its field: the two must never be read apart.
fn changes(unit: &str, day: u16) -> Vec<CellChange> {
    [Facet::All, field("buu-chinh")]
        .into_iter()
        .map(|facet| CellChange { key: key(unit, facet, day), amount: 1 })
        .collect()
}

fn step(position: u64) -> Announcement {
    let counts = Counts { folded: position, duplicates: 0, refused: 0 };
    let outcomes = vec![Outcome::Folded];
    Announcement {
        from: position,
        position,
        outcomes,
        recorded: Day::MIN,
        counts,
        units_changed: false,
        heard: Vec::new(),
    }
}

/// What a store holds: its position and its cells.
type Stored = Arc<Mutex<(u64, BTreeMap<CellKey, i64>)>>;

fn source(stored: &Stored) -> FacetSource {
    let (cells, position) = (Arc::clone(stored), Arc::clone(stored));
    FacetSource {
        cells: Box::new(move |unit, group, kind| {
            let held = cells.lock().unwrap();
            let of = |key: &CellKey| {
                key.unit == unit && key.measure.group() == group && key.facet.kind() == kind
            };
            Ok(held.1.iter().filter(|(k, _)| of(k)).map(|(k, a)| (k.clone(), *a)).collect())
        }),
        position: Box::new(move || Ok(position.lock().unwrap().0)),
        ..FacetSource::empty()
    }
}

fn view(source: FacetSource) -> View {
    let catalogue =
        Catalogue { indicators: vec![], forms: vec![], calendars: vec![], checks: vec![] };
    let (book, registry) = (Book::default(), Registry::default());
    View::new(Arc::new(catalogue), book, registry, 0, Day::MIN, Counts::default(), source)
}

fn commit(view: &View, stored: &Stored, position: u64, changes: &[CellChange]) {
    let mut held = stored.lock().unwrap();
    for change in changes {
        *held.1.entry(change.key.clone()).or_insert(0) += change.amount;
    }
    held.0 = position;
    drop(held);
    view.apply(changes, &step(position), None);
}

/// The sums of all and of the field over all units and days.
fn sums(moment: &Moment<'_>) -> (i64, i64) {
    let sum = |book: &Book| -> i64 {
        let series = book.units().filter_map(|(_, u)| u.series(Measure::DossierReceivedOnline));
        series.map(|series| series.up_to(Day::MAX, None)).sum()
    };
    let facets = moment.facets.get(&FacetKind::Field);
    (sum(moment.book), facets.into_iter().flat_map(FacetBooks::iter).map(|(_, b)| sum(b)).sum())
}

#[test]
fn facets_are_loaded_once_and_kept_up_to_date() {
    let stored = Stored::default();
    let view = view(source(&stored));
    commit(&view, &stored, 1, &changes("H41.16", 10));
    assert_eq!(view.read(&[NEED], sums).unwrap(), (1, 1));
    commit(&view, &stored, 2, &changes("H41.16", 11));
    assert_eq!(view.read(&[NEED], sums).unwrap(), (2, 2));
    // A unit that is new since the facets were loaded.
    commit(&view, &stored, 3, &changes("H41.17", 11));
    assert_eq!(view.read(&[NEED], sums).unwrap(), (3, 3));
    commit(&view, &stored, 4, &changes("H41.17", 12));
    assert_eq!(view.read(&[NEED], sums).unwrap(), (4, 4));
}

#[test]
fn a_reader_never_sees_half_of_a_commit() {
    let stored = Stored::default();
    let view = view(source(&stored));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let (sums, position, folded) =
                        view.read(&[NEED], |m| (sums(m), m.position, m.counts.folded)).unwrap();
                    assert_eq!(sums.0, i64::try_from(position).unwrap(), "VIEW-1");
                    assert_eq!(sums.0, sums.1, "VIEW-1");
                    assert_eq!(folded, position, "VIEW-1");
                }
            });
        }
        for position in 1..=2_000 {
            let unit = format!("H41.{}", position % 50);
            let day = u16::try_from(position % 90).unwrap();
            commit(&view, &stored, position, &changes(&unit, day));
        }
        done.store(true, Ordering::Release);
    });
}

#[test]
fn a_commit_that_comes_while_facets_are_read_counts_once() {
    let stored = Stored::default();
    let (ahead, inner) = (Arc::new(AtomicBool::new(false)), source(&stored));
    let mut source = source(&stored);
    let (hook, held) = (Arc::clone(&ahead), Arc::clone(&stored));
    source.cells = Box::new(move |unit, group, kind| {
        // The store commits position 2 just before it is read; the view has not heard of it.
        if !hook.swap(true, Ordering::AcqRel) {
            let mut held = held.lock().unwrap();
            for change in changes("H41.16", 11) {
                *held.1.entry(change.key).or_insert(0) += change.amount;
            }
            held.0 = 2;
        }
        (inner.cells)(unit, group, kind)
    });
    let view = view(source);
    commit(&view, &stored, 1, &changes("H41.16", 10));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| view.read(&[NEED], |m| (sums(m), m.position)).unwrap());
        while !ahead.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        view.apply(&changes("H41.16", 11), &step(2), None);
        assert_eq!(reader.join().unwrap(), ((2, 2), 2), "VIEW-1");
    });
}

#[test]
fn lag_shrinks_with_the_commits() {
    let view = view(FacetSource::empty());
    view.set_lag(5);
    view.expect(2);
    let lag = |view: &View| view.read(&[], |moment| moment.lag).unwrap();
    assert_eq!((lag(&view), view.readiness()), (5, (false, Some(2))));
    view.apply(&[], &step(1), None);
    assert_eq!((lag(&view), view.readiness()), (4, (false, Some(2))));
    view.apply(&[], &step(2), None);
    assert_eq!((lag(&view), view.readiness()), (3, (true, Some(2))));
}

#[test]
#[should_panic(expected = "POS-1")]
fn a_commit_that_does_not_follow_is_a_defect() {
    view(FacetSource::empty()).apply(&[], &step(2), None);
}

#[test]
fn a_commit_that_was_shown_by_half_is_no_answer_and_no_beginning() {
    let view = view(FacetSource::empty());
    view.apply(&changes("H41", 1), &step(1), None);
    let half = std::panic::AssertUnwindSafe(|| view.apply(&[], &step(5), None));
    assert!(std::panic::catch_unwind(half).is_err());
    assert!(matches!(view.read(&[], sums), Err(ViewError::Broken)));
    assert_eq!(view.position(), 1);
}

#[test]
fn a_store_that_fails_is_an_error() {
    let mut source = FacetSource::empty();
    source.cells = Box::new(|_, _, _| Err("disk on fire".into()));
    let view = view(source);
    view.apply(&changes("H41", 1), &step(1), None);
    assert!(matches!(view.read(&[NEED], sums), Err(ViewError::Store(_))));
    assert_eq!(view.read(&[], sums).unwrap(), (1, 0));
}

/// A registry of two departments, of which the first hands one field to the second.
fn divided() -> Registry {
    let code = |text| UnitCode::parse(text).unwrap();
    let registered = Change::Registered {
        name: "".into(),
        level: Level::Department,
        parent: None,
        legal_basis: None,
    };
    let parts = [Part { into: code("H41.2"), fields: ["buu-chinh".into()].into() }];
    let split = Change::Split { parts: parts.into(), closes: false };
    let mut registry = Registry::default();
    for (unit, changes) in [("H41.1", vec![registered.clone(), split]), ("H41.2", vec![registered])]
    {
        let mut timeline = Timeline::default();
        for (number, change) in (1_u8..).zip(changes) {
            let day = Day::from_number(u16::from(number) * 10);
            let statement = Statement {
                identity: Identity(u128::from(number)),
                replaces: None,
                sequence: None,
                at: Instant::from_unix_ms(i64::from(day.number()) * 86_400_000),
                day,
                body: Body::Unit(Box::new(Event { code: code(unit), change })),
            };
            timeline.insert(Entry { position: u64::from(number), recorded: day, statement });
        }
        registry.restore(code(unit), timeline);
    }
    registry
}

#[test]
fn in_the_tree_of_a_day_cells_by_field_are_read_of_divided_units_alone() {
    let stored = Stored::default();
    let asked: Arc<Mutex<Vec<(String, u8)>>> = Arc::default();
    let of_store = source(&stored);
    let seen = Arc::clone(&asked);
    let counting = FacetSource {
        cells: Box::new(move |unit, group, kind| {
            seen.lock().unwrap().push((unit.to_string(), group));
            (of_store.cells)(unit, group, kind)
        }),
        ..source(&stored)
    };
    let view = view(counting);
    let changes = [changes("H41.1", 5), changes("H41.2", 5)].concat();
    let mut held = stored.lock().unwrap();
    held.1.extend(changes.iter().map(|change| (change.key.clone(), change.amount)));
    held.0 = 1;
    drop(held);
    view.apply(&changes, &step(1), Some(divided()));
    let need = |day, known: Option<u16>| DividedNeed {
        tree: Tree::On(Day::from_number(day)),
        known: known.map(Day::from_number),
        groups: [3].into(),
    };
    let read = |need: &DividedNeed| view.read_divided(&[], Some(need), sums).unwrap();
    // Before the day of the split, and before it was known, nobody is divided.
    assert_eq!(read(&need(19, None)), (2, 0));
    assert_eq!(read(&need(20, Some(19))), (2, 0));
    assert!(asked.lock().unwrap().is_empty());
    assert_eq!(read(&need(20, None)), (2, 1));
    assert_eq!(read(&need(20, None)), (2, 1));
    assert_eq!(*asked.lock().unwrap(), [("H41.1".to_owned(), 3)]);
    // Who needs the field of all units reads the others too.
    assert_eq!(view.read(&[NEED], sums).unwrap(), (2, 2));
}
