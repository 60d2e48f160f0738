//! `/v1/units`: the units there are on a day, whom they follow and who follows them.

use tonghop_core::day::Day;
use tonghop_core::registry::{Registry, Succession, Unit};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Level;

use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::{AskError, known_day, root};

/// `/v1/units`: those of the subtree of `unit` that are registered and not closed on the day `on`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["on", "unit", "knownAt", "lang"])?;
    let on = parameters.day("on")?.unwrap_or_else(request.today);
    let wanted = parameters.unit()?;
    let known_at = parameters.known_at()?;
    let read = request.figures()?.read(&[], |moment| {
        let known = known_day(known_at, moment.position)?;
        let top = wanted.map(|_| root(wanted, &moment.registry(None))).transpose()?;
        Ok::<_, AskError>((moment.registry(known), top, moment.position, moment.lag))
    });
    let (registry, top, position, lag) = read.map_err(Problem::from)??;
    let mut json = Json::with_capacity(192 * registry.len());
    json.raw("{\"on\":").text(&on.to_string());
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag);
    json.raw(",\"units\":[");
    let mut first = true;
    let lineage = registry.successions();
    for (code, unit) in registry.units() {
        if unit.exists(on) && top.is_none_or(|top| registry.is_below(code, top, on)) {
            json.raw(if first { "" } else { "," });
            first = false;
            one(&mut json, &registry, code, unit, on);
            let of = |succession: &&Succession| succession.of == code;
            let into = |succession: &&Succession| succession.into == code;
            relatives(&mut json, "successors", lineage.iter().filter(of), |next| next.into);
            relatives(&mut json, "predecessors", lineage.iter().filter(into), |next| next.of);
            json.raw("}");
        }
    }
    json.raw("]}");
    Ok(Answer::json(json))
}

fn one(json: &mut Json, registry: &Registry, code: UnitCode, unit: &Unit, on: Day) {
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json.raw("{").key("code").text(code.as_str()).raw(",\"name\":").text(unit.name(on));
    json.raw(",\"level\":").optional(unit.level(on).map(Level::word));
    // The second of the chain: what the unit counts under, also where no parent was named.
    let chain = registry.chain(code, on);
    json.raw(",\"parent\":").optional(chain.get(1).map(UnitCode::as_str));
    let life = unit.life(on);
    json.raw(",\"registered\":").optional(day(life.map(|life| life.from)).as_deref());
    json.raw(",\"closed\":").optional(day(life.and_then(|life| life.until)).as_deref());
    json.raw(",\"aliases\":[");
    let aliases = unit.aliases().iter().filter(|(since, _)| *since <= on);
    for (place, (_, alias)) in aliases.enumerate() {
        json.raw(if place > 0 { "," } else { "" }).text(alias.as_str());
    }
    json.raw("]");
}

/// The units that follow this one, or that it follows: code, day, fields, whether the one before
/// ended.
fn relatives<'a>(
    json: &mut Json,
    name: &'static str,
    successions: impl Iterator<Item = &'a Succession>,
    other: impl Fn(&Succession) -> UnitCode,
) {
    json.raw(",").key(name).raw("[");
    for (place, succession) in successions.enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("code").text(other(succession).as_str());
        json.raw(",\"on\":").text(&succession.on.to_string());
        json.raw(",\"fields\":[");
        for (place, field) in succession.fields.iter().enumerate() {
            json.raw(if place > 0 { "," } else { "" }).text(field);
        }
        json.raw(if succession.ends { "],\"ends\":true}" } else { "],\"ends\":false}" });
    }
    json.raw("]");
}
