//! Findings in sentences, in both languages.

use super::Outlier;
use super::rules::{Way, sides};
use crate::catalogue::Label;
use crate::checks::{Check, Quantity, Relation, Severity};
use crate::day::{Day, Window};
use crate::declared::{Range, Statement, shown, value};
use crate::read::Value;

fn label(vi: String, en: String) -> Label {
    Label { vi, en }
}

fn said(statement: &Statement) -> Label {
    shown(value(&statement.declaration))
}

fn range(range: Range) -> Label {
    shown(range.number().map_or(Value::Bound(range), Value::Count))
}

fn id(statement: &Statement) -> &str {
    &statement.declaration.indicator
}

/// `14/9/2021`.
fn day_vi(day: Day) -> String {
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => {
            // The first two months alone keep their leading zero (Nghị định 30/2020/NĐ-CP).
            let is_early = matches!(month, "01" | "02");
            let month = if is_early { month } else { month.trim_start_matches('0') };
            format!("{day}/{month}/{year}")
        }
        _ => text.clone(),
    }
}

fn days(window: Window) -> Label {
    let (from, to) = (window.from, window.to);
    label(format!("{}–{}", day_vi(from), day_vi(to)), format!("{from} to {to}"))
}

/// ` từ … đến …`, or nothing where no days are named.
fn when(statement: &Statement) -> Label {
    let declaration = &statement.declaration;
    match (declaration.from, declaration.to, declaration.as_of) {
        (_, _, Some(day)) => label(format!(" ngày {}", day_vi(day)), format!(" as of {day}")),
        (Some(from), Some(to), None) => {
            let days = days(Window { from, to });
            label(format!(" kỳ {}", days.vi), format!(" from {}", days.en))
        }
        (None, Some(to), None) => label(format!(" đến {}", day_vi(to)), format!(" up to {to}")),
        (Some(from), None, None) => label(format!(" từ {}", day_vi(from)), format!(" from {from}")),
        (None, None, None) => label(String::new(), String::new()),
    }
}

/// What each says, with its note.
fn each(statements: &[&Statement]) -> Label {
    let part = |pick: fn(Label) -> String| {
        let parts: Vec<String> = statements
            .iter()
            .map(|statement| match &statement.declaration.note {
                Some(note) => format!("{} ({note})", pick(said(statement))),
                None => pick(said(statement)),
            })
            .collect();
        parts.join("; ")
    };
    label(part(|label| label.vi), part(|label| label.en))
}

