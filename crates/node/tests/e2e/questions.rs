//! The main job: publish a quarter, and ask for its figures over HTTP.

use std::collections::BTreeSet;

use chrono::{Duration, FixedOffset, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::program::{Up, run, sample};
use crate::world::{Data, until};

/// The slots of a row of Biểu 06a, as the contract names them.
const SLOTS: [&str; 17] = [
    "c3",
    "c4",
    "c5",
    "c6",
    "c7",
    "c8",
    "c9",
    "c10",
    "c11",
    "c12",
    "c13",
    "noDueDate",
    "withdrawn",
    "stopped",
    "waiting",
    "transferredIn",
    "transferredOut",
];
const QUARTER: &str = "/v1/forms/bieu-06a?unit=H41&from=2021-06-15&to=2021-09-14";

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_is_published_folded_and_read() {
    let data = Data::new("quarter");
    let up = Up::start(&data).await;
    let before = local_day();
    let told = up.publish(&data, &sample(&data, "0.01").await).await;
    let stored = told["stored"].as_u64().unwrap();
    assert!(stored > 20_000 && told["new"] == stored, "{told}");
    until("readiness", async || (up.get("/readyz").await.status == 200).then_some(())).await;
    up.reaches(stored).await;

    every_expected_figure_is_answered(&data, &up).await;
    the_form_is_as_the_contract_says(&up, stored).await;
    odd_windows_are_answered(&up, stored).await;
    what_was_known_is_answered(&up, stored, before).await;
    csv_is_the_same_form(&data, &up).await;
    nothing_is_answered_for_nonsense(&up).await;
    up.running.stop("TERM").await.expect(0);
}

async fn every_expected_figure_is_answered(data: &Data, up: &Up) {
    let expected = run(data, &["sample", "--scale", "0.01", "--expected"]).await.expect(0).json();
    let rows = expected.as_array().unwrap();
    assert!(rows.len() >= 15, "the seed has more figures than {}", rows.len());
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let target = format!(
            "/v1/figures?indicator={}&unit={}&from={}&to={}",
            text("indicator"),
            text("unit"),
            text("from"),
            text("to")
        );
        let answer = up.get(&target).await.json();
        let name = if row["value"].is_object() { "ratio" } else { "value" };
        assert_eq!(answer[name], row["value"], "{target}");
        assert_eq!(answer["indicator"], row["indicator"]);
        assert_eq!(answer["window"], json!({"from": row["from"], "to": row["to"]}));
    }
}

async fn the_form_is_as_the_contract_says(up: &Up, position: u64) {
    let reply = up.get(QUARTER).await;
    assert_eq!(reply.kind, "application/json");
    let form = reply.json();
    for name in ["calendar", "period", "rows"] {
        assert!(names(&form).contains(name), "{name}");
    }
    assert_eq!(form["form"], "bieu-06a");
    assert_eq!(form["unit"], "H41");
    assert_eq!(form["window"], json!({"from": "2021-06-15", "to": "2021-09-14"}));
    assert_eq!(form["tree"], "as-was");
    assert_eq!(form["knownAt"], Value::Null);
    assert_eq!((&form["position"], &form["lag"]), (&json!(position), &json!(0)));
    identities_hold(&form);
    let rows = form["rows"].as_array().unwrap();
    assert!(rows.len() > 100, "only {} units have anything to show", rows.len());
    assert_eq!(rows.last().unwrap()["key"], "TOTAL");
    assert!(rows.iter().any(|row| row["key"] == "H41.16" && row["level"] == "DEPARTMENT"));

    let by_period = up.get("/v1/forms/bieu-06a?unit=H41&period=2021-Q3").await.json();
    assert_eq!(by_period["rows"], form["rows"], "the legal quarter is these days");
    assert_eq!(
        (&by_period["calendar"], &by_period["period"]),
        (&json!("legal"), &json!("2021-Q3"))
    );
}

/// SIL-1: whether there is no data of any column of a row; of all or of none, in Biểu 06.
fn is_silent(row: &Value) -> bool {
    let cells = row["cells"].as_object().unwrap();
    let missing = cells.values().filter(|cell| cell["missing"] == true && cell["value"].is_null());
    let missing = missing.count();
    assert!([0, SLOTS.len()].contains(&missing), "{row}");
    missing > 0
}

