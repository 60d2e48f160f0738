//! `/v1/calendars`: the periods of a year and their days.

use tonghop_core::calendar::{Calendar, DayRule, PeriodName};
use tonghop_core::day::Day;

use super::json::Json;
use super::{Answer, Problem, Request, forms};
use crate::ask::{AskError, Lang};

/// `/v1/calendars`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["year", "calendar", "lang"])?;
    let lang = parameters.lang()?;
    let catalogue = &*request.view()?.catalogue();
    let year = match parameters.get("year") {
        None => (request.today)().year(),
        Some(text) => year(text)?,
    };
    if let Some(name) = parameters.get("calendar")
        && catalogue.calendar(name).is_none()
    {
        let known = catalogue.calendars.iter().map(|calendar| calendar.name.clone());
        let hint = "leave it out to see all";
        return Err(Problem::unknown_value("calendar", name, hint, known).into());
    }
    let now = forms::stand(request)?;
    let mut json = Json::with_capacity(16 * 1024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag);
    json.raw(",\"year\":").int(year.into()).raw(",\"calendars\":[");
    let wanted = catalogue
        .calendars
        .iter()
        .filter(|calendar| parameters.get("calendar").is_none_or(|name| name == calendar.name));
    for (place, calendar) in wanted.enumerate() {
        json.raw(if place > 0 { "," } else { "" });
        one(&mut json, calendar, year, lang);
    }
    json.raw("]}");
    Ok(Answer::json(json))
}

fn year(text: &str) -> Result<i32, Problem> {
    let (first, last) = (Day::MIN.year(), Day::MAX.year());
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let year = if digits { text.parse().ok() } else { None };
    year.filter(|year| (first..=last).contains(year))
        .ok_or_else(|| Problem::value("year", text, &format!("give a year from {first} to {last}")))
}

fn one(json: &mut Json, calendar: &Calendar, year: i32, lang: Lang) {
    let label = match lang {
        Lang::Vi => &calendar.label_vi,
        Lang::En => &calendar.label_en,
    };
    json.raw("{").key("calendar").text(&calendar.name).raw(",\"label\":").text(label);
    json.raw(",\"periods\":[");
    let mut first = true;
    for rule in &calendar.periods {
        let period = PeriodName { year, name: rule.name.clone() };
        let Some(window) = calendar.window(&period) else { continue };
        json.raw(if first { "{" } else { ",{" });
        first = false;
        json.key("period").text(&period.to_string());
        json.raw(",\"from\":").text(&window.from.to_string());
        json.raw(",\"to\":").text(&window.to.to_string());
        json.raw(",\"days\":").number(window.days().into());
        json.raw(",\"deadline\":");
        deadline(json, rule.deadline, year);
        json.raw(",\"reformDeadline\":");
        deadline(json, rule.reform_deadline, year);
        json.raw(",\"basis\":").text(&rule.basis).raw("}");
    }
    json.raw("]}");
}

fn deadline(json: &mut Json, rule: Option<DayRule>, year: i32) {
    let day = rule.and_then(|rule| rule.day(year)).map(|day| day.to_string());
    json.optional(day.as_deref());
}
