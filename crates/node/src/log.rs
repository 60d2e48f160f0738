//! The log for a command that only needs to read it: the NATS server of the settings, or the one
//! that `tonghop up` keeps in the data directory, started for as long as the command runs.

use async_nats::Client;

use crate::nats::{ConnectSettings, NatsError, NatsServer, ServerSettings, connect};
use crate::settings::Settings;

/// A connection to the log.
#[derive(Debug)]
pub struct Log {
    /// The connection.
    pub client: Client,
    /// Where it leads.
    pub url: String,
    server: Option<NatsServer>,
}

impl Log {
    /// Connects; when nobody listens and `up` has left its log in the data directory, starts a
    /// server on it, on a free port.
    pub async fn open(settings: &Settings, name: &str) -> Result<Self, NatsError> {
        let mut connection = ConnectSettings::new(&settings.nats, name);
        connection.creds.clone_from(&settings.creds);
        match connect(&connection).await {
            Ok(client) => Ok(Self { client, url: settings.nats.clone(), server: None }),
            Err(NatsError::NobodyListens { .. })
                if settings.data.join("nats").join("jetstream").is_dir() =>
            {
                let server = NatsServer::start(&ServerSettings::new(&settings.data, 0)).await?;
                eprintln!("reading the log in {} by a server of its own", settings.data.display());
                let client = connect(&ConnectSettings::new(server.url(), name)).await?;
                Ok(Self { client, url: server.url().to_owned(), server: Some(server) })
            }
            Err(error) => Err(error),
        }
    }

    /// Stops the server, if one was started.
    pub async fn close(self) -> Result<(), NatsError> {
        match self.server {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }
}
