//! Fixed words of a printed document, as Nghị định 30/2020/NĐ-CP has them.

use crate::document::Head;
use crate::lang::Lang;

/// Quốc hiệu.
pub(crate) const fn nation(lang: Lang) -> &'static str {
    lang.choose("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "SOCIALIST REPUBLIC OF VIET NAM")
}

/// Tiêu ngữ.
pub(crate) const fn motto(lang: Lang) -> &'static str {
    lang.choose("Độc lập - Tự do - Hạnh phúc", "Independence - Freedom - Happiness")
}

/// Nơi nhận.
pub(crate) const fn recipients(lang: Lang) -> &'static str {
    lang.choose("Nơi nhận:", "Recipients:")
}

/// `Số: 12/BC-STTTT`, or room to write the number.
pub(crate) fn number_line(head: &Head, lang: Lang) -> String {
    let word = lang.choose("Số:", "No.");
    format!("{word} {}", head.number.as_deref().unwrap_or("……/BC-……"))
}

/// Only the first two months keep their leading zero.
fn month_word(month: &str) -> &str {
    if matches!(month, "01" | "02") { month } else { month.trim_start_matches('0') }
}

/// `Nghệ An, ngày 14 tháng 9 năm 2021`, or room to write it. Days below 10 and the first two months
/// have a leading zero, as the decree asks.
pub(crate) fn place_and_date(head: &Head, lang: Lang) -> String {
    let place = head.place.as_deref().unwrap_or("………");
    let Some(date) = head.date.map(|date| date.to_string()) else {
        let month = head.month.map(|month| month.to_string());
        let mut parts = month.iter().flat_map(|month| month.split('-'));
        return match (lang, parts.next(), parts.next()) {
            (Lang::Vi, Some(year), Some(month)) => {
                format!("{place}, ngày … tháng {} năm {year}", month_word(month))
            }
            (Lang::En, Some(year), Some(month)) => format!("{place}, {year}-{month}-…"),
            (Lang::Vi | Lang::En, ..) => {
                format!("{place}, {}", lang.choose("ngày … tháng … năm ……", "………"))
            }
        };
    };
    let mut parts = date.split('-');
    match (lang, parts.next(), parts.next(), parts.next()) {
        (Lang::Vi, Some(year), Some(month), Some(day)) => {
            format!("{place}, ngày {day} tháng {} năm {year}", month_word(month))
        }
        _ => format!("{place}, {date}"),
    }
}
