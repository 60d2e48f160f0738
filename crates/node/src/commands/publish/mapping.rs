//! The mapping file of a table: which column is which attribute or field of which event.
//!
//! What can be wrong with it is found before a row is read: an attribute or a field that no kind
//! has, a word that is none of the contract's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use serde::Deserialize;
use tonghop_wire::kind::{Field, Form, Kind};
use tonghop_wire::most_similar;

use crate::table::{Cell, heading};

pub(super) mod values;

/// When a day without an hour counts, unless the mapping says otherwise.
const HOUR: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(at) => at,
    None => NaiveTime::MIN,
};
/// The most events of a row.
const EVENTS_MAX: usize = 16;
/// What a key may be made of, beside the fields of data.
const KEY_PARTS: [&str; 4] = ["day", "replaces", "time", "year"];

/// A mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// The sheet of a workbook; the first one, if none is named.
    pub(super) sheet: Option<String>,
    /// The row with the headings; looked for, if it is not said.
    pub(super) header_row: Option<u64>,
    /// The subject of the example row of a template, which is not published.
    pub(super) example: Option<String>,
    /// What each row says.
    #[serde(rename = "event")]
    pub(super) events: Vec<EventMapping>,
}

/// One event of each row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventMapping {
    #[serde(rename = "type")]
    pub(super) kind: Given,
    pub(super) source: Given,
    pub(super) unit: Given,
    pub(super) subject: Given,
    pub(super) time: Given,
    pub(super) id: Option<Given>,
    pub(super) sequence: Option<Given>,
    pub(super) replaces: Option<Given>,
    /// A column: the row says the event only if something stands in it.
    pub(super) only_if: Option<String>,
    /// What tells rows of one subject apart.
    #[serde(default)]
    pub(super) key: Vec<String>,
    #[serde(default)]
    pub(super) data: BTreeMap<String, Given>,
}

/// What a value is given by.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "give a text, true, false, a whole number or { column = \"…\" }")]
pub(super) enum Given {
    Flag(bool),
    Number(u32),
    Text(String),
    Column(Column),
}

/// A column of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    /// Its heading.
    #[serde(rename = "column")]
    pub(super) heading: String,
    /// What the words in it mean.
    #[serde(default)]
    pub(super) words: BTreeMap<String, String>,
    /// What an empty cell means; nothing, if it is not said.
    pub(super) empty: Option<Constant>,
    /// The hour at which a day without one counts.
    pub(super) at: Option<String>,
}

/// A value that the mapping itself gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "give a text, true, false or a whole number")]
pub(super) enum Constant {
    Flag(bool),
    Number(u32),
    Text(String),
}

impl Constant {
    fn cell(&self) -> Cell {
        match self {
            Self::Flag(flag) => Cell::Flag(*flag),
            Self::Number(number) => Cell::Number(f64::from(*number)),
            Self::Text(text) if text.trim().is_empty() => Cell::Empty,
            Self::Text(text) => Cell::Text(text.clone()),
        }
    }
}

impl Given {
    /// The column that it is read from, if it is.
    pub(super) fn column(&self) -> Option<&Column> {
        match self {
            Self::Column(column) => Some(column),
            Self::Flag(_) | Self::Number(_) | Self::Text(_) => None,
        }
    }

    /// What it says where it is no column, or where the cell is empty.
    pub(super) fn constant(&self) -> Cell {
        match self {
            Self::Flag(flag) => Cell::Flag(*flag),
            Self::Number(number) => Cell::Number(f64::from(*number)),
            Self::Text(text) => Constant::Text(text.clone()).cell(),
            Self::Column(column) => column.empty.as_ref().map_or(Cell::Empty, Constant::cell),
        }
    }
}

impl Column {
    /// What the word means, compared like a heading.
    pub(super) fn word(&self, text: &str) -> Option<&str> {
        if let Some(meaning) = self.words.get(text) {
            return Some(meaning);
        }
        let text = heading(text);
        let found = self.words.iter().find(|(word, _)| heading(word) == text);
        found.map(|(_, meaning)| meaning.as_str())
    }

    /// The hour of a day without one.
    pub(super) fn hour(&self) -> NaiveTime {
        self.at.as_deref().and_then(values::clock).unwrap_or(HOUR)
    }
}

/// The hour of a day that the mapping itself gives.
pub(super) const fn hour_of_constants() -> NaiveTime {
    HOUR
}

/// A kind as people name it: `dossier.accepted`, or the whole type.
pub(super) fn kind_of(text: &str) -> Option<Kind> {
    let name = text.strip_prefix("vn.tonghop.").and_then(|rest| rest.strip_suffix(".v1"));
    Kind::parse(name.unwrap_or(text))
}

/// The field of the kind that the mapping names.
pub(super) fn field_of(kind: Kind, name: &str) -> Option<&'static Field> {
    kind.spec().fields.iter().find(|field| field.json == name || field.proto == name)
}

