//! What `core` promises, held against events: golden tables by family, laws on random logs,
//! calendars, forms. `UPDATE_EXPECT=1` rewrites the right-hand sides of the tables.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes every right-hand side in this way"
)]
#![allow(clippy::format_push_string, reason = "shorter, and no test is in a hurry")]

#[path = "../kit/mod.rs"]
mod kit;

mod administration;
mod bieu_06;
mod bytes;
mod calendars;
mod completeness;
mod corrections;
mod declared;
mod dossiers;
mod dossiers_odd;
mod explaining;
mod families;
mod figures;
mod forms;
mod laws;
mod lineage;
mod naive;
mod narrowed;
mod reading;
mod reconciling;
mod refusals;
mod reorg_nghean;
mod replacements;
mod silence;
mod trees;
