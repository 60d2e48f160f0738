//! CSV rows as events: columns named like the attributes, and `data.…` for the fields of data.
//!
//! A cell is a text unless it reads `true` or `false`; an empty cell is an attribute that is not
//! there. Numbers may stay texts: the contract's JSON takes them so. A list of parts is written as
//! in JSON: `[{"into":"H41.18"}]`.

use std::fs::File;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::input::{Line, Place};

/// Reads the rows after the place into the channel.
pub(super) fn read(file: File, from: Place, lines: &mpsc::Sender<Line>) -> anyhow::Result<()> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers()?.clone();
    for record in reader.into_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let position = error.position().map_or(0, csv::Position::line);
                let place = Place { bytes: 0, lines: position };
                let line = Line::unsendable(place, error.to_string());
                if lines.blocking_send(line).is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        let at = record.position();
        let place = Place {
            bytes: at.map_or(0, csv::Position::byte),
            lines: at.map_or(0, csv::Position::line),
        };
        if place.lines <= from.lines && from.lines > 0 {
            continue;
        }
        let event = event(&headers, &record);
        let payload = serde_json::to_vec(&event)?;
        if lines.blocking_send(Line::new(place, payload)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// One row as a structured event.
fn event(headers: &csv::StringRecord, record: &csv::StringRecord) -> Value {
    let mut event = Map::new();
    let mut data = Map::new();
    event.insert("specversion".to_owned(), Value::from("1.0"));
    for (name, cell) in headers.iter().zip(record) {
        if cell.is_empty() {
            continue;
        }
        match name.strip_prefix("data.") {
            Some(field) => data.insert(field.to_owned(), value(cell)),
            None => event.insert(name.to_owned(), Value::from(cell)),
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
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_text_a_truth_value_or_a_list_of_parts() {
        let parts = r#"[{"into":"H41.19","fields":["bao-chi"]},{"into":"H41.18"}]"#;
        let headers = ["subject", "data.parts", "data.closes", "data.name", "data.note"];
        let cells = ["H41.16", parts, "true", "[1] of 2", "[]"];
        let event = event(&headers.to_vec().into(), &cells.to_vec().into());
        assert_eq!(event["subject"], "H41.16");
        assert_eq!(event["data"]["parts"][0]["fields"][0], "bao-chi");
        assert_eq!(event["data"]["closes"], true);
        assert_eq!(event["data"]["name"], "[1] of 2");
        assert_eq!(event["data"]["note"], "[]");
    }
}
