//! Checks (quy tắc kiểm tra): what must hold between figures, as rows of a catalogue file.

use crate::catalogue::Label;
use crate::declared::Range;

/// A rule: one sum of figures against another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `dossiers.account`.
    pub id: String,
    /// What must hold, in words.
    pub label: Label,
    /// What stands on the left.
    pub left: Vec<Operand>,
    /// How the sides relate.
    pub relation: Relation,
    /// What stands on the right.
    pub right: Vec<Operand>,
    /// What a figure that nobody gave means.
    pub when_missing: WhenMissing,
    /// How much it matters.
    pub severity: Severity,
}

impl Check {
    /// What stands on both sides.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.left.iter().chain(&self.right)
    }
}

/// A part of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operand {
    /// Whether it is taken away.
    pub negative: bool,
    /// Whether it counts as 0 when nobody gave it, even if the check else says nothing then.
    pub optional: bool,
    /// What it is.
    pub term: Quantity,
}

/// What a part of a sum is. A place is one in the catalogue's indicators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The number, or the numerator.
    Of(usize),
    /// What the number is a part of.
    Whole(usize),
    /// A number that stands in the rule.
    Number(u32),
}

impl Quantity {
    /// The place of its indicator, if it has one.
    pub const fn indicator(self) -> Option<usize> {
        match self {
            Self::Of(place) | Self::Whole(place) => Some(place),
            Self::Number(_) => None,
        }
    }
}

/// How two sides relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are equal.
    Equal,
    /// The left is not more than the right.
    AtMost,
    /// The left is not less than the right.
    AtLeast,
}

impl Relation {
    /// Every relation.
    pub const ALL: &'static [Self] = &[Self::Equal, Self::AtMost, Self::AtLeast];

    /// The sign of a catalogue file.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it can hold: some number of the left and some of the right are so related.
    pub fn can_hold(self, left: Range, right: Range) -> bool {
        let not_over =
            |a: Range, b: Range| a.rough || b.rough || b.high.is_none_or(|high| a.low <= high);
        match self {
            Self::Equal => left.agrees(right),
            Self::AtMost => not_over(left, right),
            Self::AtLeast => not_over(right, left),
        }
    }
}

/// What a figure that nobody gave means for a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenMissing {
    /// The check says nothing.
    Skip,
    /// It counts as 0, as long as one figure of its side is given.
    Zero,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be so.
    Error,
    /// It should be looked at.
    Warning,
    /// It is good to know.
    Advice,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: &'static [Self] = &[Self::Error, Self::Warning, Self::Advice];

    /// The word of a catalogue file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}
