//! `POST /v1/events`: one event, or a batch of them, from an agency that speaks HTTP.
//!
//! Who asks is known before a byte of the body is read; the body is bounded while it is read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tonghop_wire::Refused;

use super::Problem;
use crate::agencies::Holder;
use crate::gateway::{Admission, BATCH_EVENTS_MAX, Fate, Gateway, Limited, Word};

mod items;

use items::{Item, Mode};

/// Bytes of a body.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a body may take to come.
const BODY_MAX: Duration = Duration::from_secs(30);
/// Bytes of a body that is too large which are read and dropped, so that the client gets to read
/// why: who is answered while it sends may see nothing but a broken connection.
const DROPPED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of the body of a request that is not taken, which are read and dropped.
const UNTAKEN_BYTES_MAX: usize = 1024 * 1024;
/// How long that may take.
const UNTAKEN_MAX: Duration = Duration::from_secs(1);

/// Answers the path.
pub(super) async fn post(gateway: Option<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let begun = Instant::now();
    let (head, body) = request.into_parts();
    let Some(gateway) = gateway else { return untaken(no_log(), &head.headers, body).await };
    let response = match admitted(&gateway, &head.headers) {
        Ok((holder, mode, admission)) => {
            let answered = answer(&gateway, (holder, mode, admission), &head.headers, body).await;
            answered.unwrap_or_else(in_words)
        }
        Err(problem) => untaken(problem, &head.headers, body).await,
    };
    gateway.metrics().answered(response.status().as_u16(), begun.elapsed());
    response
}

/// Answers a request that is not taken. A small body is read all the same: a connection on which it
/// is left unread has to be closed, and the client may be about to use it for its next request.
async fn untaken(problem: Problem, headers: &HeaderMap, mut body: Body) -> Response<Body> {
    let reading = async {
        let mut bytes: usize = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes = bytes.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if bytes > UNTAKEN_BYTES_MAX {
                return false;
            }
        }
        true
    };
    let waits = headers.contains_key(EXPECT);
    let is_read = !waits && tokio::time::timeout(UNTAKEN_MAX, reading).await.unwrap_or(false);
    let mut response = in_words(problem);
    if !is_read {
        close(&mut response);
    }
    response
}

fn close(response: &mut Response<Body>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// A problem as a response; who is not let in is told how to be.
pub(super) fn in_words(problem: Problem) -> Response<Body> {
    let mut response = problem.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        let bearer = HeaderValue::from_static("Bearer realm=\"tonghop\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, bearer);
    }
    // Their bodies may not have been read to the end.
    let ends = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];
    if ends.contains(&response.status()) {
        close(&mut response);
    }
    response
}

/// This process has no log.
pub(super) fn no_log() -> Problem {
    let detail = "this process has no log to publish to; ask one that runs `tonghop up` or \
                  `tonghop project`";
    Problem::unavailable("gateway.no_log", detail)
}

/// What the events of a request come to before any of them is published: none, or why it cannot be.
pub fn unpublishable(
    headers: &HeaderMap,
    body: &Bytes,
    holder: Holder,
) -> Result<Vec<Option<Refused>>, Problem> {
    let items = items::read(Mode::of(headers)?, headers, body, holder)?.into_iter();
    let refused = items.map(|item| match item {
        Item::Send(_) => None,
        Item::Refused(why) => Some(why),
    });
    Ok(refused.collect())
}

/// Who sends, how, and that they may; before anything of the body is read.
fn admitted(gateway: &Gateway, headers: &HeaderMap) -> Result<(Holder, Mode, Admission), Problem> {
    let holder = holder(gateway, headers)?;
    if !holder.speaks_http() {
        let detail = "this token publishes nothing; give the token of the unit or of the office";
        let (status, title) = (StatusCode::FORBIDDEN, "not a token for events");
        return Err(Problem::new(status, "token.not_for_events", title, detail));
    }
    let mode = Mode::of(headers)?;
    if let Some(encoding) = headers.get(CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(items::unsupported("the body must not be compressed"));
    }
    let admission = gateway.limits().admit(holder).map_err(|why| limited(gateway, why))?;
    Ok((holder, mode, admission))
}

async fn answer(
    gateway: &Gateway,
    (holder, mode, admission): (Holder, Mode, Admission),
    headers: &HeaderMap,
    body: Body,
) -> Result<Response<Body>, Problem> {
    let body = read(headers, body, BODY_MAX).await?;
    let headers = headers.clone();
    let parsed = tokio::task::spawn_blocking(move || items::read(mode, &headers, &body, holder));
    let items = parsed.await.map_err(|_| super::defect())??;
    respond(gateway, &admission, mode, items).await
}

