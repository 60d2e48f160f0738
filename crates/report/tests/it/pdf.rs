use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::sample::{NO_DATA, biggest, form, form_without_data, letter};

/// The streams of a PDF, unpacked.
fn streams(bytes: &[u8]) -> Vec<Vec<u8>> {
    let find = |from: usize, what: &[u8]| {
        bytes[from..].windows(what.len()).position(|window| window == what).map(|at| from + at)
    };
    let (mut streams, mut from) = (Vec::new(), 0);
    while let Some(begin) = find(from, b"stream\n") {
        let begin = begin + b"stream\n".len();
        let end = find(begin, b"\nendstream").unwrap();
        let mut plain = Vec::new();
        ZlibDecoder::new(&bytes[begin..end]).read_to_end(&mut plain).unwrap();
        streams.push(plain);
        from = end + b"\nendstream".len();
    }
    streams
}

/// Glyphs of one font with their letters.
type Meaning = BTreeMap<u16, char>;

fn meaning(cmap: &str) -> Meaning {
    let pairs = cmap.lines().filter_map(|line| {
        let (glyph, letter) = line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <")?;
        let letter = u16::from_str_radix(letter, 16).ok()?;
        Some((u16::from_str_radix(glyph, 16).ok()?, char::from_u32(letter.into())?))
    });
    pairs.collect()
}

/// The bytes of a string operand, without its marks.
fn operand(text: &[u8]) -> Vec<u8> {
    if let Some(hex) = text.strip_prefix(b"<") {
        let hex = std::str::from_utf8(hex.strip_suffix(b">").unwrap()).unwrap();
        return (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
    }
    let inner = text.strip_prefix(b"(").unwrap().strip_suffix(b")").unwrap();
    let (mut out, mut bytes) = (Vec::new(), inner.iter().copied());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next().unwrap() {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'b' => 8,
                b'f' => 12,
                digit @ b'0'..=b'7' => {
                    let rest = [bytes.next().unwrap(), bytes.next().unwrap()];
                    rest.iter().fold(digit - b'0', |octal, digit| octal * 8 + digit - b'0')
                }
                other => other,
            },
            other => other,
        });
    }
    out
}

/// The text of each page, read through what the file says its glyphs mean.
fn pages(bytes: &[u8]) -> Vec<String> {
    let streams = streams(bytes);
    let is_cmap = |stream: &&Vec<u8>| stream.starts_with(b"%!PS-Adobe-3.0 Resource-CMap");
    let meanings: Vec<Meaning> = streams
        .iter()
        .filter(is_cmap)
        .map(|cmap| meaning(std::str::from_utf8(cmap).unwrap()))
        .collect();
    // The fonts are written in this order, those that are used.
    let names = [b"/R ", b"/B ", b"/I ", b"/X "];
    let used: Vec<&[u8; 3]> = names
        .into_iter()
        .filter(|name| streams.iter().any(|s| s.windows(3).any(|w| w == *name)))
        .collect();
    assert_eq!(used.len(), meanings.len());
    let contents = streams.iter().filter(|stream| {
        stream.windows(3).any(|w| w == b"BT\n") && stream.ends_with(b"ET") || stream.ends_with(b"S")
    });
    contents.map(|stream| page(stream, &used, &meanings)).collect()
}

fn page(stream: &[u8], names: &[&[u8; 3]], meanings: &[Meaning]) -> String {
    let mut text = String::new();
    let mut rest = stream;
    while let Some(at) = rest.windows(3).position(|window| window == b"BT\n") {
        rest = &rest[at + 3..];
        let font = names.iter().position(|name| rest.starts_with(*name)).unwrap();
        let begin = rest.windows(4).position(|window| window == b" Td\n").unwrap() + 4;
        let end = rest.windows(6).position(|window| window == b" Tj\nET").unwrap();
        for glyph in operand(&rest[begin..end]).chunks(2) {
            let glyph = u16::from_be_bytes([glyph[0], glyph[1]]);
            text.push(*meanings[font].get(&glyph).unwrap_or_else(|| panic!("glyph {glyph}")));
        }
        if !text.ends_with(' ') {
            text.push('\n');
        }
        rest = &rest[end..];
    }
    text
}

#[test]
fn text_can_be_copied_with_its_marks() {
    let pages = pages(&tonghop_report::pdf(&letter()).unwrap());
    let page = |wanted: &str| pages.iter().position(|page| page.contains(wanted)).unwrap();
    assert_eq!(page("Danh mục kèm theo."), page("Nguyễn Văn Ẩn") + 1, "the annex comes behind");
    let text = pages.join("\n");
    for text_held in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "SỞ THÔNG TIN VÀ TRUYỀN THÔNG",
        "Nghệ An, ngày 06 tháng 9 năm 2021",
        "I. Công tác chỉ đạo, điều hành",
        "ằẳẵắặ ầẩẫấậ ềểễếệ ồổỗốộ ờởỡớợ ừửữứự ỳỷỹýỵ đĐ.",
        "từ 4.000 trở lên",
        "=SUM(A1:A9)",
        "- Lưu: VT.",
        "tế\u{fffd}[31m",
        "Nguyễn Văn Ẩn",
    ] {
        let found = text.replace('\n', " ").contains(text_held) || text.contains(text_held);
        assert!(found, "{text_held}: {text}");
    }
    assert!(text.contains("1.034.859"), "{text}");
}

#[test]
fn a_figure_without_data_is_a_mark_with_one_note() {
    let pages = pages(&tonghop_report::pdf(&form_without_data().document()).unwrap());
    let text = pages.join("\n");
    assert!(text.lines().any(|line| line == "…"), "{text}");
    assert_eq!(text.replace('\n', " ").matches(NO_DATA).count(), 1, "{text}");
}

#[test]
fn decomposed_letters_are_composed() {
    let mut document = letter();
    document.title = "Phie\u{302}\u{301}u đe\u{302}\u{323}m".to_owned();
    let text = pages(&tonghop_report::pdf(&document).unwrap()).join("\n");
    assert!(text.contains("Phiếu đệm"), "{text}");
}

#[test]
fn a_long_table_repeats_its_head_and_loses_nothing() {
    let pages = pages(&tonghop_report::pdf(&biggest()).unwrap());
    assert!(pages.len() > 5, "{} pages", pages.len());
    let text = pages.join("\n");
    for row in (0..200).filter(|row| *row != 100) {
        assert!(text.contains(&format!("xã thứ {row}")), "{row}");
    }
    assert_eq!(text.matches("dài").count(), 900, "a row higher than a page goes on");
    let with_table = pages.iter().filter(|page| page.contains("xã thứ")).count();
    let with_head = pages.iter().filter(|page| page.matches("liệu").count() == 12).count();
    assert!(with_head >= with_table, "{with_head} heads on {with_table} pages");
    assert!(pages[1].starts_with("2\n"), "the second page has its number: {}", pages[1]);
    assert!(pages.last().unwrap().contains("Sau biểu."));
}

#[test]
fn a_form_has_every_figure() {
    let form = form();
    let pages = pages(&tonghop_report::pdf(&form.document()).unwrap());
    let text = pages.join("\n");
    for label in
        ["Số hồ sơ nhận giải quyết", "(13)", "Tổng số", "Xã Nghi Long", "THỦ TRƯỞNG ĐƠN VỊ"]
    {
        assert!(text.replace(" \n", " ").replace('\n', " ").contains(label), "{label}: {text}");
    }
    assert!(text.contains("1.034.859"), "{text}");
}
