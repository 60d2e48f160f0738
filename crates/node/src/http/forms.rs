//! `/v1/forms`: the forms there are, and one of them filled in.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use tonghop_core::catalogue::{Catalogue, Form, Indicator, Layout, Rule, Slot};
use tonghop_core::declared::Range;
use tonghop_core::form::{Row, RowKey, Sources, Table, fill, naming_day};
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::registry::Unit;
use tonghop_report::{FormAnswer, Format, RenderError};
use tonghop_wire::FigureId;

use super::closed::{Changed, Closed, is_computed};
use super::json::Json;
use super::outline::{self, SectionText};
use super::{Answer, Problem, Request, closings, completeness, facets};
use crate::ask::{AskError, FIGURE_PARAMETERS, KnownAt, Lang, Wish};
use crate::closings::{form_file, form_of};
use crate::view::Moment;

/// Bytes that a cell of a form takes, about.
const CELL_BYTES: usize = 110;

/// `/v1/forms`.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let lang = request.parameters(&["lang"])?.lang()?;
    let catalogue = &*request.view()?.catalogue();
    let now = stand(request)?;
    let mut json = Json::with_capacity(16 * 1024);
    json.raw("{\"position\":").number(now.position).raw(",\"lag\":").number(now.lag);
    json.raw(",\"forms\":[");
    for (place, form) in catalogue.forms.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("id").text(&form.id).raw(",");
        json.key("label").text(lang.of(&form.label)).raw(",");
        json.key("source").text(&form.source).raw(",");
        json.key("layout").text(layout(form)).raw(",\"slots\":[");
        for (place, (slot, indicator)) in slots(form, catalogue).enumerate() {
            json.raw(if place > 0 { ",{" } else { "{" });
            json.key("key").text(&slot.key).raw(",");
            json.key("label").text(lang.of(&slot.label)).raw(",");
            json.key("indicator").text(&indicator.id).raw("}");
        }
        json.raw("]}");
    }
    json.raw("]}");
    Ok(Answer::json(json))
}

/// `/v1/forms/{form}`.
pub(super) fn one(request: &Request<'_>) -> Result<Answer, AskError> {
    let more = ["format", "closing"];
    let allowed: Vec<&'static str> = FIGURE_PARAMETERS.iter().copied().chain(more).collect();
    let parameters = request.parameters(&allowed)?;
    if let Some(id) = parameters.get("closing") {
        return published(request, id);
    }
    let catalogue = &*request.view()?.catalogue();
    let form = catalogue.form(request.name).ok_or_else(|| {
        let known = catalogue.forms.iter().map(|form| form.id.clone());
        Problem::unknown_thing("form", request.name, "GET /v1/forms lists the forms", known)
    })?;
    let word = parameters.get("format").unwrap_or("json");
    let format =
        Format::parse(word).ok_or_else(|| Problem::one_of("format", word, &Format::WORDS))?;
    let wish = Wish::read(&parameters, catalogue)?;
    let form = &*form.asked_in(wish.asked.window, &catalogue.indicators);
    let needs = facets::of_form(form, catalogue);
    let divided = facets::divided(&wish, slots(form, catalogue).map(|(_, indicator)| indicator));
    let filled = request.figures()?.read_divided(&needs, divided.as_ref(), |moment| {
        let query = wish.query(moment, (request.today)())?;
        let registry = moment.registry(query.known);
        let sources = Sources { registry: &registry, book: moment.book, facets: moment.facets };
        let table = fill(form, catalogue, query, sources);
        let name = |unit: Option<&Unit>| {
            unit.map_or("", |unit| unit.name(naming_day(&query, unit))).to_owned()
        };
        let unit = registry.get(query.root);
        let above = unit
            .and_then(|unit| registry.parent_of(query.root, naming_day(&query, unit)))
            .and_then(|code| registry.get(code));
        let (unit_label, parent_label) = (name(unit), name(above));
        let texts = outline::texts(form, &wish, query, moment);
        let (position, lag) = (moment.position, moment.lag);
        let incomplete = completeness::incomplete(moment, &registry, query);
        Ok::<_, AskError>(Filled {
            table,
            query,
            unit_label,
            parent_label,
            texts,
            position,
            lag,
            incomplete,
            computed: computed(request, query),
            closed: None,
        })
    });
    let mut filled = filled.map_err(Problem::from)??;
    filled.closed = Closed::of(request, &wish)?;
    let json = filled.json(form, catalogue, &wish);
    if format == Format::Json {
        return Ok(Answer::json(json));
    }
    let answer = FormAnswer::parse(&json.0)
        .map_err(|error| Problem::value("format", word, &error.to_string()))?;
    let body = format.form(&answer).map_err(|error| unrendered(&error, word))?;
    // A browser shows what it can show, and saves the rest.
    let shown = if format == Format::Pdf { "inline" } else { "attachment" };
    let disposition = format!("{shown}; filename=\"{}\"", answer.file_name(format));
    Ok(Answer {
        content_type: format.content_type(),
        disposition: Some(disposition),
        body,
        ..Answer::json(json)
    })
}

