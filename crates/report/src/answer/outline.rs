//! A report in words: sections with the unit's own texts, sentences with figures, and tables.

use serde::{Deserialize, Serialize};
use tonghop_core::day::Day;
use tonghop_core::read::{Share, Value};

use super::{CellAnswer, FormAnswer};
use crate::document::{Block, Cell, Document, Head, Paragraph, Signature};
use crate::lang::Lang;
use crate::number::{NO_DATA, day, number};
use crate::words::period_in_words;

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
        self.slot_row(key).and_then(|row| row.cells.get("value"))
    }

    /// A piece as it is printed; none if its figure is not known.
    fn piece(&self, piece: &PieceAnswer) -> Option<Cell> {
        if let Some(text) = &piece.text {
            return Some(Cell::text(text));
        }
        let value = self.row_cell(piece.figure.as_deref()?)?.figure()?;
        match value {
            Value::Missing => None,
            // What is no part of a whole has no percent; it is not shown as one.
            Value::Count(_) | Value::Bound(_) if piece.percent => None,
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

    /// A sentence behind `lead`; what is not known of it is `…`. None if nothing of it is known, or
    /// if some of it is not asked for in the window.
    fn sentence(&self, lead: &str, pieces: &[PieceAnswer]) -> Option<Paragraph> {
        let mut figures = pieces.iter().filter_map(|piece| piece.figure.as_deref()).peekable();
        let mut known = figures.peek().is_none();
        if figures.any(|key| self.slot_row(key).is_none()) {
            return None;
        }
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

    /// The report as it is sent: head, sections, all figures in a table at its end.
    pub(super) fn report(&self) -> Document {
        let lang = self.lang;
        let mut document = Document::new(lang, lang.choose("BÁO CÁO", "REPORT"));
        let unit =
            if self.unit_label.is_empty() { self.unit.clone() } else { self.unit_label.clone() };
        // Nobody writes a report on a day that is not come yet.
        let last = self.computed_to.as_ref().unwrap_or(&self.window.to);
        document.head = Some(Head {
            superior: superior(&self.parent_label, lang),
            agency: unit.to_uppercase(),
            month: Day::parse(last),
            ..Head::default()
        });
        let (from, to) = (day(&self.window.from, lang), day(last, lang));
        let days = match lang {
            Lang::Vi => format!("(Số liệu từ {from} đến {to})"),
            Lang::En => format!("(figures from {from} to {to})"),
        };
        let period = self.period.as_deref().map(|period| period_in_words(period, lang));
        let title = format!("{} {}", self.title, period.unwrap_or_default());
        document.subtitle =
            vec![Paragraph::text(title.trim_end()).bold(), Paragraph::text(&days).italic()];
        document.subtitle.extend(self.provisional_line());
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
                document.push(Paragraph::text(&item(text)));
            }
            for line in &section.lines {
                if let Some(sentence) = self.sentence("- ", line) {
                    document.push(sentence);
                }
            }
            if !section.table.is_empty() {
                let rows = section.table.iter().filter_map(|key| self.slot_row(key));
                document.push(self.figures(rows));
            }
        }
        let mut table = self.list();
        let caption = lang.choose("Phụ lục: số liệu của báo cáo", "Annex: the report's figures");
        table.caption = Some(caption.to_owned());
        table.notes.extend(self.provisional().map(|line| format!("{line}.")));
        document.push_annex(table);
        document.recipients = recipients(&self.parent_label, lang);
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
            out.extend(texts.map(|text| format!("  {}", item(text))));
            let sentences = section.lines.iter().filter_map(|line| self.sentence("  - ", line));
            out.extend(sentences.map(|sentence| sentence.plain(self.lang)));
            for row in section.table.iter().filter_map(|key| self.slot_row(key)) {
                let value = row.cells.get("value");
                let value = value.map_or_else(|| NO_DATA.to_owned(), |cell| cell.show(self.lang));
                let counted = row.counted.as_deref().unwrap_or_default();
                out.push(format!("  {}: {value} {counted}", row.label));
            }
        }
        out
    }
}

/// A line of a unit's own text behind a dash, unless it has a number, a letter or a dash of its own.
fn item(text: &str) -> String {
    let text = text.trim();
    let first = text.split_whitespace().next().unwrap_or_default();
    let mark = first.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = mark.split('.').all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_letter = mark.chars().count() == 1 && mark.chars().all(char::is_alphabetic);
    let is_numbered = !mark.is_empty() && (is_number || is_letter);
    if is_numbered || first.starts_with(['-', '–', '+', '*', '•']) {
        return text.to_owned();
    }
    format!("- {text}")
}

/// Who gets the report (nơi nhận): the agency above, others to be written in, and the archive.
fn recipients(parent: &str, lang: Lang) -> Vec<String> {
    let above = above(parent, lang).map(|name| format!("{name};"));
    let others = ["…;".to_owned(), lang.choose("Lưu: VT.", "Archive.").to_owned()];
    above.into_iter().chain(others).collect()
}

/// The agency above: of a unit of a province or a district, its people's committee.
fn superior(parent: &str, lang: Lang) -> Option<String> {
    above(parent, lang).map(|name| name.to_uppercase())
}

