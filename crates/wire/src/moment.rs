//! Days and instants as the contract writes them; strict, where a calendar library is lenient.

use tonghop_core::day::{Day, Instant};

/// 1990-01-01: no event of these registers is older.
const DAY_FIRST: Day = Day::from_number(7_305);
/// 2099-12-31.
const DAY_LAST: Day = Day::from_number(47_481);

const SECONDS_PER_DAY: i64 = 86_400;

/// Reads `YYYY-MM-DD`, from 1990 to 2099.
pub(crate) fn day(text: &str) -> Option<Day> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    in_range(date([y1, y2, y3, y4], [m1, m2], [d1, d2])?)
}

/// Reads a day, or an instant of which the local day counts.
pub(crate) fn day_or_instant(text: &str) -> Option<Day> {
    day(text).or_else(|| instant(text).map(|(_, day)| day))
}

/// Reads RFC 3339 with an offset, to the millisecond; the day is the local one (UTC+7), from 1990
/// to 2099. A leap second is the first of the next minute.
pub(crate) fn instant(text: &str) -> Option<(Instant, Day)> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T' | b't',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        rest @ ..,
    ] = text.as_bytes()
    else {
        return None;
    };
    let date = date([y1, y2, y3, y4], [m1, m2], [d1, d2])?;
    let clock = seconds([h1, h2], [i1, i2])? + i64::from(digits([s1, s2], 60)?);
    let (ms, rest) = fraction(rest)?;
    let days = i64::from(date.number());
    let unix = days * SECONDS_PER_DAY + clock - offset(rest)?;
    let at = Instant::from_unix_ms(unix * 1_000 + ms);
    Some((at, in_range(at.day()?)?))
}

fn in_range(day: Day) -> Option<Day> {
    (DAY_FIRST..=DAY_LAST).contains(&day).then_some(day)
}

fn date(year: [&u8; 4], month: [&u8; 2], day: [&u8; 2]) -> Option<Day> {
    number_of(digits(year, 9_999)?, digits(month, 12)?, digits(day, 31)?).map(Day::from_number)
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, by the arithmetic that counts years
/// from March; from 1970 to 2149. A test holds it to the calendar of `core`, which is slower.
fn number_of(year: u32, month: u32, day: u32) -> Option<u16> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > last {
        return None;
    }
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    u16::try_from(days.checked_sub(719_469)?).ok()
}

fn seconds(hour: [&u8; 2], minute: [&u8; 2]) -> Option<i64> {
    Some(i64::from(digits(hour, 23)? * 3_600 + digits(minute, 59)? * 60))
}

/// Milliseconds after the point, if there is one; what is finer is cut off.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = rest else { return Some((0, rest)) };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (decimals, rest) = rest.split_at_checked(count)?;
    let (_, mut ms) = (decimals.first()?, 0);
    for place in 0..3 {
        ms = ms * 10 + decimals.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    }
    Some((ms, rest))
}

/// Seconds by which local time is ahead of UTC.
fn offset(rest: &[u8]) -> Option<i64> {
    match rest {
        [b'Z' | b'z'] => Some(0),
        [b'+', h1, h2, b':', m1, m2] => seconds([h1, h2], [m1, m2]),
        [b'-', h1, h2, b':', m1, m2] => seconds([h1, h2], [m1, m2]).map(i64::wrapping_neg),
        _ => None,
    }
}

/// A number of so many decimal digits, if it is at most `max`.
fn digits<const N: usize>(bytes: [&u8; N], max: u32) -> Option<u32> {
    let mut number = 0;
    for byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    (number <= max).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_that_of_the_contract() {
        assert_eq!(Some(DAY_FIRST), Day::from_ymd(1990, 1, 1));
        assert_eq!(Some(DAY_LAST), Day::from_ymd(2099, 12, 31));
        for (text, holds) in [
            ("1989-12-31", false),
            ("1990-01-01", true),
            ("2099-12-31", true),
            ("2100-01-01", false),
            ("2021-02-29", false),
            ("2024-02-29", true),
            ("2021-13-01", false),
            ("2021-9-06", false),
            ("2021-09- 6", false),
            ("+021-09-06", false),
            ("2021-09-06 ", false),
            ("", false),
        ] {
            assert_eq!(day(text).is_some(), holds, "{text:?}");
        }
    }

    #[test]
    fn the_calendar_is_that_of_core() {
        for year in [0, 1, 1600, 1900, 1969, 2150, 9_999].into_iter().chain(1970..2149) {
            for month in 0..=13 {
                for day in 0..=32 {
                    let ours = number_of(year, month, day).map(Day::from_number);
                    let core = Day::from_ymd(i32::try_from(year).unwrap(), month, day);
                    assert_eq!(ours, core, "{year}-{month}-{day}");
                }
            }
        }
    }

    #[test]
    fn instants_are_those_of_core() {
        for text in [
            "2021-09-06T08:30:00+07:00",
            "2021-09-06t01:30:00z",
            "2021-09-05T21:00:00.1239999-04:30",
            "2021-09-06T00:00:00.5Z",
            "2016-12-31T23:59:60Z",
        ] {
            let (at, day) = instant(text).unwrap();
            assert_eq!(Some(at), Instant::parse(text), "{text}");
            assert_eq!(Some(day), at.day(), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2021-09-06",
            "2021-09-06T08:30:00",
            "2021-09-06T08:30+07:00",
            "2021-09-06 08:30:00+07:00",
            "2021-09-06T24:00:00Z",
            "2021-09-06T08:60:00Z",
            "2021-09-06T08:30:61Z",
            "2021-09-06T08:30:00.Z",
            "2021-09-06T08:30:00+0700",
            "2021-09-06T08:30:00+24:00",
            "2021-09-31T08:30:00+07:00",
            "1970-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(instant(text), None, "{text:?}");
        }
    }
}
