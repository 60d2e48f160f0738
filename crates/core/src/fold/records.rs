//! What the projection keeps as small records, and how it comes back from them.
//!
//! ```text
//! "state"              position, highest and last recorded instant, the three counts
//! "source/" unit name  what was heard of a source; its name begins with "/"
//! "unit/" code         the timeline of a unit
//! ```

use std::sync::Arc;

use super::{Counts, Damaged, Projection};
use crate::day::{Day, Instant};
use crate::family::unit::{Change, Event as UnitEvent};
use crate::pack::{Packer, Unpacker};
use crate::refusal::{Refusal, RefusalCode};
use crate::registry::Unit;
use crate::sources::{self, Heard, Hearing, Speaker};
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;

const STATE: &[u8] = b"state";
const SOURCE: &[u8] = b"source/";
const UNIT: &[u8] = b"unit/";

impl Projection {
    /// Comes back from the records of the store, in any order.
    pub fn restore(records: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Self, Damaged> {
        let mut projection = Self::default();
        for (key, value) in records {
            projection.take(&key, &value).ok_or_else(|| Damaged {
                what: format!("record {}", String::from_utf8_lossy(&key)),
            })?;
        }
        Ok(projection)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let mut from = Unpacker(value);
        if key == STATE {
            self.position = from.int()?;
            self.recorded_ms = from.signed()?;
            self.last_ms = from.signed()?;
            self.counts =
                Counts { folded: from.int()?, duplicates: from.int()?, refused: from.int()? };
        } else if let Some(key) = key.strip_prefix(SOURCE) {
            let (unit, name) = std::str::from_utf8(key)
                .ok()?
                .split_at_checked(key.iter().position(|byte| *byte == b'/')?)?;
            self.sources.put((UnitCode::parse(unit)?, Arc::from(name), sources::unpack(value)?));
            return Some(());
        } else {
            let code = UnitCode::parse(std::str::from_utf8(key.strip_prefix(UNIT)?).ok()?)?;
            self.registry.restore(code, Timeline::unpack(value)?);
            return Some(());
        }
        from.is_empty().then_some(())
    }

    /// The records that a batch has changed, in order of key.
    pub(super) fn records(
        &self,
        mut units: Vec<UnitCode>,
        heard: &[Heard],
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut records = Vec::new();
        for (unit, name, source) in heard {
            let key = [SOURCE, unit.as_str().as_bytes(), name.as_bytes()].concat();
            records.push((key, sources::pack(source)));
        }
        // Of units whose codes begin alike the order of the keys is not that of the codes.
        records.sort_unstable();
        let mut state = Vec::new();
        let mut packer = Packer(&mut state);
        packer.int(self.position);
        packer.signed(self.recorded_ms);
        packer.signed(self.last_ms);
        packer.int(self.counts.folded);
        packer.int(self.counts.duplicates);
        packer.int(self.counts.refused);
        records.push((STATE.to_vec(), state));
        units.sort_unstable();
        units.dedup();
        for code in units {
            let mut value = Vec::new();
            if let Some(unit) = self.registry.timeline(code) {
                unit.pack(&mut value);
                records.push(([UNIT, code.as_str().as_bytes()].concat(), value));
            }
        }
        records
    }

    /// Hears a message. Units of which nothing is known have no sources: their number is anybody's.
    pub(super) fn hear(&mut self, speaker: Speaker, how: Hearing) {
        let unit = speaker.unit;
        if how == Hearing::Refused
            && self.registry.get(unit).is_none()
            && !self.registry.has_office(unit)
        {
            return;
        }
        let (recorded, on) = (Instant::from_unix_ms(self.recorded_ms), self.recorded());
        self.sources.hear(speaker, how, recorded, on);
    }

    /// Whether the unit was ever registered.
    pub(super) fn check_registered(&self, unit: UnitCode) -> Result<&Unit, Refusal> {
        let unknown = || Refusal::new(RefusalCode::UnitUnknown).with("unit", unit);
        self.registry.get(unit).ok_or_else(unknown)
    }

    /// Whether the unit may say something that is dated on this day.
    pub(super) fn check_unit(&self, unit: UnitCode, day: Day) -> Result<(), Refusal> {
        let life = self.check_registered(unit)?.life(day);
        match life.and_then(|life| life.until) {
            Some(closed) if day >= closed => Err(Refusal::new(RefusalCode::UnitClosed)
                .with("unit", unit)
                .with("closed", closed)
                .with("day", day)),
            _ => Ok(()),
        }
    }

    /// Whether the speaker is the office of units that are known; so the number of speakers has a
    /// bound.
    pub(super) fn check_office(&self, speaker: UnitCode) -> Result<(), Refusal> {
        if self.registry.has_office(speaker) {
            return Ok(());
        }
        Err(Refusal::new(RefusalCode::UnitUnknown).with("unit", speaker))
    }

    /// Whether the office of `speaker` may say this about a unit.
    pub(super) fn check_unit_event(
        &self,
        speaker: UnitCode,
        event: &UnitEvent,
    ) -> Result<(), Refusal> {
        if event.code.level_1() != speaker {
            return Err(Refusal::new(RefusalCode::UnitMismatch)
                .with("unit", speaker)
                .with("expected", event.code.level_1()));
        }
        let parent = match &event.change {
            Change::Registered { parent, .. } => *parent,
            Change::Moved { parent } => Some(*parent),
            Change::Renamed { .. }
            | Change::Closed { .. }
            | Change::CodeAssigned { .. }
            | Change::Merged { .. }
            | Change::Split { .. } => None,
        };
        if let Some(parent) = parent
            && self.registry.would_be_circular(event.code, parent)
        {
            return Err(Refusal::new(RefusalCode::UnitCircular)
                .with("unit", event.code)
                .with("parent", parent));
        }
        for into in event.change.successors() {
            self.check_registered(into)?;
            if self.registry.would_follow_itself(event.code, into) {
                return Err(Refusal::new(RefusalCode::UnitCircular)
                    .with("unit", event.code)
                    .with("into", into));
            }
        }
        Ok(())
    }
}
