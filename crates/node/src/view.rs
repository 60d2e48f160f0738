//! What readers see: the book, the registry and the position of one moment.
//!
//! The projector's driver tells the view of each durable commit; HTTP reads it. Cells of all are
//! held in memory; cells by facet are read from the store when they are first asked for, then kept
//! up to date like the others.
//!
//! It is held twice (`twin`), so that readers do not wait while a commit is shown. They hold it only
//! while they read figures, never while they write an answer.
//!
//! **Invariant VIEW-1:** a reader sees the book, the facets, the registry, the sources and the
//! counts at one position, never half of a commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::catalogue::Catalogue;
use tonghop_core::cells::{CellChange, CellKey};
use tonghop_core::day::Day;
use tonghop_core::fold::Counts;
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::projector::Announcement;
use tonghop_core::read::{Tree, divided_units};
use tonghop_core::registry::Registry;
use tonghop_core::sources::Sources;
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;

mod metrics;
#[cfg(test)]
mod tests;
mod twin;

pub use metrics::Metrics;
use twin::{Torn, Twin};

/// How many registries of earlier days of knowledge are kept.
const KNOWN_MAX: usize = 16;
/// How often a unit's facet cells are read again because a commit came between.
const FACET_TRIES_MAX: u32 = 2_000;
/// The pause between two such tries.
const FACET_PAUSE: Duration = Duration::from_millis(1);
/// How often a reading is begun again because facet cells that it needs are not in memory.
const ROUNDS_MAX: u32 = 64;
/// Facet cells above which a kind that is asked for anew takes the place of the others; each is in
/// memory twice.
const FACET_CELLS_MAX: usize = 4_000_000;

/// What the store failed with; the view only passes it on.
pub type StoreProblem = Box<dyn std::error::Error + Send + Sync>;

/// The cells of one unit and one group of measures under one kind of facet.
pub type FacetCells =
    dyn Fn(UnitCode, u8, FacetKind) -> Result<Vec<(CellKey, i64)>, StoreProblem> + Send + Sync;

/// The packed timelines of these keys, each in its key's place.
pub type Timelines = dyn Fn(&[u128]) -> Result<Vec<Option<Vec<u8>>>, StoreProblem> + Send + Sync;

/// Where cells by facet, and timelines, are read from.
pub struct FacetSource {
    /// Reads them; `u8` is [`tonghop_core::measure::Measure::group`].
    pub cells: Box<FacetCells>,
    /// The position of the last commit that `cells` may have seen a part of.
    pub position: Box<dyn Fn() -> Result<u64, StoreProblem> + Send + Sync>,
    /// Reads timelines: as they were at the position that is shown, or later.
    pub timelines: Box<Timelines>,
}

impl FacetSource {
    /// A source without cells, for tests and replays that read no facets.
    pub fn empty() -> Self {
        Self {
            cells: Box::new(|_, _, _| Ok(Vec::new())),
            position: Box::new(|| Ok(u64::MAX)),
            timelines: Box::new(|keys| Ok(vec![None; keys.len()])),
        }
    }
}

impl fmt::Debug for FacetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FacetSource")
    }
}

/// A kind of facet and a group of measures.
pub type FacetNeed = (FacetKind, u8);

/// A reading in the tree of one day needs cells by field, of those units alone whose work went to
/// several heirs by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DividedNeed {
    /// The tree that is read.
    pub tree: Tree,
    /// The day of knowledge of the registry.
    pub known: Option<Day>,
    /// The groups of measures that are read.
    pub groups: BTreeSet<u8>,
}

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The store could not be read.
    #[error("the store could not be read: {0}")]
    Store(StoreProblem),
    /// Commits kept coming while a unit's cells by facet were read.
    #[error("commits kept coming while the cells by facet of {unit} were read")]
    Busy {
        /// The unit.
        unit: UnitCode,
    },
    /// Other readers kept taking the memory that these cells by facet need.
    #[error("too many kinds of facets are read at once")]
    Crowded,
    /// The figures are being built anew from the log.
    #[error("the figures are being computed anew from the log: position {position} of {of}")]
    Rebuilding {
        /// How far it is.
        position: u64,
        /// How far it must come.
        of: u64,
    },
    /// A commit was shown by half when its thread panicked.
    #[error("a commit was shown by half; the process has to be started again")]
    Broken,
}

impl From<Torn> for ViewError {
    fn from(_: Torn) -> Self {
        Self::Broken
    }
}

/// Registries of earlier days of knowledge, made when they are first asked for.
type KnownRegistries = Mutex<Vec<(Day, Arc<Registry>)>>;

