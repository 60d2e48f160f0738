//! How wide the columns of a table are, and how large its letters.

use super::{Style, many, width};
use crate::document::{ColumnKind, Placed, RowKind, Table};
use crate::lang::Lang;

/// Sizes that a table's letters are tried in, from the largest.
const SIZES: [f32; 9] = [13.0, 12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0];
/// A column of words gets no more than this share of the width before others get what they need.
const LABEL_PART_MAX: f32 = 0.45;
/// A column of words is no wider than this many times its letters' size where room is free.
const LABEL_LETTERS_MAX: f32 = 22.0;
/// Above this many rows a table of figures is printed no larger than [`LONG_SIZE`].
const LONG_ROWS: usize = 25;
const LONG_SIZE: f32 = 11.0;

/// A table fitted to a width.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    /// The size of its letters.
    pub(crate) size: f32,
    /// The width of each column; together the width that was given.
    pub(crate) widths: Vec<f32>,
}

/// What lies between a cell's edge and its text.
pub(crate) fn padding(size: f32) -> f32 {
    size / 4.0
}

/// The narrowest and the best width of each column, at size 1.
struct Needs {
    least: Vec<f32>,
    best: Vec<f32>,
}

/// Fits a table to a width: the largest letters at which no word is broken.
pub(crate) fn fit(table: &Table, head: &[Placed<'_>], lang: Lang, room: f32) -> Fitted {
    let needs = needs(table, head, lang);
    let pad = 2.0 * padding(1.0) + 0.05;
    let least: f32 = needs.least.iter().map(|least| least + pad).sum();
    let largest = if table.rows.len() > LONG_ROWS { LONG_SIZE } else { f32::MAX };
    let fits = |size: &&f32| **size <= largest && least * **size <= room;
    let size = SIZES.iter().find(fits).or(SIZES.last()).copied().unwrap_or(5.0);
    let least: Vec<f32> = needs.least.iter().map(|least| (least + pad) * size).collect();
    let most_label = room * LABEL_PART_MAX;
    let best: Vec<f32> = needs
        .best
        .iter()
        .zip(&least)
        .map(|(best, least)| ((best + pad) * size).min(most_label).max(*least))
        .collect();
    let (least_sum, best_sum) = (least.iter().sum::<f32>(), best.iter().sum::<f32>());
    let widths = if least_sum >= room {
        least.iter().map(|least| least * room / least_sum).collect()
    } else if best_sum >= room {
        let part = (room - least_sum) / (best_sum - least_sum);
        least.iter().zip(&best).map(|(least, best)| least + (best - least) * part).collect()
    } else {
        spread(table, &best, room - best_sum)
    };
    Fitted { size, widths }
}

/// The widths of columns that may be as wide as they like, for letters of this size.
pub(crate) fn natural(table: &Table, head: &[Placed<'_>], lang: Lang, size: f32) -> Vec<f32> {
    let needs = needs(table, head, lang);
    let pad = 2.0 * padding(1.0) + 0.3;
    let width =
        |(least, best): (&f32, &f32)| (best.min(LABEL_LETTERS_MAX).max(*least) + pad) * size;
    needs.least.iter().zip(&needs.best).map(width).collect()
}

/// Room that nobody needs: a third to the columns of words, the rest to all but ordinals.
fn spread(table: &Table, best: &[f32], room: f32) -> Vec<f32> {
    let is_words = |kind| matches!(kind, ColumnKind::Label | ColumnKind::Text);
    let words = table.columns.iter().filter(|column| is_words(column.kind)).count();
    let open = table.columns.iter().filter(|column| column.kind != ColumnKind::Ordinal).count();
    let for_words = if words == 0 { 0.0 } else { room / 3.0 };
    let for_open = room - for_words;
    let extra = |kind: ColumnKind| {
        let mut extra = 0.0;
        if is_words(kind) {
            extra += for_words / many(words);
        }
        if open == 0 {
            extra += for_open / many(best.len());
        } else if kind != ColumnKind::Ordinal {
            extra += for_open / many(open);
        }
        extra
    };
    table.columns.iter().zip(best).map(|(column, best)| best + extra(column.kind)).collect()
}

fn needs(table: &Table, head: &[Placed<'_>], lang: Lang) -> Needs {
    let columns = table.columns.len();
    let mut needs = Needs { least: vec![0.0; columns], best: vec![0.0; columns] };
    let mut need = |column: usize, least: f32, best: f32| {
        if let Some(held) = needs.least.get_mut(column) {
            *held = held.max(least);
        }
        if let Some(held) = needs.best.get_mut(column) {
            *held = held.max(best);
        }
    };
    for (column, number) in table.numbers.iter().enumerate() {
        let wide = width(number, Style::ITALIC, 1.0);
        need(column, wide, wide);
    }
    for row in &table.rows {
        let style = if row.kind == RowKind::Plain { Style::REGULAR } else { Style::BOLD };
        for (column, (cell, held)) in row.cells.iter().zip(&table.columns).enumerate() {
            let text = cell.printed(lang);
            let whole = width(&text, style, 1.0);
            let is_number = matches!(held.kind, ColumnKind::Number | ColumnKind::Ordinal);
            let whole_at_least = is_number && cell.is_figure();
            let least = if whole_at_least { whole } else { longest_word(&text, style) };
            need(column, least, whole);
        }
    }
    for cell in head {
        let word = longest_word(cell.text, Style::BOLD);
        for column in cell.column..cell.column + cell.across {
            // A head breaks its lines: it asks for room for its words, not for its length.
            let part = word / many(cell.across);
            let best = part.max(width(cell.text, Style::BOLD, 1.0) / many(cell.across) / 3.0);
            need(column, part, best);
        }
    }
    needs
}

fn longest_word(text: &str, style: Style) -> f32 {
    text.split(' ').map(|word| width(word, style, 1.0)).fold(0.0, f32::max)
}
