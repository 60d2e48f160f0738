use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::sample::{NO_DATA, biggest, form, form_without_data, letter};

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The paragraphs as plain text; the tags must be closed in the order in which they were opened.
fn paragraphs(xml: &str) -> Vec<String> {
    let (mut open, mut texts, mut text) = (Vec::new(), Vec::new(), String::new());
    for tag in xml.split('<').skip(1) {
        let (tag, content) = tag.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in order");
            if name == "w:p" {
                texts.push(std::mem::take(&mut text));
            }
        } else if !tag.starts_with('?') && !tag.ends_with('/') {
            open.push(name);
            if name == "w:t" {
                let plain = content.replace("&lt;", "<").replace("&gt;", ">");
                text.push_str(&plain.replace("&quot;", "\"").replace("&amp;", "&"));
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    texts
}

#[test]
fn a_letter_has_all_its_text() {
    let bytes = tonghop_report::docx(&letter()).unwrap();
    let texts = paragraphs(&part(&bytes, "word/document.xml"));
    for text in [
        // Lines of the head that are too long are broken in the middle.
        "ỦY BAN NHÂN DÂN",
        "TỈNH NGHỆ AN",
        "SỞ THÔNG TIN VÀ",
        "TRUYỀN THÔNG",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: 123/BC-STTTT",
        "Nghệ An, ngày 06 tháng 9 năm 2021",
        "BÁO CÁO",
        "A. Kết quả thực hiện",
        "a) Văn bản",
        "=SUM(A1:A9)",
        "từ 4.000 trở lên",
        "Sở Y tế\u{fffd}[31m",
        "Nơi nhận:",
        "KT. GIÁM ĐỐC",
        "Nguyễn Văn Ẩn",
    ] {
        assert!(texts.iter().any(|held| held == text), "{text}: {texts:?}");
    }
    // What is signed ends with who gets it and who signs; the annex has a page of its own.
    let place = |wanted: &str| texts.iter().position(|text| text == wanted).unwrap();
    let order = ["Cộng", "Nơi nhận:", "PHÓ GIÁM ĐỐC", "Phụ lục", "Danh mục kèm theo."].map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(part(&bytes, "word/document.xml").matches("<w:pageBreakBefore/>").count(), 1);
    let sentence = texts.iter().find(|text| text.starts_with("Đã tiếp nhận")).unwrap();
    assert!(sentence.contains("1.034.859 văn bản; ký số 73,2%"), "{sentence}");
    for name in ["word/styles.xml", "word/header.xml", "docProps/core.xml", "_rels/.rels"] {
        paragraphs(&part(&bytes, name));
    }
    assert!(part(&bytes, "[Content_Types].xml").contains("/word/header.xml"));
}

#[test]
fn the_page_is_that_of_the_decree() {
    let xml = part(&tonghop_report::docx(&letter()).unwrap(), "word/document.xml");
    // 20 mm are 1134 twentieths of a point, 30 mm 1701.
    let margins = "w:top=\"1134\" w:right=\"1134\" w:bottom=\"1134\" w:left=\"1701\"";
    assert!(xml.contains(margins), "{xml}");
    assert!(xml.contains("<w:pgSz w:w=\"11906\" w:h=\"16838\"/>"), "{xml}");
    let head = xml.split("<w:tblHeader/>").count() - 1;
    assert_eq!(head, 1, "the head of the one table is repeated");
}

#[test]
fn a_wide_table_has_a_section_on_its_side() {
    let xml = part(&tonghop_report::docx(&biggest()).unwrap(), "word/document.xml");
    // Each part of the text goes up to the next section: the first, the one on its side, the last.
    let own: Vec<bool> = xml
        .split("<w:sectPr>")
        .skip(1)
        .map(|rest| rest.split("</w:sectPr>").next().unwrap().contains("landscape"))
        .collect();
    assert_eq!(own, [false, true, false]);
    let long = xml.split("<w:tr>").filter(|row| row.contains("rất dài"));
    assert!(long.clone().count() == 1 && long.clone().all(|row| !row.contains("cantSplit")));
}

#[test]
fn merged_heads_cover_what_they_group() {
    let xml = part(&tonghop_report::docx(&form().document()).unwrap(), "word/document.xml");
    let cell = |text: &str| {
        let end = xml.find(&format!(">{text}<")).unwrap_or_else(|| panic!("{text}"));
        xml[..end].rsplit("<w:tc>").next().unwrap().to_owned()
    };
    assert!(cell("Số hồ sơ nhận giải quyết").contains("<w:gridSpan w:val=\"4\"/>"));
    assert!(cell("Tiếp nhận mới trong kỳ").contains("<w:gridSpan w:val=\"2\"/>"));
    assert!(cell("STT").contains("<w:vMerge w:val=\"restart\"/>"));
    assert!(cell("Trực tuyến").contains("w:tcW") && !cell("Trực tuyến").contains("Merge"));
    assert_eq!(xml.split("<w:tblHeader/>").count() - 1, 4 + 1, "three rows and the numbers; one");
}

#[test]
fn a_figure_without_data_is_a_mark_with_one_note() {
    let texts = |form: &tonghop_report::FormAnswer| {
        let bytes = tonghop_report::docx(&form.document()).unwrap();
        paragraphs(&part(&bytes, "word/document.xml"))
    };
    let (with, without) = (texts(&form()), texts(&form_without_data()));
    let count = |texts: &[String], text: &str| texts.iter().filter(|held| *held == text).count();
    assert_eq!((count(&with, "…"), count(&without, "…")), (0, 1));
    assert_eq!((count(&with, NO_DATA), count(&without, NO_DATA)), (0, 1));
}
