//! Events that leave, and the segments that are not needed any more.

use super::contents::{Key, Place};
use super::left;
use super::record::Record;
use super::segments::Segment;
use super::{Inner, OutboxError};

/// An outbox that holds nothing keeps no segment that is longer.
const EMPTY_BYTES_MAX: u64 = 1_024 * 1_024;
/// Keys in one record.
const KEYS_MAX: usize = 16 * 1_024;
/// The oldest segment is carried over when so few of its events are left, and the outbox is half full.
const CARRIED_MAX: u64 = 1_024;

const _: () = assert!(KEYS_MAX * 16 < super::frame::RECORD_MAX);

impl Inner {
    /// Lets events go. That they left is written, and safe with the next event that enters: what
    /// comes back after a power cut is sent again, and is a duplicate.
    pub(super) fn leave(&mut self, entries: &[u64]) -> Result<(), OutboxError> {
        let mut keys: Vec<Key> = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some(held) = self.contents.entries.get(entry) else { continue };
            keys.push(held.key);
            if let Some(Place { segment, .. }) = self.contents.leave(*entry)
                && let Some(segment) = self.segments.iter_mut().find(|s| s.number == segment)
            {
                segment.live = segment.live.saturating_sub(1);
            }
        }
        let records = keys.chunks(KEYS_MAX);
        let records: Vec<Vec<u8>> =
            records.map(|keys| Record::Done { keys: keys.to_vec() }.pack()).collect();
        // On a full disk it is not written; that segments go is what helps then.
        let written = self.append(&records, false);
        self.reclaim()?;
        written.map(drop)
    }

    /// Begins another segment, whose head says which numbers are next.
    pub(super) fn begin_segment(&mut self) -> Result<(), OutboxError> {
        let Some(last) = self.segments.last_mut() else { return Ok(()) };
        last.sync()?;
        let number = last.number + 1;
        let head: Vec<Vec<u8>> = self
            .contents
            .sources
            .iter()
            .map(|source| {
                let (name, numbering) = (&*source.name, source.numbering);
                Record::Source { name, numbering, begun: source.begun }.pack()
            })
            .collect();
        self.segments.push(Segment::create(&self.dir, number, &head)?);
        Ok(())
    }

    /// Removes the oldest segments as long as all of their events have left.
    fn reclaim(&mut self) -> Result<(), OutboxError> {
        let limit = self.settings.segment_bytes().min(EMPTY_BYTES_MAX);
        if self.contents.entries.is_empty()
            && self.segments.last().is_some_and(|last| last.bytes > limit)
        {
            self.begin_segment()?;
        }
        if self.bytes() > self.settings.bytes_max / 2 {
            self.carry_over()?;
        }
        let unneeded = self.segments.iter().take_while(|segment| segment.live == 0).count();
        let unneeded = unneeded.min(self.segments.len().saturating_sub(1));
        if unneeded == 0 {
            return Ok(());
        }
        left::save(&self.dir, self.contents.left())?;
        for segment in self.segments.drain(..unneeded).collect::<Vec<_>>() {
            segment.remove()?;
        }
        Ok(())
    }

    /// Writes the few events that hold up the oldest segment once more, at the end.
    fn carry_over(&mut self) -> Result<(), OutboxError> {
        let [oldest, _, ..] = self.segments.as_mut_slice() else { return Ok(()) };
        if oldest.live == 0 || oldest.live > CARRIED_MAX {
            return Ok(());
        }
        let number = oldest.number;
        let entries = self.contents.entries.iter();
        let held: Vec<(u64, u64, u64)> = entries
            .filter(|(_, entry)| entry.place.segment == number)
            .map(|(entry, held)| (*entry, held.number, held.place.at))
            .collect();
        let records: Result<Vec<Vec<u8>>, OutboxError> = held
            .iter()
            .map(|(_, now, at)| {
                let mut bytes = oldest.read(*at)?;
                // Its number may have been raised since.
                if let Some(Record::Event { source, key, subject, payload, .. }) =
                    Record::unpack(&bytes)
                {
                    let number = *now;
                    bytes = Record::Event { source, number, key, subject, payload }.pack();
                }
                Ok(bytes)
            })
            .collect();
        let places = self.append(&records?, true)?;
        let Some(last) = self.segments.last_mut() else { return Ok(()) };
        let segment = last.number;
        last.live += u64::try_from(held.len()).unwrap_or(0);
        for ((entry, ..), at) in held.into_iter().zip(places) {
            if let Some(entry) = self.contents.entries.get_mut(&entry) {
                entry.place = Place { segment, at };
            }
        }
        if let Some(oldest) = self.segments.first_mut() {
            oldest.live = 0;
        }
        Ok(())
    }
}
