//! The three streams: their settings, stated once, and the check that those that exist have them.
//!
//! It creates a stream that is missing. It never updates, shrinks or deletes one: a setting that
//! differs is an error that names it, and a person decides (STR-1).
//!
//! What is not compared is the operator's to choose: replicas, placement, compression,
//! description, direct reads, and a subject transform that adds a partition token.
//!
//! **Invariant STR-1:** a stream with settings other than the stated ones is not used.

use std::fmt;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, ErrorCode};
use tokio::time::{Instant, sleep};

use super::error::{NatsError, Source};
use super::who_am_i;

/// The largest message that the server takes, headers and payload.
pub const PAYLOAD_MAX: i32 = 1024 * 1024;
/// The largest event with its headers. A refusal carries one whole in base64 (4/3) beside its
/// code, arguments and subject, and must still be a message.
pub const EVENT_MAX: i32 = 512 * 1024;
/// The shortest duplicate window that the server accepts: identity is ours, not the header's.
pub const DUPLICATE_WINDOW: Duration = Duration::from_millis(100);
/// Copies of each stream that are asked for when it is created: one server holds one.
pub const REPLICAS: usize = 1;
/// How long `JetStream` may take to answer after a start before that is an error.
const AVAILABLE_MAX: Duration = Duration::from_secs(30);
const RETRY_PAUSE: Duration = Duration::from_millis(250);
/// What the server writes for "no limit".
const UNLIMITED: i64 = -1;

const _: () = assert!(EVENT_MAX / 3 * 4 + 64 * 1024 < PAYLOAD_MAX);

/// One of the streams of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamName {
    /// Every event as received.
    Events,
    /// Every refused message whole, with its code.
    Refused,
    /// Checkpoints and closings.
    Evidence,
}

impl StreamName {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 3] = [Self::Events, Self::Refused, Self::Evidence];

    /// What the server calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "TONGHOP_EVENTS",
            Self::Refused => "TONGHOP_REFUSED",
            Self::Evidence => "TONGHOP_EVIDENCE",
        }
    }

    /// The subjects that it stores.
    pub fn subjects(self) -> &'static str {
        match self {
            Self::Events => "tonghop.v1.>",
            Self::Refused => "tonghop.refused.*",
            Self::Evidence => "tonghop.evidence.>",
        }
    }

    fn message_max(self) -> i32 {
        match self {
            Self::Events => EVENT_MAX,
            Self::Refused | Self::Evidence => PAYLOAD_MAX,
        }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stream as it is now: which one, and from where to where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIdentity {
    /// Its name.
    pub name: String,
    /// When it was created, Unix nanoseconds; another value means another log.
    pub created_ns: i64,
    /// The first position that it holds; 0 when it never held one.
    pub first: u64,
    /// The last position that it gave out; 0 when it never held one.
    pub last: u64,
    /// How many messages it holds; `last − first + 1` when none is missing.
    pub messages: u64,
    /// How many bytes they take, as the server counts.
    pub bytes: u64,
}

impl StreamIdentity {
    /// What the answer of the server says.
    pub(super) fn of(info: &Info) -> Self {
        Self {
            name: info.config.name.clone(),
            created_ns: i64::try_from(info.created.unix_timestamp_nanos()).unwrap_or(i64::MAX),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
            messages: info.state.messages,
            bytes: info.state.bytes,
        }
    }
}

/// A setting that is not what is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name of the setting, as in the server's JSON.
    pub setting: &'static str,
    /// What the stream has.
    pub found: String,
    /// What is stated here.
    pub stated: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, and not {}", self.setting, self.found, self.stated)
    }
}

/// The differences in one line, for an error.
pub(super) fn listed(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("; ")
}