/// DOS: the columns of Biểu 06 add up, in every row of which there is data.
fn identities_hold(form: &Value) {
    let today = local_day().to_string();
    let read_on = form["knownAt"].as_str().unwrap_or(&today);
    let is_over = form["window"]["to"].as_str().unwrap() < read_on;
    let status = if is_over { "computed" } else { "provisional" };
    for row in form["rows"].as_array().unwrap() {
        assert_eq!(names(&row["cells"]), BTreeSet::from(SLOTS), "{}", row["key"]);
        let n = |slot: &str| {
            let cell = &row["cells"][slot];
            assert_eq!(cell["status"], status);
            assert!(cell["figure"].is_string());
            cell["value"].as_i64().unwrap_or_else(|| panic!("{slot} of {row}"))
        };
        if is_silent(row) {
            continue;
        }
        let what = format!("{} {}", row["key"], form["window"]);
        assert_eq!(n("c3"), n("c4") + n("c5") + n("c6"), "3 = 4 + 5 + 6: {what}");
        assert_eq!(
            n("c3") + n("transferredIn"),
            n("c7") + n("c11") + n("transferredOut"),
            "3 + in = 7 + 11 + out: {what}"
        );
        assert_eq!(n("c7"), n("c8") + n("c9") + n("c10"), "7 = 8 + 9 + 10: {what}");
        assert_eq!(n("c11"), n("c12") + n("c13"), "11 = 12 + 13: {what}");
    }
}

async fn odd_windows_are_answered(up: &Up, position: u64) {
    for (from, to, empty) in [
        ("2021-06-15", "2021-06-15", false),
        ("2021-02-28", "2021-03-01", false),
        ("2021-08-29", "2021-09-02", false),
        ("1990-01-01", "2099-12-31", false),
        ("2016-02-29", "2016-02-29", true),
        ("1990-01-01", "2020-11-30", true),
    ] {
        let form = up.get(&window("bieu-06a", "H41", from, to)).await.json();
        assert_eq!(form["position"], position);
        identities_hold(&form);
        // Before the first event there is no data, and no zeros.
        assert_eq!(is_silent(form["rows"].as_array().unwrap().last().unwrap()), empty, "{from}");
        assert_eq!(sum(&form) == 0, empty, "{from} to {to}");
    }
    // A stock does not end with its window: what stays open stays to be seen.
    let later = up.get(&window("bieu-06a", "H41", "2030-01-01", "2030-01-31")).await.json();
    identities_hold(&later);
    let total = &later["rows"].as_array().unwrap().last().unwrap()["cells"];
    assert_eq!(total["c3"]["value"], total["c6"]["value"], "all of it was carried in");
    assert_eq!(total["c3"]["value"], total["c11"]["value"], "and stays");
    assert!(total["c13"]["value"].as_i64().unwrap() > 0, "overdue by then");
}

async fn what_was_known_is_answered(up: &Up, position: u64, before: NaiveDate) {
    let now = up.get(QUARTER).await.json();
    let yesterday = before - Duration::days(1);
    let then = up.get(&format!("{QUARTER}&knownAt={yesterday}")).await.json();
    assert_eq!(then["knownAt"], yesterday.to_string());
    assert_eq!(sum(&then), 0, "nothing was known yesterday");
    let cells = &then["rows"].as_array().unwrap().last().unwrap()["cells"];
    assert_eq!(names(cells), BTreeSet::from(SLOTS), "cells, not nothing");
    assert!(is_silent(then["rows"].as_array().unwrap().last().unwrap()), "and no zeros: {cells}");

    for known in [local_day().to_string(), position.to_string()] {
        let then = up.get(&format!("{QUARTER}&knownAt={known}")).await.json();
        assert_eq!(values(&then), values(&now), "known at {known}");
    }
    // A position in the middle is answered from a replay: more was known there than before it.
    let mut before = 0;
    for known in [1, position / 2, position * 3 / 4, position - 1] {
        let then = up.get(&format!("{QUARTER}&knownAt={known}")).await.json();
        assert_eq!(then["knownAt"], known);
        identities_hold(&then);
        let received = total(&then, "c4") + total(&then, "c5");
        assert!(before <= received, "known at {known}: {received} after {before}");
        before = received;
    }
    assert!(before > 0);
    let beyond = up.get(&format!("{QUARTER}&knownAt={}", position + 1)).await;
    assert_eq!(beyond.status, 400, "{}", beyond.body);
}

