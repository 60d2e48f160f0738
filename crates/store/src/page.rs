//! A page of cells as bytes: see the layout in the crate's documentation.
//!
//! Canonical: the same cells give the same bytes, whatever the order in which they changed.

use std::cmp::Ordering;
use std::sync::Arc;

use tonghop_core::cells::CellKey;
use tonghop_core::day::Day;
use tonghop_core::measure::{Code, Facet, FacetKind, Measure};
use tonghop_core::pack::{Packer, Unpacker};

use crate::keys::PageGroup;

/// What tells the cells of one page group apart; the order within a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tail {
    pub(crate) day: Day,
    pub(crate) code: Code,
    pub(crate) measure: Measure,
    pub(crate) recorded: Day,
}

/// Cells of a page group in order.
pub(crate) type Tails = Vec<(Tail, i64)>;

/// Where a cell is kept.
pub(crate) fn place(key: &CellKey, empty: &Code) -> (PageGroup, Tail) {
    let code = match &key.facet {
        Facet::All => Arc::clone(empty),
        Facet::Of(_, code) => Arc::clone(code),
    };
    let group = PageGroup {
        kind: key.facet.kind(),
        unit: key.unit,
        group: key.measure.group(),
        month: key.day.month_number(),
    };
    (group, Tail { day: key.day, code, measure: key.measure, recorded: key.recorded })
}

/// The cell that is kept there.
pub(crate) fn cell(group: &PageGroup, tail: Tail) -> CellKey {
    let facet = match group.kind {
        FacetKind::All => Facet::All,
        kind @ (FacetKind::Field
        | FacetKind::Procedure
        | FacetKind::Kind
        | FacetKind::Anomaly
        | FacetKind::System
        | FacetKind::Plan) => Facet::Of(kind, tail.code),
    };
    CellKey {
        unit: group.unit,
        measure: tail.measure,
        facet,
        day: tail.day,
        recorded: tail.recorded,
    }
}

/// Writes cells that are in order.
pub(crate) fn encode(cells: &[(Tail, i64)]) -> Vec<u8> {
    let mut codes: Vec<&Code> = cells.iter().map(|(tail, _)| &tail.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut bytes = Vec::with_capacity(16 + cells.len() * 5);
    let mut packer = Packer(&mut bytes);
    packer.int(long(codes.len()));
    for code in &codes {
        packer.text(code);
    }
    let mut before = 0;
    for of_day in cells.chunk_by(|a, b| a.0.day == b.0.day) {
        let Some((first, _)) = of_day.first() else { continue };
        let day = u64::from(first.day.number());
        packer.int(day - before);
        before = day;
        packer.int(long(of_day.len()));
        for (tail, amount) in of_day {
            if codes.len() > 1 {
                packer.int(long(codes.binary_search(&&tail.code).unwrap_or_default()));
            }
            packer.byte(tail.measure.byte());
            packer.signed(i64::from(tail.recorded.number()) - i64::from(tail.day.number()));
            packer.signed(*amount);
        }
    }
    bytes
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Option<Tails> {
    let mut unpacker = Unpacker(bytes);
    let mut codes: Vec<Code> = Vec::new();
    for _ in 0..unpacker.int()? {
        codes.push(Arc::from(unpacker.text()?));
    }
    let mut cells = Vec::with_capacity(bytes.len() / 4);
    let mut day = 0_u64;
    while !unpacker.is_empty() {
        day = day.checked_add(unpacker.int()?)?;
        let number = u16::try_from(day).ok()?;
        for _ in 0..unpacker.int()? {
            let code = if codes.len() > 1 { unpacker.int()? } else { 0 };
            let code = Arc::clone(codes.get(usize::try_from(code).ok()?)?);
            let measure = Measure::from_byte(unpacker.byte()?)?;
            let recorded = i64::from(number).checked_add(unpacker.signed()?)?;
            let recorded = Day::from_number(u16::try_from(recorded).ok()?);
            let tail = Tail { day: Day::from_number(number), code, measure, recorded };
            cells.push((tail, unpacker.signed()?));
        }
    }
    Some(cells)
}

/// Adds two lists of cells in order; what becomes zero vanishes (STO-5).
pub(crate) fn add(old: Tails, changes: impl Iterator<Item = (Tail, i64)>) -> Tails {
    let mut sum = Vec::with_capacity(old.len() + 16);
    let mut old = old.into_iter().peekable();
    let mut changes = changes.peekable();
    loop {
        let order = match (old.peek(), changes.peek()) {
            (None, None) => return sum,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        match order {
            Ordering::Less => sum.extend(old.next()),
            Ordering::Greater => sum.extend(changes.next().filter(|(_, amount)| *amount != 0)),
            Ordering::Equal => {
                if let (Some((tail, a)), Some((_, b))) = (old.next(), changes.next()) {
                    let amount = a.checked_add(b);
                    assert!(amount.is_some(), "STO-1: a cell left the range of 64 bits");
                    sum.extend(amount.filter(|amount| *amount != 0).map(|amount| (tail, amount)));
                }
            }
        }
    }
}

fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(day: u16, code: &str, measure: u8, recorded: u16) -> Tail {
        Tail {
            day: Day::from_number(day),
            code: Arc::from(code),
            measure: Measure::from_byte(measure).unwrap(),
            recorded: Day::from_number(recorded),
        }
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let one_code = vec![(tail(18_800, "", 30, 18_800), 3), (tail(18_801, "", 35, 18_790), -4)];
        let two_codes = vec![
            (tail(18_800, "1.000", 30, 18_800), i64::MAX),
            (tail(18_800, "2.000", 30, 18_801), i64::MIN),
        ];
        for cells in [one_code, two_codes, Vec::new()] {
            assert_eq!(decode(&encode(&cells)).as_ref(), Some(&cells));
        }
    }

    #[test]
    fn damaged_bytes_are_never_a_panic() {
        let bytes = encode(&[(tail(18_800, "1.000", 30, 18_800), 3)]);
        for cut in 0..bytes.len() {
            let _: Option<Tails> = decode(&bytes[..cut]);
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[cut] ^= 1 << bit;
                let _: Option<Tails> = decode(&flipped);
            }
        }
    }

    #[test]
    fn what_becomes_zero_vanishes() {
        let old = vec![(tail(1, "", 30, 1), 3), (tail(2, "", 30, 2), 5)];
        let changes = vec![(tail(1, "", 30, 1), -3), (tail(2, "", 35, 2), 1)];
        let expected = vec![(tail(2, "", 30, 2), 5), (tail(2, "", 35, 2), 1)];
        assert_eq!(add(old, changes.into_iter()), expected);
    }
}
