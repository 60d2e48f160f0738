//! Declared figures and the catalogue directory, with the program as a user runs it.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Running, Up, run, sample, tonghop};
use crate::world::{Data, until};

const QUARTER: &str = "from=2021-06-15&to=2021-09-14";

const INDICATOR: &str = r#"
[[indicator]]
id = "documents.plans_and_decisions"
vi = "Văn bản đi và đến"
en = "Documents both ways"
counted_vi = "văn bản"
counted_en = "documents"
nature = "flow"
sum = ["flow:document.issued", "flow:document.received"]
source = "a test"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_indicator_is_added_by_a_file_while_everything_runs() {
    let data = Data::new("catalogue");
    let dir = data.file("catalogue");
    fs::create_dir_all(&dir).unwrap();
    let up = Up::start(&data).await;
    let published = up.publish(&data, &sample(&data, "0.001").await).await;
    up.reaches(published["new"].as_u64().unwrap_or(1)).await;
    let path = format!("/v1/figures?indicator=documents.plans_and_decisions&{QUARTER}");
    assert_eq!(up.get(&path).await.status, 400);

    let file = dir.join("mine.toml");
    fs::write(&file, INDICATOR).unwrap();
    let figure = until("the new indicator", async || {
        let reply = up.get(&path).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let mut sum = 0;
    for id in ["documents.issued", "documents.received"] {
        let one = up.get(&format!("/v1/figures?indicator={id}&{QUARTER}")).await.json();
        sum += one["value"].as_i64().unwrap();
    }
    assert!(sum > 0);
    assert_eq!(figure["value"], sum);

    // A faulty file is told, and what stood before stays.
    let mut up = up;
    fs::write(&file, INDICATOR.replace("flow:document.issued", "flow:document.isued")).unwrap();
    up.running.says("mine.toml:9: ").await;
    assert!(up.running.err().contains("did you mean document.issued?"));
    assert_eq!(up.get(&path).await.json()["value"], sum);
    up.running.stop("TERM").await.expect(0);

    // At the start it is refused.
    let again = Running::start(&data, "again", &mut tonghop(&data, &["up", "--nats-port", "0"]));
    let ended = again.ended().await;
    assert_eq!(ended.code, Some(3));
    assert!(ended.err.contains("mine.toml:9: \"document.isued\" is no measure"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_are_listed_and_files_checked_without_a_server() {
    let data = Data::new("indicators");
    let (good, bad) = (data.file("good.toml"), data.file("bad.toml"));
    fs::write(&good, INDICATOR).unwrap();
    fs::write(&bad, INDICATOR.replace("nature = \"flow\"", "nature = \"flows\"")).unwrap();
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    run(&data, &["indicators", "check", good]).await.expect(0);
    let told = run(&data, &["indicators", "check", bad, good]).await.expect(1);
    assert!(
        told.err.contains("bad.toml:8: \"flows\" is no nature; did you mean flow?"),
        "{told:?}"
    );
    let ids = async |on: &str| -> Vec<String> {
        let listed = run(&data, &["indicators", "list", "--json", "--on", on]).await.expect(0);
        let rows = listed.json();
        rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let (before, after) = (ids("2021-09-14").await, ids("2023-03-14").await);
    let has = |ids: &[String], id: &str| ids.iter().any(|held| held == id);
    assert!(has(&before, "procedures.level_4") && !has(&before, "procedures.full"));
    assert!(!has(&after, "procedures.level_4") && has(&after, "procedures.full"));
    assert!(has(&before, "certificates.hospitals"));
}

async fn declare(data: &Data, up: &Up, args: &[&str]) -> (i32, Value) {
    let all = [&["declare", "--json", "--nats", &up.nats][..], args].concat();
    let ended = run(data, &all).await;
    let answer = serde_json::from_str(&ended.out).unwrap_or_else(|_| json!(ended.err));
    (ended.code.unwrap(), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_is_read_and_reconciled() {
    let data = Data::new("declare");
    let up = Up::start(&data).await;
    up.publish(&data, &sample(&data, "0.001").await).await;
    let one = [
        "certificates.hospitals",
        "4000",
        "--qualifier",
        "at-least",
        "--as-of",
        "2021-09-14",
        "--unit",
        "H41.07",
        "--time",
        "2021-09-14T16:00:00+07:00",
    ];
    let (code, answer) = declare(&data, &up, &one).await;
    assert_eq!((code, &answer["stored"]), (0, &json!(1)), "{answer}");
    // The same again is a duplicate.
    let (code, answer) = declare(&data, &up, &one).await;
    assert_eq!((code, &answer["duplicate"]), (0, &json!(1)), "{answer}");

    let figure = |id: &str| format!("/v1/figures?indicator={id}&unit=H41.07&{QUARTER}");
    let held = up.get(&figure("certificates.hospitals")).await.json();
    assert_eq!(held["bound"], json!({"atLeast": 4000}));
    assert_eq!((&held["status"], &held["nature"]), (&json!("declared"), &json!("declared")));
    let missing = up.get(&figure("accounts.active_share")).await.json();
    assert_eq!((&missing["value"], &missing["missing"]), (&Value::Null, &json!(true)));

    // One row that cannot be read keeps all of them back.
    let file = data.file("figures.csv");
    let good = "indicator,from,to,value,qualifier\nmeetings.with_ministry,15/06/2021,14/09/2021,,NIL\n\
                documents.issued,2021-06-15,2021-09-14,99,\n";
    fs::write(&file, format!("{good}portal.posted,,,trên 60,\n")).unwrap();
    let table = ["--unit", "H41.07", "--from-file", file.to_str().unwrap()];
    let (code, told) = declare(&data, &up, &table).await;
    assert!(told.as_str().unwrap().contains("row 4, column value: \"trên 60\""), "{told}");
    assert_eq!(code, 1);
    assert_eq!(up.get(&figure("meetings.with_ministry")).await.json()["missing"], json!(true));
    fs::write(&file, good).unwrap();
    let (code, answer) = declare(&data, &up, &table).await;
    assert_eq!((code, &answer["stored"]), (0, &json!(2)), "{answer}");
    let nil = up.get(&figure("meetings.with_ministry")).await.json();
    assert_eq!((&nil["value"], &nil["nil"]), (&json!(0), &json!(true)));

    let found = up.get(&format!("/v1/reconciliation?unit=H41.07&{QUARTER}&lang=en")).await.json();
    assert_eq!(found["statements"], 3);
    let compared = &found["comparisons"][0];
    assert_eq!(compared["declared"]["indicator"], "documents.issued");
    assert_eq!(compared["verdict"], "differs");
    let computed = up.get(&figure("documents.issued")).await.json()["value"].as_i64().unwrap();
    assert_eq!(compared["difference"], 99 - computed);
    let csv = up.get(&format!("/v1/reconciliation?unit=H41.07&{QUARTER}&format=csv")).await.body;
    assert!(
        csv.lines().any(|line| line.starts_with("comparison,differs,,H41.07,,documents.issued"))
    );

    let report =
        ["report", "--form", "reconciliation", "--unit", "H41.07", "--from", "2021-06-15", "--to"];
    let told = run(&data, &[&report[..], &["2021-09-14"]].concat()).await.expect(0);
    assert!(
        told.out.contains("certificates.hospitals: từ 4.000 trở lên là giới hạn"),
        "{}",
        told.out
    );
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_not_sent_and_what_was_wrong_is_taken_back() {
    let data = Data::new("declare-wrong");
    let up = Up::start(&data).await;
    up.publish(&data, &sample(&data, "0.001").await).await;
    let figure = |id: &str| format!("/v1/figures?indicator={id}&unit=H41.07&{QUARTER}");
    // An unknown indicator, a ratio without its whole, ….
    for (args, why) in [
        (&["certificates.hospitalz", "3"][..], "did you mean certificates.hospitals?"),
        (&["accounts.active_share", "80"], "of: accounts.active_share is a ratio"),
        (&["accounts.active_share", "120", "--of", "100"], "value: 120 is more than the 100"),
        (&["meetings.with_ministry", "3", "--as-of", "2021-09-14"], "asOf: "),
        (&["meetings.with_ministry", "3", "--from", "2021-06-15"], "to: it is empty"),
        (&["meetings.with_ministry", "3", "--qualifier", "nil"], "value: NIL says"),
        (
            &["meetings.with_ministry", "3", "--from", "2021-06-15", "--to", "2021-06-01"],
            "to: the window ends on 2021-06-01, before it begins",
        ),
    ] {
        let (code, told) = declare(&data, &up, &[args, &["--unit", "H41.07"]].concat()).await;
        assert_eq!(code, 2, "{told}");
        assert!(told.as_str().unwrap().contains(why), "{told}");
    }
    // What was said wrongly is taken back.
    let ministry = async |args: &[&str]| {
        let all = [&["meetings.with_ministry", "--unit", "H41.07"], args].concat();
        let (code, answer) = declare(&data, &up, &all).await;
        assert_eq!((code, &answer["stored"]), (0, &json!(1)), "{answer}");
        up.get(&figure("meetings.with_ministry")).await.json()["value"].clone()
    };
    let window = ["--from", "2021-06-15", "--to", "2021-09-14"];
    let said = [&["7", "--time", "2021-09-14T17:00:00+07:00"][..], &window].concat();
    assert_eq!(ministry(&said).await, 7);
    assert_eq!(ministry(&["--withdraw", "--time", "2021-09-14T17:00:01+07:00"]).await, Value::Null);
    up.running.stop("TERM").await.expect(0);
}

/// A whole report of one day: each text as long as it may be, all in one page of cells.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_report_is_read_as_it_was_written_and_survives_a_kill() {
    const SECTIONS: usize = 30;
    let data = Data::new("narratives");
    let mut up = Up::start(&data).await;
    up.publish(&data, &sample(&data, "0.001").await).await;
    let letters = ["Cải cách | ", "thủ tục\n", "hành chính. "];
    let text = |section: usize| letters[section % 3].repeat(16_384 / letters[section % 3].len());
    let lines: Vec<String> = (0..SECTIONS)
        .map(|section| {
            json!({
                "specversion": "1.0", "id": format!("n{section}"), "source": "/H41.07/bao-cao",
                "type": "vn.tonghop.narrative.submitted.v1", "subject": format!("A.{section}"),
                "time": "2021-09-06T16:00:00+07:00", "unit": "H41.07",
                "data": {"text": text(section), "period": "2021-Q3"},
            })
            .to_string()
        })
        .collect();
    let file = data.file("narratives.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let published = up.publish(&data, &file).await;
    assert_eq!(published["new"], SECTIONS);
    let path = "/v1/narratives?unit=H41.07&period=2021-Q3";
    let check = |answer: &Value| {
        let texts = answer["narratives"].as_array().unwrap();
        assert_eq!(texts.len(), SECTIONS);
        for held in texts {
            let name = held["section"].as_str().unwrap();
            let section: usize = name.strip_prefix("A.").unwrap().parse().unwrap();
            assert_eq!(held["text"], text(section));
        }
    };
    check(&up.get(path).await.json());
    let position = up.get(path).await.json()["position"].as_u64().unwrap();
    up.running.kill();
    let up = Up::start(&data).await;
    up.reaches(position).await;
    check(&up.get(path).await.json());
    assert_eq!(
        up.get("/v1/narratives?section=A.1").await.json()["narratives"][0]["unit"],
        "H41.07"
    );
    let none = up.get("/v1/narratives?period=2021-Q2").await.json();
    assert_eq!(none["narratives"], json!([]));
    up.running.stop("TERM").await.expect(0);
}
