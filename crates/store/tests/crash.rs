//! The crash table, on a real sled directory: at every point of a commit the process is killed
//! (an image of the directory) or the commit fails (an error); opened again, all of the commit is
//! there or nothing (STO-1, STO-2), and going on from there ends like an undisturbed store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod world;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tonghop_core::commit::Commit;
use tonghop_store::{Faults, Opened, Point, Severity, Store, StoreError};
use world::{Model, image, options, random_commit};

/// What happens at the `nth` time that a point is reached.
#[derive(Debug)]
struct At {
    point: Point,
    nth: usize,
    seen: AtomicUsize,
    image: Option<PathBuf>,
    /// Every point that was reached, for the proof that the table is complete.
    reached: Mutex<Vec<Point>>,
}

impl At {
    fn new(point: Point, nth: usize, image: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { point, nth, seen: AtomicUsize::new(0), image, reached: Mutex::default() })
    }
}

impl Faults for At {
    fn at(&self, point: Point, dir: &Path) -> io::Result<()> {
        self.reached.lock().unwrap().push(point);
        if point != self.point || self.seen.fetch_add(1, Ordering::SeqCst) + 1 != self.nth {
            return Ok(());
        }
        match &self.image {
            Some(to) => {
                image(dir, to);
                Ok(())
            }
            None => Err(io::Error::other("as the test wants it")),
        }
    }
}

fn commits() -> Vec<Commit> {
    let mut position = 0;
    (0..30)
        .map(|seed| {
            let commit = random_commit(position, seed);
            position = commit.position;
            commit
        })
        .collect()
}

/// The state after each number of commits.
fn states(commits: &[Commit]) -> Vec<Model> {
    let mut states = vec![Model::default()];
    for commit in commits {
        let mut next = states[states.len() - 1].clone();
        next.apply(commit);
        states.push(next);
    }
    states
}

/// Opens what a crash left; it is one of the two states; going on ends like the undisturbed one.
fn recovers(dir: &Path, commits: &[Commit], states: &[Model], allowed: [usize; 2], what: &str) {
    let (mut store, opened) = Store::open(dir, &options()).unwrap();
    let found = Model::of(&store);
    let at = states.iter().position(|state| *state == found);
    let at = at.unwrap_or_else(|| panic!("{what}: half of a commit at {}", found.position));
    let fits = opened == Opened::Resumed || (opened == Opened::Fresh && at == 0);
    assert!(fits, "{what}: {opened:?}");
    assert!(allowed.contains(&at), "{what}: {at} commits are there, allowed are {allowed:?}");
    for commit in &commits[at..] {
        store.commit(commit).unwrap();
    }
    states[states.len() - 1].check(&store);
}

#[test]
fn a_kill_or_an_error_at_any_point_leaves_all_or_nothing() {
    let commits = commits();
    let states = states(&commits);
    for point in Point::ALL {
        let mut happened = 0;
        for nth in [1, 2, 5, 13] {
            for killed in [true, false] {
                let base = tempfile::tempdir().unwrap();
                let (dir, copy) = (base.path().join("store"), base.path().join("image"));
                let what = format!("{point:?} for the {nth}. time, killed: {killed}");
                let faults = At::new(*point, nth, killed.then(|| copy.clone()));
                let options = options_with(&faults);
                let (mut store, _) = Store::open(&dir, &options).unwrap();
                let hit = commits.iter().position(|commit| {
                    let result = store.commit(commit);
                    if let Err(error) = &result {
                        assert_eq!(error.severity(), Severity::Reopen, "{what}: {error}");
                        assert_in_doubt(&mut store, commit);
                    }
                    result.is_err() || copy.exists()
                });
                let Some(before) = hit else { continue };
                happened += 1;
                drop(store);
                let after =
                    [Point::AfterFlush, Point::CellsFolded, Point::BeforePush, Point::AfterPush];
                let durable = after.contains(point);
                let allowed = if durable { [before + 1; 2] } else { [before, before + 1] };
                let from = if killed { &copy } else { &dir };
                recovers(from, &commits, &states, allowed, &what);
            }
        }
        assert!(happened >= 3, "{point:?} was hardly reached");
    }
}

fn options_with(faults: &Arc<At>) -> tonghop_store::OpenOptions {
    let faults: Arc<dyn Faults> = Arc::<At>::clone(faults);
    tonghop_store::OpenOptions { faults: Some(faults), ..options() }
}

/// STO-8.
fn assert_in_doubt(store: &mut Store, commit: &Commit) {
    let in_doubt = |error: StoreError| matches!(error, StoreError::InDoubt { .. });
    assert!(in_doubt(store.commit(commit).unwrap_err()));
    assert!(in_doubt(store.position().unwrap_err()));
    assert!(in_doubt(store.load(&[1]).unwrap_err()));
    assert!(in_doubt(store.records(b"").unwrap_err()));
    assert!(in_doubt(store.entries().unwrap_err()));
    assert!(in_doubt(store.reader().position().unwrap_err()));
    assert!(store.cells(None).all(|cell| in_doubt(cell.unwrap_err())));
}

#[test]
fn the_table_has_every_point() {
    let dir = tempfile::tempdir().unwrap();
    let faults = At::new(Point::BeforeBatch, usize::MAX, None);
    let (mut store, _) = Store::open(dir.path(), &options_with(&faults)).unwrap();
    for commit in commits() {
        store.commit(&commit).unwrap();
    }
    let reached = faults.reached.lock().unwrap();
    for point in Point::ALL {
        assert!(reached.contains(point), "{point:?} is never reached");
    }
}
