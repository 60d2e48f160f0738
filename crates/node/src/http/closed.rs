//! What was published for the window of a form, held against what is known now.

use std::sync::Arc;

use tonghop_core::catalogue::Rule;
use tonghop_core::read::{Tree, Value};

use super::forms::value;
use super::json::Json;
use super::{Problem, Request};
use crate::ask::{KnownAt, Wish};
use crate::closings::Published;

/// The closing of the window that is asked for.
pub(super) struct Closed {
    published: Arc<Published>,
    /// What the ids of its figures end with.
    position: String,
}

/// A figure of a form that is not what was published.
pub(super) struct Changed<'a> {
    /// The key of its row.
    pub(super) row: &'a str,
    /// The key of its column.
    pub(super) column: &'a str,
    /// What was published.
    pub(super) published: Value,
    /// What is known now.
    pub(super) now: Value,
    /// Where it comes from now.
    pub(super) status: &'static str,
}

impl Closed {
    /// The last closing of what is asked for as it is known now; none if there is none.
    pub(super) fn of(request: &Request<'_>, wish: &Wish) -> Result<Option<Self>, Problem> {
        let Some(closings) = &request.closings else { return Ok(None) };
        if wish.known_at != KnownAt::Now || wish.tree != Tree::AsWas || request.closing {
            return Ok(None);
        }
        let calendar = wish.asked.period.as_ref().map(|(calendar, _)| calendar.as_str());
        let published = closings.of(wish.asked.window, calendar).map_err(|error| {
            tracing::error!(%error, "a closing cannot be read");
            Problem::unavailable("closing.unreadable", &format!("{error}"))
        })?;
        Ok(published.map(|published| {
            let position = format!("~p{}", published.held.closing.position);
            Self { published, position }
        }))
    }

    /// What was published for a figure by its id; none if it was not in the closing.
    pub(super) fn published(&self, id: &mut String) -> Option<Value> {
        // The parts of an id stand in order: the position before the code of a facet.
        let at = id.find("~f").unwrap_or(id.len());
        id.insert_str(at, &self.position);
        self.published.figures.get(id.as_str()).copied()
    }

    /// `,"closing":{…}`
    pub(super) fn json(&self, json: &mut Json, changed: &[Changed<'_>]) {
        let closing = &self.published.held.closing;
        json.raw(",\"closing\":{\"id\":").text(&closing.id);
        json.raw(",\"closedAt\":").text(&closing.closed_at);
        json.raw(",\"position\":").number(closing.position).raw(",\"differs\":[");
        for (place, changed) in changed.iter().enumerate() {
            json.raw(if place > 0 { ",{" } else { "{" });
            json.key("row").text(changed.row).raw(",");
            json.key("column").text(changed.column).raw(",\"published\":{");
            value(json, changed.published);
            json.raw(",\"status\":\"closed\"},\"now\":{");
            value(json, changed.now);
            json.raw(",\"status\":").text(changed.status).raw("}}");
        }
        json.raw("]}");
    }
}

/// Whether a figure of the rule is computed, so that it can be closed.
pub(super) const fn is_computed(rule: &Rule) -> bool {
    match rule {
        Rule::Declared { .. } => false,
        Rule::Sum(_) | Rule::Distinct(..) | Rule::Ratio { .. } => true,
    }
}
