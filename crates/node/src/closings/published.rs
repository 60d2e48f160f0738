//! What was published, figure by figure, for readers of what is known now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tonghop_core::day::Window;
use tonghop_core::read::Value;
use tonghop_ledger::figure;

use super::{ClosingsError, Held, directory, list, list_file};

/// The figures of a closing.
#[derive(Debug)]
pub struct Published {
    /// The closing.
    pub held: Held,
    /// What was published, by the figure's id, which ends with the closing's position.
    pub figures: BTreeMap<String, Value>,
}

impl Published {
    fn read(held: Held) -> Result<Self, ClosingsError> {
        let bytes = held.file(&list_file("figures"))?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let figure = |line: &str| {
            let (id, rest) = line.split_once('\t')?;
            let value = rest.split('\t').next()?;
            Some((id.to_owned(), figure::read(value)?))
        };
        let figures = text.lines().filter_map(figure).collect();
        Ok(Self { held, figures })
    }
}

/// The closings of a data directory, as they are read: again when there is another.
#[derive(Debug)]
pub struct Closings {
    data: PathBuf,
    read: Mutex<Option<Read>>,
}

/// What was read when the directory had last changed at this time.
#[derive(Debug)]
struct Read {
    changed: SystemTime,
    held: Arc<Vec<Held>>,
    /// The figures of those that were asked for, by id.
    published: BTreeMap<String, Arc<Published>>,
}

impl Closings {
    /// Of this data directory.
    pub fn new(data: PathBuf) -> Self {
        Self { data, read: Mutex::new(None) }
    }

    /// All of them, in order.
    pub fn all(&self) -> Result<Arc<Vec<Held>>, ClosingsError> {
        self.with(|read| Ok(Arc::clone(&read.held)))
    }

    /// What was published last for these days; of one calendar if it is named.
    pub fn of(
        &self,
        window: Window,
        calendar: Option<&str>,
    ) -> Result<Option<Arc<Published>>, ClosingsError> {
        let (from, to) = (window.from.to_string(), window.to.to_string());
        self.with(|read| {
            let is_of = |held: &&Held| {
                let closing = &held.closing;
                closing.window.from == from
                    && closing.window.to == to
                    && calendar.is_none_or(|calendar| closing.calendar == calendar)
            };
            let Some(held) = read.held.iter().rev().find(is_of) else { return Ok(None) };
            if let Some(published) = read.published.get(&held.closing.id) {
                return Ok(Some(Arc::clone(published)));
            }
            let published = Arc::new(Published::read(held.clone())?);
            read.published.insert(held.closing.id.clone(), Arc::clone(&published));
            Ok(Some(published))
        })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&mut Read) -> Result<T, ClosingsError>,
    ) -> Result<T, ClosingsError> {
        let mut held = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before the directory is read: what comes meanwhile is read the next time.
        let changed = directory(&self.data)
            .metadata()
            .and_then(|metadata| metadata.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH);
        if held.as_ref().is_none_or(|held| held.changed != changed) {
            let all = Arc::new(list(&self.data)?);
            *held = Some(Read { changed, held: all, published: BTreeMap::new() });
        }
        match &mut *held {
            Some(held) => read(held),
            None => unreachable!("it was read just now"),
        }
    }
}
