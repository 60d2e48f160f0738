//! Numbers as each language writes them. No float is ever made of a figure.

use tonghop_core::declared::shown;
use tonghop_core::read::{Share, Value};

use crate::lang::Lang;
use crate::words::month_word;

/// What stands for a figure of which there is no data, as in the tables of the statistics office.
pub(crate) const NO_DATA: &str = "…";

/// A number with its thousands apart: `1.034.859` in Vietnamese, `1,034,859` in English.
pub fn number(value: i64, lang: Lang) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 2);
    if value < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separators(lang).0);
        }
        text.push(digit);
    }
    text
}

/// A ratio in percent, at most two decimals, rounded half up: `73,5%` or `73.5%`; `–` if there
/// is nothing to divide by.
pub fn percent(share: Share, lang: Lang) -> String {
    let Some(hundredths) = share.basis_points() else { return "–".to_owned() };
    let sign = if hundredths < 0 { "-" } else { "" };
    let size = hundredths.unsigned_abs();
    let whole = number(i64::try_from(size / 100).unwrap_or(i64::MAX), lang);
    let rest = format!("{:02}", size % 100);
    let decimals = rest.trim_end_matches('0');
    if decimals.is_empty() {
        return format!("{sign}{whole}%");
    }
    format!("{sign}{whole}{}{decimals}%", separators(lang).1)
}

/// A value as people write it: a number, a ratio in percent, or the words for what was declared and
/// is no number.
pub fn in_words(value: Value, lang: Lang) -> String {
    match value {
        Value::Count(count) => number(count, lang),
        Value::Share(share) => percent(share, lang),
        Value::Nil | Value::Missing | Value::Bound(_) | Value::BoundShare(..) => {
            lang.of(&shown(value)).to_owned()
        }
    }
}

/// What stands between thousands, and before decimals.
const fn separators(lang: Lang) -> (char, char) {
    match lang {
        Lang::Vi => ('.', ','),
        Lang::En => (',', '.'),
    }
}

/// A day as people write it, `14/9/2021` in Vietnamese, where the first two months alone have a
/// leading zero, as the decree asks; anything else as it stands.
pub fn day(text: &str, lang: Lang) -> String {
    let mut parts = text.split('-');
    match (lang, parts.next(), parts.next(), parts.next()) {
        (Lang::Vi, Some(year), Some(month), Some(day)) => {
            format!("{day}/{}/{year}", month_word(month))
        }
        _ => text.to_owned(),
    }
}
