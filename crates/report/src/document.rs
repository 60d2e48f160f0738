//! What is printed: a head, a title, blocks, a signature. It knows nothing of where the figures
//! came from, nor of any file format; XLSX, DOCX and PDF are three readings of it.
//!
//! A long report is built block by block:
//!
//! ```
//! use tonghop_report::{Block, Cell, ColumnKind, Document, Lang, Paragraph, Table};
//!
//! let mut document = Document::new(Lang::Vi, "BÁO CÁO");
//! document.subtitle.push(Paragraph::text("Công tác cải cách hành chính quý III năm 2021").bold());
//! document.push(Block::heading(1, "A", "Kết quả"));
//! document.push(Block::heading(2, "I", "Công tác chỉ đạo, điều hành"));
//! document.push(
//!     Paragraph::text("Đã xử lý ").figure(Cell::count(1_034)).and(" văn bản, ký số ")
//!         .figure(Cell::share(735, 1_000)).and("."),
//! );
//! let mut table = Table::simple([("Đơn vị", ColumnKind::Label), ("Hồ sơ", ColumnKind::Number)]);
//! table.row([Cell::text("Sở Tài chính"), Cell::count(85)]);
//! table.total([Cell::text("Tổng số"), Cell::count(85)], [0]);
//! document.push(table);
//! assert!(tonghop_report::pdf(&document).is_ok());
//! ```

use tonghop_core::day::Day;
use tonghop_core::read::{Share, Value};

use crate::lang::Lang;
use crate::number::{NO_DATA, in_words};

pub(crate) mod letters;
mod table;

pub(crate) use table::Placed;
pub use table::{Column, ColumnKind, HeadCell, Row, RowKind, Sum, Table};

/// A report or a form, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The language of fixed words and of numbers.
    pub lang: Lang,
    /// Whether its pages lie on their side; a table can do so alone, see [`Table::landscape`].
    pub landscape: bool,
    /// The national head (thể thức văn bản, Nghị định 30/2020/NĐ-CP); none: the title is first.
    pub head: Option<Head>,
    /// `BÁO CÁO`, or what a form is called.
    pub title: String,
    /// Lines below the title, in the middle.
    pub subtitle: Vec<Paragraph>,
    /// What it says, in order.
    pub blocks: Vec<Block>,
    /// Who gets it (nơi nhận), a line each.
    pub recipients: Vec<String>,
    /// Who signs.
    pub signature: Option<Signature>,
    /// What is added behind the signature (phụ lục), from a new page on.
    pub annex: Vec<Block>,
}

/// The two-column national head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The agency above (cơ quan chủ quản), if there is one.
    pub superior: Option<String>,
    /// The agency that writes.
    pub agency: String,
    /// `123/BC-STTTT`; none: room to write it.
    pub number: Option<String>,
    /// `Nghệ An`; none: room to write it.
    pub place: Option<String>,
    /// The date; none: room to write it.
    pub date: Option<Day>,
    /// A day of the month in which it is written, where the day itself is written by hand.
    pub month: Option<Day>,
}

/// Who signs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signature {
    /// `KT. GIÁM ĐỐC`, if somebody else signs than who is named by `title`.
    pub authority: Option<String>,
    /// `GIÁM ĐỐC`; empty: room to write it.
    pub title: String,
    /// The name; none: room to write it.
    pub name: Option<String>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A numbered heading.
    Heading(Heading),
    /// A paragraph.
    Paragraph(Paragraph),
    /// A table.
    Table(Table),
}

impl Block {
    /// A heading of a level, from 1: `heading(2, "I", "Công tác chỉ đạo")`.
    pub fn heading(level: u8, number: &str, text: &str) -> Self {
        let number = (!number.is_empty()).then(|| number.to_owned());
        Self::Heading(Heading { level, number, text: text.to_owned() })
    }
}

impl From<Paragraph> for Block {
    fn from(paragraph: Paragraph) -> Self {
        Self::Paragraph(paragraph)
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

/// A heading with its own number, as it is cited: `A`, `I`, `1`, `a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// From 1 (a part) downwards.
    pub level: u8,
    /// `A`, `I`, `1`; a full stop follows it, or `)` if it is a small letter.
    pub number: Option<String>,
    /// What it says.
    pub text: String,
}

impl Heading {
    /// Number and text: `I. Công tác chỉ đạo`, `a) Văn bản`.
    pub fn line(&self) -> String {
        let Some(number) = &self.number else { return self.text.clone() };
        let small = number.chars().all(char::is_lowercase);
        format!("{number}{} {}", if small { ")" } else { "." }, self.text)
    }
}

/// How the lines of a paragraph stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Both edges even, the first line indented: running text.
    #[default]
    Justified,
    /// From the left edge.
    Left,
    /// In the middle.
    Centre,
    /// To the right edge.
    Right,
}

