//! Calendars: which days a named period has. Periods are data; the rules come from a file.
//!
//! The legal calendar is Nghị định 09/2019/NĐ-CP, article 12: a quarter runs from the 15th of the
//! month before it to the 14th of its last month.

use std::fmt;

use crate::day::{Day, Window};

/// A day relative to the year that a period is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRule {
    /// Years to add: −1, 0 or 1.
    pub year: i32,
    /// The month, 1–12.
    pub month: u32,
    /// The day of the month; none is the last.
    pub day: Option<u32>,
}

impl DayRule {
    /// Reads `Y-06-15`, `Y-1:12-15` (the year before) or `Y-02-end`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('Y')?;
        let (year, rest) = match rest.split_once(':') {
            Some((year, rest)) => (year.parse().ok()?, rest),
            None => (0, rest.strip_prefix('-')?),
        };
        let (month, day) = rest.split_once('-')?;
        let month = month.parse().ok()?;
        let day = if day == "end" { None } else { Some(day.parse().ok()?) };
        if !(-1..=1).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let rule = Self { year, month, day };
        // A rule that gives no day in a common year is no rule.
        rule.day(2021).map(|_| rule)
    }

    /// The day in this year.
    pub fn day(self, year: i32) -> Option<Day> {
        let year = year.checked_add(self.year)?;
        match self.day {
            Some(day) => Day::from_ymd(year, self.month, day),
            None if self.month == 12 => Day::from_ymd(year, 12, 31),
            None => Day::from_ymd(year, self.month + 1, 1)?.previous(),
        }
    }
}

/// A period of a calendar, for any year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodRule {
    /// `Q3`, `H1`, `M07`, `Y`.
    pub name: String,
    /// Its first day.
    pub from: DayRule,
    /// Its last day.
    pub to: DayRule,
    /// The Government's deadline for the report, if there is one.
    pub deadline: Option<DayRule>,
    /// The deadline of the reform report to the Ministry of Home Affairs, if it is made for this
    /// period.
    pub reform_deadline: Option<DayRule>,
    /// Decree and article, or the local rule.
    pub basis: String,
}

/// A calendar: named periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// `legal`, `calendar`, …
    pub name: String,
    /// What it is called in Vietnamese.
    pub label_vi: String,
    /// What it is called in English.
    pub label_en: String,
    /// Its periods.
    pub periods: Vec<PeriodRule>,
}

impl Calendar {
    /// The rule of a period.
    pub fn rule(&self, name: &str) -> Option<&PeriodRule> {
        self.periods.iter().find(|rule| rule.name == name)
    }

    /// The window of a period.
    pub fn window(&self, period: &PeriodName) -> Option<Window> {
        let rule = self.rule(&period.name)?;
        Window::new(rule.from.day(period.year)?, rule.to.day(period.year)?)
    }
}

/// A period by name: `2021-Q3`, or `2021` for the year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodName {
    /// The year that it is named after.
    pub year: i32,
    /// `Q3`, `H1`, `M07`, `Y`.
    pub name: String,
}

impl PeriodName {
    /// Reads `2021-Q3` or `2021`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, name) = text.split_once('-').unwrap_or((text, "Y"));
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = (1..=4).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        if !is_year || !is_name {
            return None;
        }
        Some(Self { year: year.parse().ok()?, name: name.to_owned() })
    }
}

impl fmt::Display for PeriodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{}", self.year, self.name)
    }
}
