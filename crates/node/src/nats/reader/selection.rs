//! The messages of some subjects of a stream, a few at a time: for who looks something up.
//!
//! One consumer with one filter: with several the server is hundreds of times slower. Where it
//! breaks off, at a message that no consumer can bring say, some are fetched one by one.

use std::time::Duration;

use async_nats::jetstream;
use tokio::time::timeout;

use super::pull::{Arrived, Pull};
use super::single;
use super::{PULL_BYTES_MAX, Raw};

/// How long the server may keep silent.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long the server keeps the consumer when it is not asked any more.
const INACTIVE_MAX: Duration = Duration::from_secs(5);
/// How many are fetched one by one before a consumer is tried again.
const SINGLES: usize = 64;

/// The messages behind a position whose subject a filter has, in order of position.
#[derive(Debug)]
pub struct Selection {
    context: jetstream::Context,
    stream: String,
    filter: String,
    /// The last position that was given.
    after: u64,
    pull: Option<Pull>,
    /// How many more the consumer has.
    left: u64,
    /// How many are to be fetched one by one.
    singles: usize,
}

impl Selection {
    /// Those behind this position.
    pub fn new(context: jetstream::Context, stream: &str, filter: String, after: u64) -> Self {
        let stream = stream.to_owned();
        Self { context, stream, filter, after, pull: None, left: 0, singles: 0 }
    }

    /// The next so many, or fewer; none at the end.
    pub async fn next(&mut self, messages: usize) -> Result<Vec<Raw>, String> {
        if self.singles == 0 {
            let mut found = Vec::new();
            match self.pull(messages, &mut found).await {
                Ok(()) => return Ok(found),
                Err(why) => {
                    let (filter, after) = (&self.filter, self.after);
                    tracing::warn!(%filter, after, %why, "messages are fetched one by one");
                    (self.pull, self.singles) = (None, SINGLES);
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
            }
        }
        self.fetch(messages).await
    }

    async fn pull(&mut self, messages: usize, found: &mut Vec<Raw>) -> Result<(), String> {
        let told = |doubt| format!("{doubt:?}");
        if self.pull.is_none() {
            let (stream, filter) = (&self.stream, &self.filter);
            let opened = Pull::open(&self.context, stream, filter, self.after, INACTIVE_MAX);
            let pull = opened.await.map_err(told)?;
            self.left = pull.found();
            self.pull = Some(pull);
        }
        let Some(pull) = &mut self.pull else { return Ok(()) };
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(messages);
        let mut bytes_in = 0;
        while found.len() < wanted && bytes_in < PULL_BYTES_MAX {
            if !pull.is_asked() {
                pull.ask(wanted - found.len()).await.map_err(told)?;
            }
            let arrived = timeout(SILENCE_MAX, pull.next()).await;
            match arrived.map_err(|_| "the server keeps silent".to_owned())? {
                Arrived::Message { raw, bytes, .. } if raw.position > self.after => {
                    bytes_in += bytes;
                    self.after = raw.position;
                    self.left = self.left.saturating_sub(1);
                    found.push(raw);
                }
                Arrived::Message { .. } | Arrived::Alive => {}
                Arrived::Gone(why) => return Err(why),
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, messages: usize) -> Result<Vec<Raw>, String> {
        let mut found = Vec::new();
        while self.singles > 0 && found.len() < messages {
            let (context, stream) = (&self.context, &self.stream);
            let next = single::next_of(context, stream, &self.filter, self.after + 1).await?;
            let Some(raw) = next else { return Ok(found) };
            self.after = raw.position;
            self.singles -= 1;
            found.push(raw);
        }
        Ok(found)
    }
}
