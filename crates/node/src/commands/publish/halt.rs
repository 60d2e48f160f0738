//! What ends a run before its files do: it is told to stop, or the server is gone for too long.

use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use tokio::sync::watch;
use tokio::time::{Instant, interval};

/// How often it is looked at whether the server is there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why a run ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// It was told to.
    Stopped,
    /// There was no server for as long as was to be waited for one.
    Gone,
}

/// Says when a run ends early.
#[derive(Debug, Clone)]
pub(super) struct Halts {
    client: Client,
    said: watch::Receiver<Option<Halt>>,
}

impl Halts {
    /// Watches the connection, and for a stop.
    pub(super) fn watch(client: Client, patience: Duration, stop: watch::Receiver<bool>) -> Self {
        let (say, said) = watch::channel(None);
        let watched = client.clone();
        tokio::spawn(async move {
            let halt = halt(&watched, patience, stop).await;
            say.send_replace(Some(halt));
        });
        Self { client, said }
    }

    /// Waits until the run is to end.
    pub(super) async fn halted(&mut self) -> Halt {
        // The watch ends only by saying it.
        self.said
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|halt| *halt)
            .unwrap_or(Halt::Stopped)
    }

    /// Whether the run is to end.
    pub(super) fn now(&self) -> Option<Halt> {
        *self.said.borrow()
    }

    /// Whether the server is there.
    pub(super) fn connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

async fn halt(client: &Client, patience: Duration, mut stop: watch::Receiver<bool>) -> Halt {
    let mut look = interval(LOOK_EVERY);
    let mut gone_since = None;
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Halt::Stopped,
            _ = look.tick() => {}
        }
        if client.connection_state() == State::Connected {
            gone_since = None;
        } else if gone_since.get_or_insert_with(Instant::now).elapsed() >= patience {
            return Halt::Gone;
        }
    }
}
