//! Fixed words of a printed document, as Nghị định 30/2020/NĐ-CP has them.

use crate::document::Head;
use crate::lang::Lang;
use crate::number::NO_DATA;

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

/// What stands for a figure without data, in a note.
pub(crate) fn no_data(lang: Lang) -> String {
    let words = lang.choose(
        "chưa có số liệu: đến hết kỳ chưa hệ thống nào báo cáo về nội dung này",
        "no data: nothing of the kind was ever reported by the end of the period",
    );
    format!("({NO_DATA}) {words}.")
}

/// `quý III năm 2021`, `6 tháng đầu năm 2021`, `tháng 6 năm 2021`, `năm 2021`; any other period as it
/// is called.
pub(crate) fn period_in_words(period: &str, lang: Lang) -> String {
    let (year, name) = period.split_once('-').unwrap_or((period, "Y"));
    if lang == Lang::En {
        return period.to_owned();
    }
    match name {
        "Y" => format!("năm {year}"),
        "Q1" => format!("quý I năm {year}"),
        "Q2" => format!("quý II năm {year}"),
        "Q3" => format!("quý III năm {year}"),
        "Q4" => format!("quý IV năm {year}"),
        "H1" => format!("6 tháng đầu năm {year}"),
        "H2" => format!("6 tháng cuối năm {year}"),
        "9M" => format!("9 tháng năm {year}"),
        _ => match name.strip_prefix('M') {
            Some(month) => format!("tháng {} năm {year}", month_word(month)),
            None => period.to_owned(),
        },
    }
}

/// `Quý III/2021`, `6 tháng đầu năm 2021`, `Tháng 6/2021`: a period at the head of a form.
pub(crate) fn period_heading(period: &str, lang: Lang) -> String {
    let words = period_in_words(period, lang);
    if lang == Lang::En {
        return words;
    }
    let short = match words.strip_prefix("quý ").or_else(|| words.strip_prefix("tháng ")) {
        Some(_) => words.replace(" năm ", "/"),
        None => words,
    };
    let mut letters = short.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Only the first two months keep their leading zero.
pub(crate) fn month_word(month: &str) -> &str {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_called_as_offices_call_them() {
        for (period, words) in [
            ("2021-Q3", "quý III năm 2021"),
            ("2021-H1", "6 tháng đầu năm 2021"),
            ("2021-9M", "9 tháng năm 2021"),
            ("2021-M02", "tháng 02 năm 2021"),
            ("2021-M06", "tháng 6 năm 2021"),
            ("2021", "năm 2021"),
            ("2021-X", "2021-X"),
        ] {
            assert_eq!(period_in_words(period, Lang::Vi), words);
            assert_eq!(period_in_words(period, Lang::En), period);
        }
        for (period, words) in [
            ("2021-Q3", "Quý III/2021"),
            ("2021-H1", "6 tháng đầu năm 2021"),
            ("2021-M06", "Tháng 6/2021"),
            ("2021-M02", "Tháng 02/2021"),
            ("2021", "Năm 2021"),
        ] {
            assert_eq!(period_heading(period, Lang::Vi), words);
            assert_eq!(period_heading(period, Lang::En), period);
        }
    }
}
