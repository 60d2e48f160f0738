//! The figures of tasks, staff, the roll-out and the like, counted from the lines.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{Read, long};
use crate::sample::Value;

/// The indicator, if it is one of these. `until` are the unit's lines up to the last day.
pub(super) fn figure(
    lines: &[&Read],
    until: &[&Read],
    indicator: &str,
    unit: &str,
    from: &str,
) -> Option<Value> {
    let of_kind = |kind: &str| until.iter().copied().filter(|l| l.kind == kind).collect::<Vec<_>>();
    let count = |lines: Vec<&Read>| Some(Value::Count(long(lines.len())));
    let within = |kind: &str| -> Vec<&Read> {
        of_kind(kind).into_iter().filter(|line| line.day() >= from).collect()
    };
    let norms = |kind: &str| {
        count(of_kind("norm.effective").into_iter().filter(|l| l.text("kind") == kind).collect())
    };
    if let Some((family, levels)) = indicator.split_once('.')
        && let Some(level) = level_of(levels.strip_prefix("ioffice_").unwrap_or(levels))
    {
        let kind = match family {
            "deployment" => "deployment.done",
            "certificates" => "certificate.issued",
            _ => return None,
        };
        return Some(reach(lines, &of_kind(kind), level));
    }
    match indicator {
        "tasks.done_share" => {
            let [done, planned] =
                ["task.done", "task.planned"].map(|kind| long(of_kind(kind).len()));
            Some(Value::Share { part: done, whole: planned })
        }
        "inspections.days" => {
            let days = within("inspection.held").iter().map(|line| line.number("days")).sum();
            Some(Value::Count(days))
        }
        "norms.in_force_decisions" => norms("QD"),
        "norms.in_force_directives" => norms("CT"),
        "staff.department_share" => Some(posts(&of_kind("staff.posts"), |of| of == unit)),
        "staff.affiliates_share" => Some(posts(&of_kind("staff.posts"), |of| of != unit)),
        "staff.rotated" => count(within("staff.moved")),
        "portal.posted" => count(within("portal.posted")),
        "accounts.ioffice" => count(of_kind("account.opened")),
        _ => None,
    }
}

fn level_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "departments" => "DEPARTMENT",
        "districts" => "DISTRICT",
        "communes" => "COMMUNE",
        "schools" => "SCHOOL",
        "affiliates" => "AFFILIATE",
        _ => return None,
    })
}

/// The units of a level that have such a line, of all of that level.
fn reach(lines: &[&Read], having: &[&Read], level: &str) -> Value {
    let of_level: BTreeSet<&str> = lines
        .iter()
        .filter(|line| line.kind == "unit.registered" && line.text("level") == level)
        .map(|line| line.subject.as_str())
        .collect();
    let have: BTreeSet<&str> =
        having.iter().map(|l| l.unit.as_str()).filter(|unit| of_level.contains(unit)).collect();
    Value::Share { part: long(have.len()), whole: long(of_level.len()) }
}

/// The last reading of each of these units, filled and quota summed.
fn posts(readings: &[&Read], wanted: impl Fn(&str) -> bool) -> Value {
    let last: BTreeMap<&str, &Read> = readings
        .iter()
        .filter(|line| wanted(&line.unit))
        .map(|line| (line.unit.as_str(), *line))
        .collect();
    let sum = |field: &str| last.values().map(|line| line.number(field)).sum();
    Value::Share { part: sum("filled"), whole: sum("quota") }
}
