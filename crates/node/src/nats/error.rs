//! What can go wrong with NATS, one variant per thing that the caller can do differently.

use std::path::PathBuf;
use std::time::Duration;

use tonghop_client::publisher::PublishError;

use super::streams::Difference;

/// An error of the source library, kept whole.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// The world failed, somewhere between this process and the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// No nats-server binary was found.
    #[error(
        "no nats-server found (looked at {looked}); run deploy/fetch-nats-server of the repository, \
         or put nats-server 2.10 or newer (the releases of nats-io/nats-server have it) on the PATH, \
         or name it in TONGHOP_NATS_SERVER"
    )]
    BinaryMissing {
        /// The places that were looked at.
        looked: String,
    },
    /// Only binaries older than [`super::server::VERSION_MIN`] were found.
    #[error(
        "nats-server {found} at {} is too old, 2.10 or later is needed; run \
         deploy/fetch-nats-server, or name another binary in TONGHOP_NATS_SERVER", path.display()
    )]
    BinaryTooOld {
        /// The binary.
        path: PathBuf,
        /// What it says its version is.
        found: String,
    },
    /// Somebody else listens on the port.
    #[error(
        "port {port} of 127.0.0.1 is in use, so nats-server cannot listen there; stop what uses \
         it, name another one with --nats-port, or let a free one be picked with --nats-port 0"
    )]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },
    /// Another process of ours runs nats-server on this data.
    #[error(
        "`{owner}` already runs on {} (process {pid}); stop it first, or name another directory \
         with --data", data.display()
    )]
    DataInUse {
        /// The data directory.
        data: PathBuf,
        /// The command that runs there.
        owner: String,
        /// Its process.
        pid: String,
    },
    /// No server answers where one was looked for, and another command runs one elsewhere.
    #[error(
        "no NATS server answers at {nats}, but `{owner}` runs one on {} (process {pid}): name its \
         address with --nats, or stop it", data.display()
    )]
    RunsElsewhere {
        /// Where one was looked for.
        nats: String,
        /// The data directory.
        data: PathBuf,
        /// The command that runs there.
        owner: String,
        /// Its process.
        pid: String,
    },
    /// A server left over from a killed process would not stop.
    #[error("nats-server {pid}, left over from an earlier run, did not stop; kill it by hand")]
    StaleServer {
        /// Its process id.
        pid: u32,
    },
    /// The child did not say in time that it is ready.
    #[error("nats-server was not ready within {waited:?}; its log ends: {log_tail}")]
    ServerNotReady {
        /// How long it was given.
        waited: Duration,
        /// The last lines of its log.
        log_tail: String,
    },
    /// The child did not take over another configuration.
    #[error("nats-server does not read its configuration again; its log ends: {log_tail}")]
    NotReloaded {
        /// The last lines of its log.
        log_tail: String,
    },
    /// The child ended although nobody asked it to.
    #[error("nats-server ended by itself ({status}); its log ends: {log_tail}")]
    ServerDied {
        /// How it ended.
        status: String,
        /// The last lines of its log.
        log_tail: String,
    },
    /// A file or a process of the child could not be handled.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address of the server cannot be read.
    #[error("{url} is not a NATS address: {source}")]
    BadUrl {
        /// The address, without user and password.
        url: String,
        /// What is wrong with it.
        source: Source,
    },
    /// The credentials file cannot be read or used.
    #[error("credentials {}: {source}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// Nobody answers at the address.
    #[error(
        "no NATS server answers at {url} ({source}); start one with 'tonghop up', or name another \
         with --nats"
    )]
    NobodyListens {
        /// The address, without user and password.
        url: String,
        /// What the last attempt said.
        source: Source,
    },
    /// The server answers, but its certificate is not one that is trusted.
    #[error(
        "a server answers at {url}, but its certificate is not accepted: {source}; name the \
         authority that signed it with --tls-ca"
    )]
    Untrusted {
        /// The address, without user and password.
        url: String,
        /// What is wrong with the certificate.
        source: Source,
    },
    /// The server answers, but does not let us in.
    #[error(
        "the NATS server at {url} refuses us: {source}; name a key that it knows with --creds \
         (`tonghop agency add … --creds-out FILE` makes one)"
    )]
    Denied {
        /// The address, without user and password.
        url: String,
        /// What it said.
        source: Source,
    },
    /// A stream is missing, and this identity may not make it.
    #[error(
        "stream {stream} is not there, and {account} may not make it; run `tonghop provision` with \
         the provisioner's credentials"
    )]
    NoStream {
        /// The stream.
        stream: String,
        /// Who we are.
        account: String,
    },
    /// A stream exists with other settings than the stated ones.
    #[error("stream {stream} differs from what is stated: {}", super::streams::listed(differences))]
    StreamDiffers {
        /// The stream.
        stream: String,
        /// Every setting that differs.
        differences: Vec<Difference>,
    },
    /// The stream under this name is not the one that was read before.
    #[error(
        "stream {stream} was replaced: created at {found_ns} (Unix nanoseconds), and not at \
         {expected_ns} as before"
    )]
    StreamReplaced {
        /// The stream.
        stream: String,
        /// When the one that was known was created.
        expected_ns: i64,
        /// When this one was created.
        found_ns: i64,
    },
    /// The stream ends before the position that was already read.
    #[error(
        "stream {stream} ends at position {last}, but position {position} was already read; the \
         log has lost its end, or is another log"
    )]
    StreamBehind {
        /// The stream.
        stream: String,
        /// What was read.
        position: u64,
        /// Where the stream ends.
        last: u64,
    },
    /// The stream has another message where one was read before.
    #[error(
        "stream {stream} has another message at position {position} than was read there; it was \
         put back to an earlier state and has grown again"
    )]
    StreamChanged {
        /// The stream.
        stream: String,
        /// What was read last.
        position: u64,
    },
    /// The stream lacks messages, and reading it again does not bring them.
    #[error("stream {stream} lacks positions {from} to {to}, also after reading it again")]
    Gap {
        /// The stream.
        stream: String,
        /// The first position that is missing.
        from: u64,
        /// The last position that is missing.
        to: u64,
    },
    /// A request to `JetStream` was not answered, or with an error that may pass.
    #[error("{what}: {source}")]
    Api {
        /// What was asked.
        what: &'static str,
        /// What came back.
        source: Source,
    },
    /// What is no more in the stream could not be read from its archive.
    #[error(transparent)]
    Archive(#[from] tonghop_ledger::archive::ArchiveError),
    /// A message could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The connection is of no use any more.
    #[error(
        "the connection to NATS ended while messages were on their way; what is stored is not lost: \
         the same again goes on from there"
    )]
    Closed,
}

