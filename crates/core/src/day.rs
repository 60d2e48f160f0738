//! Days and instants: the two ways in which an event says when.
//!
//! Nothing here reads a clock. Local time is UTC+7, the whole year round, since 1975.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate};

/// Seconds by which local time in Viet Nam is ahead of UTC.
const LOCAL_OFFSET_SECONDS: i64 = 7 * 3_600;
const SECONDS_PER_DAY: i64 = 86_400;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The instant so many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_unix_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset, to the millisecond; none if its local year is not of four
    /// digits, for then it could not be written so again.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(' ') {
            return None;
        }
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        let local = DateTime::from_timestamp(at.timestamp() + LOCAL_OFFSET_SECONDS, 0)?;
        (0..=9_999).contains(&local.year()).then(|| Self(at.timestamp_millis()))
    }

    /// The local day (UTC+7) of this instant, if it lies in the range of [`Day`].
    pub fn day(self) -> Option<Day> {
        let local = self.0.div_euclid(1_000).checked_add(LOCAL_OFFSET_SECONDS)?;
        u16::try_from(local.div_euclid(SECONDS_PER_DAY)).ok().map(Day)
    }
}

/// RFC 3339 in local time, to the second: `2021-09-06T08:30:00+07:00`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.0.div_euclid(1_000).saturating_add(LOCAL_OFFSET_SECONDS);
        match DateTime::from_timestamp(local, 0) {
            Some(at) => write!(f, "{}+07:00", at.format("%Y-%m-%dT%H:%M:%S")),
            None => write!(f, "unix-ms:{}", self.0),
        }
    }
}

/// Days since 1970-01-01, local (UTC+7); the last is 2149-06-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u16);

impl Day {
    /// 1970-01-01.
    pub const MIN: Self = Self(0);
    /// 2149-06-06.
    pub const MAX: Self = Self(u16::MAX);

    /// The day so many days after 1970-01-01.
    pub const fn from_number(days: u16) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// A day of the Gregorian calendar, if there is such a day in range.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        Self::from_date(NaiveDate::from_ymd_opt(year, month, day)?)
    }

    /// Reads `YYYY-MM-DD`, exactly ten characters.
    pub fn parse(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes().as_array::<10>()?
        else {
            return None;
        };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u32, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
            })
        };
        let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
        Self::from_ymd(year, number(&[m1, m2])?, number(&[d1, d2])?)
    }

    fn from_date(date: NaiveDate) -> Option<Self> {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        u16::try_from(days).ok().map(Self)
    }

    fn date(self) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(u64::from(self.0))
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.date().year()
    }

    /// Months since January 1970: the page of the store that a day belongs to.
    pub fn month_number(self) -> u16 {
        let date = self.date();
        let months = (date.year() - 1970) * 12 + i32::try_from(date.month0()).unwrap_or(0);
        u16::try_from(months).unwrap_or(u16::MAX)
    }

    /// The day after, or the last day there is.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The day before, if this is not the first.
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(days) => Some(Self(days)),
            None => None,
        }
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

/// Days from the first to the last, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl Window {
    /// The window of these two days, if they are in order.
    pub fn new(from: Day, to: Day) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// Whether the day lies inside.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }

    /// The days that both windows have.
    pub fn intersect(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// How many days, at least 1.
    pub fn days(self) -> u32 {
        u32::from(self.to.number() - self.from.number()) + 1
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests;
