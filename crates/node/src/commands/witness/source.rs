//! Where a witness reads a log: a directory, or the paths of an HTTP server.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Where a log is read. Nothing that it says is believed.
pub(super) enum Source {
    Directory(PathBuf),
    Server {
        /// `host:port`.
        authority: String,
        /// What stands before `/checkpoint` and `/tile`.
        prefix: String,
    },
}

impl Source {
    pub(super) fn new(from: &str) -> anyhow::Result<Self> {
        if from.starts_with("https://") {
            anyhow::bail!(
                "{from}: https is not spoken here; copy the log with a tool that does, and name \
                 the directory"
            );
        }
        if !from.starts_with("http://") {
            return Ok(Self::Directory(PathBuf::from(from)));
        }
        let uri: Uri = from.parse().with_context(|| from.to_owned())?;
        let host = uri.host().with_context(|| format!("{from}: it names no host"))?;
        anyhow::ensure!(uri.query().is_none(), "{from}: it ends before a question mark");
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        Ok(Self::Server { authority, prefix: uri.path().trim_end_matches('/').to_owned() })
    }

    /// The bytes at a path, if there is anything; of too many, one more than there may be.
    ///
    /// It blocks: it is called where blocking is allowed.
    pub(super) fn read(&self, path: &str, bytes_max: usize) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Directory(dir) => {
                let path = dir.join(path);
                let mut bytes = Vec::new();
                let limit = u64::try_from(bytes_max + 1)?;
                let read =
                    File::open(&path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
                match read {
                    Ok(_) => Ok(Some(bytes)),
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error).with_context(|| path.display().to_string()),
                }
            }
            Self::Server { authority, prefix } => {
                let target = format!("{prefix}/{path}");
                let asking = timeout(ANSWER_MAX, asked(authority, &target, bytes_max));
                let answer = Handle::current().block_on(asking);
                answer
                    .map_err(anyhow::Error::from)
                    .and_then(|answer| answer)
                    .with_context(|| format!("http://{authority}{target}"))
            }
        }
    }
}

async fn asked(authority: &str, target: &str, bytes_max: usize) -> anyhow::Result<Option<Vec<u8>>> {
    let stream = TcpStream::connect(authority).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let serving = tokio::spawn(connection);
    let request = Request::get(target).header(HOST, authority).body(Body::empty())?;
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, bytes_max).collect().await;
    serving.abort();
    match head.status {
        StatusCode::OK => {
            let body = body.map_err(|error| anyhow::anyhow!(error))?;
            Ok(Some(body.to_bytes().to_vec()))
        }
        StatusCode::NOT_FOUND => Ok(None),
        other => anyhow::bail!("it answers {other}"),
    }
}
