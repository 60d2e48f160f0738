//! The real program against a real nats-server, from its command line to its figures.
//!
//! Every test has a data directory, ports and processes of its own, and leaves none of them
//! behind, also when it fails. Nothing waits for a time to pass: a condition is looked at until it
//! holds, or until the test has failed.
//!
//! A test never skips: without a nats-server it fails and says what to do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where; what it shares is part of it"
)]

#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/closing.rs"]
mod closing;
#[path = "e2e/completeness.rs"]
mod completeness;
#[path = "e2e/conformance.rs"]
mod conformance;
#[path = "e2e/connecting.rs"]
mod connecting;
#[path = "e2e/damage.rs"]
mod damage;
#[path = "e2e/declaring.rs"]
mod declaring;
#[path = "http/described.rs"]
mod described;
#[path = "e2e/examples.rs"]
mod examples;
#[path = "e2e/explaining.rs"]
mod explaining;
#[path = "e2e/gateway.rs"]
mod gateway;
#[path = "e2e/golden.rs"]
mod golden;
#[path = "e2e/hostile_tables.rs"]
mod hostile_tables;
#[path = "e2e/identity.rs"]
mod identity;
#[path = "e2e/importing.rs"]
mod importing;
#[path = "e2e/kills.rs"]
mod kills;
#[path = "e2e/lineage.rs"]
mod lineage;
#[path = "e2e/lives.rs"]
mod lives;
#[path = "e2e/outbox.rs"]
mod outbox;
#[path = "e2e/poison.rs"]
mod poison;
#[path = "e2e/program.rs"]
mod program;
#[path = "e2e/proving.rs"]
mod proving;
#[path = "e2e/publishing.rs"]
mod publishing;
#[path = "e2e/questions.rs"]
mod questions;
#[path = "e2e/reading.rs"]
mod reading;
#[path = "e2e/replays.rs"]
mod replays;
#[path = "e2e/requeueing.rs"]
mod requeueing;
#[path = "e2e/serving.rs"]
mod serving;
#[path = "e2e/twice.rs"]
mod twice;
#[path = "e2e/witness.rs"]
mod witness;
#[path = "e2e/world.rs"]
mod world;
