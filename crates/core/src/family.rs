//! The families of events, one file each: what an event of the family says, its canonical bytes,
//! and what a timeline of the family contributes.
//!
//! Every family has the same three parts: `Event` with `pack`, `unpack` and `rank`, and
//! `contribute`, which takes the day and the event of each statement in canonical order.
//! `contribute` is total: every list of events has contributions, and what is odd is an anomaly.

pub mod account;
pub mod certificate;
pub mod deployment;
pub mod document;
pub mod dossier;
pub mod feedback;
pub mod figure;
pub mod inspection;
pub mod meeting;
pub mod narrative;
pub mod norm;
pub mod portal;
pub mod post;
pub mod procedure;
pub mod site;
pub mod source;
pub mod staff;
pub mod task;
pub mod unit;
