//! Why reading is interrupted.

use crate::nats::error::NatsError;

/// Why reading was interrupted.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// The consumer is doubtful; make another one.
    Doubt(Doubt),
    /// Told to stop, or nobody receives.
    Stopped,
    /// The stream is not what it was.
    Broken(NatsError),
}

/// What is wrong with the consumer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A position beyond the next one; `first` when it was the first that the consumer sent.
    Gap { got: u64, first: bool },
    /// The stream ends before what was already read.
    Behind { last: u64 },
    /// Neither a message nor a heartbeat.
    Silence,
    /// Heartbeats, but no messages, although the stream has more.
    Stall { last: u64 },
    /// The connection was lost in between, and with it what was under way.
    Reconnected,
    /// This identity may read messages one by one, and make no consumer.
    NoConsumers,
    /// The server says that the consumer or the request is gone.
    Gone(String),
}
