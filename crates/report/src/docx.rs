//! DOCX: a document that the office edits before it signs.
//!
//! The XML is written here, because what is needed of it is small and must be exact: the head and
//! foot of Nghị định 30/2020/NĐ-CP, headings with their levels, tables whose head is repeated.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use self::xml::Xml;
use crate::document::{Align, Block, Document, Head, Heading, Paragraph};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{
    GAP, HEAD, HEAD_LEFT_PART, INDENT, LEADING, MARGIN, NATION, Page, Piece, SMALL, Style, TEXT,
    balanced, width,
};
use crate::words;

mod grid;
mod parts;
mod xml;

const FONT: &str = "Times New Roman";
const MAIN: (&str, &str) =
    ("xmlns:w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main");
const RELATED: (&str, &str) =
    ("xmlns:r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships");

/// A document as DOCX.
pub fn docx(document: &Document) -> Result<Vec<u8>, RenderError> {
    let document = &document.printable();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let parts: [(&str, String); 7] = [
        ("[Content_Types].xml", parts::TYPES.to_owned()),
        ("_rels/.rels", parts::RELATIONS.to_owned()),
        ("word/_rels/document.xml.rels", parts::TEXT_RELATIONS.to_owned()),
        ("word/document.xml", text(document)?),
        ("word/styles.xml", parts::styles(document.lang)),
        ("word/header.xml", parts::header()),
        ("docProps/core.xml", parts::properties(document)),
    ];
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(content.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn text(document: &Document) -> Result<String, RenderError> {
    let lang = document.lang;
    let mut body =
        Body { xml: Xml::new(), page: Page { landscape: document.landscape }, sections: 0 };
    body.xml.open("w:document", &[MAIN, RELATED]).open("w:body", &[]);
    if let Some(held) = &document.head {
        body.head(held, lang);
        body.line("", Look::text(Style::REGULAR, SMALL));
    }
    let title = Look { align: Align::Centre, ..Look::text(Style::BOLD, TEXT) };
    if !document.title.is_empty() {
        body.line(&document.title, title);
    }
    for line in &document.subtitle {
        let line = Paragraph { align: Align::Centre, ..line.clone() };
        body.paragraph(&line, lang);
    }
    body.line("", Look::text(Style::REGULAR, SMALL));
    body.blocks(&document.blocks, document)?;
    body.turn(document.landscape);
    body.foot(document);
    if let Some(first) = document.annex.first() {
        // Pages that lie otherwise are new ones already.
        let lies = document.landscape || matches!(first, Block::Table(table) if table.landscape);
        if lies == body.page.landscape {
            body.new_page();
        }
        body.blocks(&document.annex, document)?;
    }
    body.section();
    Ok(body.xml.finish())
}

/// A length in twentieths of a point.
fn dxa(points: f32) -> String {
    format!("{:.0}", points * 20.0)
}

/// A size of letters in halves of a point.
fn half_points(points: f32) -> String {
    format!("{:.0}", points * 2.0)
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy)]
struct Look {
    style: Style,
    size: f32,
    align: Align,
    /// Before the text, after it.
    gaps: (f32, f32),
    keep_next: bool,
}

impl Look {
    const fn text(style: Style, size: f32) -> Self {
        Self { style, size, align: Align::Left, gaps: (0.0, 0.0), keep_next: false }
    }
}

/// The text that is being written.
struct Body {
    xml: Xml,
    page: Page,
    /// How many sections are closed.
    sections: usize,
}

impl Body {
    fn blocks(&mut self, blocks: &[Block], document: &Document) -> Result<(), RenderError> {
        let lang = document.lang;
        for block in blocks {
            match block {
                Block::Heading(heading) => {
                    self.turn(document.landscape);
                    self.heading(heading);
                }
                Block::Paragraph(paragraph) => {
                    self.turn(document.landscape);
                    self.paragraph(paragraph, lang);
                }
                Block::Table(table) => {
                    self.turn(document.landscape || table.landscape);
                    grid::table(self, table, lang)?;
                }
            }
        }
        Ok(())
    }

    /// Goes on with a new page.
    fn new_page(&mut self) {
        self.xml.open("w:p", &[]).open("w:pPr", &[]).empty("w:pageBreakBefore", &[]);
        let exact = [("w:line", "20"), ("w:lineRule", "exact")];
        self.xml.empty("w:spacing", &exact).close().close();
    }

    /// Goes on with pages that lie so.
    fn turn(&mut self, landscape: bool) {
        if self.page.landscape == landscape {
            return;
        }
        self.xml.open("w:p", &[]).open("w:pPr", &[]);
        let exact = [("w:line", "20"), ("w:lineRule", "exact")];
        self.xml.empty("w:spacing", &exact);
        self.section();
        self.xml.close().close();
        self.page = Page { landscape };
    }

    /// What the pages since the last section are like.
    fn section(&mut self) {
        let page = self.page;
        let xml = &mut self.xml;
        xml.open("w:sectPr", &[]);
        xml.empty("w:headerReference", &[("w:type", "default"), ("r:id", "rId2")]);
        let (wide, high) = (dxa(page.width()), dxa(page.height()));
        let size = [("w:w", wide.as_str()), ("w:h", &high), ("w:orient", "landscape")];
        let kept = if page.landscape { 3 } else { 2 };
        xml.empty("w:pgSz", size.get(..kept).unwrap_or_default());
        let (near, left, top) = (dxa(MARGIN), dxa(page.left()), dxa(page.top()));
        xml.empty(
            "w:pgMar",
            &[
                ("w:top", &top),
                ("w:right", &near),
                ("w:bottom", &near),
                ("w:left", &left),
                ("w:header", &dxa(page.top() - 1.8 * HEAD)),
                ("w:footer", &dxa(MARGIN / 2.0)),
                ("w:gutter", "0"),
            ],
        );
        if self.sections == 0 {
            // The first page has no number.
            xml.empty("w:titlePg", &[]);
        }
        xml.close();
        self.sections += 1;
    }

    fn open_paragraph(&mut self, look: Look) {
        let xml = &mut self.xml;
        xml.open("w:p", &[]).open("w:pPr", &[]);
        if look.keep_next {
            xml.empty("w:keepNext", &[]);
        }
        let (before, after) = (dxa(look.gaps.0), dxa(look.gaps.1));
        xml.empty("w:spacing", &[("w:before", &before), ("w:after", &after)]);
        xml.val("w:jc", jc(look.align)).close();
    }

    /// One paragraph of one look.
    fn line(&mut self, text: &str, look: Look) {
        self.open_paragraph(look);
        self.run(text, look.style, look.size);
        self.xml.close();
    }

    fn run(&mut self, text: &str, style: Style, size: f32) {
        let xml = &mut self.xml;
        xml.open("w:r", &[]).open("w:rPr", &[]);
        if style.bold {
            xml.empty("w:b", &[]);
        }
        if style.italic {
            xml.empty("w:i", &[]);
        }
        xml.val("w:sz", &half_points(size)).val("w:szCs", &half_points(size)).close();
        for (place, line) in text.split('\n').enumerate() {
            if place > 0 {
                xml.empty("w:br", &[]);
            }
            xml.open("w:t", &[("xml:space", "preserve")]).text(line).close();
        }
        xml.close();
    }

    fn heading(&mut self, heading: &Heading) {
        let level = heading.level.clamp(1, parts::HEADINGS);
        self.xml.open("w:p", &[]).open("w:pPr", &[]);
        self.xml.val("w:pStyle", &format!("Heading{level}")).close();
        self.xml.open("w:r", &[]).open("w:t", &[("xml:space", "preserve")]);
        self.xml.text(&heading.line()).close().close().close();
    }

    fn paragraph(&mut self, paragraph: &Paragraph, lang: Lang) {
        let xml = &mut self.xml;
        xml.open("w:p", &[]).open("w:pPr", &[]);
        let line = format!("{:.0}", 240.0 * LEADING / 1.15);
        let after = if paragraph.align == Align::Centre { 0.0 } else { GAP };
        let spacing =
            [("w:after", dxa(after)), ("w:line", line), ("w:lineRule", "auto".to_owned())];
        let spacing: Vec<(&str, &str)> = spacing.iter().map(|(k, v)| (*k, v.as_str())).collect();
        xml.empty("w:spacing", &spacing);
        if paragraph.align == Align::Justified {
            xml.empty("w:ind", &[("w:firstLine", &dxa(INDENT))]);
        }
        xml.val("w:jc", jc(paragraph.align)).close();
        for run in &paragraph.runs {
            let style = Style { bold: run.bold, italic: run.italic };
            self.run(&run.content.printed(lang), style, TEXT);
        }
        self.xml.close();
    }

    /// Two columns without borders; `left` and `right` write what is in them.
    fn halves(
        &mut self,
        left_part: f32,
        left: impl FnOnce(&mut Self, f32),
        right: impl FnOnce(&mut Self, f32),
    ) {
        let room = self.page.body_width();
        let widths = [room * left_part, room * (1.0 - left_part)];
        self.xml.open("w:tbl", &[]).open("w:tblPr", &[]);
        self.xml.empty("w:tblW", &[("w:w", &dxa(room)), ("w:type", "dxa")]);
        self.xml.empty("w:tblLayout", &[("w:type", "fixed")]);
        // Without margins of the cells, the name of the country fits on one line.
        self.xml.open("w:tblCellMar", &[]);
        for side in ["w:left", "w:right"] {
            self.xml.empty(side, &[("w:w", "0"), ("w:type", "dxa")]);
        }
        self.xml.close().close().open("w:tblGrid", &[]);
        for width in widths {
            self.xml.empty("w:gridCol", &[("w:w", &dxa(width))]);
        }
        self.xml.close().open("w:tr", &[]).open("w:trPr", &[]).empty("w:cantSplit", &[]).close();
        let [first, second] = widths;
        self.open_half(first);
        left(self, first);
        self.xml.close();
        self.open_half(second);
        right(self, second);
        self.xml.close().close().close();
    }

    fn open_half(&mut self, width: f32) {
        self.xml.open("w:tc", &[]).open("w:tcPr", &[]);
        self.xml.empty("w:tcW", &[("w:w", &dxa(width)), ("w:type", "dxa")]).close();
    }

    /// A rule in the middle of a column: the upper border of a line without text.
    fn rule(&mut self, room: f32, wide: f32) {
        let side = dxa(((room - wide) / 2.0).max(0.0));
        let xml = &mut self.xml;
        xml.open("w:p", &[]).open("w:pPr", &[]).open("w:pBdr", &[]);
        let rule = [("w:val", "single"), ("w:sz", "6"), ("w:space", "1"), ("w:color", "auto")];
        xml.empty("w:top", &rule).close();
        xml.empty("w:spacing", &[("w:before", "40"), ("w:line", "140"), ("w:lineRule", "exact")]);
        xml.empty("w:ind", &[("w:left", &side), ("w:right", &side)]).close().close();
    }

    fn head(&mut self, head: &Head, lang: Lang) {
        let centre = |style, size| Look { align: Align::Centre, ..Look::text(style, size) };
        let left = |body: &mut Self, room: f32| {
            let mut name = |text: &str, style| {
                let lines = balanced(&Piece::new(text, style, NATION), room);
                for line in &lines {
                    body.line(&line.text(), centre(style, NATION));
                }
                lines.iter().map(|line| line.width).fold(0.0, f32::max)
            };
            if let Some(superior) = &head.superior {
                name(superior, Style::REGULAR);
            }
            let wide = name(&head.agency, Style::BOLD);
            body.rule(room, wide * 0.4);
            body.line(&words::number_line(head, lang), centre(Style::REGULAR, HEAD));
        };
        let right = |body: &mut Self, room: f32| {
            body.line(words::nation(lang), centre(Style::BOLD, NATION));
            body.line(words::motto(lang), centre(Style::BOLD, HEAD));
            body.rule(room, width(words::motto(lang), Style::BOLD, HEAD));
            body.line(&words::place_and_date(head, lang), centre(Style::ITALIC, HEAD));
        };
        self.halves(HEAD_LEFT_PART, left, right);
    }

    fn foot(&mut self, document: &Document) {
        if document.recipients.is_empty() && document.signature.is_none() {
            return;
        }
        let lang = document.lang;
        self.line("", Look::text(Style::REGULAR, SMALL));
        let left = |body: &mut Self, _| {
            if document.recipients.is_empty() {
                return body.line("", Look::text(Style::REGULAR, SMALL));
            }
            body.line(words::recipients(lang), Look::text(Style::BOLD_ITALIC, NATION));
            for line in &document.recipients {
                body.line(&format!("- {line}"), Look::text(Style::REGULAR, SMALL));
            }
        };
        let right = |body: &mut Self, _| {
            let look = Look { align: Align::Centre, ..Look::text(Style::BOLD, TEXT) };
            let Some(signature) = &document.signature else { return body.line("", look) };
            if let Some(authority) = &signature.authority {
                body.line(authority, look);
            }
            body.line(&signature.title, look);
            for _ in 0..4 {
                body.line("", look);
            }
            body.line(signature.name.as_deref().unwrap_or_default(), look);
        };
        self.halves(0.5, left, right);
        // A table must be followed by a paragraph.
        self.line("", Look::text(Style::REGULAR, 1.0));
    }
}

const fn jc(align: Align) -> &'static str {
    match align {
        Align::Justified => "both",
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    }
}
