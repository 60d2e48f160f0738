//! Messages that the client cannot be sent: their headers are stored as they came, and it drops
//! the connection that they come by.

use std::time::Duration;

use async_nats::jetstream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tonghop_node::nats::{NatsServer, Raw, streams};
use tonghop_wire::Decoder;

use super::world::{Data, PATIENCE, Reading, client, event, number, publish_all, ready};

const SUBJECT: &str = "tonghop.v1.H41-16.dossier.accepted";
/// Good by itself; only its headers are not.
const LINE: &str = r#"{"specversion":"1.0","id":"ig-000123","source":"/H41.16/igate","type":"vn.tonghop.dossier.accepted.v1","subject":"000.00.16.H41-210906-0001","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","sequence":"123","data":{"procedure":"1.005129","field":"buu-chinh","channel":"DIRECT","dueOn":"2021-09-13"}}"#;
const NOT_UTF8: &[u8] = b"NATS/1.0\r\nX-Name: S\xf4 T\xe0i ch\xednh\r\n\r\n";
const NO_COLON: &[u8] = b"NATS/1.0\r\nX-Name: 1\r\nno colon here\r\n\r\n";
const NO_VERSION: &[u8] = b"X-Name: 1\r\n\r\n";
const NO_NAME: &[u8] = b"NATS/1.0\r\nX Name: 1\r\n\r\n";
const GOOD: &[u8] = b"NATS/1.0\r\nX-Name: 1\r\n\r\n";
/// From the first interruption to the last message behind the poison.
const SOON: Duration = Duration::from_secs(10);

/// Publishes with headers byte for byte, which the client would not do; waits until all are stored.
async fn store(server: &NatsServer, subject: &[u8], all: &[&[u8]]) {
    // Not the reader's connection, which poison breaks.
    let context = &jetstream::new(client(server).await);
    let before = streams::identity(context, "TONGHOP_EVENTS").await.unwrap().last;
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let mut said = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n".to_vec();
    for headers in all {
        said.extend_from_slice(b"HPUB ");
        said.extend_from_slice(subject);
        let sizes = format!(" {} {}\r\n", headers.len(), headers.len() + LINE.len());
        said.extend_from_slice(sizes.as_bytes());
        said.extend_from_slice(headers);
        said.extend_from_slice(LINE.as_bytes());
        said.extend_from_slice(b"\r\n");
    }
    said.extend_from_slice(b"PING\r\n");
    socket.write_all(&said).await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(4).any(|part| part == b"PONG") {
        let read = timeout(PATIENCE, socket.read_buf(&mut heard)).await.expect("a PONG").unwrap();
        assert!(read > 0, "{}", heard.escape_ascii());
    }
    let wanted = before + u64::try_from(all.len()).unwrap();
    let stored = async {
        while streams::identity(context, "TONGHOP_EVENTS").await.unwrap().last < wanted {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, stored).await.expect("the poison is stored");
}

/// What the projector is told of it.
fn told(raw: &Raw) -> String {
    let pairs = tonghop_node::folder::header_pairs(raw);
    let (subject, payload) = (raw.subject.as_str(), &raw.payload[..]);
    let said = Decoder::new().decode(&tonghop_wire::Raw { subject, headers: &pairs, payload });
    said.map_or_else(|refused| refused.to_string(), |event| format!("{:?}", event.content))
}

fn is_poison(raw: &Raw, headers: &[u8]) {
    let map = raw.headers.as_ref().unwrap();
    let value = map.get("Tonghop-Unreadable-Headers").unwrap().as_str();
    assert_eq!((map.len(), value), (1, BASE64.encode(headers).as_str()));
    assert_eq!(raw.payload, LINE.as_bytes());
    assert_eq!(raw.subject.as_str(), SUBJECT);
    let now_ms = chrono::Utc::now().timestamp_millis();
    assert!((now_ms - raw.recorded_ms).abs() < 3_600_000);
    assert_eq!(told(raw), "envelope.unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_between_good_messages_is_delivered_and_refused() {
    let data = Data::new("poison-between");
    let (server, _, context) = ready(&data, 0).await;
    let writer = client(&server).await;
    publish_all(&writer, 0..100).await;
    store(&server, SUBJECT.as_bytes(), &[NOT_UTF8]).await;
    publish_all(&writer, 101..500).await;
    store(&server, SUBJECT.as_bytes(), &[NO_COLON]).await;
    publish_all(&writer, 501..600).await;

    let began = Instant::now();
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    let all = reading.until(600).await;
    println!("{:?}, {} doubts", began.elapsed(), reading.doubted());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    for (at, raw) in all.iter().enumerate() {
        match at {
            100 => is_poison(raw, NOT_UTF8),
            500 => is_poison(raw, NO_COLON),
            good => assert_eq!(number(raw), good),
        }
    }

    // Live, as the last of the stream, and at once behind what was read.
    store(&server, SUBJECT.as_bytes(), &[NO_VERSION]).await;
    is_poison(reading.until(601).await.first().unwrap(), NO_VERSION);
    publish_all(&writer, 601..610).await;
    reading.until(610).await;
    assert_eq!(reading.end().await.unwrap(), 610);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_a_row_is_found_once() {
    let data = Data::new("poison-row");
    let (server, _, context) = ready(&data, 0).await;
    let writer = client(&server).await;
    publish_all(&writer, 0..10).await;
    let row = [NOT_UTF8, NO_COLON, NOT_UTF8, NO_NAME, NO_VERSION];
    store(&server, SUBJECT.as_bytes(), &row).await;
    store(&server, SUBJECT.as_bytes(), &[GOOD]).await;
    publish_all(&writer, 16..1_000).await;
    store(&server, SUBJECT.as_bytes(), &[GOOD]).await;

    let began = Instant::now();
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    let all = reading.until(1_001).await;
    println!("{:?}, {} doubts", began.elapsed(), reading.doubted());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(reading.doubted() < 6, "only the first is found by interruptions");
    for (raw, headers) in all[10..15].iter().zip(row) {
        is_poison(raw, headers);
    }
    // One came singly and one by a consumer: the same.
    for raw in [&all[15], &all[1_000]] {
        assert_eq!(raw.headers.as_ref().unwrap().get("X-Name").unwrap().as_str(), "1");
        assert_eq!(told(raw), told(&Raw { headers: None, ..raw.clone() }));
        assert!(!told(raw).contains("unreadable"), "{}", told(raw));
    }
    assert_eq!(all[15].headers, all[1_000].headers);
    assert!(all[16..1_000].iter().map(number).eq(16..1_000));
    assert_eq!(all[16].payload, event(16).payload);
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_subject_stops_nothing() {
    let data = Data::new("poison-subject");
    let (server, _, context) = ready(&data, 0).await;
    let writer = client(&server).await;
    let subject = b"tonghop.v1.H41-16.dossier.\xff";
    store(&server, subject, &[GOOD, GOOD]).await;
    publish_all(&writer, 2..20).await;

    let began = Instant::now();
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    let all = reading.until(20).await;
    println!("{:?}, {} doubts", began.elapsed(), reading.doubted());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(all[0].subject.as_str(), "tonghop.v1.H41-16.dossier.\u{fffd}");
    assert!(told(&all[0]).starts_with("type.unknown"), "{}", told(&all[0]));
    assert!(all[2..].iter().map(number).eq(2..20));
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}
