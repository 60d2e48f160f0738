//! Who may connect, and how the process that owns the store is reached from others.
//!
//! The owner of a store serves its router on `<data>/read.sock`, for this user alone. `report`
//! asks that socket; `serve` listens on TCP and hands every request on to it, streaming.
//!
//! A connection has bounds: how many there are, how long a head may take and how large it may be.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::http::{Api, router};
use crate::reading::Reading;

mod client;
mod forward;
mod unix;

pub use client::{Reply, ask};
pub use forward::forward;
pub use unix::ReadSocket;

/// The name of the socket in the data directory.
const SOCKET_NAME: &str = "read.sock";
/// Connections of one listener at once; the next one waits.
const CONNECTIONS_MAX: usize = 512;
/// How long the head of a request may take.
const HEAD_MAX: Duration = Duration::from_secs(10);
/// Bytes of the head of a request, and of what is buffered of an answer.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long requests may still take when the process stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);

const _: () = assert!(crate::http::URL_BYTES_MAX * 2 < BUFFER_BYTES_MAX);

/// Why a socket does not serve or answer.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Nobody listens on the socket.
    #[error(
        "no projector runs on this data directory ({data}); \
         start `tonghop project` or `tonghop up`"
    )]
    NobodyListens {
        /// The data directory.
        data: PathBuf,
    },
    /// Another process listens on it.
    #[error("{socket} is served by another process")]
    InUse {
        /// The socket.
        socket: PathBuf,
    },
    /// The file system or the connection failed.
    #[error("{socket}: {error}")]
    Io {
        /// The socket.
        socket: PathBuf,
        /// What failed.
        error: io::Error,
    },
    /// The owner of the store hung up, or did not speak HTTP.
    #[error("{socket} broke off its answer: {error}")]
    BrokenOff {
        /// The socket.
        socket: PathBuf,
        /// What failed.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came in time.
    #[error("{socket} did not answer within {seconds} s")]
    TimedOut {
        /// The socket.
        socket: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// The socket of a data directory.
pub fn socket_path(data: &Path) -> PathBuf {
    data.join(SOCKET_NAME)
}

/// Serves readers on the socket of a data directory until `stop` holds true; then requests are
/// finished and the socket is removed. Only who has locked the store may call it.
pub async fn serve(
    data: PathBuf,
    reading: Arc<Reading>,
    stop: watch::Receiver<bool>,
) -> Result<(), SocketError> {
    ReadSocket::bind(&data).await?.serve(router(&Api::new(reading)), stop).await;
    Ok(())
}

/// Takes connections until `stop` says so, then lets their requests finish.
pub(crate) async fn accept<L, S>(mut listener: L, service: S, mut stop: watch::Receiver<bool>)
where
    L: Listener,
    S: Service<Request<Incoming>, Response = Response<Body>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
{
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            let (stream, _) = listener.accept().await;
            (stream, permit)
        };
        let (stream, permit) = tokio::select! {
            next = next => next,
            () = stopped(&mut stop) => break,
        };
        let (service, stop) = (service.clone(), stop.clone());
        connections.spawn(async move {
            connection(TokioIo::new(stream), service, stop).await;
            drop(permit);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
        tracing::warn!(seconds = DRAIN_MAX.as_secs(), "requests were cut off");
    }
}

async fn connection<I, S>(stream: I, service: S, mut stop: watch::Receiver<bool>)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Body>>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(stream, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Waits until it is time to stop; whoever dropped the sender wants that too.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("nobody is left who could say stop");
    }
}

/// The error of an IO operation on a socket.
fn io_error(socket: &Path) -> impl FnOnce(io::Error) -> SocketError {
    let socket = socket.to_owned();
    move |error| SocketError::Io { socket, error }
}
