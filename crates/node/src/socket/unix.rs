//! The socket of the process that owns the store.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::Router;
use hyper_util::service::TowerToHyperService;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::{SocketError, accept, io_error, socket_path};

/// Bytes of a socket's path that every Unix takes.
const PATH_BYTES_MAX: usize = 100;

/// A socket that is bound, for this user alone, and not served yet.
#[derive(Debug)]
pub struct ReadSocket {
    listener: UnixListener,
    socket: PathBuf,
}

impl ReadSocket {
    /// Binds the socket of a data directory. A file that a dead process left is replaced.
    ///
    /// It appears under its name only once nobody else may connect to it.
    pub async fn bind(data: &Path) -> Result<Self, SocketError> {
        let socket = socket_path(data);
        if connect(&socket).await.is_ok() {
            return Err(SocketError::InUse { socket });
        }
        let new = socket.with_extension("sock.new");
        remove(&new).map_err(io_error(&new))?;
        let short = Short::of(&new).map_err(io_error(&new))?;
        let listener = UnixListener::bind(&short.path).map_err(io_error(&new))?;
        fs::set_permissions(&new, Permissions::from_mode(0o600)).map_err(io_error(&new))?;
        fs::rename(&new, &socket).map_err(io_error(&socket))?;
        Ok(Self { listener, socket })
    }

    /// Serves the router until `stop` says so, finishes requests, and removes the socket.
    pub async fn serve(self, router: Router, stop: watch::Receiver<bool>) {
        let Self { listener, socket } = self;
        accept(listener, TowerToHyperService::new(router), stop).await;
        if let Err(error) = remove(&socket) {
            tracing::warn!(%error, socket = %socket.display(), "the socket was not removed");
        }
    }
}

/// Connects to a socket.
pub(super) async fn connect(socket: &Path) -> io::Result<UnixStream> {
    let short = Short::of(socket)?;
    UnixStream::connect(&short.path).await
}

fn remove(socket: &Path) -> io::Result<()> {
    match fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A path to a socket that is short enough for the system: a deep one goes through its directory,
/// which stays open as long.
struct Short {
    path: PathBuf,
    _directory: Option<File>,
}

impl Short {
    fn of(socket: &Path) -> io::Result<Self> {
        use std::os::fd::AsRawFd;
        let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
            return Ok(Self { path: socket.to_owned(), _directory: None });
        };
        if socket.as_os_str().len() <= PATH_BYTES_MAX {
            return Ok(Self { path: socket.to_owned(), _directory: None });
        }
        let directory = File::open(directory)?;
        let path = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
        Ok(Self { path, _directory: Some(directory) })
    }
}