async fn respond(
    gateway: &Gateway,
    admission: &Admission,
    mode: Mode,
    items: Vec<Item>,
) -> Result<Response<Body>, Problem> {
    let beyond = items.len().saturating_sub(1);
    admission.take_more(beyond).map_err(|why| limited(gateway, why))?;
    let mut messages = Vec::with_capacity(items.len());
    let mut refused = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Send(message) => {
                messages.push(message);
                refused.push(None);
            }
            Item::Refused(why) => refused.push(Some(why)),
        }
    }
    let fates = if messages.is_empty() {
        Vec::new()
    } else {
        gateway.store(messages).await.map_err(|error| log_down(&error))?
    };
    let mut fates = fates.into_iter();
    let rows = refused.into_iter().filter_map(|refused| match refused {
        Some(why) => Some(not_published(&why)),
        None => fates.next().map(|fate| told(&fate)),
    });
    let rows: Vec<Row> = rows.collect();
    for row in &rows {
        gateway.metrics().event(row.status);
    }
    let (status, body) = match (mode, rows.first()) {
        (Mode::Batch, _) => (batch_status(&rows), batch_body(&rows)),
        (_, Some(row)) => (row.http, Value::Object(row.json.clone())),
        (_, None) => return Err(super::defect()),
    };
    Ok(json_response(status, &body))
}

/// What one event is answered with.
#[derive(Debug)]
pub(super) struct Row {
    status: &'static str,
    /// The status of an answer that has this event alone.
    pub(super) http: StatusCode,
    pub(super) json: Map<String, Value>,
}

/// What became of an event that is in the log.
pub(super) fn told(fate: &Fate) -> Row {
    let mut json = Map::new();
    let (status, http) = match &fate.word {
        Word::New | Word::Nothing => ("stored", StatusCode::OK),
        Word::Duplicate => ("duplicate", StatusCode::OK),
        Word::Refused { code, args } => {
            json.insert("code".to_owned(), json!(code));
            json.insert("args".to_owned(), json!(args));
            ("refused", code.as_deref().map_or(StatusCode::UNPROCESSABLE_ENTITY, refusal_status))
        }
    };
    json.insert("status".to_owned(), json!(status));
    json.insert("position".to_owned(), json!(fate.position));
    if fate.word == Word::Nothing {
        json.insert("folded".to_owned(), json!(false));
    }
    Row { status, http, json }
}

/// An event that cannot be published.
fn not_published(why: &Refused) -> Row {
    let code = why.refusal.code.word();
    let args = why.refusal.args.iter();
    let args: Map<String, Value> =
        args.map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    let json = json!({"status": "refused", "code": code, "args": args});
    let json = if let Value::Object(json) = json { json } else { Map::new() };
    Row { status: "refused", http: refusal_status(code), json }
}

fn refusal_status(code: &str) -> StatusCode {
    match code {
        "unit.mismatch" => StatusCode::FORBIDDEN,
        "size.exceeded" => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// 207 says that the items have to be looked at; whoever gets 200 is done.
fn batch_status(rows: &[Row]) -> StatusCode {
    if rows.iter().any(|row| row.status == "refused") {
        StatusCode::MULTI_STATUS
    } else {
        StatusCode::OK
    }
}

fn batch_body(rows: &[Row]) -> Value {
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    json!({
        "stored": count("stored"),
        "duplicate": count("duplicate"),
        "refused": count("refused"),
        "items": rows.iter().map(|row| &row.json).collect::<Vec<_>>(),
    })
}

pub(super) fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let answer = super::Answer {
        status,
        content_type: "application/json",
        disposition: None,
        body: body.to_string().into_bytes(),
    };
    answer.into_response()
}

/// Whose token the request carries.
pub(super) fn holder(gateway: &Gateway, headers: &HeaderMap) -> Result<Holder, Problem> {
    let refused = |detail: &str| {
        let (status, title) = (StatusCode::UNAUTHORIZED, "not let in");
        Problem::new(status, "token.unknown", title, detail)
    };
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start_matches(' '))
    });
    let Some(token) = token else {
        return Err(refused(
            "send `Authorization: Bearer th_…` with a token of `tonghop agency add`",
        ));
    };
    match gateway.holder(token) {
        Ok(Some(holder)) => Ok(holder),
        Ok(None) => Err(refused("this token is unknown or has ended; ask the office for another")),
        Err(error) => {
            tracing::error!(%error, "the registry of agencies cannot be read: nobody is let in");
            let detail = "the registry of agencies cannot be read; its log says more";
            Err(Problem::unavailable("gateway.no_registry", detail))
        }
    }
}

