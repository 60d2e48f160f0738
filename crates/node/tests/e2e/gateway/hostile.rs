//! Requests that no honest client sends.

use axum::body::{Body, Bytes};
use futures::stream;
use hyper::Request;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::agency::{Agency, BATCH, Reply, STRUCTURED, batch, dossier, sent};
use super::{last, province};
use crate::world::{Data, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_taken_is_told_why_and_leaves_nothing() {
    let data = Data::new("gateway-hostile");
    let (up, agency) = province(&data).await;
    let before = last(&up).await;
    let event = dossier("h", 1);

    let large = vec![b' '; 10 * 1024 * 1024];
    for kind in [STRUCTURED, BATCH] {
        let reply = agency.post(kind, &large).await;
        assert_eq!((reply.status, reply.kind.as_str()), (413, "application/problem+json"));
        assert!(reply.body.contains("8388608"), "{}", reply.body);
        assert_eq!(chunked(&agency, kind, 10).await.status, 413, "without a length");
    }
    let many = vec![event.clone(); 1_001];
    assert_eq!(agency.post(BATCH, &batch(&many)).await.status, 413);
    for kind in [
        "",
        "text/plain",
        "application/json",
        "application/cloudevents+xml",
        "application/cloudevents+json; charset=utf-16",
        "application/x-www-form-urlencoded",
    ] {
        let reply = agency.post(kind, event.as_bytes()).await;
        assert_eq!(reply.status, 415, "{kind}: {}", reply.body);
    }
    let packed = agency.with_header("content-encoding", "gzip", event.as_bytes()).await;
    assert_eq!(packed.status, 415, "{}", packed.body);

    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for (body, code) in [
        (event.replace("\"id\"", "\"id\":\"0\",\"id\""), "envelope.unreadable"),
        (deep.clone(), "envelope.unreadable"),
        (format!("{{\"x\":{deep}}}"), "envelope.unreadable"),
        (String::new(), "envelope.unreadable"),
        ("{}".to_owned(), "envelope.missing_attribute"),
        (event.replace("H41.16", "x"), "envelope.bad_attribute"),
    ] {
        let reply = agency.post(STRUCTURED, body.as_bytes()).await;
        let shown: String = body.chars().take(100).collect();
        // What is larger than an event may be is told so before it is read.
        let code = if body.len() > 256 * 1024 { "size.exceeded" } else { code };
        assert_eq!(reply.json()["code"], code, "{shown}: {}", reply.body);
        assert_eq!(reply.status, if code == "size.exceeded" { 413 } else { 422 }, "{shown}");
    }
    for body in ["[", "{}", "[{}", "[1,]", "[] []", &event, "\u{feff}[]"] {
        let reply = agency.post(BATCH, body.as_bytes()).await;
        assert_eq!((reply.status, reply.kind.as_str()), (400, "application/problem+json"));
    }
    let mut invalid = batch(std::slice::from_ref(&event));
    invalid[5] = 0xff;
    assert_eq!(agency.post(BATCH, &invalid).await.status, 400);

    // Headers that NATS would read as its own, or twice, or that are no text.
    let message = tonghop_wire::to_binary_json(event.as_bytes()).unwrap();
    let mut pairs: Vec<(&str, &str)> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("content-type", "application/json"));
    let with = |extra: (&'static str, &'static str)| [&pairs[..], &[extra]].concat();
    let twice = agency.post_to("/v1/events", &with(("ce-id", "other")), &message.payload).await;
    assert_eq!(twice.json()["code"], "envelope.unreadable", "{}", twice.body);
    let odd = agency.post_to("/v1/events", &with(("ce-x", "\u{e9}")), &message.payload).await;
    assert_eq!(odd.json()["code"], "envelope.unreadable", "{}", odd.body);
    assert_eq!(last(&up).await, before, "nothing of it was published");

    let own = [("nats-msg-id", "steal"), ("nats-expected-stream", "x"), ("tonghop-requeued", "1")];
    let all = [&pairs[..], &own[..]].concat();
    let reply = agency.post_to("/v1/events", &all, &message.payload).await;
    assert_eq!(reply.json(), json!({"status": "stored", "position": before + 1}));
    assert_eq!(up.get("/v1/events").await.status, 405);
    assert!(up.get("/healthz").await.status == 200);
    up.running.stop("TERM").await.expect(0);
}

/// A client that keeps its connection, and sends the body after the head, uses it again after it was
/// not taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_a_request_that_is_not_taken() {
    let data = Data::new("gateway-keeps");
    let (up, agency) = province(&data).await;
    let event = dossier("k", 1);
    let mut stream =
        BufReader::new(TcpStream::connect(up.http.strip_prefix("http://").unwrap()).await.unwrap());
    let wrong = "th_0".to_owned();
    for (token, kind, status) in [
        (&wrong, STRUCTURED, "401"),
        (&agency.token, "text/plain", "415"),
        (&wrong, BATCH, "401"),
        (&agency.token, STRUCTURED, "200"),
    ] {
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            event.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(event.as_bytes()).await.unwrap();
        let answer = timeout(PATIENCE, answer(&mut stream)).await.unwrap();
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    up.running.stop("TERM").await.expect(0);
}

/// The head of the next answer; its body is dropped.
async fn answer(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).await.unwrap() > 0, "it was closed: {head}");
    }
    head.make_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    head
}

/// So many MiB in chunks, without a word of how many.
async fn chunked(agency: &Agency, kind: &str, mib: usize) -> Reply {
    let chunk = Bytes::from(vec![b' '; 1 << 16]);
    let chunks = (0..mib * 16).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
    let address = agency.http.strip_prefix("http://").unwrap();
    let request = Request::post("/v1/events")
        .header("host", address)
        .header("authorization", format!("Bearer {}", agency.token))
        .header("content-type", kind)
        .body(Body::from_stream(stream::iter(chunks)))
        .unwrap();
    sent(address, request).await
}
