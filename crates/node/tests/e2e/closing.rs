//! Closing a period, with the program as a user runs it: what was published stays found.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Up, run, sample};
use crate::world::Data;

const FORM: &str = "/v1/forms/documents?period=2021-Q3";

/// A key to sign with, below the data directory.
async fn key(data: &Data) -> String {
    let path = data.file("log.key").display().to_string();
    run(data, &["audit", "key", "--origin", "nghean.gov.vn/tonghop", "-o", &path]).await.expect(0);
    path
}

async fn close(data: &Data, up: &Up, key: &str, more: &[&str]) -> crate::program::Ended {
    let args = ["close", "--period", "2021-Q3", "--json", "--key", key, "--nats", &up.nats];
    run(data, &[&args[..], more].concat()).await
}

fn document(id: &str, replaces: Option<&str>) -> String {
    let kind = if replaces.is_some() { "retracted" } else { "issued" };
    let mut event = json!({
        "specversion": "1.0",
        "id": id,
        "source": "/H41.16/test",
        "type": format!("vn.tonghop.document.{kind}.v1"),
        "subject": "999/QĐ-STTTT",
        "time": "2021-08-02T09:00:00+07:00",
        "unit": "H41.16",
        "data": {},
    });
    match replaces {
        Some(id) => event["replaces"] = json!(id),
        None => {
            event["data"] = json!({
                "kind": "QD", "electronic": true, "personalSignature": true,
                "organisationSignature": true, "normative": false,
            });
        }
    }
    event.to_string() + "\n"
}

fn issued(form: &Value) -> i64 {
    let rows = form["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["key"] == "documents.issued").unwrap();
    row["cells"]["value"]["value"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_stays_and_what_comes_later_is_a_difference() {
    let data = Data::new("closing");
    let up = Up::start(&data).await;
    let published = up.publish(&data, &sample(&data, "0.001").await).await;
    let last = published["new"].as_u64().unwrap();
    up.reaches(last).await;
    let key = key(&data).await;
    let closed = close(&data, &up, &key, &[]).await.expect(0).json();
    assert_eq!(closed["closing"], "legal-2021-Q3-1");
    assert_eq!(closed["position"], last);

    // The form is what was published, and says so; what was published is the same to the byte.
    let form = up.get(FORM).await.json();
    assert_eq!(form["closing"]["id"], "legal-2021-Q3-1");
    assert_eq!(form["closing"]["differs"], json!([]));
    assert_eq!(form["rows"][0]["cells"]["value"]["status"], "closed");
    let before = issued(&form);
    let dir = data.path().join("closings/legal-2021-Q3-1");
    let kept = fs::read_to_string(dir.join("form-documents.json")).unwrap();
    let as_published = "/v1/forms/documents?closing=legal-2021-Q3-1";
    assert_eq!(up.get(as_published).await.body, kept);
    let csv = up.get(&format!("{as_published}&format=csv")).await;
    assert_eq!(csv.body, fs::read_to_string(dir.join("form-documents.csv")).unwrap());

    // An event that comes late is a difference, and its retraction ends it.
    let late = data.file("late.ndjson");
    fs::write(&late, document("late-1", None)).unwrap();
    up.publish(&data, &late).await;
    up.reaches(last + 1).await;
    let form = up.get(FORM).await.json();
    assert_eq!(issued(&form), before + 1);
    let differs = form["closing"]["differs"].as_array().unwrap();
    let changed = differs.iter().find(|changed| changed["row"] == "documents.issued").unwrap();
    assert_eq!(changed["published"]["value"], before);
    assert_eq!(changed["now"]["value"], before + 1);
    let table = run(&data, &["report", "--form", "documents", "--period", "2021-Q3"]).await;
    assert!(
        table.out.contains(&format!("documents.issued: {before} → {}", before + 1)),
        "{table:?}"
    );
    assert_eq!(up.get(as_published).await.body, kept);

    // It is not closed over; once it is opened again, the next vintage points to the first.
    let refused = close(&data, &up, &key, &[]).await.expect(1);
    assert!(refused.err.contains("open it again with `tonghop reopen`"), "{refused:?}");
    let reopen = ["reopen", "--period", "2021-Q3", "--key", &key, "--nats", &up.nats];
    run(&data, &[&reopen[..], &["--reason", "a document came late"]].concat()).await.expect(0);
    let closed = close(&data, &up, &key, &[]).await.expect(0).json();
    assert_eq!(closed["closing"], "legal-2021-Q3-2");
    let closings = up.get("/v1/closings").await.json();
    assert_eq!(closings["closings"][0]["reopened"]["reason"], "a document came late");
    assert_eq!(closings["closings"][1]["previous"], "legal-2021-Q3-1");
    assert_eq!(up.get(as_published).await.body, kept);
    fs::write(&late, document("late-2", Some("late-1"))).unwrap();
    up.publish(&data, &late).await;
    up.reaches(last + 2).await;
    let form = up.get(FORM).await.json();
    assert_eq!(form["closing"]["id"], "legal-2021-Q3-2");
    assert_eq!(issued(&form), before);
    assert_ne!(form["closing"]["differs"], json!([]));
    let listed = run(&data, &["closings"]).await.expect(0);
    assert!(listed.out.contains("opened again: a document came late"), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_with_gaps_is_closed_only_if_the_closing_says_so() {
    let data = Data::new("closing-gaps");
    let up = Up::start(&data).await;
    let lines = crate::program::sample_lines(&data, "0.001").await;
    let numbered = lines
        .iter()
        .position(|line| line.contains("document.received") && line.contains("\"sequence\":\"1\""));
    let mut kept = lines.clone();
    let gone = kept.remove(numbered.unwrap());
    let file = data.file("gap.ndjson");
    fs::write(&file, kept.join("\n") + "\n").unwrap();
    up.publish(&data, &file).await;
    up.reaches(u64::try_from(kept.len()).unwrap()).await;
    let key = key(&data).await;
    let refused = close(&data, &up, &key, &[]).await.expect(1);
    assert!(refused.err.contains("has numbered 1 events that never came"), "{refused:?}");
    assert!(!data.path().join("closings/legal-2021-Q3-1").exists());
    let closed = close(&data, &up, &key, &["--despite-gaps"]).await.expect(0).json();
    let source: Value = serde_json::from_str(&gone).unwrap();
    let despite = closed["despite"][0].as_str().unwrap();
    assert!(despite.contains(source["source"].as_str().unwrap()), "{despite}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_closed_is_told_why() {
    let data = Data::new("closing-not");
    let up = Up::start(&data).await;
    let key = key(&data).await;
    for (args, code, says) in [
        (&["--period", "2021-Q9"][..], 2, "has no period 2021-Q9"),
        (&["--period", "2021-Q3", "--calendar", "lunar"], 2, "there is no calendar lunar"),
        (&["--period", "2140-Q3"], 1, "it can be closed from the day after"),
        (&["--period", "2021-Q3", "--unit", "x y"], 2, "is no code of a unit"),
        (&["--period", "2021-Q3"], 1, "the log is empty"),
    ] {
        let base = ["close", "--key", &key, "--nats", &up.nats];
        let ended = run(&data, &[&base[..], args].concat()).await.expect(code);
        assert!(ended.err.contains(says), "{ended:?}");
    }
    let none = ["close", "--period", "2021-Q3", "--nats", &up.nats, "--key", "/nowhere/log.key"];
    let ended = run(&data, &none).await.expect(3);
    assert!(ended.err.contains("/nowhere/log.key"), "{ended:?}");
}
