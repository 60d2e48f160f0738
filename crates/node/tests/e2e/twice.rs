//! DUP-1 and the independence of order, through the whole system.

use std::fs;

use serde_json::Value;

use crate::program::{Up, sample_lines};
use crate::world::{Data, Seeded};

const WINDOWS: [&str; 2] = ["from=2021-06-15&to=2021-09-14", "from=2021-01-01&to=2021-06-28"];
const UNITS: [&str; 2] = ["H41", "H41.16"];

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_and_shuffled_changes_only_the_position() {
    let data = Data::new("twice");
    let up = Up::start(&data).await;
    let mut lines = sample_lines(&data, "0.01").await;
    let count = u64::try_from(lines.len()).unwrap();
    let (once, again) = (data.file("once.ndjson"), data.file("again.ndjson"));
    fs::write(&once, lines.join("\n")).unwrap();
    Seeded(7).shuffle(&mut lines);
    fs::write(&again, lines.join("\n")).unwrap();

    let told = up.publish(&data, &once).await;
    assert_eq!(counts(&told), [count, count, 0, 0], "stored, new, duplicate, refused");
    up.reaches(count).await;
    let before = all_forms(&up).await;

    let told = up.publish(&data, &again).await;
    assert_eq!(counts(&told), [count, 0, count, 0], "stored, new, duplicate, refused");
    up.reaches(2 * count).await;
    let after = all_forms(&up).await;

    assert!(before.len() >= 6 * WINDOWS.len() * UNITS.len());
    for ((target, old), (_, new)) in before.iter().zip(&after) {
        let moved = format!("\"position\":{count},");
        assert_eq!(old.matches(&moved).count(), 1, "{target}");
        let expected = old.replace(&moved, &format!("\"position\":{},", 2 * count));
        assert!(expected == *new, "{target} has changed:\n{old}\n{new}");
    }
    up.running.stop("INT").await.expect(0);
}

fn counts(told: &Value) -> [u64; 4] {
    ["stored", "new", "duplicate", "refused"].map(|name| told[name].as_u64().unwrap())
}

/// The JSON of every form, for each window and unit.
async fn all_forms(up: &Up) -> Vec<(String, String)> {
    let listed = up.get("/v1/forms").await.json();
    let mut forms = Vec::new();
    for form in listed["forms"].as_array().unwrap() {
        for window in WINDOWS {
            for unit in UNITS {
                let id = form["id"].as_str().unwrap();
                let target = format!("/v1/forms/{id}?unit={unit}&{window}");
                let reply = up.get(&target).await;
                assert_eq!(reply.status, 200, "{target}: {}", reply.body);
                forms.push((target, reply.body));
            }
        }
    }
    forms
}
