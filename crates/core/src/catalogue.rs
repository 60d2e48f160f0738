//! The catalogue: indicators and forms as data. The rows come from files; what they may say is
//! here.

use crate::calendar::Calendar;
use crate::checks::Check;
use std::borrow::Cow;

use crate::day::{Day, Window};
use crate::measure::{FacetKind, Measure};

mod term;
pub use term::{Counted, Only, Reading, Term};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// How the value of an indicator is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The sum of terms.
    Sum(Vec<Term>),
    /// How many codes of the facet have a positive flow of these measures together; never added
    /// over days or units.
    Distinct(FacetKind, Vec<Measure>),
    /// Two sums kept apart; the percentage is made when shown.
    Ratio {
        /// The numerator.
        part: Vec<Term>,
        /// The denominator.
        whole: Vec<Term>,
    },
    /// What units declared; no system emits it.
    Declared {
        /// The id of the indicator, which declarations name.
        indicator: String,
        /// How what was declared may be added.
        nature: Nature,
    },
}

impl Rule {
    /// The terms that it sums; none of a distinct count.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        let (one, other): (&[Term], &[Term]) = match self {
            Self::Sum(terms) => (terms, &[]),
            Self::Ratio { part, whole } => (part, whole),
            Self::Distinct(..) | Self::Declared { .. } => (&[], &[]),
        };
        one.iter().chain(other)
    }

    /// The facets whose cells must be read, with the measure that is read under each.
    pub fn facets_read(&self) -> impl Iterator<Item = (FacetKind, Measure)> {
        let narrowed = self.terms().filter_map(|term| {
            let (kind, _) = term.only.code.as_ref()?;
            Some((*kind, term.counted.measure()?))
        });
        let distinct = match self {
            Self::Distinct(kind, measures) => {
                Some(measures.iter().map(|measure| (*kind, *measure)))
            }
            Self::Sum(_) | Self::Ratio { .. } | Self::Declared { .. } => None,
        };
        narrowed.chain(distinct.into_iter().flatten())
    }

    /// The measures whose cells must be read.
    pub fn measures(&self) -> impl Iterator<Item = Measure> {
        let distinct: &[Measure] = match self {
            Self::Distinct(_, measures) => measures,
            Self::Sum(_) | Self::Ratio { .. } | Self::Declared { .. } => &[],
        };
        self.terms().filter_map(|term| term.counted.measure()).chain(distinct.iter().copied())
    }

    /// Whether it is a figure as of a day: all that it is made of stands at the end of the window's
    /// last day, so that the other days do not matter. What was carried into a window does not.
    pub fn is_as_of_a_day(&self) -> bool {
        match self {
            Self::Sum(_) | Self::Ratio { .. } => self.terms().all(|term| match term.counted {
                Counted::Amounts(reading, _) => reading == Reading::Closing,
                Counted::Units | Counted::UnitsWith(_) => true,
            }),
            Self::Distinct(..) => false,
            Self::Declared { nature, .. } => *nature == Nature::Stock,
        }
    }

    /// Whether it can be read for one code of the facet alone.
    pub fn can_be_read_by(&self, kind: FacetKind) -> bool {
        match self {
            Self::Sum(_) | Self::Ratio { .. } => self.terms().all(|term| term.can_be_read_by(kind)),
            Self::Distinct(..) | Self::Declared { .. } => false,
        }
    }
}

/// The nature of an indicator: how it may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Over days and units.
    Flow,
    /// Over units, not over days.
    Stock,
    /// Over neither.
    Distinct,
    /// Over neither; its parts may be.
    Ratio,
    /// As its rule says: it is declared, not computed.
    Declared,
}

impl Nature {
    /// The word of a catalogue file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Stock => "stock",
            Self::Distinct => "distinct",
            Self::Ratio => "ratio",
            Self::Declared => "declared",
        }
    }

    /// Reads the word of a catalogue file.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Flow, Self::Stock, Self::Distinct, Self::Ratio, Self::Declared]
            .into_iter()
            .find(|nature| nature.word() == word)
    }
}

/// What a figure is of (chỉ tiêu).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// `dossiers.settled`.
    pub id: String,
    /// What it is called.
    pub label: Label,
    /// What is counted (đơn vị tính): hồ sơ, văn bản, ….
    pub counted: Label,
    /// How it may be added.
    pub nature: Nature,
    /// How it is read.
    pub rule: Rule,
    /// Decree and article, or how the definition was chosen.
    pub source: String,
    /// The first day on which it is asked for, if it was not always.
    pub valid_from: Option<Day>,
    /// The last day on which it is asked for, if it has ended.
    pub valid_to: Option<Day>,
}

