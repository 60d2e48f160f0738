//! Events that never came: seen beside a figure, named, and gone once they have come.

use serde_json::{Value, json};
use tonghop_node::socket;

use crate::program::{project, run};
use crate::reading::folded;
use crate::world::{Data, Nats, publish};

const FIGURE: &str = "/v1/figures?indicator=meetings.sites&from=2021-06-15&to=2021-09-14&unit=";

fn event(id: &str, unit: &str, kind: &str, subject: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": format!("/{unit}/igate"),
        "type": format!("vn.tonghop.{kind}.v1"), "subject": subject,
        "time": "2021-07-01T08:00:00+07:00", "unit": unit, "data": data})
}

/// A site that the department opened, as its event of this number.
fn site(number: u64) -> String {
    let name = format!("s{number}");
    let mut event = event(&name, "H41.16", "site.opened", &name, &json!({"name": name}));
    event["sequence"] = number.to_string().into();
    event.to_string()
}

fn heartbeat(last: u64) -> String {
    let (id, last) = (format!("hb{last}"), json!({"lastSequence": last}));
    event(&id, "H41.16", "source.heartbeat", "/H41.16/igate", &last).to_string()
}

async fn get(data: &Data, path: &str) -> Value {
    let reply = socket::ask(data.path(), path).await.unwrap();
    assert!(reply.status.is_success(), "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// The answer without the instants that the log gave.
async fn department(data: &Data) -> Value {
    let answer = get(data, "/v1/completeness?unit=H41.16&lang=en").await;
    assert_eq!(answer["sources"].as_array().unwrap().len(), 1, "{answer}");
    answer["sources"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_is_seen_beside_the_figures_until_it_closes() {
    let data = Data::new("completeness");
    let nats = Nats::start(&data, 0).await;
    let registered = |code: &str, level: &str| {
        let about = json!({"name": code, "level": level});
        let mut event = event(code, "H41", "unit.registered", code, &about);
        event["time"] = "2000-01-01T08:00:00+07:00".into();
        event.to_string()
    };
    let mut refused: Value = serde_json::from_str(&site(6)).unwrap();
    refused["data"] = json!({"unknown": 1});
    let lines = [
        registered("H41", "PROVINCE"),
        registered("H41.16", "DEPARTMENT"),
        registered("H41.17", "DEPARTMENT"),
        site(1),
        site(2),
        site(5),
        refused.to_string(),
        site(2),
    ];
    let last = publish(&nats.client, &lines).await;
    let mut running = project(&data, nats.url(), "first");
    folded(&data, last).await;
    let open = the_hole_is_seen(&data).await;
    running.kill();

    let last = publish(&nats.client, &[heartbeat(8)]).await;
    let mut running = project(&data, nats.url(), "second");
    folded(&data, last).await;
    let promised = department(&data).await;
    assert_eq!(promised["missing"], json!([[3, 4], [7, 8]]), "{promised}");
    assert_eq!(promised["promised"], 8);
    assert_eq!(promised["sinceRecorded"], open["sinceRecorded"]);
    running.kill();

    let lines: Vec<String> = [7, 3, 8, 4].into_iter().map(site).collect();
    let last = publish(&nats.client, &lines).await;
    let running = project(&data, nats.url(), "third");
    folded(&data, last).await;
    let whole = department(&data).await;
    assert_eq!((&whole["missing"], &whole["sinceRecorded"]), (&json!([]), &Value::Null), "{whole}");
    let figure = get(&data, &format!("{FIGURE}H41")).await;
    assert_eq!((&figure["incomplete"], &figure["value"]), (&json!(0), &json!(7)), "{figure}");
    let told = run(&data, &["report", "--form", "completeness", "--lang", "en"]).await.expect(0);
    assert!(told.out.contains("Nothing is missing from the 1 sources"), "{}", told.out);
    let csv = run(&data, &["report", "--form", "completeness", "--format", "csv"]).await.expect(0);
    assert!(csv.out.contains("\r\nH41.16,/H41.16/igate,"), "{}", csv.out);
    let checks = run(&data, &["doctor", "--nats", nats.url()]).await.expect(0);
    assert!(
        checks.out.contains("of 2 sources 1 number their events: nothing is missing"),
        "{}",
        checks.out
    );
    running.stop("INT").await.expect(0);
    let args = ["replay", "--compare", "--json", "--nats", nats.url()];
    let replay = run(&data, &args).await.expect(0).json();
    assert_eq!(replay["compared"]["differences"], 0, "{replay}");
    nats.server.stop().await.unwrap();
}

/// The hole in the account of its source and beside figures; gives that account.
async fn the_hole_is_seen(data: &Data) -> Value {
    let open = department(data).await;
    for (name, value) in [
        ("missing", json!([[3, 4]])),
        ("missingCount", json!(2)),
        ("lastSequence", json!(6)),
        ("promised", Value::Null),
        ("accepted", json!(3)),
        ("duplicates", json!(1)),
        ("refused", json!(1)),
        ("refusedNumbers", json!(1)),
        ("numbered", json!(true)),
        ("silent", json!(false)),
    ] {
        assert_eq!(open[name], value, "{name}: {open}");
    }
    for (unit, incomplete) in [("H41", 1), ("H41.16", 1), ("H41.17", 0)] {
        let figure = get(data, &format!("{FIGURE}{unit}")).await;
        assert_eq!(figure["incomplete"], incomplete, "{figure}");
    }
    let form = get(data, "/v1/forms/meetings?from=2021-06-15&to=2021-09-14").await;
    assert_eq!(form["incomplete"], 1);
    let told = run(data, &["report", "--form", "completeness", "--lang", "en"]).await.expect(0);
    assert!(told.out.contains("3–4"), "{}", told.out);
    assert!(told.out.contains("2 events are missing from 1 of the 1 sources"), "{}", told.out);
    open
}