/// A form as it was published, byte for byte.
fn published(request: &Request<'_>, id: &str) -> Result<Answer, AskError> {
    let parameters = request.parameters(&["format", "closing", "lang"])?;
    let word = parameters.get("format").unwrap_or("json");
    let format =
        Format::parse(word).ok_or_else(|| Problem::one_of("format", word, &Format::WORDS))?;
    let name = form_file(request.name, format);
    let body = closings::with(request, id, |held| {
        let found = held.file(&name)?;
        let known =
            held.closing.files.keys().filter_map(|file| form_of(file)).collect::<BTreeSet<_>>();
        Ok(found.ok_or_else(|| known.into_iter().map(str::to_owned).collect::<Vec<_>>()))
    })?;
    let body = body.map_err(|known| {
        let hint = "GET /v1/closings/{id} names its forms";
        Problem::unknown_thing("form", request.name, hint, known.into_iter())
    })?;
    let shown = if format == Format::Pdf { "inline" } else { "attachment" };
    let disposition = format!("{shown}; filename=\"{id}_{}.{word}\"", request.name);
    let disposition = (format != Format::Json).then_some(disposition);
    let content_type = format.content_type();
    Ok(Answer { status: StatusCode::OK, content_type, disposition, body })
}

/// What does not fit into a format is the asker's to change; anything else is a defect.
fn unrendered(error: &RenderError, word: &str) -> Problem {
    match error {
        RenderError::TooMuch { .. } => Problem::value("format", word, &error.to_string()),
        RenderError::Misshapen { .. }
        | RenderError::Xlsx(_)
        | RenderError::Zip(_)
        | RenderError::Io(_)
        | RenderError::Font(_) => {
            tracing::error!(%error, format = word, "a form could not be rendered");
            super::defect()
        }
    }
}

/// Where the view stands.
pub(super) struct Stand {
    pub(super) position: u64,
    pub(super) lag: u64,
}

/// Where the view stands now.
pub(super) fn stand(request: &Request<'_>) -> Result<Stand, Problem> {
    let read = |moment: &Moment<'_>| Stand { position: moment.position, lag: moment.lag };
    Ok(request.figures()?.read(&[], read)?)
}

/// The text of a tree, as it is asked for.
pub(super) fn tree(tree: Tree) -> String {
    match tree {
        Tree::AsWas => "as-was".to_owned(),
        Tree::On(day) => day.to_string(),
    }
}

/// What is answered about the question itself: window, calendar, period, tree, knownAt.
pub(super) fn question(json: &mut Json, wish: &Wish) {
    let window = wish.asked.window;
    json.raw("\"window\":{\"from\":").text(&window.from.to_string());
    json.raw(",\"to\":").text(&window.to.to_string());
    let period = wish.asked.period.as_ref();
    json.raw("},\"calendar\":").optional(period.map(|(calendar, _)| calendar.as_str()));
    let period = period.map(|(_, period)| period.to_string());
    json.raw(",\"period\":").optional(period.as_deref());
    json.raw(",\"tree\":").text(&tree(wish.tree)).raw(",\"knownAt\":");
    match wish.known_at {
        KnownAt::Now => json.raw("null"),
        KnownAt::Day(day) => json.text(&day.to_string()),
        KnownAt::Position(position) => json.number(position),
    };
}

