//! Terms: what the rules of indicators are made of, as catalogue files write them.

use crate::measure::{Code, FacetKind, Measure};
use crate::words::Level;

/// How a term reads the cells of its measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// The sum over the days of the window.
    Flow,
    /// The stock at the end of the day before the window.
    Opening,
    /// The stock at the end of the window's last day.
    Closing,
    /// The stock that units had when they joined the subtree inside the window.
    MovedIn,
    /// The stock that units had when they left the subtree inside the window.
    MovedOut,
}

impl Reading {
    /// Reads the word of a catalogue file.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "flow" => Self::Flow,
            "opening" => Self::Opening,
            "closing" => Self::Closing,
            "moved_in" => Self::MovedIn,
            "moved_out" => Self::MovedOut,
            _ => return None,
        })
    }
}

/// What a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// The amounts of a measure: `closing:site.open`.
    Amounts(Reading, Measure),
    /// The units that are registered and not closed on the window's last day: `units`.
    Units,
    /// Those of them whose own stock of the measure is positive at the end of that day:
    /// `units_with:certificate.valid`. A unit counts once, however large its stock is.
    UnitsWith(Measure),
}

impl Counted {
    /// The measure that is read from cells, if one is.
    pub const fn measure(self) -> Option<Measure> {
        match self {
            Self::Amounts(_, measure) | Self::UnitsWith(measure) => Some(measure),
            Self::Units => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "units").then_some(Self::Units),
            Some(("units_with", measure)) => Measure::parse(measure).map(Self::UnitsWith),
            Some((reading, measure)) => {
                Some(Self::Amounts(Reading::parse(reading)?, Measure::parse(measure)?))
            }
        }
    }
}

/// What a term is narrowed to: `[system=ioffice,level=DEPARTMENT]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Only {
    /// The cells of this code of a facet; none: the cells of all.
    pub code: Option<(FacetKind, Code)>,
    /// The units of this level; none: all units. Of stocks and units, those that have the level
    /// on the day of the reading and are not closed; of flows, those whose last level by the end
    /// of the window it is, though they may be closed by then.
    pub level: Option<Level>,
}

impl Only {
    /// Not narrowed.
    pub const EVERYTHING: Self = Self { code: None, level: None };

    fn parse(text: &str) -> Option<Self> {
        let mut only = Self::EVERYTHING;
        for part in text.split(',') {
            let (name, value) = part.split_once('=')?;
            let is_new = if name == "level" {
                only.level.replace(Level::parse(value)?).is_none()
            } else {
                let kind = FacetKind::parse(name)?;
                let code = (!value.is_empty()).then(|| Code::from(value))?;
                only.code.replace((kind, code)).is_none()
            };
            if !is_new {
                return None;
            }
        }
        Some(only)
    }
}

/// Something counted, added or taken away: `flow:document.issued`, `-closing:dossier.overdue`,
/// `units[level=DISTRICT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Whether it is taken away.
    pub negative: bool,
    /// What is counted.
    pub counted: Counted,
    /// What it is narrowed to.
    pub only: Only,
}

impl Term {
    /// The amounts of a measure, added and not narrowed.
    pub const fn of(reading: Reading, measure: Measure) -> Self {
        let counted = Counted::Amounts(reading, measure);
        Self { negative: false, counted, only: Only::EVERYTHING }
    }

    /// Reads a term of a catalogue file; none too if the measure is not kept by the facet that it
    /// is narrowed by, for there would never be anything to read.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (text, only) = match text.split_once('[') {
            Some((text, only)) => (text, Only::parse(only.strip_suffix(']')?)?),
            None => (text, Only::EVERYTHING),
        };
        let counted = Counted::parse(text)?;
        if let Some((kind, _)) = &only.code
            && !counted.measure()?.is_kept_by(*kind)
        {
            return None;
        }
        Some(Self { negative, counted, only })
    }

    /// Whether the term can be read for one code of the facet alone.
    pub fn can_be_read_by(&self, kind: FacetKind) -> bool {
        match self.counted {
            Counted::Amounts(_, measure) => self.only.code.is_none() && measure.is_kept_by(kind),
            Counted::Units | Counted::UnitsWith(_) => false,
        }
    }
}
