//! Errors as RFC 9457 problem+json; the detail says what to do.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::view::ViewError;
use tonghop_wire::most_similar;

/// Characters of what was sent that are sent back.
const ECHO_CHARS_MAX: usize = 80;
/// Values that a problem lists.
const ALLOWED_MAX: usize = 64;

/// Why there is no answer, as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Members>);

/// The members of the JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    /// `urn:tonghop:problem:parameter.unknown`.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// The parameter that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What would be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
    #[serde(skip)]
    retry_after_s: Option<u16>,
}

impl Problem {
    /// A problem of this code: lower-case, dotted.
    pub fn new(status: StatusCode, code: &str, title: &'static str, detail: &str) -> Self {
        Self(Box::new(Members {
            kind: format!("urn:tonghop:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.to_owned(),
            parameter: None,
            allowed: Vec::new(),
            did_you_mean: None,
            retry_after_s: None,
        }))
    }

    /// The service cannot answer now, but may soon.
    pub fn unavailable(code: &str, detail: &str) -> Self {
        let title = "not available now";
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail);
        problem.0.retry_after_s = Some(1);
        problem
    }

    /// The same, with how many seconds to wait before it is asked again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u16) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// There is no such thing.
    pub fn not_found(code: &str, detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, "not found", detail)
    }

    /// A parameter that does not go with the others, or is missing.
    pub fn parameter(name: &str, detail: &str) -> Self {
        let detail = format!("{name}: {detail}");
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "parameter.invalid", "bad parameter", &detail);
        problem.0.parameter = Some(name.to_owned());
        problem
    }

    /// A parameter whose value cannot be used.
    pub fn value(name: &str, value: &str, hint: &str) -> Self {
        Self::parameter(name, &format!("{:?} cannot be used; {hint}", echo(value)))
    }

    /// A position of the log that is not folded yet.
    pub fn ahead(asked: u64, position: u64) -> Self {
        let hint = format!("the log is folded up to position {position} only");
        Self::value("knownAt", &asked.to_string(), &hint)
    }

    /// A parameter that takes one of a few words.
    pub fn one_of(name: &str, value: &str, allowed: &[&str]) -> Self {
        let hint = format!("give one of {}", allowed.join(", "));
        let mut problem = Self::value(name, value, &hint);
        problem.0.allowed = allowed.iter().map(|&word| word.to_owned()).collect();
        problem
    }

    /// A parameter that names something that does not exist.
    pub fn unknown_value(
        name: &str,
        value: &str,
        hint: &str,
        known: impl Iterator<Item = String>,
    ) -> Self {
        let known: Vec<String> = known.collect();
        Self::value(name, value, hint).suggest(value, &known)
    }

    /// A thing that was asked for by name and does not exist.
    pub fn unknown_thing(
        what: &str,
        name: &str,
        hint: &str,
        known: impl Iterator<Item = String>,
    ) -> Self {
        let known: Vec<String> = known.collect();
        let detail = format!("there is no {what} {:?}; {hint}", echo(name));
        Self::not_found(&format!("{what}.unknown"), &detail).suggest(name, &known)
    }

    /// A parameter that the path does not take.
    pub fn unknown_parameter(name: &str, allowed: &[&str]) -> Self {
        let known: Vec<String> = allowed.iter().map(|&word| word.to_owned()).collect();
        let takes = match known.as_slice() {
            [] => "none".to_owned(),
            known => known.join(", "),
        };
        let detail = format!("{:?} is no parameter of this path; it takes {takes}", echo(name));
        let (title, status) = ("unknown parameter", StatusCode::BAD_REQUEST);
        let mut problem = Self::new(status, "parameter.unknown", title, &detail);
        problem.0.parameter = Some(echo(name));
        problem.suggest(name, &known)
    }

    /// A query string that is not percent-encoded UTF-8.
    pub fn undecodable(pair: &str) -> Self {
        let detail = format!("{:?} is not percent-encoded UTF-8", echo(pair));
        Self::new(StatusCode::BAD_REQUEST, "query.undecodable", "bad query", &detail)
    }

    /// What a person sees first: the detail.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn suggest(mut self, given: &str, known: &[String]) -> Self {
        if let Some(similar) = most_similar(given, known) {
            self.0.detail.extend(["; did you mean ", similar, "?"]);
            self.0.did_you_mean = Some(similar.to_owned());
        }
        if known.len() <= ALLOWED_MAX {
            self.0.allowed = known.to_vec();
        }
        self
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Rebuilding { .. } => {
                Self::unavailable("view.rebuilding", &error.to_string())
            }
            ViewError::Busy { .. } | ViewError::Crowded => {
                Self::unavailable("view.busy", &format!("{error}; ask again"))
            }
            ViewError::Store(_) | ViewError::Broken => {
                tracing::error!(%error, "figures cannot be read");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "view.unreadable",
                    "figures cannot be read",
                    &format!("{error}; the projector's log says more"),
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What was sent, cut, without what would steer a terminal.
fn echo(text: &str) -> String {
    let mut echo: String = text.chars().filter(|c| !c.is_control()).take(ECHO_CHARS_MAX).collect();
    if text.chars().nth(ECHO_CHARS_MAX).is_some() {
        echo.push('…');
    }
    echo
}
