//! What one timeline contributes, as a leaf: by these leaves a closing says what its figures are
//! the sums of.
//!
//! ```text
//! version: u8 = 1
//! n: u32, n × position: u64               the accepted messages of the timeline, ascending
//! m: u32, m × contribution                sorted as bytes
//! contribution: measure, facet: each u8 length and word; code: u16 length and text;
//!               day: u16, days since 1970-01-01; amount: i64
//! ```
//!
//! All integers are big-endian. The words of measures and facets are those of catalogue files; the
//! facet of the cell of all is `all`, its code empty. The leaves of the timelines of one unit and
//! family, in order of their first positions, are a tree of their own.
//!
//! **Invariant CON-2:** the leaf of a timeline has all that its cells are the sums of.

use tonghop_core::contribution::Contribution;
use tonghop_core::day::Day;
use tonghop_core::measure::{Facet, FacetKind, Measure};
use tonghop_core::timeline::Timeline;
use tonghop_core::words::Family;

const VERSION: u8 = 1;

/// Families of which a closing has no contributions: of units it has a list of its own, and what
/// sources say of themselves is in no figure.
pub const SILENT: [Family; 2] = [Family::Unit, Family::Source];

/// What a timeline contributes, and by which messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributed {
    /// The positions of its messages, ascending; never empty.
    pub positions: Vec<u64>,
    /// What it contributes, in the order of the bytes.
    pub contributions: Vec<Contribution>,
}

/// Bytes that are no leaf of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes do not say what a timeline contributes")]
pub struct NotContributed;

impl Contributed {
    /// Of a timeline; none if it has no message.
    pub fn of(timeline: &Timeline) -> Option<Self> {
        let mut positions: Vec<u64> =
            timeline.entries().iter().map(|entry| entry.position).collect();
        positions.sort_unstable();
        let mut contributions = timeline.contributions();
        contributions.sort_by_cached_key(encoded);
        (!positions.is_empty()).then_some(Self { positions, contributions })
    }

    /// The position by which the timeline has its place among the others.
    pub fn first(&self) -> u64 {
        self.positions.first().copied().unwrap_or_default()
    }

    /// Writes the leaf as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(count(self.positions.len()));
        self.positions.iter().for_each(|position| out.extend(position.to_be_bytes()));
        out.extend(count(self.contributions.len()));
        self.contributions.iter().for_each(|contribution| out.extend(encoded(contribution)));
        out
    }

    /// Reads what `encode` wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotContributed> {
        let mut from = Bytes(bytes);
        if from.array()? != [VERSION] {
            return Err(NotContributed);
        }
        let positions = (0..from.count()?)
            .map(|_| Ok(u64::from_be_bytes(from.array()?)))
            .collect::<Result<Vec<_>, _>>()?;
        let contributions =
            (0..from.count()?).map(|_| from.contribution()).collect::<Result<Vec<_>, _>>()?;
        let ascends = positions.first().is_some_and(|first| *first > 0)
            && positions.is_sorted_by(|a, b| a < b);
        let sorted = contributions.is_sorted_by(|a, b| encoded(a) < encoded(b));
        if !ascends || !sorted || !from.0.is_empty() {
            return Err(NotContributed);
        }
        Ok(Self { positions, contributions })
    }
}

fn encoded(contribution: &Contribution) -> Vec<u8> {
    let Contribution { measure, facet, day, amount } = contribution;
    let mut out = Vec::with_capacity(64);
    for word in [measure.word(), facet.kind().word()] {
        out.push(u8::try_from(word.len()).expect("a word of a catalogue is short"));
        out.extend(word.as_bytes());
    }
    let code = facet.code();
    out.extend(u16::try_from(code.len()).expect("a code is short").to_be_bytes());
    out.extend(code.as_bytes());
    out.extend(day.number().to_be_bytes());
    out.extend(amount.to_be_bytes());
    out
}

fn count(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("a timeline has at most some hundred messages").to_be_bytes()
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotContributed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotContributed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotContributed> {
        self.take(N)?.try_into().map_err(|_| NotContributed)
    }

    fn count(&mut self) -> Result<u32, NotContributed> {
        self.array().map(u32::from_be_bytes)
    }

    fn text(&mut self, count: usize) -> Result<&'a str, NotContributed> {
        std::str::from_utf8(self.take(count)?).map_err(|_| NotContributed)
    }

    fn word(&mut self) -> Result<&'a str, NotContributed> {
        let [length] = self.array()?;
        self.text(length.into())
    }

    fn contribution(&mut self) -> Result<Contribution, NotContributed> {
        let measure = Measure::parse(self.word()?).ok_or(NotContributed)?;
        let kind = FacetKind::parse(self.word()?).ok_or(NotContributed)?;
        let length = u16::from_be_bytes(self.array()?);
        let facet = match (kind, self.text(length.into())?) {
            (FacetKind::All, "") => Facet::All,
            (FacetKind::All, _) => return Err(NotContributed),
            (kind, code) => Facet::Of(kind, code.into()),
        };
        let day = Day::from_number(u16::from_be_bytes(self.array()?));
        let amount = i64::from_be_bytes(self.array()?);
        Ok(Contribution { measure, facet, day, amount })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn contributions() -> impl Strategy<Value = Contribution> {
        let measure = prop::sample::select(vec![Measure::DossierPending, Measure::DocumentIssued]);
        let facet = prop_oneof![
            Just(Facet::All),
            "[a-z0-9.-]{1,9}".prop_map(|code| Facet::Of(FacetKind::Field, code.into())),
        ];
        (measure, facet, any::<u16>(), any::<i64>()).prop_map(|(measure, facet, day, amount)| {
            Contribution { measure, facet, day: Day::from_number(day), amount }
        })
    }

    fn leaves() -> impl Strategy<Value = Contributed> {
        let positions = prop::collection::btree_set(1..99_u64, 1..5);
        (positions, prop::collection::vec(contributions(), 0..6)).prop_map(|(positions, all)| {
            let mut contributions = all;
            contributions.sort_by_cached_key(encoded);
            contributions.dedup();
            Contributed { positions: positions.into_iter().collect(), contributions }
        })
    }

    proptest! {
        #[test]
        fn a_leaf_is_read_as_it_was_written(leaf in leaves()) {
            prop_assert_eq!(Contributed::decode(&leaf.encode()), Ok(leaf));
        }

        #[test]
        fn other_bytes_are_no_leaf_or_one_with_these_bytes(
            leaf in leaves(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = leaf.encode();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = Contributed::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
        }
    }

    #[test]
    fn a_count_that_is_no_count_takes_no_memory() {
        assert_eq!(Contributed::decode(&[1, 0xFF, 0xFF, 0xFF, 0xFF]), Err(NotContributed));
    }
}