/// A value as `"value":…` or `"ratio":…`.
pub(super) fn value(json: &mut Json, value: Value) {
    match value {
        Value::Count(count) => json.raw("\"value\":").int(count),
        Value::Share(share) => {
            json.raw("\"ratio\":{\"part\":").int(share.part);
            json.raw(",\"whole\":").int(share.whole).raw("}")
        }
        Value::Nil => json.raw("\"value\":0,\"nil\":true"),
        Value::Missing => json.raw("\"value\":null,\"missing\":true"),
        Value::Bound(range) => bound(json, range),
        Value::BoundShare(part, whole) => bound(json, part).raw(",\"of\":").int(whole),
    };
}

/// A bound as `"bound":{"atLeast":…,"atMost":…}`, or `"bound":{"approximately":…}`.
fn bound(json: &mut Json, range: Range) -> &mut Json {
    json.raw("\"bound\":{");
    match range.high {
        Some(high) if range.rough && high == range.low => {
            json.raw("\"approximately\":").int(range.low);
        }
        high => {
            json.raw("\"atLeast\":").int(range.low);
            if let Some(high) = high {
                json.raw(",\"atMost\":").int(high);
            }
            if range.rough {
                json.raw(",\"rough\":true");
            }
        }
    }
    json.raw("}")
}

/// Where a figure of the indicator comes from; `computed` is said of those that are.
pub(super) const fn status(indicator: &Indicator, computed: &'static str) -> &'static str {
    match indicator.rule {
        Rule::Declared { .. } => "declared",
        Rule::Sum(_) | Rule::Distinct(..) | Rule::Ratio { .. } => computed,
    }
}

/// What is said of a computed figure: provisional while its window is not over, closed where it is
/// published.
pub(super) fn computed(request: &Request<'_>, query: Query) -> &'static str {
    match (request.closing, query.is_over()) {
        (true, _) => "closed",
        (false, true) => "computed",
        (false, false) => "provisional",
    }
}

fn layout(form: &Form) -> &'static str {
    match form.layout {
        Layout::ByUnit => "unit",
        Layout::ByFacet(kind) => kind.word(),
        Layout::List => "list",
    }
}

/// The slots with their indicators, as many as a row has values.
fn slots<'a>(
    form: &'a Form,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a Slot, &'a Indicator)> {
    form.slots
        .iter()
        .filter_map(|slot| catalogue.indicators.get(slot.indicator).map(|held| (slot, held)))
}

/// A form filled in, with what it was filled in from.
struct Filled {
    table: Table,
    query: Query,
    unit_label: String,
    parent_label: String,
    texts: Vec<SectionText>,
    position: u64,
    lag: u64,
    incomplete: u64,
    /// What is said of its computed figures.
    computed: &'static str,
    closed: Option<Closed>,
}

/// What all cells of one column begin and end with.
struct ColumnText<'a> {
    /// `c3`
    key: &'a str,
    /// `"c3":{`
    head: String,
    /// `,"status":"computed","figure":"`
    status: String,
    /// The same for a figure that is what was published.
    closed: String,
    /// `dossiers.to_handle~`
    figure: String,
    /// Where its figures come from.
    said: &'static str,
}

impl Filled {
    fn json(&self, form: &Form, catalogue: &Catalogue, wish: &Wish) -> Json {
        let cells = self.table.rows.iter().map(|row| row.values.len()).sum::<usize>();
        let mut json =
            Json::with_capacity(4_096 + 128 * self.table.rows.len() + CELL_BYTES * cells);
        json.raw("{").key("form").text(&form.id).raw(",");
        json.key("unit").text(self.query.root.as_str()).raw(",");
        question(&mut json, wish);
        json.raw(",\"position\":").number(self.position).raw(",\"lag\":").number(self.lag);
        let computed_to = self.query.computed_to().map(|day| day.to_string());
        json.raw(",\"computedTo\":").optional(computed_to.as_deref());
        let pairs: Vec<(&Slot, &Indicator)> = slots(form, catalogue).collect();
        json.raw(",\"rows\":[");
        let changed = self.rows(&mut json, form, &pairs, wish);
        json.raw("]");
        if form.layout == Layout::ByUnit {
            json.raw(",\"levels\":[");
            self.levels(&mut json, &pairs, self.computed);
            json.raw("]");
        }
        json.raw(",\"incomplete\":").number(self.incomplete);
        if let Some(closed) = &self.closed {
            closed.json(&mut json, &changed);
        }
        if let Some(unheard) = self.table.unheard {
            let number = |units: usize| u64::try_from(units).unwrap_or(u64::MAX);
            json.raw(",\"unheard\":{\"units\":").number(number(unheard.units));
            json.raw(",\"of\":").number(number(unheard.of)).raw("}");
        }
        json.raw(",\"lang\":")
            .text(wish.lang.word())
            .raw(",\"title\":")
            .text(wish.lang.of(&form.label))
            .raw(",\"unitLabel\":")
            .text(&self.unit_label)
            .raw(",\"parentLabel\":")
            .text(&self.parent_label)
            .raw(",\"source\":")
            .text(&form.source)
            .raw(",\"columns\":[");
        if form.layout != Layout::List {
            columns(&mut json, &pairs, wish.lang);
        }
        json.raw("]");
        groups(&mut json, form, wish.lang);
        identities(&mut json, form);
        outline::sections(&mut json, form, &self.texts, wish.lang);
        json.raw("}");
        json
    }

