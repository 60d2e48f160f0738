//! `tonghop provision`: the streams, and the consumers by which agencies read their refusals.

use std::process::ExitCode;

use async_nats::jetstream;
use clap::Args;
use serde_json::json;
use tonghop_core::day::Instant;

use super::{DONE, print};
use crate::nats::{REPLICAS, connect};
use crate::settings::Settings;
use crate::{accounts, agencies, provision};

/// The arguments.
#[derive(Debug, Args)]
#[command(after_help = "It needs the credentials of the provisioner, who alone may make streams. \
What is there already is left as it is, and checked. Run it once before the projector, and again \
when an agency got its first key.\n\nExample:\n  tonghop agency add --role provisioner --creds-out \
provisioner.nk\n  tonghop provision --creds provisioner.nk")]
pub struct ProvisionArgs {
    /// Copies of a stream that is made
    #[arg(long, default_value_t = REPLICAS, value_name = "N")]
    replicas: usize,
}

/// Runs the command.
pub async fn run(args: &ProvisionArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let registry = agencies::read(&settings.data)?;
    let now = Instant::from_unix_ms(chrono::Utc::now().timestamp_millis());
    let units = accounts::units(&registry, now);
    let client = connect(&settings.connection("tonghop provision")).await?;
    let context = jetstream::new(client);
    let streams = provision::streams(&context, args.replicas).await?;
    provision::consumers(&context, &units).await?;
    let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
    if settings.json {
        print(&format!("{}\n", json!({"streams": names, "agencies": units.len()})));
    } else {
        let (names, agencies) = (names.join(", "), units.len());
        print(&format!("streams {names}; agencies that can read their refusals: {agencies}\n"));
    }
    Ok(ExitCode::from(DONE))
}
