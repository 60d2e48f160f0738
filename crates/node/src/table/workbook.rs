//! XLSX workbooks, cell by cell as they stand in the file; no sheet is in memory as a whole.

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use calamine::{DataRef, Dimensions, Reader, SheetType, Xlsx, XlsxError};
use chrono::{TimeDelta, Timelike};

use super::{CELL_CHARS_MAX, COLUMNS_MAX, Cell, ROWS_MAX, Row, TableError, bounds};

/// The most merged cells that lie side by side.
const MERGED_MAX: usize = 16_384;

/// Hands the rows of a sheet over, until `each` has enough.
pub(super) fn read(
    mut file: impl Read + Seek,
    sheet: Option<&str>,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), TableError> {
    let bytes = bounds::check(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut book: Xlsx<_> = Xlsx::new(file).map_err(|why| unreadable(&why))?;
    let name = sheet_of(&book, sheet)?;
    let merged = book.merge_cells_by_sheet_name(&name).map_err(|why| unreadable(&why))?;
    let mut merged = Merged::of(merged);
    let mut cells = book.worksheet_cells_reader(&name).map_err(|why| unreadable(&why))?;
    let sheet: Arc<str> = Arc::from(name.as_str());
    let rows_about = u64::from(cells.dimensions().end.0).max(1);
    let mut at: Option<u32> = None;
    let mut row: Result<Vec<Cell>, String> = Ok(Vec::new());
    let mut hand_over = |at: u32, cells: Result<Vec<Cell>, String>| {
        let number = u64::from(at) + 1;
        let cells = match cells {
            Ok(cells) => Ok(merged.cover(at, cells)?),
            Err(why) => Err(why),
        };
        let bytes = bytes.min(bytes * u64::from(at) / rows_about);
        let row = Row { sheet: Some(Arc::clone(&sheet)), number, bytes, cells };
        Ok(if row.is_blank() { ControlFlow::Continue(()) } else { each(row) })
    };
    while let Some(cell) = cells.next_cell().map_err(|why| unreadable(&why))? {
        let (line, column) = cell.get_position();
        if at != Some(line) {
            if let Some(before) = at {
                if line < before {
                    let what = format!("row {} comes after row {}", line + 1, before + 1);
                    return Err(TableError::NoWorkbook { what });
                }
                if hand_over(before, std::mem::replace(&mut row, Ok(Vec::new())))?.is_break() {
                    return Ok(());
                }
            }
            if u64::from(line) >= ROWS_MAX {
                return Err(TableError::TooMany { what: "rows", max: ROWS_MAX });
            }
            at = Some(line);
        }
        put(&mut row, column, cell.get_value())?;
    }
    match at {
        Some(last) => hand_over(last, row).map(|_| ()),
        None => Ok(()),
    }
}

fn unreadable(why: &XlsxError) -> TableError {
    TableError::NoWorkbook { what: why.to_string() }
}

/// The sheet of this name, or the first one.
fn sheet_of<RS: Read + Seek>(book: &Xlsx<RS>, wanted: Option<&str>) -> Result<String, TableError> {
    let sheets = book.sheets_metadata().iter();
    let names: Vec<&str> = sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.as_str())
        .collect();
    let found = match wanted {
        Some(wanted) => names.iter().find(|name| super::heading(name) == super::heading(wanted)),
        None => names.first(),
    };
    found.map(|name| (*name).to_owned()).ok_or_else(|| TableError::NoSheet {
        wanted: wanted.unwrap_or_default().to_owned(),
        there: names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "),
    })
}

fn put(
    row: &mut Result<Vec<Cell>, String>,
    column: u32,
    value: &DataRef<'_>,
) -> Result<(), TableError> {
    if matches!(value, DataRef::Empty) {
        return Ok(());
    }
    let place = usize::try_from(column).unwrap_or(usize::MAX);
    if place >= COLUMNS_MAX {
        let max = u64::try_from(COLUMNS_MAX).unwrap_or(u64::MAX);
        return Err(TableError::TooMany { what: "columns", max });
    }
    let Ok(cells) = row else { return Ok(()) };
    match cell_of(value) {
        Ok(cell) => {
            if cells.len() <= place {
                cells.resize(place + 1, Cell::Empty);
            }
            if let Some(old) = cells.get_mut(place) {
                *old = cell;
            }
        }
        Err(why) => *row = Err(format!("column {}: {why}", super::column_letters(place))),
    }
    Ok(())
}

fn cell_of(value: &DataRef<'_>) -> Result<Cell, String> {
    let of_text = |text: &str| {
        if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
            return Err(format!("the cell has more than {CELL_CHARS_MAX} characters"));
        }
        Ok(Cell::of_text(text))
    };
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            of_text(text)?
        }
        DataRef::SharedString(text) => of_text(text)?,
        DataRef::Int(number) => of_text(&number.to_string())?,
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(at) if at.is_duration() => Cell::Number(at.as_f64()),
        DataRef::DateTime(at) => {
            // Days are floating numbers: the nearest second is what was typed.
            let at = at.as_datetime().and_then(|at| {
                at.checked_add_signed(TimeDelta::milliseconds(500))?.with_nanosecond(0)
            });
            Cell::Moment(at.ok_or("the cell has a date that is none")?)
        }
        DataRef::Error(error) => Cell::Error(error.to_string()),
    })
}

/// The merged cells of a sheet, met from above.
struct Merged {
    /// Those that begin further down, the lowest first.
    below: Vec<Dimensions>,
    /// Those that the row at hand may be in.
    here: Vec<Dimensions>,
}

impl Merged {
    fn of(mut regions: Vec<Dimensions>) -> Self {
        regions.sort_by_key(|region| std::cmp::Reverse(region.start.0));
        Self { below: regions, here: Vec::new() }
    }

    /// The cells of the row, with those marked that only a merged cell covers.
    fn cover(&mut self, row: u32, mut cells: Vec<Cell>) -> Result<Vec<Cell>, TableError> {
        self.here.retain(|region| region.end.0 >= row);
        while let Some(next) = self.below.pop_if(|region| region.start.0 <= row) {
            if next.end.0 >= row {
                self.here.push(next);
            }
            if self.here.len() > MERGED_MAX {
                let max = u64::try_from(MERGED_MAX).unwrap_or(u64::MAX);
                return Err(TableError::TooMany { what: "merged cells side by side", max });
            }
        }
        for region in self.here.iter().filter(|region| region.start.0 < row) {
            let from = usize::try_from(region.start.1).unwrap_or(usize::MAX);
            let to = usize::try_from(region.end.1).unwrap_or(usize::MAX).min(COLUMNS_MAX - 1);
            for column in from..=to {
                if cells.len() <= column {
                    cells.resize(column + 1, Cell::Empty);
                }
                if let Some(cell) = cells.get_mut(column)
                    && *cell == Cell::Empty
                {
                    *cell = Cell::Merged(u64::from(region.start.0) + 1);
                }
            }
        }
        Ok(cells)
    }
}