/// What stands at one position.
#[derive(Debug, Clone)]
struct Shown {
    book: Book,
    facets: BTreeMap<FacetKind, FacetBooks>,
    /// The units whose facet cells are in `facets`.
    loaded: BTreeMap<FacetNeed, BTreeSet<UnitCode>>,
    facet_cells: usize,
    registry: Arc<Registry>,
    sources: Sources,
    known: Arc<KnownRegistries>,
    position: u64,
    recorded: Day,
    counts: Counts,
}

/// What readers see; shared between the projector's driver and HTTP.
#[derive(Debug)]
pub struct View {
    catalogue: RwLock<Arc<Catalogue>>,
    source: FacetSource,
    shown: Twin<Shown>,
    metrics: Metrics,
    /// The position that was shown last, for when a commit was shown by half.
    position: AtomicU64,
    /// The last position of the log, as far as it is known.
    log_end: AtomicU64,
    /// The position from which on the view is ready; `u64::MAX` while nobody has said.
    ready_at: AtomicU64,
    /// The position from which on figures are shown.
    whole_at: AtomicU64,
}

/// One moment of the view, for as long as a reading takes.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Cells of all.
    pub book: &'a Book,
    /// Cells by facet, complete for the needs that the reading was asked with.
    pub facets: &'a BTreeMap<FacetKind, FacetBooks>,
    /// The position of the log that all of this reflects.
    pub position: u64,
    /// How many messages of the log are not folded yet.
    pub lag: u64,
    /// The recorded day of the position.
    pub recorded: Day,
    /// What became of the messages up to the position.
    pub counts: Counts,
    /// What was heard of each source.
    pub sources: &'a Sources,
    registry: &'a Arc<Registry>,
    known: &'a KnownRegistries,
}

impl Moment<'_> {
    /// The registry as it was known at the end of the recorded day; none: as it is known now.
    pub fn registry(&self, known: Option<Day>) -> Arc<Registry> {
        as_known(self.registry, self.known, known)
    }
}

fn as_known(now: &Arc<Registry>, known: &KnownRegistries, day: Option<Day>) -> Arc<Registry> {
    let Some(day) = day else { return Arc::clone(now) };
    let mut held = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, registry)) = held.iter().find(|(held, _)| *held == day) {
        return Arc::clone(registry);
    }
    let registry = Arc::new(now.as_known(day));
    if held.len() >= KNOWN_MAX {
        held.remove(0);
    }
    held.push((day, Arc::clone(&registry)));
    registry
}

impl View {
    /// A view of what was stored at a position, which the log recorded on a day.
    pub fn new(
        catalogue: Arc<Catalogue>,
        book: Book,
        registry: Registry,
        position: u64,
        recorded: Day,
        counts: Counts,
        source: FacetSource,
    ) -> Self {
        let shown = Shown {
            book,
            facets: BTreeMap::new(),
            loaded: BTreeMap::new(),
            facet_cells: 0,
            registry: Arc::new(registry),
            sources: Sources::default(),
            known: Arc::default(),
            position,
            recorded,
            counts,
        };
        Self {
            catalogue: RwLock::new(catalogue),
            source,
            shown: Twin::new(shown),
            metrics: Metrics::default(),
            position: AtomicU64::new(position),
            log_end: AtomicU64::new(position),
            ready_at: AtomicU64::new(u64::MAX),
            whole_at: AtomicU64::new(0),
        }
    }

    /// The view with what was heard of each source up to its position.
    #[must_use]
    pub fn with_sources(mut self, sources: &Sources) -> Self {
        for shown in self.shown.each_mut() {
            shown.sources = sources.clone();
        }
        self
    }

    /// Shows a durable commit. `registry` is given if the units have changed.
    ///
    /// # Panics
    /// If the commit does not follow the position (POS-1): that is a defect of the driver.
    pub fn apply(
        &self,
        changes: &[CellChange],
        announcement: &Announcement,
        registry: Option<Registry>,
    ) {
        let applied = self.show(changes, announcement, registry);
        assert!(applied.is_ok(), "VIEW-1: {}", ViewError::Broken);
        self.position.store(announcement.position, Ordering::Release);
        self.log_end.fetch_max(announcement.position, Ordering::AcqRel);
    }

