//! `/v1/narratives`: what units wrote in the sections of a report for a period.

use tonghop_core::calendar::PeriodName;
use tonghop_core::declared::written;
use tonghop_core::measure::{FacetKind, Measure};

use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::{AskError, known_day, root};

/// `/v1/narratives`: those of the subtree of `unit` for the period.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["unit", "period", "section", "knownAt"])?;
    let period = parameters.get("period").map(|text| {
        PeriodName::parse(text)
            .ok_or_else(|| Problem::value("period", text, "give a period such as 2021-Q3"))
    });
    let period = period.transpose()?;
    let (wanted, known_at) = (parameters.unit()?, parameters.known_at()?);
    let needs = [(FacetKind::Narrative, Measure::NarrativeSubmitted.group())];
    let read = request.figures()?.read(&needs, |moment| {
        let known = known_day(known_at, moment.position)?;
        let registry = moment.registry(known);
        let top = root(wanted, &moment.registry(None))?;
        let mut texts = written(moment.facets.get(&FacetKind::Narrative), known);
        texts.retain(|text| {
            let of_period = PeriodName::parse(&text.narrative.period);
            (period.is_none() || of_period == period)
                && parameters.get("section").is_none_or(|s| s == &*text.narrative.section)
                && registry.is_below(text.unit, top, text.day)
        });
        Ok::<_, AskError>((texts, top, moment.position, moment.lag))
    });
    let (texts, unit, position, lag) = read.map_err(Problem::from)??;
    let mut json = Json::with_capacity(1024);
    json.raw("{").key("unit").text(unit.as_str());
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag);
    json.raw(",\"narratives\":[");
    for (place, text) in texts.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("unit").text(text.unit.as_str());
        json.raw(",\"section\":").text(&text.narrative.section);
        json.raw(",\"period\":").text(&text.narrative.period);
        json.raw(",\"text\":").text(&text.narrative.text);
        json.raw(",\"recordedOn\":").text(&text.recorded.to_string()).raw("}");
    }
    json.raw("]}");
    Ok(Answer::json(json))
}
