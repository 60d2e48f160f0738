//! `/v1/completeness`: which events of which source never came.

use tonghop_core::day::Day;
use tonghop_core::read::{Query, Tree};
use tonghop_core::registry::Registry;
use tonghop_core::sources::Source;
use tonghop_core::unit_code::UnitCode;
use tonghop_report::csv;

use super::json::Json;
use super::timeliness::Timeliness;
use super::{Answer, Problem, Request};
use crate::ask::{self, AskError, Lang, root};
use crate::view::Moment;

const PARAMETERS: &[&str] = &["unit", "period", "calendar", "from", "to", "lang", "format"];
/// Those that say which days the timeliness is of.
const OF_DAYS: [&str; 4] = ["period", "calendar", "from", "to"];
const FORMATS: &[&str] = &["json", "csv"];
/// Missing ranges of one source that are named; the others are counted.
const RANGES_MAX: usize = 32;

/// How many sources of the subtree have events missing: a figure of it rests on what they sent.
pub(super) fn incomplete(moment: &Moment<'_>, registry: &Registry, query: Query) -> u64 {
    let counts = |unit: UnitCode| match query.tree {
        Tree::AsWas => registry.is_below(unit, query.root, query.days().to),
        Tree::On(day) => {
            let heirs = registry.heirs(unit, day);
            let fields = heirs.fields.iter().map(|(_, heir)| *heir);
            fields.chain([heirs.rest]).any(|heir| registry.is_below(heir, query.root, day))
        }
    };
    // Nearly all are complete, and finding that out is cheaper than where they stand.
    let mut open = moment.sources.iter().filter(|(_, _, source)| source.is_incomplete()).peekable();
    if open.peek().is_none() {
        return 0;
    }
    count(open.filter(|(unit, _, _)| counts(*unit)))
}

/// A source as it is answered.
struct Row {
    unit: UnitCode,
    name: String,
    source: Source,
}

/// `/v1/completeness`: the sources of the subtree of `unit`; for a period, when its units said what
/// they say of it.
pub(super) fn list(request: &Request<'_>) -> Result<Answer, AskError> {
    let parameters = request.parameters(PARAMETERS)?;
    let lang = parameters.lang()?;
    let wanted = parameters.unit()?;
    let format = parameters.get("format").unwrap_or("json");
    if !FORMATS.contains(&format) {
        return Err(Problem::one_of("format", format, FORMATS).into());
    }
    let today = (request.today)();
    let catalogue = &*request.view()?.catalogue();
    let is_timed = OF_DAYS.iter().any(|name| parameters.get(name).is_some());
    let asked = if is_timed { Some(ask::asked(&parameters, catalogue)?) } else { None };
    let read = request.figures()?.read(&[], |moment| {
        let registry = moment.registry(None);
        let top = root(wanted, &registry)?;
        let below = moment.sources.below(&registry, top, today);
        let rows: Vec<Row> = below
            .map(|(unit, name, source)| Row {
                unit,
                name: name.to_string(),
                source: source.clone(),
            })
            .collect();
        let times = asked.map(|asked| Timeliness::of(asked, catalogue, top, moment));
        Ok::<_, AskError>((top, rows, times, moment.position, moment.lag))
    });
    let (top, rows, times, position, behind) = read.map_err(Problem::from)??;
    if format == "csv" {
        let text = times.as_ref().map_or_else(|| as_csv(&rows, today), Timeliness::csv);
        return Ok(Answer {
            content_type: "text/csv; charset=utf-8; header=present",
            body: text.into_bytes(),
            ..Answer::json(Json::with_capacity(0))
        });
    }
    let mut json = Json::with_capacity(512 + 512 * rows.len());
    json.raw("{").key("unit").text(top.as_str());
    json.raw(",\"today\":").text(&today.to_string());
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(behind);
    json.raw(",\"lang\":").text(lang.word());
    totals(&mut json, &rows, today, lang);
    json.raw(",\"sources\":[");
    for (place, row) in rows.iter().enumerate() {
        json.raw(if place > 0 { "," } else { "" });
        one(&mut json, row, today);
    }
    json.raw("]");
    if let Some(times) = &times {
        times.json(&mut json, lang);
    }
    json.raw("}");
    Ok(Answer::json(json))
}

fn totals(json: &mut Json, rows: &[Row], today: Day, lang: Lang) {
    let of = |what: fn(&Source) -> bool| count(rows.iter().filter(|row| what(&row.source)));
    let incomplete = of(Source::is_incomplete);
    let numbered = of(Source::is_numbered);
    let silent = count(rows.iter().filter(|row| row.source.is_silent(today)));
    let missing = rows.iter().map(|row| row.source.missing_count());
    let missing = missing.fold(0, u64::saturating_add);
    json.raw(",\"incomplete\":").number(incomplete);
    json.raw(",\"missingCount\":").number(missing);
    json.raw(",\"silent\":").number(silent);
    json.raw(",\"unnumbered\":").number(count(rows.iter()) - numbered);
    json.raw(",\"text\":").text(&sentence(lang, incomplete, numbered, missing));
}