impl Indicator {
    /// Whether it is asked for on the day.
    pub fn is_valid_on(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether it is asked for on some day of the window.
    pub fn is_asked_in(&self, window: Window) -> bool {
        self.valid_from.is_none_or(|from| from <= window.to)
            && self.valid_to.is_none_or(|to| window.from <= to)
    }

    /// How it is added: the nature of what is declared, where it is declared.
    pub const fn adds_as(&self) -> Nature {
        match self.rule {
            Rule::Declared { nature, .. } => nature,
            Rule::Sum(_) | Rule::Distinct(..) | Rule::Ratio { .. } => self.nature,
        }
    }
}

/// A column of a form, or a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// `c3`, `noDueDate`, `3.1`.
    pub key: String,
    /// What it is called.
    pub label: Label,
    /// What it is called below its group, where the group says the rest.
    pub short: Option<Label>,
    /// The number of its column in the printed form: `3`.
    pub number: Option<String>,
    /// Whether it stands beside the form, not in it.
    pub memo: bool,
    /// Whether it is read for the province of the unit that is asked for, not for the unit.
    pub of_province: bool,
    /// The place of its indicator in [`Catalogue::indicators`].
    pub indicator: usize,
}

/// Columns under one head; one that lies inside another is a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are called together.
    pub label: Label,
    /// The place of the first slot.
    pub first: usize,
    /// The place of the last slot, counted.
    pub last: usize,
}

/// A column that equals the sum of others in every row: 3 = 4 + 5 + 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The place of the slot that is the sum.
    pub whole: usize,
    /// The places of the slots that are added.
    pub parts: Vec<usize>,
}

/// What the rows of a form are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A row for each unit of the subtree with anything to show, then `TOTAL`; the slots are
    /// columns.
    ByUnit,
    /// A row for each code of the facet, then `TOTAL`; the slots are columns.
    ByFacet(FacetKind),
    /// The slots are the rows; one column, `value`.
    List,
}

/// A form (biểu mẫu): figures laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// `bieu-06a`.
    pub id: String,
    /// What it is called.
    pub label: Label,
    /// Circular and form number.
    pub source: String,
    /// What its rows are.
    pub layout: Layout,
    /// Its columns or rows.
    pub slots: Vec<Slot>,
    /// How its columns are grouped when it is printed, in the order of the file.
    pub groups: Vec<Group>,
    /// Which columns are sums of others.
    pub identities: Vec<Identity>,
    /// The sections of a report in words, in order; none of a form that is a table.
    pub sections: Vec<Section>,
}

impl Form {
    /// The form without the columns that are not asked for on any day of the window. The rows of a
    /// list are left out when it is filled in: its sections name them by their places.
    pub fn asked_in(&self, window: Window, indicators: &[Indicator]) -> Cow<'_, Self> {
        let is_asked = |slot: &Slot| {
            indicators.get(slot.indicator).is_some_and(|held| held.is_asked_in(window))
        };
        if self.layout == Layout::List || self.slots.iter().all(is_asked) {
            return Cow::Borrowed(self);
        }
        let mut next = 0_usize;
        let places: Vec<Option<usize>> = self
            .slots
            .iter()
            .map(|slot| {
                let place = is_asked(slot).then_some(next);
                next += usize::from(place.is_some());
                place
            })
            .collect();
        let place = |old: &usize| places.get(*old).copied().flatten();
        let group = |group: &Group| {
            let kept = || (group.first..=group.last).filter_map(|old| place(&old));
            Some(Group {
                label: group.label.clone(),
                first: kept().next()?,
                last: kept().next_back()?,
            })
        };
        let identity = |identity: &Identity| {
            let parts = identity.parts.iter().map(place).collect::<Option<_>>()?;
            Some(Identity { whole: place(&identity.whole)?, parts })
        };
        Cow::Owned(Self {
            slots: self.slots.iter().filter(|slot| is_asked(slot)).cloned().collect(),
            groups: self.groups.iter().filter_map(group).collect(),
            identities: self.identities.iter().filter_map(identity).collect(),
            ..self.clone()
        })
    }
}

/// A section of a report in words (mục của báo cáo).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `A.II.2.1`: its parts make the levels.
    pub number: String,
    /// What it is called.
    pub label: Label,
    /// Whether a unit's own text stands in it (`narrative.submitted` under this number).
    pub narrative: bool,
    /// Sentences with places for figures.
    pub lines: Vec<Line>,
    /// The places of the slots that stand in a table at its end.
    pub table: Vec<usize>,
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Vietnamese.
    pub vi: Vec<Piece>,
    /// English.
    pub en: Vec<Piece>,
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// The figure of a slot.
    Figure {
        /// The place of the slot.
        slot: usize,
        /// Whether a ratio is shown in percent; else as its parts.
        percent: bool,
    },
}

/// All that is read from catalogue files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Indicators, in the order of the file.
    pub indicators: Vec<Indicator>,
    /// Forms.
    pub forms: Vec<Form>,
    /// Calendars; the first is the default.
    pub calendars: Vec<Calendar>,
    /// What must hold between figures.
    pub checks: Vec<Check>,
}

impl Catalogue {
    /// The indicator of this id.
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.id == id)
    }

    /// The form of this id.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.id == id)
    }

    /// The calendar of this name.
    pub fn calendar(&self, name: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.name == name)
    }
}
