//! An agency over HTTP, and its events.

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::program::run;
use crate::world::{Data, PATIENCE};

pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) retry_after: String,
    pub(crate) challenge: String,
    pub(crate) body: String,
}

impl Reply {
    /// The body, whatever the status is.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Who has a token.
#[derive(Debug)]
pub(crate) struct Agency {
    pub(crate) token: String,
    pub(crate) http: String,
}

impl Agency {
    /// With a new token: `&["H41.16"]`.
    pub(crate) async fn of(data: &Data, http: &str, who: &[&str]) -> Self {
        let args = [&["agency", "add", "--json"], who].concat();
        let agency = Self { token: token(data, &args).await, http: http.to_owned() };
        // A running process looks once a second.
        crate::world::until("the new token", async || {
            (agency.post("text/plain", b"").await.status != 401).then_some(())
        })
        .await;
        agency
    }

    pub(crate) async fn post(&self, kind: &str, body: &[u8]) -> Reply {
        self.post_to("/v1/events", &[("content-type", kind)], body).await
    }

    /// One event in binary mode, as the HTTP binding has it.
    pub(crate) async fn binary(&self, message: &tonghop_wire::Message, data_type: &str) -> Reply {
        let headers = message.headers.iter().filter(|(name, _)| name != "ce-datacontenttype");
        let mut headers: Vec<(&str, &str)> =
            headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if !data_type.is_empty() {
            headers.push(("content-type", data_type));
        }
        self.post_to("/v1/events", &headers, &message.payload).await
    }

    pub(crate) async fn with_header(&self, name: &str, value: &str, body: &[u8]) -> Reply {
        let headers = [("content-type", STRUCTURED), (name, value)];
        self.post_to("/v1/events", &headers, body).await
    }

    pub(crate) async fn post_to(
        &self,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let address = self.http.strip_prefix("http://").unwrap();
        let mut request = Request::post(target).header("host", address);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        timeout(PATIENCE, sent(address, request)).await.expect("an answer in time")
    }
}

/// Sends a request over a connection of its own.
pub(crate) async fn sent(address: &str, request: Request<Body>) -> Reply {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let (kind, retry_after) = (header("content-type"), header("retry-after"));
    let challenge = header("www-authenticate");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Reply { status, kind, retry_after, challenge, body }
}

/// The token that a command prints.
pub(crate) async fn token(data: &Data, args: &[&str]) -> String {
    run(data, args).await.expect(0).json()["token"].as_str().unwrap().to_owned()
}

/// A dossier of H41.16 that is accepted.
pub(crate) fn dossier(id: &str, number: usize) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "/H41.16/e2e",
        "type": "vn.tonghop.dossier.accepted.v1",
        "subject": format!("000.00.16.H41-210906-{number:04}"),
        "time": "2021-09-06T08:30:00+07:00", "unit": "H41.16",
        "data": {"procedure": "1.005129", "field": "buu-chinh", "channel": "DIRECT",
                 "dueOn": "2021-09-13"},
    })
    .to_string()
}

/// A unit that the province registers.
pub(crate) fn registered(unit: &str) -> String {
    let data = if unit == "H41" {
        json!({"name": unit, "level": "PROVINCE"})
    } else {
        json!({"name": unit, "level": "DEPARTMENT", "parent": "H41"})
    };
    json!({
        "specversion": "1.0", "id": format!("e2e-{unit}"), "source": "/H41/danh-muc",
        "type": "vn.tonghop.unit.registered.v1", "subject": unit,
        "time": "2021-01-01T00:00:00+07:00", "unit": "H41", "data": data,
    })
    .to_string()
}

/// The body of a batch.
pub(crate) fn batch(items: &[String]) -> Vec<u8> {
    format!("[{}]", items.join(" ,\n")).into_bytes()
}
