//! Narratives (phần lời của báo cáo): what a unit writes in a section of a report for a period.
//!
//! The last text of a section and period is in force. It contributes one to the cell of the text
//! itself on the day of its event: so it is corrected, retracted and known at a day like a number.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};

/// What stands between the parts of a narrative's code; the text, which is last, may hold it.
const BETWEEN: char = '|';

/// What an event says of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Its text for a period.
    Submitted(Narrative),
}

/// The text of a section for a period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Narrative {
    /// `A.II.2.1`.
    pub section: Code,
    /// `2021-Q3`, of the unit's calendar of reports.
    pub period: Code,
    /// What is written.
    pub text: Box<str>,
}

impl Narrative {
    /// The text that its cell is known by.
    pub fn code(&self) -> Code {
        Arc::from(format!("{}{BETWEEN}{}{BETWEEN}{}", self.section, self.period, self.text))
    }

    /// Reads what [`Self::code`] wrote.
    pub fn parse(code: &str) -> Option<Self> {
        let mut parts = code.splitn(3, BETWEEN);
        Some(Self {
            section: Code::from(parts.next()?),
            period: Code::from(parts.next()?),
            text: parts.next()?.into(),
        })
    }
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        let Self::Submitted(narrative) = self;
        out.byte(1);
        out.text(&narrative.section);
        out.text(&narrative.period);
        out.text(&narrative.text);
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Submitted(Narrative {
                section: Code::from(from.text()?),
                period: Code::from(from.text()?),
                text: from.text()?.into(),
            }),
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        1
    }
}

/// What the texts of one section contribute.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut in_force: BTreeMap<&str, (Day, &Narrative)> = BTreeMap::new();
    for (day, Event::Submitted(narrative)) in events {
        in_force.insert(&narrative.period, (*day, narrative));
    }
    for (day, narrative) in in_force.into_values() {
        let code = narrative.code();
        out.add_of(Measure::NarrativeSubmitted, day, 1, FacetKind::Narrative, &code);
    }
}
