//! The rows of a row group, column by column, until they are written.

use std::io::Write;

use bytes::Bytes;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::SerializedFileWriter;
use tonghop_wire::row::{Plain, Row};

use super::columns::{Column, Columns, Of, place};
use super::row::Record;
use super::{GROUP_BYTES_MAX, GROUP_ROWS_MAX};
use crate::leaf::Leaf;
use crate::message::{Message, Salt};

/// The values of a column that are there.
#[derive(Debug)]
enum Values {
    Flags(Vec<bool>),
    Days(Vec<i32>),
    Numbers(Vec<i64>),
    /// All of them one after another, and where each ends.
    Bytes(Vec<u8>, Vec<usize>),
}

/// One column.
#[derive(Debug)]
struct Filled {
    /// 1 where a row has a value, 0 where not; as long as the last row that has one.
    levels: Vec<i16>,
    values: Values,
}

/// Rows that are not written yet.
#[derive(Debug)]
pub(super) struct Group {
    columns: &'static Columns,
    filled: Vec<Filled>,
    rows: usize,
    bytes: u64,
}

impl Group {
    pub(super) fn new() -> Self {
        let columns = Columns::get();
        Self { columns, filled: columns.list.iter().map(Filled::new).collect(), rows: 0, bytes: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows() >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn rows(&self) -> u64 {
        u64::try_from(self.rows).unwrap_or(u64::MAX)
    }

    /// Adds a message; `bytes` is how long it is as it was received.
    pub(super) fn push(
        &mut self,
        record: &Record<'_>,
        leaf: &Leaf,
        salt: &Salt,
        row: &Row,
        bytes: usize,
    ) -> Result<()> {
        self.number(place::POSITION, number(leaf.position)?);
        self.number(place::RECORDED, leaf.recorded_ms);
        self.number(place::STORED, record.recorded_ms);
        self.text(place::UNIT, &leaf.unit);
        if let Some((family, kind)) = leaf.kind.split_once('.') {
            self.text(place::FAMILY, family);
            self.text(place::KIND, kind);
        }
        self.text(place::SOURCE, &leaf.source);
        self.text(place::ID, &leaf.id);
        if leaf.sequence > 0 {
            self.number(place::SEQUENCE, leaf.sequence.cast_signed());
        }
        if let Some(said) = &row.said {
            self.text(place::SUBJECT, &said.subject);
            self.number(place::TIME, said.at.unix_ms());
            self.put(place::DAY, |filled| filled.day(i32::from(said.day.number())));
            self.text(place::REPLACES, said.replaces.as_deref().unwrap_or_default());
            let places = self.columns.of_kind(said.kind);
            for (field, value) in &said.values {
                let Some(place) = places.get(*field) else { continue };
                self.put(*place, |filled| filled.plain(value));
            }
        }
        self.number(place::PREVIOUS, number(leaf.previous)?);
        self.bytes(place::SALT, salt);
        self.bytes(place::COMMITMENT, &leaf.commitment);
        self.message(&record.message);
        self.rows += 1;
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok(())
    }

    fn message(&mut self, message: &Message<'_>) {
        self.bytes(place::NATS_SUBJECT, message.subject.as_bytes());
        if !message.headers.is_empty() {
            let mut headers = message.headers.to_vec();
            headers.sort_by_key(|(name, _)| *name);
            let json = serde_json::to_vec(&headers).unwrap_or_default();
            self.bytes(place::HEADERS, &json);
        }
        self.bytes(place::PAYLOAD, message.payload);
    }

    fn put(&mut self, place: usize, put: impl FnOnce(&mut Filled)) {
        if let Some(filled) = self.filled.get_mut(place) {
            filled.levels.resize(self.rows, 0);
            filled.levels.push(1);
            put(filled);
        }
    }

    fn number(&mut self, place: usize, number: i64) {
        self.put(place, |filled| filled.number(number));
    }

    fn bytes(&mut self, place: usize, bytes: &[u8]) {
        self.put(place, |filled| filled.bytes(bytes));
    }

    /// An empty text says nothing.
    fn text(&mut self, place: usize, text: &str) {
        if !text.is_empty() {
            self.bytes(place, text.as_bytes());
        }
    }

    /// Writes the rows as one row group, and is empty again.
    pub(super) fn write<W: Write + Send>(
        &mut self,
        file: &mut SerializedFileWriter<W>,
    ) -> Result<()> {
        let mut group = file.next_row_group()?;
        for (column, filled) in self.columns.list.iter().zip(&mut self.filled) {
            let Some(mut writer) = group.next_column()? else {
                return Err(ParquetError::General("a column has no place".to_owned()));
            };
            filled.levels.resize(self.rows, 0);
            let levels = (!column.is_required()).then_some(filled.levels.as_slice());
            filled.values.write(writer.untyped(), levels)?;
            writer.close()?;
            *filled = Filled::new(column);
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Filled {
    fn new(column: &Column) -> Self {
        let values = match column.of {
            Of::Flag => Values::Flags(Vec::new()),
            Of::Day => Values::Days(Vec::new()),
            Of::Number | Of::Unsigned | Of::Moment => Values::Numbers(Vec::new()),
            Of::Text | Of::Json | Of::Bytes | Of::Hash => Values::Bytes(Vec::new(), Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    fn plain(&mut self, value: &Plain) {
        match value {
            Plain::Text(text) | Plain::Json(text) => self.bytes(text.as_bytes()),
            Plain::Word(word) => self.bytes(word.as_bytes()),
            Plain::Day(day) => self.day(i32::from(day.number())),
            Plain::Count(count) => self.number(i64::from(*count)),
            Plain::Flag(flag) => match &mut self.values {
                Values::Flags(flags) => flags.push(*flag),
                Values::Days(_) | Values::Numbers(_) | Values::Bytes(..) => unreachable!("ARC-2"),
            },
        }
    }

    fn day(&mut self, day: i32) {
        let Values::Days(days) = &mut self.values else { unreachable!("the column has days") };
        days.push(day);
    }

    fn number(&mut self, number: i64) {
        let Values::Numbers(all) = &mut self.values else { unreachable!("it has numbers") };
        all.push(number);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let Values::Bytes(all, ends) = &mut self.values else { unreachable!("it has bytes") };
        all.extend_from_slice(bytes);
        ends.push(all.len());
    }
}

impl Values {
    fn write(&mut self, writer: &mut ColumnWriter<'_>, levels: Option<&[i16]>) -> Result<()> {
        match (self, writer) {
            (Self::Flags(flags), ColumnWriter::BoolColumnWriter(to)) => {
                to.write_batch(flags, levels, None)?;
            }
            (Self::Days(days), ColumnWriter::Int32ColumnWriter(to)) => {
                to.write_batch(days, levels, None)?;
            }
            (Self::Numbers(numbers), ColumnWriter::Int64ColumnWriter(to)) => {
                to.write_batch(numbers, levels, None)?;
            }
            (Self::Bytes(all, ends), ColumnWriter::ByteArrayColumnWriter(to)) => {
                let values: Vec<ByteArray> = pieces(all, ends).map(ByteArray::from).collect();
                to.write_batch(&values, levels, None)?;
            }
            (Self::Bytes(all, ends), ColumnWriter::FixedLenByteArrayColumnWriter(to)) => {
                let values = pieces(all, ends).map(|piece| ByteArray::from(piece).into());
                let values: Vec<FixedLenByteArray> = values.collect();
                to.write_batch(&values, levels, None)?;
            }
            (_, _) => return Err(ParquetError::General("a column has another type".to_owned())),
        }
        Ok(())
    }
}

fn pieces(all: &mut Vec<u8>, ends: &[usize]) -> impl Iterator<Item = Bytes> {
    let all = Bytes::from(std::mem::take(all));
    let mut begin = 0;
    ends.iter().map(move |end| all.slice(std::mem::replace(&mut begin, *end)..*end))
}

fn number(position: u64) -> Result<i64> {
    i64::try_from(position).map_err(|_| ParquetError::General("a position is too large".to_owned()))
}
