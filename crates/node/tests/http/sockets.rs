//! Over the Unix socket of a data directory, and over TCP.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonghop_node::http::{self, router};
use tonghop_node::socket::{self, ReadSocket, SocketError};

use super::{api, get, reading};

/// A data directory with a socket that is served until the sender says stop.
struct Served {
    dir: tempfile::TempDir,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

async fn serve() -> Served {
    let dir = tempfile::tempdir().unwrap();
    let (stop, stopped) = watch::channel(false);
    let socket = ReadSocket::bind(dir.path()).await.unwrap();
    let server = tokio::spawn(socket.serve(router(&api()), stopped));
    Served { dir, stop, server }
}

#[tokio::test]
async fn the_socket_is_for_this_user_alone_and_goes_away() {
    use std::os::unix::fs::PermissionsExt;
    let served = serve().await;
    let socket = socket::socket_path(served.dir.path());
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let reply = socket::ask(served.dir.path(), "/v1/forms/bieu-06a?period=2021-Q3").await.unwrap();
    assert_eq!(reply, get("/v1/forms/bieu-06a?period=2021-Q3").await);
    let again = ReadSocket::bind(served.dir.path()).await;
    assert!(matches!(again, Err(SocketError::InUse { .. })), "{again:?}");
    served.stop.send(true).unwrap();
    served.server.await.unwrap();
    assert!(!socket.exists());
    let gone = socket::ask(served.dir.path(), "/healthz").await.unwrap_err();
    assert!(gone.to_string().contains("start `tonghop project` or `tonghop up`"), "{gone}");
}

#[tokio::test]
async fn a_socket_that_a_dead_process_left_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(socket::socket_path(dir.path())).unwrap());
    std::fs::write(dir.path().join("read.sock.new"), "left by a crash").unwrap();
    let (stop, stopped) = watch::channel(false);
    let socket = ReadSocket::bind(dir.path()).await.unwrap();
    let server = tokio::spawn(socket.serve(router(&api()), stopped));
    assert_eq!(socket::ask(dir.path(), "/healthz").await.unwrap().status.as_u16(), 200);
    stop.send(true).unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn a_deep_data_directory_has_a_socket_too() {
    let dir = tempfile::tempdir().unwrap();
    let deep: PathBuf = dir.path().join("x".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(socket::serve(deep.clone(), reading(), stopped));
    let mut tries = 0;
    while socket::ask(&deep, "/healthz").await.is_err() {
        tries += 1;
        assert!(tries < 1_000, "the socket does not answer");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    server.await.unwrap().unwrap();
}

/// Sends bytes, and reads all that comes back until the other side closes.
async fn talk(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    // The server may hang up before it has read everything.
    let (_, _) = tokio::join!(writing.write_all(bytes), reading.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

async fn request(address: std::net::SocketAddr, method: &str, path: &str) -> String {
    let text = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    talk(address, text.as_bytes()).await
}

#[tokio::test]
async fn tcp_hands_on_to_the_socket() {
    let served = serve().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let front = tokio::spawn(socket::forward(listener, served.dir.path().to_owned(), stopped));

    let answer = request(address, "GET", "/v1/figures?indicator=dossiers.settled&period=2021-Q3");
    let answer = answer.await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\"value\":78"), "{answer}");
    let head = request(address, "HEAD", "/v1/forms/bieu-06a?period=2021-Q3").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for (format, media, shown) in [
        ("csv", "text/csv; charset=utf-8; header=present", "attachment"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "attachment"),
        ("pdf", "application/pdf", "inline"),
    ] {
        let path = format!("/v1/forms/bieu-06a?period=2021-Q3&format={format}");
        let head = request(address, "HEAD", &path).await;
        assert!(head.contains(&format!("content-type: {media}\r\n")), "{head}");
        let name = format!("{shown}; filename=\"bieu-06a_H41_2021-Q3.{format}\"");
        assert!(head.contains(&format!("content-disposition: {name}\r\n")), "{head}");
    }
    let posted = request(address, "POST", "/v1/forms").await;
    assert!(posted.starts_with("HTTP/1.1 405 "), "{posted}");
    assert!(posted.contains("application/problem+json"), "{posted}");
    let absolute = request(address, "GET", "http://anywhere/healthz").await;
    assert!(absolute.starts_with("HTTP/1.1 200 OK\r\n"), "{absolute}");
    let long = request(address, "GET", &format!("/v1/units?unit={}", "A".repeat(10_000_000))).await;
    assert!(long.starts_with("HTTP/1.1 4") || long.is_empty(), "{long}");
    let noise = talk(address, &vec![0xff; 100_000]).await;
    assert!(noise.starts_with("HTTP/1.1 400 ") || noise.is_empty(), "{noise}");
    let alive = request(address, "GET", "/healthz").await;
    assert!(alive.starts_with("HTTP/1.1 200 OK\r\n"), "{alive}");

    served.stop.send(true).unwrap();
    served.server.await.unwrap();
    let absent = request(address, "GET", "/readyz").await;
    assert!(absent.starts_with("HTTP/1.1 503 "), "{absent}");
    assert!(absent.contains("retry-after: 1"), "{absent}");
    assert!(absent.contains("no projector runs on this data directory"), "{absent}");
    stop.send(true).unwrap();
    front.await.unwrap();
}

#[tokio::test]
async fn stopping_ends_idle_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(http::serve(listener, reading(), stopped));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stop.send(true).unwrap();
    server.await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
}