    fn show(
        &self,
        changes: &[CellChange],
        announcement: &Announcement,
        registry: Option<Registry>,
    ) -> Result<(), Torn> {
        let units = registry.map(|registry| (Arc::new(registry), Arc::default()));
        let turn = self.shown.turn()?;
        let runs = turn.read()?.runs(changes, announcement.from);
        turn.change(|shown| {
            for run in &runs {
                shown.add_run(run);
            }
            if let Some((registry, known)) = &units {
                (shown.registry, shown.known) = (Arc::clone(registry), Arc::clone(known));
            }
            shown.position = announcement.position;
            shown.recorded = announcement.recorded;
            shown.counts = announcement.counts;
            for heard in &announcement.heard {
                shown.sources.put(heard.clone());
            }
        })
    }

    /// Says how many messages of the log wait behind the position. Commits that follow take theirs
    /// away by themselves.
    pub fn set_lag(&self, messages: u64) {
        let position = self.position();
        self.log_end.store(position.saturating_add(messages), Ordering::Release);
    }

    /// Says from which position on the view is ready: the log's end as it was at the start.
    pub fn expect(&self, position: u64) {
        self.ready_at.store(position, Ordering::Release);
    }

    /// Says how far the log has come, as the log itself says.
    pub fn log_is_at(&self, last: u64) {
        self.log_end.fetch_max(last, Ordering::AcqRel);
    }

    /// Shows no figures before this position: what is built anew is shown whole or not at all.
    pub fn withhold_until(&self, position: u64) {
        self.whole_at.store(position, Ordering::Release);
    }

    /// The view, if what it shows is whole.
    pub fn whole(&self) -> Result<&Self, ViewError> {
        let (position, of) = (self.position(), self.whole_at.load(Ordering::Acquire));
        if position < of { Err(ViewError::Rebuilding { position, of }) } else { Ok(self) }
    }

    /// Whether it has reached the position that it waits for, and which that is, if it is known.
    pub fn readiness(&self) -> (bool, Option<u64>) {
        let ready_at = self.ready_at.load(Ordering::Acquire);
        if ready_at == u64::MAX {
            return (false, None);
        }
        (self.position() >= ready_at, Some(ready_at))
    }

    /// The indicators, forms and calendars.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another catalogue in the place of this one; readings that have begun keep theirs.
    pub fn replace_catalogue(&self, catalogue: Arc<Catalogue>) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    /// What the driver counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The position that readers see.
    pub fn position(&self) -> u64 {
        let told = || self.position.load(Ordering::Acquire);
        self.shown.read().map_or_else(|_| told(), |shown| shown.position)
    }

