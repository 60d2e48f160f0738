//! In time or not: when what units say of a period changed last, against the period's deadline.
//!
//! It is said of units and not of sources: figures do not know which system of a unit they are from.

use tonghop_core::calendar::DayRule;
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::Day;
use tonghop_core::unit_code::UnitCode;
use tonghop_report::csv;

use super::json::Json;
use crate::ask::{Asked, Lang};
use crate::view::Moment;

/// The units of a subtree against the deadline of a period.
pub(super) struct Timeliness {
    asked: Asked,
    /// The reform report's, else the Government's; none: the period has none.
    deadline: Option<Day>,
    /// For each unit, the recorded day of the last change.
    units: Vec<(UnitCode, Option<Day>)>,
}

impl Timeliness {
    /// Of the units below `top` that stand on the window's last day, or say something of it.
    pub(super) fn of(
        asked: Asked,
        catalogue: &Catalogue,
        top: UnitCode,
        moment: &Moment<'_>,
    ) -> Self {
        let window = asked.window;
        let deadline = asked.period.as_ref().and_then(|(calendar, period)| {
            let rule = catalogue.calendar(calendar)?.rule(&period.name)?;
            rule.reform_deadline.or(rule.deadline).and_then(|rule: DayRule| rule.day(period.year))
        });
        let registry = moment.registry(None);
        let mut codes: Vec<UnitCode> = registry
            .units()
            .filter(|(_, unit)| unit.exists(window.to))
            .map(|(code, _)| code)
            .chain(moment.book.units().map(|(code, _)| code))
            .filter(|code| registry.is_below(*code, top, window.to))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let changed = |code| moment.book.unit(code)?.last_recorded(window);
        let stands = |code| registry.get(code).is_some_and(|unit| unit.exists(window.to));
        let units = codes.into_iter().map(|code| (code, changed(code)));
        let units = units.filter(|(code, day)| day.is_some() || stands(*code)).collect();
        Self { asked, deadline, units }
    }

    /// Whether it was in time; none where nothing was said, or nothing has to be by any day.
    fn is_in_time(&self, changed: Option<Day>) -> Option<bool> {
        Some(changed? <= self.deadline?)
    }

    /// What is added to the answer about sources.
    pub(super) fn json(&self, json: &mut Json, lang: Lang) {
        let window = self.asked.window;
        json.raw(",\"window\":{\"from\":").text(&window.from.to_string());
        json.raw(",\"to\":").text(&window.to.to_string());
        let period = self.asked.period.as_ref();
        json.raw("},\"calendar\":").optional(period.map(|(calendar, _)| calendar.as_str()));
        json.raw(",\"period\":").optional(period.map(|(_, name)| name.to_string()).as_deref());
        json.raw(",\"deadline\":").optional(self.deadline.map(|day| day.to_string()).as_deref());
        json.raw(",\"timeliness\":").text(&self.sentence(lang)).raw(",\"units\":[");
        for (place, (unit, changed)) in self.units.iter().enumerate() {
            json.raw(if place > 0 { ",{" } else { "{" }).key("unit").text(unit.as_str());
            json.raw(",\"lastChanged\":").optional(changed.map(|day| day.to_string()).as_deref());
            json.raw(",\"inTime\":").raw(word(self.is_in_time(*changed))).raw("}");
        }
        json.raw("]");
    }

    /// A line for each unit.
    pub(super) fn csv(&self) -> String {
        let mut out = String::new();
        csv::record(&mut out, &["unit", "last_changed", "in_time"]);
        for (unit, changed) in &self.units {
            let day = changed.map_or_else(String::new, |day| day.to_string());
            let in_time = self.is_in_time(*changed).map_or("", |so| word(Some(so)));
            csv::record(&mut out, &[unit.as_str(), &day, in_time]);
        }
        out
    }

    fn sentence(&self, lang: Lang) -> String {
        let count = |what: fn(Option<Day>, Option<bool>) -> bool| {
            self.units.iter().filter(|(_, day)| what(*day, self.is_in_time(*day))).count()
        };
        let silent = count(|day, _| day.is_none());
        let said = self.units.len() - silent;
        match (lang, self.deadline) {
            (Lang::Vi, None) => format!("{said} đơn vị có số liệu, {silent} đơn vị chưa có gì."),
            (Lang::En, None) => format!("{said} units said something, {silent} nothing."),
            (Lang::Vi, Some(due)) => format!(
                "Hạn {due}: {} đơn vị đúng hạn, {} đơn vị còn thay đổi sau hạn, {silent} đơn vị chưa có gì.",
                count(|_, in_time| in_time == Some(true)),
                count(|_, in_time| in_time == Some(false)),
            ),
            (Lang::En, Some(due)) => format!(
                "Due {due}: {} units in time, {} changed after it, {silent} said nothing.",
                count(|_, in_time| in_time == Some(true)),
                count(|_, in_time| in_time == Some(false)),
            ),
        }
    }
}

const fn word(so: Option<bool>) -> &'static str {
    match so {
        Some(true) => "true",
        Some(false) => "false",
        None => "null",
    }
}
