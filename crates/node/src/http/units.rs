//! `/v1/units`: the units there are on a day.

use tonghop_core::day::Day;
use tonghop_core::registry::{Registry, Unit};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Level;

use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::{AskError, root};

/// `/v1/units`: those of the subtree of `unit` that are registered and not closed on the day `on`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["on", "unit", "knownAt", "lang"])?;
    let on = parameters.day("on")?.unwrap_or_else(request.today);
    let wanted = parameters.unit()?;
    let known_at = parameters.known_at()?;
    let read = request.figures()?.read(&[], |moment| {
        let known = known_at.day(moment.position)?;
        let top = wanted.map(|_| root(wanted, &moment.registry(None))).transpose()?;
        Ok::<_, AskError>((moment.registry(known), top, moment.position, moment.lag))
    });
    let (registry, top, position, lag) = read.map_err(Problem::from)??;
    let mut json = Json::with_capacity(192 * registry.len());
    json.raw("{\"on\":").text(&on.to_string());
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag);
    json.raw(",\"units\":[");
    let mut first = true;
    for (code, unit) in registry.units() {
        if is_there(unit, on) && top.is_none_or(|top| registry.is_below(code, top, on)) {
            json.raw(if first { "" } else { "," });
            first = false;
            one(&mut json, &registry, code, unit, on);
        }
    }
    json.raw("]}");
    Ok(Answer::json(json))
}

fn is_there(unit: &Unit, on: Day) -> bool {
    unit.registered().is_some_and(|day| day <= on) && unit.closed().is_none_or(|day| on < day)
}

fn one(json: &mut Json, registry: &Registry, code: UnitCode, unit: &Unit, on: Day) {
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json.raw("{").key("code").text(code.as_str()).raw(",\"name\":").text(unit.name(on));
    json.raw(",\"level\":").optional(unit.level(on).map(Level::word));
    // The second of the chain: what the unit counts under, also where no parent was named.
    let chain = registry.chain(code, on);
    json.raw(",\"parent\":").optional(chain.get(1).map(UnitCode::as_str));
    json.raw(",\"registered\":").optional(day(unit.registered()).as_deref());
    json.raw(",\"closed\":").optional(day(unit.closed()).as_deref());
    json.raw(",\"aliases\":[");
    let aliases = unit.aliases().iter().filter(|(since, _)| *since <= on);
    for (place, (_, alias)) in aliases.enumerate() {
        json.raw(if place > 0 { "," } else { "" }).text(alias.as_str());
    }
    json.raw("]}");
}
