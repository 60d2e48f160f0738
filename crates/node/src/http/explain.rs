//! `/v1/figures/{figure}/events`: the timelines in a figure, a page at a time.
//!
//! **Invariant EXP-1:** the last page's sum is the figure, or the answer is an error.

use std::sync::Arc;

use axum::http::StatusCode;
use tonghop_core::book::Book;
use tonghop_core::catalogue::{Catalogue, Counted, Indicator, Only, Rule};
use tonghop_core::day::Day;
use tonghop_core::form::{Sources, figure, figure_of_code, naming_day};
use tonghop_core::measure::{Facet, Measure};
use tonghop_core::read::{Figure, Listed, Part, Query, Scope, Value};
use tonghop_core::registry::Registry;
use tonghop_core::timeline::{Knowledge, Standing};

use super::json::Json;
use super::{Answer, Problem, Request, facets, figures, forms};
use crate::ask::{AskError, KnownAt, Lang, Parameters, Wish, known_day, root};
use crate::explain::{Cursor, Past, Question, Said, Side, Told, page};
use crate::view::View;
use tonghop_wire::FigureId;

/// Timelines of a page, unless `limit` says otherwise.
const LIMIT: usize = 100;
/// Timelines of the largest page.
const LIMIT_MAX: usize = 1_000;

/// What a figure is at one place of the log.
struct Read {
    value: Value,
    expected: Listed,
    query: Query,
    position: u64,
}

/// What a page is of.
struct Asked<'a> {
    request: &'a Request<'a>,
    id: FigureId,
    indicator: Indicator,
    since: KnownAt,
    lang: Lang,
}

/// `/v1/figures/{figure}/events`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["since", "limit", "cursor", "lang"])?;
    let (lang, since) = (parameters.lang()?, parameters.day_or_position("since")?);
    let limit = limit(&parameters)?;
    let (id, indicator) = figures::of_path(request)?;
    let asked = Asked { request, id, indicator, since, lang };
    let view = request.figures()?;
    let cursor = match parameters.get("cursor") {
        Some(text) => asked.resume(view, text)?,
        None => asked.begin(view)?,
    };
    asked.answer(view, cursor, limit)
}

