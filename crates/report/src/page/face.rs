//! Liberation Serif, whose letters are as wide as those of Times New Roman.

use std::sync::LazyLock;

use crate::error::RenderError;

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
}

impl Style {
    pub(crate) const REGULAR: Self = Self { bold: false, italic: false };
    pub(crate) const BOLD: Self = Self { bold: true, italic: false };
    pub(crate) const ITALIC: Self = Self { bold: false, italic: true };
    pub(crate) const BOLD_ITALIC: Self = Self { bold: true, italic: true };
    pub(crate) const ALL: [Self; 4] = [Self::REGULAR, Self::BOLD, Self::ITALIC, Self::BOLD_ITALIC];
}

/// One of the four fonts.
#[derive(Debug, Clone)]
pub(crate) struct Face {
    pub(crate) bytes: &'static [u8],
    pub(crate) parsed: ttf_parser::Face<'static>,
}

const REGULAR: &[u8] = include_bytes!("../../fonts/LiberationSerif-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/LiberationSerif-Bold.ttf");
const ITALIC: &[u8] = include_bytes!("../../fonts/LiberationSerif-Italic.ttf");
const BOLD_ITALIC: &[u8] = include_bytes!("../../fonts/LiberationSerif-BoldItalic.ttf");

static FACES: LazyLock<Vec<(Style, Face)>> = LazyLock::new(|| {
    let all = [
        (Style::REGULAR, REGULAR),
        (Style::BOLD, BOLD),
        (Style::ITALIC, ITALIC),
        (Style::BOLD_ITALIC, BOLD_ITALIC),
    ];
    let parse = |bytes| ttf_parser::Face::parse(bytes, 0).map(|parsed| Face { bytes, parsed });
    all.into_iter().filter_map(|(style, bytes)| Some((style, parse(bytes).ok()?))).collect()
});

impl Face {
    /// The font of a style.
    pub(crate) fn of(style: Style) -> Result<&'static Self, RenderError> {
        let found = FACES.iter().find(|(held, _)| *held == style).map(|(_, face)| face);
        found.ok_or_else(|| RenderError::Font(format!("{style:?}")))
    }

    /// The glyph of a letter; for what the font lacks, an empty box.
    pub(crate) fn glyph(&self, letter: char) -> u16 {
        self.known(letter).or_else(|| self.known('□')).unwrap_or(0)
    }

    /// The glyph of a letter, if the font has it.
    pub(crate) fn known(&self, letter: char) -> Option<u16> {
        self.parsed.glyph_index(letter).map(|glyph| glyph.0)
    }

    /// How wide a glyph is, in thousandths of the letters' size.
    pub(crate) fn advance(&self, glyph: u16) -> f32 {
        let units = self.parsed.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
        f32::from(units) * 1_000.0 / f32::from(self.parsed.units_per_em())
    }
}

/// How wide a text is.
pub(crate) fn width(text: &str, style: Style, size: f32) -> f32 {
    let Ok(face) = Face::of(style) else { return 0.0 };
    text.chars().map(|letter| face.advance(face.glyph(letter))).sum::<f32>() * size / 1_000.0
}
