//! Where a page goes on: all that is needed for it, as text.
//!
//! ```text
//! 1.<numbers, some with a minus sign>.<check>
//! ```
//! The check is of the figure too: a cursor that was cut, or is of another figure, is none.

use tonghop_core::day::Day;
use tonghop_core::declared::Range;
use tonghop_core::fingerprint::Digest;
use tonghop_core::read::{Listed, Share, Value};
use tonghop_core::timeline::Knowledge;

/// Characters of the check.
const CHECK_CHARS: usize = 12;
/// Characters of a cursor.
const CURSOR_CHARS_MAX: usize = 640;
/// The form that is written.
const FORM: i64 = 1;

/// What the difference is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// What was known.
    pub knowledge: Knowledge,
    /// The day on which it was read.
    pub read_on: Day,
    /// What the figure was.
    pub value: Value,
}

/// A place between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The position of the log that all pages show.
    pub position: u64,
    /// The day on which the figure is read.
    pub read_on: Day,
    /// What the figure is.
    pub value: Value,
    /// What the difference is to, if one is explained.
    pub past: Option<Past>,
    /// Timelines are not looked for up to this position.
    pub start: u64,
    /// Which messages are gone through: the place among a question's steps.
    pub step: usize,
    /// The position of the last message that was looked at.
    pub after: u64,
    /// Timelines that are listed already.
    pub timelines: u64,
    /// What they add up to.
    pub listed: Listed,
    /// What all add up to.
    pub expected: Listed,
}

impl Cursor {
    /// The text; `of` is the figure.
    pub fn write(&self, of: &str) -> String {
        let mut numbers = vec![FORM, long(self.position), long(u64::from(self.read_on.number()))];
        write_value(self.value, &mut numbers);
        match &self.past {
            None => numbers.push(0),
            Some(Past { knowledge, read_on, value }) => {
                numbers.extend([1, long(knowledge.position)]);
                numbers.push(knowledge.day.map_or(-1, |day| long(u64::from(day.number()))));
                numbers.push(long(u64::from(read_on.number())));
                write_value(*value, &mut numbers);
            }
        }
        let step = u64::try_from(self.step).unwrap_or(u64::MAX);
        numbers.extend([self.start, step, self.after, self.timelines].map(long));
        for Listed { part, whole, grouped } in [self.listed, self.expected] {
            numbers.extend([part, whole, grouped]);
        }
        let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let text = words.join(".");
        let check = check(of, &text);
        format!("{text}.{check}")
    }

    /// Reads a text; none if it is not what [`Self::write`] wrote for this figure.
    pub fn read(text: &str, of: &str) -> Option<Self> {
        if text.len() > CURSOR_CHARS_MAX {
            return None;
        }
        let (text, told) = text.rsplit_once('.')?;
        if check(of, text) != told {
            return None;
        }
        let mut numbers = Vec::new();
        for word in text.split('.') {
            numbers.push(word.parse::<i64>().ok()?);
        }
        let mut from = numbers.into_iter();
        if from.next()? != FORM {
            return None;
        }
        let (position, read_on) = (number(&mut from)?, day(from.next()?)?);
        let value = read_value(&mut from)?;
        let past = if from.next()? == 0 { None } else { Some(read_past(&mut from)?) };
        let (start, step) = (number(&mut from)?, usize::try_from(from.next()?).ok()?);
        let (after, timelines) = (number(&mut from)?, number(&mut from)?);
        let (listed, expected) = (read_listed(&mut from)?, read_listed(&mut from)?);
        Some(Self {
            position,
            read_on,
            value,
            past,
            start,
            step,
            after,
            timelines,
            listed,
            expected,
        })
    }
}

fn check(of: &str, text: &str) -> String {
    let mut digest = Digest::new();
    digest.line(of);
    digest.line(text);
    digest.hex().chars().take(CHECK_CHARS).collect()
}

fn long(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(from: &mut impl Iterator<Item = i64>) -> Option<u64> {
    u64::try_from(from.next()?).ok()
}

fn day(number: i64) -> Option<Day> {
    u16::try_from(number).ok().map(Day::from_number)
}

fn read_past(from: &mut impl Iterator<Item = i64>) -> Option<Past> {
    let (position, known) = (number(from)?, from.next()?);
    let known = if known < 0 { None } else { Some(day(known)?) };
    let read_on = day(from.next()?)?;
    let knowledge = Knowledge { position, day: known };
    Some(Past { knowledge, read_on, value: read_value(from)? })
}

fn read_listed(from: &mut impl Iterator<Item = i64>) -> Option<Listed> {
    Some(Listed { part: from.next()?, whole: from.next()?, grouped: from.next()? })
}

fn write_value(value: Value, numbers: &mut Vec<i64>) {
    match value {
        Value::Count(count) => numbers.extend([0, count]),
        Value::Share(Share { part, whole }) => numbers.extend([1, part, whole]),
        Value::Nil => numbers.push(2),
        Value::Missing => numbers.push(3),
        Value::Bound(range) => {
            numbers.push(4);
            write_range(range, numbers);
        }
        Value::BoundShare(range, whole) => {
            numbers.push(5);
            write_range(range, numbers);
            numbers.push(whole);
        }
    }
}

fn write_range(range: Range, numbers: &mut Vec<i64>) {
    // What is declared is never negative.
    numbers.extend([range.low, range.high.unwrap_or(-1), i64::from(range.rough)]);
}

fn read_value(from: &mut impl Iterator<Item = i64>) -> Option<Value> {
    Some(match from.next()? {
        0 => Value::Count(from.next()?),
        1 => Value::Share(Share { part: from.next()?, whole: from.next()? }),
        2 => Value::Nil,
        3 => Value::Missing,
        4 => Value::Bound(read_range(from)?),
        5 => Value::BoundShare(read_range(from)?, from.next()?),
        _ => return None,
    })
}

fn read_range(from: &mut impl Iterator<Item = i64>) -> Option<Range> {
    let (low, high) = (from.next()?, from.next()?);
    Some(Range { low, high: (high >= 0).then_some(high), rough: from.next()? != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_no_other_text_is_one() {
        let day = Day::parse("2021-09-14").unwrap();
        let range = Range { low: 4_000, high: None, rough: false };
        for value in [
            Value::Count(-3),
            Value::Share(Share { part: 8, whole: 9 }),
            Value::Nil,
            Value::Missing,
            Value::Bound(range),
            Value::BoundShare(range, 7),
        ] {
            let knowledge = Knowledge { position: 5, day: None };
            for past in [None, Some(Past { knowledge, read_on: day, value })] {
                let listed = Listed { part: -1, whole: 2, grouped: 3 };
                let cursor = Cursor {
                    position: 9,
                    read_on: day,
                    value,
                    past,
                    start: 4,
                    step: 1,
                    after: 7,
                    timelines: 3,
                    listed,
                    expected: Listed::default(),
                };
                let text = cursor.write("f");
                assert_eq!(Cursor::read(&text, "f"), Some(cursor), "{text}");
                assert_eq!(Cursor::read(&text, "g"), None, "of another figure");
                for place in 0..text.len() {
                    let letters = || text.chars().enumerate();
                    let cut: String = letters().take(place).map(|(_, letter)| letter).collect();
                    assert_eq!(Cursor::read(&cut, "f"), None, "{cut}");
                    let other = letters().map(|(at, l)| if at == place { '7' } else { l });
                    let other: String = other.collect();
                    assert!(other == text || Cursor::read(&other, "f").is_none(), "{other}");
                }
            }
        }
        assert_eq!(Cursor::read(&"1.".repeat(100_000), "f"), None);
    }
}
