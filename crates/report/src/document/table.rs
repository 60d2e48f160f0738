//! A table: a head of merged cells, typed columns, rows, and what adds up to what.

use super::Cell;
use crate::error::RenderError;

/// What a column holds; it decides how its cells stand and how wide they may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// The number of a row: in the middle, never written with thousands apart.
    Ordinal,
    /// What a row is called; gets the room that is left.
    Label,
    /// Figures: to the right.
    Number,
    /// Words: to the left.
    Text,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub kind: ColumnKind,
}

/// A cell of the head; the next row's cells fill the places that are left, from the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadCell {
    /// What it says.
    pub text: String,
    /// How many columns it covers, from 1.
    pub across: usize,
    /// How many rows of the head it covers, from 1.
    pub down: usize,
}

impl HeadCell {
    /// One column, one row.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), across: 1, down: 1 }
    }

    /// Covering so many columns.
    #[must_use]
    pub fn across(mut self, across: usize) -> Self {
        self.across = across;
        self
    }

    /// Covering so many rows of the head.
    #[must_use]
    pub fn down(mut self, down: usize) -> Self {
        self.down = down;
        self
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// One of many.
    Plain,
    /// The head of a block of rows, with the block's sum: heavy.
    Block,
    /// The total: heavy.
    Total,
}

/// A row with a cell for each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// The places of the rows that it claims to be the sum of. A spreadsheet gets a formula where
    /// every figure bears the claim out, and the plain numbers where one does not.
    pub adds: Vec<usize>,
}

/// A column that is claimed to be the sum of others in every row: 3 = 4 + 5 + 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The place of the column that is the sum.
    pub whole: usize,
    /// The places of the columns that are added.
    pub parts: Vec<usize>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is called, above it; in a workbook the name of its sheet.
    pub caption: Option<String>,
    /// What is counted, above it to the right: `Đơn vị tính: hồ sơ`.
    pub counted: Option<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows of the head, from above; together they cover every column in every row once.
    pub head: Vec<Vec<HeadCell>>,
    /// A number for each column below the head, `(1)`; empty: no such row.
    pub numbers: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Columns that are sums of others.
    pub sums: Vec<Sum>,
    /// Whether it is too wide for an upright page.
    pub landscape: bool,
    /// Lines below it.
    pub notes: Vec<String>,
}

/// A cell of the head in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed<'a> {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) across: usize,
    pub(crate) down: usize,
    pub(crate) text: &'a str,
}

impl Table {
    /// A table without rows; its head is to be filled.
    pub fn new(kinds: impl IntoIterator<Item = ColumnKind>) -> Self {
        Self {
            caption: None,
            counted: None,
            columns: kinds.into_iter().map(|kind| Column { kind }).collect(),
            head: Vec::new(),
            numbers: Vec::new(),
            rows: Vec::new(),
            sums: Vec::new(),
            landscape: false,
            notes: Vec::new(),
        }
    }

    /// A table with a head of one row.
    pub fn simple<'a>(columns: impl IntoIterator<Item = (&'a str, ColumnKind)>) -> Self {
        let (texts, kinds): (Vec<&str>, Vec<ColumnKind>) = columns.into_iter().unzip();
        let mut table = Self::new(kinds);
        table.head.push(texts.into_iter().map(HeadCell::new).collect());
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells = cells.into_iter().collect();
        self.rows.push(Row { kind: RowKind::Plain, cells, adds: Vec::new() });
    }

    /// Adds a total, claimed to be the sum of the rows in these places.
    pub fn total(
        &mut self,
        cells: impl IntoIterator<Item = Cell>,
        adds: impl IntoIterator<Item = usize>,
    ) {
        let (cells, adds) = (cells.into_iter().collect(), adds.into_iter().collect());
        self.rows.push(Row { kind: RowKind::Total, cells, adds });
    }

    /// Whether it has a cell without data.
    pub(crate) fn lacks_data(&self) -> bool {
        self.rows.iter().any(|row| row.cells.contains(&Cell::NoData))
    }

    /// Whether a row is the sum of the rows that it names, in every column of figures.
    pub(crate) fn row_adds_up(&self, row: &Row) -> bool {
        if row.adds.is_empty() {
            return false;
        }
        (0..self.columns.len()).all(|column| {
            let Some(whole) = row.cells.get(column).and_then(Cell::as_count) else { return true };
            let parts = row
                .adds
                .iter()
                .map(|place| self.rows.get(*place)?.cells.get(column).and_then(Cell::as_part));
            added(parts) == Some(whole)
        })
    }

    /// The parts of a column in a row, if they add up to it there.
    pub(crate) fn parts_of(&self, row: &Row, column: usize) -> Option<&[usize]> {
        let whole = row.cells.get(column)?.as_count()?;
        let holds = |sum: &&Sum| {
            let part = |place: &usize| row.cells.get(*place).and_then(Cell::as_count);
            sum.whole == column && added(sum.parts.iter().map(part)) == Some(whole)
        };
        self.sums.iter().find(holds).map(|sum| sum.parts.as_slice())
    }

    /// The head with every cell in its place.
    ///
    /// Errors if the head does not cover each place once, or a row has not a cell for each column.
    pub(crate) fn placed(&self) -> Result<Vec<Placed<'_>>, RenderError> {
        let (rows, columns) = (self.head.len(), self.columns.len());
        let misshapen = |why: String| RenderError::Misshapen { table: self.name(), why };
        let mut taken = vec![false; rows * columns];
        let mut placed = Vec::new();
        for (row, cells) in self.head.iter().enumerate() {
            let mut column = 0;
            for cell in cells {
                while taken.get(row * columns + column) == Some(&true) && column < columns {
                    column += 1;
                }
                let (across, down) = (cell.across.max(1), cell.down.max(1));
                if column + across > columns || row + down > rows {
                    let text = &cell.text;
                    return Err(misshapen(format!("the head {text:?} reaches beyond its table")));
                }
                for place in (row..row + down)
                    .flat_map(|row| (column..column + across).map(move |c| row * columns + c))
                {
                    match taken.get_mut(place) {
                        Some(free) if !*free => *free = true,
                        _ => {
                            let text = &cell.text;
                            return Err(misshapen(format!("the head {text:?} covers another")));
                        }
                    }
                }
                placed.push(Placed { row, column, across, down, text: &cell.text });
                column += across;
            }
        }
        if taken.contains(&false) || columns == 0 {
            return Err(misshapen("its head does not cover every column".to_owned()));
        }
        if !(self.numbers.is_empty() || self.numbers.len() == columns) {
            return Err(misshapen("it has not a number for each column".to_owned()));
        }
        if let Some(place) = self.rows.iter().position(|row| row.cells.len() != columns) {
            let number = place + 1;
            return Err(misshapen(format!("row {number} has not {columns} cells, one a column")));
        }
        Ok(placed)
    }

    fn name(&self) -> String {
        self.caption.clone().unwrap_or_default()
    }
}

fn added(parts: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    let mut sum = 0_i64;
    for part in parts {
        sum = sum.checked_add(part?)?;
    }
    Some(sum)
}