/// Running text with figures inside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Paragraph {
    /// The text, in pieces.
    pub runs: Vec<Run>,
    /// How its lines stand.
    pub align: Align,
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What it says; a figure is written as the document's language writes it.
    pub content: Cell,
    /// Heavy.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
}

impl Paragraph {
    /// A paragraph that begins with this text.
    pub fn text(text: &str) -> Self {
        Self::default().and(text)
    }

    /// With more text.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        self.figure(Cell::text(text))
    }

    /// With a figure inside the sentence.
    #[must_use]
    pub fn figure(mut self, figure: Cell) -> Self {
        self.runs.push(Run { content: figure, bold: false, italic: false });
        self
    }

    /// With its last piece heavy.
    #[must_use]
    pub fn bold(mut self) -> Self {
        if let Some(run) = self.runs.last_mut() {
            run.bold = true;
        }
        self
    }

    /// With its last piece slanted.
    #[must_use]
    pub fn italic(mut self) -> Self {
        if let Some(run) = self.runs.last_mut() {
            run.italic = true;
        }
        self
    }

    /// With its lines standing so.
    #[must_use]
    pub fn aligned(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// As plain text.
    pub fn plain(&self, lang: Lang) -> String {
        self.runs.iter().map(|run| run.content.show(lang)).collect()
    }
}

/// What stands in one place of a table, or in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, on purpose.
    Blank,
    /// Words.
    Text(String),
    /// A figure: a number, a share shown in percent, or what was declared and is no number.
    Figure(Value),
    /// A figure that cannot be computed, because nobody was ever heard of what it counts (chưa có số
    /// liệu): a mark, which a note below the table explains.
    NoData,
}

impl Cell {
    /// Words.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A number.
    pub const fn count(count: i64) -> Self {
        Self::Figure(Value::Count(count))
    }

    /// A share, shown in percent.
    pub const fn share(part: i64, whole: i64) -> Self {
        Self::Figure(Value::Share(Share { part, whole }))
    }

    /// Whether it is a figure: it is never broken over lines.
    pub(crate) const fn is_figure(&self) -> bool {
        matches!(self, Self::Figure(Value::Count(_) | Value::Share(_)))
    }

    /// The number, if it is one.
    pub const fn as_count(&self) -> Option<i64> {
        match self {
            Self::Figure(Value::Count(count)) => Some(*count),
            Self::Figure(_) | Self::Blank | Self::Text(_) | Self::NoData => None,
        }
    }

    /// What it adds to a sum, if that is known: no data adds nothing.
    pub(crate) const fn as_part(&self) -> Option<i64> {
        match self {
            Self::NoData => Some(0),
            Self::Figure(_) | Self::Blank | Self::Text(_) => self.as_count(),
        }
    }

    /// As a person reads it.
    pub fn show(&self, lang: Lang) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Text(text) => text.clone(),
            Self::Figure(figure) => in_words(*figure, lang),
            Self::NoData => NO_DATA.to_owned(),
        }
    }

    /// As a person reads it, on a page: the percent sign stays with its number.
    pub(crate) fn printed(&self, lang: Lang) -> String {
        self.show(lang).replace(" %", "\u{a0}%")
    }
}

impl Document {
    /// A document with nothing but a title.
    pub fn new(lang: Lang, title: &str) -> Self {
        Self {
            lang,
            landscape: false,
            head: None,
            title: title.to_owned(),
            subtitle: Vec::new(),
            blocks: Vec::new(),
            recipients: Vec::new(),
            signature: None,
            annex: Vec::new(),
        }
    }

    /// Adds a block at the end.
    pub fn push(&mut self, block: impl Into<Block>) {
        self.blocks.push(block.into());
    }

    /// Adds a block at the end of the annex.
    pub fn push_annex(&mut self, block: impl Into<Block>) {
        self.annex.push(block.into());
    }

    /// The tables, in order, those of the annex last.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.blocks.iter().chain(&self.annex).filter_map(|block| match block {
            Block::Table(table) => Some(table),
            Block::Heading(_) | Block::Paragraph(_) => None,
        })
    }
}
