//! Bytes to meaning and back: `CloudEvents` in three encodings, subjects, refusals, catalogue files.
//!
//! | to do | call |
//! |---|---|
//! | read a message of the log | [`Decoder::decode`] |
//! | publish a structured-JSON line | [`route`] for its subject |
//! | keep a structured-JSON line until it is published | [`head`] for its source and number |
//! | publish what came in any encoding | [`address`] for its unit and subject |
//! | say which event a message is | [`named()`] |
//! | change the encoding of an event | [`to_protobuf`], [`to_binary_json`], [`to_structured`] |
//! | keep a refused message | [`refusal_json`], [`RefusedMessage::from_json`] |
//! | say in words what a kind and its fields are | [`describe`] |
//! | have a message as a row of a table | [`row::Row::read`] |
//! | check an event outside of this program | [`schema::data`], [`schema::envelope`] |
//! | what the figures and forms are | [`catalogue()`] |
//! | name one figure | [`FigureId`] |
//!
//! The contract is in `proto/`: the messages, the page of refusals, and one example of each kind
//! with its canonical bytes. `build.rs` turns the messages into the tables of [`kind`], so that a
//! kind is described once.
//!
//! **Architecture invariant:** this crate has no clock, no IO, no async, and knows no storage.
//! **Invariant WIRE-1:** the three encodings of one event give equal events.
//! **Invariant WIRE-2:** the same message gives the same answer, whatever was decoded before it.
//! **Invariant WIRE-3:** no message makes it panic, recurse without bound, or keep what it read.

mod attributes;
mod body;
mod catalogue;
mod data;
mod decoder;
pub mod describe;
mod envelope;
mod figure_id;
mod headers;
mod interner;
mod json;
pub mod kind;
mod moment;
mod named;
mod refused;
pub mod row;
pub mod schema;
mod similar;
pub mod subject;
mod text;
mod transcode;
mod value;

pub use attributes::unit_of_source;
pub use catalogue::{
    CatalogueError, CatalogueFile, catalogue, catalogue_of, catalogue_with, from_texts, own_files,
};
pub use decoder::Decoder;
pub use envelope::Raw;
pub use figure_id::{FigureId, KnownAt};
pub use named::{Named, named};
pub use refused::{Refused, RefusedMessage, RefusedUnreadable, refusal_json};
pub use similar::most_similar;
pub use subject::{Head, address, head, route};
pub use transcode::{Message, to_binary_json, to_protobuf, to_structured};
