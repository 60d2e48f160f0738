//! `serve`: TCP in front of the socket of the process that owns the store.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    CONNECTION, CONTENT_TYPE, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::client::{ANSWER_MAX, send};
use super::{SocketError, accept, socket_path};
use crate::http::Problem;

/// What belongs to one connection and is not handed on (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] =
    [CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// Hands every request on to the socket of the data directory, until `stop` says so. It serves
/// whether or not anybody listens there yet.
pub async fn forward(listener: TcpListener, data: PathBuf, stop: watch::Receiver<bool>) {
    let data: Arc<Path> = data.into();
    let service = service_fn(move |request: Request<Incoming>| {
        let data = Arc::clone(&data);
        async move { Ok::<_, Infallible>(hand_on(&data, request).await) }
    });
    accept(listener, service, stop).await;
}

async fn hand_on(data: &Path, request: Request<Incoming>) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    // A client may send the whole URL; the socket wants the path.
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = path.parse::<Uri>() else {
        return Problem::undecodable(path).into_response();
    };
    let asks_for_life = uri.path() == "/healthz";
    head.uri = uri;
    connection_only(&mut head.headers);
    let request = Request::from_parts(head, Body::new(body));
    match tokio::time::timeout(ANSWER_MAX, send(data, request)).await {
        Ok(Ok(response)) => {
            let (mut head, body) = response.into_parts();
            connection_only(&mut head.headers);
            Response::from_parts(head, Body::new(body))
        }
        // This process lives, whether or not there is a projector; `/readyz` says the rest.
        Ok(Err(_)) | Err(_) if asks_for_life => alive(),
        Ok(Err(error)) => refuse(&error),
        Err(_) => {
            let (socket, seconds) = (socket_path(data), ANSWER_MAX.as_secs());
            refuse(&SocketError::TimedOut { socket, seconds })
        }
    }
}

fn alive() -> Response<Body> {
    let mut response = Response::new(Body::from("{\"status\":\"alive\",\"position\":null}"));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn connection_only(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn refuse(error: &SocketError) -> Response<Body> {
    let detail = error.to_string();
    let problem = match error {
        SocketError::NobodyListens { .. } => Problem::unavailable("projector.absent", &detail),
        SocketError::TimedOut { .. } => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "projector.slow",
            "no answer in time",
            &detail,
        ),
        SocketError::InUse { .. } | SocketError::Io { .. } | SocketError::BrokenOff { .. } => {
            tracing::warn!(%error, "a request could not be handed on");
            Problem::new(StatusCode::BAD_GATEWAY, "projector.broken", "no answer", &detail)
        }
    };
    problem.into_response()
}
