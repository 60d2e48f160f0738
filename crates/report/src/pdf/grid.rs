//! A table on pages: its head is repeated on each, and a row higher than a page goes on on the next.

use super::flow::{Flow, height, line_height};

use crate::document::{Align, ColumnKind, Placed, Row, RowKind, Table};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{Fitted, GAP, HEAD, Line, Piece, SMALL, Style, fit, padding, wrap};

const RULE: f32 = 0.5;

/// Lines in a rectangle.
struct Boxed {
    column: usize,
    across: usize,
    /// Below the upper edge of the head.
    top: f32,
    height: f32,
    lines: Vec<Line>,
}

struct Grid<'a> {
    table: &'a Table,
    lang: Lang,
    fitted: Fitted,
    head: Vec<Boxed>,
    head_height: f32,
}

/// Puts a table on pages.
pub(super) fn table(flow: &mut Flow, table: &Table, lang: Lang) -> Result<(), RenderError> {
    let placed = table.placed()?;
    let fitted = fit(table, &placed, lang, flow.page.body_width());
    let mut grid = Grid { table, lang, fitted, head: Vec::new(), head_height: 0.0 };
    grid.lay_head(&placed);
    let room = flow.page.body_width();
    let caption = table.caption.as_deref().map(|text| Piece::new(text, Style::BOLD, HEAD));
    let counted = table.counted.as_deref().map(|text| Piece::new(text, Style::ITALIC, SMALL));
    let above = [caption.as_ref(), counted.as_ref()].into_iter().flatten();
    let above: f32 = above.map(|piece| height(&wrap(std::slice::from_ref(piece), room, 0.0))).sum();
    // The head does not stand alone at the end of a page.
    flow.need(above + GAP + grid.head_height + 3.0 * grid.fitted.size);
    if let Some(caption) = caption {
        flow.text(&[caption], 0.0, Align::Centre);
    }
    if let Some(counted) = counted {
        flow.text(&[counted], 0.0, Align::Right);
    }
    flow.y += GAP / 2.0;
    grid.draw_head(flow);
    for row in &table.rows {
        grid.row(flow, row);
    }
    flow.y += GAP / 2.0;
    for note in &table.notes {
        flow.text(&[Piece::new(note, Style::ITALIC, SMALL)], 0.0, Align::Left);
    }
    flow.y += GAP;
    Ok(())
}

