//! Declared figures (số liệu báo cáo): what a unit says a figure is, where no system emits events.
//!
//! A declaration that is in force contributes one to the cell of what it says, word for word, on
//! its own day: the day that it is as of, else the last day of its window, else the day of the
//! event. So it is corrected, retracted and known at a day like everything else.
//!
//! Two declarations that say different things both stay: whoever reads them shows that they
//! contradict one another. A declaration goes when an event takes its place, or when all of them
//! are withdrawn.
//!
//! **Invariant FIG-2:** what a declaration's cell is called is read back as the same declaration.

use std::sync::Arc;

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::limits::TEXT_BYTES_MAX;
use crate::measure::{Code, FacetKind, Measure};
use crate::pack::{Packer, Unpacker};
use crate::words::Qualifier;

/// What stands between the parts of a declaration's code; the note, which is last, may hold it.
const BETWEEN: char = '|';

/// What an event says about a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The unit says what the figure is.
    Declared(Declaration),
    /// The unit takes back all that it declared of the indicator before.
    Withdrawn,
}

/// What a unit says a figure is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declaration {
    /// The id of the indicator.
    pub indicator: Code,
    /// The first day of its window, if it has one.
    pub from: Option<Day>,
    /// The last day of its window, if it has one.
    pub to: Option<Day>,
    /// The day that a stock is as of.
    pub as_of: Option<Day>,
    /// The number; 0 where nothing occurred.
    pub value: u32,
    /// What it is a part of: the denominator, or the whole.
    pub of: Option<u32>,
    /// How exact the number is.
    pub qualifier: Qualifier,
    /// Words of the unit about it.
    pub note: Option<Box<str>>,
}

impl Declaration {
    /// The day on which it counts, for an event of this day.
    pub fn day(&self, event: Day) -> Day {
        self.as_of.or(self.to).unwrap_or(event)
    }

    /// The text that its cell is known by.
    pub fn code(&self) -> Code {
        let day = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        let of = self.of.map_or_else(String::new, |of| of.to_string());
        let parts = [
            self.indicator.to_string(),
            day(self.from),
            day(self.to),
            day(self.as_of),
            self.value.to_string(),
            of,
            self.qualifier.word().to_owned(),
            self.note.as_deref().unwrap_or_default().to_owned(),
        ];
        Arc::from(parts.join(&String::from(BETWEEN)))
    }

    /// How the code of every declaration of the indicator begins, and of no other.
    pub fn prefix(indicator: &str) -> String {
        format!("{indicator}{BETWEEN}")
    }

    /// Reads what [`Self::code`] wrote.
    pub fn parse(code: &str) -> Option<Self> {
        let mut parts = code.splitn(8, BETWEEN);
        let indicator = Code::from(parts.next()?);
        let mut next_day = || day(parts.next()?).ok();
        let (from, to, as_of) = (next_day()?, next_day()?, next_day()?);
        let value = parts.next()?.parse().ok()?;
        let of = match parts.next()? {
            "" => None,
            of => Some(of.parse().ok()?),
        };
        let qualifier = Qualifier::parse(parts.next()?)?;
        let note = Some(parts.next()?).filter(|note| !note.is_empty()).map(Box::from);
        Some(Self { indicator, from, to, as_of, value, of, qualifier, note })
    }

    fn pack(&self, out: &mut Packer<'_>) {
        out.text(&self.indicator);
        out.day(self.from);
        out.day(self.to);
        out.day(self.as_of);
        out.int(u64::from(self.value));
        out.int(self.of.map_or(0, |of| u64::from(of) + 1));
        out.byte(self.qualifier.byte());
        out.optional_text(self.note.as_deref());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            indicator: Code::from(from.text()?),
            from: from.day()?,
            to: from.day()?,
            as_of: from.day()?,
            value: u32::try_from(from.int()?).ok()?,
            of: from.int()?.checked_sub(1).map(u32::try_from).transpose().ok()?,
            qualifier: Qualifier::from_byte(from.byte()?)?,
            note: from.optional_text()?.map(Box::from),
        })
    }
}

/// A day, or none where nothing is written; not a day at all is damage.
fn day(text: &str) -> Result<Option<Day>, NoDay> {
    if text.is_empty() { Ok(None) } else { Day::parse(text).map(Some).ok_or(NoDay) }
}

/// A text that should be a day.
struct NoDay;

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Declared(declaration) => {
                out.byte(1);
                declaration.pack(out);
            }
            Self::Withdrawn => out.byte(2),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Declared(Declaration::unpack(from)?),
            2 => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Declared(_) => 1,
            Self::Withdrawn => 2,
        }
    }
}

/// What the declarations of one indicator by one unit contribute.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut in_force: Vec<(Day, &Declaration)> = Vec::new();
    for (day, event) in events {
        match event {
            Event::Declared(declaration) => in_force.push((declaration.day(*day), declaration)),
            Event::Withdrawn if in_force.is_empty() => {
                out.note(Anomaly::FigureNotDeclared, *day);
            }
            Event::Withdrawn => in_force.clear(),
        }
    }
    for (day, declaration) in in_force {
        let code = declaration.code();
        out.add_of(Measure::FigureDeclared, day, 1, FacetKind::Declared, &code);
    }
}

/// Bytes of a declaration's code without its note: an indicator, three days, two numbers, a word.
const CODE_PARTS_BYTES_MAX: usize = 64 + 3 * 10 + 2 * 10 + 11 + 7;

const _: () = assert!(CODE_PARTS_BYTES_MAX + TEXT_BYTES_MAX <= crate::limits::STATEMENT_BYTES_MAX);
