//! The columns of a template: the attributes that a person gives, and the fields of the data.

use anyhow::Context;
use serde_json::Value;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::describe::{self, FieldText, WordText};
use tonghop_wire::kind::{Field, Form, Kind};

use super::example;
use super::words::{Explained, Words};
use crate::settings::Lang;
use crate::table::Cell;

/// The last part of the source of tables.
const SYSTEM: &str = "bang-tinh";
/// The heading of the unit.
const UNIT: &str = "Mã đơn vị báo cáo";
/// The heading of what is taken away.
const REPLACES: &str = "Mã (id) sự kiện bị rút";

/// How a cell is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is; numbers and dates too.
    Text,
    /// A day.
    Day,
    /// A day with an hour.
    DayAndHour,
    /// A whole number.
    Number,
    /// One of these.
    OneOf(Vec<String>),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// The attribute, or `data.` and the field.
    pub(super) target: String,
    pub(super) heading: String,
    pub(super) required: bool,
    pub(super) style: Style,
    /// Words of the column and what they mean, in the order of the contract.
    pub(super) words: Vec<(String, &'static str)>,
    /// What the contract says of it, or the same to a clerk in Vietnamese.
    pub(super) about: String,
    pub(super) example: Cell,
    /// The hour of a day that has none.
    pub(super) hour: Option<String>,
}

/// A table for a kind of event.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) kind: Kind,
    pub(super) unit: Option<UnitCode>,
    pub(super) columns: Vec<Column>,
    /// The subject, where it is always the same.
    pub(super) subject: Option<String>,
    pub(super) key: Vec<String>,
    /// The subject of the example row.
    pub(super) example: Option<String>,
}

impl Template {
    /// The table for the kind; with a unit, all rows are of that one.
    pub(super) fn of(kind: Kind, unit: Option<UnitCode>, lang: Lang) -> anyhow::Result<Self> {
        let words = Words::read()?;
        let event = example(kind)?;
        let said = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut columns = Vec::new();
        let plain = |target: &str, heading: &str, about: &str| Column {
            target: target.to_owned(),
            heading: heading.to_owned(),
            required: true,
            style: Style::Text,
            words: Vec::new(),
            about: about.to_owned(),
            example: text(said(target)),
            hour: None,
        };
        if unit.is_none() {
            columns.push(plain("unit", UNIT, "The unit that speaks: H41.16."));
        }
        let heading = words.subject(kind);
        columns
            .extend(heading.map(|heading| plain("subject", heading, describe::kind(kind).subject)));
        columns.push(Column {
            style: Style::DayAndHour,
            example: moment(said("time"))?,
            hour: Some(words.hour(kind).to_owned()),
            ..plain("time", words.time(kind), "When it happened, local.")
        });
        if kind.spec().word == "retracted" {
            columns.push(plain("replaces", REPLACES, describe::kind(kind).about));
        }
        for (field, said) in describe::fields(kind) {
            let value = event.get("data").and_then(|data| data.get(field.json));
            columns.push(of_field(field, said, value)?);
        }
        if lang == Lang::Vi {
            let explained = Explained::read()?;
            for column in &mut columns {
                if let Some(about) = explained.of(kind, &column.target) {
                    about.clone_into(&mut column.about);
                }
            }
        }
        let subject = match heading {
            Some(_) => None,
            // What speaks of a source speaks of itself.
            None if said("subject").starts_with('/') => Some(source()),
            None => Some(said("subject").to_owned()),
        };
        let example = heading.map(|_| said("subject").to_owned());
        Ok(Self { kind, unit, columns, subject, key: words.key(kind).to_vec(), example })
    }
}

/// The source of the rows, in the words of a mapping.
pub(super) fn source() -> String {
    format!("/{{unit}}/{SYSTEM}")
}

fn of_field(
    field: &'static Field,
    said: &'static FieldText,
    example: Option<&Value>,
) -> anyhow::Result<Column> {
    let words = said.set.map_or(&[][..], |set| set.words);
    // A list of a spreadsheet is separated by commas.
    let called = |word: &WordText| word.vietnamese.replace(", ", " ");
    let meanings: Vec<(String, &str)> =
        words.iter().map(|word| (called(word), word.word)).collect();
    let style = match field.form {
        Form::Day => Style::Day,
        Form::Moment => Style::DayAndHour,
        Form::Flag => Style::OneOf(vec!["có".to_owned(), "không".to_owned()]),
        Form::Count => Style::Number,
        Form::Word(_) => Style::OneOf(meanings.iter().map(|(called, _)| called.clone()).collect()),
        Form::Text
        | Form::LongText
        | Form::Code
        | Form::Procedure
        | Form::Unit
        | Form::Codes
        | Form::Parts(_) => Style::Text,
    };
    let example = match (example, &style) {
        (None | Some(Value::Null), _) => Cell::Empty,
        (Some(Value::Bool(flag)), _) => text(if *flag { "có" } else { "không" }),
        (Some(Value::Number(number)), _) => {
            Cell::Number(number.as_f64().context("a number of an example")?)
        }
        (Some(Value::String(said)), Style::Day | Style::DayAndHour) => moment(said)?,
        (Some(Value::String(said)), _) => {
            let called = meanings.iter().find(|(_, word)| word == said);
            text(called.map_or(said, |(called, _)| called))
        }
        (Some(parts), _) => text(&parts.to_string()),
    };
    Ok(Column {
        target: format!("data.{}", field.json),
        heading: first_upper(said.vietnamese),
        required: field.required,
        style,
        words: meanings,
        about: said.about.to_owned(),
        example,
        hour: None,
    })
}

/// A heading begins with a capital letter.
fn first_upper(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

/// A day or an instant as a date cell, local.
fn moment(said: &str) -> anyhow::Result<Cell> {
    let day = said.parse::<chrono::NaiveDate>().map(|day| day.and_time(chrono::NaiveTime::MIN));
    Ok(Cell::Moment(match day {
        Ok(at) => at,
        Err(_) => chrono::DateTime::parse_from_rfc3339(said)
            .with_context(|| format!("{said:?} of an example"))?
            .naive_local(),
    }))
}