impl Grid<'_> {
    fn vertical_padding(&self) -> f32 {
        self.fitted.size * 0.18
    }

    /// Left edge and width of columns.
    fn span(&self, column: usize, across: usize) -> (f32, f32) {
        let widths = &self.fitted.widths;
        let left = widths.iter().take(column).sum();
        (left, widths.iter().skip(column).take(across).sum())
    }

    fn wrap(&self, text: &str, style: Style, column: usize, across: usize) -> Vec<Line> {
        let size = self.fitted.size;
        let room = self.span(column, across).1 - 2.0 * padding(size);
        wrap(&[Piece::new(text, style, size)], room, 0.0)
    }

    fn lay_head(&mut self, placed: &[Placed<'_>]) {
        let pad = 2.0 * self.vertical_padding();
        let rows = self.table.head.len();
        let mut heights = vec![0.0_f32; rows];
        let wrapped: Vec<Vec<Line>> = placed
            .iter()
            .map(|cell| self.wrap(cell.text, Style::BOLD, cell.column, cell.across))
            .collect();
        // Those of one row first: what covers several gets what they leave.
        let mut by_rows: Vec<(&Placed<'_>, f32)> =
            placed.iter().zip(wrapped.iter().map(|lines| height(lines) + pad)).collect();
        by_rows.sort_by_key(|(cell, _)| cell.down);
        for (cell, needed) in by_rows {
            let held: f32 = heights.iter().skip(cell.row).take(cell.down).sum();
            if let Some(last) = heights.get_mut(cell.row + cell.down - 1)
                && needed > held
            {
                *last += needed - held;
            }
        }
        let top = |row: usize| heights.iter().take(row).sum::<f32>();
        self.head = placed
            .iter()
            .zip(wrapped)
            .map(|(cell, lines)| Boxed {
                column: cell.column,
                across: cell.across,
                top: top(cell.row),
                height: top(cell.row + cell.down) - top(cell.row),
                lines,
            })
            .collect();
        self.head_height = top(rows);
        if self.table.numbers.is_empty() {
            return;
        }
        let lines: Vec<Vec<Line>> = (0..)
            .zip(&self.table.numbers)
            .map(|(column, number)| self.wrap(number, Style::ITALIC, column, 1))
            .collect();
        let most = lines.iter().map(|lines| height(lines)).fold(0.0, f32::max) + pad;
        let top = self.head_height;
        let numbers = lines.into_iter().enumerate();
        self.head.extend(numbers.map(|(column, lines)| Boxed {
            column,
            across: 1,
            top,
            height: most,
            lines,
        }));
        self.head_height += most;
    }

    fn draw_head(&self, flow: &mut Flow) {
        let (x, y) = (flow.page.left(), flow.y);
        for cell in &self.head {
            let (left, wide) = self.span(cell.column, cell.across);
            let (left, top) = (x + left, y + cell.top);
            frame(flow, (left, top), (wide, cell.height));
            let pad = padding(self.fitted.size);
            let mut line_top = top + (cell.height - height(&cell.lines)) / 2.0;
            for line in cell.lines.clone() {
                let high = line_height(&line);
                flow.line(line, (left + pad, line_top, wide - 2.0 * pad), Align::Centre);
                line_top += high;
            }
        }
        flow.y += self.head_height;
    }

    fn row(&self, flow: &mut Flow, row: &Row) {
        let style = match row.kind {
            RowKind::Plain => Style::REGULAR,
            RowKind::Block | RowKind::Total => Style::BOLD,
        };
        let mut cells: Vec<(Vec<Line>, Align)> = row
            .cells
            .iter()
            .zip(&self.table.columns)
            .enumerate()
            .map(|(place, (cell, column))| {
                let align = match column.kind {
                    ColumnKind::Ordinal => Align::Centre,
                    ColumnKind::Label | ColumnKind::Text => Align::Left,
                    ColumnKind::Number => Align::Right,
                };
                (self.wrap(&cell.printed(self.lang), style, place, 1), align)
            })
            .collect();
        let pad = 2.0 * self.vertical_padding();
        let whole = cells.iter().map(|(lines, _)| height(lines)).fold(0.0, f32::max) + pad;
        if whole > flow.left() {
            flow.new_sheet();
            self.draw_head(flow);
        }
        // Whatever does not fit on this page goes on on the next; a page has room for one line.
        loop {
            let room = flow.left() - pad;
            let line = self.fitted.size * crate::page::LEADING;
            let mut fitting = 1;
            while room >= crate::page::many(fitting + 1) * line {
                fitting += 1;
            }
            let most = cells.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0);
            let rest: Vec<(Vec<Line>, Align)> = if most > fitting {
                cells
                    .iter_mut()
                    .map(|(lines, align)| (lines.split_off(fitting.min(lines.len())), *align))
                    .collect()
            } else {
                Vec::new()
            };
            self.draw_row(flow, cells);
            if rest.is_empty() {
                return;
            }
            cells = rest;
            flow.new_sheet();
            self.draw_head(flow);
        }
    }

    fn draw_row(&self, flow: &mut Flow, cells: Vec<(Vec<Line>, Align)>) {
        let pad = padding(self.fitted.size);
        let most = cells.iter().map(|(lines, _)| height(lines)).fold(0.0, f32::max);
        let row_height = most + 2.0 * self.vertical_padding();
        let (x, y) = (flow.page.left(), flow.y);
        for (column, (lines, align)) in cells.into_iter().enumerate() {
            let (left, wide) = self.span(column, 1);
            frame(flow, (x + left, y), (wide, row_height));
            let mut top = y + (row_height - height(&lines)) / 2.0;
            for line in lines {
                let high = line_height(&line);
                flow.line(line, (x + left + pad, top, wide - 2.0 * pad), align);
                top += high;
            }
        }
        flow.y += row_height;
    }
}

fn frame(flow: &mut Flow, (x, y): (f32, f32), (wide, high): (f32, f32)) {
    let (right, bottom) = (x + wide, y + high);
    flow.rule((x, y), (right, y), RULE);
    flow.rule((x, bottom), (right, bottom), RULE);
    flow.rule((x, y), (x, bottom), RULE);
    flow.rule((right, y), (right, bottom), RULE);
}
