//! A report in words: sections with the unit's own texts, sentences with figures, and tables.

use serde::{Deserialize, Serialize};
use tonghop_core::day::Day;
use tonghop_core::read::{Share, Value};

use super::{CellAnswer, FormAnswer};
use crate::document::{Block, Cell, ColumnKind, Document, Head, Paragraph, Signature, Table};
use crate::lang::Lang;
use crate::number::{day, in_words, number};

/// A section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionAnswer {
    /// `A.II.2.1`.
    pub number: String,
    /// What it is called.
    pub label: String,
    /// Whether the unit's own text stands in it.
    pub narrative: bool,
    /// What the unit wrote in it; none if nothing came.
    pub text: Option<String>,
    /// Sentences, each in pieces.
    pub lines: Vec<Vec<PieceAnswer>>,
    /// The keys of the rows that stand in a table at its end.
    pub table: Vec<String>,
}

/// A piece of a sentence: words, or the figure of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceAnswer {
    /// Words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The key of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<String>,
    /// Whether a ratio is shown in percent; else as its parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub percent: bool,
}

impl FormAnswer {
    fn row_cell(&self, key: &str) -> Option<&CellAnswer> {
        self.rows.iter().find(|row| row.key == key).and_then(|row| row.cells.get("value"))
    }

    /// A piece as it is printed; none if its figure is not known.
    fn piece(&self, piece: &PieceAnswer) -> Option<Cell> {
        if let Some(text) = &piece.text {
            return Some(Cell::text(text));
        }
        let value = self.row_cell(piece.figure.as_deref()?)?.figure()?;
        match value {
            Value::Missing => None,
            Value::Share(Share { part, whole }) if !piece.percent => {
                let show = |value| number(value, self.lang);
                Some(Cell::Text(format!("{}/{}", show(part), show(whole))))
            }
            Value::Count(_)
            | Value::Share(_)
            | Value::Nil
            | Value::Bound(_)
            | Value::BoundShare(..) => Some(Cell::Figure(value)),
        }
    }

    /// A sentence behind `lead`; what is not known of it is `…`. None if nothing of it is known.
    fn sentence(&self, lead: &str, pieces: &[PieceAnswer]) -> Option<Paragraph> {
        let mut known = !pieces.iter().any(|piece| piece.figure.is_some());
        let mut paragraph = Paragraph::text(lead);
        for piece in pieces {
            paragraph = match self.piece(piece) {
                Some(Cell::Text(text)) if piece.figure.is_none() => paragraph.and(&text),
                Some(cell) => {
                    known = true;
                    paragraph.figure(cell)
                }
                None => paragraph.and("…"),
            };
        }
        known.then_some(paragraph)
    }

    fn rows_table(&self, keys: &[String]) -> Table {
        let lang = self.lang;
        let mut table = Table::simple([
            (lang.choose("STT", "No."), ColumnKind::Ordinal),
            (lang.choose("Chỉ tiêu", "Indicator"), ColumnKind::Label),
            (lang.choose("Đơn vị tính", "Counted in"), ColumnKind::Text),
            (lang.choose("Số liệu", "Figure"), ColumnKind::Number),
        ]);
        let rows = keys.iter().filter_map(|key| self.rows.iter().find(|row| row.key == *key));
        for (row, ordinal) in rows.zip(1..) {
            let value = row.cells.get("value").and_then(CellAnswer::figure);
            table.row([
                Cell::count(ordinal),
                Cell::text(&row.label),
                row.counted.as_deref().map_or(Cell::Blank, Cell::text),
                Cell::Figure(value.unwrap_or(Value::Missing)),
            ]);
        }
        table
    }

    /// The report as it is sent: head, sections, all figures in a table at its end.
    pub(super) fn report(&self) -> Document {
        let lang = self.lang;
        let mut document = Document::new(lang, lang.choose("BÁO CÁO", "REPORT"));
        let unit =
            if self.unit_label.is_empty() { self.unit.clone() } else { self.unit_label.clone() };
        document.head = Some(Head {
            agency: unit.to_uppercase(),
            month: Day::parse(&self.window.to),
            ..Head::default()
        });
        let (from, to) = (day(&self.window.from, lang), day(&self.window.to, lang));
        let period = self.period.as_deref().unwrap_or_default();
        let days = match lang {
            Lang::Vi => format!("Kỳ báo cáo: {period} (từ {from} đến {to})"),
            Lang::En => format!("Period: {period} ({from} to {to})"),
        };
        document.subtitle =
            vec![Paragraph::text(&self.title).bold(), Paragraph::text(&days).italic()];
        for section in &self.sections {
            let level = u8::try_from(section.number.split('.').count()).unwrap_or(u8::MAX);
            let own = section.number.rsplit('.').next().unwrap_or_default();
            // From the third level on numbers are cited whole: 2.1, not 1.
            let number = match section.number.splitn(3, '.').nth(2) {
                Some(rest) => rest,
                None => own,
            };
            document.push(Block::heading(level, number, &section.label));
            for text in section.text.iter().flat_map(|text| text.lines()) {
                document.push(Paragraph::text(&format!("- {text}")));
            }
            for line in &section.lines {
                if let Some(sentence) = self.sentence("- ", line) {
                    document.push(sentence);
                }
            }
            if !section.table.is_empty() {
                document.push(self.rows_table(&section.table));
            }
        }
        let keys: Vec<String> = self.rows.iter().map(|row| row.key.clone()).collect();
        let mut table = self.rows_table(&keys);
        let caption = lang.choose("Phụ lục: số liệu của báo cáo", "Annex: the report's figures");
        table.caption = Some(caption.to_owned());
        table.notes.push(self.position_note());
        document.push(table);
        let title = lang.choose("THỦ TRƯỞNG ĐƠN VỊ", "HEAD OF THE UNIT").to_owned();
        document.signature = Some(Signature { title, ..Signature::default() });
        document
    }

    /// The report as lines of a terminal.
    pub(super) fn outline_lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        for section in &self.sections {
            out.extend([String::new(), format!("{}. {}", section.number, section.label)]);
            let texts = section.text.iter().flat_map(|text| text.lines());
            out.extend(texts.map(|text| format!("  - {text}")));
            let sentences = section.lines.iter().filter_map(|line| self.sentence("  - ", line));
            out.extend(sentences.map(|sentence| sentence.plain(self.lang)));
            for row in section.table.iter().filter_map(|k| self.rows.iter().find(|r| r.key == *k)) {
                let value = row.cells.get("value").and_then(CellAnswer::figure);
                let value = in_words(value.unwrap_or(Value::Missing), self.lang);
                let counted = row.counted.as_deref().unwrap_or_default();
                out.push(format!("  {}: {value} {counted}", row.label));
            }
        }
        out
    }
}