fn limit(parameters: &Parameters) -> Result<usize, Problem> {
    let Some(text) = parameters.get("limit") else { return Ok(LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    let hint = format!("give a whole number from 1 to {LIMIT_MAX}");
    limit.ok_or_else(|| Problem::value("limit", text, &hint))
}

impl Asked<'_> {
    /// The figure that cursors belong to.
    fn name(&self) -> String {
        match self.since {
            KnownAt::Now => self.id.to_string(),
            KnownAt::Day(day) => format!("{} since {day}", self.id),
            KnownAt::Position(position) => format!("{} since {position}", self.id),
        }
    }

    fn figure(&self) -> Figure<'_> {
        let code = self.id.facet.as_ref().map(|(kind, code)| (*kind, code.as_str()));
        Figure { rule: &self.indicator.rule, code }
    }

    /// Where a page goes on that was told of by the one before.
    fn resume(&self, view: &View, text: &str) -> Result<Cursor, Problem> {
        let hint = "give `next` of the page before, and the same figure and since";
        let cursor = Cursor::read(text, &self.name());
        let cursor = cursor.ok_or_else(|| Problem::value("cursor", text, hint))?;
        if cursor.position > view.position() {
            let detail = "the log is not folded as far as the page before was; ask again";
            return Err(Problem::unavailable("explain.behind", detail));
        }
        Ok(cursor)
    }

    /// The first page: what the figure is, and what it was.
    fn begin(&self, view: &View) -> Result<Cursor, AskError> {
        let now = self.read(view, self.id.known_at)?;
        let past = match self.since {
            KnownAt::Now => None,
            KnownAt::Day(day)
                if known_day(self.id.known_at, now.position)?.is_some_and(|k| k < day) =>
            {
                return Err(Problem::value("since", &day.to_string(), LATER).into());
            }
            KnownAt::Position(position) if position > now.position => {
                return Err(Problem::value("since", &position.to_string(), LATER).into());
            }
            KnownAt::Day(_) => Some(self.read(view, self.since)?),
            KnownAt::Position(position) if position == now.position => {
                Some(self.read(view, self.since)?)
            }
            KnownAt::Position(position) => {
                let replay = self.request.replay.ok_or(AskError::KnownAtPosition(position))?;
                Some(self.read(&*replay(position)?, self.since)?)
            }
        };
        let mut cursor = Cursor {
            position: now.position,
            read_on: now.query.read_on.unwrap_or(Day::MAX),
            value: now.value,
            past: None,
            start: 0,
            step: 0,
            after: 0,
            timelines: 0,
            listed: Listed::default(),
            expected: now.expected,
        };
        let Some(past) = past else { return Ok(cursor) };
        cursor.expected.part -= past.expected.part;
        cursor.expected.whole -= past.expected.whole;
        cursor.expected.grouped -= past.expected.grouped;
        let position = past.position.min(now.position);
        let knowledge = Knowledge { position, day: past.query.known };
        let read_on = past.query.read_on.unwrap_or(Day::MAX);
        cursor.past = Some(Past { knowledge, read_on, value: past.value });
        // If only events can have changed it, those of the time before need not be gone through.
        if past.query.known.is_none() && now.query.known.is_none() {
            let start = self.with_question(view, &cursor, |question| {
                question.is_of_events_alone().then_some(position)
            })?;
            cursor.start = start.unwrap_or(0);
            cursor.after = cursor.start;
        }
        Ok(cursor)
    }

    /// The figure as it was known, from a view that shows it.
    fn read(&self, view: &View, known_at: KnownAt) -> Result<Read, AskError> {
        let wish = Wish { known_at, ..figures::wish(&self.id, self.lang) };
        let (indicator, of) = (&self.indicator, self.figure());
        let needs = facets::of_indicator(indicator, of.code.map(|(kind, _)| kind));
        let divided = facets::divided(&wish, std::iter::once(indicator));
        let read = view.read_divided(&needs, divided.as_ref(), |moment| {
            let query = wish.query(moment, (self.request.today)())?;
            let registry = moment.registry(query.known);
            let sources = Sources { registry: &registry, book: moment.book, facets: moment.facets };
            let scope = Scope::of_all(query, &registry);
            let (value, expected) = match of.code {
                None => {
                    let book = scope.open(moment.book, moment.facets);
                    (figure(indicator, query, sources), scope.expected(&of, &book))
                }
                Some((kind, code)) => {
                    let empty = Book::default();
                    let held = moment.facets.get(&kind).and_then(|books| books.get(code));
                    let book = held.unwrap_or(&empty);
                    let all = scope.open(moment.book, moment.facets);
                    let book = scope.open_code(kind, code, book, &all);
                    let value = figure_of_code(indicator, query, sources, kind, code);
                    (value, scope.expected(&of, &book))
                }
            };
            Ok::<_, AskError>(Read { value, expected, query, position: moment.position })
        });
        read.map_err(Problem::from)?
    }

    /// Puts the question of a cursor: the trees as they were known.
    fn with_question<T>(
        &self,
        view: &View,
        cursor: &Cursor,
        ask: impl FnOnce(&Question<'_>) -> T,
    ) -> Result<T, AskError> {
        let registry = registry(view)?;
        let known = match self.id.known_at {
            KnownAt::Day(day) => Some(day),
            KnownAt::Now | KnownAt::Position(_) => None,
        };
        let knowledge = Knowledge { position: cursor.position, day: known };
        let then = cursor.past.map(|past| (past.knowledge, past.read_on));
        let root = root(Some(self.id.unit), &registry)?;
        let (units, query) = (registry.codes(), |knowledge: Knowledge, read_on| Query {
            root,
            window: self.id.window,
            known: knowledge.day,
            tree: self.id.tree,
            read_on: Some(read_on),
        });
        let registries =
            (registry.known(knowledge), then.map(|(knowledge, _)| registry.known(knowledge)));
        let side = |registry, knowledge, read_on| Side {
            scope: Scope::of_all(query(knowledge, read_on), registry),
            knowledge,
        };
        let now = side(&registries.0, knowledge, cursor.read_on);
        let then = registries.1.as_ref().zip(then);
        let then = then.map(|(registry, (knowledge, read_on))| side(registry, knowledge, read_on));
        Ok(ask(&Question { figure: self.figure(), now, then, units }))
    }

    fn answer(&self, view: &View, cursor: Cursor, limit: usize) -> Result<Answer, AskError> {
        let explaining = self.request.explaining.as_ref().ok_or_else(|| {
            let detail = "this process reads the store only; events are read from the log, by \
                          `tonghop up` or `tonghop project`";
            Problem::unavailable("explain.no_log", detail)
        })?;
        let looked_up = self.with_question(view, &cursor, |question| {
            explaining.look_up(async |log| page(log, view, question, cursor, limit).await)
        })?;
        let found = looked_up.map_err(|error| {
            tracing::warn!("events behind a figure for a reader: {error:#}");
            Problem::unavailable("explain.unreadable", &format!("{error:#}; ask again"))
        })?;
        let (told, after, is_whole) = found.ok_or_else(|| {
            let detail = "the events behind other figures are being read; ask again";
            Problem::unavailable("explain.busy", detail)
        })?;
        if is_whole && after.listed != after.expected {
            return Err(self.broken(&after).into());
        }
        Ok(self.written(view, &told, &after, is_whole)?)
    }

    /// EXP-1 does not hold.
    fn broken(&self, at: &Cursor) -> Problem {
        let (listed, expected, figure) = (at.listed, at.expected, self.name());
        tracing::error!(%figure, ?listed, ?expected, "EXP-1: what is listed is not the figure");
        let detail = format!(
            "EXP-1: what is listed adds up to {listed:?}, and the figure to {expected:?}; it cannot \
             be trusted before `tonghop replay --compare` says why"
        );
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "explain.sum", "the events do not add up to the figure", &detail)
    }

    fn written(
        &self,
        view: &View,
        told: &[Told],
        at: &Cursor,
        is_whole: bool,
    ) -> Result<Answer, Problem> {
        let registry = registry(view)?;
        let catalogue = view.catalogue();
        let wish = figures::wish(&self.id, self.lang);
        let mut json = Json::with_capacity(1_024 * told.len() + 1_024);
        json.raw("{\"figure\":").text(&self.id.to_string());
        json.raw(",\"indicator\":").text(&self.indicator.id);
        figures::about(&mut json, &self.indicator, self.lang);
        json.raw(",\"unit\":").text(self.id.unit.as_str()).raw(",");
        forms::question(&mut json, &wish);
        json.raw(",");
        forms::value(&mut json, at.value);
        json.raw(",\"since\":");
        match (at.past, self.since) {
            (Some(past), KnownAt::Day(_) | KnownAt::Position(_)) => {
                json.raw("{\"knownAt\":");
                known_at(&mut json, self.since).raw(",");
                forms::value(&mut json, past.value);
                json.raw("}");
            }
            (None | Some(_), _) => {
                json.raw("null");
            }
        }
        sums(json.raw(",\"listed\":"), at.listed);
        sums(json.raw(",\"expected\":"), at.expected);
        json.raw(",\"count\":").number(at.timelines);
        json.raw(",\"timelines\":[");
        let labels = Labels { catalogue: &catalogue, lang: self.lang };
        let day = self.id.window.to;
        for (place, told) in told.iter().enumerate() {
            json.raw(if place > 0 { "," } else { "" });
            let unit = registry.get(told.unit);
            let name = unit.map_or("", |unit| {
                let query = Query {
                    root: told.unit,
                    window: self.id.window,
                    known: None,
                    tree: self.id.tree,
                    read_on: Some(day),
                };
                unit.name(naming_day(&query, unit))
            });
            timeline(&mut json, told, name, &labels);
        }
        let next = (!is_whole).then(|| at.write(&self.name()));
        json.raw("],\"complete\":").raw(if is_whole { "true" } else { "false" });
        json.raw(",\"next\":").optional(next.as_deref());
        let lag = view.read(&[], |moment| moment.position + moment.lag)?;
        json.raw(",\"position\":").number(at.position);
        json.raw(",\"lag\":").number(lag.saturating_sub(at.position)).raw("}");
        Ok(Answer::json(json))
    }
}

