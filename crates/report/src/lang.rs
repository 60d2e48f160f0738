//! The language of what is written.

use serde::{Deserialize, Serialize};
use tonghop_core::catalogue::Label;

/// The language of labels; forms are Vietnamese by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Vietnamese.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Reads `vi` or `en`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// `vi` or `en`.
    pub const fn word(self) -> &'static str {
        self.choose("vi", "en")
    }

    /// The text of a label in this language.
    pub fn of(self, label: &Label) -> &str {
        match self {
            Self::Vi => &label.vi,
            Self::En => &label.en,
        }
    }

    /// One of two texts.
    pub const fn choose<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}