fn total(form: &Value, slot: &str) -> i64 {
    let rows = form["rows"].as_array().unwrap();
    rows.last().unwrap()["cells"][slot]["value"].as_i64().unwrap_or(0)
}

async fn csv_is_the_same_form(data: &Data, up: &Up) {
    let reply = up.get(&format!("{QUARTER}&format=csv")).await;
    assert!(reply.status == 200 && reply.kind.starts_with("text/csv"), "{reply:?}");
    let form = up.get(QUARTER).await.json();
    let rows = form["rows"].as_array().unwrap();
    let mut csv = csv::Reader::from_reader(reply.body.as_bytes());
    let header: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..3], ["key", "label", "level"]);
    let (numbers, rest) = header[3..].split_at(SLOTS.len());
    assert_eq!(numbers, SLOTS);
    assert_eq!(rest[..2], ["kind", "computedTo"]);
    assert!(rest[2..].iter().eq(&SLOTS.map(|slot| format!("{slot}.status"))), "{rest:?}");
    let records: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(rows) {
        assert_eq!(record[0], *row["key"].as_str().unwrap());
        assert_eq!(record[1], *row["label"].as_str().unwrap());
        assert_eq!(record[3 + SLOTS.len()], *row["kind"].as_str().unwrap());
        for (slot, cell) in SLOTS.iter().zip(record.iter().skip(3)) {
            assert_eq!(cell, row["cells"][slot]["value"].to_string(), "{slot} of {}", row["key"]);
        }
    }
    let args = ["--from", "2021-06-15", "--to", "2021-09-14", "--format", "csv", "--unit", "H41"];
    let report = run(data, &[&["report", "--form", "bieu-06a"], &args[..]].concat()).await;
    assert_eq!(report.expect(0).out, reply.body, "`report` says the same");
}

async fn nothing_is_answered_for_nonsense(up: &Up) {
    for (target, status) in [
        (window("bieu-06a", "H41", "2021-06-15", "2021-06-14"), 400),
        (window("bieu-06a", "H41", "2021-02-29", "2021-03-01"), 400),
        (window("bieu-06a", "H41", "2021-6-15", "2021-09-14"), 400),
        (window("bieu-06a", "H99", "2021-06-15", "2021-09-14"), 404),
        (window("bieu-06z", "H41", "2021-06-15", "2021-09-14"), 404),
        (format!("{QUARTER}&knownAt=someday"), 400),
        (format!("{QUARTER}&knonwAt=2021-09-14"), 400),
        ("/v1/forms/bieu-06a?period=2021-Q5".to_owned(), 400),
        ("/v1/figures?indicator=documents.isued&period=2021-Q3".to_owned(), 400),
        ("/v1/nothing".to_owned(), 404),
    ] {
        let reply = up.get(&target).await;
        assert_eq!(reply.status, status, "{target}: {}", reply.body);
        assert_eq!(reply.kind, "application/problem+json", "{target}");
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    }
}

fn window(form: &str, unit: &str, from: &str, to: &str) -> String {
    format!("/v1/forms/{form}?unit={unit}&from={from}&to={to}")
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Row, slot and value of each cell: all of a form but what names the question.
fn values(form: &Value) -> Vec<(&str, &str, i64)> {
    let mut values = Vec::new();
    for row in form["rows"].as_array().unwrap() {
        for (slot, cell) in row["cells"].as_object().unwrap() {
            let value = cell["value"].as_i64().unwrap_or(0);
            values.push((row["key"].as_str().unwrap(), slot.as_str(), value));
        }
    }
    values
}

fn sum(form: &Value) -> i64 {
    values(form).iter().map(|(_, _, value)| value).sum()
}

/// The day it is now where the log's days are counted.
fn local_day() -> NaiveDate {
    Utc::now().with_timezone(&FixedOffset::east_opt(7 * 3_600).unwrap()).date_naive()
}