/// What there is to say of all of them.
fn sentence(lang: Lang, incomplete: u64, numbered: u64, missing: u64) -> String {
    match (lang, incomplete) {
        // Of sources that do not number nothing can be said.
        (Lang::Vi, 0) if numbered == 0 => "Chưa nguồn nào đánh số sự kiện.".to_owned(),
        (Lang::En, 0) if numbered == 0 => "No source numbers its events yet.".to_owned(),
        (Lang::Vi, 0) => format!("Không thiếu sự kiện nào của {numbered} nguồn có đánh số."),
        (Lang::En, 0) => format!("Nothing is missing from the {numbered} sources that number."),
        (Lang::Vi, _) => {
            format!("Thiếu {missing} sự kiện của {incomplete} trong {numbered} nguồn có đánh số.")
        }
        (Lang::En, _) => format!(
            "{missing} events are missing from {incomplete} of the {numbered} sources that number."
        ),
    }
}

fn one(json: &mut Json, row: &Row, today: Day) {
    let source = &row.source;
    json.raw("{").key("unit").text(row.unit.as_str());
    json.raw(",\"source\":").text(&row.name);
    json.raw(",\"lastHeard\":").text(&source.heard().to_string());
    json.raw(",\"numbered\":").raw(truth(source.is_numbered()));
    json.raw(",\"lastSequence\":").number(source.last_sequence());
    json.raw(",\"promised\":");
    match source.promise {
        Some(promise) => drop(json.number(promise.last)),
        None => drop(json.raw("null")),
    }
    json.raw(",\"missingCount\":").number(source.missing_count());
    json.raw(",\"missing\":[");
    for (place, (from, to)) in source.missing().take(RANGES_MAX).enumerate() {
        json.raw(if place > 0 { ",[" } else { "[" });
        json.number(from).raw(",").number(to).raw("]");
    }
    json.raw("],\"missingRangesLeftOut\":").number(count(source.missing().skip(RANGES_MAX)));
    json.raw(",\"missingUnnamed\":");
    match source.uncertain() {
        Some((upto, missing)) => {
            json.raw("{\"upTo\":").number(upto).raw(",\"count\":").number(missing).raw("}");
        }
        None => drop(json.raw("null")),
    }
    let since = source.since().map(|day| day.to_string());
    json.raw(",\"sinceRecorded\":").optional(since.as_deref());
    for (key, number) in [
        ("accepted", source.accepted),
        ("duplicates", source.duplicates),
        ("refused", source.refused),
        ("refusedNumbers", source.refused_numbers()),
        ("reusedNumbers", source.reused),
    ] {
        json.raw(",").key(key).number(number);
    }
    json.raw(",\"usualIntervalDays\":");
    match source.usual_interval() {
        Some(days) => drop(json.number(u64::from(days))),
        None => drop(json.raw("null")),
    }
    json.raw(",\"silent\":").raw(truth(source.is_silent(today))).raw("}");
}

/// A line for each source; missing ranges as `3-5 9`.
fn as_csv(rows: &[Row], today: Day) -> String {
    let mut out = String::new();
    let head = [
        "unit",
        "source",
        "last_heard",
        "last_sequence",
        "promised",
        "missing_count",
        "missing",
        "since_recorded",
        "accepted",
        "duplicates",
        "refused",
        "refused_numbers",
        "reused_numbers",
        "silent",
    ];
    csv::record(&mut out, &head);
    for Row { unit, name, source } in rows {
        let ranges = source.missing().take(RANGES_MAX);
        let mut missing: Vec<String> = ranges
            .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
            .collect();
        if source.uncertain().is_some() || source.missing().nth(RANGES_MAX).is_some() {
            missing.push("…".to_owned());
        }
        csv::record(
            &mut out,
            &[
                unit.as_str(),
                name,
                &source.heard().to_string(),
                &source.last_sequence().to_string(),
                &source.promise.map_or_else(String::new, |promise| promise.last.to_string()),
                &source.missing_count().to_string(),
                &missing.join(" "),
                &source.since().map_or_else(String::new, |day| day.to_string()),
                &source.accepted.to_string(),
                &source.duplicates.to_string(),
                &source.refused.to_string(),
                &source.refused_numbers().to_string(),
                &source.reused.to_string(),
                truth(source.is_silent(today)),
            ],
        );
    }
    out
}

const fn truth(so: bool) -> &'static str {
    if so { "true" } else { "false" }
}

fn count<T>(things: impl Iterator<Item = T>) -> u64 {
    u64::try_from(things.count()).unwrap_or(u64::MAX)
}
