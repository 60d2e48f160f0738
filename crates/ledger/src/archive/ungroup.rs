//! The rows of a row group, as they are read again.

use std::path::Path;
use std::vec::IntoIter;

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

use super::columns::{Columns, place};
use super::error::ArchiveError;
use super::row::{Kept, Sealed};
use crate::leaf::Leaf;

type Pieces = IntoIter<Option<ByteArray>>;
type Numbers = IntoIter<Option<i64>>;

/// The columns that the leaf and the message are made of.
#[derive(Debug)]
pub(super) struct Rows {
    position: Numbers,
    recorded: Numbers,
    stored: Numbers,
    unit: Pieces,
    family: Pieces,
    kind: Pieces,
    source: Pieces,
    id: Pieces,
    sequence: Numbers,
    previous: Numbers,
    salt: Pieces,
    commitment: Pieces,
    redacted: Pieces,
    subject: Pieces,
    headers: Pieces,
    payload: Pieces,
}

impl Rows {
    pub(super) fn read(group: &dyn RowGroupReader) -> Result<Self> {
        Ok(Self {
            position: numbers(group, place::POSITION)?,
            recorded: numbers(group, place::RECORDED)?,
            stored: numbers(group, place::STORED)?,
            unit: pieces(group, place::UNIT)?,
            family: pieces(group, place::FAMILY)?,
            kind: pieces(group, place::KIND)?,
            source: pieces(group, place::SOURCE)?,
            id: pieces(group, place::ID)?,
            sequence: numbers(group, place::SEQUENCE)?,
            previous: numbers(group, place::PREVIOUS)?,
            salt: pieces(group, place::SALT)?,
            commitment: pieces(group, place::COMMITMENT)?,
            redacted: pieces(group, place::REDACTED)?,
            subject: pieces(group, place::NATS_SUBJECT)?,
            headers: pieces(group, place::HEADERS)?,
            payload: pieces(group, place::PAYLOAD)?,
        })
    }

    pub(super) fn next_row(
        &mut self,
        path: &Path,
    ) -> std::result::Result<Option<Sealed>, ArchiveError> {
        let Some(Some(position)) = self.position.next() else { return Ok(None) };
        let position = u64::try_from(position).unwrap_or_default();
        let row = self.row(position);
        let row = row.map_err(|why| ArchiveError::Row { path: path.to_owned(), position, why });
        row.map(Some)
    }

    fn row(&mut self, position: u64) -> std::result::Result<Sealed, &'static str> {
        let [family, kind] = [text(&mut self.family)?, text(&mut self.kind)?];
        let leaf = Leaf {
            position,
            recorded_ms: self.recorded.next().flatten().ok_or("it has no recorded time")?,
            previous: self.previous.next().flatten().unwrap_or_default().cast_unsigned(),
            unit: text(&mut self.unit)?,
            kind: if family.is_empty() { family } else { [family, kind].join(".") },
            source: text(&mut self.source)?,
            id: text(&mut self.id)?,
            sequence: self.sequence.next().flatten().unwrap_or_default().cast_unsigned(),
            commitment: hash(&mut self.commitment)?.ok_or("it has no commitment")?,
        };
        let (salt, subject) = (hash(&mut self.salt)?, self.subject.next().flatten());
        let (headers, payload) = (self.headers.next().flatten(), self.payload.next().flatten());
        let kept = match (salt, subject, payload) {
            (Some(salt), Some(subject), Some(payload)) => Some(Kept {
                salt,
                subject: utf8(&subject)?,
                headers: match headers {
                    Some(json) => serde_json::from_slice(json.data())
                        .map_err(|_| "its headers are not JSON of names and values")?,
                    None => Vec::new(),
                },
                payload: Bytes::copy_from_slice(payload.data()),
            }),
            (_, _, None) | (None, _, _) => None,
            (Some(_), None, Some(_)) => return Err("it has a message and no subject"),
        };
        let is_long = |text: &String| text.len() > usize::from(u8::MAX);
        if [&leaf.unit, &leaf.kind, &leaf.source, &leaf.id].into_iter().any(is_long) {
            return Err("it has a text that is longer than any of a leaf");
        }
        let stored_ms = self.stored.next().flatten().ok_or("it has no stored time")?;
        let redacted = Some(text(&mut self.redacted)?).filter(|decision| !decision.is_empty());
        Ok(Sealed { leaf, stored_ms, kept, redacted })
    }
}

fn text(column: &mut Pieces) -> std::result::Result<String, &'static str> {
    column.next().flatten().map_or(Ok(String::new()), |text| utf8(&text))
}

fn utf8(text: &ByteArray) -> std::result::Result<String, &'static str> {
    String::from_utf8(text.data().to_vec()).map_err(|_| "it has a text that is not UTF-8")
}

fn hash(column: &mut Pieces) -> std::result::Result<Option<[u8; 32]>, &'static str> {
    let hash = column.next().flatten().map(|hash| hash.data().try_into());
    hash.transpose().map_err(|_| "it has a hash that is not of 32 bytes")
}

fn numbers(group: &dyn RowGroupReader, place: usize) -> Result<Numbers> {
    let reader = group.get_column_reader(place)?;
    let ColumnReader::Int64ColumnReader(mut from) = reader else { return Err(another_type()) };
    values(group, place, &mut from)
}

fn pieces(group: &dyn RowGroupReader, place: usize) -> Result<Pieces> {
    let reader = group.get_column_reader(place)?;
    if let ColumnReader::ByteArrayColumnReader(mut from) = reader {
        return values(group, place, &mut from);
    }
    let ColumnReader::FixedLenByteArrayColumnReader(mut from) = reader else {
        return Err(another_type());
    };
    let values = values(group, place, &mut from)?;
    let values: Vec<_> = values.map(|value| value.map(ByteArray::from)).collect();
    Ok(values.into_iter())
}

/// All values of a column, with nothing where there is none.
fn values<T: DataType>(
    group: &dyn RowGroupReader,
    place: usize,
    from: &mut ColumnReaderImpl<T>,
) -> Result<IntoIter<Option<T::T>>> {
    let rows = usize::try_from(group.metadata().num_rows())?;
    let required = Columns::get().list.get(place).is_some_and(super::columns::Column::is_required);
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (records, _, _) =
        from.read_records(rows, (!required).then_some(&mut levels), None, &mut values)?;
    let there = if required { values.len() } else { levels.len() };
    if records != rows || there != rows {
        return Err(ParquetError::General("a column ends before the others".to_owned()));
    }
    if required {
        return Ok(values.into_iter().map(Some).collect::<Vec<_>>().into_iter());
    }
    let mut values = values.into_iter();
    let spread: Vec<_> =
        levels.iter().map(|level| if *level == 0 { None } else { values.next() }).collect();
    Ok(spread.into_iter())
}

fn another_type() -> ParquetError {
    ParquetError::General("a column has another type than was sealed".to_owned())
}
