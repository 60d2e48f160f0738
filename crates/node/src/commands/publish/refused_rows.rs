//! The rows that were refused, in a file of their own: to be mended there, and published again with
//! the same mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::import::Import;
use super::mending::Mending;
use crate::commands::report::output;
use crate::settings::Lang;
use crate::table::{self, Cell, Format, Row};

/// What is written beside the row, headings that no mapping wants: the row it was, why in the words
/// of the contract, what that means, and how to mend it.
const ADDED: [&str; 4] = ["Dòng gốc", "Lỗi", "Nghĩa là", "Cách sửa"];
/// The same in English.
const ADDED_ENGLISH: [&str; 3] = ["Row", "Error", "How to mend it"];
/// The sheet.
const SHEET: &str = "Dòng bị từ chối";

/// A row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefusedRow {
    /// Its file, counted from 0.
    pub(super) file: usize,
    pub(super) row: u64,
    pub(super) code: Option<String>,
    /// Why, with the column if it is known.
    pub(super) why: String,
    /// What is wrong in Vietnamese, where no code says it.
    pub(super) vietnamese: Option<&'static str>,
}

/// Why no such file can be written, if so.
pub(super) fn fault(path: &Path, files: &[PathBuf]) -> Option<&'static str> {
    let [input] = files else {
        return Some("--refused is for one FILE at a time");
    };
    if input == Path::new("-") {
        return Some("--refused reads FILE once more, which standard input cannot be");
    }
    let wants_table = Format::of(path).is_some();
    match (table::is_table(input), wants_table) {
        (true, false) => Some("--refused of a table is a .csv or an .xlsx file"),
        (false, true) => Some("--refused of NDJSON is an .ndjson file"),
        (true, true) | (false, false) if path == input => {
            Some("--refused would overwrite the file that is published")
        }
        (true, true) | (false, false) => None,
    }
}

/// Writes the rows; an empty table if there are none.
pub(super) fn write(
    path: &Path,
    files: &[PathBuf],
    import: Option<&Import>,
    refused: &[RefusedRow],
    lang: Lang,
) -> anyhow::Result<()> {
    let Some(input) = files.first() else { return Ok(()) };
    let mut by_row: BTreeMap<u64, Vec<&RefusedRow>> = BTreeMap::new();
    for row in refused {
        by_row.entry(row.row).or_default().push(row);
    }
    let bytes = match Format::of(path) {
        Some(format) => {
            // The mapping looks for its sheet there.
            let sheet = import.and_then(|import| import.mapping.sheet.as_deref());
            table::write(format, sheet.unwrap_or(SHEET), &rows(input, import, &by_row, lang)?)?
        }
        None => lines(input, &by_row)?,
    };
    output::write(Some(path), &bytes)?;
    eprintln!("{} rows that were refused: {}", by_row.len(), path.display());
    Ok(())
}

/// The lines as they are.
fn lines(input: &Path, refused: &BTreeMap<u64, Vec<&RefusedRow>>) -> anyhow::Result<Vec<u8>> {
    let file = std::fs::File::open(input).with_context(|| input.display().to_string())?;
    let mut out = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).split(b'\n')) {
        let line = line?;
        if refused.contains_key(&number) {
            out.extend_from_slice(&line);
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// The headings and the rows, each with why.
fn rows(
    input: &Path,
    import: Option<&Import>,
    refused: &BTreeMap<u64, Vec<&RefusedRow>>,
    lang: Lang,
) -> anyhow::Result<Vec<Vec<Cell>>> {
    let sheet = import.and_then(|import| import.mapping.sheet.as_deref());
    let heads_in = import.map_or(1, Import::heads_row);
    let mut out: Vec<Vec<Cell>> = Vec::new();
    let mut width = 0;
    table::read(input, sheet, &mut |row: Row| {
        let cells = row.cells.unwrap_or_default();
        if row.number == heads_in || (import.is_none() && out.is_empty()) {
            width = cells.len();
            // The mapping may say in which row the headings are: there they are here too.
            let says = import.and_then(|import| import.mapping.header_row).unwrap_or(1);
            out.extend((1..says).map(|_| vec![text(SHEET)]));
            let added = match lang {
                Lang::Vi => ADDED.map(str::to_owned).to_vec(),
                Lang::En => ADDED_ENGLISH.map(str::to_owned).to_vec(),
            };
            out.push(with(cells, width, &added));
        } else if let Some(why) = refused.get(&row.number) {
            let added = match lang {
                Lang::Vi => vietnamese(row.number, why),
                Lang::En => english(row.number, why),
            };
            out.push(with(cells, width, &added));
        }
        ControlFlow::Continue(())
    })?;
    Ok(out)
}

/// What is wrong with a row, to a clerk.
fn vietnamese(number: u64, faults: &[&RefusedRow]) -> Vec<String> {
    let whys = faults.iter().map(|fault| match fault.why.strip_prefix("column ") {
        Some(rest) => format!("cột {rest}"),
        None => fault.why.clone(),
    });
    let mut means: Vec<String> = Vec::new();
    let mut mend: Vec<String> = Vec::new();
    for fault in faults {
        let mending = fault.code.as_deref().and_then(Mending::of);
        let meaning = mending.map(|mending| mending.meaning).or(fault.vietnamese);
        means.extend(meaning.map(|meaning| meaning.replace('\n', " ")));
        mend.extend(mending.map(|mending| mending.vietnamese.to_owned()));
    }
    vec![number.to_string(), whys.collect::<Vec<_>>().join("; "), joined(means), joined(mend)]
}

fn english(number: u64, faults: &[&RefusedRow]) -> Vec<String> {
    let whys: Vec<&str> = faults.iter().map(|fault| fault.why.as_str()).collect();
    let mend = faults.iter().filter_map(|fault| Mending::of(fault.code.as_deref()?));
    let mend = mend.map(|mending| mending.english.to_owned()).collect();
    vec![number.to_string(), whys.join("; "), joined(mend)]
}

/// Sentences, each once.
fn joined(mut sentences: Vec<String>) -> String {
    let mut seen = BTreeSet::new();
    sentences.retain(|sentence| seen.insert(sentence.clone()));
    sentences.join(" ")
}

fn with(mut cells: Vec<Cell>, width: usize, added: &[String]) -> Vec<Cell> {
    cells.resize(width, Cell::Empty);
    cells.extend(added.iter().map(|added| text(added)));
    cells
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}