    /// Writes the rows, and answers what differs from what was published.
    fn rows<'a>(
        &'a self,
        json: &mut Json,
        form: &Form,
        pairs: &[(&'a Slot, &'a Indicator)],
        wish: &Wish,
    ) -> Vec<Changed<'a>> {
        let suffix = FigureId::suffix(wish.asked.window, wish.tree, wish.known_at);
        let mut changed = Vec::new();
        let texts: Vec<ColumnText<'_>> = pairs
            .iter()
            .map(|(slot, indicator)| column_text(slot, indicator, form.layout, self.computed))
            .collect();
        for (place, row) in self.table.rows.iter().enumerate() {
            json.raw(if place > 0 { ",{" } else { "{" });
            row_head(json, row, pairs, wish.lang);
            let (unit, facet) = match (&row.key, form.layout) {
                (RowKey::Unit(code, _), _) => (*code, String::new()),
                (RowKey::Code(code), Layout::ByFacet(kind)) => {
                    (self.query.root, FigureId::facet(kind, code))
                }
                (RowKey::Slot(place), _) if pairs.get(*place).is_some_and(of_province) => {
                    (self.query.root.level_1(), String::new())
                }
                (RowKey::Code(_) | RowKey::Slot(_) | RowKey::Total, _) => {
                    (self.query.root, String::new())
                }
            };
            let own = match row.key {
                RowKey::Slot(slot) => texts.get(slot..).unwrap_or_default(),
                RowKey::Unit(..) | RowKey::Code(_) | RowKey::Total => texts.as_slice(),
            };
            json.raw(",\"cells\":{");
            for (place, (text, amount)) in own.iter().zip(&row.values).enumerate() {
                if place > 0 {
                    json.raw(",");
                }
                let published = self.closed.as_ref().and_then(|closed| {
                    let id = [&text.figure, unit.as_str(), &suffix, &facet];
                    closed.published(&mut id.concat())
                });
                let is_published = published == Some(*amount);
                if let Some(published) = published.filter(|_| !is_published) {
                    let (row, column) = (row_key(row, pairs), text.key);
                    let (now, status) = (*amount, text.said);
                    changed.push(Changed { row, column, published, now, status });
                }
                json.raw(&text.head);
                value(json, *amount);
                json.raw(if is_published { &text.closed } else { &text.status });
                json.raw(&text.figure).raw(unit.as_str()).raw(&suffix).raw(&facet).raw("\"}");
            }
            json.raw("}}");
        }
        changed
    }

    fn levels(&self, json: &mut Json, pairs: &[(&Slot, &Indicator)], status: &str) {
        for (place, (level, values)) in self.table.levels.iter().enumerate() {
            json.raw(if place > 0 { ",{" } else { "{" });
            json.key("level").optional(level.map(tonghop_core::words::Level::word));
            json.raw(",\"cells\":{");
            for (place, ((slot, _), amount)) in pairs.iter().zip(values).enumerate() {
                if place > 0 {
                    json.raw(",");
                }
                json.key(&slot.key).raw("{");
                value(json, *amount);
                json.raw(",\"status\":").text(status).raw("}");
            }
            json.raw("}}");
        }
    }
}

