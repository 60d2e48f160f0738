//! What stands in a record.
//!
//! ```text
//! E  source, number, event key, subject, event   an event that entered
//! S  source, next number, who numbers, begun     a source, at the head of a segment or when new
//! R  source, by how much                         the numbers of its events so far are raised
//! D  event keys                                  events that left
//! ```
//! Numbers are little-endian; texts have their length in front.

use super::contents::{Key, Numbering};

/// A record, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// An event that entered.
    Event { source: &'a str, number: u64, key: Key, subject: &'a str, payload: &'a [u8] },
    /// What is known of a source.
    Source { name: &'a str, numbering: Numbering, begun: bool },
    /// The numbers of the events of a source that stand before this are that much higher.
    Raised { name: &'a str, by: u64 },
    /// Events that left.
    Done { keys: Vec<Key> },
}

impl Record<'_> {
    /// As bytes.
    pub(super) fn pack(&self) -> Vec<u8> {
        match self {
            Self::Event { source, number, key, subject, payload } => {
                let mut out = vec![b'E'];
                text(&mut out, source);
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&key.0.to_le_bytes());
                text(&mut out, subject);
                out.extend_from_slice(payload);
                out
            }
            Self::Source { name, numbering, begun } => {
                let mut out = vec![b'S'];
                text(&mut out, name);
                let (ours, next) = match numbering {
                    Numbering::Ours { next } => (1, *next),
                    Numbering::Theirs => (0, 0),
                };
                out.push(ours);
                out.extend_from_slice(&next.to_le_bytes());
                out.push(u8::from(*begun));
                out
            }
            Self::Raised { name, by } => {
                let mut out = vec![b'R'];
                text(&mut out, name);
                out.extend_from_slice(&by.to_le_bytes());
                out
            }
            Self::Done { keys } => {
                let keys = keys.iter().flat_map(|key| key.0.to_le_bytes());
                std::iter::once(b'D').chain(keys).collect()
            }
        }
    }

    /// Reads a record; none if it is of no kind that is known.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Record<'_>> {
        let (kind, mut rest) = bytes.split_first()?;
        match kind {
            b'E' => {
                let source = take_text(&mut rest)?;
                let number = u64::from_le_bytes(take(&mut rest)?);
                let key = Key(u128::from_le_bytes(take(&mut rest)?));
                let subject = take_text(&mut rest)?;
                Some(Record::Event { source, number, key, subject, payload: rest })
            }
            b'S' => {
                let name = take_text(&mut rest)?;
                let [ours] = take(&mut rest)?;
                let next = u64::from_le_bytes(take(&mut rest)?);
                let [begun] = take(&mut rest)?;
                let numbering =
                    if ours == 1 { Numbering::Ours { next } } else { Numbering::Theirs };
                rest.is_empty().then_some(Record::Source { name, numbering, begun: begun == 1 })
            }
            b'R' => {
                let name = take_text(&mut rest)?;
                let by = u64::from_le_bytes(take(&mut rest)?);
                rest.is_empty().then_some(Record::Raised { name, by })
            }
            b'D' => {
                let key = |chunk: &[u8]| chunk.try_into().map(|b| Key(u128::from_le_bytes(b)));
                let keys: Result<_, _> = rest.chunks(16).map(key).collect();
                Some(Record::Done { keys: keys.ok()? })
            }
            _ => None,
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    // A source has at most 128 bytes, a subject of ours fewer than 200: `super` has seen to it.
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*taken)
}

fn take_text<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::from(u16::from_le_bytes(take(from)?));
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let key = Key(3 << 99);
        for record in [
            Record::Event { source: "/H41", number: 7, key, subject: "s", payload: b"{}" },
            Record::Source { name: "/H41", numbering: Numbering::Ours { next: 8 }, begun: true },
            Record::Source { name: "/Đ", numbering: Numbering::Theirs, begun: false },
            Record::Raised { name: "/H41", by: 50_000 },
            Record::Done { keys: vec![Key(1), Key(u128::MAX)] },
        ] {
            let bytes = record.pack();
            assert_eq!(Record::unpack(&bytes), Some(record));
        }
        for bad in [&b""[..], b"X", b"E\x09\0/H41", b"R\x01\0/123", b"D123"] {
            assert_eq!(Record::unpack(bad), None, "{bad:?}");
        }
    }
}
