//! `POST /v1/refusals/{position}/requeue`: the office sends a refused message again.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use super::events::{holder, in_words, json_response, no_log, told};
use super::{Problem, defect};
use crate::agencies::Holder;
use crate::gateway::{Asked, Gateway, RequeueError};

/// Answers the path.
pub(super) async fn post(gateway: Option<Arc<Gateway>>, request: Request<Body>) -> Response<Body> {
    let Some(gateway) = gateway else { return no_log().into_response() };
    let (head, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    drop(body);
    match answer(&gateway, &head, has_body).await {
        Ok(response) => response,
        Err(problem) => in_words(problem),
    }
}

async fn answer(
    gateway: &Gateway,
    head: &Parts,
    has_body: bool,
) -> Result<Response<Body>, Problem> {
    if holder(gateway, &head.headers)? != Holder::Office {
        let detail = "only a token of the office (`tonghop agency add --office`) sends again";
        let (status, title) = (StatusCode::FORBIDDEN, "not the office's token");
        return Err(Problem::new(status, "token.not_office", title, detail));
    }
    if has_body {
        let detail = "this path takes no body; `tonghop refusals requeue POSITION --payload FILE` \
                      sends a mended message";
        let (status, title) = (StatusCode::BAD_REQUEST, "no body here");
        return Err(Problem::new(status, "body.unexpected", title, detail));
    }
    let named = head.uri.path().split('/').nth(3).unwrap_or_default();
    let position: u64 = named.parse().map_err(|_| {
        let detail = "a refusal is named by its position, a whole number";
        Problem::not_found("refusal.unknown", detail)
    })?;
    let requeued = gateway.requeue(Asked::One(position, None)).await.map_err(problem)?;
    if let Some((_, at)) = requeued.already.first() {
        let detail = format!("already requeued at position {at}");
        let (status, title) = (StatusCode::CONFLICT, "already requeued");
        return Err(Problem::new(status, "refusal.requeued", title, &detail));
    }
    if !requeued.unsendable.is_empty() {
        let detail = "it is too large, or its headers cannot be read; the agency has to publish it";
        let (status, title) = (StatusCode::UNPROCESSABLE_ENTITY, "cannot be sent again");
        return Err(Problem::new(status, "refusal.unsendable", title, detail));
    }
    let (_, fate) = requeued.sent.first().ok_or_else(defect)?;
    let mut row = told(fate);
    row.json.insert("of".to_owned(), json!(position));
    Ok(json_response(row.http, &row.json.into()))
}

fn problem(error: RequeueError) -> Problem {
    match error {
        RequeueError::NotRefused(_) => Problem::not_found("refusal.unknown", &error.to_string()),
        RequeueError::Busy => Problem::unavailable("requeue.busy", &error.to_string()),
        RequeueError::Log(error) => super::events::log_down(&error),
        RequeueError::Unreadable(_) => {
            tracing::warn!(%error, "a refusal is not sent again");
            Problem::unavailable("refusals.unreadable", &format!("{error}; ask again"))
        }
    }
}
