//! The projector in a simulated world: a log that grows, a reader that drops, repeats and reorders,
//! a store whose commits are atomic, a place for refusals that hears things at least once, answers
//! that take their time, and crashes between any two steps.
//!
//! A seed is a whole run. After every step these must hold, and each is held against a run that
//! nothing disturbed:
//!
//! **POS-1:** every commit covers the messages after the position before it, each exactly once.
//! **ACC-1:** the counts add up to the position.
//! **REF-1:** no commit covers a refusal that was not stored before; said twice, it says the same.
//! **DUP-1:** the store is, byte by byte, what the messages up to its position make of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

#[path = "../../crates/core/tests/kit/mod.rs"]
mod kit;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "simulation/run.rs"]
mod run;

use run::{Run, Tally};

fn runs(seeds: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        // A failure names its seed, which is all that is needed to see it again.
        let outcome = std::panic::catch_unwind(|| Run::new(seed).finish());
        match outcome {
            Ok(run) => tally.add(run),
            Err(cause) => {
                eprintln!("seed {seed} failed: run(SEED) again with {seed}..{}", seed + 1);
                std::panic::resume_unwind(cause);
            }
        }
    }
    tally
}

#[test]
fn whatever_happens_the_store_is_what_the_log_says() {
    let tally = runs(0..300);
    // A simulation in which nothing goes wrong shows nothing.
    assert!(tally.has_seen_everything(), "{tally:?}");
}

/// `make sim`; `SEEDS` says how many.
#[test]
#[ignore = "takes as long as SEEDS says"]
fn whatever_happens_for_many_seeds() {
    let seeds = std::env::var("SEEDS").map_or(10_000, |text| text.parse().expect("SEEDS=<number>"));
    let tally = runs(1_000_000..1_000_000 + seeds);
    eprintln!("{seeds} seeds: {tally:?}");
}

#[test]
fn a_damaged_store_is_rebuilt_from_the_log() {
    let mut found = 0;
    for seed in 0..60 {
        found += u32::from(Run::new(seed).damaged_and_rebuilt());
    }
    assert!(found > 20, "only {found} of 60 damaged stores were found out");
}
