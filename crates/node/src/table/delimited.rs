//! CSV files: separated by `,`, `;` or tabs, as the first line shows; lines may end in any way.

use std::cell::Cell as Counter;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::{CELL_CHARS_MAX, COLUMNS_MAX, Cell, Row, TableError};

/// The most bytes that are read for one row: the row itself, and what is read ahead.
const ROW_READ_MAX: u64 = 2 * 1024 * 1024;
/// The most bytes of the beginning that are looked at.
const FIRST_READ_MAX: u64 = 400 * 1024;
const _: () = assert!(ROW_READ_MAX > 2 * FIRST_READ_MAX);

const UTF16: &str = "the file is UTF-16 (\"Unicode Text\")";
const NOT_UTF8: &str = "the file is not UTF-8 (windows-1258 or an older Vietnamese encoding)";

/// Hands the rows over, until `each` has enough.
pub(super) fn read(
    mut file: impl BufRead + Seek,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), TableError> {
    let Shape { delimiter, says_so } = Shape::of(&mut file)?;
    let allowance = Rc::new(Counter::new(ROW_READ_MAX));
    let bounded =
        Bounded { inner: file, allowance: Rc::clone(&allowance), after_cr: false, ended: false };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(bounded);
    let mut record = csv::ByteRecord::new();
    let mut is_first = true;
    loop {
        allowance.set(ROW_READ_MAX);
        let begins_at = reader.position().line();
        let read = reader.read_byte_record(&mut record);
        let row = match read {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let at = record.position();
                // Empty lines before it are no part of it; those within its cells are.
                let within = record.as_slice().split(|byte| *byte == b'\n').count() - 1;
                let within = u64::try_from(within).unwrap_or(0);
                let number = reader.position().line().saturating_sub(1 + within);
                let cells = cells(&record);
                if is_first && cells.is_err() {
                    return Err(TableError::Encoding { what: NOT_UTF8 });
                }
                Row { sheet: None, number, bytes: at.map_or(0, csv::Position::byte), cells: cells? }
            }
            Err(error) if error.is_io_error() && allowance.get() == 0 => {
                let what = format!(
                    "the row does not end within {ROW_READ_MAX} bytes: is a quote left open? The \
                     rest of the file is not read"
                );
                let _last =
                    each(Row { sheet: None, number: begins_at, bytes: 0, cells: Err(what) });
                return Ok(());
            }
            Err(error) => return Err(io::Error::other(error).into()),
        };
        let skipped = (std::mem::take(&mut is_first) && says_so) || row.is_blank();
        if !skipped && each(row).is_break() {
            return Ok(());
        }
    }
}

/// The cells; the outer error is for a file that is no text of ours at all.
fn cells(record: &csv::ByteRecord) -> Result<Result<Vec<Cell>, String>, TableError> {
    let mut cells = Vec::with_capacity(record.len());
    for (place, cell) in record.iter().enumerate() {
        let Ok(text) = std::str::from_utf8(cell) else {
            return Err(TableError::Encoding { what: NOT_UTF8 });
        };
        if place >= COLUMNS_MAX && !text.trim().is_empty() {
            return Ok(Err(format!("there are more than {COLUMNS_MAX} cells in the row")));
        }
        if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
            return Ok(Err(format!("a cell has more than {CELL_CHARS_MAX} characters")));
        }
        if place < COLUMNS_MAX {
            cells.push(Cell::of_text(super::writing::unescaped(text)));
        }
    }
    Ok(Ok(cells))
}

/// What the first line says of the file.
struct Shape {
    delimiter: u8,
    /// The first line says nothing but the delimiter (`sep=;`).
    says_so: bool,
}

impl Shape {
    fn of(file: &mut (impl BufRead + Seek)) -> Result<Self, TableError> {
        let mut first = Vec::new();
        Read::take(&mut *file, FIRST_READ_MAX).read_until(b'\n', &mut first)?;
        file.seek(SeekFrom::Start(0))?;
        if first.starts_with(b"\xFF\xFE") || first.starts_with(b"\xFE\xFF") || first.contains(&0) {
            return Err(TableError::Encoding { what: UTF16 });
        }
        let line = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&first);
        let line = line.split(|byte| *byte == b'\r').next().unwrap_or(line).trim_ascii();
        Ok(match line {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
                Self { delimiter: *delimiter, says_so: true }
            }
            _ => Self { delimiter: delimiter(line), says_so: false },
        })
    }
}

/// What stands most often between the cells of the line: spreadsheets write `;` where `,` is the
/// decimal sign.
fn delimiter(line: &[u8]) -> u8 {
    let mut best = (0, b',');
    for delimiter in [b',', b';', b'\t'] {
        let mut quoted = false;
        let between = line.iter().filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == delimiter
        });
        let count = between.count();
        if count > best.0 {
            best = (count, delimiter);
        }
    }
    best.1
}

/// Reads no more for one row than is allowed, and ends every line with `\n`, the last one too: so
/// that lines can be counted, however they end in the file.
struct Bounded<R> {
    inner: R,
    /// What may still be read for the row at hand.
    allowance: Rc<Counter<u64>>,
    /// The last byte was `\r`: a `\n` behind it ends no other line.
    after_cr: bool,
    ended: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.allowance.get();
            let read = self.inner.read(buffer)?;
            let after = left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
            self.allowance.set(after);
            if after == 0 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            if read == 0 {
                let last = buffer.first_mut().filter(|_| !std::mem::replace(&mut self.ended, true));
                return Ok(usize::from(last.map(|byte| *byte = b'\n').is_some()));
            }
            let kept = self.line_ends(buffer.get_mut(..read).unwrap_or_default());
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

impl<R> Bounded<R> {
    /// Makes every end of a line `\n`; answers how many bytes are left.
    fn line_ends(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for place in 0..bytes.len() {
            let Some(&byte) = bytes.get(place) else { break };
            let of_pair = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            if !of_pair && let Some(to) = bytes.get_mut(kept) {
                *to = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}
