//! A form as the public JSON has it, shown: a table for the terminal, CSV, JSON, and a
//! [`Document`](crate::Document) to be printed.
//!
//! What is read here is the public JSON, so that every format shows what any other reader gets.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tonghop_core::read::{Share, Value};
use tonghop_core::words::Level;

use crate::lang::Lang;
use crate::number::{NO_DATA, day, in_words};

mod closing;
pub mod csv;
mod outline;
mod print;
pub(crate) mod said;
pub mod table;
#[cfg(test)]
mod tests;

pub use closing::{ChangedAnswer, ClosingAnswer};
pub use outline::{PieceAnswer, SectionAnswer};

/// A form filled in, as `/v1/forms/{form}` answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormAnswer {
    /// `bieu-06a`.
    pub form: String,
    /// The unit whose subtree was read.
    pub unit: String,
    /// The days.
    pub window: Days,
    /// The calendar, if a period was asked for.
    pub calendar: Option<String>,
    /// The period, if one was asked for.
    pub period: Option<String>,
    /// `as-was`, or a day.
    pub tree: String,
    /// What was known by then; none: everything.
    pub known_at: Option<KnownText>,
    /// The position of the log that the figures reflect.
    pub position: u64,
    /// How many messages of the log were not folded yet.
    pub lag: u64,
    /// The last day that was computed, while the window is not over; none: it is over.
    #[serde(default)]
    pub computed_to: Option<String>,
    /// The rows in order.
    pub rows: Vec<RowAnswer>,
    /// The units' own figures summed by level, each unit once; for forms by unit. A level of which
    /// nobody was ever heard is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<LevelAnswer>>,
    /// How many sources that the figures rest on have events missing.
    #[serde(default)]
    pub incomplete: u64,
    /// What was published for the window, and what differs from it now; none if it was not closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingAnswer>,
    /// How many units were never heard of anything that the form counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<UnheardAnswer>,
    /// The language of the labels.
    pub lang: Lang,
    /// What the form is called.
    pub title: String,
    /// What the unit is called, on the day by which the rows are named.
    #[serde(default)]
    pub unit_label: String,
    /// What the unit above it is called; empty for a province.
    #[serde(default)]
    pub parent_label: String,
    /// Circular and form number.
    #[serde(default)]
    pub source: String,
    /// Its columns; none for a list, whose one column is `value`.
    pub columns: Vec<Column>,
    /// How its columns are grouped in print.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Which columns are sums of others in every row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// The sections of a report in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<SectionAnswer>,
}

/// Columns under one head; one that lies inside another is a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What they are called together.
    pub label: String,
    /// The key of the first column.
    pub from: String,
    /// The key of the last column.
    pub to: String,
}

/// A column that equals the sum of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The key of the sum.
    pub whole: String,
    /// The keys of what is added.
    pub parts: Vec<String>,
}

/// Days from the first to the last, both counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// `YYYY-MM-DD`.
    pub from: String,
    /// `YYYY-MM-DD`.
    pub to: String,
}

/// Until when something was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KnownText {
    /// A position of the log.
    Position(u64),
    /// The end of a recorded day.
    Day(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowAnswer {
    /// A unit code, a code of a facet, the key of a slot, or `TOTAL`.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// The level of the unit.
    pub level: Option<String>,
    /// What it is about. The key does not tell: agencies choose their codes, `TOTAL` among them.
    pub kind: RowOf,
    /// The indicator, for a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<String>,
    /// What is counted, for a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<String>,
    /// The cells.
    pub cells: Cells,
}

/// Units that were never heard, they and those below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnheardAnswer {
    /// How many.
    pub units: u64,
    /// Of how many that stand on the last day.
    pub of: u64,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowOf {
    /// A unit and those below it.
    Unit,
    /// A code that agencies write: a field, a plan.
    Code,
    /// An indicator of a list.
    Slot,
    /// The whole subtree.
    Total,
}

impl RowOf {
    /// The word of the JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Code => "code",
            Self::Slot => "slot",
            Self::Total => "total",
        }
    }
}

/// The sum of the units of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelAnswer {
    /// The level; none for units without one.
    pub level: Option<String>,
    /// The cells.
    pub cells: Cells,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// `c3`, `noDueDate`.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Its indicator.
    pub indicator: String,
    /// What is counted.
    pub counted: String,
    /// `flow`, `stock`, `distinct` or `ratio`.
    pub nature: String,
    /// What it is called below its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// Its number in print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Whether it stands beside the form, not in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memo: bool,
}

/// A figure in its place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CellAnswer {
    /// The number, unless it is a ratio.
    pub value: Option<i64>,
    /// The ratio.
    pub ratio: Option<Ratio>,
    /// What is declared and no number: nil, missing, a bound.
    #[serde(flatten)]
    pub said: said::SaidAnswer,
    /// `computed`, `provisional`, `closed` or `declared`.
    pub status: String,
    /// The id of the figure; none for a sum over a level.
    pub figure: Option<String>,
}

