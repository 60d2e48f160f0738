//! Threads for work that takes all the time it gets: while the log is caught up with, readers come
//! first.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// By how much less a background thread gets than a reader who wants the same processor.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Threads of a runtime: one stream is read, so that more would have nothing to do.
const RUNTIME_THREADS: usize = 2;

/// A runtime for tasks that read and write the log; they end with it.
#[derive(Debug)]
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let mut threads = Builder::new_multi_thread();
        threads.worker_threads(RUNTIME_THREADS).thread_name("log").on_thread_start(step_back);
        Ok(Self(Some(threads.enable_all().build()?)))
    }

    /// Does the work there; none if it panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.as_ref()?.spawn(work).await.ok()
    }
}

/// A runtime may not be waited for where it is dropped, in a task of another one.
impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Does the work on a thread of its own. The receiver fails if the work panics.
pub(crate) fn run<T: Send + 'static>(
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
