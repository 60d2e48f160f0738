//! The keys, byte for byte, and how an error names them.

use tonghop_core::measure::FacetKind;
use tonghop_core::unit_code::UnitCode;

pub(crate) const SCHEMA: &[u8] = b"mschema";
pub(crate) const LOG: &[u8] = b"mlog";
pub(crate) const POSITION: &[u8] = b"mposition";
pub(crate) const CELLS_EPOCH: &[u8] = b"mcells";
pub(crate) const ENTRIES_EPOCH: &[u8] = b"mentries";
pub(crate) const FOLD: &[u8] = b"mfold";

/// The first byte of every page of cells.
pub(crate) const CELLS: u8 = b'c';
/// The first byte of every record.
pub(crate) const RECORDS: u8 = b'r';
/// The first bytes of every run's description.
pub(crate) const RUNS: &[u8] = b"xr";
/// The first bytes of every push-down.
pub(crate) const PUSHES: &[u8] = b"xp";

pub(crate) fn record(key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.len() + 1);
    bytes.push(RECORDS);
    bytes.extend_from_slice(key);
    bytes
}

pub(crate) fn journal(space: [u8; 2], slot: u32) -> [u8; 6] {
    with_u32(space, slot)
}

pub(crate) fn piece(slot: u32) -> [u8; 6] {
    with_u32(*b"xs", slot)
}

fn with_u32(space: [u8; 2], number: u32) -> [u8; 6] {
    let mut key = [0; 6];
    let (head, tail) = key.split_at_mut(2);
    head.copy_from_slice(&space);
    tail.copy_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn run(seq: u64) -> Vec<u8> {
    [RUNS, &seq.to_be_bytes()].concat()
}

pub(crate) fn push(depth: u8, prefix: u64) -> Vec<u8> {
    [PUSHES, &[depth], &prefix.to_be_bytes()].concat()
}

/// The pages of one kind of facet, unit, group of measures and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PageGroup {
    pub(crate) kind: FacetKind,
    pub(crate) unit: UnitCode,
    pub(crate) group: u8,
    pub(crate) month: u16,
}

impl PageGroup {
    /// The key of the group's pages, without `from`.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(48);
        key.extend_from_slice(&[CELLS, self.kind.byte()]);
        key.extend_from_slice(self.unit.as_str().as_bytes());
        key.extend_from_slice(&[0, self.group]);
        key.extend_from_slice(&self.month.to_be_bytes());
        key
    }

    /// The key of the page that begins with the day `from`.
    pub(crate) fn page(&self, from: u16) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend_from_slice(&from.to_be_bytes());
        key
    }

    /// Reads what [`Self::prefix`] wrote.
    pub(crate) fn parse_prefix(key: &[u8]) -> Option<Self> {
        let [CELLS, kind, rest @ ..] = key else { return None };
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (unit, rest) = rest.split_at_checked(end)?;
        let [0, group, month_high, month_low] = rest else { return None };
        Some(Self {
            kind: FacetKind::from_byte(*kind)?,
            unit: UnitCode::parse(std::str::from_utf8(unit).ok()?)?,
            group: *group,
            month: u16::from_be_bytes([*month_high, *month_low]),
        })
    }

    /// Reads what [`Self::page`] wrote.
    pub(crate) fn parse_page(key: &[u8]) -> Option<(Self, u16)> {
        let (prefix, from) = key.split_last_chunk::<2>()?;
        Some((Self::parse_prefix(prefix)?, u16::from_be_bytes(*from)))
    }
}

/// The least key that is greater than every key with this prefix.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![u8::MAX; 64]
}

/// A key in words, for errors.
pub(crate) fn describe(key: &[u8]) -> String {
    if let Some((group, from)) = PageGroup::parse_page(key) {
        let year = 1970 + group.month / 12;
        let month = group.month % 12 + 1;
        let kind = group.kind.word();
        return format!(
            "the cells of unit {}, measures of group {}, facet {kind}, {year:04}-{month:02}, \
             page from day {from}",
            group.unit, group.group
        );
    }
    match key {
        [b'm', rest @ ..] => format!("meta {:?}", String::from_utf8_lossy(rest)),
        [b'r', rest @ ..] => format!("record {:?}", String::from_utf8_lossy(rest)),
        [b'd', rest @ ..] => format!("journal {}", rest.escape_ascii()),
        [b'x', rest @ ..] => format!("runs {}", rest.escape_ascii()),
        _ => format!("key {}", key.escape_ascii()),
    }
}
