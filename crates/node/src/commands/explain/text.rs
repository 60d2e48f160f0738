//! A figure's events for a terminal, in Vietnamese or English.

use std::fmt::Write;

use serde_json::Value;
use tonghop_core::read::Share;
use tonghop_report::Lang;

use super::super::printable;

fn field<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn number(of: &Value, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn day(text: &str, lang: Lang) -> String {
    tonghop_report::day(text, lang)
}

/// `2021-09-06T08:30:00+07:00` as `06/09/2021 08:30`.
fn instant(text: &str, lang: Lang) -> String {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let minutes: String = time.chars().take(5).collect();
    format!("{} {minutes}", day(date, lang))
}

/// A value as people write it.
fn value(of: &Value, lang: Lang) -> String {
    if let Some(ratio) = of.get("ratio") {
        let (part, whole) = (number(ratio, "part"), number(ratio, "whole"));
        let percent = tonghop_report::percent(Share { part, whole }, lang);
        let count = |value| tonghop_report::number(value, lang);
        return format!("{percent} ({}/{})", count(part), count(whole));
    }
    if of.get("missing").is_some() {
        return lang.choose("chưa có số liệu", "no data").to_owned();
    }
    match (of.get("bound"), of.get("value").and_then(Value::as_i64)) {
        (Some(bound), _) => bound.to_string(),
        (None, Some(count)) => tonghop_report::number(count, lang),
        (None, None) => "–".to_owned(),
    }
}

/// What is explained.
pub(super) fn head(page: &Value, lang: Lang) -> String {
    let (from, to) =
        page.get("window").map_or(("", ""), |window| (field(window, "from"), field(window, "to")));
    let mut out = format!(
        "{} · {} · {}–{}: {} {}\n",
        printable(field(page, "label")),
        field(page, "unit"),
        day(from, lang),
        day(to, lang),
        value(page, lang),
        printable(field(page, "counted")),
    );
    if let Some(since) = page.get("since").filter(|since| !since.is_null()) {
        let known_at = since.get("knownAt").map(|at| match at.as_str() {
            Some(text) => day(text, lang),
            None => format!("#{at}"),
        });
        let words = lang.choose("Trước đó, theo số liệu biết đến", "Before, as known at");
        let known_at = known_at.unwrap_or_default();
        writeln!(out, "{words} {known_at}: {}", value(since, lang)).ok();
    }
    out.push('\n');
    out
}

/// The timelines of a page.
pub(super) fn timelines(page: &Value, lang: Lang) -> String {
    let mut out = String::new();
    for timeline in list(page, "timelines") {
        one(timeline, lang, &mut out);
    }
    out
}

fn one(timeline: &Value, lang: Lang, out: &mut String) {
    let adds = timeline.get("adds").map_or_else(String::new, |adds| {
        let (part, whole) = (number(adds, "part"), number(adds, "whole"));
        let grouped = number(adds, "grouped");
        match (whole, grouped) {
            (0, 0) => format!("{part:+}"),
            (0, _) => format!("({grouped:+})"),
            _ => format!("{part:+} / {whole:+}"),
        }
    });
    let head = format!(
        "{} {}  {}  {adds}",
        field(timeline, "unit"),
        field(timeline, "unitName"),
        field(timeline, "subject"),
    );
    writeln!(out, "{}", printable(&head)).ok();
    for held in list(timeline, "contributions") {
        contribution(held, lang, out);
    }
    for odd in list(timeline, "anomalies") {
        let (word, day) = (field(odd, "anomaly"), day(field(odd, "day"), lang));
        let says = lang.choose("bất thường", "anomaly");
        writeln!(out, "    ! {day}  {says}: {}", printable(word)).ok();
    }
    for said in list(timeline, "events") {
        event(said, lang, out);
    }
    out.push('\n');
}

fn contribution(held: &Value, lang: Lang, out: &mut String) {
    let measure = match (field(held, "label"), field(held, "measure")) {
        ("", "") => lang.choose("đơn vị", "the unit itself"),
        ("", measure) => measure,
        (label, _) => label,
    };
    let code = held.get("facet").map_or("", |facet| field(facet, "code"));
    let code = if code.is_empty() { String::new() } else { format!(" [{code}]") };
    let recorded = day(field(held, "recordedOn"), lang);
    let line = format!(
        "{}  {:+}  {measure}{code}  ({} {recorded})",
        day(field(held, "day"), lang),
        number(held, "amount"),
        lang.choose("ghi nhận", "recorded"),
    );
    writeln!(out, "    = {}", printable(&line)).ok();
}

fn event(said: &Value, lang: Lang, out: &mut String) {
    let replaces = field(said, "replaces");
    let mut note = match field(said, "standing") {
        "replaced" => lang.choose("đã được thay thế", "replaced").to_owned(),
        "retracted" => lang.choose("đã bị rút lại", "retracted").to_owned(),
        "retraction" => format!("{} {replaces}", lang.choose("rút lại", "takes back")),
        "contested" => lang.choose("không có hiệu lực", "does not count").to_owned(),
        _ if !replaces.is_empty() => format!("{} {replaces}", lang.choose("thay cho", "replaces")),
        _ => String::new(),
    };
    if said.get("isNew").and_then(Value::as_bool) == Some(true) {
        note = format!("{} {note}", lang.choose("MỚI", "NEW"));
    }
    let line = format!(
        "#{}  {}  {}  {} {}  ({} {})  {note}",
        number(said, "position"),
        instant(field(said, "time"), lang),
        field(said, "kind"),
        field(said, "source"),
        field(said, "id"),
        lang.choose("nhận", "stored"),
        instant(field(said, "recordedAt"), lang),
    );
    writeln!(out, "    {}", printable(line.trim_end())).ok();
}

/// How many were listed, and what they come to.
pub(super) fn foot(page: &Value, lang: Lang) -> String {
    let count = tonghop_report::number(number(page, "count"), lang);
    if page.get("complete").and_then(Value::as_bool) == Some(true) {
        let words = match page.get("since").filter(|since| !since.is_null()) {
            None => lang.choose(
                "đối tượng; cộng lại đúng bằng số liệu trên.",
                "listed; they add up to the figure.",
            ),
            Some(_) => lang.choose(
                "đối tượng; cộng lại đúng bằng phần chênh lệch.",
                "listed; they add up to the difference.",
            ),
        };
        return format!("{count} {words}\n");
    }
    let words = lang.choose(
        "đối tượng đầu tiên; --all liệt kê tất cả.",
        "listed, and there may be more: --all lists all.",
    );
    format!("{count} {words}\n")
}
