//! How a record stands in a segment, and how one that was cut off is told from a damaged one.
//!
//! ```text
//! mark 4 | length 4 | synced 8 | checksum 4 | record
//! ```
//!
//! `synced` is how much of the segment was safe on the disk when the record was written. A record
//! that cannot be read and lies below that mark of a later one was safe once, so it is damaged; all
//! else that cannot be read is the end of a write that a crash cut off, and nobody was told of it.
//! The checksum begins with a number that the segment got by chance, and the mark has a byte that no
//! UTF-8 has, so that no event looks like a record.

use crc32fast::Hasher;

/// What every record begins with.
const MARK: [u8; 4] = [0xF5, b'T', b'H', 0xFF];
/// Bytes before the record itself.
pub(super) const HEAD: usize = 20;
/// The longest record; an event is shorter ([`super::EVENT_BYTES_MAX`]).
pub(super) const RECORD_MAX: usize = 512 * 1_024;

/// A record where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Where the frame begins.
    pub(super) at: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    synced: usize,
    pub(super) record: &'a [u8],
}

/// Appends a record.
pub(super) fn write(out: &mut Vec<u8>, salt: u32, synced: u64, record: &[u8]) {
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX).to_le_bytes();
    let synced = synced.to_le_bytes();
    let checksum = checksum(salt, &length, &synced, record).to_le_bytes();
    for part in [&MARK[..], &length, &synced, &checksum, record] {
        out.extend_from_slice(part);
    }
}

/// The record at a place, if a whole one stands there.
pub(super) fn read(bytes: &[u8], salt: u32, at: usize) -> Option<Frame<'_>> {
    let head = bytes.get(at..at.checked_add(HEAD)?)?;
    let (mark, rest) = head.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (synced, rest) = rest.split_first_chunk::<8>()?;
    let (expected, _) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|n| *n <= RECORD_MAX)?;
    let end = at + HEAD + size;
    let record = bytes.get(at + HEAD..end)?;
    let good =
        *mark == MARK && checksum(salt, length, synced, record) == u32::from_le_bytes(*expected);
    let synced = usize::try_from(u64::from_le_bytes(*synced)).ok()?;
    good.then_some(Frame { at, end, synced, record })
}

/// Whether what stands at a place was safe once: a later record says so.
pub(super) fn was_synced(bytes: &[u8], salt: u32, at: usize) -> bool {
    let mut from = at + 1;
    while let Some(found) = bytes
        .get(from..)
        .and_then(|rest| rest.windows(MARK.len()).position(|window| window == MARK))
    {
        from += found;
        match read(bytes, salt, from) {
            Some(frame) if frame.synced > at => return true,
            Some(frame) => from = frame.end,
            None => from += 1,
        }
    }
    false
}

fn checksum(salt: u32, length: &[u8], synced: &[u8], record: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt);
    for part in [length, synced, record] {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_not_when_a_bit_of_it_is_another() {
        let mut bytes = b"before".to_vec();
        write(&mut bytes, 7, 6, b"record");
        let frame = read(&bytes, 7, 6).unwrap();
        assert_eq!((frame.record, frame.end, frame.synced), (&b"record"[..], bytes.len(), 6));
        assert_eq!(read(&bytes, 8, 6), None, "another segment");
        for place in 6..bytes.len() {
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                assert_eq!(read(&bytes, 7, 6), None, "byte {place} bit {bit}");
                bytes[place] ^= 1 << bit;
            }
            assert_eq!(read(&bytes[..place], 7, 6), None, "cut at {place}");
        }
    }

    #[test]
    fn only_a_later_record_says_that_something_was_safe() {
        let mut bytes = Vec::new();
        write(&mut bytes, 1, 0, b"one");
        let second = bytes.len();
        write(&mut bytes, 1, 0, b"two, of the same write");
        let third = bytes.len();
        assert!(!was_synced(&bytes, 1, 0));
        write(&mut bytes, 1, u64::try_from(third).unwrap(), b"three, of a later one");
        for at in [0, second] {
            assert!(was_synced(&bytes, 1, at), "{at}");
        }
        assert!(!was_synced(&bytes, 1, third));
    }
}
