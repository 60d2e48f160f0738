//! Where messages are looked up: by family and unit behind a position, and by their positions.

use async_nats::jetstream;
use futures::{StreamExt, TryStreamExt, stream};
use tonghop_core::words::Family;
use tonghop_wire::subject::PREFIX;

use crate::nats::{Raw, Selection, StreamName, message_at};

/// Messages that are fetched by their positions at once.
const AT_ONCE: usize = 64;

/// The log.
#[derive(Debug)]
pub struct Log {
    context: jetstream::Context,
}

impl Log {
    /// The log of this connection.
    pub(super) fn new(context: jetstream::Context) -> Self {
        Self { context }
    }

    /// The messages of a family behind a position, in order of position: of the unit that a
    /// subject's token names, or of all.
    pub(super) fn messages(&self, family: Family, token: Option<&str>, after: u64) -> Selection {
        let token = token.unwrap_or("*");
        let filter = format!("{PREFIX}{token}.{}.>", family.word());
        Selection::new(self.context.clone(), StreamName::Events.as_str(), filter, after)
    }

    /// The messages at these positions.
    pub(super) async fn at(&self, positions: &[u64]) -> anyhow::Result<Vec<Raw>> {
        let name = StreamName::Events.as_str();
        let fetched = stream::iter(positions.iter().copied())
            .map(|position| async move {
                let found = message_at(&self.context, name, position).await;
                let found = found.map_err(|error| anyhow::anyhow!("position {position}: {error}"));
                found?.ok_or_else(|| anyhow::anyhow!("the log has no position {position} any more"))
            })
            .buffered(AT_ONCE);
        fetched.try_collect().await
    }
}
