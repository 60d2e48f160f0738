//! PDF: the pages as they are to be printed, with text that can be searched and copied.
//!
//! The layout is our own, because there is little of it: lines, tables, a head and a foot. The file
//! has no date, so that the same document is the same bytes.

mod file;
mod flow;
mod grid;

use self::flow::{Flow, height};

use crate::document::{Align, Block, Document, Head, Heading, Paragraph, Signature};
use crate::error::RenderError;
use crate::lang::Lang;
use crate::page::{
    GAP, HEAD, HEAD_LEFT_PART, INDENT, LEADING, MARGIN, NATION, Page, Piece, SMALL, Style, TEXT,
    balanced, width, wrap,
};
use crate::words;

/// Room for a signature.
const SIGNATURE_ROOM: f32 = 70.0;
/// How thick the rules of the national head are.
const RULE: f32 = 0.7;

/// A document as PDF.
pub fn pdf(document: &Document) -> Result<Vec<u8>, RenderError> {
    let document = &document.printable();
    file::write(document, &pages(document)?.sheets)
}

fn pages(document: &Document) -> Result<Flow, RenderError> {
    let lang = document.lang;
    let mut flow = Flow::new(Page { landscape: document.landscape });
    if let Some(held) = &document.head {
        head(&mut flow, held, lang);
        flow.y += 2.0 * GAP;
    }
    if !document.title.is_empty() {
        flow.text(&[Piece::new(&document.title, Style::BOLD, TEXT)], 0.0, Align::Centre);
    }
    for line in &document.subtitle {
        flow.text(&pieces(line, lang), 0.0, Align::Centre);
    }
    flow.y += 2.0 * GAP;
    blocks(&mut flow, &document.blocks, document)?;
    flow.turn(document.landscape);
    foot(&mut flow, document);
    if let Some(first) = document.annex.first() {
        // Pages that lie otherwise are new ones already.
        let lies = document.landscape || matches!(first, Block::Table(table) if table.landscape);
        if lies == flow.page.landscape {
            flow.new_sheet();
        }
        blocks(&mut flow, &document.annex, document)?;
    }
    Ok(flow)
}

fn blocks(flow: &mut Flow, blocks: &[Block], document: &Document) -> Result<(), RenderError> {
    for block in blocks {
        match block {
            Block::Heading(block) => {
                flow.turn(document.landscape);
                heading(flow, block);
            }
            Block::Paragraph(block) => {
                flow.turn(document.landscape);
                paragraph(flow, block, document.lang);
            }
            Block::Table(table) => {
                flow.turn(document.landscape || table.landscape);
                grid::table(flow, table, document.lang)?;
            }
        }
    }
    Ok(())
}

fn pieces(paragraph: &Paragraph, lang: Lang) -> Vec<Piece> {
    let piece = |run: &crate::document::Run| {
        let style = Style { bold: run.bold, italic: run.italic };
        Piece::new(&run.content.printed(lang), style, TEXT)
    };
    paragraph.runs.iter().map(piece).collect()
}

fn paragraph(flow: &mut Flow, paragraph: &Paragraph, lang: Lang) {
    let indent = if paragraph.align == Align::Justified { INDENT } else { 0.0 };
    flow.text(&pieces(paragraph, lang), indent, paragraph.align);
    flow.y += GAP;
}

fn heading(flow: &mut Flow, heading: &Heading) {
    let style = Style { bold: heading.level <= 3, italic: heading.level > 3 };
    // With a heading goes the beginning of what it is about.
    flow.need(TEXT * LEADING * 3.0 + GAP);
    let indent = if heading.level == 1 { 0.0 } else { INDENT };
    flow.text(&[Piece::new(&heading.line(), style, TEXT)], indent, Align::Left);
    flow.y += GAP;
}

/// One of two columns, filled from above.
struct Column {
    x: f32,
    room: f32,
    y: f32,
}

impl Column {
    /// Lines in its middle; gives how wide the widest is.
    fn centre(&mut self, flow: &mut Flow, text: &str, style: Style, size: f32) -> f32 {
        let mut widest = 0.0_f32;
        for line in balanced(&Piece::new(text, style, size), self.room) {
            widest = widest.max(line.width);
            flow.line(line, (self.x, self.y, self.room), Align::Centre);
            self.y += size * LEADING;
        }
        widest
    }

