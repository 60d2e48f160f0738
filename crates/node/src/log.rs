//! The log for a command that only needs to read it: the NATS server of the settings, or the one
//! that `tonghop up` keeps in the data directory, started for as long as the command runs.

use async_nats::Client;
use tokio::sync::watch;
use tonghop_core::day;

use crate::accounts;
use crate::agencies::{Holder, Registry, Seed};
use crate::nats::{
    ConnectSettings, NatsError, NatsServer, ServerSettings, connect, is_secured, without_user,
};
use crate::settings::Settings;

/// A connection to the log.
#[derive(Debug)]
pub struct Log {
    /// The connection.
    pub client: Client,
    /// Where it leads.
    pub url: String,
    server: Option<NatsServer>,
    /// Holds true once the server is stopped on purpose.
    leaving: watch::Sender<bool>,
}

impl Log {
    /// Connects; when nobody listens, no server was named for this very call, and `up` has left its
    /// log in the data directory, starts a server on it, on a free port.
    pub async fn open(settings: &Settings, name: &str) -> Result<Self, NatsError> {
        let (leaving, left) = watch::channel(false);
        let mut connection = settings.connection(name);
        match connect(&connection).await {
            Ok(client) => {
                let url = without_user(&settings.nats);
                Ok(Self { client, url, server: None, leaving })
            }
            Err(NatsError::NobodyListens { .. })
                if !settings.nats_is_named
                    && settings.data.join("nats").join("jetstream").is_dir() =>
            {
                let mut own = ServerSettings::new(&settings.data, 0);
                own.owner = name.strip_prefix("tonghop ").unwrap_or(name).to_owned();
                let reader = Seed::new().map_err(|error| NatsError::Api {
                    what: "making a key for the server",
                    source: error.into(),
                })?;
                if is_secured(&settings.data) {
                    let keys = [(Holder::Projector, reader.public().clone())];
                    let now = day::Instant::from_unix_ms(0);
                    own.accounts = Some(accounts::text(&Registry::default(), &keys, now));
                }
                let server = match NatsServer::start(&own).await {
                    Err(NatsError::DataInUse { data, owner, pid }) => {
                        let nats = without_user(&settings.nats);
                        return Err(NatsError::RunsElsewhere { nats, data, owner, pid });
                    }
                    started => started?,
                };
                eprintln!("reading the log in {} by a server of its own", settings.data.display());
                connection = ConnectSettings::new(server.url(), name);
                connection.leaving = Some(left);
                connection.seed = own.accounts.is_some().then_some(reader);
                let client = connect(&connection).await?;
                let url = server.url().to_owned();
                Ok(Self { client, url, server: Some(server), leaving })
            }
            Err(error) => Err(error),
        }
    }

    /// Stops the server, if one was started.
    pub async fn close(self) -> Result<(), NatsError> {
        self.leaving.send_replace(true);
        match self.server {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }
}
