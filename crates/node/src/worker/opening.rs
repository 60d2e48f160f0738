//! Opening the store of a data directory for a log: what does not fit is begun anew, and said.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use async_nats::{Client, jetstream};
use serde_json::{Value, json};
use tonghop_core::day::Instant;
use tonghop_core::fold::Projection;
use tonghop_store::{OpenOptions, Opened, Store, StoreError};

use super::{WorkerSettings, events};
use crate::archive;
use crate::folder::{FoldError, Folder};
use crate::nats::{StreamIdentity, StreamName, connect};

/// How often a store that our own readers still hold is tried again.
const OWN_LOCK_TRIES: u32 = 100;
/// The pause between two such tries.
const OWN_LOCK_PAUSE: Duration = Duration::from_millis(100);

/// A connection, the log, and the folder of what was stored of it.
pub(super) async fn open(
    settings: &WorkerSettings,
) -> anyhow::Result<(Client, StreamIdentity, Folder)> {
    let client = connect(&settings.connection).await?;
    let log = events(&jetstream::new(client.clone())).await?;
    let folder = open_folder(settings, &log).await?;
    let why = match follows(settings, &client, folder.projection(), &log).await? {
        Ok(()) => return Ok((client, log, folder)),
        Err(why) => why,
    };
    tracing::error!(
        "{why}: the log has lost messages or was put back to an earlier state; the store is \
         rebuilt from what the log has now"
    );
    folder.store().mark_damaged(why)?;
    drop(folder);
    let folder = open_folder(settings, &log).await?;
    Ok((client, log, folder))
}

async fn open_folder(settings: &WorkerSettings, log: &StreamIdentity) -> anyhow::Result<Folder> {
    let (data, log) = (settings.data.clone(), log.clone());
    Ok(tokio::task::spawn_blocking(move || undamaged(&data, &log)).await??)
}

/// Opens the folder; a store that is found damaged on the way is begun anew.
fn undamaged(data: &Path, log: &StreamIdentity) -> Result<Folder, FoldError> {
    match Folder::open(open_store(data, log)?) {
        Err(FoldError::Damaged(damaged)) => {
            tracing::error!(what = %damaged.what, "the store is damaged and is rebuilt from the log");
            open_store(data, log)?.mark_damaged(&damaged.what)?;
            Folder::open(open_store(data, log)?)
        }
        opened => opened,
    }
}

/// Opens the store of a data directory for a log.
pub fn open_store(data: &Path, log: &StreamIdentity) -> Result<Store, FoldError> {
    let dir = data.join("store");
    let options = OpenOptions::new(log.created_ns.to_string());
    let mut tries = 0;
    let (store, opened) = loop {
        match Store::open(&dir, &options) {
            // A reading of the session before is not finished yet.
            Err(StoreError::Locked { pid, .. })
                if pid == std::process::id() && tries < OWN_LOCK_TRIES =>
            {
                tries += 1;
                std::thread::sleep(OWN_LOCK_PAUSE);
            }
            opened => break opened?,
        }
    };
    match opened {
        Opened::Fresh => tracing::info!(dir = %dir.display(), "a new store is begun"),
        Opened::Resumed => {
            let position = store.position()?;
            let behind = log.last.saturating_sub(position);
            tracing::info!(position, behind, "the store goes on from its position");
        }
        Opened::Rebuild(reason) => {
            tracing::warn!(%reason, messages = log.last, "the store is rebuilt from the log");
        }
    }
    Ok(store)
}

/// Whether the log still has the message that the store folded last; else why not.
async fn follows(
    settings: &WorkerSettings,
    client: &Client,
    projection: &Projection,
    log: &StreamIdentity,
) -> anyhow::Result<Result<(), &'static str>> {
    let position = projection.position();
    if position > log.last {
        return Ok(Err("the log ends before the store's position"));
    }
    if position == 0 {
        return Ok(Ok(()));
    }
    let recorded = if position < log.first {
        let dir = archive::dir(&settings.data);
        let row = tokio::task::spawn_blocking(move || archive::row_at(&dir, position)).await??;
        row.map(|raw| Instant::from_unix_ms(raw.recorded_ms))
            .with_context(|| format!("neither the log nor its archive has position {position}"))?
    } else {
        recorded_at(client, position).await?
    };
    if recorded == projection.last_recorded() {
        return Ok(Ok(()));
    }
    Ok(Err("the log has another message at the store's position than was folded"))
}

/// When the log stored the message at a position. Asked without its headers being read.
async fn recorded_at(client: &Client, position: u64) -> anyhow::Result<Instant> {
    let subject = format!("$JS.API.STREAM.MSG.GET.{}", StreamName::Events);
    let asked = client.request(subject, json!({"seq": position}).to_string().into()).await?;
    let answer: Value = serde_json::from_slice(&asked.payload)?;
    let time = answer.pointer("/message/time").and_then(Value::as_str);
    time.and_then(Instant::parse).with_context(|| format!("the log has no position {position}"))
}

/// Removes what replays left that were killed.
pub(super) fn sweep(data: &Path) {
    for entry in std::fs::read_dir(data).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("replay-")?.split('-').next());
        let Some(pid) = pid else { continue };
        if !Path::new("/proc").join(pid).exists()
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::warn!(dir = %entry.path().display(), %error, "a replay's directory stays");
        }
    }
}
