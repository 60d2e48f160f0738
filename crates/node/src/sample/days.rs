//! The days of the sample, which of them are worked, and the hours of work.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A local day (UTC+7).
pub(super) type Day = NaiveDate;

/// The day on which the registry of units is published.
pub(super) const FIRST: Day = day(2020, 12, 1);
/// The last day of the legal third quarter of 2021.
pub(super) const LAST: Day = day(2021, 9, 14);

/// When offices open, in seconds of the day.
pub(super) const OPENS: u32 = 7 * 3600 + 1800;
/// After this second nothing new is begun.
pub(super) const LAST_CALL: u32 = 16 * 3600;

/// Public holidays of Vietnam on working days: New Year, Tết, Hùng kings, 30 April (with the day
/// given for 1 May, a Saturday), National Day.
const HOLIDAYS: [Day; 12] = [
    day(2021, 1, 1),
    day(2021, 2, 10),
    day(2021, 2, 11),
    day(2021, 2, 12),
    day(2021, 2, 15),
    day(2021, 2, 16),
    day(2021, 4, 21),
    day(2021, 4, 30),
    day(2021, 5, 3),
    day(2021, 9, 2),
    day(2021, 9, 3),
    day(2022, 1, 3),
];

/// A day that is in the calendar.
pub(super) const fn day(year: i32, month: u32, day: u32) -> Day {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day that is in the calendar")
}

/// Every day from one to another, both included.
pub(super) fn each(from: Day, to: Day) -> impl Iterator<Item = Day> {
    from.iter_days().take_while(move |&day| day <= to)
}

/// So many days later.
pub(super) fn plus(day: Day, days: u64) -> Day {
    day + Days::new(days)
}

/// So many days earlier.
pub(super) fn minus(day: Day, days: u64) -> Day {
    day - Days::new(days)
}

/// Days from one to a later one; 0 where it is not later.
pub(super) fn between(from: Day, to: Day) -> u64 {
    u64::try_from((to - from).num_days()).unwrap_or(0)
}

/// Whether offices work on that day.
pub(super) fn is_workday(day: Day) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !HOLIDAYS.contains(&day)
}

/// That day, or the first workday after it.
pub(super) fn workday_from(day: Day) -> Day {
    day.iter_days().find(|&day| is_workday(day)).unwrap_or(day)
}

/// That day, or the last workday before it that is not before `first`; else `first`.
pub(super) fn workday_until(day: Day, first: Day) -> Day {
    each(first, day).filter(|&day| is_workday(day)).last().unwrap_or(first)
}

/// How much an office does on that day, against other days.
pub(super) fn office_weight(day: Day) -> u64 {
    match (is_workday(day), day.weekday() == Weekday::Sat) {
        (true, _) => 40,
        (false, true) => 4,
        (false, false) => 1,
    }
}

/// How much the post carries on that day, against other days.
pub(super) fn post_weight(day: Day) -> u64 {
    match (is_workday(day), day.weekday() == Weekday::Sat) {
        (true, _) => 10,
        (false, true) => 6,
        (false, false) => 2,
    }
}

/// A number that names the day, for drawing numbers.
pub(super) fn number(day: Day) -> u64 {
    u64::try_from(day.num_days_from_ce()).unwrap_or(0)
}

/// The calendar year.
pub(super) fn year(day: Day) -> u64 {
    u64::try_from(day.year()).unwrap_or(0)
}
