//! What a figure of the reform report means.
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | *event* | one statement by one source about one subject of one unit |
//! | *timeline* | the set of accepted events of one (unit, family, subject), in canonical order |
//! | *contribution* | an amount of a measure on an effective day, made by a timeline |
//! | *cell* | the sum of the contributions of all timelines for one key |
//! | *figure* | a reading of cells: an indicator for a unit and a window |
//! | *indicator* | what a figure is of: a row of the catalogue |
//! | *form* | figures laid out in rows and columns: a row of the catalogue |
//! | *window* | days from–to, both counted, local (UTC+7) |
//! | *effective day* | the day on which something happened |
//! | *recorded day* | the day on which the log stored the event |
//! | *position* | the place of a message in the log, from 1 |
//! | *refusal* | why an event could not be accepted: data, with a code |
//! | *anomaly* | what is odd about a timeline of acceptable events |
//! | *source* | a system that speaks for a unit; it numbers its events, so that what is missing is known |
//! | *measure* | what a cell counts; *facet*: by what it is kept apart |
//!
//! **The one law.** When a timeline grows from `t` to `t'`, the cells change by
//! `contributions(t') − contributions(t)`. Nothing else ever changes a cell.
//!
//! **Architecture invariant:** this crate has no clock, no randomness, no IO, no async, no serde,
//! no logging, and no map whose order differs between runs.

pub mod anomaly;
pub mod book;
pub mod calendar;
pub mod catalogue;
pub mod cells;
pub mod checks;
pub mod commit;
pub mod contribution;
pub mod day;
pub mod declared;
pub mod event;
pub mod family;
pub mod fingerprint;
pub mod fold;
pub mod form;
pub mod limits;
pub mod measure;
pub mod pack;
pub mod projector;
pub mod read;
pub mod reconcile;
pub mod refusal;
pub mod registry;
pub mod sources;
pub mod timeline;
pub mod unit_code;
pub mod words;
