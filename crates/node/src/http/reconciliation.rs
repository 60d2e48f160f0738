//! `/v1/reconciliation`: declared against computed, rules broken, contradictions.

use std::collections::BTreeSet;

use tonghop_core::calendar::{Calendar, PeriodName};
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::{Day, Window};
use tonghop_core::declared::{Statement, shown, value};
use tonghop_core::form::Sources;
use tonghop_core::measure::{FacetKind, Measure};
use tonghop_core::reconcile::{Cause, Comparison, Reconciliation, reconcile};
use tonghop_report::csv;

use super::json::Json;
use super::{Answer, Problem, Request, facets, forms};
use crate::ask::{AskError, Asked, FIGURE_PARAMETERS, Lang, Wish};
use crate::view::FacetNeed;

const FORMATS: &[&str] = &["json", "csv"];
/// Past periods that a figure is held against.
const PAST_MAX: usize = 8;
/// Years in which past periods are looked for.
const PAST_YEARS: i32 = 9;

/// `/v1/reconciliation`.
pub(super) fn one(request: &Request<'_>) -> Result<Answer, AskError> {
    let allowed: Vec<&'static str> = FIGURE_PARAMETERS.iter().copied().chain(["format"]).collect();
    let parameters = request.parameters(&allowed)?;
    let catalogue = &*request.view()?.catalogue();
    let format = parameters.get("format").unwrap_or("json");
    if !FORMATS.contains(&format) {
        return Err(Problem::one_of("format", format, FORMATS).into());
    }
    let wish = Wish::read(&parameters, catalogue)?;
    let past = past(&wish.asked, catalogue);
    let read = request.figures()?.read(&needs(catalogue), |moment| {
        let query = wish.query(moment, (request.today)())?;
        let registry = moment.registry(query.known);
        let sources = Sources { registry: &registry, book: moment.book, facets: moment.facets };
        let found = reconcile(catalogue, query, &past, sources);
        Ok::<_, AskError>((found, query.root, moment.position, moment.lag))
    });
    let (found, unit, position, lag) = read.map_err(Problem::from)??;
    if format == "csv" {
        return Ok(Answer {
            content_type: "text/csv; charset=utf-8; header=present",
            body: as_csv(&found, wish.lang).into_bytes(),
            ..Answer::json(Json::with_capacity(0))
        });
    }
    let mut json = Json::with_capacity(16 * 1024);
    json.raw("{").key("unit").text(unit.as_str()).raw(",");
    forms::question(&mut json, &wish);
    json.raw(",\"position\":").number(position).raw(",\"lag\":").number(lag);
    json.raw(",\"lang\":").text(wish.lang.word());
    body(&mut json, &found, catalogue, wish.lang);
    json.raw("}");
    Ok(Answer::json(json))
}

/// The facets of declarations, and of what is a distinct count.
fn needs(catalogue: &Catalogue) -> Vec<FacetNeed> {
    let mut needs = vec![(FacetKind::Declared, Measure::FigureDeclared.group())];
    needs.extend(catalogue.indicators.iter().flat_map(|i| facets::of_indicator(i, None)));
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// The periods before the one that is asked for, of its kind, the oldest first.
fn past(asked: &Asked, catalogue: &Catalogue) -> Vec<Window> {
    let Some((calendar, period)) = &asked.period else { return Vec::new() };
    let Some(calendar) = catalogue.calendar(calendar) else { return Vec::new() };
    let mut windows: Vec<Window> = (period.year - PAST_YEARS..=period.year)
        .flat_map(|year| of_year(calendar, &period.name, year))
        .filter(|window| window.to < asked.window.from)
        .collect();
    windows.sort_unstable();
    windows.split_off(windows.len().saturating_sub(PAST_MAX))
}

/// The quarters of a year, for the name of a quarter; and so on.
fn of_year(calendar: &Calendar, name: &str, year: i32) -> impl Iterator<Item = Window> {
    let like = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    calendar
        .periods
        .iter()
        .filter(move |rule| rule.name.trim_end_matches(|c: char| c.is_ascii_digit()) == like)
        .filter_map(move |rule| calendar.window(&PeriodName { year, name: rule.name.clone() }))
}

fn many(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How much was looked at, and how much was not.
fn extent(json: &mut Json, found: &Reconciliation) {
    json.raw(",\"statements\":").number(many(found.statements));
    json.raw(",\"leftOut\":").number(many(found.left_out));
    json.raw(",\"comparisonsLeftOut\":").number(many(found.comparisons_left_out));
    json.raw(",\"rules\":[");
    for (place, tried) in found.rules.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("rule").text(&tried.check);
        json.raw(",\"held\":").number(many(tried.held));
        json.raw(",\"broken\":").number(many(tried.broken));
        json.raw(",\"notApplicable\":").number(many(tried.not_applicable)).raw("}");
    }
    json.raw("],\"untold\":[");
    for (place, untold) in found.untold.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("unit").text(untold.unit.as_str());
        json.raw(",\"kind\":").text(untold.kind.word());
        json.raw(",\"count\":").number(many(untold.count)).raw("}");
    }
    json.raw("]");
}

