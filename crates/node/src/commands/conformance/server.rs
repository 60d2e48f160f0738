//! The HTTP side of a running Tổng Hợp, as a vendor's client meets it.

use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::address::{Address, Stream};

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How often a request is sent that is told to come back later.
const ATTEMPTS: u32 = 5;
/// The longest `Retry-After` that is waited for.
const RETRY_AFTER_MAX: u64 = 10;

/// Where it is, and as whom it is spoken to.
#[derive(Debug)]
pub(super) struct Server {
    address: Address,
    token: String,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The body; null if it is no JSON.
    pub(super) body: Value,
}

impl Server {
    pub(super) fn new(address: Address, token: String) -> Self {
        Self { address, token }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Reads a path.
    pub(super) async fn get(&self, target: &str) -> anyhow::Result<Reply> {
        self.asked(Method::GET, target, &[], Bytes::new(), "").await
    }

    /// Posts a body to `/v1/events` with the token.
    pub(super) async fn post(
        &self,
        headers: &[(String, String)],
        body: &[u8],
    ) -> anyhow::Result<Reply> {
        self.post_as(&self.token, headers, body).await
    }

    /// The same with another token.
    pub(super) async fn post_as(
        &self,
        token: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> anyhow::Result<Reply> {
        self.asked(Method::POST, "/v1/events", headers, Bytes::copy_from_slice(body), token).await
    }

    async fn asked(
        &self,
        method: Method,
        target: &str,
        headers: &[(String, String)],
        body: Bytes,
        token: &str,
    ) -> anyhow::Result<Reply> {
        let mut attempt = 1;
        loop {
            let mut request =
                Request::builder().method(method.clone()).uri(self.address.target(target));
            request = request.header(HOST, self.address.authority());
            if !token.is_empty() {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let asking = self.sent(request.body(Body::from(body.clone()))?);
            let (reply, head) = timeout(ANSWER_MAX, asking)
                .await
                .map_err(anyhow::Error::from)
                .and_then(|answered| answered)
                .with_context(|| {
                    format!("{}: no answer; is `tonghop up` running there?", self.address)
                })?;
            let again = matches!(reply.status, 429 | 503) && attempt < ATTEMPTS;
            if !again {
                return Ok(reply);
            }
            let said = head.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            sleep(Duration::from_secs(said.unwrap_or(1).min(RETRY_AFTER_MAX))).await;
            attempt += 1;
        }
    }

    async fn sent(&self, request: Request<Body>) -> anyhow::Result<(Reply, HeaderMap)> {
        match self.address.connect().await? {
            Stream::Plain(stream) => exchanged(stream, request).await,
            Stream::Tls(stream) => exchanged(stream, request).await,
        }
    }
}

/// Sends a request on a connection of its own.
async fn exchanged(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> anyhow::Result<(Reply, HeaderMap)> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let serving = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let bytes = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    serving.abort();
    let bytes = bytes.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok((Reply { status: head.status.as_u16(), body }, head.headers))
}

/// The header that says in what the body is written.
pub(super) fn content_type(value: &str) -> Vec<(String, String)> {
    vec![(CONTENT_TYPE.to_string(), value.to_owned())]
}
