//! Tables for a terminal: short heads, numbers to the right, what the heads mean below.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use tonghop_core::words::Level;
use unicode_normalization::UnicodeNormalization;

use super::{CellAnswer, Cells, Column, FormAnswer, RowAnswer, RowOf};
use crate::document::letters::shown;
use crate::lang::Lang;
use crate::number::{NO_DATA, number};
use crate::words::no_data;

/// Characters of a label; what is longer is cut.
const LABEL_CHARS_MAX: usize = 44;
/// Characters of a column's own key above which its head is a letter.
const HEAD_CHARS_MAX: usize = 5;

/// The form as a table, with what it is above and what its heads mean below.
pub fn table(form: &FormAnswer) -> String {
    let rows = form.rows.iter().map(|row| (name(row, form), row.cells.clone()));
    if !form.sections.is_empty() {
        let mut out = top(form);
        for line in form.outline_lines() {
            writeln_to(&mut out, &plain(&line));
        }
        writeln_to(&mut out, &format!("\n{}", foot(form, rows_lack_data(form))));
        return out;
    }
    if form.columns.is_empty() {
        return list(form);
    }
    columns(form, rows.collect())
}

/// A form by unit, summed by level: departments, districts, communes, all others, and the total;
/// the total alone of a form that is not summed by level.
pub fn by_level(form: &FormAnswer) -> String {
    let lang = form.lang;
    let levels = form.levels.as_deref().unwrap_or_default();
    let total = form.total_row();
    let total: Vec<_> = total.map(|row| (name(row, form), row.cells.clone())).into_iter().collect();
    if levels.is_empty() {
        return columns(form, total);
    }
    let shown = [Level::Department, Level::District, Level::Commune];
    let mut rows = Vec::new();
    let mut others = Cells::default();
    for level in levels {
        let word = level.level.as_deref().and_then(Level::parse);
        if word.is_none_or(|word| !shown.contains(&word)) {
            add(&mut others, &level.cells);
        }
    }
    for level in shown {
        let of_level = levels.iter().find(|held| held.level.as_deref() == Some(level.word()));
        let cells = of_level.map(|held| held.cells.clone()).unwrap_or_default();
        rows.push((super::level_name(level, lang).to_owned(), cells));
    }
    rows.push((lang.choose("Khác", "Others").to_owned(), others));
    rows.extend(total);
    columns(form, rows)
}

fn columns(form: &FormAnswer, rows: Vec<(String, Cells)>) -> String {
    let lang = form.lang;
    let heads = heads(&form.columns);
    let mut table = new_table();
    table.set_header([String::new()].into_iter().chain(heads.iter().cloned()));
    let lacks =
        |cells: &Cells| form.columns.iter().any(|column| lacks_data(cells.get(&column.key)));
    let lacks_data = rows.iter().any(|(_, cells)| lacks(cells));
    for (name, cells) in rows {
        let numbers = form.columns.iter().map(|column| show(cells.get(&column.key), lang));
        table.add_row([cut(&name)].into_iter().chain(numbers));
    }
    align(&mut table, 1);
    let mut out = top(form);
    writeln_to(&mut out, &table.to_string());
    let width = heads.iter().map(|head| head.chars().count()).max().unwrap_or(0);
    for (head, column) in heads.iter().zip(&form.columns) {
        let key = if *head == column.key { String::new() } else { format!(" ({})", column.key) };
        let (label, counted) = (plain(&column.label), plain(&column.counted));
        let unit = if counted.is_empty() { counted } else { format!(", {counted}") };
        writeln_to(&mut out, &format!("  {head:<width$}  {label}{unit}{key}"));
    }
    writeln_to(&mut out, &foot(form, lacks_data));
    out
}

