//! Values in words: a number with its thousands apart, a bound as what it is.

use super::Range;
use crate::catalogue::Label;
use crate::read::Value;

/// A value as people write it, in both languages: `từ 4.000 trở lên`, `không phát sinh`. That
/// nobody declared anything reads otherwise than that nothing occurred, and than 0.
pub fn shown(value: Value) -> Label {
    match value {
        Value::Count(count) => both(|mark| grouped(count, mark)),
        Value::Share(share) => {
            both(|mark| format!("{}/{}", grouped(share.part, mark), grouped(share.whole, mark)))
        }
        Value::Nil => label("không phát sinh", "none occurred"),
        Value::Missing => label("chưa khai", "not declared"),
        Value::Bound(range) => bound(range, &grouped),
        Value::BoundShare(part, whole) => {
            // All of it is as much as it can be: that is no bound that anybody stated.
            let part = Range { high: part.high.filter(|high| *high < whole || part.rough), ..part };
            bound(part, &|value, mark| match whole {
                100 => format!("{}%", grouped(value, mark)),
                whole => format!("{}/{}", grouped(value, mark), grouped(whole, mark)),
            })
        }
    }
}

fn bound(range: Range, write: &impl Fn(i64, char) -> String) -> Label {
    let low = both(|mark| write(range.low, mark));
    let Some(high) = range.high else {
        return label(&format!("từ {} trở lên", low.vi), &format!("at least {}", low.en));
    };
    let most = both(|mark| write(high, mark));
    match (range.low, range.rough) {
        (from, true) if from == high => {
            label(&format!("khoảng {}", low.vi), &format!("about {}", low.en))
        }
        (from, false) if from == high => low,
        (0, false) => label(&format!("nhiều nhất {}", most.vi), &format!("at most {}", most.en)),
        (_, false) => {
            label(&format!("từ {} đến {}", low.vi, most.vi), &format!("{} to {}", low.en, most.en))
        }
        (_, true) => label(
            &format!("khoảng {} đến {}", low.vi, most.vi),
            &format!("about {} to {}", low.en, most.en),
        ),
    }
}

fn label(vi: &str, en: &str) -> Label {
    Label { vi: vi.to_owned(), en: en.to_owned() }
}

fn both(write: impl Fn(char) -> String) -> Label {
    Label { vi: write('.'), en: write(',') }
}

/// A number with its thousands apart.
fn grouped(value: i64, mark: char) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    if value < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}