fn names(statements: &[&Statement]) -> String {
    let mut names: Vec<&str> = statements.iter().map(|statement| id(statement)).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

pub(super) fn unknown(statement: &Statement) -> Label {
    label(
        format!("{}: không có trong danh mục chỉ tiêu", id(statement)),
        format!("{}: is not in the catalogue of indicators", id(statement)),
    )
}

pub(super) fn not_valid(statement: &Statement) -> Label {
    label(
        format!("{}: không áp dụng vào ngày {}", id(statement), day_vi(statement.day)),
        format!("{}: is not asked for on {}", id(statement), statement.day),
    )
}

pub(super) fn over_whole(statement: &Statement) -> Label {
    let said = said(statement);
    label(
        format!("{}: phần lớn hơn tổng: {}", id(statement), said.vi),
        format!("{}: the part is larger than the whole: {}", id(statement), said.en),
    )
}

pub(super) fn stock_in_window(statement: &Statement, from: Day, to: Day) -> Label {
    let (said, days) = (said(statement), days(Window { from, to }));
    label(
        format!(
            "{}: {} là số tại một thời điểm nhưng khai theo kỳ {}",
            id(statement),
            said.vi,
            days.vi
        ),
        format!(
            "{}: {} is a stock, declared for the window {}; declare it as of a day",
            id(statement),
            said.en,
            days.en
        ),
    )
}

pub(super) fn bound(statement: &Statement) -> Label {
    let said = said(statement);
    label(
        format!("{}: {} là giới hạn, không phải số liệu", id(statement), said.vi),
        format!("{}: {} is a bound, not a number", id(statement), said.en),
    )
}

pub(super) fn bound_in_note(statement: &Statement, word: &str) -> Label {
    let (said, word) = (said(statement), word.trim());
    label(
        format!("{}: {} khai là số chính xác, ghi chú lại viết “{word}”", id(statement), said.vi),
        format!("{}: {} is declared exact, its note says “{word}”", id(statement), said.en),
    )
}

pub(super) fn repetition(statements: &[&Statement], times: i64) -> Label {
    let Some(first) = statements.first() else { return label(String::new(), String::new()) };
    let (said, when) = (said(first), when(first));
    label(
        format!("{}: một số liệu{} nêu {times} lần: {}", id(first), when.vi, said.vi),
        format!("{}: one fact{} stated {times} times: {}", id(first), when.en, said.en),
    )
}

pub(super) fn contradiction(statements: &[&Statement], severity: Severity) -> Label {
    let Some(first) = statements.first() else { return label(String::new(), String::new()) };
    let (each, when) = (each(statements), when(first));
    match severity {
        Severity::Error => label(
            format!("{}: số liệu mâu thuẫn{}: {}", id(first), when.vi, each.vi),
            format!("{}: figures contradict one another{}: {}", id(first), when.en, each.en),
        ),
        Severity::Warning | Severity::Advice => label(
            format!("{}: số liệu không thống nhất{}: {}", id(first), when.vi, each.vi),
            format!("{}: figures are not the same{}: {}", id(first), when.en, each.en),
        ),
    }
}

pub(super) fn inside(inner: &Statement, outer: &Statement, fits: bool) -> Label {
    // Of another indicator, the larger one is named too.
    let other = if id(inner) == id(outer) { String::new() } else { format!(" {}", id(outer)) };
    let (part, whole, when_part, when_whole) = (said(inner), said(outer), when(inner), when(outer));
    let part =
        label(format!("{}{}", part.vi, when_part.vi), format!("{}{}", part.en, when_part.en));
    let whole = label(
        format!("{}{other}{}", whole.vi, when_whole.vi),
        format!("{}{other}{}", whole.en, when_whole.en),
    );
    let id = id(inner);
    if fits {
        return label(
            format!("{id}: {} nằm trong {}, không cộng vào nhau", part.vi, whole.vi),
            format!("{id}: {} is inside {}; they are not to be added", part.en, whole.en),
        );
    }
    label(
        format!("{id}: {} nhiều hơn {}, dù kỳ trước nằm trong kỳ sau", part.vi, whole.vi),
        format!("{id}: {} is more than {}, though its window is inside", part.en, whole.en),
    )
}

pub(super) fn part_over_unit(part: &Statement, whole: &Statement) -> Label {
    let (less, more) = (said(part), said(whole));
    label(
        format!(
            "{}: {} khai {}, nhiều hơn {} của {} mà đơn vị này thuộc về",
            id(part),
            part.unit,
            less.vi,
            more.vi,
            whole.unit
        ),
        format!(
            "{}: {} declares {}, more than the {} of {}, which it is part of",
            id(part),
            part.unit,
            less.en,
            more.en,
            whole.unit
        ),
    )
}

pub(super) fn window(own: Window, period: Window, statements: &[&Statement]) -> Label {
    let (own, period, names) = (days(own), days(period), names(statements));
    label(
        format!("kỳ số liệu {} không phải kỳ báo cáo {}: {names}", own.vi, period.vi),
        format!("the window {} is not the period {}: {names}", own.en, period.en),
    )
}

pub(super) fn window_open(statements: &[&Statement]) -> Label {
    let names = names(statements);
    label(
        format!("kỳ số liệu thiếu ngày đầu hoặc ngày cuối: {names}"),
        format!("the window has no first or no last day: {names}"),
    )
}

pub(super) fn window_missing(statements: &[&Statement]) -> Label {
    let names = names(statements);
    label(
        format!("số phát sinh không ghi kỳ số liệu: {names}"),
        format!("what happened is declared without its days: {names}"),
    )
}

pub(super) fn outlier(id: &str, now: i64, far: Outlier, periods: usize) -> Label {
    let count = |value| shown(Value::Count(value));
    let (now, median, deviation) = (count(now), count(far.median), count(far.deviation));
    label(
        format!(
            "{id}: {} khác xa trung vị {} của {periods} kỳ trước (độ lệch {})",
            now.vi, median.vi, deviation.vi
        ),
        format!(
            "{id}: {} is far from the median {} of {periods} past periods (deviation {})",
            now.en, median.en, deviation.en
        ),
    )
}

const fn broken(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "≠",
        Relation::AtMost => ">",
        Relation::AtLeast => "<",
    }
}

/// `a = 9, b = 23`.
fn way(way: &Way, name: impl Fn(Quantity) -> String) -> Label {
    list(way.iter().map(|(quantity, value)| (*quantity, *value)), name)
}

fn list(
    numbers: impl Iterator<Item = (Quantity, Range)>,
    name: impl Fn(Quantity) -> String,
) -> Label {
    let parts: Vec<(String, Label)> = numbers
        .map(|(quantity, value)| {
            let id = match quantity {
                Quantity::Whole(_) => format!("whole({})", name(quantity)),
                Quantity::Of(_) | Quantity::Number(_) => name(quantity),
            };
            (id, range(value))
        })
        .collect();
    let join = |pick: fn(&Label) -> &str| {
        let parts = parts.iter().map(|(id, value)| format!("{id} = {}", pick(value)));
        parts.collect::<Vec<_>>().join(", ")
    };
    label(join(|label| &label.vi), join(|label| &label.en))
}

/// A rule that holds in no way.
pub(super) fn rule(check: &Check, ways: &[&Way], name: impl Fn(Quantity) -> String) -> Label {
    let Some(first) = ways.first() else { return check.label.clone() };
    let (left, right) = sides(check, first);
    let (left, right, numbers) = (range(left), range(right), way(first, name));
    let sign = broken(check.relation);
    label(
        format!("{}: {} {sign} {} ({})", check.label.vi, left.vi, right.vi, numbers.vi),
        format!("{}: {} {sign} {} ({})", check.label.en, left.en, right.en, numbers.en),
    )
}

/// A rule that holds for some of the figures that contradict one another.
pub(super) fn rule_ambiguous(
    check: &Check,
    good: &Way,
    wrong: &[(Quantity, Range)],
    name: impl Fn(Quantity) -> String,
) -> Label {
    let right = way(good, &name);
    let wrong = list(wrong.iter().copied(), &name);
    label(
        format!("{}: đúng với {}; sai với {}", check.label.vi, right.vi, wrong.vi),
        format!("{}: holds with {}; not with {}", check.label.en, right.en, wrong.en),
    )
}
