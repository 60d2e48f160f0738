//! A log of the bench: a nats-server of its own on a free port, and what is done with it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures::StreamExt;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tonghop_node::nats::{
    ConnectSettings, NatsServer, REPLICAS, ServerSettings, StreamIdentity, StreamName, connect,
    ensure_streams,
};

/// The messages of one request of the drain: what the reader asks for.
const PULL_MESSAGES: usize = tonghop_node::nats::reader::PULL_MESSAGES;

/// A running log.
#[derive(Debug)]
pub(crate) struct Log {
    server: NatsServer,
    pub(crate) client: async_nats::Client,
    /// The stream of events as it was looked at last.
    pub(crate) events: StreamIdentity,
    pub(crate) dir: PathBuf,
}

impl Log {
    /// Starts an empty log in a directory.
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Self> {
        let server = NatsServer::start(&ServerSettings::new(dir, 0)).await?;
        let client = connect(&ConnectSettings::new(server.url(), "tonghop bench")).await?;
        let events = events(&client).await?;
        Ok(Self { server, client, events, dir: dir.to_owned() })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    /// Its last position, as it was looked at last.
    pub(crate) fn last(&self) -> u64 {
        self.events.last
    }

    /// Looks how far it is now.
    pub(crate) async fn look(&mut self) -> anyhow::Result<()> {
        self.events = events(&self.client).await?;
        Ok(())
    }

    /// A `tonghop` of these arguments on this log, with a data directory of its own.
    pub(crate) fn tonghop(&self, data: &Path, arguments: &[&str]) -> anyhow::Result<Child> {
        let child = Command::new(env!("CARGO_BIN_EXE_tonghop"))
            .args(["--nats", self.url(), "--data"])
            .arg(data)
            .args(arguments)
            .env("TONGHOP_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(child)
    }

    /// Publishes a file, in a process of its own.
    pub(crate) fn publish(&self, file: &Path, data: &Path) -> anyhow::Result<Child> {
        let file = file.to_str().context("a path that is no text")?;
        self.tonghop(data, &["publish", "--json", "--no-wait", file])
    }

    /// Drains the stream with the plain client and does nothing with what comes.
    pub(crate) async fn drain(&self) -> anyhow::Result<Duration> {
        let client = connect(&ConnectSettings::new(self.url(), "tonghop bench, raw")).await?;
        let begun = Instant::now();
        let context = jetstream::new(client);
        let config = Config {
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            ..Config::default()
        };
        let stream = StreamName::Events.as_str();
        let consumer = context.create_consumer_on_stream(config, stream).await?;
        let stream = consumer.stream().max_messages_per_batch(PULL_MESSAGES);
        let mut messages = stream.messages().await?;
        for position in 1..=self.last() {
            let message = messages.next().await.context("the drain ended early")?;
            message.with_context(|| format!("draining at position {position}"))?;
        }
        Ok(begun.elapsed())
    }

    /// Stops it and removes its files.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await?;
        Ok(std::fs::remove_dir_all(self.dir)?)
    }
}

async fn events(client: &async_nats::Client) -> anyhow::Result<StreamIdentity> {
    let streams = ensure_streams(&jetstream::new(client.clone()), REPLICAS).await?;
    let events = streams.into_iter().find(|stream| stream.name == StreamName::Events.as_str());
    events.context("the log has no stream of events")
}

/// Waits for a child to end well; answers what it printed.
pub(crate) async fn finished(child: &mut Child) -> anyhow::Result<serde_json::Value> {
    let mut text = String::new();
    let mut out = child.stdout.take().context("its output is read already")?;
    out.read_to_string(&mut text).await?;
    let status = child.wait().await?;
    anyhow::ensure!(status.success(), "a child process of the bench failed ({status}): {text}");
    serde_json::from_str(&text).with_context(|| format!("a child process said {text:?}"))
}
