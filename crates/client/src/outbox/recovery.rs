//! What the segments say the outbox holds. Opening and recovery are one path.

use super::OutboxError;
use super::contents::{Contents, Key, Numbering, Place};
use super::record::Record;
use super::segments::{Found, Records, Segment};

/// An outbox as it was found.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) contents: Contents,
    pub(super) segments: Vec<Segment>,
}

/// What was read of the segments.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) contents: Contents,
    /// Where each segment ends.
    ends: Vec<u64>,
}

/// Reads the segments, and goes on where they end.
pub(super) fn recover(found: Vec<Found>, left: Vec<Key>) -> Result<Recovered, OutboxError> {
    let Read { contents, ends } = read(&found, left)?;
    let mut segments = Vec::with_capacity(found.len());
    for (found, end) in found.into_iter().zip(ends) {
        segments.push(found.open(end)?);
    }
    for entry in contents.entries.values() {
        let segment = segments.iter_mut().find(|segment| segment.number == entry.place.segment);
        if let Some(segment) = segment {
            segment.live += 1;
        }
    }
    Ok(Recovered { contents, segments })
}

/// Reads the segments; nothing of them is changed.
pub(super) fn read(found: &[Found], left: Vec<Key>) -> Result<Read, OutboxError> {
    let mut contents = Contents::default();
    for key in left {
        contents.remember(key);
    }
    let mut ends = Vec::with_capacity(found.len());
    for (place, segment) in found.iter().enumerate() {
        let Records { records, end } = segment.records(place + 1 == found.len())?;
        for (at, bytes) in records {
            let wrong =
                |what: &str| segment.damaged(usize::try_from(at).unwrap_or(usize::MAX), what);
            let record = Record::unpack(bytes)
                .ok_or_else(|| wrong("a record is of a kind that is not known"))?;
            apply(&mut contents, &record, Place { segment: segment.number, at })
                .map_err(|what| wrong(&what))?;
        }
        ends.push(end);
    }
    Ok(Read { contents, ends })
}

fn apply(contents: &mut Contents, record: &Record<'_>, place: Place) -> Result<(), String> {
    match record {
        Record::Source { name, numbering, begun } => {
            let Some(known) = contents.source(name) else {
                contents.add_source(name, *numbering, *begun);
                return Ok(());
            };
            let known = contents.sources.get_mut(known).ok_or("a source is not known")?;
            if let (Numbering::Ours { next: before }, Numbering::Ours { next }) =
                (known.numbering, *numbering)
                && next < before
            {
                return Err(format!("the numbers of {name} go back from {before} to {next}"));
            }
            (known.numbering, known.begun) = (*numbering, known.begun || *begun);
        }
        Record::Raised { name, by } => {
            let source = contents.source(name).ok_or("numbers of a source that is not known")?;
            contents.raise(source, *by);
        }
        Record::Event { source: name, number, key, .. } => {
            let source = contents.source(name).ok_or("an event of a source that is not known")?;
            let numbering = contents.sources.get(source).map(|source| source.numbering);
            if let Some(Numbering::Ours { next }) = numbering
                && *number > next
            {
                return Err(format!("number {number} of {name} stands where {next} should"));
            }
            if let Some(entry) = contents.holding(*key) {
                // Carried over into a later segment, with the number that it had then.
                contents.moved(entry, *number, place);
            } else {
                let has_left = contents.has_left(*key);
                let entry = contents.enter(source, *number, *key, place);
                if has_left {
                    contents.leave(entry);
                }
            }
        }
        Record::Done { keys } => {
            for key in keys {
                if let Some(entry) = contents.holding(*key) {
                    contents.leave(entry);
                } else {
                    contents.remember(*key);
                }
            }
        }
    }
    Ok(())
}
