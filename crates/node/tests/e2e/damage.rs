//! A store that was altered or damaged by hand: the comparison names the cell, the next start
//! computes anew what cannot be read.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::kills::equal;
use crate::program::{project, run, sample_lines};
use crate::reading::folded;
use crate::world::{Data, Nats, publish};

/// What the store gives sled; a database is not opened with another.
const SEGMENT_BYTES: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn one_altered_byte_of_a_page_is_found_and_its_cell_named() {
    let data = Data::new("altered");
    let nats = Nats::start(&data, 0).await;
    let last = publish(&nats.client, &sample_lines(&data, "0.01").await).await;
    let running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    running.stop("INT").await.expect(0);
    let args = ["replay", "--compare", "--json", "--nats", nats.url()];
    run(&data, &args).await.expect(0);

    alter_one_cell(&data);
    let replay = run(&data, &args).await.expect(1).json();
    let compared = &replay["compared"];
    assert_eq!(compared["differences"], 1, "{replay}");
    let named = compared["first"][0].as_str().unwrap();
    let shape = ["cell H41", " on 20", " recorded 20", ": stored ", ", replayed "];
    assert!(shape.iter().all(|part| named.contains(part)), "{named}");
    let words = run(&data, &["replay", "--compare", "--nats", nats.url()]).await.expect(1);
    assert!(words.out.contains(named) && words.out.contains("1 difference"), "{}", words.out);
    nats.server.stop().await.unwrap();
}

/// Adds one to the amount of the last cell of a page: the last byte of the value. Pages that wait
/// to be folded in stand in the journal, in the same form.
fn alter_one_cell(data: &Data) {
    let generation = generation(data);
    let db = sled::Config::new().path(generation).segment_size(SEGMENT_BYTES).open().unwrap();
    let page = |prefix: &[u8]| db.scan_prefix(prefix).map(Result::unwrap).next();
    let (key, value) = page(b"c").or_else(|| page(b"dc")).expect("a page of cells");
    let mut value = value.to_vec();
    let amount = value.last_mut().unwrap();
    assert!((1..0x7e).contains(amount), "an amount of one byte, not {amount:#x}");
    *amount += 2;
    db.insert(key, value).unwrap();
    db.flush().unwrap();
}

/// The directory of the database in use.
fn generation(data: &Data) -> PathBuf {
    let store = data.file("store");
    store.join(fs::read_to_string(store.join("CURRENT")).unwrap().trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_computed_again_at_the_next_start() {
    let data = Data::new("damaged");
    let nats = Nats::start(&data, 0).await;
    let last = publish(&nats.client, &sample_lines(&data, "0.002").await).await;
    let running = project(&data, nats.url(), "undisturbed");
    folded(&data, last).await;
    running.stop("INT").await.expect(0);
    let whole = Data::new("damaged-whole");
    copy(&data.file("store"), &whole.file("store"));

    let harms: [(&str, bool, fn(&Path)); 6] = [
        ("a byte of every page flipped", true, |db| in_place(db, 512, |byte| *byte ^= 0x10)),
        ("zeros from the middle on", false, |db| {
            let half = fs::metadata(db).unwrap().len() / 2;
            let mut file = OpenOptions::new().write(true).open(db).unwrap();
            file.seek(SeekFrom::Start(half)).unwrap();
            file.write_all(&vec![0; usize::try_from(half).unwrap()]).unwrap();
        }),
        ("cut in the middle", false, |db| {
            let half = fs::metadata(db).unwrap().len() / 2;
            OpenOptions::new().write(true).open(db).unwrap().set_len(half).unwrap();
        }),
        ("emptied", true, |db| drop(fs::File::create(db).unwrap())),
        ("another file in its place", true, |db| {
            fs::write(db, "not sled\n".repeat(9_999)).unwrap()
        }),
        ("no database", true, |db| fs::remove_dir_all(db.parent().unwrap()).unwrap()),
    ];
    for (number, (what, is_said, harm)) in harms.into_iter().enumerate() {
        fs::remove_dir_all(data.file("store")).unwrap();
        copy(&whole.file("store"), &data.file("store"));
        harm(&generation(&data).join("db"));
        let mut running = project(&data, nats.url(), &format!("damaged-{number}"));
        folded(&data, last).await;
        assert!(running.runs(), "{what}: {}", running.err());
        let said = running.err();
        assert!(!is_said || said.contains("rebuilt"), "{what} is not said: {said}");
        running.stop("INT").await.expect(0);
        equal(data.path(), whole.path());
    }
    nats.server.stop().await.unwrap();
}

/// Changes one byte in so many.
fn in_place(file: &Path, every: usize, change: impl Fn(&mut u8)) {
    let mut bytes = Vec::new();
    fs::File::open(file).unwrap().read_to_end(&mut bytes).unwrap();
    bytes.iter_mut().skip(every / 2).step_by(every).for_each(change);
    fs::write(file, bytes).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}