    /// A rule in its middle.
    fn rule(&mut self, flow: &mut Flow, wide: f32) {
        let from = self.x + (self.room - wide) / 2.0;
        self.y += 3.0;
        flow.rule((from, self.y), (from + wide, self.y), RULE);
        self.y += 5.0;
    }
}

/// The column to the left and the one to the right, side by side.
fn columns(flow: &Flow, left_part: f32) -> [Column; 2] {
    let (x, room, y) = (flow.page.left(), flow.page.body_width(), flow.y);
    let left = room * left_part;
    [Column { x, room: left, y }, Column { x: x + left, room: room - left, y }]
}

fn head(flow: &mut Flow, head: &Head, lang: Lang) {
    let [mut left, mut right] = columns(flow, HEAD_LEFT_PART);
    if let Some(superior) = &head.superior {
        left.centre(flow, superior, Style::REGULAR, NATION);
    }
    let widest = left.centre(flow, &head.agency, Style::BOLD, NATION);
    left.rule(flow, widest * 0.4);
    right.centre(flow, words::nation(lang), Style::BOLD, NATION);
    let widest = right.centre(flow, words::motto(lang), Style::BOLD, HEAD);
    right.rule(flow, widest);
    let y = left.y.max(right.y);
    (left.y, right.y) = (y, y);
    left.centre(flow, &words::number_line(head, lang), Style::REGULAR, HEAD);
    right.centre(flow, &words::place_and_date(head, lang), Style::ITALIC, HEAD);
    flow.y = left.y.max(right.y);
}

/// The recipients to the left, the signature to the right; not torn apart if a page can hold them.
fn foot(flow: &mut Flow, document: &Document) {
    let Some(signature) = &document.signature else {
        recipients(flow, document);
        return;
    };
    flow.y += GAP;
    let needed = foot_height(flow, document, signature);
    let one_page = needed <= flow.page.height() - flow.page.top() - MARGIN;
    flow.need(if one_page { needed } else { SIGNATURE_ROOM * 2.0 });
    let [mut left, mut right] = columns(flow, 0.5);
    if let Some(authority) = &signature.authority {
        right.centre(flow, authority, Style::BOLD, TEXT);
    }
    right.centre(flow, &signature.title, Style::BOLD, TEXT);
    right.y += SIGNATURE_ROOM;
    if let Some(name) = &signature.name {
        right.centre(flow, name, Style::BOLD, TEXT);
    }
    if !one_page {
        flow.y = right.y + GAP;
        recipients(flow, document);
        return;
    }
    for line in recipient_lines(document) {
        for line in wrap(&[line], left.room, 0.0) {
            let high = flow::line_height(&line);
            flow.line(line, (left.x, left.y, left.room), Align::Left);
            left.y += high;
        }
    }
    flow.y = left.y.max(right.y);
}

fn recipients(flow: &mut Flow, document: &Document) {
    for line in recipient_lines(document) {
        flow.text(&[line], 0.0, Align::Left);
    }
}

fn recipient_lines(document: &Document) -> Vec<Piece> {
    if document.recipients.is_empty() {
        return Vec::new();
    }
    let first = Piece::new(words::recipients(document.lang), Style::BOLD_ITALIC, NATION);
    let line = |line: &String| Piece::new(&format!("- {line}"), Style::REGULAR, SMALL);
    [first].into_iter().chain(document.recipients.iter().map(line)).collect()
}

fn foot_height(flow: &Flow, document: &Document, signature: &Signature) -> f32 {
    let room = flow.page.body_width() / 2.0;
    let left: f32 = recipient_lines(document)
        .iter()
        .map(|line| height(&wrap(std::slice::from_ref(line), room, 0.0)))
        .sum();
    let texts = [signature.authority.as_ref(), Some(&signature.title), signature.name.as_ref()];
    let lines = texts
        .into_iter()
        .flatten()
        .map(|text| (width(text, Style::BOLD, TEXT) / room).ceil().max(1.0) * TEXT * LEADING);
    left.max(lines.sum::<f32>() + SIGNATURE_ROOM)
}
