//! Decides from the signs of life whether a consumer is to be doubted. Asks nobody by itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Statistics};
use tokio::time::Instant;

use super::Doubt;
use super::pull::HEARTBEAT;

/// How long neither message nor heartbeat may come.
const SILENCE_MAX: Duration = Duration::from_secs(2);

const _: () = assert!(HEARTBEAT.as_millis() * 3 < SILENCE_MAX.as_millis());

#[derive(Debug)]
pub(super) struct Watch {
    client: Client,
    statistics: Arc<Statistics>,
    /// How often the client had connected when the consumer was made.
    connects: u64,
    heard: Instant,
    progressed: Instant,
    position: u64,
    /// The stream had more than we, and has been asked once.
    suspected: bool,
}

impl Watch {
    pub(super) fn new(client: Client, position: u64) -> Self {
        let statistics = client.statistics();
        let connects = statistics.connects.load(Ordering::Relaxed);
        let now = Instant::now();
        Self {
            client,
            statistics,
            connects,
            heard: now,
            progressed: now,
            position,
            suspected: false,
        }
    }

    /// Something came, and this is the position now.
    pub(super) fn heard(&mut self, position: u64) {
        self.heard = Instant::now();
        if position != self.position {
            self.position = position;
            self.progressed = self.heard;
            self.suspected = false;
        }
    }

    /// We do not listen now, so that nothing comes says nothing.
    pub(super) fn paused(&mut self) {
        self.heard = Instant::now();
        self.progressed = self.heard;
        self.suspected = false;
    }

    /// Whether the connection is the same and the server speaks.
    pub(super) fn check_connection(&mut self) -> Result<(), Doubt> {
        if self.statistics.connects.load(Ordering::Relaxed) != self.connects {
            return Err(Doubt::Reconnected);
        }
        if self.client.connection_state() != State::Connected {
            // The client reconnects by itself; there is nobody to ask until then.
            self.heard = Instant::now();
        }
        if self.heard.elapsed() > SILENCE_MAX { Err(Doubt::Silence) } else { Ok(()) }
    }

    /// Whether it is time to ask the stream if it has more.
    pub(super) fn asks_stream(&self, position: u64, stall: Duration) -> bool {
        position == self.position
            && self.client.connection_state() == State::Connected
            && self.progressed.elapsed() > stall
    }

    /// The stream ends here. Once may be a message under way; twice is a consumer that hangs.
    pub(super) fn answered(&mut self, position: u64, last: u64) -> Result<(), Doubt> {
        if last <= position {
            self.progressed = Instant::now();
            self.suspected = false;
            return Ok(());
        }
        if self.suspected {
            return Err(Doubt::Stall { last });
        }
        self.suspected = true;
        Ok(())
    }
}
