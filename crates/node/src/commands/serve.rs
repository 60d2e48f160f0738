//! `tonghop serve`: HTTP for the projector that runs on the same data directory.

use std::process::ExitCode;

use super::up::listen;
use super::{DONE, print, stop_signal};
use crate::settings::Settings;
use crate::socket;

/// Runs the command.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let listener = listen(settings).await?;
    print(&format!("HTTP at http://{}\n", listener.local_addr()?));
    if socket::ask(&settings.data, "/healthz").await.is_err() {
        tracing::warn!(
            data = %settings.data.display(),
            "no projector runs on this data directory yet; figures are answered once `tonghop \
             project` or `tonghop up` does"
        );
    }
    socket::forward(listener, settings.data.clone(), stop).await;
    Ok(ExitCode::from(DONE))
}