impl Mapping {
    /// Reads it, and checks all that can be checked without a table.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|why| why.to_string())?;
        let mut problems = Vec::new();
        if mapping.events.is_empty() || mapping.events.len() > EVENTS_MAX {
            problems.push(format!("there must be 1 to {EVENTS_MAX} tables [[event]]"));
        }
        for event in &mapping.events {
            event.check(&mut problems);
        }
        if problems.is_empty() { Ok(mapping) } else { Err(problems.join("; ")) }
    }

    /// The headings that it names.
    pub(super) fn headings(&self) -> BTreeSet<String> {
        self.events.iter().flat_map(EventMapping::headings).map(str::to_owned).collect()
    }
}

impl EventMapping {
    /// Everything that is given, by its name in the event; the fields of data as they are.
    pub(super) fn givens(&self) -> impl Iterator<Item = (&str, &Given)> {
        let named = [("type", &self.kind), ("source", &self.source), ("unit", &self.unit)];
        let more = [("subject", &self.subject), ("time", &self.time)];
        let optional =
            [("id", &self.id), ("sequence", &self.sequence), ("replaces", &self.replaces)];
        let optional =
            optional.into_iter().filter_map(|(name, given)| Some((name, given.as_ref()?)));
        let data = self.data.iter().map(|(name, given)| (name.as_str(), given));
        named.into_iter().chain(more).chain(optional).chain(data)
    }

    fn headings(&self) -> impl Iterator<Item = &str> {
        let columns = self.givens().filter_map(|(_, given)| given.column());
        columns.map(|column| column.heading.as_str()).chain(self.only_if.as_deref())
    }

    /// The kinds that it may say.
    fn kinds(&self) -> Vec<Result<Kind, &str>> {
        let texts: Vec<&str> = match &self.kind {
            Given::Text(text) => vec![text],
            Given::Column(column) => column.words.values().map(String::as_str).collect(),
            Given::Flag(_) | Given::Number(_) => vec![""],
        };
        texts.into_iter().map(|text| kind_of(text).ok_or(text)).collect()
    }

    fn check(&self, problems: &mut Vec<String>) {
        let mut kinds = Vec::new();
        for kind in self.kinds() {
            match kind {
                Ok(kind) => kinds.push(kind),
                Err(text) => {
                    problems.push(format!("type {text:?} is no kind of event{}", near_kind(text)));
                }
            }
        }
        for (name, given) in &self.data {
            let fields: Vec<&Field> =
                kinds.iter().filter_map(|kind| field_of(*kind, name)).collect();
            // A column may name kinds that the mapping does not.
            let any_kind = self.kind.column().is_some_and(|column| column.words.is_empty());
            if fields.is_empty() && !any_kind && !kinds.is_empty() {
                problems.push(format!("data.{name}: {}", no_field(name, &kinds)));
            }
            for field in fields {
                check_words(field, given, problems);
            }
        }
        for part in &self.key {
            let field = part.strip_prefix("data.").unwrap_or_default();
            if !KEY_PARTS.contains(&part.as_str()) && !self.data.contains_key(field) {
                let parts = KEY_PARTS.join(", ");
                problems.push(format!(
                    "key: {part:?} is none of {parts} and of the fields given, such as data.period"
                ));
            }
        }
        for column in self.givens().filter_map(|(_, given)| given.column()) {
            if column.at.as_deref().is_some_and(|at| values::clock(at).is_none()) {
                problems.push(format!("column {:?}: at is an hour such as 08:30", column.heading));
            }
        }
    }
}

fn near_kind(text: &str) -> String {
    let all: Vec<String> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    match most_similar(text, &all) {
        Some(similar) => format!("; did you mean {similar:?}?"),
        None => "; `tonghop template` lists them".to_owned(),
    }
}

fn no_field(name: &str, kinds: &[Kind]) -> String {
    let fields = kinds.iter().flat_map(|kind| kind.spec().fields);
    let known: Vec<String> = fields.map(|field| field.json.to_owned()).collect();
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.name()).collect();
    let kinds = kinds.join(", ");
    match most_similar(name, &known) {
        Some(similar) => format!("{kinds} has no such field; did you mean {similar:?}?"),
        None if known.is_empty() => format!("{kinds} has no fields"),
        None => format!("{kinds} has no such field; there are {}", known.join(", ")),
    }
}

/// The words of a column must mean words of the contract.
fn check_words(field: &Field, given: &Given, problems: &mut Vec<String>) {
    let Form::Word(list) = field.form else { return };
    let mut check = |word: &str| {
        if !list.iter().any(|(known, _)| *known == word) {
            let known: Vec<&str> = list.iter().map(|(known, _)| *known).collect();
            let (name, known) = (field.json, known.join(", "));
            problems.push(format!("data.{name}: {word:?} is none of {known}"));
        }
    };
    match given {
        Given::Text(word) => check(word),
        Given::Column(column) => column.words.values().for_each(|word| check(word)),
        Given::Flag(_) | Given::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
