//! `tonghop up`: everything on this machine, for trying out and for a small province.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use super::{DONE, print, stop_signal};
use crate::archive;
use crate::catalogue_dir;
use crate::closings::Closings;
use crate::explain::Explaining;
use crate::gateway::Gateway;
use crate::http;
use crate::nats::{
    ConnectSettings, NatsServer, ServerSettings, is_secured, refuse_data_in_use, refuse_port_in_use,
};
use crate::reading::Reading;
use crate::refusals::Refusals;
use crate::replay::Earlier;
use crate::secured::Secured;
use crate::settings::Settings;
use crate::worker::{self, WorkerSettings};

/// The arguments.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Port of NATS; 0 picks a free one and prints it
    #[arg(long, default_value_t = 4222, value_name = "N")]
    nats_port: u16,
    /// How often NATS makes what it confirmed safe against a power cut: a duration, or always
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = sync)]
    sync: String,
    /// Let NATS ask who one is: then only those get in whom `tonghop agency add … --creds-out`
    /// gave a key, each with the permissions of its own
    #[arg(long, env = "TONGHOP_SECURE", value_parser = clap::builder::FalseyValueParser::new())]
    secure: bool,
}

/// `always`, or a duration as nats-server writes it: `1s`, `1m30s`, `500ms`.
pub fn sync(text: &str) -> Result<String, String> {
    sync_interval(text)
        .map(|_| text.to_owned())
        .ok_or_else(|| "give always, or a duration such as 1s, 500ms, 1m30s".to_owned())
}

/// How long what a server with this `sync_interval` has confirmed may take until it is safe on its
/// disk: twice the interval, for it begins at any moment.
pub fn settle_after(sync: &str) -> Duration {
    sync_interval(sync).unwrap_or_default().saturating_mul(2)
}

fn sync_interval(text: &str) -> Option<Duration> {
    if text == "always" {
        return Some(Duration::ZERO);
    }
    let mut total = None;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = rest.strip_suffix(unit)?.parse().ok()?;
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        let (after, ms) =
            units.into_iter().find_map(|(name, ms)| Some((unit.strip_prefix(name)?, ms)))?;
        let part = Duration::from_millis(number.checked_mul(ms)?);
        total = Some(total.unwrap_or(Duration::ZERO) + part);
        rest = after;
    }
    total
}

/// Runs the command.
pub async fn run(args: &UpArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (catalogue, files) = catalogue_dir::load_files(settings)?;
    let stop = stop_signal()?;
    refuse_data_in_use(&settings.data)?;
    // The port is taken before anything is started, so that a refusal leaves nothing behind.
    let listener = listen(settings).await.map_err(|http| with_port_in_use(http, args.nats_port))?;
    let address = listener.local_addr()?;
    let mut server_settings = ServerSettings::new(&settings.data, args.nats_port);
    server_settings.sync_interval.clone_from(&args.sync);
    let secured = if args.secure { Some(Secured::new(&settings.data)?) } else { None };
    server_settings.accounts = secured.as_ref().map(|secured| secured.accounts().to_owned());
    if !args.secure && is_secured(&settings.data) {
        tracing::warn!("without --secure, everybody on this machine may publish for every unit");
    }
    let mut server = NatsServer::start(&server_settings).await?;
    let mut connection = ConnectSettings::new(server.url(), "tonghop up");
    connection.leaving = Some(stop.clone());
    let mut publishing = connection.clone();
    if let Some(secured) = secured {
        secured.provision(&connection).await?;
        publishing = secured.gateway(&connection);
        let anonymous = connection.clone();
        connection = secured.projector(&connection);
        tokio::spawn(secured.follow(server.accounts(), anonymous, stop.clone()));
    }
    let earlier = Earlier::new(connection.clone(), settings.data.clone(), stop.clone());
    let refusals = Refusals::new(connection.clone());
    let explaining = Explaining::new(connection.clone());
    let gateway = Gateway::new(&settings.data, publishing, settings.gateway);
    let reading = Reading::with_catalogue(catalogue).with_earlier(earlier).with_refusals(refusals);
    let closings = Closings::new(settings.data.clone());
    let reading = reading.with_explaining(explaining).with_gateway(gateway);
    let reading = reading.with_closings(closings).with_sealed_log(&settings.data);
    let reading = Arc::new(reading);
    let readers = tokio::spawn(http::serve(listener, Arc::clone(&reading), stop.clone()));
    tell(&server, address, args.secure, settings);
    let watched = Arc::clone(&reading);
    tokio::spawn(catalogue_dir::watch(settings.clone(), watched, files, stop.clone()));
    let sealing = archive::seal(
        connection.clone(),
        archive::dir(&settings.data),
        settle_after(&args.sync),
        stop.clone(),
    );
    let sealing = tokio::spawn(sealing);
    let worker = WorkerSettings {
        data: settings.data.clone(),
        connection,
        settle_after: settle_after(&args.sync),
    };
    let ended = tokio::select! {
        ended = worker::run(&worker, &reading, stop.clone()) => ended,
        died = server.died() => Err(died.into()),
    };
    if ended.is_err() {
        sealing.abort();
        readers.abort();
    } else {
        sealing.await?;
        readers.await?;
    }
    server.stop().await?;
    ended.map(|()| ExitCode::from(DONE))
}

/// Says of both ports at once that they are in use.
fn with_port_in_use(http: anyhow::Error, nats_port: u16) -> anyhow::Error {
    match refuse_port_in_use(nats_port) {
        Ok(()) => http,
        Err(nats) => anyhow::anyhow!("{http}; {nats}"),
    }
}

/// Takes the HTTP port, or says who has it and what to do.
pub async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    if !settings.http.ip().is_loopback() {
        tracing::warn!(
            address = %settings.http,
            "tokens and figures travel in plain text there: let others in through a proxy with \
             TLS only (deploy/https)"
        );
    }
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

fn tell(server: &NatsServer, address: std::net::SocketAddr, secure: bool, settings: &Settings) {
    let (nats, http) = (server.url(), format!("http://{address}"));
    if settings.json {
        print(&format!(
            "{}\n",
            json!({"nats": nats, "http": http, "data": settings.data, "secure": secure})
        ));
        return;
    }
    let data = if settings.has_own_data() {
        format!(" --data {}", settings.data.display())
    } else {
        String::new()
    };
    let how = if secure {
        format!(
            "NATS asks for credentials\n  tonghop agency add H41.16 --creds-out H41-16.nk{data}\n  \
             tonghop publish FILE --nats {nats} --creds H41-16.nk{data}"
        )
    } else {
        format!(
            "Publish with\n  tonghop sample --scale 0.01 | tonghop publish - --nats {nats}{data}"
        )
    };
    print(&format!(
        "NATS at {nats}\nHTTP at {http}\ndata in {}\n\n{how}\nCtrl-C stops everything.\n",
        settings.data.display()
    ));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{settle_after, sync};

    #[test]
    fn what_is_confirmed_is_safe_after_two_intervals() {
        for (sync, seconds) in [("always", 0), ("1s", 2), ("1m30s", 180), ("500ms", 1)] {
            assert_eq!(settle_after(sync), Duration::from_secs(seconds), "{sync}");
        }
    }

    #[test]
    fn only_what_nats_server_takes_is_taken() {
        for good in ["always", "1s", "500ms", "1m30s", "2h"] {
            assert_eq!(sync(good).as_deref(), Ok(good));
        }
        for bad in ["sometimes", "", "s", "1", "1d", "-1s", "1s ", "alwayss", "1 s"] {
            assert!(sync(bad).is_err(), "{bad}");
        }
    }
}
