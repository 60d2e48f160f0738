//! The log folded afresh from its archive up to a position, in a store of its own, and what a closing
//! says of it.
//!
//! Who closes and who checks a closing do the same here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{mpsc, watch};
use tonghop_core::catalogue::Catalogue;
use tonghop_core::fold::Projection;
use tonghop_core::limits::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BATCHES_WAITING_MAX};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_ledger::archive::{Manifest, Reader, unit_of};
use tonghop_report::FormAnswer;
use tonghop_wire::Decoder;

use super::make::{self, Found};
use crate::archive::{self, Source};
use crate::folder::{Decoded, FoldError};
use crate::http::{self, Api};
use crate::nats::{ReaderSettings, StreamIdentity};
use crate::reading::Reading;
use crate::replay::{Replay, Replayed};
use crate::worker;

/// A log folded afresh.
#[derive(Debug)]
pub struct Refolded {
    replayed: Replayed,
    found: Found,
}

/// Which forms are read.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The unit whose subtree is read.
    pub root: UnitCode,
    /// The period.
    pub period: &'a str,
    /// Its calendar.
    pub calendar: &'a str,
}

impl Refolded {
    /// Folds what the archive of a data directory has up to a position; none if it was stopped.
    pub async fn at(
        data: &Path,
        position: u64,
        stop: watch::Receiver<bool>,
        tell: fn(u64, u64, Duration),
    ) -> anyhow::Result<Option<Self>> {
        Self::keeping(data, position, (Vec::new(), Vec::new()), stop, tell).await
    }

    /// The same, and keeps what the timelines of these units and families contribute.
    pub async fn keeping(
        data: &Path,
        position: u64,
        kept: (Vec<UnitCode>, Vec<Family>),
        stop: watch::Receiver<bool>,
        tell: fn(u64, u64, Duration),
    ) -> anyhow::Result<Option<Self>> {
        let dir = archive::dir(data);
        let manifest = Reader::open(&dir, 0)?.manifest().clone();
        let replay = Replay {
            context: None,
            archive: dir.clone(),
            archive_first: true,
            log: identity(&manifest),
            end: position,
            before: None,
        };
        let Some(replayed) = replay.run(data, stop.clone(), tell).await? else { return Ok(None) };
        let mut settings = ReaderSettings::new(manifest.stream.name.clone(), 0);
        settings.batch_messages_max = BATCH_EVENTS_MAX;
        settings.batch_bytes_max = BATCH_BYTES_MAX;
        let source = Source { context: None, archive: dir, archive_first: true, settings };
        let (batches, received) = mpsc::channel(BATCHES_WAITING_MAX);
        let stopped = stop.clone();
        let reading = tokio::spawn(source.run(batches, stop));
        let finding = tokio::task::spawn_blocking(move || find(replayed, received, position, kept));
        let found = finding.await??;
        if *stopped.borrow() {
            return Ok(None);
        }
        // Its receiver may be gone before it is at the end of the archive.
        reading.abort();
        Ok(Some(found))
    }

    /// What the fold remembers.
    pub fn projection(&self) -> &Projection {
        self.replayed.folder.projection()
    }

    /// The position up to which it was folded.
    pub fn position(&self) -> u64 {
        self.projection().position()
    }

    /// What the timelines of a unit and a family contribute, if that was kept: leaves, in order of
    /// their first positions.
    pub fn contributed(&self, unit: &str, family: &str) -> impl Iterator<Item = &[u8]> {
        self.found.kept(unit, family)
    }

    /// Every form of the catalogue, with its JSON as it is published.
    pub async fn forms(
        &self,
        catalogue: &Arc<Catalogue>,
        asked: Asked<'_>,
    ) -> anyhow::Result<Vec<(FormAnswer, Vec<u8>)>> {
        let reading = Arc::new(Reading::with_catalogue(Catalogue::clone(catalogue)));
        worker::show(&self.replayed.folder, &reading)?;
        let router = http::router(&Api { closing: true, ..Api::new(reading) });
        let Asked { root, period, calendar } = asked;
        let mut forms = Vec::new();
        for form in &catalogue.forms {
            let path = format!(
                "/v1/forms/{}?unit={root}&period={period}&calendar={calendar}&knownAt={}&lang=vi",
                form.id,
                self.position()
            );
            let json = http::ask(&router, &path).await?.body.to_vec();
            let answer = FormAnswer::parse(&json)
                .with_context(|| format!("{}: {}", form.id, String::from_utf8_lossy(&json)))?;
            forms.push((answer, json));
        }
        Ok(forms)
    }

    /// The lists of a closing with these forms.
    pub fn lists<'a>(
        &self,
        catalogue: &Catalogue,
        forms: impl IntoIterator<Item = &'a FormAnswer>,
    ) -> anyhow::Result<[(&'static str, String); 5]> {
        let projection = self.projection();
        let registry = projection.registry();
        let contributions = self.found.contributions();
        Ok([
            ("figures", make::figures(forms, catalogue, registry, &contributions)?),
            ("contributions", contributions.list()),
            ("heads", self.found.heads(registry)),
            ("sources", make::sources(projection.sources())),
            ("units", make::units(registry)),
        ])
    }
}

/// Goes through the log once more, now that all timelines are whole.
fn find(
    replayed: Replayed,
    mut received: mpsc::Receiver<crate::nats::Batch>,
    end: u64,
    kept: (Vec<UnitCode>, Vec<Family>),
) -> Result<Refolded, FoldError> {
    let (mut found, mut decoder) = (Found::keeping(kept), Decoder::new());
    while let Some(mut batch) = received.blocking_recv() {
        batch.messages.retain(|raw| raw.position <= end);
        if batch.messages.is_empty() {
            break;
        }
        for raw in &batch.messages {
            if let Some(unit) = unit_of(raw.subject.as_str()) {
                found.head(unit, raw.position);
            }
        }
        let read = Decoded::new(batch, &mut decoder);
        found.batch(read.messages(), replayed.folder.store())?;
    }
    Ok(Refolded { replayed, found })
}

/// The log that was sealed.
fn identity(manifest: &Manifest) -> StreamIdentity {
    StreamIdentity {
        name: manifest.stream.name.clone(),
        created_ns: manifest.stream.created_ns,
        first: 1,
        last: manifest.position(),
        messages: manifest.position(),
        bytes: 0,
    }
}
