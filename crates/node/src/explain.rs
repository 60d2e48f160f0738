//! The events behind a figure: which timelines are in it, with what, and what was said in them.
//!
//! Nothing is kept for this. A figure's timelines are found by the messages of its families and
//! units, in order of position: a timeline is listed at the first of its events, so that a page
//! needs to know of the pages before it nothing but where they ended. What was known at one position
//! is listed, on whatever day the next page is asked for.
//!
//! It reads beside the fold: so many messages a page, so many pages at once.

use async_nats::jetstream;
use tokio::sync::{Mutex, Semaphore};

use crate::nats::{ConnectSettings, connect};

mod cursor;
mod log;
mod page;

pub use cursor::{Cursor, Past};
pub use log::Log;
pub use page::{Question, Said, Side, Told, page};

/// Pages that are made at once; one more is refused.
const PAGES_MAX: usize = 2;

/// The log for readers of a process that has it.
#[derive(Debug)]
pub struct Explaining {
    connection: ConnectSettings,
    runtime: tokio::runtime::Handle,
    context: Mutex<Option<jetstream::Context>>,
    pages: Semaphore,
}

impl Explaining {
    /// Reads from the log of this connection, once somebody asks.
    pub fn new(connection: ConnectSettings) -> Self {
        let runtime = tokio::runtime::Handle::current();
        let pages = Semaphore::new(PAGES_MAX);
        Self { connection, runtime, context: Mutex::new(None), pages }
    }

    /// Looks something up in the log; none if as many others do. It blocks.
    pub fn look_up<T>(
        &self,
        looking: impl AsyncFnOnce(&Log) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let Ok(_permit) = self.pages.try_acquire() else { return Ok(None) };
        let mut leaving = self.connection.leaving.clone();
        let stopped = async {
            match &mut leaving {
                Some(leaving) => leaving.wait_for(|leaving| *leaving).await.is_ok(),
                None => std::future::pending().await,
            }
        };
        let reading = async {
            let log = Log::new(self.context().await?);
            looking(&log).await.map(Some)
        };
        self.runtime.block_on(async {
            tokio::select! {
                found = reading => found,
                _ = stopped => anyhow::bail!("this process is stopping"),
            }
        })
    }

    async fn context(&self) -> anyhow::Result<jetstream::Context> {
        let mut held = self.context.lock().await;
        if let Some(context) = &*held {
            return Ok(context.clone());
        }
        Ok(held.insert(jetstream::new(connect(&self.connection).await?)).clone())
    }
}