/// What a caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The same again may succeed.
    Retry,
    /// Nothing changes until somebody acts.
    Stop,
}

impl NatsError {
    /// Whether the same call may succeed later without anybody acting.
    pub fn severity(&self) -> Severity {
        match self {
            Self::ServerNotReady { .. }
            | Self::NotReloaded { .. }
            | Self::ServerDied { .. }
            | Self::NobodyListens { .. }
            | Self::Api { .. }
            | Self::Publish(PublishError::GaveUp { .. } | PublishError::Subscribing { .. }) => {
                Severity::Retry
            }
            Self::BinaryMissing { .. }
            | Self::BinaryTooOld { .. }
            | Self::PortInUse { .. }
            | Self::DataInUse { .. }
            | Self::RunsElsewhere { .. }
            | Self::StaleServer { .. }
            | Self::Io { .. }
            | Self::BadUrl { .. }
            | Self::Credentials { .. }
            | Self::Denied { .. }
            | Self::Untrusted { .. }
            | Self::NoStream { .. }
            | Self::StreamDiffers { .. }
            | Self::StreamReplaced { .. }
            | Self::StreamBehind { .. }
            | Self::StreamChanged { .. }
            | Self::Gap { .. }
            | Self::Archive(_)
            | Self::Publish(PublishError::Rejected { .. } | PublishError::Closed)
            | Self::Closed => Severity::Stop,
        }
    }
}
