//! Fetches messages one by one by their positions: those that a consumer cannot bring.
//!
//! The server stores headers as they come; the client drops the whole connection when it is sent
//! some that it cannot parse, and takes a status in them for a word of the server. Here the server
//! answers with JSON in which the headers are base64, so that nothing of them reaches the client's
//! parser.
//!
//! What headers say does not depend on the way that a message comes by: [`parse`] takes exactly
//! what the client's parser takes, and to the same effect.

use std::str::FromStr;
use std::time::Duration;

use async_nats::jetstream::{Context, ErrorCode, response::Response};
use async_nats::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::doubt::{Doubt, Interrupt};
use super::{Batch, Raw, Reader};
use crate::nats::error::NatsError;

/// How many interruptions in a row, with no message in between, make the next message suspect.
const STUCK_SEEN: u32 = 3;
/// How many messages behind one that no consumer can bring are suspect too: such ones come from
/// one publisher and seldom alone, and each that a consumer meets costs about a second.
const SUSPECTS_BEHIND: u32 = 256;
/// How many are on their way at once where all are fetched one by one.
const SINGLES_MAX: usize = 256;
/// How often it is then looked whether there are more.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

impl Reader {
    /// Fetches messages one by one while the next may be one that no consumer can bring, up to
    /// the end of the stream. Dropping this loses nothing: what was accepted is in `self`.
    pub(super) async fn fetch_suspects(
        &mut self,
        batches: &mpsc::Sender<Batch>,
        last: u64,
    ) -> Result<(), Interrupt> {
        if self.stuck >= STUCK_SEEN {
            self.suspects = self.suspects.max(1);
        }
        while self.suspects > 0 {
            let (stream, position) = (&self.settings.stream, self.position + 1);
            let single = match fetch(&self.context, stream, position).await {
                Ok(Some(single)) => single,
                Ok(None) => {
                    (self.stuck, self.suspects) = (0, 0);
                    break;
                }
                Err(error) => {
                    // Perhaps we may not; a consumer may do after all.
                    tracing::warn!(%stream, position, %error, "cannot fetch a message by itself");
                    break;
                }
            };
            if single.deliverable {
                self.suspects -= 1;
            } else {
                tracing::warn!(%stream, position, "a message cannot be read as the client reads them");
                self.suspects = SUSPECTS_BEHIND;
            }
            let pending = last.saturating_sub(position);
            self.accept(single.raw, single.bytes, pending, false).map_err(Interrupt::Doubt)?;
            let permit = if self.full() {
                Some(batches.reserve().await.map_err(|_| Interrupt::Stopped)?)
            } else {
                batches.try_reserve().ok()
            };
            if let Some(permit) = permit {
                self.send(permit);
            }
        }
        Ok(())
    }
}

impl Reader {
    /// Fetches all messages one by one, for as long as they come; answers why it ended. Dropping
    /// this loses nothing: what was accepted is in `self`.
    pub(super) async fn read_singly(&mut self, batches: &mpsc::Sender<Batch>) -> Interrupt {
        loop {
            let last = match self.look().await {
                Ok(found) => found.last,
                Err(interrupt) => return interrupt,
            };
            if let Err(interrupt) = self.fetch_up_to(last, batches).await {
                return interrupt;
            }
            sleep(LOOK_PAUSE).await;
        }
    }

    async fn fetch_up_to(
        &mut self,
        last: u64,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), Interrupt> {
        let (context, stream) = (self.context.clone(), self.settings.stream.clone());
        let fetched = stream::iter(self.position + 1..=last)
            .map(|position| fetch(&context, &stream, position))
            .buffered(SINGLES_MAX);
        let mut fetched = std::pin::pin!(fetched);
        while let Some(single) = fetched.next().await {
            let position = self.position + 1;
            match single {
                Ok(Some(Single { raw, bytes, .. })) => {
                    let pending = last.saturating_sub(position);
                    self.accept(raw, bytes, pending, true).map_err(Interrupt::Doubt)?;
                }
                Ok(None) => return Err(self.doubted(Doubt::Gap { got: position + 1, first: true })),
                Err(error) => return Err(Interrupt::Doubt(Doubt::Gone(error))),
            }
            if self.full() {
                self.send(batches.reserve().await.map_err(|_| Interrupt::Stopped)?);
            }
        }
        if !self.batch.messages.is_empty() {
            self.send(batches.reserve().await.map_err(|_| Interrupt::Stopped)?);
        }
        Ok(())
    }

    /// Whether the stream still has the message that was accepted last. A stream that was put back
    /// and has grown again has another one there, stored later.
    pub(super) async fn check_last(&self) -> Result<(), Interrupt> {
        let (Some(expected), true) = (self.recorded_ms, self.position > 0) else { return Ok(()) };
        let stream = &self.settings.stream;
        match fetch(&self.context, stream, self.position).await {
            Ok(Some(single)) if single.raw.recorded_ms == expected => Ok(()),
            Ok(_) => Err(Interrupt::Broken(NatsError::StreamChanged {
                stream: stream.clone(),
                position: self.position,
            })),
            Err(error) => Err(Interrupt::Doubt(Doubt::Gone(error))),
        }
    }
}

/// The message at this position; none if the stream has none there.
pub async fn message_at(
    context: &Context,
    stream: &str,
    position: u64,
) -> Result<Option<Raw>, String> {
    Ok(fetch(context, stream, position).await?.map(|single| single.raw))
}

