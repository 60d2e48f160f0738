//! Opens a connection to NATS and says in the log what happens to it.
//!
//! Once open, the client reconnects by itself for ever. A heavy reader and a publisher should
//! have a connection each: one connection is one queue of bytes in each direction, and an
//! acknowledgement behind 16 MiB of events arrives late.
//!
//! It never logs a password, and never ends the process.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use tokio::time::{Instant, sleep};

use super::error::{NatsError, Source};
use super::reader;

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

const _: () = assert!(reader::OUTSTANDING_MESSAGES_MAX * 2 < SUBSCRIPTION_CAPACITY);
const _: () = assert!(super::publisher::WINDOW_LIMIT * 2 < SUBSCRIPTION_CAPACITY);

/// Where to connect, and as whom.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// `nats://host:port`; user and password in it are honoured.
    pub url: String,
    /// A credentials file (JWT and seed).
    pub creds: Option<PathBuf>,
    /// What the server calls this connection in its own lists.
    pub name: String,
    /// How long to wait for a server that does not answer yet.
    pub wait_max: Duration,
}

impl ConnectSettings {
    /// A connection without credentials that does not wait for the server.
    pub fn new(url: impl Into<String>, name: impl Into<String>) -> Self {
        Self { url: url.into(), creds: None, name: name.into(), wait_max: Duration::ZERO }
    }
}

/// Connects, or says in one sentence why not.
pub async fn connect(settings: &ConnectSettings) -> Result<Client, NatsError> {
    let address: ServerAddr = settings.url.parse().map_err(|error| NatsError::BadUrl {
        url: without_user(&settings.url),
        source: Box::new(error),
    })?;
    let shown = without_user(&settings.url);
    let deadline = Instant::now() + settings.wait_max;
    let mut pause = PAUSE_MIN;
    loop {
        let error = match options(settings, &address).await?.connect(address.clone()).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
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
        .event_callback(|event| async move { log(&event) });
    if let Some(user) = address.username() {
        // The library ignores them in the address.
        let password = address.password().unwrap_or_default();
        options = options.user_and_password(user.to_owned(), password.to_owned());
    }
    if let Some(path) = &settings.creds {
        let denied = |source| NatsError::Credentials { path: path.clone(), source };
        let text = tokio::fs::read_to_string(path).await.map_err(denied)?;
        options = options.credentials(&text).map_err(denied)?;
    }
    Ok(options)
}

/// The pause before the n-th attempt to reconnect.
fn pause_before(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(8);
    (PAUSE_MIN * 2_u32.saturating_pow(doublings)).min(PAUSE_MAX)
}

fn log(event: &Event) {
    match event {
        Event::Connected => tracing::debug!("connected to NATS"),
        Event::Disconnected => tracing::warn!("disconnected from NATS, reconnecting"),
        Event::Closed => tracing::debug!("connection to NATS closed"),
        Event::Draining | Event::LameDuckMode => tracing::warn!(%event, "NATS server is leaving"),
        Event::SlowConsumer(_) => tracing::error!(%event, "NATS client dropped messages"),
        // A denied publish shows here and nowhere else.
        Event::ServerError(error) => tracing::error!(%error, "NATS server says no"),
        Event::ClientError(error) => tracing::warn!(%error, "NATS client"),
    }
}

/// The address as it may be shown: what stands before `@` is left out.
fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{PAUSE_MAX, PAUSE_MIN, pause_before, without_user};

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
