//! A store that was altered or damaged by hand: the comparison names the cell, the next start
//! computes anew what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kills::{equal, resumed};
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

/// What is done to a database file, and whether it must be rebuilt for that. A damaged end looks to
/// sled like a write that was cut off: then the store may go back to the position before it, and
/// go on from there. Either is said.
type Harm = (&'static str, bool, fn(&Path));

const HARMS: [Harm; 6] = [
    ("one byte of 512 flipped", false, flip),
    ("zeros from the middle on", false, zero_half),
    ("cut in the middle", false, cut_half),
    ("emptied", true, |db| drop(fs::File::create(db).unwrap())),
    ("another file in its place", true, |db| fs::write(db, "not sled\n".repeat(9_999)).unwrap()),
    ("no database", true, |db| fs::remove_dir_all(db.parent().unwrap()).unwrap()),
];

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

    for (number, (what, must_rebuild, harm)) in HARMS.into_iter().enumerate() {
        fs::remove_dir_all(data.file("store")).unwrap();
        copy(&whole.file("store"), &data.file("store"));
        harm(&generation(&data).join("db"));
        let mut running = project(&data, nats.url(), &format!("damaged-{number}"));
        folded(&data, last).await;
        assert!(running.runs(), "{what}: {}", running.err());
        let said = running.err();
        let rebuilt = said.contains("rebuilt from the log");
        assert!(rebuilt || !must_rebuild, "{what} is not said: {said}");
        assert!(rebuilt || resumed(&said).is_some(), "{what}: {said}");
        running.stop("INT").await.expect(0);
        equal(data.path(), whole.path());
    }
    nats.server.stop().await.unwrap();
}

fn flip(db: &Path) {
    let mut bytes = fs::read(db).unwrap();
    bytes.iter_mut().skip(256).step_by(512).for_each(|byte| *byte ^= 0x10);
    fs::write(db, bytes).unwrap();
}

fn zero_half(db: &Path) {
    let mut bytes = fs::read(db).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    fs::write(db, bytes).unwrap();
}

fn cut_half(db: &Path) {
    let half = fs::metadata(db).unwrap().len() / 2;
    fs::OpenOptions::new().write(true).open(db).unwrap().set_len(half).unwrap();
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
