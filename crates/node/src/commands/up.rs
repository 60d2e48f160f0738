//! `tonghop up`: everything on this machine, for trying out and for a small province.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use super::{DONE, print, stop_signal};
use crate::catalogue_dir;
use crate::http;
use crate::nats::{ConnectSettings, NatsServer, ServerSettings};
use crate::reading::Reading;
use crate::replay::Earlier;
use crate::settings::Settings;
use crate::worker::{self, WorkerSettings};

/// The arguments.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Port of NATS; 0 picks a free one and prints it
    #[arg(long, default_value_t = 4222, value_name = "N")]
    nats_port: u16,
    /// How often NATS makes what it confirmed safe against a power cut: a duration, or always
    #[arg(long, default_value = "1s", value_name = "DURATION")]
    sync: String,
}

/// Runs the command.
pub async fn run(args: &UpArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let catalogue = catalogue_dir::load(settings)?;
    let stop = stop_signal()?;
    // The port is taken before anything is started, so that a refusal leaves nothing behind.
    let listener = listen(settings).await?;
    let address = listener.local_addr()?;
    let mut server_settings = ServerSettings::new(&settings.data, args.nats_port);
    server_settings.sync_interval.clone_from(&args.sync);
    let mut server = NatsServer::start(&server_settings).await?;
    let connection = ConnectSettings::new(server.url(), "tonghop up");
    let earlier = Earlier::new(connection.clone(), settings.data.clone(), stop.clone());
    let reading = Arc::new(Reading::with_catalogue(catalogue).with_earlier(earlier));
    let readers = tokio::spawn(http::serve(listener, Arc::clone(&reading), stop.clone()));
    tell(&server, address, settings);
    let watching = catalogue_dir::watch(settings.clone(), Arc::clone(&reading), stop.clone());
    tokio::spawn(watching);
    let worker = WorkerSettings { data: settings.data.clone(), connection };
    let ended = tokio::select! {
        ended = worker::run(&worker, &reading, stop.clone()) => ended,
        died = server.died() => Err(died.into()),
    };
    if ended.is_err() {
        readers.abort();
    } else {
        readers.await?;
    }
    server.stop().await?;
    ended.map(|()| ExitCode::from(DONE))
}

/// Takes the HTTP port, or says who has it and what to do.
pub async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    TcpListener::bind(settings.http).await.map_err(|error| {
        let address = settings.http;
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "{address} is in use, perhaps by another `tonghop`: stop that one, or choose \
                 another address with --http, or a free one with --http {}:0",
                address.ip()
            )
        } else {
            anyhow::anyhow!("{address}: {error}")
        }
    })
}

fn tell(server: &NatsServer, address: std::net::SocketAddr, settings: &Settings) {
    let (nats, http) = (server.url(), format!("http://{address}"));
    if settings.json {
        print(&format!("{}\n", json!({"nats": nats, "http": http, "data": settings.data})));
        return;
    }
    print(&format!(
        "NATS at {nats}\nHTTP at {http}\ndata in {}\n\nPublish with\n  tonghop sample --scale 0.01 \
         | tonghop publish - --nats {nats}\nCtrl-C stops everything.\n",
        settings.data.display()
    ));
}
