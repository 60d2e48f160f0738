//! `/v1/indicators`: what figures there are, or were asked for on a day.

use tonghop_core::day::Day;

use super::json::Json;
use super::{Answer, Request, forms};
use crate::ask::AskError;

/// `/v1/indicators`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["lang", "on"])?;
    let lang = parameters.lang()?;
    let on = parameters.day("on")?;
    let now = forms::stand(request)?;
    let mut json = Json::with_capacity(32 * 1024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag);
    json.raw(",\"indicators\":[");
    let catalogue = request.view()?.catalogue();
    let valid = catalogue.indicators.iter().filter(|i| on.is_none_or(|day| i.is_valid_on(day)));
    for (place, indicator) in valid.enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("id").text(&indicator.id);
        json.raw(",\"label\":").text(lang.of(&indicator.label));
        json.raw(",\"counted\":").text(lang.of(&indicator.counted));
        json.raw(",\"nature\":").text(indicator.nature.word());
        json.raw(",\"source\":").text(&indicator.source);
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        json.raw(",\"validFrom\":").optional(day(indicator.valid_from).as_deref());
        json.raw(",\"validTo\":").optional(day(indicator.valid_to).as_deref()).raw("}");
    }
    json.raw("]}");
    Ok(Answer::json(json))
}
