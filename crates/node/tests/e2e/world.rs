//! What the tests share: directories, ports, a NATS server, conditions that are waited for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, Context};
use tokio::time::{Instant, sleep};
use tonghop_node::nats::{
    ConnectSettings, NatsError, NatsServer, Outgoing, Publisher, PublisherSettings, ServerSettings,
    connect, ensure_streams,
};

/// Longer than anything takes on a slow machine: a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A directory of its own, removed with what is in it; what nats-server a killed `up` left in it is
/// killed first.
#[derive(Debug)]
pub(crate) struct Data(PathBuf);

impl Data {
    pub(crate) fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("e2e-{name}-{}", std::process::id()));
        fs::remove_dir_all(&dir).ok();
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The nats-server that `up` runs on this directory, if one runs.
    pub(crate) fn nats_pid(&self) -> Option<u32> {
        let conf = self.0.join("nats/nats-server.conf");
        self.nats_servers().into_iter().find(|(_, path)| *path == conf).map(|(pid, _)| pid)
    }

    /// Every nats-server that was started with a configuration below this directory.
    fn nats_servers(&self) -> Vec<(u32, PathBuf)> {
        let mut found = Vec::new();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let arguments = command.split(|byte| *byte == 0).map(String::from_utf8_lossy);
            let conf = arguments
                .map(|text| PathBuf::from(text.as_ref()))
                .find(|path| path.starts_with(&self.0) && path.ends_with("nats/nats-server.conf"));
            found.extend(conf.map(|conf| (pid, conf)));
        }
        found
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        for (pid, _) in self.nats_servers() {
            signal(pid, "KILL");
        }
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Sends a signal to one process; the shell knows how, also where no `kill` is installed.
pub(crate) fn signal(pid: u32, name: &str) {
    let script = format!("kill -{name} {pid}");
    let status = Command::new("sh").arg("-c").arg(script).status().unwrap();
    assert!(status.success(), "signal {name} to {pid}");
}

/// Looks until the condition gives something.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// A port outside the range that the kernel gives to outgoing connections, so that it is free
/// again after a restart.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 25).unwrap() * 100;
    loop {
        let port = 30_100 + offset + NEXT.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The nats-server that is used.
pub(crate) fn nats_binary() -> PathBuf {
    let named = std::env::var_os("TONGHOP_NATS_SERVER").filter(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/bin/nats-server");
    named
        .map(PathBuf::from)
        .into_iter()
        .chain(std::env::split_paths(&path).map(|dir| dir.join("nats-server")))
        .chain([fetched])
        .find(|candidate| candidate.is_file())
        .expect("a nats-server: run deploy/fetch-nats-server, or name one in TONGHOP_NATS_SERVER")
}

/// A NATS server without `up`, with the three streams and a connection of the test.
#[derive(Debug)]
pub(crate) struct Nats {
    pub(crate) server: NatsServer,
    pub(crate) client: Client,
    pub(crate) context: Context,
}

impl Nats {
    /// Starts it in `<data>/elsewhere`, so that it is no server of this directory's own; port 0
    /// picks one.
    pub(crate) async fn start(data: &Data, port: u16) -> Self {
        let mut settings = ServerSettings::new(data.file("elsewhere"), port);
        settings.binary = Some(nats_binary());
        let server = started(&settings).await;
        let client = connect(&ConnectSettings::new(server.url(), "test")).await.unwrap();
        let context = jetstream::new(client.clone());
        ensure_streams(&context, 1).await.unwrap();
        Self { server, client, context }
    }

    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    /// The last position of the log.
    pub(crate) async fn last(&self) -> u64 {
        let mut stream = self.context.get_stream("TONGHOP_EVENTS").await.unwrap();
        stream.info().await.unwrap().state.last_sequence
    }
}

/// Publishes lines as they are; returns the position of the last one once all are stored.
pub(crate) async fn publish(client: &Client, lines: &[String]) -> u64 {
    let publisher = Publisher::start(client.clone(), PublisherSettings::new()).await.unwrap();
    let mut receipts = Vec::new();
    for line in lines {
        let subject = tonghop_wire::route(line.as_bytes()).unwrap().into();
        let payload = line.clone().into();
        receipts.push(publisher.publish(Outgoing { subject, headers: None, payload }).await);
    }
    let mut last = 0;
    for receipt in receipts {
        last = last.max(receipt.unwrap().stored().await.unwrap().position);
    }
    publisher.finish().await.unwrap();
    last
}

/// Numbers that are the same in every run.
#[derive(Debug)]
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    /// From 0 up to below the bound (xorshift64*).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(u64::try_from(last + 1).unwrap());
            items.swap(last, usize::try_from(other).unwrap());
        }
    }
}

async fn started(settings: &ServerSettings) -> NatsServer {
    // On a port of the ephemeral range a client that reconnects may for a moment have connected to
    // itself; whoever names the port gets it as soon as that is over.
    let until = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        match NatsServer::start(settings).await {
            Err(NatsError::PortInUse { .. }) if std::time::Instant::now() < until => {
                sleep(Duration::from_millis(20)).await;
            }
            started => return started.unwrap(),
        }
    }
}