/// The first message at or behind this position whose subject the filter has.
pub(super) async fn next_of(
    context: &Context,
    stream: &str,
    filter: &str,
    position: u64,
) -> Result<Option<Raw>, String> {
    let asked = AskedNext { seq: position, next_by_subj: filter };
    let answer: Response<Answer> = context
        .request(format!("STREAM.MSG.GET.{stream}"), &asked)
        .await
        .map_err(|error| error.to_string())?;
    match answer {
        Response::Ok(Answer { message }) => Ok(Some(single(message)?.raw)),
        Response::Err { error } if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
        Response::Err { error } => Err(error.to_string()),
    }
}

/// A message fetched by its position.
#[derive(Debug)]
struct Single {
    raw: Raw,
    /// With subject and headers.
    bytes: usize,
    /// The client can parse it, so that a consumer could have brought it.
    deliverable: bool,
}

#[derive(Serialize)]
struct Asked {
    seq: u64,
}

#[derive(Serialize)]
struct AskedNext<'a> {
    seq: u64,
    next_by_subj: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    message: Stored,
}

/// A message as the server tells it; bytes are base64, and none are left out.
#[derive(Deserialize)]
struct Stored {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: String,
}

/// The message at this position; `None` when the stream has none there.
async fn fetch(context: &Context, stream: &str, position: u64) -> Result<Option<Single>, String> {
    let subject = format!("STREAM.MSG.GET.{stream}");
    let answer: Response<Answer> = context
        .request(subject, &Asked { seq: position })
        .await
        .map_err(|error| error.to_string())?;
    match answer {
        Response::Ok(Answer { message }) if message.seq == position => single(message).map(Some),
        Response::Ok(Answer { message }) => Err(format!("got position {} instead", message.seq)),
        Response::Err { error } if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
        Response::Err { error } => Err(error.to_string()),
    }
}

fn single(stored: Stored) -> Result<Single, String> {
    let stored_headers = BASE64.decode(&stored.hdrs).map_err(|error| error.to_string())?;
    let payload = BASE64.decode(&stored.data).map_err(|error| error.to_string())?;
    let recorded = DateTime::parse_from_rfc3339(&stored.time).map_err(|error| error.to_string())?;
    let bytes = stored.subject.len() + stored_headers.len() + payload.len();
    let parsed = parse(&stored_headers);
    // The server writes what is not UTF-8 as this letter; the client can read no such subject.
    let subject_is_whole = !stored.subject.contains(char::REPLACEMENT_CHARACTER);
    let deliverable = parsed.is_some() && subject_is_whole;
    let headers = match parsed {
        _ if stored_headers.is_empty() => None,
        Some(headers) => Some(headers),
        None => Some(unreadable(stored.hdrs)),
    };
    let raw = Raw {
        position: stored.seq,
        recorded_ms: recorded.timestamp_millis(),
        subject: stored.subject.into(),
        headers,
        payload: payload.into(),
    };
    Ok(Single { raw, bytes, deliverable })
}

/// Says of headers only that they cannot be read, and what they are.
fn unreadable(base64: String) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(tonghop_wire::Raw::UNREADABLE_HEADERS, base64);
    headers
}

/// The headers as the client would read them from a consumer; `None` where it would fail, or would
/// take the message for a word of the server.
fn parse(stored: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    if stored.is_empty() {
        return Some(headers);
    }
    let mut lines = std::str::from_utf8(stored).ok()?.lines().peekable();
    let status = lines.next()?.strip_prefix("NATS/1.0")?;
    if !status.trim().is_empty() {
        return None;
    }
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_str(name).ok()?;
        let mut value = value.trim_start().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        headers.append(name, HeaderValue::from_str(value.trim_end()).ok()?);
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::{Stored, parse, single};

    #[test]
    fn headers_are_read_as_the_client_reads_them() {
        let good: &[u8] = b"NATS/1.0\r\nA: 1\r\nb:2 \r\nA:  3\r\n  4\r\n\r\n";
        let headers = parse(good).unwrap();
        let values = |name| headers.get_all(name).map(|v| v.as_str().to_owned()).collect();
        let (upper, lower): (Vec<_>, Vec<_>) = (values("A"), values("b"));
        assert_eq!((upper, lower), (vec!["1".to_owned(), "3  4".to_owned()], vec!["2".to_owned()]));
        assert!(parse(b"").unwrap().is_empty());
        assert!(parse(b"NATS/1.0\r\n\r\n").unwrap().is_empty());
        assert_eq!(parse("NATS/1.0\r\nĐ: 1\r\n\r\n".as_bytes()), None);
        for bad in [
            &b"NATS/1.0\r\nA: \xff\r\n\r\n"[..],
            b"NATS/1.0\r\nno colon\r\n\r\n",
            b"NATS/1.0\r\nA b: 1\r\n\r\n",
            b"NATS/1.0\r\nA: 1\r2\r\n\r\n",
            b"NATS/1.0 100 Idle Heartbeat\r\n\r\n",
            b"NATS/1.0 503\r\n\r\n",
            b"NATS/1.01\r\n\r\n",
            b"HTTP/1.1\r\n\r\n",
            b"\r\n",
        ] {
            assert_eq!(parse(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn times_are_those_of_a_consumer() {
        let of = |time: &str| {
            let (subject, hdrs, data) = ("s".to_owned(), String::new(), String::new());
            single(Stored { subject, seq: 1, hdrs, data, time: time.to_owned() })
        };
        assert_eq!(of("2026-09-24T06:14:30.084404Z").unwrap().raw.recorded_ms, 1_790_230_470_084);
        assert_eq!(of("1969-12-31T23:59:59.999999999Z").unwrap().raw.recorded_ms, -1);
        assert!(of("yesterday").is_err());
    }
}
