//! Opens a connection to NATS and says in the log what happens to it.
//!
//! Once open, the client reconnects by itself for ever. A heavy reader and a publisher should
//! have a connection each: one connection is one queue of bytes in each direction, and an
//! acknowledgement behind 16 MiB of events arrives late.
//!
//! It never logs a password, and never ends the process.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use nkeys::KeyPair;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::error::{NatsError, Source};
use super::reader;
use crate::agencies::Seed;

/// How long one attempt to connect may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(5);
/// How long a request to the server may take.
const REQUEST_MAX: Duration = Duration::from_secs(5);
/// The shortest and the longest pause between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How many messages a subscription buffers; what comes while it is full is dropped by the
/// client in silence, so every subscriber of ours bounds what it has asked for below this.
pub const SUBSCRIPTION_CAPACITY: usize = 65_536;
/// How many commands wait for the socket; each holds one message to publish.
const COMMAND_CAPACITY: usize = 4_096;
/// How many different errors of a connection are said until the server is back.
const SAID_MAX: usize = 16;

const _: () = assert!(reader::OUTSTANDING_MESSAGES_MAX * 2 < SUBSCRIPTION_CAPACITY);
const _: () = assert!(tonghop_client::publisher::WINDOW_LIMIT * 2 < SUBSCRIPTION_CAPACITY);

/// Where to connect, and as whom.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// `nats://host:port`; user and password in it are honoured.
    pub url: String,
    /// A credentials file: the seed of an nkey, or JWT and seed.
    pub creds: Option<PathBuf>,
    /// A seed that is in no file, before that of `creds`.
    pub seed: Option<Seed>,
    /// Certificates in PEM that the server's may be signed by, beside those of the system.
    pub tls_ca: Option<PathBuf>,
    /// What the server calls this connection in its own lists.
    pub name: String,
    /// How long to wait for a server that does not answer yet.
    pub wait_max: Duration,
    /// Holds true from when we stop on: that the server goes away then is no news.
    pub leaving: Option<watch::Receiver<bool>>,
}

impl ConnectSettings {
    /// A connection without credentials that does not wait for the server.
    pub fn new(url: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            creds: None,
            seed: None,
            tls_ca: None,
            name: name.into(),
            wait_max: Duration::ZERO,
            leaving: None,
        }
    }
}

/// Whether this can be the address of a server; answers what is wrong with it.
pub fn check_url(url: &str) -> Result<(), NatsError> {
    parsed(url).map(|_| ())
}

fn parsed(url: &str) -> Result<ServerAddr, NatsError> {
    let bad = |source: Source| NatsError::BadUrl { url: without_user(url), source };
    let address: ServerAddr = url.parse().map_err(|error| bad(Box::new(error)))?;
    if address.host().is_empty() {
        return Err(bad("it names no host".into()));
    }
    Ok(address)
}

