//! Everything that touches NATS: the server as a child, the connection, the streams and the reader;
//! the publisher is that of `tonghop-client`.
//!
//! It moves bytes and positions. It never decides what a message means, never acknowledges an
//! event on behalf of the store (the store owns the position, see ACK-1), never edits or deletes
//! a stored message, and never updates the settings of a stream that exists.
//!
//! **Invariant ACK-1:** a message is confirmed to a caller only after the server has stored it.
//! **Invariant POS-1:** positions are delivered in order, each exactly once, without gaps.
//! **Invariant STR-1:** a stream with settings other than the stated ones is not used.
//! **Invariant CHD-1:** at most one nats-server runs on a data directory, and it does not outlive
//! the next start.

mod ack_subject;
pub mod connect;
pub mod error;
pub mod reader;
pub mod server;
pub mod streams;

pub use connect::{ConnectSettings, check_url, connect, without_user};
pub use error::{NatsError, Severity};
pub use reader::{Batch, Raw, Reader, ReaderSettings, Selection, message_at};
pub use server::{
    LOG_ACCOUNT, NatsServer, ServerSettings, is_secured, refuse_data_in_use, refuse_port_in_use,
};
pub use streams::{REPLICAS, StreamIdentity, StreamName, ensure_streams};
pub use tonghop_client::publisher::{
    Outgoing, PublishError, Publisher, PublisherSettings, Receipt, Stored,
};
pub use tonghop_client::whoami::{Identity, who_am_i};
