//! The real projector in this process: `worker::run`, with a data directory of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonghop_node::explain::Explaining;
use tonghop_node::nats::ConnectSettings;
use tonghop_node::reading::Reading;
use tonghop_node::worker::{self, WorkerSettings};

/// How often it is looked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A projector at work.
#[derive(Debug)]
pub(crate) struct Projector {
    pub(crate) reading: Arc<Reading>,
    pub(crate) data: PathBuf,
    stop: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Projector {
    /// Connects to the log and begins to fold it.
    pub(crate) fn start(url: &str, data: &Path) -> anyhow::Result<Self> {
        let connection = ConnectSettings::new(url, "tonghop bench, fold");
        let explaining = Explaining::new(connection.clone());
        let reading = Arc::new(Reading::new()?.with_explaining(explaining));
        let settings =
            WorkerSettings { data: data.to_owned(), connection, settle_after: Duration::ZERO };
        let (stop, stopped) = watch::channel(false);
        let shown = Arc::clone(&reading);
        let task = tokio::spawn(async move { worker::run(&settings, &shown, stopped).await });
        Ok(Self { reading, data: data.to_owned(), stop, task })
    }

    /// How far readers see; 0 before the store is open.
    pub(crate) fn position(&self) -> u64 {
        self.reading.view().map_or(0, |view| view.position())
    }

    /// Waits until readers see a position.
    pub(crate) async fn until(&self, position: u64) -> anyhow::Result<()> {
        while self.position() < position {
            anyhow::ensure!(!self.task.is_finished(), "the projector ended by itself");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Stops it; its data stays.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.task.await.context("the projector panicked")?
    }
}
