//! `tonghop report --form completeness`: which events of which source never came, and for a period
//! which units were not in time.

use comfy_table::{Table, presets};
use serde_json::Value;

use super::printable;

/// Missing ranges that a line of the table names.
const RANGES_SHOWN: usize = 6;

/// The sources of which something is missing, or that are silent, refused or reuse numbers; then
/// the sentence about all.
pub(super) fn table(answer: &Value) -> String {
    let vietnamese = answer.get("lang").and_then(Value::as_str) == Some("vi");
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(if vietnamese {
        ["Nguồn", "Nghe lần cuối", "Số cuối", "Thiếu", "Những số", "Từ ngày", "Từ chối", "Ghi chú"]
    } else {
        ["Source", "Last heard", "Last number", "Missing", "Which", "Since", "Refused", "Note"]
    });
    let sources = answer.get("sources").and_then(Value::as_array);
    let mut is_empty = true;
    for source in sources.into_iter().flatten() {
        let number = |name| source.get(name).and_then(Value::as_u64).unwrap_or(0);
        let text = |name| printable(source.get(name).and_then(Value::as_str).unwrap_or(""));
        let is = |name| source.get(name).and_then(Value::as_bool) == Some(true);
        let mut notes = Vec::new();
        if is("silent") {
            notes.push(if vietnamese {
                "im lặng lâu hơn thường lệ"
            } else {
                "silent for longer than usual"
            });
        }
        if number("reusedNumbers") > 0 {
            notes.push(if vietnamese { "dùng lại số" } else { "reuses numbers" });
        }
        if number("missingCount") == 0 && notes.is_empty() && number("refusedNumbers") == 0 {
            continue;
        }
        is_empty = false;
        table.add_row([
            text("source"),
            text("lastHeard"),
            number("lastSequence").to_string(),
            number("missingCount").to_string(),
            ranges(source),
            text("sinceRecorded"),
            number("refusedNumbers").to_string(),
            notes.join(", "),
        ]);
    }
    let sentence = printable(answer.get("text").and_then(Value::as_str).unwrap_or(""));
    let times = timeliness(answer, vietnamese);
    if is_empty { format!("{sentence}\n{times}") } else { format!("{table}\n{sentence}\n{times}") }
}

/// The units that were not in time, and the sentence about all; nothing where no days were asked for.
fn timeliness(answer: &Value, vietnamese: bool) -> String {
    let Some(sentence) = answer.get("timeliness").and_then(Value::as_str) else {
        return String::new();
    };
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(if vietnamese {
        ["Đơn vị", "Thay đổi lần cuối"]
    } else {
        ["Unit", "Changed last"]
    });
    let units = answer.get("units").and_then(Value::as_array).into_iter().flatten();
    let text =
        |unit: &Value, name| printable(unit.get(name).and_then(Value::as_str).unwrap_or_default());
    let is_late = |unit: &&Value| unit.get("inTime").and_then(Value::as_bool) == Some(false);
    let rows: Vec<_> =
        units.filter(is_late).map(|unit| [text(unit, "unit"), text(unit, "lastChanged")]).collect();
    let sentence = printable(sentence);
    if rows.is_empty() {
        return format!("{sentence}\n");
    }
    table.add_rows(rows);
    format!("{table}\n{sentence}\n")
}

/// `3–5, 9, …`
fn ranges(source: &Value) -> String {
    let ranges = source.get("missing").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut shown: Vec<String> = Vec::new();
    for range in ranges.iter().take(RANGES_SHOWN) {
        let end = |place: usize| range.get(place).and_then(Value::as_u64).unwrap_or(0);
        let (from, to) = (end(0), end(1));
        shown.push(if from == to { from.to_string() } else { format!("{from}–{to}") });
    }
    if ranges.len() > RANGES_SHOWN || source.get("missingUnnamed").is_some_and(Value::is_object) {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
