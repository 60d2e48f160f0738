//! An outbox with events that its key may not publish, beside those that it may.

use std::sync::Arc;

use tonghop_client::outbox::{Outbox, OutboxSettings};
use tonghop_client::sender::{Sender, SenderSettings};

use super::{Province, stock};
use crate::gateway::agency::dossier;
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
