//! `/v1/refusals`: what was refused and why, a page at a time.

use tonghop_core::refusal::RefusalCode;

use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::{AskError, Parameters};
use crate::refusals::{Page, Wanted};

/// Refusals of a page, unless `limit` says otherwise.
const LIMIT: usize = 100;
/// Refusals of the largest page.
const LIMIT_MAX: usize = 1_000;

/// `/v1/refusals`: those behind the position `after`, in order of position.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["after", "limit", "unit", "code"])?;
    let after = number(&parameters, "after", 0, u64::MAX)?;
    let limit_max = u64::try_from(LIMIT_MAX).unwrap_or(u64::MAX);
    let limit = number(&parameters, "limit", 1, limit_max)?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT);
    let page = Page::After(after.unwrap_or(0), limit);
    let wanted = Wanted { unit: parameters.unit()?, code: code(&parameters)?, page };
    let view = request.view()?;
    let moment = view.read(&[], |moment| (moment.position, moment.lag));
    let (position, lag) = moment.map_err(Problem::from)?;
    let refusals = request.refusals.as_ref().ok_or_else(|| {
        let detail = "this process reads the store only; `tonghop refusals` reads the log";
        Problem::unavailable("refusals.no_log", detail)
    })?;
    let found = refusals.read(wanted).map_err(|error| {
        tracing::warn!("refusals for a reader: {error:#}");
        Problem::unavailable("refusals.unreadable", &format!("{error:#}; ask again"))
    })?;
    let found = found.ok_or_else(|| {
        let detail = "another reader's refusals are being read; ask again";
        Problem::unavailable("refusals.busy", detail)
    })?;
    let mut json = Json::with_capacity(256 * found.rows.len() + 128);
    json.raw("{\"refusals\":[");
    for (place, row) in found.rows.iter().enumerate() {
        json.raw(if place > 0 { "," } else { "" }).raw(&row.json().to_string());
    }
    json.raw("],\"next\":");
    match found.rows.last() {
        Some(row) if found.more => json.number(row.position),
        _ => json.raw("null"),
    };
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag).raw("}");
    Ok(Answer::json(json))
}

fn code(parameters: &Parameters) -> Result<Option<RefusalCode>, Problem> {
    let Some(word) = parameters.get("code") else { return Ok(None) };
    RefusalCode::parse(word).map(Some).ok_or_else(|| {
        let known = RefusalCode::ALL.iter().map(|code| code.word().to_owned());
        Problem::unknown_value("code", word, "proto/refusals.md lists the codes", known)
    })
}

fn number(
    parameters: &Parameters,
    name: &'static str,
    min: u64,
    max: u64,
) -> Result<Option<u64>, Problem> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (min..=max).contains(number));
    let hint = format!("give a whole number from {min} to {max}");
    number.map(Some).ok_or_else(|| Problem::value(name, text, &hint))
}
