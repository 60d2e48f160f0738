//! `tonghop project`: a projector worker on a data directory.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::up::{settle_after, sync};
use super::{DONE, stop_signal};
use crate::catalogue_dir;
use crate::closings::Closings;
use crate::explain::Explaining;
use crate::gateway::Gateway;
use crate::reading::Reading;
use crate::refusals::Refusals;
use crate::replay::Earlier;
use crate::settings::Settings;
use crate::worker::{self, WorkerSettings};

/// How long to wait for a server that does not answer yet.
const CONNECT_MAX: Duration = Duration::from_secs(30);

/// The arguments.
#[derive(Debug, Args)]
pub struct ProjectArgs {
    /// The `sync_interval` of the NATS server: a duration, or always. Until so long after it was
    /// confirmed a power cut may take an event from the log, and publishers keep it in their outbox
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = sync)]
    log_sync: String,
}

/// Runs the command.
pub async fn run(args: &ProjectArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (catalogue, files) = catalogue_dir::load_files(settings)?;
    let stop = stop_signal()?;
    let mut connection = settings.connection("tonghop project");
    connection.wait_max = CONNECT_MAX;
    connection.leaving = Some(stop.clone());
    let earlier = Earlier::new(connection.clone(), settings.data.clone(), stop.clone());
    let refusals = Refusals::new(connection.clone());
    let explaining = Explaining::new(connection.clone());
    let mut publishing = connection.clone();
    if settings.gateway_creds.is_some() {
        publishing.creds.clone_from(&settings.gateway_creds);
    }
    let gateway = Gateway::new(&settings.data, publishing, settings.gateway);
    let reading = Reading::with_catalogue(catalogue).with_earlier(earlier).with_refusals(refusals);
    let closings = Closings::new(settings.data.clone());
    let reading = reading.with_explaining(explaining).with_gateway(gateway);
    let reading = reading.with_closings(closings).with_sealed_log(&settings.data);
    let reading = Arc::new(reading);
    let watched = Arc::clone(&reading);
    tokio::spawn(catalogue_dir::watch(settings.clone(), watched, files, stop.clone()));
    let worker = WorkerSettings {
        data: settings.data.clone(),
        connection,
        settle_after: settle_after(&args.log_sync),
    };
    worker::run(&worker, &reading, stop).await?;
    Ok(ExitCode::from(DONE))
}