fn limited(gateway: &Gateway, why: Limited) -> Problem {
    gateway.metrics().limited();
    let many = |code: &str, detail: &str, seconds: u16| {
        let (status, title) = (StatusCode::TOO_MANY_REQUESTS, "too much at once");
        Problem::new(status, code, title, detail).retry_after(seconds)
    };
    match why {
        Limited::Events { retry_after_s } => {
            let detail = "this agency has sent as many events as it may for now; Retry-After says \
                          when there is room for these";
            many("gateway.too_many_events", detail, retry_after_s)
        }
        Limited::Requests => {
            let detail = "this agency has as many requests under way as it may have; send again \
                          when one is answered";
            many("gateway.too_many_requests", detail, 1)
        }
        Limited::Bodies => {
            Problem::unavailable("gateway.busy", "too many requests are under way; send again")
        }
    }
}

/// The log is down or slow.
pub(super) fn log_down(error: &crate::nats::NatsError) -> Problem {
    tracing::warn!(%error, "events over HTTP are not stored");
    let detail = "the log does not confirm that it has these events; send the same again: what it \
                  has is then a duplicate";
    Problem::unavailable("gateway.log_down", detail).retry_after(5)
}

/// Reads a body; never more of it is held than may be.
async fn read(headers: &HeaderMap, mut body: Body, max: Duration) -> Result<Bytes, Problem> {
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let said: usize = said.unwrap_or(0);
    // Who waits to be told to go on has sent nothing yet.
    if said > DROPPED_BYTES_MAX || (said > BODY_BYTES_MAX && headers.contains_key(EXPECT)) {
        return Err(too_large());
    }
    let mut held = BytesMut::new();
    let mut bytes: usize = 0;
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
            bytes = bytes.saturating_add(data.len());
            if bytes > DROPPED_BYTES_MAX {
                return Err(too_large());
            }
            if bytes > BODY_BYTES_MAX {
                held = BytesMut::new();
            } else {
                held.extend_from_slice(&data);
            }
        }
        if bytes > BODY_BYTES_MAX { Err(too_large()) } else { Ok(()) }
    };
    let ended = tokio::time::timeout(max, reading).await;
    ended.unwrap_or_else(|_| Err(too_slow()))?;
    Ok(held.freeze())
}

fn too_slow() -> Problem {
    let detail = format!("the body did not come within {} s", BODY_MAX.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body.slow", "too slow", &detail)
}

fn too_large() -> Problem {
    let detail = format!(
        "a body has at most {BODY_BYTES_MAX} bytes and a batch at most {BATCH_EVENTS_MAX} events; \
         send several"
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", "too large", &detail)
}

fn broken(error: &axum::Error) -> Problem {
    tracing::debug!(%error, "a body broke off");
    let detail = "the body broke off";
    Problem::new(StatusCode::BAD_REQUEST, "body.broken", "bad body", detail)
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    fn chunks(bytes: usize) -> Body {
        let (whole, rest) = (bytes >> 16, bytes & 0xffff);
        let sizes = std::iter::repeat_n(1 << 16, whole).chain([rest]);
        let chunks = sizes.map(|size| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; size])));
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_is_bounded_in_bytes_and_in_time() {
        let none = HeaderMap::new();
        let max = Duration::from_mins(1);
        let whole = read(&none, chunks(BODY_BYTES_MAX), max).await.unwrap();
        assert_eq!(whole.len(), BODY_BYTES_MAX);
        for bytes in [BODY_BYTES_MAX + 1, DROPPED_BYTES_MAX + 1] {
            let refused = read(&none, chunks(bytes), max).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        let endless = || {
            let begin = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"[")); 1]);
            Body::from_stream(begin.chain(stream::pending()))
        };
        let slow = read(&none, endless(), Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
        // Who asks first, or says that it is far too much, is answered before it sends anything.
        for (name, bytes) in [(Some(EXPECT), BODY_BYTES_MAX + 1), (None, DROPPED_BYTES_MAX + 1)] {
            let mut headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(bytes))]);
            headers.extend(name.map(|name| (name, HeaderValue::from_static("100-continue"))));
            let refused = read(&headers, endless(), max).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
}
