//! The files of the child: written by us, or written by it and read by us.

use std::fs;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::nats::error::NatsError;
use crate::nats::server::LOG_ACCOUNT;
use crate::nats::streams::PAYLOAD_MAX;

/// How much of the end of the log an error shows.
const LOG_TAIL_BYTES: u64 = 2_048;
const LOG_TAIL_LINES: usize = 5;
/// From which size on a log is put aside at a start.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Consumers live in memory; there are a few, and each is small.
const MEMORY_STORE_BYTES: u64 = 64 * 1024 * 1024;

/// Where everything is, as absolute paths.
#[derive(Debug, Clone)]
pub(super) struct Files {
    /// The data directory, as it was named.
    pub(super) data: PathBuf,
    pub(super) dir: PathBuf,
    pub(super) conf: PathBuf,
    pub(super) log: PathBuf,
    pub(super) lock: PathBuf,
    pid: PathBuf,
    jetstream: PathBuf,
    accounts: PathBuf,
}

impl Files {
    pub(super) fn below(data: &Path) -> Result<Self, NatsError> {
        let dir = std::path::absolute(data.join("nats"))
            .map_err(|source| io("resolving", data, source))?;
        Ok(Self {
            conf: dir.join("nats-server.conf"),
            log: dir.join("nats-server.log"),
            lock: dir.join("nats-server.lock"),
            pid: dir.join("nats-server.pid"),
            jetstream: dir.join("jetstream"),
            accounts: dir.join("accounts.conf"),
            dir,
            data: data.to_owned(),
        })
    }

    pub(super) fn create_dirs(&self) -> Result<(), NatsError> {
        fs::create_dir_all(&self.jetstream)
            .map_err(|source| io("creating", &self.jetstream, source))
    }

    /// Puts a large log aside, over the one put aside before.
    pub(super) fn rotate_log(&self) -> Result<(), NatsError> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() >= LOG_BYTES_MAX) {
            let aside = self.log.with_extension("log.1");
            return fs::rename(&self.log, aside).map_err(|source| io("moving", &self.log, source));
        }
        Ok(())
    }

    /// Where the server keeps the log of an account.
    pub(super) fn log_of(&self, account: &str) -> PathBuf {
        self.jetstream.join("jetstream").join(account)
    }

    /// The log is the same one whether the server asks who one is or not: it is moved to the
    /// account that has it now, unless that has one already.
    pub(super) fn give_log_to(&self, account: &str) -> Result<(), NatsError> {
        let ours = self.log_of(account);
        let other = self.log_of(if account == LOG_ACCOUNT { "$G" } else { LOG_ACCOUNT });
        if !other.is_dir() || ours.is_dir() {
            return Ok(());
        }
        fs::rename(&other, &ours).map_err(|source| io("moving", &other, source))
    }

    /// Writes the accounts as a whole: the server may be reading them.
    pub(super) fn write_accounts(&self, text: &str) -> Result<(), NatsError> {
        let new = self.accounts.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.accounts))
            .map_err(|source| io("writing", &self.accounts, source))
    }

    pub(super) fn write_conf(
        &self,
        port: u16,
        sync_interval: &str,
        asks: bool,
    ) -> Result<(), NatsError> {
        // The server takes 0 for its own default, and −1 for a free port.
        let port = if port == 0 { "-1".to_owned() } else { port.to_string() };
        let text = format!(
            "# Written by tonghop at each start; changes are lost.\n\
             listen: \"127.0.0.1:{port}\"\n\
             ports_file_dir: {dir}\n\
             pid_file: {pid}\n\
             max_payload: {PAYLOAD_MAX}\n\
             jetstream {{\n  \
               store_dir: {jetstream}\n  \
               sync_interval: {sync}\n  \
               max_memory_store: {MEMORY_STORE_BYTES}\n\
             }}\n{include}",
            include = if asks { "include \"accounts.conf\"\n" } else { "" },
            dir = self.quoted(&self.dir)?,
            pid = self.quoted(&self.pid)?,
            jetstream = self.quoted(&self.jetstream)?,
            sync = escaped(sync_interval),
        );
        fs::write(&self.conf, text).map_err(|source| io("writing", &self.conf, source))
    }

    fn quoted(&self, path: &Path) -> Result<String, NatsError> {
        path.to_str().map(escaped).ok_or_else(|| {
            let source = std::io::Error::new(ErrorKind::InvalidInput, "the path is not UTF-8");
            io("writing", &self.conf, source)
        })
    }

    /// Where the server with this process id listens, once it does.
    pub(super) fn read_ports(&self, pid: u32) -> Option<String> {
        let path = self.dir.join(format!("nats-server_{pid}.ports"));
        let text = fs::read_to_string(path).ok()?;
        let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
        ports.get("nats")?.get(0)?.as_str().map(str::to_owned)
    }

    /// Removes what killed servers left; their process ids may come again.
    pub(super) fn remove_ports(&self) -> Result<(), NatsError> {
        let entries = fs::read_dir(&self.dir).map_err(|source| io("reading", &self.dir, source))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "ports") {
                match fs::remove_file(&path) {
                    Err(source) if source.kind() != ErrorKind::NotFound => {
                        return Err(io("removing", &path, source));
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        }
        Ok(())
    }

    /// The process of the pid file, if it lives and its command line names our configuration.
    pub(super) fn stale_pid(&self) -> Option<u32> {
        let pid: u32 = fs::read_to_string(&self.pid).ok()?.trim().parse().ok()?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let conf = self.conf.as_os_str().as_encoded_bytes();
        command.split(|byte| *byte == 0).any(|argument| argument == conf).then_some(pid)
    }

    /// How long the log is.
    pub(super) fn log_bytes(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Whether the log says, from this place on, that the configuration was read again.
    pub(super) fn reloaded_since(&self, place: u64) -> bool {
        let read = fs::File::open(&self.log).and_then(|mut file| {
            file.seek(SeekFrom::Start(place))?;
            let mut bytes = Vec::new();
            file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).contains("Reloaded server configuration"))
        });
        read.unwrap_or(false)
    }

    /// The last lines of the log in one line, for an error.
    pub(super) fn log_tail(&self) -> String {
        let tail = fs::File::open(&self.log).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        });
        match tail {
            Ok(text) => {
                let lines: Vec<&str> = text.lines().collect();
                let first = lines.len().saturating_sub(LOG_TAIL_LINES);
                lines.iter().skip(first).map(|line| line.trim()).collect::<Vec<_>>().join(" | ")
            }
            Err(error) => format!("(no log: {error})"),
        }
    }
}

fn io(what: &'static str, path: &Path, source: std::io::Error) -> NatsError {
    NatsError::Io { what, path: path.to_owned(), source }
}

/// A string as the configuration of nats-server writes it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}
