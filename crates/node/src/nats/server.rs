//! Runs nats-server as a child of this process, for `up`.
//!
//! It never runs two servers on one data directory, never stops a server that another living
//! process of ours started, and never listens on anything but 127.0.0.1.
//!
//! A child that a killed parent left behind is found at the next start by its pid file and its
//! command line, and stopped first. The parent holds a lock on the directory, which the kernel
//! releases with it, so "left behind" is certain. The child has its own process group, so that
//! Ctrl-C in a terminal reaches only us and everything drains before it stops.
//!
//! ```text
//! <data>/nats/nats-server.conf   written at each start
//!             accounts.conf      who may do what, if the server asks; written at each change
//!             nats-server.log    appended by the child; moved to nats-server.log.1 when large
//!             nats-server.pid    written by the child
//!             nats-server.lock   locked by the parent
//!             nats-server_<pid>.ports   written by the child when it is ready
//!             jetstream/         the log itself
//! ```
//!
//! **Invariant CHD-1:** at most one nats-server runs on a data directory, and it does not outlive
//! the next start.

mod binary;
mod files;

use std::fs::{File, TryLockError};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

pub use binary::{VERSION_MIN, find_binary};
use files::Files;

use super::error::NatsError;

/// The account that has the log, on a server that asks who one is.
pub const LOG_ACCOUNT: &str = "tonghop";
/// How long a server may take to stop by itself before it is killed.
const STOP_MAX: Duration = Duration::from_secs(5);
/// How often a server is told to read its configuration, and how long once may take.
const RELOADS: usize = 2;
const RELOAD_MAX: Duration = Duration::from_secs(5);
/// The pause after a reload that cannot be seen.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);
/// How often a file or a process is looked at while waiting for it.
const POLL_PAUSE: Duration = Duration::from_millis(20);

/// How to run nats-server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The data directory of the command; the server gets `nats` below it.
    pub data: PathBuf,
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The binary; [`find_binary`] when not given.
    pub binary: Option<PathBuf>,
    /// How often the server makes what it has confirmed durable against a power cut: a duration
    /// such as `1s`, or `always`. A kill of the process loses nothing with any of them.
    pub sync_interval: String,
    /// The accounts file, of a server that asks who one is; one without lets everybody do all.
    pub accounts: Option<String>,
    /// How long it may take until it is ready; a large log takes longer.
    pub ready_max: Duration,
    /// Which command runs it, for who wants to run another one there.
    pub owner: String,
}

impl ServerSettings {
    /// The settings of `up` on one machine.
    ///
    /// `sync_interval` is one second: a power cut costs at most what was confirmed in about the
    /// last second, and publishing is as fast as with ten seconds (measured). Where a power cut
    /// must cost nothing, `always` is right: about 5,000 events a second instead of 150,000.
    pub fn new(data: impl Into<PathBuf>, port: u16) -> Self {
        Self {
            data: data.into(),
            port,
            binary: None,
            sync_interval: "1s".to_owned(),
            accounts: None,
            ready_max: Duration::from_mins(1),
            owner: "up".to_owned(),
        }
    }
}

/// A running nats-server that ends with this value.
#[derive(Debug)]
pub struct NatsServer {
    child: Child,
    binary: PathBuf,
    files: Files,
    url: String,
    pid: u32,
    /// Held, not read: the kernel releases it when we end, however we end.
    _lock: File,
}

impl NatsServer {
    /// Starts the server and waits until it takes connections.
    pub async fn start(settings: &ServerSettings) -> Result<Self, NatsError> {
        let binary = match &settings.binary {
            Some(path) => binary::checked(path).await?,
            None => find_binary().await?,
        };
        let files = Files::below(&settings.data)?;
        files.create_dirs()?;
        let lock = lock(&files, &settings.owner)?;
        files.rotate_log()?;
        stop_stale(&binary, &files).await?;
        refuse_port_in_use(settings.port)?;
        files.give_log_to(if settings.accounts.is_some() { LOG_ACCOUNT } else { "$G" })?;
        if let Some(accounts) = &settings.accounts {
            files.write_accounts(accounts)?;
        }
        files.write_conf(settings.port, &settings.sync_interval, settings.accounts.is_some())?;
        files.remove_ports()?;
        let child = spawn(&binary, &files)?;
        let pid = child.id().unwrap_or_default();
        let mut server = Self { child, binary, files, url: String::new(), pid, _lock: lock };
        server.url = server.ready(settings.ready_max).await?;
        tracing::info!(url = %server.url, pid, "nats-server is ready");
        Ok(server)
    }

    /// Where it listens, as `nats://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The accounts of this server, for whoever changes them while it runs.
    pub fn accounts(&self) -> AccountsOf {
        let (files, binary, pid) = (self.files.clone(), self.binary.clone(), self.pid);
        AccountsOf { files, binary, pid }
    }

    /// Waits until the server ends without having been asked to, and says how. Safe to drop.
    pub async fn died(&mut self) -> NatsError {
        let status = match self.child.wait().await {
            Ok(status) => described(status),
            Err(error) => error.to_string(),
        };
        NatsError::ServerDied { status, log_tail: self.files.log_tail() }
    }

    /// Asks the server to stop, waits for it, and kills it when it takes too long.
    pub async fn stop(mut self) -> Result<(), NatsError> {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return Ok(());
        }
        signal(&self.binary, "term", self.pid).await;
        if timeout(STOP_MAX, self.child.wait()).await.is_err() {
            tracing::warn!(pid = self.pid, "nats-server did not stop in time, killing it");
            self.child.kill().await.map_err(|source| NatsError::Io {
                what: "killing nats-server of",
                path: self.files.dir.clone(),
                source,
            })?;
        }
        self.files.remove_ports()
    }

    async fn ready(&mut self, ready_max: Duration) -> Result<String, NatsError> {
        let deadline = Instant::now() + ready_max;
        loop {
            if let Some(url) = self.files.read_ports(self.pid) {
                return Ok(url);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let log_tail = self.files.log_tail();
                return Err(NatsError::ServerDied { status: described(status), log_tail });
            }
            if Instant::now() > deadline {
                let log_tail = self.files.log_tail();
                return Err(NatsError::ServerNotReady { waited: ready_max, log_tail });
            }
            sleep(POLL_PAUSE).await;
        }
    }
}

