//! Pages filled from above.

use crate::document::Align;
use crate::page::{HEAD, LEADING, Line, MARGIN, Page, Piece, Style, many, wrap};

/// Ink, in points from the upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ink {
    /// A text with its left edge and its base line.
    Text { x: f32, y: f32, piece: Piece },
    /// A straight rule.
    Rule { from: (f32, f32), to: (f32, f32), thick: f32 },
}

/// One page with what is on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    pub(super) page: Page,
    pub(super) ink: Vec<Ink>,
}

/// Pages with a place where the next thing goes.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) sheets: Vec<Sheet>,
    pub(super) page: Page,
    pub(super) y: f32,
}

impl Flow {
    pub(super) fn new(page: Page) -> Self {
        let mut flow = Self { sheets: Vec::new(), page, y: 0.0 };
        flow.new_sheet();
        flow
    }

    /// Begins a page; its number stands above from the second on.
    pub(super) fn new_sheet(&mut self) {
        self.sheets.push(Sheet { page: self.page, ink: Vec::new() });
        self.y = self.page.top();
        let number = self.sheets.len();
        if number > 1 {
            let piece = Piece::new(&number.to_string(), Style::REGULAR, HEAD);
            let x = (self.page.width() - piece.width()) / 2.0;
            self.ink(Ink::Text { x, y: self.page.top() - HEAD, piece });
        }
    }

    /// Goes on with pages that lie so.
    pub(super) fn turn(&mut self, landscape: bool) {
        if self.page.landscape != landscape {
            self.page = Page { landscape };
            self.new_sheet();
        }
    }

    /// How much room is left below.
    pub(super) fn left(&self) -> f32 {
        self.page.height() - MARGIN - self.y
    }

    /// Begins a page if this much does not fit below; nothing is above it on a new one.
    pub(super) fn need(&mut self, height: f32) {
        if height > self.left() && self.y > self.page.top() {
            self.new_sheet();
        }
    }

    pub(super) fn ink(&mut self, ink: Ink) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.ink.push(ink);
        }
    }

    pub(super) fn rule(&mut self, from: (f32, f32), to: (f32, f32), thick: f32) {
        self.ink(Ink::Rule { from, to, thick });
    }

    /// A line with its upper edge at `y`, between `x` and `x + room`.
    pub(super) fn line(&mut self, line: Line, (x, y, room): (f32, f32, f32), align: Align) {
        let free = room - line.indent - line.width;
        let gaps = line.words.len().saturating_sub(1);
        let (mut x, stretch) = match align {
            Align::Justified if !line.last && gaps > 0 => (x + line.indent, free / many(gaps)),
            Align::Justified | Align::Left => (x + line.indent, 0.0),
            Align::Centre => (x + free / 2.0, 0.0),
            Align::Right => (x + free, 0.0),
        };
        let base = y + line_size(&line) * BASE;
        let last = line.words.len();
        for (place, word) in line.words.into_iter().enumerate() {
            let end = x + word.width;
            let pieces = word.pieces.len();
            for (part, mut piece) in word.pieces.into_iter().enumerate() {
                let wide = piece.width();
                // The space is written too, so that it is there when the text is copied.
                if part + 1 == pieces && place + 1 < last && word.space.is_some() {
                    piece.text.push(' ');
                }
                self.ink(Ink::Text { x, y: base, piece });
                x += wide;
            }
            x = end + word.space.unwrap_or(0.0) + stretch;
        }
    }

    /// Text over the whole width, over as many pages as it takes.
    pub(super) fn text(&mut self, pieces: &[Piece], indent: f32, align: Align) {
        let (x, room) = (self.page.left(), self.page.body_width());
        for line in wrap(pieces, room, indent) {
            let height = line_height(&line);
            self.need(height);
            self.line(line, (x, self.y, room), align);
            self.y += height;
        }
    }
}

/// Where the base line is, in letters' sizes below the upper edge of a line.
const BASE: f32 = 0.98;

fn line_size(line: &Line) -> f32 {
    line.words.iter().flat_map(|word| &word.pieces).map(|piece| piece.size).fold(0.0, f32::max)
}

pub(super) fn line_height(line: &Line) -> f32 {
    let size = line_size(line);
    if size > 0.0 { size * LEADING } else { HEAD * LEADING }
}

pub(super) fn height(lines: &[Line]) -> f32 {
    lines.iter().map(line_height).sum()
}
