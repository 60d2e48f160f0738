//! Publishing from an agency's system: nothing is lost, and nothing counts twice.
//!
//! | to do | call |
//! |---|---|
//! | hand an event over, so that it survives a kill and a power cut | [`Outbox::enqueue`] |
//! | hand many over with one write | [`Outbox::enqueue_all`] |
//! | send what is there, for as long as the process lives | [`Sender::start`] |
//! | wait until the log has all of it, or has it for good | [`Sender::stored`], [`Sender::emptied`] |
//! | see what is in it | [`Outbox::status`]; `tonghop outbox DIR` |
//! | publish without an outbox | [`publisher::Publisher`] |
//!
//! An event is handed over as one line of structured JSON, the whole `CloudEvent`:
//!
//! ```
//! use tonghop_client::{Outbox, OutboxSettings};
//!
//! # let dir = std::env::temp_dir().join(format!("tonghop-client-doc-{}", std::process::id()));
//! let outbox = Outbox::open(&dir, OutboxSettings::new())?;
//! let event = br#"{"specversion":"1.0","id":"vb-51","source":"/H41.16/ioffice",
//!     "type":"vn.tonghop.document.issued.v1","subject":"51/KH-STTTT",
//!     "time":"2021-07-01T09:00:00+07:00","unit":"H41.16",
//!     "data":{"kind":"KH","electronic":true,"personalSignature":true,
//!             "organisationSignature":true,"normative":false}}"#;
//! assert!(outbox.enqueue(event)?.is_new); // it is on the disk now, and has the number 1
//! assert!(!outbox.enqueue(event)?.is_new); // the same bytes are the same event
//! assert_eq!(outbox.status().events, 1);
//! # drop(outbox);
//! # std::fs::remove_dir_all(&dir).ok();
//! # Ok::<(), tonghop_client::OutboxError>(())
//! ```
//!
//! A sender in the background takes it from there:
//!
//! ```no_run
//! use std::sync::Arc;
//! use tonghop_client::{Outbox, OutboxSettings, Sender, SenderSettings, async_nats};
//!
//! # async fn example(events: &[Vec<u8>]) -> Result<(), Box<dyn std::error::Error>> {
//! let outbox = Arc::new(Outbox::open("/var/lib/ioffice/outbox", OutboxSettings::new())?);
//! let client = async_nats::connect("nats://127.0.0.1:4222").await?;
//! let sender = Sender::start(Arc::clone(&outbox), client, SenderSettings::new()).await?;
//! outbox.enqueue_all(events)?; // one write, made safe before it returns
//! sender.stored().await?; // the log has confirmed all of it
//! sender.close().await?; // what is not there for good stays in the outbox for the next run
//! # Ok(())
//! # }
//! ```
//! `examples/steady.rs` is a whole program.
//!
//! **When an event leaves.** That the log has confirmed it is not enough: a server that does not make
//! each message safe on its disk loses the last ones at a power cut. The event leaves once the
//! projector's account of its source has its number and the log is safe on disk up to there
//! ([`receipts`]). Until then it is kept, and sent again when the account shows that the log has lost
//! it. Sent twice is counted once: identity is `source` and `id`.
//!
//! **Numbers.** An event without `sequence` gets the next one of its source; then all events of that
//! source must come through this one outbox. A source that numbers its events itself goes through
//! as it is. If the directory is lost, a new outbox goes on after the numbers that the log has; so it
//! sends nothing of a source until a projector has said once which those are.
//!
//! **What the log refuses** is received too: it is kept whole with its reason, and told to the office
//! and to the agency. It leaves the outbox like every other event; what no account could ever name,
//! because of its `source` or its `sequence`, does not enter. What is in no account all the same is
//! sent again a few times, and parked then.
//!
//! **What this connection may not publish** is not sent, for nothing would answer: it stays in the
//! outbox, and [`Status::parked`] counts it. A sender that may takes it from there.
//!
//! **Architecture invariant:** this crate knows no store, no ledger and no report, and decides
//! nothing about what an event means.

mod accounts;
mod event;
mod heartbeat;
mod jitter;
pub mod outbox;
pub mod publisher;
pub mod receipts;
pub mod sender;
pub mod whoami;

pub use async_nats;
pub use event::Unfit;
pub use outbox::{Entered, Outbox, OutboxError, OutboxSettings, Status};
pub use sender::{Confirmed, SendError, Sender, SenderSettings};