/// The accounts of a running server.
#[derive(Debug)]
pub struct AccountsOf {
    files: Files,
    binary: PathBuf,
    pid: u32,
}

impl AccountsOf {
    /// Lets the server take over others; who has none any more is disconnected.
    ///
    /// It is told twice: with the first reload an account that is new imports from the account of
    /// the log as it was read, and not as it is, so that nobody answers it (seen with 2.15.1).
    pub async fn set(&self, accounts: &str) -> Result<(), NatsError> {
        self.files.write_accounts(accounts)?;
        for _ in 0..RELOADS {
            let before = self.files.log_bytes();
            signal(&self.binary, "reload", self.pid).await;
            let deadline = Instant::now() + RELOAD_MAX;
            while !self.files.reloaded_since(before) {
                if Instant::now() > deadline {
                    let log_tail = self.files.log_tail();
                    return Err(NatsError::NotReloaded { log_tail });
                }
                sleep(POLL_PAUSE).await;
            }
        }
        Ok(())
    }
}

fn described(status: ExitStatus) -> String {
    status.to_string()
}

/// Whether the log of the data directory was last kept by a server that asks who one is.
pub fn is_secured(data: &Path) -> bool {
    Files::below(data).is_ok_and(|files| files.log_of(LOG_ACCOUNT).is_dir())
}

/// Lets the server of this pid file read its configuration again, twice as [`AccountsOf::set`].
pub async fn reload(pid_file: &Path) -> Result<(), NatsError> {
    let unreadable = |source| NatsError::Io { what: "reading", path: pid_file.to_owned(), source };
    let text = std::fs::read_to_string(pid_file).map_err(unreadable)?;
    let not_one = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no process id");
    let pid = text.trim().parse().map_err(|_| unreadable(not_one()))?;
    let binary = find_binary().await?;
    for _ in 0..RELOADS {
        signal(&binary, "reload", pid).await;
        // Its log may be anywhere; it takes milliseconds.
        sleep(RELOAD_PAUSE).await;
    }
    Ok(())
}

/// Says who runs a server on the data directory, if anybody does. Nothing is changed.
pub fn refuse_data_in_use(data: &Path) -> Result<(), NatsError> {
    let files = Files::below(data)?;
    match File::open(&files.lock) {
        Err(_) => Ok(()),
        Ok(file) => locked(&file, &files),
    }
}

fn lock(files: &Files, owner: &str) -> Result<File, NatsError> {
    let failed = |source| NatsError::Io { what: "locking", path: files.lock.clone(), source };
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&files.lock)
        .map_err(failed)?;
    locked(&file, files)?;
    // What the one before wrote goes only once the lock is ours.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{owner} {}", std::process::id()))
        .map_err(failed)?;
    Ok(file)
}

fn locked(file: &File, files: &Files) -> Result<(), NatsError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let text = std::fs::read_to_string(&files.lock).unwrap_or_default();
            let (owner, pid) = text.trim().split_once(' ').unwrap_or(("tonghop", "unknown"));
            let (owner, pid) = (owner.to_owned(), pid.to_owned());
            Err(NatsError::DataInUse { data: files.data.clone(), owner, pid })
        }
        Err(TryLockError::Error(source)) => {
            Err(NatsError::Io { what: "locking", path: files.lock.clone(), source })
        }
    }
}

/// Says that a port is in use, if it is.
pub fn refuse_port_in_use(port: u16) -> Result<(), NatsError> {
    if port == 0 || TcpListener::bind(("127.0.0.1", port)).is_ok() {
        return Ok(());
    }
    Err(NatsError::PortInUse { port })
}

fn spawn(binary: &Path, files: &Files) -> Result<Child, NatsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| NatsError::Io { what: "starting", path, source }
    };
    let log =
        File::options().create(true).append(true).open(&files.log).map_err(failed(&files.log))?;
    let log_too = log.try_clone().map_err(failed(&files.log))?;
    Command::new(binary)
        .arg("--config")
        .arg(&files.conf)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed(binary))
}

/// Stops the server that a killed parent left on this directory. The caller holds the lock, so
/// nobody alive owns it.
async fn stop_stale(binary: &Path, files: &Files) -> Result<(), NatsError> {
    let Some(pid) = files.stale_pid() else { return Ok(()) };
    tracing::warn!(pid, dir = %files.dir.display(), "stopping a nats-server left over from an earlier run");
    for name in ["term", "stop"] {
        signal(binary, name, pid).await;
        let deadline = Instant::now() + STOP_MAX;
        while Instant::now() < deadline {
            if files.stale_pid().is_none() {
                return Ok(());
            }
            sleep(POLL_PAUSE).await;
        }
    }
    Err(NatsError::StaleServer { pid })
}

/// Sends a signal through nats-server itself (`term` is SIGTERM, `stop` is SIGKILL): the standard
/// library cannot, and a `kill` program need not be installed.
async fn signal(binary: &Path, name: &str, pid: u32) {
    let sent = Command::new(binary)
        .arg("--signal")
        .arg(format!("{name}={pid}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    if !sent.as_ref().is_ok_and(ExitStatus::success) {
        tracing::warn!(pid, name, ?sent, "nats-server could not be signalled");
    }
}
