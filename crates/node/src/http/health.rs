//! `/healthz`: the process answers. `/readyz`: its figures are of the log's end, or later.

use super::json::Json;
use super::{Answer, Problem, Request};
use crate::ask::AskError;

/// `/healthz`.
pub(super) fn alive(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let mut json = Json::with_capacity(64);
    json.raw("{\"status\":\"alive\",\"position\":");
    match request.view {
        Some(view) => json.number(view.position()),
        None => json.raw("null"),
    };
    json.raw("}");
    Ok(Answer::json(json))
}

/// `/readyz`: 503 until the view has reached the log's end as it was when the process started.
pub(super) fn ready(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let view = request.view()?;
    let (is_ready, awaited) = view.readiness();
    let position = view.position();
    if !is_ready {
        let detail = match awaited {
            Some(end) => format!("folded up to position {position} of {end}; ask again"),
            None => "the log was not reached yet; does NATS run? `tonghop doctor` says".to_owned(),
        };
        return Err(Problem::unavailable("view.behind", &detail).into());
    }
    let mut json = Json::with_capacity(64);
    json.raw("{\"status\":\"ready\",\"position\":").number(position).raw("}");
    Ok(Answer::json(json))
}