fn list(form: &FormAnswer) -> String {
    let lang = form.lang;
    let mut table = new_table();
    let heads = match lang {
        Lang::Vi => ["", "Chỉ tiêu", "Số liệu", "Đơn vị tính"],
        Lang::En => ["", "Indicator", "Figure", "Counted in"],
    };
    table.set_header(heads);
    for row in &form.rows {
        let counted = row.counted.as_deref().unwrap_or("");
        let figure = show(row.cells.get("value"), lang);
        table.add_row([plain(&row.key), plain(&row.label), figure, plain(counted)]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut out = top(form);
    writeln_to(&mut out, &table.to_string());
    writeln_to(&mut out, &foot(form, rows_lack_data(form)));
    out
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table
}

fn align(table: &mut Table, from: usize) {
    for column in table.column_iter_mut().skip(from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn top(form: &FormAnswer) -> String {
    let unit = format!("{} {}", plain(&form.unit), plain(&form.unit_label));
    let mut out = format!("{}\n{}\n", plain(&form.title), unit.trim_end());
    writeln_to(&mut out, &plain(&form.days()));
    if let Some(line) = form.provisional() {
        writeln_to(&mut out, &plain(&format!("({line})")));
    }
    out
}

fn rows_lack_data(form: &FormAnswer) -> bool {
    form.rows.iter().any(|row| lacks_data(row.cells.get("value")))
}

/// What stands for no data, if it stands above; and up to where the log was read.
fn foot(form: &FormAnswer, lacks_data: bool) -> String {
    let show = |value: u64| number(i64::try_from(value).unwrap_or(i64::MAX), form.lang);
    let (position, waiting) = (show(form.position), show(form.lag));
    let mark = if lacks_data { no_data(form.lang) + "\n" } else { String::new() };
    let mut foot = match form.lang {
        Lang::Vi => format!("Nhật ký đến vị trí {position}; còn chờ {waiting} sự kiện."),
        Lang::En => format!("The log up to position {position}; {waiting} events wait behind it."),
    };
    foot.push_str(&form.incomplete_note());
    foot.push_str(&form.unheard_note());
    for line in form.closing_lines() {
        foot.push('\n');
        foot.push_str(&plain(&line));
    }
    mark + &foot
}

/// The head of each column: its key if that is short, else a letter.
fn heads(columns: &[Column]) -> Vec<String> {
    let mut letters = ('a'..='z').map(String::from);
    columns
        .iter()
        .map(|column| {
            if column.key.chars().count() <= HEAD_CHARS_MAX {
                return plain(&column.key);
            }
            letters.next().unwrap_or_else(|| plain(&column.key))
        })
        .collect()
}

fn name(row: &RowAnswer, form: &FormAnswer) -> String {
    let folded = |text: &str| text.trim().nfkc().collect::<String>().to_lowercase();
    let is_total =
        |text: &str| form.total_row().is_some_and(|row| folded(&row.label) == folded(text));
    match (row.key.as_str(), row.label.as_str()) {
        (_, label) if row.kind == RowOf::Total => label.to_owned(),
        // Agencies choose their codes; one that is called like the total is not the total.
        (key, _) if row.kind == RowOf::Code && is_total(key) => format!("“{key}”"),
        (key, label) if label.is_empty() || label == key => key.to_owned(),
        (key, label) => format!("{key} {label}"),
    }
}

fn lacks_data(cell: Option<&CellAnswer>) -> bool {
    cell.is_none_or(CellAnswer::lacks_data)
}

fn show(cell: Option<&CellAnswer>, lang: Lang) -> String {
    cell.map_or_else(|| NO_DATA.to_owned(), |cell| cell.show(lang))
}

fn add(sums: &mut Cells, cells: &Cells) {
    for (key, cell) in &cells.0 {
        match sums.0.iter_mut().find(|(held, _)| held == key) {
            // What there is no data of adds nothing.
            Some((_, held)) => match (held.value, cell.value) {
                (Some(a), Some(b)) => held.value = Some(a.saturating_add(b)),
                (None, Some(_)) => *held = cell.clone(),
                (Some(_) | None, None) => {}
            },
            None => sums.0.push((key.clone(), cell.clone())),
        }
    }
}

/// Without characters that would steer the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { shown(c) }).collect()
}

fn cut(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= LABEL_CHARS_MAX {
        return text;
    }
    let mut short: String = text.chars().take(LABEL_CHARS_MAX - 1).collect();
    short.push('…');
    short
}

fn writeln_to(out: &mut String, line: &str) {
    // A String takes whatever is written to it.
    if writeln!(out, "{line}").is_err() {
        out.push('\n');
    }
}