/// The settings of a stream. `replicas` is taken only when it is created.
pub fn stated(stream: StreamName, replicas: usize) -> Config {
    Config {
        name: stream.as_str().to_owned(),
        subjects: vec![stream.subjects().to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        // There is no limit; should one ever be set, then publishing stops rather than that the
        // oldest events go.
        discard: DiscardPolicy::New,
        max_age: Duration::ZERO,
        max_bytes: UNLIMITED,
        max_messages: UNLIMITED,
        max_messages_per_subject: UNLIMITED,
        max_message_size: stream.message_max(),
        duplicate_window: DUPLICATE_WINDOW,
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        num_replicas: replicas,
        ..Config::default()
    }
}

/// Every stated setting that the stream does not have.
pub fn differences(stream: StreamName, found: &Config) -> Vec<Difference> {
    let stated = stated(stream, found.num_replicas);
    let mut list = Vec::new();
    let mut compare = |setting, found: String, stated: String| {
        if found != stated {
            list.push(Difference { setting, found, stated });
        }
    };
    let limit = |value: i64| if value <= 0 { "unlimited".to_owned() } else { value.to_string() };
    compare("subjects", found.subjects.join(" "), stated.subjects.join(" "));
    compare("storage", format!("{:?}", found.storage), format!("{:?}", stated.storage));
    compare("retention", format!("{:?}", found.retention), format!("{:?}", stated.retention));
    compare("discard", format!("{:?}", found.discard), format!("{:?}", stated.discard));
    compare("max_age", format!("{:?}", found.max_age), format!("{:?}", stated.max_age));
    compare("max_bytes", limit(found.max_bytes), limit(stated.max_bytes));
    compare("max_msgs", limit(found.max_messages), limit(stated.max_messages));
    compare(
        "max_msgs_per_subject",
        limit(found.max_messages_per_subject),
        limit(stated.max_messages_per_subject),
    );
    compare(
        "max_msg_size",
        limit(found.max_message_size.into()),
        limit(stated.max_message_size.into()),
    );
    compare(
        "duplicate_window",
        format!("{:?}", found.duplicate_window),
        format!("{:?}", stated.duplicate_window),
    );
    compare("deny_delete", found.deny_delete.to_string(), stated.deny_delete.to_string());
    compare("deny_purge", found.deny_purge.to_string(), stated.deny_purge.to_string());
    compare("no_ack", found.no_ack.to_string(), stated.no_ack.to_string());
    compare("sealed", found.sealed.to_string(), stated.sealed.to_string());
    compare("allow_rollup_hdrs", found.allow_rollup.to_string(), stated.allow_rollup.to_string());
    compare(
        "allow_msg_ttl",
        found.allow_message_ttl.to_string(),
        stated.allow_message_ttl.to_string(),
    );
    compare("mirror", found.mirror.is_some().to_string(), stated.mirror.is_some().to_string());
    let has_sources = found.sources.as_ref().is_some_and(|sources| !sources.is_empty());
    compare("sources", has_sources.to_string(), false.to_string());
    list
}

/// Creates the streams that are missing and checks those that exist; answers one identity each,
/// in the order of [`StreamName::ALL`].
pub async fn ensure_streams(
    context: &jetstream::Context,
    replicas: usize,
) -> Result<[StreamIdentity; 3], NatsError> {
    Ok([
        ensure(context, StreamName::Events, replicas).await?,
        ensure(context, StreamName::Refused, replicas).await?,
        ensure(context, StreamName::Evidence, replicas).await?,
    ])
}

/// Creates the stream when it is missing, and checks it when it exists.
pub async fn ensure(
    context: &jetstream::Context,
    stream: StreamName,
    replicas: usize,
) -> Result<StreamIdentity, NatsError> {
    let deadline = Instant::now() + AVAILABLE_MAX;
    loop {
        let source = match look_or_create(context, stream, replicas).await {
            Ok(info) => return checked(stream, &info),
            Err(Refused::ForGood(error)) => return Err(error),
            Err(Refused::ForNow(source)) => source,
        };
        if Instant::now() + RETRY_PAUSE > deadline {
            return Err(NatsError::Api { what: "opening a stream", source });
        }
        tracing::warn!(stream = %stream, error = %source, "JetStream is not available yet");
        sleep(RETRY_PAUSE).await;
    }
}

/// The stream as it is now, checked; nothing is created.
pub async fn look(
    context: &jetstream::Context,
    stream: StreamName,
) -> Result<StreamIdentity, NatsError> {
    match context.get_stream(stream.as_str()).await {
        Ok(found) => checked(stream, found.cached_info()),
        Err(error) => Err(NatsError::Api { what: "looking at a stream", source: error.into() }),
    }
}

/// The stream as it is now, without any check.
pub async fn identity(
    context: &jetstream::Context,
    stream: &str,
) -> Result<StreamIdentity, NatsError> {
    match context.get_stream(stream).await {
        Ok(found) => Ok(StreamIdentity::of(found.cached_info())),
        Err(error) => Err(NatsError::Api { what: "looking at a stream", source: error.into() }),
    }
}

enum Refused {
    ForNow(Source),
    ForGood(NatsError),
}

async fn look_or_create(
    context: &jetstream::Context,
    stream: StreamName,
    replicas: usize,
) -> Result<Info, Refused> {
    let missing = match context.get_stream(stream.as_str()).await {
        Ok(found) => return Ok(found.cached_info().clone()),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(answer) => {
                if answer.error_code() != ErrorCode::STREAM_NOT_FOUND {
                    return Err(Refused::ForNow(error.into()));
                }
                stated(stream, replicas)
            }
            GetStreamErrorKind::EmptyName
            | GetStreamErrorKind::InvalidStreamName
            | GetStreamErrorKind::Request => return Err(Refused::ForNow(error.into())),
        },
    };
    // Denied, it would not be answered.
    if let Some(who) = who_am_i(&context.client()).await
        && !who.may_publish(&format!("$JS.API.STREAM.CREATE.{stream}"))
    {
        let (stream, account) = (stream.to_string(), who.account);
        return Err(Refused::ForGood(NatsError::NoStream { stream, account }));
    }
    match context.create_stream(missing).await {
        Ok(created) => {
            tracing::info!(stream = %stream, "stream created");
            Ok(created.cached_info().clone())
        }
        Err(error) => {
            // Somebody else who creates it at the same moment is no fault: look again.
            let for_good = matches!(error.kind(), CreateStreamErrorKind::JetStream(answer)
                if (400..500).contains(&answer.code())
                    && answer.error_code() != ErrorCode::STREAM_NAME_EXIST);
            if for_good {
                let what = "creating a stream";
                return Err(Refused::ForGood(NatsError::Api { what, source: error.into() }));
            }
            Err(Refused::ForNow(error.into()))
        }
    }
}

fn checked(stream: StreamName, info: &Info) -> Result<StreamIdentity, NatsError> {
    let differences = differences(stream, &info.config);
    if differences.is_empty() {
        return Ok(StreamIdentity::of(info));
    }
    Err(NatsError::StreamDiffers { stream: stream.to_string(), differences })
}
