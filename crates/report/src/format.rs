//! The formats, and what they are called outside.

use crate::answer::{FormAnswer, csv};
use crate::document::Document;
use crate::error::RenderError;

/// How something is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The public JSON.
    Json,
    /// Comma-separated, plain numbers.
    Csv,
    /// A workbook.
    Xlsx,
    /// A text document that can be edited.
    Docx,
    /// Pages.
    Pdf,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Xlsx, Self::Docx, Self::Pdf];
    /// Their words, in the same order.
    pub const WORDS: [&'static str; 5] = ["json", "csv", "xlsx", "docx", "pdf"];

    /// `xlsx`: in a query, and behind the dot of a file's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
        }
    }

    /// Reads a word of [`Format::WORDS`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pdf => "application/pdf",
        }
    }

    /// Whether a terminal would be spoilt by it.
    pub const fn is_binary(self) -> bool {
        match self {
            Self::Json | Self::Csv => false,
            Self::Xlsx | Self::Docx | Self::Pdf => true,
        }
    }

    /// A form in this format.
    pub fn form(self, form: &FormAnswer) -> Result<Vec<u8>, RenderError> {
        match self {
            Self::Json => Ok((form.pretty().map_err(std::io::Error::from)? + "\n").into_bytes()),
            Self::Csv => Ok(csv::csv(form).into_bytes()),
            Self::Xlsx => crate::xlsx(&form.document()),
            Self::Docx => crate::docx(&form.document()),
            Self::Pdf => crate::pdf(&form.document()),
        }
    }

    /// A document in this format; none if only a form has it.
    pub fn document(self, document: &Document) -> Option<Result<Vec<u8>, RenderError>> {
        match self {
            Self::Json | Self::Csv => None,
            Self::Xlsx => Some(crate::xlsx(document)),
            Self::Docx => Some(crate::docx(document)),
            Self::Pdf => Some(crate::pdf(document)),
        }
    }
}
