//! The file: objects, fonts with only the letters that are used, and what each glyph means.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use super::flow::{Ink, Sheet};

use crate::document::Document;
use crate::error::RenderError;
use crate::page::{Face, Piece, Style};

const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font as far as it is used.
struct Used {
    style: Style,
    face: &'static Face,
    glyphs: GlyphRemapper,
    /// What each glyph of the file means.
    letters: BTreeMap<u16, char>,
}

impl Used {
    fn new(style: Style) -> Result<Self, RenderError> {
        let face = Face::of(style)?;
        Ok(Self { style, face, glyphs: GlyphRemapper::new(), letters: BTreeMap::new() })
    }

    /// The bytes by which the file writes a text.
    fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for letter in text.chars() {
            let glyph = self.face.glyph(letter);
            let written = self.glyphs.remap(glyph);
            let letter = if self.face.known(letter).is_some() { letter } else { '\u{fffd}' };
            // Two letters of one glyph, a space and one that is not broken: the first is kept.
            self.letters.entry(written).or_insert(letter);
            bytes.extend(written.to_be_bytes());
        }
        bytes
    }
}

/// Gives out numbers of objects.
struct Numbers(Ref);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0.bump()
    }
}

/// Writes pages to a file.
pub(super) fn write(document: &Document, sheets: &[Sheet]) -> Result<Vec<u8>, RenderError> {
    let mut fonts: Vec<Used> = Style::ALL.into_iter().map(Used::new).collect::<Result<_, _>>()?;
    let mut numbers = Numbers(Ref::new(1));
    let (catalog, tree, info) = (numbers.next(), numbers.next(), numbers.next());
    let contents: Vec<Vec<u8>> =
        sheets.iter().map(|sheet| content(sheet, &mut fonts)).collect::<Result<_, _>>()?;
    let used: Vec<(Used, Ref)> = fonts
        .into_iter()
        .filter(|font| !font.letters.is_empty())
        .map(|font| (font, numbers.next()))
        .collect();
    let pages: Vec<(Ref, Ref)> = sheets.iter().map(|_| (numbers.next(), numbers.next())).collect();
    let mut pdf = Pdf::new();
    {
        let mut catalog = pdf.catalog(catalog);
        catalog.pages(tree).lang(TextStr(document.lang.word()));
        catalog.viewer_preferences().display_doc_title(true);
    }
    pdf.document_info(info).title(TextStr(&document.title)).creator(TextStr("Tổng Hợp"));
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(pages.iter().map(|(page, _)| *page)).count(count);
    for (((page, stream), sheet), bytes) in pages.iter().zip(sheets).zip(&contents) {
        let mut page = pdf.page(*page);
        page.parent(tree).contents(*stream);
        page.media_box(Rect::new(0.0, 0.0, sheet.page.width(), sheet.page.height()));
        let mut resources = page.resources();
        let mut names = resources.fonts();
        for (font, number) in &used {
            names.pair(Name(name(font.style)), *number);
        }
        names.finish();
        resources.finish();
        page.finish();
        let bytes = compressed(bytes)?;
        pdf.stream(*stream, &bytes).filter(Filter::FlateDecode);
    }
    for (font, number) in &used {
        embed(&mut pdf, font, *number, &mut numbers)?;
    }
    Ok(pdf.finish())
}

fn content(sheet: &Sheet, fonts: &mut [Used]) -> Result<Vec<u8>, RenderError> {
    let mut content = Content::new();
    let height = sheet.page.height();
    let mut thick_now = None;
    for ink in &sheet.ink {
        match ink {
            Ink::Rule { from, to, thick } => {
                if thick_now != Some(*thick) {
                    content.set_line_width(*thick);
                    thick_now = Some(*thick);
                }
                content.move_to(from.0, height - from.1).line_to(to.0, height - to.1).stroke();
            }
            Ink::Text { x, y, piece: Piece { text, style, size } } => {
                let font = fonts.iter_mut().find(|font| font.style == *style);
                let font = font.ok_or_else(|| RenderError::Font(format!("{style:?}")))?;
                let bytes = font.encode(text);
                content.begin_text().set_font(Name(name(*style)), *size);
                content.next_line(*x, height - y).show(Str(&bytes)).end_text();
            }
        }
    }
    Ok(content.finish().into_vec())
}

/// What a font is called among the resources of a page.
const fn name(style: Style) -> &'static [u8] {
    match (style.bold, style.italic) {
        (false, false) => b"R",
        (true, false) => b"B",
        (false, true) => b"I",
        (true, true) => b"X",
    }
}

/// What a font is called in the file; the six letters say that it is not whole.
const fn full_name(style: Style) -> &'static [u8] {
    match (style.bold, style.italic) {
        (false, false) => b"TONGHR+LiberationSerif",
        (true, false) => b"TONGHB+LiberationSerif-Bold",
        (false, true) => b"TONGHI+LiberationSerif-Italic",
        (true, true) => b"TONGHX+LiberationSerif-BoldItalic",
    }
}

fn embed(
    pdf: &mut Pdf,
    font: &Used,
    number: Ref,
    numbers: &mut Numbers,
) -> Result<(), RenderError> {
    let (cid, descriptor, file, cmap) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    let name = Name(full_name(font.style));
    pdf.type0_font(number)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(cmap);
    let widths: Vec<f32> =
        font.glyphs.remapped_gids().map(|glyph| font.face.advance(glyph)).collect();
    let mut cid_font = pdf.cid_font(cid);
    cid_font.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY);
    cid_font.font_descriptor(descriptor).default_width(0.0);
    cid_font.cid_to_gid_map_predefined(Name(b"Identity"));
    cid_font.widths().consecutive(0, widths);
    cid_font.finish();

    let face = &font.face.parsed;
    let scale = |units: i16| f32::from(units) * 1_000.0 / f32::from(face.units_per_em());
    let bounds = face.global_bounding_box();
    let mut flags = FontFlags::SERIF | FontFlags::SYMBOLIC;
    if font.style.italic {
        flags |= FontFlags::ITALIC;
    }
    let mut written = pdf.font_descriptor(descriptor);
    written.name(name).flags(flags).italic_angle(face.italic_angle());
    written.bbox(Rect::new(
        scale(bounds.x_min),
        scale(bounds.y_min),
        scale(bounds.x_max),
        scale(bounds.y_max),
    ));
    written.ascent(scale(face.ascender())).descent(scale(face.descender()));
    written.cap_height(scale(face.capital_height().unwrap_or_else(|| face.ascender())));
    written.stem_v(if font.style.bold { 140.0 } else { 80.0 }).font_file2(file);
    written.finish();

    let subset = subsetter::subset(font.face.bytes, 0, &font.glyphs)
        .map_err(|error| RenderError::Font(error.to_string()))?;
    let length = i32::try_from(subset.len()).unwrap_or(i32::MAX);
    let bytes = compressed(&subset)?;
    pdf.stream(file, &bytes).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);

    let mut meaning = UnicodeCmap::new(Name(b"Tonghop-UCS2"), IDENTITY);
    for (glyph, letter) in &font.letters {
        meaning.pair(*glyph, *letter);
    }
    let bytes = compressed(meaning.finish().as_slice())?;
    pdf.stream(cmap, &bytes).filter(Filter::FlateDecode);
    Ok(())
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, RenderError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
