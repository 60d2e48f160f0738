//! The sealed log, as C2SP tlog-tiles serves it: its last checkpoint and its tiles, read-only.

use std::io;
use std::path::Path;

use axum::http::StatusCode;
use tonghop_ledger::tiles::Tile;

use super::{Answer, Problem, Request};
use crate::ask::AskError;

/// `GET /log/checkpoint`
pub(super) fn checkpoint(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    read(request, Path::new("checkpoint"), "text/plain; charset=utf-8")
}

/// `GET /log/tile/{level}/{index}`, the index in groups of three digits and with `.p/{width}` behind
/// it if the tile is partial.
pub(super) fn tile(request: &Request<'_>) -> Result<Answer, AskError> {
    request.parameters(&[])?;
    // Only what is the path of a tile becomes a path here.
    let tile = Tile::parse(&format!("tile/{}", request.name))
        .map_err(|why| Problem::not_found("tile.unknown", &why.to_string()))?;
    read(request, Path::new(&tile.to_string()), "application/octet-stream")
}

fn read(
    request: &Request<'_>,
    path: &Path,
    content_type: &'static str,
) -> Result<Answer, AskError> {
    let absent = || {
        let detail = "the log is not sealed as far; GET /log/checkpoint says how far it is";
        Problem::not_found("log.absent", detail)
    };
    let dir = request.log.ok_or_else(absent)?;
    match std::fs::read(dir.join(path)) {
        Ok(body) => Ok(Answer { status: StatusCode::OK, content_type, disposition: None, body }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(absent().into()),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "reading the sealed log");
            Err(Problem::unavailable("log.unreadable", "the log cannot be read; ask again").into())
        }
    }
}
