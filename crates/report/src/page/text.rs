//! Text broken into lines.

use unicode_normalization::UnicodeNormalization;

use super::{Style, many, width};

/// How often the width of balanced lines is halved: to a point, in a page.
const HALVINGS: usize = 10;

/// Text of one look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) style: Style,
    pub(crate) size: f32,
}

impl Piece {
    /// Composed letters.
    pub(crate) fn new(text: &str, style: Style, size: f32) -> Self {
        Self { text: text.nfc().collect(), style, size }
    }

    pub(crate) fn width(&self) -> f32 {
        width(&self.text, self.style, self.size)
    }
}

/// What is not broken, in pieces of different looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Word {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) width: f32,
    /// The width of the space behind it; none: the next word goes on where this one ends.
    pub(crate) space: Option<f32>,
    /// Whether a new line begins behind it.
    ends_line: bool,
}

/// Words side by side.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Line {
    pub(crate) words: Vec<Word>,
    /// With the spaces between its words.
    pub(crate) width: f32,
    /// How far in it begins.
    pub(crate) indent: f32,
    /// Whether its paragraph, or a part of it, ends here: it is not stretched.
    pub(crate) last: bool,
}

impl Line {
    /// What stands on it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (place, word) in self.words.iter().enumerate() {
            text.extend(word.pieces.iter().map(|piece| piece.text.as_str()));
            if word.space.is_some() && place + 1 < self.words.len() {
                text.push(' ');
            }
        }
        text
    }
}

/// Text cut at its spaces.
fn words(pieces: &[Piece]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for piece in pieces {
        let mut text = String::new();
        let add = |word: &mut Word, text: &mut String| {
            if text.is_empty() {
                return;
            }
            let piece = Piece { text: std::mem::take(text), ..*piece };
            word.width += piece.width();
            word.pieces.push(piece);
        };
        for letter in piece.text.chars() {
            if !matches!(letter, ' ' | '\n' | '\t') {
                text.push(letter);
                continue;
            }
            add(&mut word, &mut text);
            word.space = Some(width(" ", piece.style, piece.size));
            word.ends_line = letter == '\n';
            words.push(std::mem::take(&mut word));
        }
        add(&mut word, &mut text);
    }
    if !word.pieces.is_empty() {
        words.push(word);
    }
    words
}

/// A word in parts that fit.
fn cut(word: Word, room: f32) -> Vec<Word> {
    if word.width <= room {
        return vec![word];
    }
    let (space, ends_line) = (word.space, word.ends_line);
    let mut parts = vec![Word::default()];
    for piece in word.pieces {
        for letter in piece.text.chars() {
            let letter = Piece { text: letter.to_string(), ..piece };
            let wide = letter.width();
            if parts.last().is_some_and(|part| part.width + wide > room && part.width > 0.0) {
                parts.push(Word::default());
            }
            let Some(part) = parts.last_mut() else { continue };
            part.width += wide;
            match part.pieces.last_mut() {
                Some(held) if held.style == letter.style => held.text.push_str(&letter.text),
                _ => part.pieces.push(letter),
            }
        }
    }
    if let Some(last) = parts.last_mut() {
        (last.space, last.ends_line) = (space, ends_line);
    }
    parts
}

/// Text in as few lines as fit into this width, about as wide as one another.
pub(crate) fn balanced(piece: &Piece, room: f32) -> Vec<Line> {
    let lines = |room: f32| wrap(std::slice::from_ref(piece), room, 0.0);
    let fewest = lines(room).len();
    let (mut narrow, mut wide) = (room / many(fewest.max(1)), room);
    for _ in 0..HALVINGS {
        let middle = f32::midpoint(narrow, wide);
        if lines(middle).len() > fewest {
            narrow = middle;
        } else {
            wide = middle;
        }
    }
    lines(wide)
}

/// Text in lines of this width; the first begins further in.
pub(crate) fn wrap(pieces: &[Piece], room: f32, indent: f32) -> Vec<Line> {
    // Widths are sums of rounded numbers: what fits exactly must not be broken.
    let room = room + 0.01;
    let mut lines = Vec::new();
    let mut line = Line { indent, ..Line::default() };
    for word in words(pieces).into_iter().flat_map(|word| cut(word, room)) {
        let between = line.words.last().map_or(0.0, |last| last.space.unwrap_or(0.0));
        let fits = line.indent + line.width + between + word.width <= room;
        if !fits && !line.words.is_empty() {
            lines.push(std::mem::take(&mut line));
        } else {
            line.width += between;
        }
        line.width += word.width;
        let ends_line = word.ends_line;
        line.words.push(word);
        if ends_line {
            lines.push(Line { last: true, ..std::mem::take(&mut line) });
        }
    }
    if !line.words.is_empty() || lines.is_empty() {
        lines.push(Line { last: true, ..line });
    }
    lines
}