fn body(json: &mut Json, found: &Reconciliation, catalogue: &Catalogue, lang: Lang) {
    extent(json, found);
    json.raw(",\"findings\":[");
    for (place, finding) in found.findings.iter().enumerate() {
        json.raw(if place > 0 { ",{" } else { "{" });
        json.key("kind").text(finding.kind.word());
        json.raw(",\"kindLabel\":").text(lang.of(&finding.kind.label()));
        json.raw(",\"severity\":").text(finding.severity.word());
        json.raw(",\"severityLabel\":").text(lang.of(&finding.severity.label()));
        json.raw(",\"unit\":").text(finding.unit.as_str());
        json.raw(",\"rule\":").optional(finding.check.as_deref());
        json.raw(",\"text\":").text(lang.of(&finding.text));
        json.raw(",\"declared\":[");
        for (place, statement) in finding.statements.iter().enumerate() {
            json.raw(if place > 0 { "," } else { "" });
            declared(json, statement);
        }
        json.raw("]}");
    }
    json.raw("],\"comparisons\":[");
    for (place, comparison) in found.comparisons.iter().enumerate() {
        json.raw(if place > 0 { "," } else { "" });
        compared(json, comparison, lang);
    }
    json.raw("],\"labels\":{");
    labels(json, found, catalogue, lang);
    json.raw("}");
}

/// What the indicators that are spoken of are called, by their ids.
fn labels(json: &mut Json, found: &Reconciliation, catalogue: &Catalogue, lang: Lang) {
    let findings = found.findings.iter().flat_map(|finding| &finding.statements);
    let statements = findings.chain(found.comparisons.iter().map(|held| &held.statement));
    let mut ids: BTreeSet<&str> = statements.map(|said| &*said.declaration.indicator).collect();
    ids.extend(found.comparisons.iter().filter_map(|held| held.other.as_deref()));
    let named = ids.into_iter().filter_map(|id| catalogue.indicator(id));
    for (place, indicator) in named.enumerate() {
        json.raw(if place > 0 { "," } else { "" });
        json.key(&indicator.id).text(lang.of(&indicator.label));
    }
}

fn declared(json: &mut Json, statement: &Statement) {
    let declaration = &statement.declaration;
    let day = |day: Option<Day>| day.map(|day| day.to_string());
    json.raw("{").key("indicator").text(&declaration.indicator);
    json.raw(",\"unit\":").text(statement.unit.as_str());
    json.raw(",\"from\":").optional(day(declaration.from).as_deref());
    json.raw(",\"to\":").optional(day(declaration.to).as_deref());
    json.raw(",\"asOf\":").optional(day(declaration.as_of).as_deref());
    json.raw(",");
    forms::value(json, value(declaration));
    json.raw(",\"qualifier\":").text(declaration.qualifier.word());
    json.raw(",\"note\":").optional(declaration.note.as_deref());
    json.raw(",\"recordedOn\":").text(&statement.recorded.to_string());
    json.raw(",\"times\":").int(statement.times).raw("}");
}

fn compared(json: &mut Json, comparison: &Comparison, lang: Lang) {
    json.raw("{").key("declared");
    declared(json, &comparison.statement);
    json.raw(",\"window\":");
    match comparison.window {
        Some(window) => {
            json.raw("{\"from\":").text(&window.from.to_string());
            json.raw(",\"to\":").text(&window.to.to_string()).raw("}");
        }
        None => drop(json.raw("null")),
    }
    json.raw(",\"isPeriod\":").raw(if comparison.is_period { "true" } else { "false" });
    json.raw(",\"computed\":");
    match comparison.computed {
        Some(computed) => {
            json.raw("{");
            forms::value(json, computed);
            json.raw("}");
        }
        None => drop(json.raw("null")),
    }
    json.raw(",\"difference\":");
    match comparison.difference {
        Some(difference) => drop(json.int(difference)),
        None => drop(json.raw("null")),
    }
    json.raw(",\"verdict\":").text(comparison.verdict.word());
    json.raw(",\"cause\":").optional(comparison.cause.map(Cause::word));
    json.raw(",\"other\":").optional(comparison.other.as_deref());
    json.raw(",\"text\":").text(lang.of(&comparison.text())).raw("}");
}

