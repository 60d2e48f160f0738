//! `/v1/closings`: what was published, and whether it still is what is known.

use super::forms::stand;
use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::AskError;
use crate::closings::{Closings, ClosingsError, Held};

/// `/v1/closings`: all of them, those of one period in order of vintage.
pub(super) fn all(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let now = stand(request)?;
    let held = closings(request)?.all().map_err(|error| unreadable(&error))?;
    let mut json = Json::with_capacity(1_024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag);
    json.raw(",\"closings\":[");
    for (place, held) in held.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        head(&mut json, held);
        json.raw("}");
    }
    json.raw("]}");
    Ok(Answer::json(json))
}

/// `/v1/closings/{id}`: the signed document, and how many figures differ now.
pub(super) fn one(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let now = stand(request)?;
    let mut json = Json::with_capacity(16 * 1_024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag).raw(",");
    with(request, request.name, |held| {
        head(&mut json, held);
        json.raw(",\"note\":").text(&held.note);
        json.raw(",\"reopeningNote\":").optional(held.reopened.as_deref());
        Ok(())
    })?;
    json.raw("}");
    Ok(Answer::json(json))
}

/// Reads the closing of this id.
pub(super) fn with<T>(
    request: &Request<'_>,
    id: &str,
    read: impl FnOnce(&Held) -> Result<T, ClosingsError>,
) -> Result<T, Problem> {
    let all = closings(request)?.all().map_err(|error| unreadable(&error))?;
    let held = all.iter().find(|held| held.closing.id == id).ok_or_else(|| {
        let known = all.iter().map(|held| held.closing.id.clone());
        Problem::unknown_thing("closing", id, "GET /v1/closings lists them", known)
    })?;
    read(held).map_err(|error| unreadable(&error))
}

fn head(json: &mut Json, held: &Held) {
    let closing = &held.closing;
    json.key("id").text(&closing.id).raw(",");
    json.key("calendar").text(&closing.calendar).raw(",");
    json.key("period").text(&closing.period).raw(",\"window\":{");
    json.key("from").text(&closing.window.from).raw(",");
    json.key("to").text(&closing.window.to).raw("},");
    json.key("unit").text(&closing.unit).raw(",");
    json.key("vintage").number(closing.vintage.into()).raw(",");
    let previous = closing.previous.as_ref().map(|previous| previous.id.as_str());
    json.key("previous").optional(previous).raw(",");
    json.key("closedAt").text(&closing.closed_at).raw(",");
    json.key("closedUpTo").number(closing.position).raw(",");
    json.key("sha256").text(&held.sha256()).raw(",\"despite\":[");
    for (place, reason) in closing.despite.iter().enumerate() {
        json.raw(if place > 0 { "," } else { "" }).text(reason);
    }
    let reopening = held.reopening();
    json.raw("],\"reopened\":");
    match &reopening {
        Some(reopening) => json
            .raw("{\"reason\":")
            .text(&reopening.reason)
            .raw(",\"at\":")
            .text(&reopening.reopened_at)
            .raw("}"),
        None => json.raw("null"),
    };
}

fn closings<'a>(request: &'a Request<'_>) -> Result<&'a Closings, Problem> {
    request.closings.as_deref().ok_or_else(|| {
        Problem::unavailable("closings.absent", "this process has no data directory")
    })
}

fn unreadable(error: &ClosingsError) -> Problem {
    tracing::error!(%error, "the closings cannot be read");
    Problem::unavailable("closings.unreadable", &error.to_string())
}
