//! Headers that the server stores and the NATS client cannot take: it drops the connection at some
//! and its task panics at others. They are refused like anything else that is unreadable.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Up, run, sample};
use crate::world::Data;

const POISON: [&[u8]; 3] = [
    b"NATS/1.0\r\nX-Name: S\xf4\r\n\r\n",
    b"NATS/1.0\r\nno colon here\r\n\r\n",
    b"NATS/1.0\r\nX-Name: 1\r2\r\n\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_the_client_cannot_take_are_refused_and_the_stream_goes_on() {
    let data = Data::new("poison");
    let up = Up::start(&data).await;
    let told = up.publish(&data, &sample(&data, "0.001").await).await;
    let begun = told["stored"].as_u64().unwrap();
    for headers in POISON {
        store(&up, headers).await;
        store(&up, b"NATS/1.0\r\nX-Name: 1\r\n\r\n").await;
    }
    up.reaches(begun + 6).await;
    assert_eq!(up.metric("tonghop_refused_total").await, Some(6));
    let checks = run(&data, &["doctor", "--json", "--nats", &up.nats]).await.expect(0).json();
    assert!(checks.as_array().unwrap().iter().all(|check| check["good"] == true), "{checks}");
}

/// Publishes headers byte for byte, and waits until the server has taken them.
async fn store(up: &Up, headers: &[u8]) {
    let address = up.nats.strip_prefix("nats://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = b"{}";
    let mut said = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true}\r\n".to_vec();
    let sizes = format!("{} {}", headers.len(), headers.len() + body.len());
    said.extend_from_slice(format!("HPUB tonghop.v1.H41.site.opened {sizes}\r\n").as_bytes());
    for part in [headers, body, b"\r\nPING\r\n"] {
        said.extend_from_slice(part);
    }
    socket.write_all(&said).await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(4).any(|part| part == b"PONG") {
        assert!(socket.read_buf(&mut heard).await.unwrap() > 0, "{}", heard.escape_ascii());
    }
}
