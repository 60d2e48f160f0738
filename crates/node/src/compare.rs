//! Two stores of one log compared: every cell, entry and record.

use std::fmt;
use std::path::Path;

use tonghop_core::cells::CellKey;
use tonghop_store::{Store, StoreError};

/// How many differences are named.
const NAMED_MAX: usize = 20;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Cells that were compared.
    pub cells: u64,
    /// Timelines and identities that were compared.
    pub entries: u64,
    /// How many differ.
    pub differences: u64,
    /// The first of them, in words.
    pub first: Vec<String>,
}

impl Comparison {
    fn note(&mut self, what: impl FnOnce() -> String) {
        self.differences += 1;
        if self.first.len() < NAMED_MAX {
            self.first.push(what());
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cells, entries) =
            (crate::commands::grouped(self.cells), crate::commands::grouped(self.entries));
        writeln!(
            f,
            "compared {cells} cells and {entries} timelines and identities with the store"
        )?;
        for line in &self.first {
            writeln!(f, "  {line}")?;
        }
        match self.differences {
            0 => writeln!(f, "no difference"),
            more => writeln!(f, "{} differences", crate::commands::grouped(more)),
        }
    }
}

/// The fingerprint of all cells of a store, in canonical order.
#[derive(Debug)]
pub struct Digest {
    /// How many cells.
    pub cells: u64,
    /// BLAKE3 in hexadecimal.
    pub hex: String,
}

/// Opens the store of a data directory to read it as it is: nothing is mended or begun anew.
pub fn open_in_use(data: &Path) -> Result<Store, StoreError> {
    Store::open_existing(&data.join("store"))
}

/// Compares the store in use with a replay.
pub fn compare(in_use: &Store, replay: &Store) -> Result<Comparison, StoreError> {
    let mut found = Comparison::default();
    let mut stored = in_use.cells(None);
    let mut replayed = replay.cells(None);
    let (mut left, mut right) = (stored.next().transpose()?, replayed.next().transpose()?);
    loop {
        let order = match (&left, &right) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => page_order(a).cmp(&page_order(b)),
        };
        found.cells += 1;
        let key = |cell: &Option<(CellKey, i64)>| cell.as_ref().map(|(key, _)| name(key));
        let amount = |cell: &Option<(CellKey, i64)>| cell.as_ref().map_or(0, |(_, amount)| *amount);
        let (a, b) = match order {
            std::cmp::Ordering::Less => (amount(&left), 0),
            std::cmp::Ordering::Greater => (0, amount(&right)),
            std::cmp::Ordering::Equal => (amount(&left), amount(&right)),
        };
        if a != b {
            let named = if order.is_le() { key(&left) } else { key(&right) };
            let named = named.unwrap_or_default();
            found.note(|| format!("cell {named}: stored {a}, replayed {b}"));
        }
        if order.is_le() {
            left = stored.next().transpose()?;
        }
        if order.is_ge() {
            right = replayed.next().transpose()?;
        }
    }
    compare_entries(in_use, replay, &mut found)?;
    compare_records(in_use, replay, &mut found)?;
    Ok(found)
}

fn compare_entries(
    in_use: &Store,
    replay: &Store,
    found: &mut Comparison,
) -> Result<(), StoreError> {
    let (in_use, replay) = (in_use.entries()?, replay.entries()?);
    let (mut stored, mut replayed) = (in_use.in_order()?, replay.in_order()?);
    let (mut left, mut right) = (stored.next().transpose()?, replayed.next().transpose()?);
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        found.entries += 1;
        if left != right {
            let key = if order.is_le() { &left } else { &right };
            let key = key.as_ref().map_or(0, |(key, _)| *key);
            found.note(|| match order {
                std::cmp::Ordering::Less => format!("entry {key:032x}: not in the replay"),
                std::cmp::Ordering::Greater => format!("entry {key:032x}: not in the store"),
                std::cmp::Ordering::Equal => format!("entry {key:032x}: other bytes"),
            });
        }
        if order.is_le() {
            left = stored.next().transpose()?;
        }
        if order.is_ge() {
            right = replayed.next().transpose()?;
        }
    }
}

fn compare_records(
    in_use: &Store,
    replay: &Store,
    found: &mut Comparison,
) -> Result<(), StoreError> {
    let (stored, replayed) = (in_use.records(b"")?, replay.records(b"")?);
    for (key, value) in &stored {
        if replayed.iter().find(|(other, _)| other == key).is_none_or(|(_, other)| other != value) {
            found.note(|| format!("record {}: other bytes", String::from_utf8_lossy(key)));
        }
    }
    for (key, _) in &replayed {
        if !stored.iter().any(|(other, _)| other == key) {
            found.note(|| format!("record {}: not in the store", String::from_utf8_lossy(key)));
        }
    }
    Ok(())
}

/// The order in which a store gives its cells.
fn page_order(key: &CellKey) -> impl Ord + '_ {
    (
        key.facet.kind().byte(),
        key.unit,
        key.measure.group(),
        key.day,
        (key.facet.code(), key.measure, key.recorded),
    )
}

/// A cell in words.
fn name(key: &CellKey) -> String {
    let facet = match key.facet.code() {
        "" => String::new(),
        code => format!(" {} {code}", key.facet.kind().word()),
    };
    format!("{} {}{facet} on {} recorded {}", key.unit, key.measure.word(), key.day, key.recorded)
}

/// The fingerprint of a store's cells.
pub fn digest(store: &Store) -> Result<Digest, StoreError> {
    let mut hasher = tonghop_core::fingerprint::Digest::new();
    let mut cells = 0;
    for cell in store.cells(None) {
        let (key, amount) = cell?;
        cells += 1;
        hasher.line(&format!("{} {amount}", name(&key)));
    }
    Ok(Digest { cells, hex: hasher.hex() })
}
