//! The catalogue files: indicators, forms, calendars and rules as TOML, checked against what `core`
//! knows.
//!
//! A new indicator or form is a row of a file, not code. The files of this version come first; a
//! row of an extra file takes the place of the row of the same name, or is added. An indicator of
//! `declared.toml` stands for as long as no other file says how it is computed.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::Catalogue;

use crate::similar::most_similar;

mod calendars;
mod checks;
mod forms;
mod indicators;
mod outlines;

/// A catalogue file says something that it may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct CatalogueError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what may be meant.
    pub problem: String,
}

/// A file of rows: `[[indicator]]`, `[[form]]`, `[[outline]]`, `[[calendar]]`, `[[rule]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueFile {
    /// What it is called in errors: its path.
    pub name: String,
    /// What it says.
    pub text: String,
}

impl CatalogueFile {
    /// A file of this name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// The catalogue that this version was built with.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    catalogue_with(&[])
}

/// The catalogue that this version was built with, and what these files add or replace.
pub fn catalogue_with(extra: &[CatalogueFile]) -> Result<Catalogue, CatalogueError> {
    catalogue_of(&own_files(), extra)
}

/// The files of this version.
pub fn own_files() -> [CatalogueFile; 6] {
    [
        CatalogueFile::new("indicators.toml", include_str!("../catalogue/indicators.toml")),
        CatalogueFile::new("forms.toml", include_str!("../catalogue/forms.toml")),
        CatalogueFile::new("cchc.toml", include_str!("../catalogue/cchc.toml")),
        CatalogueFile::new("calendars.toml", include_str!("../catalogue/calendars.toml")),
        CatalogueFile::new("rules.toml", include_str!("../catalogue/rules.toml")),
        CatalogueFile::new(FALLBACK, include_str!("../catalogue/declared.toml")),
    ]
}

/// The file of a version whose rows stand only where no other file has them.
const FALLBACK: &str = "declared.toml";

/// The catalogue of the files of a version, which may be another than this one, and of what these
/// files add or replace.
pub fn catalogue_of(
    own: &[CatalogueFile],
    extra: &[CatalogueFile],
) -> Result<Catalogue, CatalogueError> {
    let (fallback, own): (Vec<CatalogueFile>, Vec<CatalogueFile>) =
        own.iter().cloned().partition(|file| file.name == FALLBACK);
    from_files(&[&own, extra], &fallback)
}

/// A catalogue of these files alone.
pub fn from_texts(
    indicators: &str,
    forms: &str,
    calendars: &str,
) -> Result<Catalogue, CatalogueError> {
    let files = [
        CatalogueFile::new("indicators.toml", indicators),
        CatalogueFile::new("forms.toml", forms),
        CatalogueFile::new("calendars.toml", calendars),
    ];
    from_files(&[&files], &[])
}

fn from_files(
    layers: &[&[CatalogueFile]],
    fallback: &[CatalogueFile],
) -> Result<Catalogue, CatalogueError> {
    let mut layers: Vec<Vec<Read<'_>>> =
        layers.iter().map(|files| read_all(files)).collect::<Result<_, _>>()?;
    let mut fallback = vec![read_all(fallback)?];
    let mut rows = merged(&mut layers, |t| std::mem::take(&mut t.indicator), |row| &row.id)?;
    for row in merged(&mut fallback, |t| std::mem::take(&mut t.indicator), |row| &row.id)? {
        if !rows.iter().any(|(_, held)| held.id.get_ref() == row.1.id.get_ref()) {
            rows.push(row);
        }
    }
    let indicators = indicators::read(rows)?;
    let rows = merged(&mut layers, |t| std::mem::take(&mut t.form), |row| &row.id)?;
    let mut forms = forms::read(rows, &indicators)?;
    let rows = merged(&mut layers, |t| std::mem::take(&mut t.outline), |row| &row.id)?;
    forms.extend(outlines::read(rows, &indicators, &forms)?);
    let rows = merged(&mut layers, |t| std::mem::take(&mut t.calendar), |row| &row.name)?;
    let calendars = calendars::read(rows)?;
    let rows = merged(&mut layers, |t| std::mem::take(&mut t.rule), |row| &row.id)?;
    let checks = checks::read(rows, &indicators)?;
    Ok(Catalogue { indicators, forms, calendars, checks })
}

