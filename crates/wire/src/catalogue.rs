//! The catalogue files: indicators, forms and calendars as TOML, checked against what `core` knows.
//!
//! A new indicator or form is a row of a file in `catalogue/`, not code.

use std::ops::Range;

use serde::de::DeserializeOwned;
use tonghop_core::catalogue::Catalogue;

mod calendars;
mod forms;
mod indicators;

/// The names by which the files are told in errors.
const INDICATORS: &str = "indicators.toml";
const FORMS: &str = "forms.toml";
const CALENDARS: &str = "calendars.toml";

/// A catalogue file says something that it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct CatalogueError {
    /// The file.
    pub file: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// The catalogue that this version was built with.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    from_texts(
        include_str!("../catalogue/indicators.toml"),
        include_str!("../catalogue/forms.toml"),
        include_str!("../catalogue/calendars.toml"),
    )
}

/// A catalogue of these files.
pub fn from_texts(
    indicators: &str,
    forms: &str,
    calendars: &str,
) -> Result<Catalogue, CatalogueError> {
    let indicators = indicators::read(&Source { file: INDICATORS, text: indicators })?;
    let forms = forms::read(&Source { file: FORMS, text: forms }, &indicators)?;
    let calendars = calendars::read(&Source { file: CALENDARS, text: calendars })?;
    Ok(Catalogue { indicators, forms, calendars })
}

/// A file, to tell where in it something is wrong.
struct Source<'a> {
    file: &'static str,
    text: &'a str,
}

impl Source<'_> {
    fn parse<T: DeserializeOwned>(&self) -> Result<T, CatalogueError> {
        toml::from_str(self.text)
            .map_err(|why| self.error(&why.span().unwrap_or(0..0), why.message()))
    }

    /// What a value means, or that it is no such thing.
    fn value<T>(
        &self,
        text: &toml::Spanned<String>,
        what: &str,
        meaning: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, CatalogueError> {
        let value = text.get_ref();
        meaning(value).ok_or_else(|| self.error(&text.span(), format!("{value:?} is no {what}")))
    }

    /// Says if a key is there twice.
    fn once<'k>(
        &self,
        keys: impl Iterator<Item = &'k toml::Spanned<String>>,
    ) -> Result<(), CatalogueError> {
        let mut seen: Vec<&str> = Vec::new();
        for key in keys {
            if seen.contains(&key.get_ref().as_str()) {
                let problem = format!("{:?} is there twice", key.get_ref());
                return Err(self.error(&key.span(), problem));
            }
            seen.push(key.get_ref());
        }
        Ok(())
    }

    fn error(&self, span: &Range<usize>, problem: impl Into<String>) -> CatalogueError {
        let before = self.text.bytes().take(span.start);
        let line = 1 + before.filter(|byte| *byte == b'\n').count();
        CatalogueError { file: self.file, line, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests;
