//! Hostile bytes for everything that reads bytes of others: events in three encodings, refusals
//! read back, catalogue files, timelines and records of a damaged store, evidence.
//!
//! The laws are those of [`tonghop_tests::fuzz`], and of each decoder its own: the same bytes get
//! the same answer whatever came before (WIRE-2), what is accepted comes back from every encoding
//! as the same event (WIRE-1), what was packed is unpacked.
//!
//! `make fuzz` shows them millions of cases; here are as many as a second or two allow.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

#[path = "fuzz/bundles.rs"]
mod bundles;
#[path = "fuzz/events.rs"]
mod events;
#[path = "fuzz/evidence.rs"]
mod evidence;
#[path = "fuzz/growth.rs"]
mod growth;
#[path = "fuzz/stored.rs"]
mod stored;
#[path = "fuzz/texts.rs"]
mod texts;

use tonghop_tests::fuzz::{Counter, Memory};

#[global_allocator]
static HELD: Counter = Counter {};

/// What a decoder of events may hold: little more than the message, several times.
const OF_EVENTS: Memory = Memory { fixed: 256 * 1024, factor: 24 };

/// The examples of the contract, in the order of their names.
fn examples() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/golden");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let lines = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
    let lines: Vec<Vec<u8>> = lines.map(|line| line.trim().as_bytes().to_vec()).collect();
    assert!(lines.len() > 40, "the examples of proto/golden");
    lines
}