/// What a file may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    #[serde(default)]
    indicator: Vec<indicators::Row>,
    #[serde(default)]
    form: Vec<forms::Row>,
    #[serde(default)]
    outline: Vec<outlines::Row>,
    #[serde(default)]
    calendar: Vec<calendars::Row>,
    #[serde(default)]
    rule: Vec<checks::Row>,
}

/// A file that was read.
struct Read<'a> {
    source: Source<'a>,
    tables: Tables,
}

fn read_all(files: &[CatalogueFile]) -> Result<Vec<Read<'_>>, CatalogueError> {
    let read = |file: &'_ CatalogueFile| -> Result<Tables, CatalogueError> {
        Source { file: &file.name, text: &file.text }.parse()
    };
    files
        .iter()
        .map(|file| {
            let source = Source { file: &file.name, text: &file.text };
            Ok(Read { source, tables: read(file)? })
        })
        .collect()
}

/// The rows of one kind with the files that they stand in; those of a later layer take the places
/// of those of the same name.
fn merged<'a, R>(
    layers: &mut [Vec<Read<'a>>],
    take: impl Fn(&mut Tables) -> Vec<R>,
    name: impl Fn(&R) -> &Spanned<String>,
) -> Result<Vec<(Source<'a>, R)>, CatalogueError> {
    let mut all: Vec<(Source<'a>, R)> = Vec::new();
    for layer in layers {
        let mut added: Vec<(Source<'a>, R)> = Vec::new();
        for read in layer {
            for row in take(&mut read.tables) {
                let same =
                    |held: &&(Source<'a>, R)| name(&held.1).get_ref() == name(&row).get_ref();
                if let Some((first, held)) = added.iter().find(same) {
                    let (file, line) = (first.file, first.line(name(held).span().start));
                    let problem = format!(
                        "{:?} is there twice, first at {file}:{line}",
                        name(&row).get_ref()
                    );
                    return Err(read.source.error(&name(&row).span(), problem));
                }
                added.push((read.source, row));
            }
        }
        for row in added {
            let place =
                all.iter_mut().find(|held| name(&held.1).get_ref() == name(&row.1).get_ref());
            match place {
                Some(place) => *place = row,
                None => all.push(row),
            }
        }
    }
    Ok(all)
}

/// A file, to tell where in it something is wrong.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn parse(&self) -> Result<Tables, CatalogueError> {
        toml::from_str(self.text)
            .map_err(|why| self.error(&why.span().unwrap_or(0..0), why.message()))
    }

    /// What a value means, or that it is no such thing.
    fn value<T>(
        &self,
        text: &Spanned<String>,
        what: &str,
        meaning: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, CatalogueError> {
        let value = text.get_ref();
        meaning(value).ok_or_else(|| self.error(&text.span(), format!("{value:?} is no {what}")))
    }

    /// The same for one of a list of words: if it is none of them, the nearest is told.
    fn known<'k, T>(
        &self,
        text: &Spanned<String>,
        what: &str,
        meaning: impl FnOnce(&str) -> Option<T>,
        words: impl Iterator<Item = &'k str>,
    ) -> Result<T, CatalogueError> {
        self.value(text, what, meaning).map_err(|mut error| {
            let words: Vec<String> = words.map(str::to_owned).collect();
            if let Some(similar) = most_similar(text.get_ref(), &words) {
                error.problem.extend(["; did you mean ", similar, "?"]);
            } else if words.len() <= WORDS_TOLD_MAX {
                error.problem.extend(["; it is one of ", &words.join(", ")]);
            }
            error
        })
    }

    /// Says if a key is there twice.
    fn once<'k>(
        &self,
        keys: impl Iterator<Item = &'k Spanned<String>>,
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

    fn line(&self, place: usize) -> usize {
        1 + self.text.bytes().take(place).filter(|byte| *byte == b'\n').count()
    }

    fn error(&self, span: &Range<usize>, problem: impl Into<String>) -> CatalogueError {
        let line = self.line(span.start);
        CatalogueError { file: self.file.to_owned(), line, problem: problem.into() }
    }
}

/// Words that an error lists when none of them is near.
const WORDS_TOLD_MAX: usize = 12;

#[cfg(test)]
mod tests;
