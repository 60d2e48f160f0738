//! The headings of a table: found, held against what a mapping wants, and told where they are.

use std::collections::{BTreeMap, BTreeSet};

use tonghop_wire::most_similar;

use crate::table::{COLUMNS_MAX, Cell, Row, column_letters, heading};

/// Rows among which the headings are looked for, unless it is said which it is.
const LOOKED_AT_MAX: usize = 50;
const _: () = assert!(LOOKED_AT_MAX * COLUMNS_MAX < 100_000);

/// The headings of a table.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    /// The row that they are in.
    pub(super) row: u64,
    shown: Vec<String>,
    places: BTreeMap<String, usize>,
    repeated: BTreeSet<String>,
}

impl Heads {
    /// The headings of a row; a cell that is merged with one above has the heading of that.
    fn of(row: u64, cells: &[Cell], above: &[(u64, Vec<Cell>)]) -> Self {
        let text = |(place, cell): (usize, &Cell)| {
            let mut cell = Some(cell);
            if let Some(Cell::Merged(anchor)) = cell {
                let anchor = above.iter().find(|(number, _)| number == anchor);
                cell = anchor.and_then(|(_, cells)| cells.get(place));
            }
            cell.and_then(|cell| cell.text().ok()).unwrap_or_default()
        };
        let shown: Vec<String> = cells.iter().enumerate().map(text).collect();
        let (mut places, mut repeated) = (BTreeMap::new(), BTreeSet::new());
        for (place, text) in shown.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            if places.insert(heading(text), place).is_some() {
                repeated.insert(heading(text));
            }
        }
        Self { row, shown, places, repeated }
    }

    /// The column with this heading.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        self.places.get(&heading(wanted)).copied()
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// The headings as they stand in the table.
    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }

    /// `column C "Ngày hẹn"`.
    pub(super) fn name(&self, place: usize) -> String {
        let text = self.shown.get(place).map_or("", String::as_str);
        format!("column {} {text:?}", column_letters(place))
    }

    /// Headings that stand there twice.
    pub(super) fn repeated(&self) -> Vec<String> {
        self.repeated.iter().map(|text| self.twice(text)).collect()
    }

    fn twice(&self, text: &str) -> String {
        let places = self.shown.iter().enumerate().filter(|(_, shown)| heading(shown) == *text);
        let letters: Vec<String> = places.map(|(place, _)| column_letters(place)).collect();
        let row = self.row;
        format!("row {row}: the heading {text:?} is there twice, in columns {}", letters.join(", "))
    }

    /// What is wrong with them for whoever wants these.
    fn faults(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        let mut faults = Vec::new();
        for wanted in wanted {
            if self.repeated.contains(&heading(wanted)) {
                faults.push(self.twice(&heading(wanted)));
            } else if self.find(wanted).is_none() {
                let row = self.row;
                let hint = most_similar(wanted, &self.shown).map_or_else(
                    || format!("the headings of row {row} are {}", self.shown.join(", ")),
                    |near| format!("did you mean {near:?} of row {row}? The mapping names columns"),
                );
                faults.push(format!("there is no column {wanted:?}; {hint}"));
            }
        }
        faults
    }

    /// Columns that nobody wants.
    pub(super) fn unused(&self, wanted: &BTreeSet<String>) -> Vec<&str> {
        let wanted: BTreeSet<String> = wanted.iter().map(|text| heading(text)).collect();
        let unused = |text: &&String| !text.is_empty() && !wanted.contains(&heading(text));
        self.shown.iter().filter(unused).map(String::as_str).collect()
    }
}

/// Looks for the row of the headings.
#[derive(Debug)]
pub(super) struct Search {
    wanted: BTreeSet<String>,
    /// The row that they are in, if that is said.
    at: Option<u64>,
    met: Vec<(u64, Vec<Cell>)>,
    best: Option<(usize, Heads)>,
}

impl Search {
    /// For these headings.
    pub(super) fn new(wanted: BTreeSet<String>, at: Option<u64>) -> Self {
        Self { wanted, at, met: Vec::new(), best: None }
    }

    /// Looks at the next row; the headings if they are in it.
    pub(super) fn meet(&mut self, row: &Row) -> Result<Option<Heads>, String> {
        if self.at.is_some_and(|at| row.number > at) || self.met.len() >= LOOKED_AT_MAX {
            return Err(self.in_vain());
        }
        let cells = row.cells.clone().unwrap_or_default();
        let heads = Heads::of(row.number, &cells, &self.met);
        self.met.push((row.number, cells));
        if self.at.is_some_and(|at| row.number < at) {
            return Ok(None);
        }
        let found = self.wanted.iter().filter(|wanted| heads.find(wanted).is_some()).count();
        if found == self.wanted.len() {
            let faults = heads.faults(&self.wanted);
            return if faults.is_empty() { Ok(Some(heads)) } else { Err(faults.join("\n")) };
        }
        if self.best.as_ref().is_none_or(|(most, _)| found > *most) {
            self.best = Some((found, heads));
        }
        Ok(None)
    }

    /// Why there are none.
    pub(super) fn in_vain(&self) -> String {
        match &self.best {
            Some((_, heads)) => heads.faults(&self.wanted).join("\n"),
            None => "the table has no row of headings".to_owned(),
        }
    }
}

/// The headings of the first row, for a table whose columns are the contract's own names.
pub(super) fn of_first_row(row: &Row) -> Result<Heads, String> {
    let cells = row.cells.as_deref().map_err(Clone::clone)?;
    let heads = Heads::of(row.number, cells, &[]);
    let repeated = heads.repeated();
    if repeated.is_empty() { Ok(heads) } else { Err(repeated.join("\n")) }
}