const LATER: &str = "it lies behind what the figure is known at";

fn registry(view: &View) -> Result<Arc<Registry>, Problem> {
    Ok(view.read(&[], |moment| moment.registry(None))?)
}

fn known_at(json: &mut Json, known_at: KnownAt) -> &mut Json {
    match known_at {
        KnownAt::Now => json.raw("null"),
        KnownAt::Day(day) => json.text(&day.to_string()),
        KnownAt::Position(position) => json.number(position),
    }
}

fn sums(json: &mut Json, listed: Listed) {
    json.raw("{\"part\":").int(listed.part).raw(",\"whole\":").int(listed.whole);
    json.raw(",\"grouped\":").int(listed.grouped).raw("}");
}

fn timeline(json: &mut Json, told: &Told, name: &str, labels: &Labels<'_>) {
    json.raw("{\"unit\":").text(told.unit.as_str()).raw(",\"unitName\":").text(name);
    json.raw(",\"family\":").text(told.family.word()).raw(",\"subject\":").text(&told.subject);
    sums(json.raw(",\"adds\":"), told.listed);
    json.raw(",\"contributions\":[");
    for (place, part) in told.parts.iter().enumerate() {
        contribution(json.raw(if place > 0 { ",{" } else { "{" }), part, labels);
    }
    json.raw("],\"anomalies\":[");
    for (place, (word, day)) in told.anomalies.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" }).key("anomaly").text(word);
        json.raw(",\"day\":").text(&day.to_string()).raw("}");
    }
    json.raw("],\"events\":[");
    for (place, said) in told.events.iter().enumerate() {
        event(json.raw(if place > 0 { ",{" } else { "{" }), said);
    }
    json.raw("]}");
}

