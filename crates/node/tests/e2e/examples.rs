//! The examples of the contract through the whole system: published as they stand in
//! `proto/golden`, folded, stored by facet, read, and read again after a correction.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::Up;
use crate::world::Data;

/// Families about an agency's own running.
const FAMILIES: [&str; 9] = [
    "feedback",
    "portal",
    "task",
    "inspection",
    "norm",
    "certificate",
    "account",
    "deployment",
    "staff",
];
const WINDOW: &str = "from=2021-06-15&to=2021-09-14";

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_contract_are_folded_and_read() {
    let data = Data::new("examples");
    let up = Up::start(&data).await;
    let mut lines = vec![unit("H41", "PROVINCE", ""), unit("H41.16", "DEPARTMENT", "H41")];
    lines.push(unit("H41.17", "DEPARTMENT", "H41"));
    let (examples, retractions): (Vec<_>, Vec<_>) = FAMILIES
        .iter()
        .flat_map(|family| examples(family))
        .partition(|(name, _)| !name.contains(".retracted."));
    lines.extend(examples.into_iter().map(|(_, line)| line));
    let count = publish(&up, &data, &lines, 0).await;
    for (indicator, expected) in [
        ("feedback.received", json!(1)),
        ("feedback.open", json!(0)),
        ("portal.posted", json!(0)),
        ("tasks.done_share", json!({"part": 1, "whole": 1})),
        ("inspections.findings", json!(4)),
        ("norms.in_force_decisions", json!(1)),
        ("certificates.departments", json!({"part": 1, "whole": 2})),
        ("accounts.ioffice", json!(1)),
        ("deployment.ioffice_departments", json!({"part": 1, "whole": 2})),
        ("staff.filled", json!(29)),
        ("staff.rotated", json!(1)),
    ] {
        assert_eq!(figure(&up, indicator, WINDOW).await, expected, "{indicator}");
    }
    // What the examples end in 2025 is open again once the end is retracted; cells by facet that
    // are in memory are kept up to date.
    let later = "from=2025-03-01&to=2025-03-31";
    let share = "deployment.ioffice_departments";
    assert_eq!(figure(&up, share, later).await, json!({"part": 0, "whole": 2}));
    assert_eq!(figure(&up, "accounts.ioffice", later).await, json!(0));
    let retractions: Vec<String> = retractions.into_iter().map(|(_, line)| line).collect();
    publish(&up, &data, &retractions, count).await;
    assert_eq!(figure(&up, share, later).await, json!({"part": 1, "whole": 2}));
    assert_eq!(figure(&up, "accounts.ioffice", later).await, json!(1));
    // What was taken back was never said: there is no data of it, and no 0.
    assert_eq!(figure(&up, "inspections.held", WINDOW).await, Value::Null);
    up.running.stop("TERM").await.expect(0);
}

fn unit(code: &str, level: &str, parent: &str) -> String {
    json!({
        "specversion": "1.0", "id": code, "source": "/H41/office", "subject": code, "unit": "H41",
        "type": "vn.tonghop.unit.registered.v1", "time": "2010-01-01T00:00:00+07:00",
        "data": {"name": code, "level": level, "parent": parent},
    })
    .to_string()
}

/// File names and lines of a family's examples, in order of name.
fn examples(family: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/golden");
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name.split('.').next() == Some(family))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap().trim_end().to_owned()))
        .collect();
    assert!(found.len() >= 2, "{family} has a kind and a retraction");
    found.sort();
    found
}

/// Publishes the lines, all new, after so many messages of the log; returns how many there are.
async fn publish(up: &Up, data: &Data, lines: &[String], before: u64) -> u64 {
    let file = data.file("lines.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let told = up.publish(data, &file).await;
    assert_eq!(told["new"], json!(lines.len()), "{told}");
    let count = before + u64::try_from(lines.len()).unwrap();
    up.reaches(count).await;
    count
}

/// The value, or the parts of a ratio.
async fn figure(up: &Up, indicator: &str, window: &str) -> Value {
    let target = format!("/v1/figures?indicator={indicator}&unit=H41&{window}");
    let answer = up.get(&target).await.json();
    let value = answer.get("value").or_else(|| answer.get("ratio"));
    value.unwrap_or_else(|| panic!("{target}: {answer}")).clone()
}