/// Key, label, level and kind of a row, without the braces.
fn row_head(json: &mut Json, row: &Row, pairs: &[(&Slot, &Indicator)], lang: Lang) {
    match &row.key {
        RowKey::Unit(code, level) => {
            json.key("key").text(code.as_str()).raw(",\"label\":").text(&row.label);
            json.raw(",\"level\":").optional(level.map(tonghop_core::words::Level::word));
            json.raw(",\"kind\":").text(row.key.kind());
        }
        RowKey::Code(code) => {
            json.key("key").text(code).raw(",\"label\":").text(&row.label);
            json.raw(",\"level\":null,\"kind\":").text(row.key.kind());
        }
        RowKey::Slot(place) => {
            let Some((slot, indicator)) = pairs.get(*place) else { return };
            json.key("key").text(&slot.key).raw(",\"label\":").text(lang.of(&slot.label));
            json.raw(",\"level\":null,\"kind\":").text(row.key.kind());
            json.raw(",\"indicator\":").text(&indicator.id);
            json.raw(",\"counted\":").text(lang.of(&indicator.counted));
        }
        RowKey::Total => {
            let label = match lang {
                Lang::Vi => "Tổng số",
                Lang::En => "Total",
            };
            json.raw("\"key\":\"TOTAL\",\"label\":").text(label).raw(",\"level\":null");
            json.raw(",\"kind\":").text(row.key.kind());
        }
    }
}

fn of_province((slot, _): &(&Slot, &Indicator)) -> bool {
    slot.of_province
}

/// The key of a row, as its head has it.
fn row_key<'a>(row: &'a Row, pairs: &[(&'a Slot, &Indicator)]) -> &'a str {
    match &row.key {
        RowKey::Unit(code, _) => code.as_str(),
        RowKey::Code(code) => code,
        RowKey::Slot(place) => pairs.get(*place).map_or("", |(slot, _)| slot.key.as_str()),
        RowKey::Total => "TOTAL",
    }
}

fn column_text<'a>(
    slot: &'a Slot,
    indicator: &Indicator,
    layout: Layout,
    computed: &'static str,
) -> ColumnText<'a> {
    let key = match layout {
        Layout::List => "value",
        Layout::ByUnit | Layout::ByFacet(_) => slot.key.as_str(),
    };
    let mut head = Json::with_capacity(32);
    head.key(key).raw("{");
    let said = status(indicator, computed);
    let published = if is_computed(&indicator.rule) { "closed" } else { said };
    let [status, closed] =
        [said, published].map(|said| format!(",\"status\":\"{said}\",\"figure\":\""));
    // The ids of indicators need no escaping; `figure_id` refuses others.
    let figure = format!("{}~", indicator.id);
    ColumnText { key, head: utf8(head), status, closed, figure, said }
}

fn utf8(json: Json) -> String {
    String::from_utf8(json.0).unwrap_or_default()
}

fn columns(json: &mut Json, pairs: &[(&Slot, &Indicator)], lang: Lang) {
    for (place, (slot, indicator)) in pairs.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("key").text(&slot.key).raw(",\"label\":").text(lang.of(&slot.label));
        json.raw(",\"indicator\":").text(&indicator.id);
        json.raw(",\"counted\":").text(lang.of(&indicator.counted));
        json.raw(",\"nature\":").text(indicator.nature.word());
        if let Some(short) = &slot.short {
            json.raw(",\"short\":").text(lang.of(short));
        }
        if let Some(number) = &slot.number {
            json.raw(",\"number\":").text(number);
        }
        json.raw(if slot.memo { ",\"memo\":true}" } else { "}" });
    }
}

pub(super) fn key(form: &Form, place: usize) -> &str {
    form.slots.get(place).map_or("", |slot| slot.key.as_str())
}

fn groups(json: &mut Json, form: &Form, lang: Lang) {
    for (place, group) in form.groups.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { ",\"groups\":[{" });
        json.key("label").text(lang.of(&group.label));
        json.raw(",\"from\":").text(key(form, group.first));
        json.raw(",\"to\":").text(key(form, group.last)).raw("}");
    }
    json.raw(if form.groups.is_empty() { "" } else { "]" });
}

fn identities(json: &mut Json, form: &Form) {
    for (place, identity) in form.identities.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { ",\"identities\":[{" });
        json.key("whole").text(key(form, identity.whole)).raw(",\"parts\":[");
        for (place, part) in identity.parts.iter().enumerate() {
            json.raw(if place > 0 { "," } else { "" }).text(key(form, *part));
        }
        json.raw("]}");
    }
    json.raw(if form.identities.is_empty() { "" } else { "]" });
}
