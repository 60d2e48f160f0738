//! Rows of CSV and XLSX files as lines: by a mapping, or by columns named like the attributes of an
//! event and `data.…` for the fields of data.
//!
//! Without a mapping a cell is a text unless it reads `true` or `false`; an empty cell is an
//! attribute that is not there. Numbers may stay texts: the contract's JSON takes them so. A list of
//! parts is written as in JSON: `[{"into":"H41.18"}]`.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::heads::{self, Heads, Search};
use super::import::{Bound, Fault, Import, Made, Role};
use super::input::{LINE_BYTES_MAX, Line, NotLines, Place};
use crate::table::{self, Row, TableError};

/// Reads the rows after the place into the channel.
pub(super) fn read(
    path: &Path,
    from: Place,
    import: Option<&Import>,
    lines: &mpsc::Sender<Line>,
) -> anyhow::Result<()> {
    let mut reading = match import {
        Some(import) => {
            let wanted = import.mapping.headings();
            Reading::Looking(import, Search::new(wanted, import.mapping.header_row))
        }
        None => Reading::Plain { heads: None, is_sheet: table::is_workbook(path) },
    };
    let sheet = import.and_then(|import| import.mapping.sheet.as_deref());
    let mut sent = Sent { from, before: from, lines };
    let mut failed = None;
    let read = table::read(path, sheet, &mut |row| match reading.row(&row, &mut sent) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    if let Some(import) = import {
        import.flush()?;
    }
    if let Some(error) = failed {
        return Err(error);
    }
    match read {
        Ok(()) => reading.end(),
        Err(TableError::Io(error)) => Err(error.into()),
        Err(error) => Err(NotLines::Table(error).into()),
    }
}

enum Reading<'a> {
    /// By a mapping whose headings are not found yet.
    Looking(&'a Import, Search),
    /// By a mapping.
    Mapped(Box<Bound<'a>>),
    /// By the names of the contract, once they were read.
    Plain { heads: Option<Heads>, is_sheet: bool },
}

/// Lines on their way.
struct Sent<'a> {
    /// What is before it was sent before.
    from: Place,
    /// The place after the row before.
    before: Place,
    lines: &'a mpsc::Sender<Line>,
}

impl Reading<'_> {
    fn row(&mut self, row: &Row, sent: &mut Sent<'_>) -> anyhow::Result<ControlFlow<()>> {
        match self {
            Self::Looking(import, search) => {
                if let Some(heads) = search.meet(row).map_err(NotLines::Heads)? {
                    *self = Self::Mapped(Box::new(import.bind(row.sheet.as_deref(), heads)));
                }
                Ok(ControlFlow::Continue(()))
            }
            Self::Mapped(bound) => {
                let is_new = sent.is_new(row);
                let made = bound.events(row, is_new)?;
                Ok(if is_new { sent.all(row, made) } else { ControlFlow::Continue(()) })
            }
            Self::Plain { heads, is_sheet } => {
                let Some(heads) = heads else {
                    *heads = Some(heads::of_first_row(row).map_err(NotLines::Heads)?);
                    return Ok(ControlFlow::Continue(()));
                };
                if !sent.is_new(row) {
                    return Ok(ControlFlow::Continue(()));
                }
                let made = plain(heads, row, *is_sheet)
                    .map(|payload| Made { payload, role: Role::Itself })
                    .map_err(|what| Fault { what, ..Fault::default() });
                Ok(sent.all(row, vec![made]))
            }
        }
    }

    /// At the end of the table.
    fn end(self) -> anyhow::Result<()> {
        match self {
            Self::Looking(_, search) => Err(NotLines::Heads(search.in_vain()).into()),
            Self::Mapped(_) | Self::Plain { .. } => Ok(()),
        }
    }
}

impl Sent<'_> {
    fn is_new(&self, row: &Row) -> bool {
        row.number > self.from.lines
    }

    /// Sends the lines of a row. Only the last one moves the place behind the row.
    fn all(&mut self, row: &Row, made: Vec<Result<Made, Fault>>) -> ControlFlow<()> {
        let after = Place { bytes: row.bytes, lines: row.number, row: row.number };
        let count = made.len();
        for (number, made) in (1..).zip(made) {
            let place =
                if number == count { after } else { Place { row: row.number, ..self.before } };
            let line = match made {
                Ok(made) if too_long(&made.payload) => Line::too_long(place),
                Ok(made) => Line::new(place, made),
                Err(fault) => Line::faulty(place, fault),
            };
            if self.lines.blocking_send(line).is_err() {
                return ControlFlow::Break(());
            }
        }
        self.before = after;
        ControlFlow::Continue(())
    }
}

fn too_long(payload: &[u8]) -> bool {
    u32::try_from(payload.len()).is_ok_and(|length| length > LINE_BYTES_MAX)
}

/// The row as an event whose columns are the contract's own names.
fn plain(heads: &Heads, row: &Row, is_sheet: bool) -> Result<Vec<u8>, String> {
    let texts = row.clone().texts()?;
    // A sheet ends its rows with their last cell; a CSV file writes all of them.
    let ragged = if is_sheet { texts.len() > heads.len() } else { texts.len() != heads.len() };
    if ragged {
        return Err(format!(
            "there are {} cells in the row, and {} in the first row",
            texts.len(),
            heads.len()
        ));
    }
    serde_json::to_vec(&event(heads.shown(), &texts)).map_err(|why| why.to_string())
}

/// One row as a structured event.
fn event(heads: &[String], texts: &[String]) -> Value {
    let mut event = Map::new();
    let mut data = Map::new();
    event.insert("specversion".to_owned(), Value::from("1.0"));
    for (name, cell) in heads.iter().zip(texts) {
        if cell.is_empty() {
            continue;
        }
        match name.strip_prefix("data.") {
            Some(field) => data.insert(field.to_owned(), value(cell)),
            None => event.insert(name.clone(), Value::from(cell.as_str())),
        };
    }
    event.insert("data".to_owned(), Value::Object(data));
    Value::Object(event)
}

fn value(cell: &str) -> Value {
    match cell {
        "true" | "TRUE" => Value::Bool(true),
        "false" | "FALSE" => Value::Bool(false),
        text => parts(text).unwrap_or_else(|| Value::from(text)),
    }
}

/// An array of objects; no name and no code looks like one.
fn parts(text: &str) -> Option<Value> {
    let list: Vec<Map<String, Value>> =
        if text.starts_with('[') { serde_json::from_str(text).ok()? } else { return None };
    (!list.is_empty()).then(|| Value::from(list))
}

#[cfg(test)]
mod tests;
