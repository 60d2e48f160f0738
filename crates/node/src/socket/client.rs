//! Asking the process that owns the store.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::unix::connect;
use super::{SocketError, socket_path};

/// How long an answer may take; a replay to an earlier position takes long.
pub(super) const ANSWER_MAX: Duration = Duration::from_mins(2);
/// Bytes of an answer that is read whole.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// Asks the owner of the data directory's store: `ask(data, "/v1/forms/bieu-06a?period=2021-Q3")`.
pub async fn ask(data: &Path, path_and_query: &str) -> Result<Reply, SocketError> {
    let socket = socket_path(data);
    let broken = |error| SocketError::BrokenOff { socket: socket.clone(), error };
    let request = Request::get(path_and_query)
        .body(Body::empty())
        .map_err(|error| broken(Box::new(error)))?;
    let asked = async {
        let response = send(data, request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await;
        Ok(Reply { status, body: body.map_err(broken)?.to_bytes() })
    };
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(reply) => reply,
        Err(_) => Err(SocketError::TimedOut { socket, seconds: ANSWER_MAX.as_secs() }),
    }
}

/// Sends a request over a connection of its own; the body of the answer streams.
pub(super) async fn send(
    data: &Path,
    mut request: Request<Body>,
) -> Result<Response<Incoming>, SocketError> {
    let socket = socket_path(data);
    let stream = connect(&socket).await.map_err(|error| {
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) {
            SocketError::NobodyListens { data: data.to_owned() }
        } else {
            SocketError::Io { socket: socket.clone(), error }
        }
    })?;
    let broken = |error: hyper::Error| SocketError::BrokenOff {
        socket: socket.clone(),
        error: error.into(),
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the read socket broke off");
        }
    });
    request.headers_mut().insert(HOST, HeaderValue::from_static("read.sock"));
    sender.send_request(request).await.map_err(broken)
}
