//! What people write in cells, as values of events: days, hours, yes and no, numbers, words.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value;
use tonghop_wire::kind::{Field, Form};

use super::Column;
use crate::table::{Cell, heading};

/// Numbers from here on have lost their last digits in a spreadsheet.
const EXACT_MAX: f64 = 1e15;

/// What a cell is to be read as.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands::publish) enum Want {
    /// An attribute: a text that is none of the others.
    Plain,
    /// The attribute `time`.
    Time,
    /// A field of data.
    Field(&'static Field),
}

/// The value of a cell, none if it is empty; or why it is none, in words that follow the cell.
pub(in crate::commands::publish) fn value(
    cell: &Cell,
    want: Want,
    column: Option<&Column>,
    hour: NaiveTime,
) -> Result<Option<Value>, String> {
    match cell {
        Cell::Empty => return Ok(None),
        Cell::Error(_) | Cell::Merged(_) => cell.text().map(drop)?,
        Cell::Text(_) | Cell::Number(_) | Cell::Flag(_) | Cell::Moment(_) => {}
    }
    let meant = column.filter(|column| !column.words.is_empty());
    let is_flag = matches!(want, Want::Field(Field { form: Form::Flag, .. }));
    if let Some(column) = meant {
        return words(cell, want, column, is_flag).map(Some);
    }
    Ok(Some(match want {
        Want::Plain => Value::from(code(cell)?),
        Want::Time => Value::from(when(cell)?.at(hour)),
        Want::Field(field) => match field.form {
            Form::Text | Form::LongText => Value::from(cell.text()?),
            Form::Code | Form::Procedure | Form::Unit => Value::from(code(cell)?),
            Form::Day => Value::from(when(cell)?.day().to_string()),
            Form::Moment => Value::from(when(cell)?.moment()),
            Form::Flag => Value::from(flag(cell)?),
            Form::Count => count(cell)?,
            Form::Word(list) => Value::from(word(cell, list)?),
            Form::Codes => codes(cell)?,
            Form::Parts(_) => parts(cell)?,
        },
    }))
}

/// By the words of the mapping; what they mean may stand in the cell too.
fn words(cell: &Cell, want: Want, column: &Column, is_flag: bool) -> Result<Value, String> {
    let text = cell.text()?;
    if is_flag {
        let meant = column.word(&text).map_or_else(|| cell.clone(), |word| Cell::Text(word.into()));
        return flag(&meant).map(Value::from);
    }
    if let Some(meaning) = column.word(&text) {
        return Ok(Value::from(meaning));
    }
    let is_meaning = column.words.values().any(|meaning| *meaning == text);
    if let Want::Field(Field { form: Form::Word(list), .. }) = want
        && let Ok(word) = word(cell, list)
    {
        return Ok(Value::from(word));
    }
    if is_meaning {
        return Ok(Value::from(text));
    }
    let known: Vec<&str> = column.words.keys().map(String::as_str).collect();
    Err(format!("the mapping knows {}", known.join(", ")))
}

/// A code, a key, a number of a register: nothing that a spreadsheet has changed by itself.
fn code(cell: &Cell) -> Result<String, String> {
    match cell {
        Cell::Number(number) if number.fract() != 0.0 => Err(
            "the spreadsheet has taken it for a number, and dropped zeros at its end: format the \
             column as text, and type it again"
                .to_owned(),
        ),
        Cell::Number(number) if number.abs() >= EXACT_MAX => Err(
            "the spreadsheet has rounded a number of more than 15 digits: format the column as \
             text, and type it again"
                .to_owned(),
        ),
        Cell::Moment(_) => Err(
            "the spreadsheet has taken it for a date: format the column as text, and type it again"
                .to_owned(),
        ),
        Cell::Empty
        | Cell::Text(_)
        | Cell::Number(_)
        | Cell::Flag(_)
        | Cell::Error(_)
        | Cell::Merged(_) => cell.text(),
    }
}

/// A day, perhaps with an hour, as it stands in a cell.
enum When {
    Day(NaiveDate),
    Local(NaiveDateTime),
    Exact(DateTime<chrono::FixedOffset>, String),
}

impl When {
    /// The day, local.
    fn day(&self) -> NaiveDate {
        match self {
            Self::Day(day) => *day,
            Self::Local(at) => at.date(),
            Self::Exact(at, _) => {
                // Vietnam is seven hours ahead of UTC, all year.
                (at.naive_utc() + chrono::TimeDelta::hours(7)).date()
            }
        }
    }

    /// The instant; a day without an hour is at this one.
    fn at(&self, hour: NaiveTime) -> String {
        match self {
            Self::Day(day) => local(day.and_time(hour)),
            Self::Local(_) | Self::Exact(..) => self.moment(),
        }
    }

