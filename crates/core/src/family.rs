//! The families of events, one file each: what an event of the family says, its canonical bytes,
//! and what a timeline of the family contributes.
//!
//! Every family has the same three parts: `Event` with `pack`, `unpack` and `rank`, and
//! `contribute`, which takes the day and the event of each statement in canonical order.
//! `contribute` is total: every list of events has contributions, and what is odd is an anomaly.

pub mod document;
pub mod dossier;
pub mod figure;
pub mod meeting;
pub mod narrative;
pub mod post;
pub mod procedure;
pub mod site;
pub mod unit;
