//! What becomes of events that are handed over, before anything of it is written.

use std::collections::{BTreeMap, HashMap};

use tonghop_wire::Head;

use super::contents::{Contents, Key, Numbering};
use super::record::Record;
use super::{OutboxError, SOURCES_MAX};
use crate::event;

/// Events that are about to enter.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Records of new sources.
    pub(super) sources: Vec<NewSource>,
    /// Records of new events.
    pub(super) records: Vec<Vec<u8>>,
    /// The new events, each with its record at the same place.
    pub(super) fresh: Vec<Fresh>,
    /// What is to be answered to each event that was handed over.
    pub(super) answers: Vec<Answer>,
    numbering: BTreeMap<String, Numbering>,
    places: HashMap<Key, usize>,
}

#[derive(Debug)]
pub(super) struct NewSource {
    pub(super) name: String,
    pub(super) first: Numbering,
}

#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) source: String,
    pub(super) number: u64,
    pub(super) key: Key,
}

#[derive(Debug)]
pub(super) enum Answer {
    /// It is new: its place among the fresh ones.
    New(usize),
    /// It is in the outbox.
    Here(u64),
    /// It was handed over twice: the place of the first.
    Again(usize),
    /// It has left.
    Left,
}

impl Plan {
    /// The records to be written: those of sources first.
    pub(super) fn all_records(&mut self) -> Vec<Vec<u8>> {
        let sources = self.sources.iter().map(|source| {
            Record::Source { name: &source.name, numbering: source.first, begun: false }.pack()
        });
        sources.chain(self.records.drain(..)).collect()
    }

    pub(super) fn add(
        &mut self,
        index: usize,
        event: &[u8],
        held: &Contents,
    ) -> Result<(), OutboxError> {
        let key = Key::of(event);
        if let Some(answer) = self.known(key, held) {
            self.answers.push(answer);
            return Ok(());
        }
        let read = event::read(event).map_err(|why| OutboxError::Unfit { index, why })?;
        let numbering = self.numbering(&read, held)?;
        let number = match (numbering, read.sequence) {
            (Numbering::Ours { next }, None) => next,
            (Numbering::Theirs, Some(number)) => number,
            (Numbering::Ours { .. } | Numbering::Theirs, number) => {
                let (source_name, numbered) = (read.source, number.is_some());
                return Err(OutboxError::Numbering { index, source_name, numbered });
            }
        };
        let Head { source, subject, .. } = read;
        let (name, subject) = (source.as_str(), subject.as_str());
        let record = Record::Event { source: name, number, key, subject, payload: event };
        self.records.push(record.pack());
        self.answers.push(Answer::New(self.fresh.len()));
        self.places.insert(key, self.fresh.len());
        let next = match numbering {
            Numbering::Ours { .. } => Numbering::Ours { next: number.saturating_add(1) },
            Numbering::Theirs => Numbering::Theirs,
        };
        self.numbering.insert(source.clone(), next);
        self.fresh.push(Fresh { source, number, key });
        Ok(())
    }

    fn known(&self, key: Key, held: &Contents) -> Option<Answer> {
        if let Some(entry) = held.holding(key) {
            return Some(Answer::Here(entry));
        }
        if held.has_left(key) {
            return Some(Answer::Left);
        }
        self.places.get(&key).map(|place| Answer::Again(*place))
    }

    /// Who numbers a source, and which number is next; a new source is noted.
    fn numbering(&mut self, event: &Head, held: &Contents) -> Result<Numbering, OutboxError> {
        if let Some(planned) = self.numbering.get(&event.source) {
            return Ok(*planned);
        }
        if let Some(known) = held.source(&event.source).and_then(|place| held.sources.get(place)) {
            return Ok(known.numbering);
        }
        if held.sources.len() + self.sources.len() >= SOURCES_MAX {
            return Err(OutboxError::Sources);
        }
        let first = match event.sequence {
            None => Numbering::Ours { next: 1 },
            Some(_) => Numbering::Theirs,
        };
        self.sources.push(NewSource { name: event.source.clone(), first });
        Ok(first)
    }
}
