//! An archive on a real directory: what is sealed is read again, killed anywhere it goes on, and
//! what was changed is named.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::message::Message;

type Headers = Vec<(&'static str, &'static str)>;

/// One message of a made-up log.
struct Stored {
    subject: String,
    headers: Headers,
    payload: Vec<u8>,
}

fn event(number: u64, unit: &str, kind: &str, data: &str) -> Stored {
    let payload = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"x-{number}\",\"source\":\"/{unit}/igate\",\
         \"type\":\"vn.tonghop.{kind}.v1\",\"subject\":\"000.00.16.H41-210906-{number:04}\",\
         \"time\":\"2021-09-06T08:30:00+07:00\",\"unit\":\"{unit}\",\"sequence\":\"{number}\",\
         \"data\":{data}}}"
    );
    let subject = format!("tonghop.v1.{}.{kind}", unit.replace('.', "-"));
    Stored { subject, headers: Vec::new(), payload: payload.into_bytes() }
}

/// Messages of two units, and some that nobody can read.
fn log() -> Vec<Stored> {
    let mut log = Vec::new();
    for number in 1..=40_u64 {
        let unit = if number % 3 == 0 { "H41.17" } else { "H41.16" };
        log.push(match number % 8 {
            1 => Stored {
                subject: "tonghop.v1.H41-16.dossier.accepted".to_owned(),
                headers: vec![("x", "1"), ("Content-Type", "text/plain"), ("x", "\u{1b}[2J")],
                payload: vec![0xFF; 3],
            },
            2 => Stored {
                subject: "tonghop.v1.h41.not.a.kind".to_owned(),
                headers: Vec::new(),
                payload: Vec::new(),
            },
            3 => event(number, unit, "dossier.settled", r#"{"outcome":"APPROVED"}"#),
            _ => event(
                number,
                unit,
                "dossier.accepted",
                r#"{"procedure":"1.005129","field":"buu-chinh","channel":"DIRECT","dueOn":"2021-09-13"}"#,
            ),
        });
    }
    log
}

/// As many bytes as a row group holds.
fn large_log() -> Vec<Stored> {
    let one = |_| Stored {
        subject: "tonghop.v1.H41-16.dossier.accepted".to_owned(),
        headers: Vec::new(),
        payload: vec![b'x'; 512 * 1024],
    };
    (0..70).map(one).collect()
}

fn stream() -> Stream {
    Stream { name: "TONGHOP_EVENTS".to_owned(), created_ns: 7 }
}

fn with_record<T>(log: &[Stored], position: u64, with: impl FnOnce(&Record<'_>) -> T) -> T {
    let stored = &log[usize::try_from(position - 1).unwrap()];
    let message =
        Message { subject: &stored.subject, headers: &stored.headers, payload: &stored.payload };
    let recorded_ms = 1_631_600_000_000 + i64::try_from(position).unwrap();
    with(&Record { position, recorded_ms, message })
}

/// Seals the rest of the log in segments of so many messages.
fn seal(
    dir: &Path,
    log: &[Stored],
    rows: u64,
    faults: Option<Arc<dyn Faults>>,
) -> Result<Manifest, ArchiveError> {
    let mut archive = Archive::open(dir, &stream(), faults)?;
    let end = u64::try_from(log.len()).unwrap();
    while archive.manifest().position() < end {
        let first = archive.manifest().position() + 1;
        // As random as it need be here: another one each time that it is asked for.
        let random = [u8::try_from(DRAWN.fetch_add(1, Ordering::Relaxed) % 251).unwrap(); 32];
        let mut sealing = archive.begin(random)?;
        for position in first..=end.min(first + rows - 1) {
            with_record(log, position, |record| sealing.push(record))?;
        }
        sealing.finish()?;
    }
    Ok(archive.manifest().clone())
}

static DRAWN: AtomicUsize = AtomicUsize::new(0);

fn read(dir: &Path, after: u64) -> Result<Vec<Sealed>, ArchiveError> {
    let mut reader = Reader::open(dir, after)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

/// The rows are the log's, each once, in order (ARC-1), and with each its message.
fn holds(dir: &Path, log: &[Stored], what: &str) {
    let rows = read(dir, 0).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(rows.len(), log.len(), "{what}");
    for (position, row) in (1..).zip(&rows) {
        assert_eq!(row.leaf.position, position, "{what}");
        let kept = row.kept.as_ref().unwrap();
        with_record(log, position, |record| {
            let (mut sealed, mut stored) = (Vec::new(), Vec::new());
            kept.with_record(row, |record| record.message.encode(&mut sealed));
            record.message.encode(&mut stored);
            assert_eq!(sealed, stored, "{what}: position {position}");
            assert_eq!(row.leaf.recorded_ms, record.recorded_ms, "{what}");
        });
    }
}

#[test]
fn what_was_sealed_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let manifest = seal(dir.path(), &log, 16, None).unwrap();
    assert_eq!(manifest.segments.len(), 3);
    holds(dir.path(), &log, "sealed");
    let rows = read(dir.path(), 0).unwrap();
    for after in [1, 15, 16, 39, 40, 99] {
        let behind = usize::try_from(after).unwrap().min(rows.len());
        assert_eq!(read(dir.path(), after).unwrap(), rows[behind..], "after {after}");
    }
    let leaf = |position: usize| {
        let leaf = &rows[position - 1].leaf;
        (leaf.unit.as_str(), leaf.kind.as_str(), leaf.id.as_str(), leaf.sequence, leaf.previous)
    };
    assert_eq!(leaf(1), ("H41.16", "dossier.accepted", "", 0, 0), "it cannot be read");
    assert_eq!(leaf(2), ("", "", "", 0, 0), "its subject names no unit");
    assert_eq!(leaf(3), ("H41.17", "dossier.settled", "x-3", 3, 0));
    assert_eq!(leaf(4), ("H41.16", "dossier.accepted", "x-4", 4, 1));
    assert_eq!(leaf(17), ("H41.16", "dossier.accepted", "", 0, 16));
    // The tree is that of its leaves, whatever the segments are.
    let other = tempfile::tempdir().unwrap();
    let secret = fs::read(salts::path(dir.path(), 1)).unwrap();
    Archive::open(other.path(), &stream(), None).unwrap();
    fs::write(salts::path(other.path(), 1), secret).unwrap();
    let first = seal(other.path(), &log[..16], 16, None).unwrap();
    assert_eq!(first.root, manifest.segments[0].root);
}

#[test]
fn the_same_messages_and_secret_are_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let manifest = seal(dir.path(), &log, 16, None).unwrap();
    let resealed = reseal(dir.path(), |_| {}).unwrap();
    assert_eq!((resealed.messages, resealed.same), (40, 3), "ARC-2: {resealed:?}");
    fs::write(salts::path(dir.path(), 17), [9; 32]).unwrap();
    let resealed = reseal(dir.path(), |_| {}).unwrap();
    assert_eq!((resealed.same, resealed.other), (2, vec![17]));
    // Without the secret everything can be read, and that segment not sealed again.
    fs::remove_file(salts::path(dir.path(), 17)).unwrap();
    let resealed = reseal(dir.path(), |_| {}).unwrap();
    assert_eq!((resealed.same, resealed.erased), (2, vec![17]));
    assert_eq!(Manifest::read(dir.path()).unwrap(), Some(manifest));
}

#[test]
fn a_log_that_is_another_one_is_named_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let manifest = seal(dir.path(), &log, 40, None).unwrap();
    let anew = Stream { created_ns: 8, ..stream() };
    let error = Archive::open(dir.path(), &anew, None).unwrap_err();
    assert!(matches!(error, ArchiveError::Forked { .. }), "{error}");
    let archive = Archive::open(dir.path(), &stream(), None).unwrap();
    let second = Archive::open(dir.path(), &stream(), None).unwrap_err();
    assert!(matches!(second, ArchiveError::Locked { .. }), "{second}");
    with_record(&log, 40, |record| archive.check_last(Some(record))).unwrap();
    let mut other = Vec::new();
    with_record(&log, 40, |record| {
        other.push(archive.check_last(None));
        other.push(archive.check_last(Some(&Record { recorded_ms: 1, ..*record })));
        let message = Message { payload: b"{}", ..record.message };
        other.push(archive.check_last(Some(&Record { message, ..*record })));
    });
    for error in other {
        assert!(matches!(error, Err(ArchiveError::Forked { .. })), "ARC-3: {error:?}");
    }
    drop(archive);
    assert_eq!(Manifest::read(dir.path()).unwrap(), Some(manifest));
    holds(dir.path(), &log, "nothing was written");
}

