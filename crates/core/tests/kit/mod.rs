//! The test kit: events in short lines or from random bytes, a store in memory, forms, and cells
//! as text. Used by the tests of `core` and by the simulation.

#![allow(dead_code, reason = "each test binary uses its own part of the kit")]

pub(crate) mod administration;
pub(crate) mod facts;
pub(crate) mod forms;
pub(crate) mod line;
pub(crate) mod saying;
pub(crate) mod show;
pub(crate) mod store;

use tonghop_core::day::{Day, Instant};
use tonghop_core::unit_code::UnitCode;

/// The day of this text.
pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap_or_else(|| panic!("{text} is no day"))
}

/// The unit of this code.
pub(crate) fn unit(text: &str) -> UnitCode {
    UnitCode::parse(text).unwrap_or_else(|| panic!("{text} is no code"))
}

/// So many milliseconds into the local day.
pub(crate) fn instant(day: Day, ms: i64) -> Instant {
    const DAY_MS: i64 = 86_400_000;
    const OFFSET_MS: i64 = 7 * 3_600_000;
    Instant::from_unix_ms(i64::from(day.number()) * DAY_MS - OFFSET_MS + ms)
}
