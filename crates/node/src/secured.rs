//! A server of `up` that asks who one is: the keys by which the process itself is known to it, and
//! the accounts, which follow the registry of agencies while everything runs.
//!
//! The keys of the process live as long as it does and stand in no file.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use async_nats::jetstream;
use tokio::sync::watch;
use tonghop_core::day::Instant;
use tonghop_core::unit_code::UnitCode;

use crate::agencies::{Agencies, AgenciesError, Holder, PublicKey, Seed};
use crate::nats::server::AccountsOf;
use crate::nats::{ConnectSettings, REPLICAS, connect};
use crate::{accounts, provision};

/// How often the registry is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys of the process, and the registry.
#[derive(Debug)]
pub struct Secured {
    agencies: Agencies,
    projector: Seed,
    gateway: Seed,
    provisioner: Seed,
    /// What the server was told last.
    told: Said,
}

/// The accounts, and the agencies among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Said {
    text: String,
    units: BTreeSet<UnitCode>,
}

impl Secured {
    /// For the agencies of a data directory.
    pub fn new(data: &Path) -> Result<Self, AgenciesError> {
        let mut secured = Self {
            agencies: Agencies::new(data),
            projector: Seed::new()?,
            gateway: Seed::new()?,
            provisioner: Seed::new()?,
            told: Said::default(),
        };
        secured.told = secured.now()?;
        Ok(secured)
    }

    /// The accounts that the server begins with.
    pub fn accounts(&self) -> &str {
        &self.told.text
    }

    /// A connection as projector.
    pub fn projector(&self, connection: &ConnectSettings) -> ConnectSettings {
        ConnectSettings { seed: Some(self.projector.clone()), ..connection.clone() }
    }

    /// A connection as gateway.
    pub fn gateway(&self, connection: &ConnectSettings) -> ConnectSettings {
        ConnectSettings { seed: Some(self.gateway.clone()), ..connection.clone() }
    }

    /// Makes the streams, and what the agencies need.
    pub async fn provision(&self, connection: &ConnectSettings) -> anyhow::Result<()> {
        let context = self.provisioner(connection).await?;
        provision::streams(&context, REPLICAS).await?;
        provision::consumers(&context, &self.told.units).await?;
        Ok(())
    }

    /// Tells the server of every change of the registry, and of every key that ends, until `stop`.
    /// A registry that cannot be read changes nothing: who was let in before still is.
    pub async fn follow(
        mut self,
        server: AccountsOf,
        connection: ConnectSettings,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut failed = false;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            match self.look(&server, &connection).await {
                Ok(()) => failed = false,
                Err(error) if failed => tracing::debug!("accounts of NATS: {error:#}"),
                Err(error) => {
                    failed = true;
                    tracing::error!("accounts of NATS are as they were: {error:#}");
                }
            }
        }
    }

    async fn look(
        &mut self,
        server: &AccountsOf,
        connection: &ConnectSettings,
    ) -> anyhow::Result<()> {
        let now = self.now()?;
        if now == self.told {
            return Ok(());
        }
        let new: BTreeSet<UnitCode> = now.units.difference(&self.told.units).copied().collect();
        if !new.is_empty() {
            provision::consumers(&self.provisioner(connection).await?, &new).await?;
        }
        server.set(&now.text).await?;
        tracing::info!(agencies = now.units.len(), "NATS has other accounts now");
        self.told = now;
        Ok(())
    }

    fn now(&self) -> Result<Said, AgenciesError> {
        let own: Vec<(Holder, PublicKey)> = [
            (Holder::Projector, &self.projector),
            (Holder::Gateway, &self.gateway),
            (Holder::Provisioner, &self.provisioner),
        ]
        .into_iter()
        .map(|(holder, seed)| (holder, seed.public().clone()))
        .collect();
        self.agencies.with(|registry, now: Instant| Said {
            text: accounts::text(registry, &own, now),
            units: accounts::units(registry, now),
        })
    }

    async fn provisioner(
        &self,
        connection: &ConnectSettings,
    ) -> anyhow::Result<jetstream::Context> {
        let seed = Some(self.provisioner.clone());
        let name = "tonghop provision".to_owned();
        let connection = ConnectSettings { seed, name, ..connection.clone() };
        Ok(jetstream::new(connect(&connection).await?))
    }
}
