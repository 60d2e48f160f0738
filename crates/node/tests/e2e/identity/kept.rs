//! An outbox with events that its key may not publish, beside those that it may.

use std::sync::Arc;

use serde_json::json;
use tonghop_client::outbox::{Outbox, OutboxSettings};
use tonghop_client::sender::{Sender, SenderSettings};

use super::{Province, stock};
use crate::gateway::agency::dossier;
use crate::program::run;
use crate::world::until;

/// A dossier of the other agency, whose key publishes here.
fn own(id: &str, number: usize) -> String {
    dossier(id, number).replace("H41.16", "H41.17")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unit_is_asked_for_although_one_is_never_answered() {
    let province = Province::start("identity-asked").await;
    let one = province.agency("H41.17").await;
    one.acked("tonghop.v1.H41-17.dossier.accepted", &numbered(&own("one", 1), 1)).await;
    until("the account", async || {
        let answer = one.client.request("tonghop.receipts.v1.H41-17", "".into()).await.ok()?;
        (stock::json(&answer)["sources"]["/H41.17/e2e"]["last"] == 1).then_some(())
    })
    .await;
    // The outbox that gave the number 1 is lost.
    let dir = province.data.file("outbox");
    let outbox = Arc::new(Outbox::open(dir, OutboxSettings::new()).unwrap());
    outbox.enqueue_all(&[own("two", 2), dossier("denied", 1)]).unwrap();
    let settings = SenderSettings::new();
    let sender = Sender::start(Arc::clone(&outbox), one.client.clone(), settings).await.unwrap();
    until("its own event has left", async || (outbox.status().events == 1).then_some(())).await;
    assert_eq!(outbox.status().sources["/H41.17/e2e"].next, Some(3), "{:?}", outbox.status());
    sender.close().await.unwrap();
}

fn numbered(event: &str, number: u64) -> String {
    event.replacen('{', &format!(r#"{{"sequence":"{number}","#), 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_published_holds_up_nothing() {
    let province = Province::start("identity-kept").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let (dir, creds) = (data.file("outbox"), data.file("H41.17.nk"));
    let file = data.file("lines.ndjson");
    let kept = ["publish", "--json", "--nats", nats, "--outbox", dir.to_str().unwrap()];
    let with = ["--creds", creds.to_str().unwrap(), file.to_str().unwrap()];
    let args = [&kept[..], &with].concat();

    // A line that may not go does not enter.
    std::fs::write(&file, [dossier("denied", 1), own("one", 1)].join("\n")).unwrap();
    let told = run(data, &args).await.expect(1).json();
    assert_eq!((&told["stored"], &told["unsendable"]), (&json!(1), &json!(1)), "{told}");
    let why = &told["notSent"][0];
    assert!(why["why"].as_str().unwrap().contains("H41-17 may not publish to"), "{told}");
    assert_eq!((&why["line"], &told["outbox"]["waiting"]), (&json!(1), &json!(0)), "{told}");

    // What has entered while nobody was asked stays, and is named; more of it than is sent at a time.
    let outbox = Outbox::open(&dir, OutboxSettings::new()).unwrap();
    let denied: Vec<String> = (0..1_500).map(|n| dossier(&format!("d{n}"), n)).collect();
    outbox.enqueue_all(&denied).unwrap();
    drop(outbox);
    std::fs::write(&file, own("two", 2)).unwrap();
    let told = run(data, &args).await.expect(1).json();
    let held = &told["outbox"];
    assert_eq!((&told["stored"], &told["unsendable"]), (&json!(1), &json!(0)), "{told}");
    let counts = (&held["waiting"], &held["notTaken"], &held["unsent"]);
    assert_eq!(counts, (&json!(1_500), &json!(1_500), &json!(0)), "{told}");

    // With the key that may, they go, with their own numbers.
    let creds = data.file("H41.16.nk");
    let told = run(data, &[&kept[..], &["--creds", creds.to_str().unwrap()]].concat()).await;
    let told = told.expect(0).json();
    assert_eq!((&told["stored"], &told["outbox"]["waiting"]), (&json!(1_500), &json!(0)), "{told}");
}