    /// Reads what stands at one moment. The reading must be short: commits wait for it.
    pub fn read<T>(
        &self,
        needs: &[FacetNeed],
        reading: impl FnOnce(&Moment<'_>) -> T,
    ) -> Result<T, ViewError> {
        self.read_divided(needs, None, reading)
    }

    /// The same for a reading that may be in the tree of one day.
    pub fn read_divided<T>(
        &self,
        needs: &[FacetNeed],
        divided: Option<&DividedNeed>,
        reading: impl FnOnce(&Moment<'_>) -> T,
    ) -> Result<T, ViewError> {
        for _ in 0..ROUNDS_MAX {
            let shown = self.shown()?;
            let mut missing = shown.missing(needs);
            missing.extend(divided.into_iter().flat_map(|need| shown.missing_divided(need)));
            if missing.is_empty() {
                let lag = self.log_end.load(Ordering::Acquire).saturating_sub(shown.position);
                return Ok(reading(&Moment {
                    book: &shown.book,
                    facets: &shown.facets,
                    position: shown.position,
                    lag,
                    recorded: shown.recorded,
                    counts: shown.counts,
                    sources: &shown.sources,
                    registry: &shown.registry,
                    known: &shown.known,
                }));
            }
            drop(shown);
            let wanted: BTreeSet<FacetNeed> = missing.iter().map(|(need, _)| *need).collect();
            self.make_room(&wanted)?;
            for (need, unit) in missing {
                self.load(need, unit)?;
            }
        }
        Err(ViewError::Crowded)
    }

    /// The timelines of these keys; they may have events behind the position that is shown.
    pub fn timelines(&self, keys: &[u128]) -> Result<Vec<Option<Timeline>>, ViewError> {
        let packed = (self.source.timelines)(keys).map_err(ViewError::Store)?;
        let unpack = |bytes: Option<Vec<u8>>| {
            let Some(bytes) = bytes else { return Ok(None) };
            let damaged = || ViewError::Store("a timeline in the store is damaged".into());
            Timeline::unpack(&bytes).map(Some).ok_or_else(damaged)
        };
        packed.into_iter().map(unpack).collect()
    }

    fn shown(&self) -> Result<RwLockReadGuard<'_, Shown>, ViewError> {
        Ok(self.shown.read()?)
    }

    /// Lets the facets go that are not needed now, if there are too many in memory.
    fn make_room(&self, needs: &BTreeSet<FacetNeed>) -> Result<(), ViewError> {
        let turn = self.shown.turn()?;
        let is_full = {
            let shown = turn.read()?;
            let is_new = |need| !shown.loaded.contains_key(need);
            shown.facet_cells > FACET_CELLS_MAX && needs.iter().any(is_new)
        };
        if is_full {
            turn.change(|shown| {
                shown.facets.clear();
                shown.loaded.clear();
                shown.facet_cells = 0;
            })?;
        }
        Ok(())
    }

    /// Reads a unit's facet cells from the store, at the position that is shown.
    ///
    /// The store may be one commit ahead of the view. What was read counts only if the store still
    /// stands at the view's position after the reading: then no later commit can be in it.
    fn load(&self, need: FacetNeed, unit: UnitCode) -> Result<(), ViewError> {
        let (kind, group) = need;
        for _ in 0..FACET_TRIES_MAX {
            let position = self.shown()?.position;
            let cells = (self.source.cells)(unit, group, kind).map_err(ViewError::Store)?;
            let turn = self.shown.turn()?;
            let stored = (self.source.position)().map_err(ViewError::Store)?;
            if turn.read()?.position == position && (stored == position || stored == u64::MAX) {
                turn.change(|shown| shown.load(need, unit, &cells))?;
                return Ok(());
            }
            drop(turn);
            std::thread::sleep(FACET_PAUSE);
        }
        Err(ViewError::Busy { unit })
    }
}

impl Shown {
    /// The changes that are shown, by unit, measure and facet: all but those of facets that nobody
    /// has asked for.
    fn runs<'a>(&self, changes: &'a [CellChange], from: u64) -> Vec<&'a [CellChange]> {
        assert!(from == self.position + 1, "POS-1: a commit from {from} follows {}", self.position);
        let same = |a: &CellChange, b: &CellChange| {
            (a.key.unit, a.key.measure) == (b.key.unit, b.key.measure) && a.key.facet == b.key.facet
        };
        let is_shown = |run: &&[CellChange]| {
            run.first().is_some_and(|CellChange { key, .. }| match &key.facet {
                Facet::All => true,
                Facet::Of(kind, _) => self.holds((*kind, key.measure.group()), key.unit),
            })
        };
        changes.chunk_by(same).filter(is_shown).collect()
    }

    fn holds(&self, need: FacetNeed, unit: UnitCode) -> bool {
        self.loaded.get(&need).is_some_and(|units| units.contains(&unit))
    }

    fn add_run(&mut self, run: &[CellChange]) {
        match run.first().map(|change| &change.key.facet) {
            Some(Facet::Of(kind, _)) => {
                self.facets.entry(*kind).or_default().add_run(run);
                self.facet_cells += run.len();
            }
            Some(Facet::All) => self.book.add_run(run),
            None => {}
        }
    }

    /// The units with cells whose facet cells are not loaded.
    fn missing(&self, needs: &[FacetNeed]) -> Vec<(FacetNeed, UnitCode)> {
        let mut missing = Vec::new();
        for need in needs {
            let loaded = self.loaded.get(need);
            // Only units with cells are loaded, so that the numbers tell whether all are.
            if loaded.is_some_and(|held| held.len() == self.book.len()) {
                continue;
            }
            let units = self.book.units().map(|(unit, _)| unit);
            let absent = units.filter(|unit| loaded.is_none_or(|held| !held.contains(unit)));
            missing.extend(absent.map(|unit| (*need, unit)));
        }
        missing
    }

    /// The same for the units alone that were divided by field.
    fn missing_divided(&self, need: &DividedNeed) -> Vec<(FacetNeed, UnitCode)> {
        let registry = as_known(&self.registry, &self.known, need.known);
        let units = divided_units(need.tree, &registry);
        let mut missing = Vec::new();
        for unit in units.into_iter().filter(|unit| self.book.unit(*unit).is_some()) {
            let needs = need.groups.iter().map(|group| (FacetKind::Field, *group));
            missing.extend(needs.filter(|n| !self.holds(*n, unit)).map(|need| (need, unit)));
        }
        missing
    }

    fn load(&mut self, need: FacetNeed, unit: UnitCode, cells: &[(CellKey, i64)]) {
        if !self.loaded.entry(need).or_default().insert(unit) {
            return;
        }
        let books = self.facets.entry(need.0).or_default();
        for (key, amount) in cells {
            books.add(key, *amount);
        }
        self.facet_cells += cells.len();
    }
}
