//! What a run is asked to do with its files, checked before anything is read or sent.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::import::Import;
use super::mapping::Mapping;
use super::refused_rows::{self, RefusedRow};
use super::said::Said;
use super::summary::Tally;
use super::{PublishArgs, rehearsal};
use crate::nats::StreamIdentity;
use crate::outcome::Listener;
use crate::settings::{Lang, Settings};
use crate::table;

/// The arguments, understood.
#[derive(Debug)]
pub(super) struct Plan {
    mapping: Option<Mapping>,
    /// The text of the mapping.
    text: String,
}

impl Plan {
    /// What is asked for; or why it cannot be.
    pub(super) fn of(args: &PublishArgs) -> Result<Self, String> {
        for path in &args.files {
            let shown = path.display();
            if table::is_foreign_table(path) {
                return Err(format!(
                    "{shown}: this format is not read; save as .xlsx, or as \"CSV UTF-8\""
                ));
            }
            if args.map.is_some() && !table::is_table(path) {
                return Err(format!("--map is for .csv and .xlsx files; {shown} is none"));
            }
        }
        if let Some(path) = &args.refused
            && let Some(why) = refused_rows::fault(path, &args.files)
        {
            return Err(why.to_owned());
        }
        let Some(path) = &args.map else { return Ok(Self { mapping: None, text: String::new() }) };
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|why| format!("--map {}: {why}", path.display()))?;
        let mapping =
            Mapping::parse(&text).map_err(|why| format!("--map {}: {why}", path.display()))?;
        Ok(Self { mapping: Some(mapping), text })
    }

    /// What tells this run from one of the same file by another mapping.
    pub(super) fn fingerprint(&self) -> &str {
        &self.text
    }

    /// The import into this log, if there is one; the log is none where it may not be looked at.
    pub(super) fn import(
        self,
        data: &Path,
        log: Option<&StreamIdentity>,
    ) -> io::Result<Option<Arc<Import>>> {
        let Some(mapping) = self.mapping else { return Ok(None) };
        let said =
            Said::open(data, log.map_or(0, |log| u128::from(log.created_ns.unsigned_abs())))?;
        Ok(Some(Arc::new(Import::new(mapping, said))))
    }

    /// Sends nothing.
    pub(super) async fn rehearse(
        self,
        args: &PublishArgs,
        settings: &Settings,
    ) -> anyhow::Result<ExitCode> {
        let import = match self.mapping {
            Some(mapping) => {
                let said = Said::rehearsed(&settings.data)?;
                Some(Arc::new(Import::new(mapping, said)))
            }
            None => None,
        };
        rehearsal::run(args, settings, import).await
    }
}

/// What is done about refused rows at the end of a run; of files that were read to their end, they
/// are written down.
pub(super) fn after(
    args: &PublishArgs,
    tally: &Tally,
    listener: &Listener,
    import: Option<&Import>,
    is_whole: bool,
    lang: Lang,
) -> anyhow::Result<()> {
    let by_log = tally.refused_by(listener);
    if let Some(import) = import {
        import.hear(listener.refusals())?;
        import.flush()?;
    }
    if let Some(path) = args.refused.as_ref().filter(|_| is_whole) {
        let rows: Vec<RefusedRow> = tally.refused_rows().chain(by_log).collect();
        refused_rows::write(path, &args.files, import, &rows, lang)?;
    }
    Ok(())
}
