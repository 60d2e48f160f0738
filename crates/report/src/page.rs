//! What DOCX and PDF share: the page of Nghị định 30/2020/NĐ-CP, its letters, and how wide the
//! columns of a table are. All lengths are points, 1/72 inch.

mod columns;
mod face;
mod text;

pub(crate) use columns::{Fitted, fit, natural, padding};
pub(crate) use face::{Face, Style, width};
pub(crate) use text::{Line, Piece, balanced, wrap};

/// A4, the shorter side.
pub(crate) const A4_SHORT: f32 = 595.3;
/// A4, the longer side.
pub(crate) const A4_LONG: f32 = 841.9;
/// 20 mm: the margins above, below and to the right.
pub(crate) const MARGIN: f32 = 56.7;
/// 30 mm: the margin to the left, where papers are bound.
pub(crate) const MARGIN_LEFT: f32 = 85.05;

/// Running text.
pub(crate) const TEXT: f32 = 14.0;
/// Most of the national head, captions and page numbers.
pub(crate) const HEAD: f32 = 13.0;
/// The agency, the name of the country, the word before the recipients.
pub(crate) const NATION: f32 = 12.0;
/// The recipients.
pub(crate) const SMALL: f32 = 11.0;
/// Lines of running text are this times their letters apart.
pub(crate) const LEADING: f32 = 1.2;
/// The first line of a paragraph begins so far in: 10 mm.
pub(crate) const INDENT: f32 = 28.35;
/// Between paragraphs.
pub(crate) const GAP: f32 = 6.0;
/// The part of the width that the left column of the national head takes.
pub(crate) const HEAD_LEFT_PART: f32 = 0.44;

/// A page, upright or on its side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Page {
    pub(crate) landscape: bool,
}

impl Page {
    pub(crate) const fn width(self) -> f32 {
        if self.landscape { A4_LONG } else { A4_SHORT }
    }

    pub(crate) const fn height(self) -> f32 {
        if self.landscape { A4_SHORT } else { A4_LONG }
    }

    /// Between the margins; the binding edge of a page on its side is the upper one.
    pub(crate) fn body_width(self) -> f32 {
        self.width() - self.left() - MARGIN
    }

    pub(crate) const fn left(self) -> f32 {
        if self.landscape { MARGIN } else { MARGIN_LEFT }
    }

    pub(crate) const fn top(self) -> f32 {
        if self.landscape { MARGIN_LEFT } else { MARGIN }
    }
}

/// A count as a length, for dividing lengths.
pub(crate) fn many(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
