//! Threads for work that takes all the time it gets: while the log is caught up with, readers come
//! first.

use std::io;

use tokio::sync::oneshot;

/// By how much less a background thread gets than a reader who wants the same processor.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Does the work on a thread of its own. The receiver fails if the work panics.
pub(super) fn run<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    let (done, receiver) = oneshot::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        step_back();
        // Nobody waits any more when the session is over.
        done.send(work()).ok();
    })?;
    Ok(receiver)
}

/// On Linux a nice value is the thread's own; elsewhere it would be the whole process's.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the thread keeps its priority");
    }
}