fn contribution(json: &mut Json, part: &Part, labels: &Labels<'_>) {
    json.raw("\"measure\":").optional(part.measure.map(Measure::word));
    json.raw(",\"label\":").optional(part.measure.and_then(|measure| labels.of(measure)));
    json.raw(",\"day\":").text(&part.day.to_string());
    json.raw(",\"recordedOn\":").text(&part.recorded.to_string());
    json.raw(",\"amount\":").int(part.amount);
    json.raw(",\"part\":").int(part.weight.part).raw(",\"whole\":").int(part.weight.whole);
    if let Facet::Of(kind, code) = &part.facet {
        json.raw(",\"facet\":{\"kind\":").text(kind.word()).raw(",\"code\":").text(code).raw("}");
    }
    if let Some((number, code)) = &part.group {
        json.raw(",\"countedOnce\":").text(&format!("{number}:{code}"));
    }
    json.raw("}");
}

fn event(json: &mut Json, said: &Said) {
    let named = said.named.as_ref();
    json.raw("\"position\":").number(said.position);
    let recorded_at = said.recorded_at.map(|at| at.to_string());
    json.raw(",\"recordedAt\":").optional(recorded_at.as_deref());
    json.raw(",\"time\":").text(&said.time.to_string());
    json.raw(",\"kind\":").optional(named.map(|named| named.kind.as_str()));
    json.raw(",\"source\":").optional(named.map(|named| named.source.as_str()));
    json.raw(",\"id\":").optional(named.map(|named| named.id.as_str()));
    json.raw(",\"replaces\":").optional(named.and_then(|named| named.replaces.as_deref()));
    json.raw(",\"standing\":").text(match said.standing {
        Standing::InForce => "in_force",
        Standing::Replaced => "replaced",
        Standing::Retracted => "retracted",
        Standing::Retraction => "retraction",
        Standing::Contested => "contested",
    });
    json.raw(",\"isNew\":").raw(if said.is_new { "true" } else { "false" }).raw("}");
}

/// What measures are called: as the indicator that reads nothing else.
struct Labels<'a> {
    catalogue: &'a Catalogue,
    lang: Lang,
}

impl<'a> Labels<'a> {
    fn of(&self, measure: Measure) -> Option<&'a str> {
        let reads = |indicator: &&Indicator| {
            let Rule::Sum(terms) = &indicator.rule else { return false };
            matches!(terms.as_slice(), [term] if !term.negative
                && term.only == Only::EVERYTHING
                && matches!(term.counted, Counted::Amounts(_, held) if held == measure))
        };
        let found = self.catalogue.indicators.iter().find(reads)?;
        Some(self.lang.of(&found.label))
    }
}
