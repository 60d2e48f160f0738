use std::collections::BTreeMap;

use tonghop_ledger::closing::{Days, File as Named, Format, LISTS, ListRoot, Previous};

use super::*;

fn closing(vintage: u32, files: &BTreeMap<String, Vec<u8>>) -> Closing {
    let root = ListRoot { lines: 0, root: closing::hex(&[1; 32]) };
    let named = |(name, bytes): (&String, &Vec<u8>)| {
        let bytes_count = u64::try_from(bytes.len()).unwrap();
        (name.clone(), Named { bytes: bytes_count, sha256: sha256(bytes) })
    };
    Closing {
        format: Format::One,
        id: format!("legal-2021-Q3-{vintage}"),
        calendar: "legal".to_owned(),
        period: "2021-Q3".to_owned(),
        window: Days { from: "2021-06-15".to_owned(), to: "2021-09-14".to_owned() },
        unit: "H41".to_owned(),
        vintage,
        previous: (vintage > 1).then(|| Previous {
            id: format!("legal-2021-Q3-{}", vintage - 1),
            sha256: closing::hex(&[2; 32]),
            reason: "late dossiers".to_owned(),
        }),
        closed_at: "2021-09-20T08:00:00+07:00".to_owned(),
        program: "0.1.0".to_owned(),
        fold: 1,
        position: 7,
        checkpoint: String::new(),
        despite: Vec::new(),
        lists: LISTS.map(|name| (name.to_owned(), root.clone())).into(),
        files: files.iter().map(named).collect(),
    }
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let file = |name: &str| (name.to_owned(), name.as_bytes().to_vec());
    BTreeMap::from([file("a.json"), file("b.tsv")])
}

fn signed(closing: &Closing) -> String {
    format!("{}\n— tonghop.vn/closings AAAA\n", closing.document().unwrap())
}

fn place(data: &Path, vintage: u32) -> Result<(), ClosingsError> {
    let (files, shelf) = (files(), Shelf::open(data)?);
    let closing = closing(vintage, &files);
    shelf.place(&closing, &signed(&closing), &files, |_| Ok(()))
}

/// CLO-2: killed at any step, the closing is there whole or not at all, and is made again.
#[test]
fn a_closing_that_was_killed_anywhere_is_whole_or_not_there() {
    let files = files();
    let closing = closing(1, &files);
    let points = [Point::Begun, Point::File, Point::File, Point::Written, Point::Placed];
    for (kill, point) in points.iter().enumerate() {
        let data = tempfile::tempdir().unwrap();
        let (mut step, shelf) = (0, Shelf::open(data.path()).unwrap());
        let killed = shelf.place(&closing, &signed(&closing), &files, |reached| {
            assert_eq!(points.get(step), Some(&reached));
            step += 1;
            if step > kill { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        });
        assert!(killed.is_err());
        drop(shelf);
        let held = list(data.path()).unwrap();
        let is_placed = *point == Point::Placed;
        assert_eq!(held.len(), usize::from(is_placed), "killed at {point:?}");
        if !is_placed {
            place(data.path(), 1).unwrap();
        }
        let held = list(data.path()).unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].closing, closing);
        assert_eq!(held[0].file("b.tsv").unwrap().unwrap(), b"b.tsv");
        assert_eq!(held[0].file("c").unwrap(), None);
    }
}

#[test]
fn a_closing_is_never_written_again() {
    let data = tempfile::tempdir().unwrap();
    place(data.path(), 1).unwrap();
    assert!(matches!(place(data.path(), 1), Err(ClosingsError::Io { .. })));
    assert_eq!(list(data.path()).unwrap().len(), 1);
}

#[test]
fn one_process_writes_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(data.path()).unwrap();
    assert!(matches!(Shelf::open(data.path()), Err(ClosingsError::Locked { .. })));
    drop(shelf);
    Shelf::open(data.path()).unwrap();
}

#[test]
fn a_file_that_was_altered_is_named() {
    let data = tempfile::tempdir().unwrap();
    place(data.path(), 1).unwrap();
    let path = data.path().join("closings/legal-2021-Q3-1/b.tsv");
    for altered in [&b"b.tsw"[..], b"b.tsv ", b"", &[0; 1_000]] {
        fs::write(&path, altered).unwrap();
        let error = list(data.path()).unwrap()[0].file("b.tsv").unwrap_err();
        assert!(matches!(error, ClosingsError::Altered { .. }), "{error}");
        assert!(error.to_string().contains("b.tsv is not the file that closing"), "{error}");
    }
}

#[test]
fn what_lies_there_and_is_no_closing_is_named() {
    let data = tempfile::tempdir().unwrap();
    place(data.path(), 1).unwrap();
    let note = data.path().join("closings/legal-2021-Q3-1/closing");
    let whole = fs::read_to_string(&note).unwrap();
    for (spoilt, says) in [
        (whole.replace("\n\n", "\n"), "it is not signed"),
        (whole.replace("legal-2021-Q3-1", "legal-2021-Q3-9"), "it says that it is legal-2021-Q3-9"),
        (whole.replace("closing 1", "closing 7"), "unknown variant"),
    ] {
        fs::write(&note, spoilt).unwrap();
        let error = list(data.path()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn the_next_vintage_stands_behind_and_a_reopening_beside() {
    let data = tempfile::tempdir().unwrap();
    for vintage in [1, 2, 10] {
        place(data.path(), vintage).unwrap();
    }
    let reopened = Reopened {
        reopened: "legal-2021-Q3-2".to_owned(),
        sha256: closing::hex(&[3; 32]),
        reason: "late dossiers".to_owned(),
        reopened_at: "2021-10-01T08:00:00+07:00".to_owned(),
    };
    let note = serde_json::to_string(&reopened).unwrap() + "\n\n— tonghop.vn/closings AAAA\n";
    Shelf::open(data.path()).unwrap().reopen("legal-2021-Q3-2", &note).unwrap();
    let held = list(data.path()).unwrap();
    let vintages: Vec<u32> = held.iter().map(|held| held.closing.vintage).collect();
    assert_eq!(vintages, [1, 2, 10]);
    assert_eq!(held[1].reopening(), Some(reopened));
    assert_eq!(held[2].reopening(), None);
}

#[test]
fn there_are_none_where_nothing_was_closed() {
    let data = tempfile::tempdir().unwrap();
    assert!(list(data.path()).unwrap().is_empty());
}