    /// The instant, or the day if no hour is known.
    fn moment(&self) -> String {
        match self {
            Self::Day(day) => day.to_string(),
            Self::Local(at) => local(*at),
            Self::Exact(_, text) => text.clone(),
        }
    }
}

fn local(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+07:00").to_string()
}

fn when(cell: &Cell) -> Result<When, String> {
    match cell {
        Cell::Moment(at) if at.time() == NaiveTime::MIN => Ok(When::Day(at.date())),
        Cell::Moment(at) => Ok(When::Local(*at)),
        Cell::Text(text) => when_of(text),
        Cell::Number(_) => {
            Err("it is a number, not a date: format the column as a date".to_owned())
        }
        Cell::Empty | Cell::Flag(_) | Cell::Error(_) | Cell::Merged(_) => {
            Err(format!("it is no day; {HOW}"))
        }
    }
}

const HOW: &str = "write 06/09/2021, 06/09/2021 08:30 or 2021-09-06";

fn when_of(text: &str) -> Result<When, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(When::Exact(at, text.to_owned()));
    }
    let (mut day, mut hour) = (None, None);
    for part in text.split_whitespace().flat_map(|part| part.split('T')) {
        if hour.is_none() && (part.contains(':') || part.to_lowercase().contains('h')) {
            hour = Some(clock(part).ok_or_else(|| format!("it is no day and hour; {HOW}"))?);
        } else if day.is_none() {
            day = Some(date(part)?);
        } else {
            return Err(format!("it is no day; {HOW}"));
        }
    }
    let day = day.ok_or_else(|| format!("it is no day; {HOW}"))?;
    Ok(hour.map_or(When::Day(day), |hour| When::Local(day.and_time(hour))))
}

fn date(text: &str) -> Result<NaiveDate, String> {
    let none = || format!("it is no day; {HOW}");
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let [first, month, last] = parts.as_slice() else { return Err(none()) };
    if !parts.iter().all(|part| digits(part)) {
        return Err(none());
    }
    let (year, day) = match (first.len(), last.len()) {
        (4, 1..=2) => (*first, *last),
        (1..=2, 4) => (*last, *first),
        (1..=2, 2) => return Err(format!("its year has two digits; {HOW}")),
        _ => return Err(none()),
    };
    let number = |text: &str| text.parse::<u32>().map_err(|_| none());
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let year = i32::try_from(year).map_err(|_| none())?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| {
        if NaiveDate::from_ymd_opt(year, day, month).is_some() {
            "there is no such day: the day stands first, then the month".to_owned()
        } else {
            format!("there is no such day; {HOW}")
        }
    })
}

/// `08:30`, `8:30:15`, `8h30`.
pub(in crate::commands::publish) fn clock(text: &str) -> Option<NaiveTime> {
    let text = text.to_lowercase().replace('h', ":");
    let parts: Vec<u32> = text
        .split(':')
        .map(|part| if part.is_empty() { Some(0) } else { part.parse().ok() })
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour, minute] => NaiveTime::from_hms_opt(*hour, *minute, 0),
        [hour, minute, second] => NaiveTime::from_hms_opt(*hour, *minute, *second),
        _ => None,
    }
}

fn flag(cell: &Cell) -> Result<bool, String> {
    if let Cell::Flag(flag) = cell {
        return Ok(*flag);
    }
    let text = heading(&cell.text()?);
    match text.as_str() {
        "có" | "co" | "x" | "✓" | "✔" | "đúng" | "true" | "yes" | "1" => Ok(true),
        "không" | "khong" | "sai" | "false" | "no" | "0" => Ok(false),
        _ => Err("write có or không; the mapping may say what an empty cell means".to_owned()),
    }
}

fn count(cell: &Cell) -> Result<Value, String> {
    let text = cell.text()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(number) if digits => Ok(Value::from(number)),
        _ => Err("it is no whole number; write 4000, without separators".to_owned()),
    }
}

fn word(cell: &Cell, list: &[(&str, u8)]) -> Result<String, String> {
    let text = cell.text()?;
    let same = |(known, _): &&(&str, u8)| heading(known) == heading(&text);
    list.iter().find(same).map(|(known, _)| (*known).to_owned()).ok_or_else(|| {
        let known: Vec<&str> = list.iter().map(|(known, _)| *known).collect();
        format!("it is none of {}; the mapping may say what words mean", known.join(", "))
    })
}

fn codes(cell: &Cell) -> Result<Value, String> {
    let text = cell.text()?;
    let codes = text.split([',', ';', '\n']).map(str::trim).filter(|code| !code.is_empty());
    Ok(codes.map(Value::from).collect())
}

/// A list of parts, written as in JSON.
fn parts(cell: &Cell) -> Result<Value, String> {
    serde_json::from_str(&cell.text()?)
        .ok()
        .filter(Value::is_array)
        .ok_or_else(|| r#"write the parts as [{"into":"H41.18","fields":["bao-chi"]}]"#.to_owned())
}
