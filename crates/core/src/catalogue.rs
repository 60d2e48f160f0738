//! The catalogue: indicators and forms as data. The rows come from files; what they may say is
//! here.

use crate::calendar::Calendar;
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
}

impl Rule {
    /// The terms that it sums; none of a distinct count.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        let (one, other): (&[Term], &[Term]) = match self {
            Self::Sum(terms) => (terms, &[]),
            Self::Ratio { part, whole } => (part, whole),
            Self::Distinct(..) => (&[], &[]),
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
            Self::Sum(_) | Self::Ratio { .. } => None,
        };
        narrowed.chain(distinct.into_iter().flatten())
    }

    /// Whether it can be read for one code of the facet alone.
    pub fn can_be_read_by(&self, kind: FacetKind) -> bool {
        match self {
            Self::Sum(_) | Self::Ratio { .. } => self.terms().all(|term| term.can_be_read_by(kind)),
            Self::Distinct(..) => false,
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
}

impl Nature {
    /// The word of a catalogue file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Stock => "stock",
            Self::Distinct => "distinct",
            Self::Ratio => "ratio",
        }
    }

    /// Reads the word of a catalogue file.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Flow, Self::Stock, Self::Distinct, Self::Ratio]
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
}

/// A column of a form, or a row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// `c3`, `noDueDate`, `3.1`.
    pub key: String,
    /// What it is called.
    pub label: Label,
    /// The place of its indicator in [`Catalogue::indicators`].
    pub indicator: usize,
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
