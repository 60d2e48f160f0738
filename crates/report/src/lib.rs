//! A form or a report, rendered: a table for the terminal, CSV, JSON, XLSX, DOCX, PDF.
//!
//! Bytes come out; nothing here reads a clock, a file or the network, and the same input gives the
//! same bytes. A figure is never computed here: a total is what it was when it came in, and a
//! formula is written only where it gives exactly that.
//!
//! Two things are rendered. A [`FormAnswer`] is a form as the public JSON has it. A [`Document`] is
//! what is printed, of blocks that know nothing of HTTP; a form becomes one with
//! [`FormAnswer::document`], and a long report is built as one.
//!
//! **Invariant PRN-1:** every format holds every text and every figure of the document, or there is
//! an error that says why not.
//! **Invariant PRN-2:** the result stored beside a formula is the figure, and what the formula gives.
//! **Invariant PRN-3:** no text of an agency makes a file that cannot be opened.
//! **Invariant CSV-1:** what a form's CSV says is what its JSON says, kinds and bounds included.
//! **Invariant FORM-1:** the JSON of a form is read whole, and written again as it was.

mod answer;
mod document;
mod docx;
mod error;
mod format;
mod lang;
mod number;
mod page;
mod pdf;
mod words;
mod xlsx;

pub use answer::said::{BoundAnswer, SaidAnswer};
pub use answer::{
    CellAnswer, Cells, ChangedAnswer, ClosingAnswer, Column as ColumnAnswer, Days, FormAnswer,
    Group, Identity, KnownText, LevelAnswer, PieceAnswer, Ratio, RowAnswer, RowOf, SectionAnswer,
    UnheardAnswer, csv, table,
};
pub use document::{
    Align, Block, Cell, Column, ColumnKind, Document, Head, HeadCell, Heading, Paragraph, Row,
    RowKind, Run, Signature, Sum, Table,
};
pub use docx::docx;
pub use error::RenderError;
pub use format::Format;
pub use lang::Lang;
pub use number::{day, in_words, number, percent};
pub use pdf::pdf;
pub use xlsx::xlsx;