/// A ratio with its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// The numerator.
    pub part: i64,
    /// The denominator.
    pub whole: i64,
}

impl Serialize for CellAnswer {
    /// What is not there is left out; but the value of what is missing is null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, ratio, said, status, figure } = self;
        let said::SaidAnswer { nil, missing, bound, of } = said;
        let mut map = serializer.serialize_map(None)?;
        if value.is_some() || *missing == Some(true) {
            map.serialize_entry("value", value)?;
        }
        entry(&mut map, "ratio", ratio.as_ref())?;
        entry(&mut map, "nil", nil.as_ref())?;
        entry(&mut map, "missing", missing.as_ref())?;
        entry(&mut map, "bound", bound.as_ref())?;
        entry(&mut map, "of", of.as_ref())?;
        map.serialize_entry("status", status)?;
        entry(&mut map, "figure", figure.as_ref())?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    held: Option<&T>,
) -> Result<(), M::Error> {
    held.map_or(Ok(()), |held| map.serialize_entry(key, held))
}

impl CellAnswer {
    /// Whether nobody was ever heard of what it counts. What is declared has words of its own.
    pub fn lacks_data(&self) -> bool {
        self.figure() == Some(Value::Missing) && self.status != "declared"
    }

    /// As a person reads it.
    pub fn show(&self, lang: Lang) -> String {
        if self.lacks_data() {
            return NO_DATA.to_owned();
        }
        self.figure().map_or_else(|| "–".to_owned(), |value| in_words(value, lang))
    }

    /// What it says.
    pub fn figure(&self) -> Option<Value> {
        self.said.value().or(match (self.value, self.ratio) {
            (Some(value), _) => Some(Value::Count(value)),
            (None, Some(Ratio { part, whole })) => Some(Value::Share(Share { part, whole })),
            (None, None) => None,
        })
    }
}

/// Cells by the key of their column, in the order in which they were answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells(pub Vec<(String, CellAnswer)>);

impl Cells {
    /// The cell of a column.
    pub fn get(&self, key: &str) -> Option<&CellAnswer> {
        self.0.iter().find(|(held, _)| held == key).map(|(_, cell)| cell)
    }
}

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, cell) in &self.0 {
            map.serialize_entry(key, cell)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Cells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("cells by the key of their column")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
                let mut cells = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    cells.push(entry);
                }
                Ok(Cells(cells))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl FormAnswer {
    /// The row of the whole subtree, where the form has one.
    fn total_row(&self) -> Option<&RowAnswer> {
        self.rows.iter().find(|row| row.kind == RowOf::Total)
    }

    /// The row of an indicator of a list.
    fn slot_row(&self, key: &str) -> Option<&RowAnswer> {
        self.rows.iter().find(|row| row.kind == RowOf::Slot && row.key == key)
    }

    /// That it is provisional, and up to which day it was computed; none once the window is over.
    fn provisional(&self) -> Option<String> {
        let to = day(self.computed_to.as_deref()?, self.lang);
        Some(match self.lang {
            Lang::Vi => {
                format!("Số liệu tạm tính đến hết ngày {to}; kỳ báo cáo chưa kết thúc")
            }
            Lang::En => format!("Provisional figures up to {to}; the period is not over"),
        })
    }

    /// Reads what HTTP answered.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// What a file of it is called: `bieu-06a_H41_2021-Q3.xlsx`; ASCII alone.
    pub fn file_name(&self, format: crate::Format) -> String {
        let days = format!("{}_{}", self.window.from, self.window.to);
        let period = self.period.as_deref().unwrap_or(&days);
        let name = [&self.form, &self.unit, period].join("_");
        let kept = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
        format!("{}.{}", name.chars().filter(kept).collect::<String>(), format.word())
    }

    /// The same JSON, indented.
    pub fn pretty(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// What the units of a level are called together.
const fn level_name(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::Province => lang.choose("Tỉnh", "Province"),
        Level::Department => lang.choose("Sở, ban, ngành", "Departments"),
        Level::District => lang.choose("Huyện, thị xã, thành phố", "Districts"),
        Level::Commune => lang.choose("Xã, phường, thị trấn", "Communes"),
        Level::Affiliate => lang.choose("Đơn vị trực thuộc", "Affiliates"),
        Level::Party => lang.choose("Cơ quan Đảng", "Party bodies"),
        Level::School => lang.choose("Trường học", "Schools"),
        Level::Health => lang.choose("Cơ sở y tế", "Health facilities"),
        Level::Outside => lang.choose("Ngoài UBND tỉnh", "Outside the committee"),
    }
}
