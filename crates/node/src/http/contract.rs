//! The contract for machines: the `AsyncAPI` document, and the JSON Schema of each type.

use axum::http::StatusCode;
use tonghop_wire::kind::Kind;
use tonghop_wire::schema;

use super::{Answer, Problem, Request};
use crate::ask::AskError;

const ASYNCAPI: &str = include_str!("../../../../proto/asyncapi.json");
/// The schema of whole events, as it is named beside the kinds.
const ENVELOPE: &str = "envelope";

/// `GET /asyncapi.json`
pub(super) fn asyncapi(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    Ok(answer("application/json", ASYNCAPI.to_owned()))
}

/// `GET /schemas/{type}`: `dossier.accepted`, `vn.tonghop.dossier.accepted.v1` or `envelope`; with
/// `.json` behind it too, as schemas refer to one another.
pub(super) fn schema(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    let name = request.name.strip_suffix(".json").unwrap_or(request.name);
    let kind = name.strip_prefix("vn.tonghop.").and_then(|name| name.strip_suffix(".v1"));
    let schema = match Kind::parse(kind.unwrap_or(name)) {
        Some(kind) => schema::data(kind),
        None if name == ENVELOPE => schema::envelope(),
        None => {
            let known = Kind::ALL.iter().map(|kind| kind.name()).chain([ENVELOPE.to_owned()]);
            let hint = "GET /asyncapi.json lists the types";
            return Err(Problem::unknown_thing("type", name, hint, known).into());
        }
    };
    Ok(answer("application/schema+json", format!("{schema:#}\n")))
}

fn answer(content_type: &'static str, body: String) -> Answer {
    Answer { status: StatusCode::OK, content_type, disposition: None, body: body.into_bytes() }
}