fn above(parent: &str, lang: Lang) -> Option<String> {
    if parent.is_empty() {
        return None;
    }
    let area = ["Tỉnh ", "Thành phố ", "Huyện ", "Thị xã "].iter().any(|a| parent.starts_with(a));
    Some(match (lang, area) {
        (Lang::Vi, true) => {
            let mut letters = parent.chars();
            let first = letters.next().into_iter().flat_map(char::to_lowercase);
            format!("Ủy ban nhân dân {}", first.chain(letters).collect::<String>())
        }
        (Lang::Vi, false) | (Lang::En, _) => parent.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::answer::FormAnswer;
    use crate::lang::Lang;

    const REPORT: &str = r#"{"form":"cchc","unit":"H41.16","window":{"from":"2021-06-15","to":"2021-09-14"},
        "calendar":"legal","period":"2021-Q3","tree":"as-was","knownAt":null,"position":9,"lag":0,
        "rows":[
            {"key":"a","label":"Hồ sơ","level":null,"kind":"slot","indicator":"a","counted":"hồ sơ",
             "cells":{"value":{"value":1085,"status":"computed"}}},
            {"key":"b","label":"Ký số","level":null,"kind":"slot","indicator":"b","counted":"%",
             "cells":{"value":{"ratio":{"part":73,"whole":100},"status":"computed"}}},
            {"key":"c","label":"Thư điện tử","level":null,"kind":"slot","indicator":"c","counted":"%",
             "cells":{"value":{"value":null,"missing":true,"status":"declared"}}}],
        "lang":"vi","title":"Công tác cải cách hành chính","unitLabel":"Sở Y tế",
        "parentLabel":"Tỉnh Nghệ An","source":"-","columns":[],
        "sections":[
            {"number":"A","label":"Kết quả","narrative":false,"text":null,"lines":[],"table":[]},
            {"number":"A.I.2","label":"Hồ sơ","narrative":true,"text":"Một.\n1. Hai.\n- Ba.\na) Bốn.\n2.1. Năm.\n2021 có sáu.",
             "lines":[[{"text":"Nhận "},{"figure":"a"},{"text":" hồ sơ; ký "},{"figure":"b"},
                       {"text":" ("},{"figure":"b","percent":true},{"text":"), thư "},{"figure":"c"}],
                      [{"text":"Thư: "},{"figure":"c"}],
                      [{"text":"Tỷ lệ hồ sơ: "},{"figure":"a","percent":true}],
                      [{"text":"Ký "},{"figure":"b","percent":true},{"text":" trên "},{"figure":"a","percent":true}]],
             "table":["a"]}]}"#;

    #[test]
    fn a_report_has_its_texts_its_figures_and_nothing_that_nobody_said() {
        let answer = FormAnswer::parse(REPORT.as_bytes()).unwrap();
        let lines = answer.outline_lines();
        let wanted = [
            "",
            "A. Kết quả",
            "",
            "A.I.2. Hồ sơ",
            "  - Một.",
            "  1. Hai.",
            "  - Ba.",
            "  a) Bốn.",
            "  2.1. Năm.",
            "  - 2021 có sáu.",
            "  - Nhận 1.085 hồ sơ; ký 73/100 (73%), thư …",
            // A number has no percent, and the sentence that has nothing else is left out.
            "  - Ký 73% trên …",
            "  Hồ sơ: 1.085 hồ sơ",
        ];
        assert_eq!(lines, wanted);
        let document = answer.document();
        let head = document.head.as_ref().unwrap();
        assert_eq!(head.superior.as_deref(), Some("ỦY BAN NHÂN DÂN TỈNH NGHỆ AN"));
        assert_eq!((head.agency.as_str(), &head.number), ("SỞ Y TẾ", &None));
        let title = document.subtitle.first().unwrap().plain(Lang::Vi);
        assert_eq!(title, "Công tác cải cách hành chính quý III năm 2021");
        // The section's own table, and the annex with every figure.
        let rows: Vec<usize> = document.tables().map(|table| table.rows.len()).collect();
        assert_eq!(rows, [1, 3]);
        let date = crate::words::place_and_date(head, Lang::Vi);
        assert!(date.ends_with("ngày … tháng 9 năm 2021"), "{date}");
        let dates = document.subtitle[1].plain(Lang::Vi);
        assert_eq!(dates, "(Số liệu từ 15/6/2021 đến 14/9/2021)");
        // What is signed comes first, the annex behind it.
        assert_eq!((document.annex.len(), document.signature.is_some()), (1, true));
        assert_eq!(document.recipients, ["Ủy ban nhân dân tỉnh Nghệ An;", "…;", "Lưu: VT."]);
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(FormAnswer::parse(json.as_bytes()).unwrap(), answer);
    }

    #[test]
    fn a_report_of_a_running_period_says_so_and_is_not_dated_ahead() {
        let mut answer = FormAnswer::parse(REPORT.as_bytes()).unwrap();
        answer.computed_to = Some("2021-07-20".to_owned());
        let said = "Số liệu tạm tính đến hết ngày 20/7/2021; kỳ báo cáo chưa kết thúc";
        let document = answer.document();
        let lines: Vec<String> =
            document.subtitle[1..].iter().map(|line| line.plain(Lang::Vi)).collect();
        assert_eq!(lines, ["(Số liệu từ 15/6/2021 đến 20/7/2021)", &format!("({said})")]);
        let date = crate::words::place_and_date(document.head.as_ref().unwrap(), Lang::Vi);
        assert!(date.ends_with("ngày … tháng 7 năm 2021"), "{date}");
        let annex = document.tables().last().unwrap();
        assert!(annex.notes.contains(&format!("{said}.")), "{:?}", annex.notes);
        assert!(crate::table::table(&answer).contains(&format!("\n({said})\n")));
    }
}
