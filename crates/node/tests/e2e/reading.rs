//! Asking over HTTP, as curl does, and over the socket of a data directory.

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonghop_node::socket;

use crate::world::{Data, PATIENCE, until};

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl Reply {
    /// The body as JSON, of an answer that is no error.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// One number of `/metrics`; none if it is not told (yet).
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        metric(&self.body, name)
    }
}

fn metric(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

/// `GET http://…/target`.
pub(crate) async fn get(http: &str, target: &str) -> Reply {
    timeout(PATIENCE, ask(http, target)).await.expect("an answer in time")
}

async fn ask(http: &str, target: &str) -> Reply {
    let address = http.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(target).header(HOST, address).body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let kind = response.headers().get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
    let (status, kind) = (response.status().as_u16(), kind.to_owned());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Reply { status, kind, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// One number of the projector that runs on the directory; none if none runs (yet).
pub(crate) async fn local_metric(data: &Data, name: &str) -> Option<u64> {
    let reply = socket::ask(data.path(), "/metrics").await.ok()?;
    metric(&String::from_utf8_lossy(&reply.body), name)
}

/// Waits until the projector that runs on the directory shows this position.
pub(crate) async fn folded(data: &Data, position: u64) {
    until(&format!("position {position} of the projector"), async || {
        (local_metric(data, "tonghop_position").await? >= position).then_some(())
    })
    .await;
}
