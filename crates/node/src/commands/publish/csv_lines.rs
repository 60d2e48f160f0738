//! CSV rows as events: columns named like the attributes, and `data.…` for the fields of data.
//!
//! Columns are separated by `,`, or by `;` where the first row says so. A cell is a text unless it
//! reads `true` or `false`; an empty cell is an attribute that is not there. Numbers may stay
//! texts: the contract's JSON takes them so. A list of parts is written as in JSON:
//! `[{"into":"H41.18"}]`.

use std::cell::Cell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::rc::Rc;

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::input::{LINE_BYTES_MAX, Line, Place};

/// The most bytes that are read for one row: the row itself, and what is read ahead.
const ROW_READ_MAX: u64 = 2 * 1024 * 1024;
const _: () = assert!(ROW_READ_MAX > 2 * 400 * 1024);

/// Reads the rows after the place into the channel.
pub(super) fn read(
    mut file: impl BufRead + Seek,
    from: Place,
    lines: &mpsc::Sender<Line>,
) -> anyhow::Result<()> {
    let delimiter = delimiter_of(&mut file)?;
    let allowance = Rc::new(Cell::new(ROW_READ_MAX));
    let bounded = Bounded { inner: file, allowance: Rc::clone(&allowance) };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bounded);
    let headers = reader.headers()?.clone();
    let mut record = csv::StringRecord::new();
    loop {
        allowance.set(ROW_READ_MAX);
        let begins_at = reader.position().line();
        let line = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => row(&headers, &record, from)?,
            Err(error) if error.is_io_error() && allowance.get() == 0 => {
                let what = format!(
                    "the row does not end within {ROW_READ_MAX} bytes: is a quote left open? The \
                     rest of the file is not read"
                );
                let place = Place { bytes: 0, lines: begins_at };
                drop(lines.blocking_send(Line::unsendable(place, what)));
                return Ok(());
            }
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(error) => {
                let position = error.position().map_or(0, csv::Position::line);
                Some(Line::unsendable(Place { bytes: 0, lines: position }, error.to_string()))
            }
        };
        if let Some(line) = line
            && lines.blocking_send(line).is_err()
        {
            return Ok(());
        }
    }
}

/// The row as a line; none if it is before the place.
fn row(
    headers: &csv::StringRecord,
    record: &csv::StringRecord,
    from: Place,
) -> anyhow::Result<Option<Line>> {
    let at = record.position();
    let place = Place {
        bytes: at.map_or(0, csv::Position::byte),
        lines: at.map_or(0, csv::Position::line),
    };
    if place.lines <= from.lines && from.lines > 0 {
        return Ok(None);
    }
    let payload = serde_json::to_vec(&event(headers, record))?;
    let too_long = u32::try_from(payload.len()).is_ok_and(|length| length > LINE_BYTES_MAX);
    Ok(Some(if too_long { Line::too_long(place) } else { Line::new(place, payload) }))
}

/// `;` where the first row has it and no `,`, as spreadsheets write it where `,` is the decimal
/// sign.
pub fn delimiter(first: &[u8]) -> u8 {
    if first.contains(&b';') && !first.contains(&b',') { b';' } else { b',' }
}

fn delimiter_of(file: &mut (impl BufRead + Seek)) -> io::Result<u8> {
    let mut first = Vec::new();
    Read::take(&mut *file, u64::from(LINE_BYTES_MAX)).read_until(b'\n', &mut first)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(delimiter(&first))
}

/// Reads no more for one row than is allowed.
struct Bounded<R> {
    inner: R,
    /// What may still be read for the row at hand.
    allowance: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.get();
        let read = self.inner.read(buffer)?;
        let after = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        self.allowance.set(after);
        if after == 0 { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(read) }
    }
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
    use std::io::Cursor;

    use super::*;

    fn read_all(text: &str) -> Vec<Line> {
        let (lines, mut received) = mpsc::channel(64);
        read(Cursor::new(text), Place::default(), &lines).unwrap();
        drop(lines);
        std::iter::from_fn(|| received.blocking_recv()).collect()
    }

    const HEADER: &str = "id,source,type,subject,time,unit,data.channel,data.reason\n";

    fn row_of(id: &str, reason: &str) -> String {
        format!(
            "{id},/H41.16/igate,vn.tonghop.dossier.returned.v1,a,2021-09-06T08:30:00+07:00,H41.16,\
             DIRECT,{reason}\n"
        )
    }

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

    #[test]
    fn semicolons_separate_where_the_first_row_says_so() {
        let text = HEADER.to_owned() + &row_of("1", "") + &row_of("2", "");
        let payloads = |text: &str| -> Vec<_> {
            let of = |line| match line {
                Line::Event { payload, place, .. } => (payload, place.lines),
                Line::Unsendable(unsendable) => panic!("{unsendable:?}"),
            };
            read_all(text).into_iter().map(of).collect()
        };
        let with_commas = payloads(&text);
        assert_eq!(with_commas.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(payloads(&text.replace(',', ";")), with_commas);
        assert_eq!(payloads(&format!("\u{feff}{}", text.replace(',', ";"))), with_commas);
    }

    #[test]
    fn a_row_is_bounded() {
        let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap());
        let lines = read_all(&(HEADER.to_owned() + &row_of("1", &long) + &row_of("2", "")));
        let [Line::Unsendable(first), Line::Event { .. }] = lines.as_slice() else {
            panic!("{lines:?}")
        };
        assert!(first.line() == 2 && first.why().contains("size.exceeded"), "{first:?}");

        let open = "\"".to_owned() + &"never closed\n".repeat(400_000);
        let lines = read_all(&(HEADER.to_owned() + &row_of("1", "") + &row_of("2", &open)));
        let [Line::Event { .. }, Line::Unsendable(last)] = lines.as_slice() else {
            panic!("{} lines", lines.len())
        };
        assert!(last.line() == 3 && last.why().contains("a quote"), "{last:?}");
    }
}