/// What happens at the `nth` time that a point is reached.
#[derive(Debug)]
struct Fault {
    point: Point,
    nth: usize,
    seen: AtomicUsize,
    /// Where an image of the directory goes; without, the point fails.
    image: Option<PathBuf>,
    reached: Mutex<Vec<Point>>,
}

impl Faults for Fault {
    fn at(&self, point: Point, dir: &Path) -> io::Result<()> {
        self.reached.lock().unwrap().push(point);
        if point != self.point || self.seen.fetch_add(1, Ordering::SeqCst) + 1 != self.nth {
            return Ok(());
        }
        match &self.image {
            Some(to) => {
                copy(dir, to);
                Ok(())
            }
            None => Err(io::Error::other("as the test wants it")),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Every file of the segments is in the manifest, and read by a glob it is the log.
fn nothing_stands_beside(dir: &Path, what: &str) {
    let manifest = Manifest::read(dir).unwrap().unwrap();
    let mut files: Vec<_> = fs::read_dir(dir.join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let named: Vec<_> = manifest.segments.iter().map(Segment::name).collect();
    assert_eq!(files, named, "{what}");
}

#[test]
fn a_kill_or_an_error_at_any_point_leaves_neither_a_double_nor_a_hole() {
    let (log, large) = (log(), large_log());
    for point in Point::ALL {
        let log = if *point == Point::RowsWritten { &large } else { &log };
        for nth in [1, 2] {
            if *point == Point::RowsWritten && nth == 2 {
                continue;
            }
            for killed in [true, false] {
                let base = tempfile::tempdir().unwrap();
                let (dir, image) = (base.path().join("archive"), base.path().join("image"));
                let what = format!("{point:?} for the {nth}. time, killed: {killed}");
                let fault = Arc::new(Fault {
                    point: *point,
                    nth,
                    seen: AtomicUsize::new(0),
                    image: killed.then(|| image.clone()),
                    reached: Mutex::default(),
                });
                let faults: Arc<dyn Faults> = Arc::<Fault>::clone(&fault);
                let rows = if *point == Point::RowsWritten { 70 } else { 16 };
                let sealed = seal(&dir, log, rows, Some(faults));
                assert_eq!(sealed.is_err(), !killed, "{what}: it is reached");
                let left = if killed { &image } else { &dir };
                let before = Manifest::read(left).unwrap();
                let before = before.map_or(0, |manifest| manifest.position());
                let after = seal(left, log, 9, None).unwrap();
                assert_eq!(after.position(), u64::try_from(log.len()).unwrap(), "{what}");
                let done = if *point == Point::ManifestNamed { nth } else { nth - 1 };
                assert_eq!(before, u64::try_from(done * 16).unwrap(), "{what}: what was sealed");
                holds(left, log, &what);
                nothing_stands_beside(left, &what);
                assert!(reseal(left, |_| {}).unwrap().other.is_empty(), "{what}: ARC-2");
            }
        }
    }
}

#[test]
fn a_changed_byte_anywhere_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = log();
    let manifest = seal(dir.path(), &log, 40, None).unwrap();
    let path = manifest.segments[0].path(dir.path());
    let whole = fs::read(&path).unwrap();
    let mut damaged =
        vec![Vec::new(), whole[..whole.len() / 2].to_vec(), [&whole[..], b"x"].concat()];
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        damaged.push(bytes);
    }
    for bytes in damaged {
        fs::write(&path, &bytes).unwrap();
        let error = read(dir.path(), 0).unwrap_err();
        assert!(matches!(&error, ArchiveError::Segment { path: at, .. } if *at == path), "{error}");
    }
    fs::write(&path, whole).unwrap();
    holds(dir.path(), &log, "as it was");
}

/// A segment that somebody has written anew, with a manifest that fits it.
#[test]
fn a_segment_that_was_written_anew_is_named_by_the_tree() {
    let (dir, forged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut log = log();
    let manifest = seal(dir.path(), &log, 16, None).unwrap();
    log[20].payload = b"{}".to_vec();
    let other = seal(forged.path(), &log, 16, None).unwrap();
    fs::copy(other.segments[1].path(forged.path()), manifest.segments[1].path(dir.path())).unwrap();
    let mut manifest = manifest;
    let root = manifest.segments[1].root;
    manifest.segments[1] = Segment { root, ..other.segments[1].clone() };
    fs::write(dir.path().join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    let error = read(dir.path(), 0).unwrap_err();
    assert!(error.to_string().contains("another root"), "ARC-4: {error}");
}

#[test]
fn what_is_no_manifest_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let absent = Reader::open(dir.path(), 0).unwrap_err();
    assert!(matches!(absent, ArchiveError::Absent { .. }), "{absent}");
    let manifest = seal(dir.path(), &log(), 16, None).unwrap();
    let good = serde_json::to_value(&manifest).unwrap();
    let change = |pointer: &str, value: serde_json::Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        serde_json::to_vec(&bad).unwrap()
    };
    for bad in [
        Vec::new(),
        b"{}".to_vec(),
        b"[".repeat(100_000),
        change("/format", "tonghop archive, layout 2".into()),
        change("/root", "00".into()),
        change("/root", "0".repeat(64).into()),
        change("/frontier", "ff".into()),
        change("/last/position", 39.into()),
        change("/last", serde_json::Value::Null),
        change("/segments/0/first", 2.into()),
        change("/segments/1/last", u64::MAX.into()),
        change("/segments/1/first", 16.into()),
        change("/segments", serde_json::json!([])),
        change("/units/H41.16", 41.into()),
    ] {
        fs::write(dir.path().join("manifest.json"), bad).unwrap();
        let error = Reader::open(dir.path(), 0).unwrap_err();
        assert!(matches!(error, ArchiveError::Manifest { .. }), "{error}");
        let error = Archive::open(dir.path(), &stream(), None).unwrap_err();
        assert!(matches!(error, ArchiveError::Manifest { .. }), "{error}");
    }
}