/// A line for each finding, then one for each comparison, then what is left out.
fn as_csv(found: &Reconciliation, lang: Lang) -> String {
    let mut out = String::new();
    let head = [
        "section",
        "kind",
        "severity",
        "unit",
        "rule",
        "indicator",
        "from",
        "to",
        "declared",
        "computed",
        "difference",
        "cause",
        "text",
    ];
    csv::record(&mut out, &head);
    for finding in &found.findings {
        let mut names: Vec<&str> =
            finding.statements.iter().map(|said| &*said.declaration.indicator).collect();
        names.dedup();
        csv::record(
            &mut out,
            &[
                "finding",
                finding.kind.word(),
                finding.severity.word(),
                finding.unit.as_str(),
                finding.check.as_deref().unwrap_or(""),
                &names.join(" "),
                "",
                "",
                "",
                "",
                "",
                "",
                lang.of(&finding.text),
            ],
        );
    }
    for comparison in &found.comparisons {
        let said = &comparison.statement;
        let days = comparison.window.map(|w| (w.from.to_string(), w.to.to_string()));
        let (from, to) = days.unwrap_or_default();
        let computed = comparison.computed.map(|computed| lang.of(&shown(computed)).to_owned());
        let difference = comparison.difference.map(|difference| difference.to_string());
        csv::record(
            &mut out,
            &[
                "comparison",
                comparison.verdict.word(),
                "",
                said.unit.as_str(),
                "",
                &said.declaration.indicator,
                &from,
                &to,
                lang.of(&shown(value(&said.declaration))),
                &computed.unwrap_or_default(),
                &difference.unwrap_or_default(),
                comparison.cause.map_or("", Cause::word),
                said.declaration.note.as_deref().unwrap_or(""),
            ],
        );
    }
    left_out(&mut out, found);
    out
}

/// A line for all that is left out: of what, of whom if it is of one unit, and how much.
fn left_out(out: &mut String, found: &Reconciliation) {
    let statements = ("statements", "", found.left_out);
    let comparisons = ("comparisons", "", found.comparisons_left_out);
    let untold = found.untold.iter().map(|of| (of.kind.word(), of.unit.as_str(), of.count));
    for (kind, unit, count) in [statements, comparisons].into_iter().chain(untold) {
        if count > 0 {
            let text = count.to_string();
            let record = ["left_out", kind, "", unit, "", "", "", "", "", "", "", "", &text];
            csv::record(out, &record);
        }
    }
}

#[cfg(test)]
mod tests {
    use tonghop_core::reconcile::{FindingKind, Tried, Untold};
    use tonghop_core::unit_code::UnitCode;

    use super::*;

    #[test]
    fn what_is_left_out_is_counted_in_both_formats() {
        let unit = UnitCode::parse("H41.16").unwrap();
        let tried = Tried { check: "bieu-06.3".to_owned(), held: 1, broken: 2, not_applicable: 3 };
        let found = Reconciliation {
            left_out: 4,
            comparisons_left_out: 5,
            untold: vec![Untold { unit, kind: FindingKind::Nested, count: 6 }],
            rules: vec![tried],
            ..Reconciliation::default()
        };
        let mut json = Json::with_capacity(1024);
        json.raw("{\"n\":0");
        body(&mut json, &found, &tonghop_wire::catalogue().unwrap(), Lang::En);
        json.raw("}");
        let body: serde_json::Value = serde_json::from_slice(&Answer::json(json).body).unwrap();
        assert_eq!(body["leftOut"], 4);
        assert_eq!(body["comparisonsLeftOut"], 5);
        let untold = serde_json::json!([{"unit": "H41.16", "kind": "nested", "count": 6}]);
        assert_eq!(body["untold"], untold);
        let tried =
            serde_json::json!({"rule": "bieu-06.3", "held": 1, "broken": 2, "notApplicable": 3});
        assert_eq!(body["rules"], serde_json::json!([tried]));
        let csv = as_csv(&found, Lang::En);
        let lines: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "left_out,statements,,,,,,,,,,,4",
                "left_out,comparisons,,,,,,,,,,,5",
                "left_out,nested,,H41.16,,,,,,,,,6",
            ]
        );
    }

    #[test]
    fn past_periods_are_those_of_its_kind_before_it() {
        let catalogue = tonghop_wire::catalogue().unwrap();
        let past = |name: &str| -> Vec<String> {
            let period = PeriodName::parse(name).unwrap();
            let window = catalogue.calendar("legal").unwrap().window(&period).unwrap();
            let asked = Asked { window, period: Some(("legal".to_owned(), period)) };
            past(&asked, &catalogue).iter().map(ToString::to_string).collect()
        };
        let quarters = past("2021-Q3");
        assert_eq!(quarters.len(), PAST_MAX);
        assert_eq!(quarters.last().unwrap(), "2021-03-15..2021-06-14");
        assert_eq!(quarters.first().unwrap(), "2019-06-15..2019-09-14");
        assert_eq!(past("2021").last().unwrap(), "2019-12-15..2020-12-14");
        let any = Asked { window: Window::new(Day::MIN, Day::MAX).unwrap(), period: None };
        assert!(super::past(&any, &catalogue).is_empty());
    }
}
