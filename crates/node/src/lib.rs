//! The one process: tokio, async-nats, tracing, HTTP and the commands; it wires the others
//! together and decides nothing about what a figure means.

pub mod accounts;
pub mod agencies;
pub mod announce;
pub mod archive;
pub mod ask;
pub mod catalogue_dir;
pub mod cli;
pub mod closings;
pub mod commands;
pub mod compare;
pub mod explain;
pub mod folder;
pub mod gateway;
pub mod http;
pub mod local;
pub mod log;
pub mod nats;
mod outcome;
pub mod provision;
pub mod reading;
mod receipts;
pub mod refusals;
pub mod refused;
pub mod replay;
pub mod sample;
pub mod secured;
pub mod settings;
pub mod socket;
pub mod table;
pub mod view;
pub mod worker;
