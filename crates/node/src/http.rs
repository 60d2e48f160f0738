//! HTTP: forms, figures and the registry, read from the [`View`] that is shown.
//!
//! Every path is one row of [`ROUTES`]: a function from a request to an answer. Reading is
//! blocking work and runs off the executor; how much of it runs at once is bounded. Errors are
//! RFC 9457 problem+json, here and for paths and methods that do not exist.
//!
//! Who may connect, and for how long, is the business of [`crate::socket`].

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http_body_util::{BodyExt, Collected};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tonghop_core::day::{Day, Instant};

use crate::ask::{AskError, Parameters};
use crate::closings::Closings;
use crate::explain::Explaining;
use crate::gateway::Gateway;
use crate::reading::Reading;
use crate::refusals::Refusals;
use crate::socket::{self, Reply};
use crate::view::View;

mod calendars;
mod closed;
mod closings;
mod completeness;
mod contract;
mod events;
mod explain;
mod facets;
mod figures;
mod forms;
mod health;
mod indicators;
mod json;
mod log;
mod metrics;
mod narratives;
mod outline;
mod problem;
mod reconciliation;
mod refusals;
mod requeue;
mod timeliness;
mod units;

pub use events::unpublishable;
pub use problem::Problem;

/// Bytes of a path with its query.
pub const URL_BYTES_MAX: usize = 4_096;
/// Readings that run or wait at once; one more is answered 503.
pub const READINGS_MAX: usize = 64;

/// The description of what is served, `OpenAPI` 3.1.
const OPENAPI: &str = include_str!("../../../proto/openapi.json");

/// What a person sees who opens the address in a browser.
const FRONT: &str = include_str!("http/front.html");

/// Makes the view of an earlier position of the log, by replay. It may block.
pub type Replay = Arc<dyn Fn(u64) -> Result<Arc<View>, Problem> + Send + Sync>;

/// What the paths are served from.
#[derive(Clone)]
pub struct Api {
    /// Where the view is found.
    pub reading: Arc<Reading>,
    /// The local day of now: which units and which year are shown if none is asked for.
    pub today: fn() -> Day,
    /// Answers `knownAt=POSITION`; none: refused with a sentence.
    pub replay: Option<Replay>,
    /// Whether what is read is about to be published: its figures are closed.
    pub closing: bool,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("reading", &self.reading).finish_non_exhaustive()
    }
}

impl Api {
    /// Over the view that is shown, with the clock of this machine, and with replay if the process
    /// has the log.
    pub fn new(reading: Arc<Reading>) -> Self {
        let replay = reading.earlier().map(|earlier| {
            let reading = Arc::clone(&reading);
            let view = move |position| {
                earlier.view(position, &reading).map_err(|error| {
                    tracing::error!(%error, position, "a reader's replay");
                    Problem::unavailable("known_at.replay", &format!("the replay: {error:#}"))
                })
            };
            let replay: Replay = Arc::new(view);
            replay
        });
        Self { reading, today, replay, closing: false }
    }
}

/// The local day of now.
pub(crate) fn today() -> Day {
    Instant::from_unix_ms(chrono::Utc::now().timestamp_millis()).day().unwrap_or(Day::MAX)
}

/// One request, as the function of a path sees it.
struct Request<'a> {
    view: Option<&'a View>,
    today: fn() -> Day,
    /// The last part of the path, where it is a name.
    name: &'a str,
    query: &'a str,
    refusals: Option<Arc<Refusals>>,
    explaining: Option<Arc<Explaining>>,
    /// Makes the view of an earlier position.
    replay: Option<&'a Replay>,
    gateway: Option<Arc<Gateway>>,
    closings: Option<Arc<Closings>>,
    /// Whether what is read is about to be published.
    closing: bool,
    /// Where the sealed log is.
    log: Option<&'a Path>,
}

impl<'a> Request<'a> {
    fn view(&self) -> Result<&'a View, Problem> {
        self.view.ok_or_else(|| {
            let detail = "the store is being opened or rebuilt; ask again";
            Problem::unavailable("view.absent", detail)
        })
    }

    /// The view, to read figures from.
    fn figures(&self) -> Result<&'a View, Problem> {
        Ok(self.view()?.whole()?)
    }

    fn parameters(&self, allowed: &[&'static str]) -> Result<Parameters, Problem> {
        Parameters::parse(self.query, allowed)
    }
}