/// Connects, or says in one sentence why not.
pub async fn connect(settings: &ConnectSettings) -> Result<Client, NatsError> {
    let address = parsed(&settings.url)?;
    let shown = without_user(&settings.url);
    let deadline = Instant::now() + settings.wait_max;
    let mut pause = PAUSE_MIN;
    loop {
        let error = match options(settings, &address).await?.connect(address.clone()).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        // The library has no kind for it.
        if error.to_string().contains("certificate") {
            return Err(NatsError::Untrusted { url: shown, source: Box::new(error) });
        }
        let passing = matches!(
            error.kind(),
            ConnectErrorKind::Io
                | ConnectErrorKind::TimedOut
                | ConnectErrorKind::Dns
                | ConnectErrorKind::MaxReconnects
        );
        if !passing {
            return Err(NatsError::Denied { url: shown, source: Box::new(error) });
        }
        if Instant::now() + pause > deadline {
            return Err(NatsError::NobodyListens { url: shown, source: Source::from(error) });
        }
        tracing::warn!(url = %shown, %error, "no NATS server answers yet, trying again");
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn options(
    settings: &ConnectSettings,
    address: &ServerAddr,
) -> Result<ConnectOptions, NatsError> {
    let mut options = ConnectOptions::new()
        .name(&settings.name)
        .connection_timeout(ATTEMPT_MAX)
        .request_timeout(Some(REQUEST_MAX))
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .client_capacity(COMMAND_CAPACITY)
        .max_reconnects(None)
        .reconnect_delay_callback(pause_before)
        .event_callback({
            let said = Arc::new(Said::new(settings.leaving.clone()));
            move |event| {
                let said = Arc::clone(&said);
                async move { said.log(&event) }
            }
        });
    if let Some(user) = address.username() {
        // The library ignores them in the address.
        let password = address.password().unwrap_or_default();
        options = options.user_and_password(user.to_owned(), password.to_owned());
    }
    if let Some(path) = &settings.tls_ca {
        let unreadable = |source| NatsError::Io { what: "reading", path: path.clone(), source };
        tokio::fs::metadata(path).await.map_err(unreadable)?;
        options = options.add_root_certificates(path.clone()).require_tls(true);
    }
    if let Some(seed) = &settings.seed {
        return Ok(options.nkey(seed.secret().to_owned()));
    }
    if let Some(path) = &settings.creds {
        let denied = |source| NatsError::Credentials { path: path.clone(), source };
        let text = tokio::fs::read_to_string(path).await.map_err(denied)?;
        options = signed(options, &text).map_err(denied)?;
    }
    Ok(options)
}

/// Takes what a credentials file holds: JWT and seed between their marks, or a seed alone.
fn signed(options: ConnectOptions, text: &str) -> io::Result<ConnectOptions> {
    if text.contains("BEGIN NATS USER JWT") {
        return options.credentials(text);
    }
    let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"));
    let seed = seed.filter(|seed| KeyPair::from_seed(seed).is_ok()).ok_or_else(|| {
        let says = "it is neither the seed of a NATS user (SU…) nor a .creds file";
        io::Error::new(io::ErrorKind::InvalidData, says)
    })?;
    Ok(options.nkey(seed.to_owned()))
}

/// The pause before the n-th attempt to reconnect.
fn pause_before(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(8);
    (PAUSE_MIN * 2_u32.saturating_pow(doublings)).min(PAUSE_MAX)
}

/// What a connection has said in the log: what repeats itself until the server is back is said
/// once.
#[derive(Debug)]
struct Said {
    leaving: Option<watch::Receiver<bool>>,
    /// Since the connection was there.
    repeated: Mutex<Vec<String>>,
}

impl Said {
    fn new(leaving: Option<watch::Receiver<bool>>) -> Self {
        Self { leaving, repeated: Mutex::new(Vec::new()) }
    }

    fn log(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.repeated().clear();
                tracing::debug!("connected to NATS");
            }
            Event::Disconnected if self.leaving() => tracing::debug!("disconnected from NATS"),
            Event::Disconnected => tracing::warn!("disconnected from NATS, reconnecting"),
            Event::Closed => tracing::debug!("connection to NATS closed"),
            Event::Draining | Event::LameDuckMode if self.leaving() => {
                tracing::debug!(%event, "NATS server is leaving");
            }
            Event::Draining | Event::LameDuckMode => {
                tracing::warn!(%event, "NATS server is leaving");
            }
            Event::SlowConsumer(_) => tracing::error!(%event, "NATS client dropped messages"),
            // A denied publish shows here and nowhere else.
            Event::ServerError(error) => tracing::error!(%error, "NATS server says no"),
            Event::ClientError(error) => {
                if self.leaving() || self.is_repeated(&error.to_string()) {
                    tracing::debug!(%error, "NATS client");
                } else {
                    tracing::warn!(%error, "NATS client");
                }
            }
        }
    }

    fn leaving(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| *leaving.borrow())
    }

    /// Whether this was said already since the connection was there.
    fn is_repeated(&self, text: &str) -> bool {
        let mut said = self.repeated();
        let repeated = said.len() >= SAID_MAX || said.iter().any(|other| other == text);
        if !repeated {
            said.push(text.to_owned());
        }
        repeated
    }

    fn repeated(&self) -> MutexGuard<'_, Vec<String>> {
        self.repeated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address as it may be shown: what stands before `@` is left out.
pub fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use async_nats::ConnectOptions;

    use super::{PAUSE_MAX, PAUSE_MIN, Said, pause_before, signed, without_user};
    use crate::agencies::Seed;

    #[test]
    fn a_seed_is_taken_with_what_stands_around_it_and_nothing_else_is() {
        let seed = Seed::new().unwrap();
        let decorated = format!(
            "-----BEGIN USER NKEY SEED-----\r\n{}\r\n------END USER NKEY SEED------\n",
            seed.secret()
        );
        for good in [seed.secret(), &format!(" {}\n", seed.secret()), &decorated] {
            assert!(signed(ConnectOptions::new(), good).is_ok(), "{good}");
        }
        let short = seed.secret().trim_end_matches(char::is_alphanumeric);
        let account = nkeys::KeyPair::new_account().seed().unwrap();
        for bad in ["", "SU", short, &account, seed.public().as_str(), "th_00"] {
            let error = signed(ConnectOptions::new(), bad).err().unwrap().to_string();
            assert!(error.contains("SU…"), "{error}");
        }
    }

    #[test]
    fn what_repeats_itself_is_said_once_until_the_server_is_back() {
        let said = Said::new(None);
        assert!(!said.is_repeated("IO error"));
        assert!(said.is_repeated("IO error"));
        assert!(!said.is_repeated("timed out"));
        assert!(said.is_repeated("IO error"));
        said.log(&async_nats::Event::Connected);
        assert!(!said.is_repeated("timed out"));
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_user("nats://a:b@h:4222"), "nats://h:4222");
        assert_eq!(without_user("nats://a:p@ss@h"), "nats://h");
        assert_eq!(without_user("a:b@h:4222"), "h:4222");
        assert_eq!(without_user("nats://h:4222"), "nats://h:4222");
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        assert_eq!(pause_before(1), PAUSE_MIN);
        assert_eq!(pause_before(2), PAUSE_MIN * 2);
        assert_eq!(pause_before(usize::MAX), PAUSE_MAX);
    }
}
