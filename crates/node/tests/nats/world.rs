//! What the tests share: a directory, a server, events, and a reader that checks POS-1.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, Subject};
use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonghop_node::nats::server::find_binary;
use tonghop_node::nats::{
    Batch, ConnectSettings, NatsError, NatsServer, Outgoing, Publisher, PublisherSettings, Raw,
    Reader, ReaderSettings, Receipt, ServerSettings, connect, ensure_streams,
};

/// Longer than anything takes on a slow machine: a test that waits so long has failed.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// A directory of its own, removed with what is in it.
pub(super) struct Data(pub(super) PathBuf);

impl Data {
    pub(super) fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("nats-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&dir).ok();
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A port outside the range that the kernel gives to outgoing connections, so that it is free
/// again after a restart.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = 20_000 + offset + NEXT.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub(super) async fn binary() -> PathBuf {
    if let Ok(found) = find_binary().await {
        return found;
    }
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/nats-server");
    assert!(
        fetched.is_file(),
        "no nats-server: run deploy/fetch-nats-server, or name one in TONGHOP_NATS_SERVER"
    );
    fetched
}

pub(super) async fn settings(data: &Data, port: u16) -> ServerSettings {
    let mut settings = ServerSettings::new(&data.0, port);
    settings.binary = Some(binary().await);
    settings
}

pub(super) async fn start(data: &Data, port: u16) -> NatsServer {
    let settings = settings(data, port).await;
    // On a port of the ephemeral range a client that reconnects may for a moment have connected to
    // itself; whoever names the port gets it as soon as that is over.
    let until = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        match NatsServer::start(&settings).await {
            Err(NatsError::PortInUse { .. }) if std::time::Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            started => return started.unwrap(),
        }
    }
}

pub(super) async fn client(server: &NatsServer) -> Client {
    connect(&ConnectSettings::new(server.url(), "test")).await.unwrap()
}

/// A server with the three streams, and a connection to it.
pub(super) async fn ready(data: &Data, port: u16) -> (NatsServer, Client, Context) {
    let server = start(data, port).await;
    let client = client(&server).await;
    let context = jetstream::new(client.clone());
    ensure_streams(&context, 1).await.unwrap();
    (server, client, context)
}

/// The n-th event: its number, then filling up to 330 bytes.
pub(super) fn event(number: usize) -> Outgoing {
    let payload = Bytes::from(format!("{number:<330}"));
    Outgoing {
        subject: Subject::from("tonghop.v1.H41-16.dossier.accepted"),
        headers: None,
        payload,
    }
}

pub(super) fn number(raw: &Raw) -> usize {
    std::str::from_utf8(&raw.payload).unwrap().trim().parse().unwrap()
}

pub(super) async fn publish(
    publisher: &Publisher,
    numbers: std::ops::Range<usize>,
) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for number in numbers {
        receipts.push(publisher.publish(event(number)).await.unwrap());
    }
    receipts
}

pub(super) async fn positions(receipts: Vec<Receipt>) -> Vec<u64> {
    let mut positions = Vec::new();
    for receipt in receipts {
        let stored = timeout(PATIENCE, receipt.stored()).await.expect("a confirmation").unwrap();
        assert!(!stored.duplicate);
        positions.push(stored.position);
    }
    positions
}

pub(super) async fn publish_all(client: &Client, numbers: std::ops::Range<usize>) -> Vec<u64> {
    let publisher = Publisher::start(client.clone(), PublisherSettings::new()).await.unwrap();
    let positions = positions(publish(&publisher, numbers).await).await;
    publisher.finish().await.unwrap();
    positions
}

/// A reader that runs, and what it sends.
pub(super) struct Reading {
    batches: mpsc::Receiver<Batch>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<u64, NatsError>>,
    /// The last position that was received.
    pub(super) last: u64,
    doubts: Arc<AtomicU64>,
}

impl Reading {
    pub(super) fn begin(context: &Context, settings: ReaderSettings) -> Self {
        let (sender, batches) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let last = settings.after;
        let reader = Reader::new(context.clone(), settings);
        let doubts = reader.doubts();
        let task = tokio::spawn(reader.run(sender, stopped));
        Self { batches, stop, task, last, doubts }
    }

    pub(super) fn of(context: &Context, stream: &str, after: u64) -> Self {
        Self::begin(context, ReaderSettings::new(stream, after))
    }

    /// The next batch, which must follow the one before it (POS-1).
    pub(super) async fn next(&mut self) -> Option<Batch> {
        let batch = timeout(PATIENCE, self.batches.recv()).await.expect("a batch or the end")?;
        assert!(!batch.messages.is_empty());
        for raw in &batch.messages {
            assert_eq!(raw.position, self.last + 1, "POS-1");
            self.last = raw.position;
        }
        Some(batch)
    }

    pub(super) fn doubted(&self) -> u64 {
        self.doubts.load(Ordering::Relaxed)
    }

    /// Everything up to this position.
    pub(super) async fn until(&mut self, position: u64) -> Vec<Raw> {
        let mut all = Vec::new();
        while self.last < position {
            all.extend(self.next().await.expect("the reader goes on").messages);
        }
        all
    }

    pub(super) async fn end(mut self) -> Result<u64, NatsError> {
        self.stop.send(true).ok();
        while self.next().await.is_some() {}
        timeout(PATIENCE, self.task).await.expect("the reader ends").unwrap()
    }

    pub(super) async fn end_by_itself(mut self) -> NatsError {
        assert!(self.next().await.is_none(), "nothing is delivered beyond a break");
        timeout(PATIENCE, self.task).await.expect("the reader ends").unwrap().unwrap_err()
    }
}
