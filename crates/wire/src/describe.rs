//! The contract in words: what families, kinds, fields and words are called and mean, in English
//! and Vietnamese, as the comments of `proto/` say it. What a value must be is in [`crate::kind`].
//!
//! A test asks that nothing is left without words; the build fails before it does.

use tonghop_core::words::Family;

#[allow(clippy::wildcard_imports, reason = "the generated table names every kind")]
use crate::kind::*;

/// A family in words.
#[derive(Debug, Clone, Copy)]
pub struct FamilyText {
    /// What its events are about.
    pub about: &'static str,
    /// What that is called in Vietnamese.
    pub vietnamese: &'static str,
    /// The file in `proto/` that has its messages.
    pub file: &'static str,
}

/// A kind in words.
#[derive(Debug, Clone, Copy)]
pub struct KindText {
    /// What the event says.
    pub about: &'static str,
    /// What that is called in Vietnamese.
    pub vietnamese: &'static str,
    /// When to send it.
    pub when: &'static str,
    /// What the attribute `subject` is.
    pub subject: &'static str,
    /// What the attribute `unit` is.
    pub unit: &'static str,
    /// What is refused beyond what [`Field`] says: code and condition.
    pub refused: &'static [(&'static str, &'static str)],
    /// One event in structured JSON, on one line.
    pub example: &'static str,
    /// The fields, each at the place where [`Spec::fields`] has it.
    pub fields: &'static [FieldText],
}

/// A field in words.
#[derive(Debug, Clone, Copy)]
pub struct FieldText {
    /// What it says.
    pub about: &'static str,
    /// What that is called in Vietnamese: the heading of a column.
    pub vietnamese: &'static str,
    /// The closed set that its value is from, if it is a [`Form::Word`].
    pub set: Option<&'static SetText>,
    /// The fields of its parts, if it is a [`Form::Parts`].
    pub parts: &'static [FieldText],
}

/// A closed set in words.
#[derive(Debug, Clone, Copy)]
pub struct SetText {
    /// The message that holds it in `proto/`.
    pub name: &'static str,
    /// What its words tell apart.
    pub about: &'static str,
    /// What that is called in Vietnamese.
    pub vietnamese: &'static str,
    /// The words, by number.
    pub words: &'static [WordText],
}

/// A word of a closed set in words.
#[derive(Debug, Clone, Copy)]
pub struct WordText {
    /// The word as it is written.
    pub word: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What that is called in Vietnamese.
    pub vietnamese: &'static str,
}

/// The family in words.
pub const fn family(family: Family) -> &'static FamilyText {
    family_text(family)
}

/// The kind in words.
pub const fn kind(kind: Kind) -> &'static KindText {
    kind_text(kind)
}

/// The fields of a kind, what each must be and what it is in words.
pub fn fields(kind: Kind) -> impl Iterator<Item = (&'static Field, &'static FieldText)> {
    kind.spec().fields.iter().zip(kind_text(kind).fields)
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));