/// What a path answers.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    /// How a browser treats it, and what it calls the file.
    disposition: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(json: json::Json) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "application/json",
            disposition: None,
            body: json.0,
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let content_type = HeaderValue::from_static(self.content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        let disposition = self.disposition.and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(disposition) = disposition {
            response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// How a path is answered.
#[derive(Debug, Clone, Copy)]
enum Serves {
    /// By reading figures: off the executor, so many at once.
    Reading(fn(&Request<'_>) -> Result<Answer, AskError>),
    /// At once, whatever else goes on.
    Now(fn(&Request<'_>) -> Result<Answer, AskError>),
    /// By writing to the log: POST, and nothing else.
    Posting(Posting),
}

/// What a path writes.
#[derive(Debug, Clone, Copy)]
enum Posting {
    /// Events of an agency.
    Events,
    /// What was refused, again.
    Requeue,
}

/// Every path that is served.
const ROUTES: &[(&str, Serves)] = &[
    ("/", Serves::Now(front)),
    ("/v1/forms", Serves::Reading(forms::list)),
    ("/v1/forms/{form}", Serves::Reading(forms::one)),
    ("/v1/figures", Serves::Reading(figures::by_indicator)),
    ("/v1/figures/{figure}", Serves::Reading(figures::by_id)),
    ("/v1/figures/{figure}/events", Serves::Reading(explain::list)),
    ("/v1/units", Serves::Reading(units::list)),
    ("/v1/calendars", Serves::Reading(calendars::list)),
    ("/v1/indicators", Serves::Reading(indicators::list)),
    ("/v1/narratives", Serves::Reading(narratives::list)),
    ("/v1/reconciliation", Serves::Reading(reconciliation::one)),
    ("/v1/completeness", Serves::Reading(completeness::list)),
    ("/v1/closings", Serves::Reading(closings::all)),
    ("/v1/closings/{id}", Serves::Reading(closings::one)),
    ("/v1/refusals", Serves::Reading(refusals::list)),
    ("/v1/refusals/{position}/requeue", Serves::Posting(Posting::Requeue)),
    ("/v1/events", Serves::Posting(Posting::Events)),
    ("/log/checkpoint", Serves::Reading(log::checkpoint)),
    ("/log/tile/{*tile}", Serves::Reading(log::tile)),
    ("/healthz", Serves::Now(health::alive)),
    ("/readyz", Serves::Now(health::ready)),
    ("/metrics", Serves::Now(metrics::text)),
    ("/openapi.json", Serves::Now(openapi)),
    ("/asyncapi.json", Serves::Now(contract::asyncapi)),
    ("/schemas/{type}", Serves::Now(contract::schema)),
];

/// The paths that [`router`] serves, as `OpenAPI` writes them.
pub fn paths() -> impl Iterator<Item = String> {
    ROUTES.iter().map(|(path, _)| path.replace("{*", "{"))
}

/// The router of every path.
pub fn router(api: &Api) -> Router {
    let readings = Arc::new(Semaphore::new(READINGS_MAX));
    let mut router = Router::new();
    for (path, serves) in ROUTES {
        let (api, readings) = (api.clone(), Arc::clone(&readings));
        if let Serves::Posting(posting) = serves {
            let gateway = api.reading.gateway();
            let handler =
                move |request: axum::extract::Request| written(*posting, gateway, request);
            router = router.route(path, post(handler));
            continue;
        }
        let handler = move |names: Result<RawPathParams, RawPathParamsRejection>, uri: Uri| {
            answer(api.clone(), Arc::clone(&readings), *serves, names, uri)
        };
        router = router.route(path, get(handler));
    }
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method)
}

/// Serves on TCP until `stop` holds true; then requests are finished.
pub async fn serve(listener: TcpListener, reading: Arc<Reading>, stop: watch::Receiver<bool>) {
    socket::accept(listener, TowerToHyperService::new(router(&Api::new(reading))), stop).await;
}

/// Asks a router without any connection: `ask(&router, "/v1/units?on=2021-09-14")`.
pub async fn ask(router: &Router, path_and_query: &str) -> Result<Reply, axum::http::Error> {
    let request = axum::http::Request::get(path_and_query).body(Body::empty())?;
    let response = match TowerToHyperService::new(router.clone()).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let body = response.into_body().collect().await;
    Ok(Reply { status, body: body.map(Collected::to_bytes).unwrap_or_default() })
}

async fn answer(
    api: Api,
    readings: Arc<Semaphore>,
    serves: Serves,
    names: Result<RawPathParams, RawPathParamsRejection>,
    uri: Uri,
) -> Response<Body> {
    if uri.path_and_query().is_some_and(|text| text.as_str().len() > URL_BYTES_MAX) {
        return too_long().into_response();
    }
    let Ok(names) = names else {
        return Problem::undecodable(uri.path()).into_response();
    };
    let name = names.iter().next().map_or_else(String::new, |(_, value)| value.to_owned());
    let query = uri.query().unwrap_or("").to_owned();
    let read = match serves {
        Serves::Now(read) => return respond(read_with(read, &api, &name, &query)),
        Serves::Reading(read) => read,
        Serves::Posting(_) => return defect().into_response(),
    };
    let Ok(permit) = readings.try_acquire_owned() else {
        let detail = format!("{READINGS_MAX} readings are at work already; ask again");
        return Problem::unavailable("readings.too_many", &detail).into_response();
    };
    let reading = tokio::task::spawn_blocking(move || {
        let answer = read_with(read, &api, &name, &query);
        drop(permit);
        answer
    });
    match reading.await {
        Ok(answer) => respond(answer),
        Err(error) => {
            tracing::error!(%error, uri = %uri, "a reading panicked");
            defect().into_response()
        }
    }
}

/// Writes; who may is the business of the path.
async fn written(
    posting: Posting,
    gateway: Option<Arc<Gateway>>,
    request: axum::extract::Request,
) -> Response<Body> {
    match posting {
        Posting::Events => events::post(gateway, request).await,
        Posting::Requeue => requeue::post(gateway, request).await,
    }
}

/// Reads; what asks for an earlier position is read from a replay up to it.
fn read_with(
    read: fn(&Request<'_>) -> Result<Answer, AskError>,
    api: &Api,
    name: &str,
    query: &str,
) -> Result<Answer, Problem> {
    let read_from = |view: Option<&View>| {
        read(&Request {
            view,
            today: api.today,
            name,
            query,
            refusals: api.reading.refusals(),
            explaining: api.reading.explaining(),
            replay: api.replay.as_ref(),
            gateway: api.reading.gateway(),
            closings: api.reading.closings(),
            closing: api.closing,
            log: api.reading.sealed_log(),
        })
    };
    let position = match read_from(api.reading.view().as_deref()) {
        Ok(answer) => return Ok(answer),
        Err(AskError::Problem(problem)) => return Err(problem),
        Err(AskError::KnownAtPosition(position)) => position,
    };
    let Some(replay) = &api.replay else { return Err(no_replay(position)) };
    match read_from(Some(&*replay(position)?)) {
        Ok(answer) => Ok(answer),
        Err(AskError::Problem(problem)) => Err(problem),
        Err(AskError::KnownAtPosition(_)) => Err(defect()),
    }
}

fn respond(answer: Result<Answer, Problem>) -> Response<Body> {
    match answer {
        Ok(answer) => answer.into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn openapi(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    Ok(Answer {
        status: StatusCode::OK,
        content_type: "application/json",
        disposition: None,
        body: OPENAPI.as_bytes().to_vec(),
    })
}

fn front(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    Ok(Answer {
        status: StatusCode::OK,
        content_type: "text/html; charset=utf-8",
        disposition: None,
        body: FRONT.as_bytes().to_vec(),
    })
}

async fn no_such_path(uri: Uri) -> Problem {
    Problem::unknown_thing("path", uri.path(), "GET /openapi.json lists the paths", paths())
}

async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method.not_allowed",
        "method not allowed",
        "this path is asked in another way: GET /openapi.json says how",
    )
}

fn too_long() -> Problem {
    let detail = format!("a path with its query has at most {URL_BYTES_MAX} bytes");
    Problem::new(StatusCode::URI_TOO_LONG, "url.too_long", "URL too long", &detail)
}

fn no_replay(position: u64) -> Problem {
    let detail = format!(
        "this server does not answer as of position {position}; \
         give knownAt a day, or run `tonghop replay --until {position}`"
    );
    let title = "no replay here";
    Problem::new(StatusCode::NOT_IMPLEMENTED, "known_at.no_replay", title, &detail)
}

fn defect() -> Problem {
    let detail = "a defect of the server; its log says more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server.defect", "defect", detail)
}
