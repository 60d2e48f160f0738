//! The report of the third quarter of 2021, row by row as `tests/golden/nghean-2021-q3.csv` has it:
//! each figure, declaration and text is asked for over HTTP.
//!
//! `TONGHOP_GOLDEN_SCALE=1` publishes the true volume; without it a small part is, and the few
//! totals that are smaller there are those that `tonghop sample --expected` tells.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::program::{Up, run, sample, sample_lines};
use crate::world::Data;

const TABLE: &str = include_str!("../../../../tests/golden/nghean-2021-q3.csv");
/// Lines published at once, so that no command takes longer than a test waits.
const LINES_AT_ONCE: usize = 100_000;

/// A row of the report.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    id: String,
    /// The section, for a text.
    indicator: String,
    unit: String,
    from: String,
    to: String,
    expected: String,
    nature: Nature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Nature {
    Computed,
    Declared,
    /// A declaration in force beside which something else stands.
    Statement,
    Narrative,
    /// The number and the day of the report itself.
    Head,
}

fn table() -> Vec<Row> {
    csv::Reader::from_reader(TABLE.as_bytes()).into_deserialize().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_report_is_answered() {
    let rows = table();
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let all: Vec<String> = (1..=93).map(|number| format!("S{number:03}")).collect();
    assert_eq!(ids, all);

    let scale = std::env::var("TONGHOP_GOLDEN_SCALE").unwrap_or_else(|_| "0.005".to_owned());
    let data = Data::new("golden");
    let up = Up::start(&data).await;
    publish_in_pieces(&data, &up, &sample(&data, &scale).await).await;
    let server = Server::ask(&data, up, &scale).await;

    // What is declared and what is computed together break no rule that the report itself keeps.
    let rules: BTreeSet<(&str, &str)> = list(&server.reconciliation["findings"])
        .filter_map(|finding| Some((finding["unit"].as_str()?, finding["rule"].as_str()?)))
        .collect();
    let by_report = [
        ("H41", "certificates.departments_on_ioffice"),
        ("H41", "meetings.sites_explained"),
        ("H41.16", "procedures.by_level"),
    ];
    assert_eq!(rules, BTreeSet::from(by_report));
    // Electronic documents are computed; of those issued from June to August, all are declared.
    let tried = |id: &str| {
        let mut rules = list(&server.reconciliation["rules"]);
        rules.find(|tried| tried["rule"] == id).unwrap().clone()
    };
    assert_eq!(tried("documents.electronic_of_issued")["held"], 2);

    let walked = server.walk(&rows).await;
    assert!(walked.wrong.is_empty(), "rows are wrong:\n{}", walked.wrong.join("\n"));
    assert_eq!(walked.skipped, ["S001", "S002"]);

    // A walk that says nothing of a wrong row would say nothing at all.
    let spoilt: Vec<Row> = rows
        .iter()
        .map(|row| Row { expected: format!("1{}", row.expected), ..row.clone() })
        .collect();
    let walked = server.walk(&spoilt).await;
    assert_eq!(walked.wrong.len(), 91, "{:#?}", walked.wrong);
    server.up.running.stop("TERM").await.expect(0);
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

async fn publish_in_pieces(data: &Data, up: &Up, file: &Path) {
    let mut lines = BufReader::new(File::open(file).unwrap()).lines().map(Result::unwrap);
    let mut stored = 0;
    for number in 0.. {
        let piece: Vec<String> = lines.by_ref().take(LINES_AT_ONCE).collect();
        if piece.is_empty() {
            break;
        }
        let file = data.file(&format!("piece-{number}.ndjson"));
        fs::write(&file, piece.join("\n")).unwrap();
        stored += up.publish(data, &file).await["new"].as_u64().unwrap();
        up.reaches(stored).await;
        fs::remove_file(file).unwrap();
    }
    assert!(stored > 0);
}

/// What a walk along the table saw.
#[derive(Debug, Default)]
struct Walked {
    wrong: Vec<String>,
    skipped: Vec<String>,
}

/// The server, and what the sample holds at its scale and at the report's.
#[derive(Debug)]
struct Server {
    up: Up,
    scaled: Value,
    whole: Value,
    reconciliation: Value,
}

impl Server {
    async fn ask(data: &Data, up: Up, scale: &str) -> Self {
        let expected = async |scale| {
            run(data, &["sample", "--scale", scale, "--expected"]).await.expect(0).json()
        };
        let (scaled, whole) = (expected(scale).await, expected("1").await);
        let reconciliation = up.get("/v1/reconciliation?unit=H41&period=2021-Q3").await.json();
        Self { up, scaled, whole, reconciliation }
    }

    async fn walk(&self, rows: &[Row]) -> Walked {
        let mut walked = Walked::default();
        for row in rows {
            let found = match row.nature {
                Nature::Computed | Nature::Declared => self.figure(row).await,
                Nature::Statement => self.statement(row),
                Nature::Narrative => self.narrative(row).await,
                Nature::Head => {
                    walked.skipped.push(row.id.clone());
                    continue;
                }
            };
            if let Err(why) = found {
                walked.wrong.push(format!("{} {} of {}: {why}", row.id, row.indicator, row.unit));
            }
        }
        walked
    }

    async fn figure(&self, row: &Row) -> Result<(), String> {
        let (id, unit, from, to) = (&row.indicator, &row.unit, &row.from, &row.to);
        let target = format!("/v1/figures?indicator={id}&unit={unit}&from={from}&to={to}");
        let reply = self.up.get(&target).await;
        if reply.status != 200 {
            return Err(reply.body);
        }
        let answer = reply.json();
        let status = if row.nature == Nature::Computed { "computed" } else { "declared" };
        let (wanted, said) = (self.wanted(row), said(&answer));
        if wanted == said && answer["status"] == status {
            return Ok(());
        }
        Err(format!("{wanted} ({status}) is wanted, {said} ({}) is answered", answer["status"]))
    }

    /// What the row states, made smaller if that is what the sample does with this very figure.
    fn wanted(&self, row: &Row) -> String {
        let find = |expected: &Value| {
            let rows = expected.as_array().unwrap().iter();
            // What is read on a day is told with the window that the day ends.
            let mut same = rows.filter(|held| {
                held["indicator"] == row.indicator
                    && held["unit"] == row.unit
                    && held["to"] == row.to
                    && (held["from"] == row.from || row.from == row.to)
            });
            same.next().map(|held| amount(&held["value"]))
        };
        match (find(&self.whole), find(&self.scaled)) {
            (Some(whole), Some(scaled)) if whole == row.expected => scaled,
            (Some(_) | None, _) => row.expected.clone(),
        }
    }

    /// A computed figure stands beside the declaration, or another that contradicts it.
    fn statement(&self, row: &Row) -> Result<(), String> {
        let is_it = |declared: &Value| {
            declared["indicator"] == row.indicator
                && declared["unit"] == row.unit
                && said(declared) == row.expected
        };
        let list = |name: &str| self.reconciliation[name].as_array().unwrap().iter();
        let computed = list("comparisons")
            .any(|held| is_it(&held["declared"]) && held["computed"].is_object());
        let contradicted = list("findings").any(|finding| {
            let declared = finding["declared"].as_array().unwrap();
            finding["kind"] == "contradiction"
                && declared.iter().any(is_it)
                && declared.iter().any(|held| !is_it(held))
        });
        if computed || contradicted {
            return Ok(());
        }
        Err(format!("nothing stands beside a declaration of {}", row.expected))
    }

    async fn narrative(&self, row: &Row) -> Result<(), String> {
        let (unit, section) = (&row.unit, &row.indicator);
        let target = format!("/v1/narratives?unit={unit}&period=2021-Q3&section={section}");
        let answer = self.up.get(&target).await.json();
        let texts: Vec<&str> = answer["narratives"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|held| held["unit"] == row.unit && held["section"] == row.indicator)
            .map(|held| held["text"].as_str().unwrap())
            .collect();
        if texts.iter().any(|text| text.contains(&row.expected)) {
            return Ok(());
        }
        Err(format!("{:?} is not in {texts:?}", row.expected))
    }
}

/// A figure as the table writes it.
fn said(figure: &Value) -> String {
    let whole = figure.get("of").map_or_else(String::new, |of| format!("/{of}"));
    match (figure.get("ratio"), figure.get("bound")) {
        (Some(ratio), _) => amount(ratio),
        (None, Some(bound)) => match bound.get("atLeast") {
            Some(least) => format!("at least {least}{whole}"),
            None => format!("{bound}{whole}"),
        },
        (None, None) => amount(&figure["value"]),
    }
}

fn amount(value: &Value) -> String {
    match (value.get("part"), value.get("whole")) {
        (Some(part), Some(whole)) => format!("{part}/{whole}"),
        (_, _) => value.to_string(),
    }
}

/// A rule that the sample breaks, so that silence means that the others were looked at.
const BROKEN: &str = r#"
[[rule]]
id = "test.broken"
vi = "Văn bản đến không nhiều hơn văn bản đi"
en = "Not more documents are received than issued"
left = "documents.received"
op = "<="
right = "documents.issued"
when_missing = "skip"
severity = "error"
"#;

/// The computed figures by themselves contradict nothing, in no unit from or to which dossiers went
/// either.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_computed_breaks_no_rule() {
    let data = Data::new("golden-computed");
    let catalogue = data.file("catalogue");
    fs::create_dir_all(&catalogue).unwrap();
    fs::write(catalogue.join("broken.toml"), BROKEN).unwrap();
    let up = Up::start(&data).await;
    let mut lines = sample_lines(&data, "0.01").await;
    let all = lines.len();
    lines.retain(|line| !line.contains("/bao-cao\""));
    assert!(all - lines.len() > 80, "the report's own declarations and texts are left out");
    let file = data.file("computed.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let published = up.publish(&data, &file).await;
    up.reaches(published["new"].as_u64().unwrap()).await;

    for window in
        ["period=2021-Q3", "from=2021-01-01&to=2021-09-06", "from=2021-07-31&to=2021-08-01"]
    {
        let form = up.get(&format!("/v1/forms/bieu-06a?unit=H41&{window}")).await.json();
        let moved = form["rows"].as_array().unwrap().iter().filter(|row| {
            let cells = &row["cells"];
            row["key"] != "TOTAL"
                && cells["transferredIn"]["value"] != cells["transferredOut"]["value"]
        });
        let mut units: Vec<&str> = moved.map(|row| row["key"].as_str().unwrap()).collect();
        assert!(!units.is_empty() || window.starts_with("from=2021-07-31"), "{window}");
        units.push("H41");
        for unit in units {
            let target = format!("/v1/reconciliation?unit={unit}&{window}&lang=en");
            let found = up.get(&target).await.json();
            assert_eq!(
                (&found["statements"], &found["comparisons"]),
                (&0.into(), &Value::Array(vec![]))
            );
            let held = list(&found["rules"]).filter(|tried| tried["held"] == 1);
            let held: Vec<&str> = held.map(|tried| tried["rule"].as_str().unwrap()).collect();
            // A unit that has settled nothing early in all its days has nothing to hold column 7 by.
            let all = ["bieu-06.3", "bieu-06.account", "bieu-06.7", "bieu-06.11"];
            for tried in all.iter().take(if unit == "H41" { 4 } else { 2 }) {
                assert!(held.contains(tried), "{unit}, {window}: {tried} is not in {held:?}");
            }
            let bad: Vec<&Value> = found["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|finding| finding["severity"] == "error" || !finding["rule"].is_null())
                .collect();
            let rules: Vec<&Value> = bad.iter().map(|finding| &finding["rule"]).collect();
            let wanted: &[&str] = if unit == "H41" { &["test.broken"] } else { &[] };
            assert!(rules.iter().all(|rule| *rule == "test.broken"), "{unit}, {window}: {bad:#?}");
            assert!(rules.len() >= wanted.len(), "{unit}, {window}: {bad:#?}");
        }
    }
    up.running.stop("TERM").await.expect(0);
}
