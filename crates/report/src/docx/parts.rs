//! The parts of the package beside the text: types, relations, styles, the page number.

use super::xml::Xml;
use super::{FONT, MAIN, dxa, half_points};
use crate::document::Document;
use crate::lang::Lang;
use crate::page::{GAP, HEAD, INDENT, TEXT};

/// What each part is.
pub(super) const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
<Default Extension=\"xml\" ContentType=\"application/xml\"/>\
<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>\
<Override PartName=\"/word/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/>\
<Override PartName=\"/word/header.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"/>\
<Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>\
</Types>";

/// Where the text is.
pub(super) const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
<Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>\
<Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
</Relationships>";

/// What the text needs.
pub(super) const TEXT_RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
<Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>\
<Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/header\" Target=\"header.xml\"/>\
</Relationships>";

/// Levels of headings that have a style.
pub(super) const HEADINGS: u8 = 6;

/// The title, and no date.
pub(super) fn properties(document: &Document) -> String {
    let mut xml = Xml::new();
    xml.open(
        "cp:coreProperties",
        &[
            ("xmlns:cp", "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ],
    );
    xml.open("dc:title", &[]).text(&document.title).close();
    xml.open("dc:language", &[]).text(language(document.lang)).close();
    xml.finish()
}

/// The page number in the middle above.
pub(super) fn header() -> String {
    let mut xml = Xml::new();
    xml.open("w:hdr", &[MAIN]).open("w:p", &[]).open("w:pPr", &[]).val("w:jc", "center").close();
    let field = |xml: &mut Xml, kind: &str| {
        xml.open("w:r", &[]).empty("w:fldChar", &[("w:fldCharType", kind)]).close();
    };
    field(&mut xml, "begin");
    xml.open("w:r", &[]).open("w:instrText", &[("xml:space", "preserve")]).text(" PAGE ");
    xml.close().close();
    field(&mut xml, "separate");
    xml.open("w:r", &[]).open("w:t", &[]).text("2").close().close();
    field(&mut xml, "end");
    xml.finish()
}

/// The styles: running text and headings, by which an editor lists the sections.
pub(super) fn styles(lang: Lang) -> String {
    let mut xml = Xml::new();
    xml.open("w:styles", &[MAIN]).open("w:docDefaults", &[]);
    xml.open("w:rPrDefault", &[]).open("w:rPr", &[]);
    let fonts = [("w:ascii", FONT), ("w:hAnsi", FONT), ("w:eastAsia", FONT), ("w:cs", FONT)];
    xml.empty("w:rFonts", &fonts);
    xml.val("w:sz", &half_points(TEXT)).val("w:szCs", &half_points(TEXT));
    xml.empty("w:lang", &[("w:val", language(lang)), ("w:eastAsia", language(lang))]);
    xml.close().close().open("w:pPrDefault", &[]).close().close();
    style(&mut xml, ("Normal", "Normal"), |_| ());
    for level in 1..=HEADINGS {
        let id = format!("Heading{level}");
        let name = format!("heading {level}");
        style(&mut xml, (&id, &name), |xml| heading(xml, level));
    }
    xml.finish()
}

fn heading(xml: &mut Xml, level: u8) {
    xml.open("w:pPr", &[]).empty("w:keepNext", &[]).empty("w:keepLines", &[]);
    xml.empty("w:spacing", &[("w:before", &dxa(GAP)), ("w:after", &dxa(GAP))]);
    if level > 1 {
        xml.empty("w:ind", &[("w:firstLine", &dxa(INDENT))]);
    }
    xml.val("w:outlineLvl", &(level - 1).to_string()).close();
    xml.open("w:rPr", &[]).empty(if level <= 3 { "w:b" } else { "w:i" }, &[]).close();
}

fn style(xml: &mut Xml, (id, name): (&str, &str), content: impl FnOnce(&mut Xml)) {
    let mut attributes = vec![("w:type", "paragraph"), ("w:styleId", id)];
    if id == "Normal" {
        attributes.push(("w:default", "1"));
    }
    xml.open("w:style", &attributes).val("w:name", name);
    if id != "Normal" {
        xml.val("w:basedOn", "Normal").val("w:next", "Normal");
    }
    xml.empty("w:qFormat", &[]);
    content(xml);
    xml.close();
}

const fn language(lang: Lang) -> &'static str {
    lang.choose("vi-VN", "en-GB")
}

/// The size of the page number, which the header leaves to the style of the text.
const _: () = assert!(HEAD <= TEXT);
