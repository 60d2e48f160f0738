//! What the key of an agency, or of a reader, does not let do.

use async_nats::HeaderMap;
use tokio::time::{Duration, timeout};

use super::stock::{Stock, next};
use super::{Province, add};
use crate::gateway::agency::dossier;
use crate::program::run;
use crate::world::until;

const OWN: &str = "tonghop.v1.H41-16.dossier.accepted";
const OTHER: &str = "tonghop.v1.H41-17.dossier.accepted";

/// What an agency may not send to at all.
const DENIED: &[&str] = &[
    OTHER,
    "tonghop.v1.H41.unit.registered",
    "tonghop.v1.H41-16.unit.registered",
    "tonghop.v1.H41-16.calendar.declared",
    "tonghop.v1.H41-16.period.closed",
    "tonghop.refused.H41-16",
    "tonghop.evidence.requeued.1",
    "tonghop.folded.v1",
    "tonghop.folded.v1.H41-16",
    "tonghop.api.STREAM.INFO.TONGHOP_EVENTS",
    "$JS.API.STREAM.INFO.TONGHOP_EVENTS",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.TONGHOP_EVENTS",
    "$JS.API.STREAM.PURGE.TONGHOP_EVENTS",
    "$JS.API.STREAM.DELETE.TONGHOP_EVENTS",
    "$JS.API.STREAM.MSG.GET.TONGHOP_EVENTS",
    "$JS.API.STREAM.MSG.DELETE.TONGHOP_EVENTS",
    "$JS.API.DIRECT.GET.TONGHOP_EVENTS",
    "$JS.API.DIRECT.GET.TONGHOP_REFUSED.tonghop.refused.H41-17",
    "$JS.API.CONSUMER.CREATE.TONGHOP_EVENTS",
    "$JS.API.CONSUMER.CREATE.TONGHOP_REFUSED.H41-16",
    "$JS.API.CONSUMER.DURABLE.CREATE.TONGHOP_REFUSED.H41-16",
    "$JS.API.CONSUMER.DELETE.TONGHOP_REFUSED.H41-17",
    "$JS.API.CONSUMER.RESET.TONGHOP_REFUSED.H41-17",
    "$JS.API.CONSUMER.MSG.NEXT.TONGHOP_REFUSED.H41-17",
    "$JS.ACK.TONGHOP_REFUSED.H41-17.1.1.1.1.1",
    "$SYS.REQ.SERVER.PING",
];

/// Waits until the log has this many messages; the subjects of all.
async fn subjects(auditor: &Stock, count: usize) -> Vec<String> {
    until("the log", async || {
        let log = auditor.log().await;
        (log.len() >= count).then(|| log.into_iter().map(|(subject, _)| subject).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_under_the_subject_of_another() {
    let province = Province::start("identity-attacks").await;
    let one = province.agency("H41.16").await;
    let body = || dossier("forged", 1).into();

    // Straight.
    for subject in DENIED {
        one.client.publish(*subject, body()).await.unwrap();
        one.is_told_no(subject).await;
    }

    // By the answer of the log to a message, or to a request, that is allowed.
    let replies = [
        OTHER,
        "tonghop.v1.H41-16.unit.registered",
        "tonghop.v1.H41-16.dossier.settled",
        "$JS.API.STREAM.PURGE.TONGHOP_EVENTS",
    ];
    for reply in replies {
        one.client.publish_with_reply(OWN, reply, body()).await.unwrap();
    }
    // A refusal that could be delivered.
    one.acked(OWN, "{}").await;
    let next = "$JS.API.CONSUMER.MSG.NEXT.TONGHOP_REFUSED.H41-16";
    let info = "$JS.API.CONSUMER.INFO.TONGHOP_REFUSED.H41-16";
    for (request, reply) in
        [next, info].into_iter().flat_map(|request| replies.map(|r| (request, r)))
    {
        one.client.publish_with_reply(request, reply, r#"{"batch":1}"#.into()).await.unwrap();
    }
    // By a header that is an order to the server.
    for (name, value) in [
        ("Nats-Trace-Dest", OTHER),
        ("Nats-Trace-Dest", "tonghop.v1.H41-16.unit.registered"),
        ("Nats-Rollup", "all"),
        ("Nats-Expected-Stream", "TONGHOP_REFUSED"),
        ("Nats-Schedule-Target", OTHER),
        ("Nats-TTL", "1s"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name, value);
        if name == "Nats-Schedule-Target" {
            headers.insert("Nats-Schedule", "@at 2021-01-01T00:00:00Z");
        }
        one.client.publish_with_headers(OWN, headers, body()).await.unwrap();
    }
    // All that came before is through when this is confirmed.
    let end = one.acked(OWN, &dossier("end", 9)).await;
    let log = subjects(&province.auditor, usize::try_from(end).unwrap()).await;
    let strange: Vec<&String> = log.iter().skip(3).filter(|subject| *subject != OWN).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let units = log.iter().filter(|subject| *subject == "tonghop.v1.H41.unit.registered").count();
    assert_eq!(units, 3, "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_what_is_told_another() {
    let province = Province::start("identity-ears").await;
    let (one, other) = (province.agency("H41.16").await, province.agency("H41.17").await);
    for subject in [
        ">",
        "*.>",
        "$SYS.>",
        "$JS.>",
        "_R_.>",
        "tonghop.>",
        "tonghop.v1.>",
        "tonghop.v1.H41-17.>",
        "tonghop.refused.*",
        "tonghop.refused.H41-17",
        "tonghop.folded.v1",
        "tonghop.folded.v1.*",
    ] {
        let _unheard = one.client.subscribe(subject).await.unwrap();
        one.is_told_no(subject).await;
    }
    // One's own inbox is nobody else's, although all are called so.
    let mut inbox = one.client.subscribe("_INBOX.>").await.unwrap();
    let mut own = one.client.subscribe("tonghop.refused.H41-16").await.unwrap();
    one.client.flush().await.unwrap();
    other.acked("tonghop.v1.H41-17.dossier.accepted", "not an event").await;
    let position = one.acked(OWN, "neither").await;
    let heard = next(&mut own).await;
    assert!(
        String::from_utf8_lossy(&heard.payload).contains(&format!(":{position},")),
        "{heard:?}"
    );
    // The acknowledgement of its own event is the only thing in it.
    next(&mut inbox).await;
    let more = timeout(Duration::ZERO, futures::StreamExt::next(&mut inbox)).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_all_writes_nothing_and_the_office_writes_its_own() {
    let province = Province::start("identity-readers").await;
    let Province { auditor, office, .. } = &province;
    let before = auditor.log().await.len();
    for subject in
        [OWN, "tonghop.v1.H41.unit.registered", "tonghop.evidence.x", "tonghop.refused.x"]
    {
        auditor.client.publish(subject, "{}".into()).await.unwrap();
        auditor.is_told_no(subject).await;
    }
    for subject in [OWN, "tonghop.evidence.x", "tonghop.refused.H41-16", "tonghop.folded.v1"] {
        office.client.publish(subject, "{}".into()).await.unwrap();
        office.is_told_no(subject).await;
    }
    // A consumer that delivers to a subject of the log, and answers that go there.
    let create = r#"{"stream_name":"TONGHOP_EVENTS","config":{"deliver_subject":"tonghop.v1.H41-17.dossier.accepted","deliver_policy":"all","ack_policy":"none"}}"#;
    for reader in [auditor, office] {
        let api = "$JS.API.CONSUMER.CREATE.TONGHOP_EVENTS";
        let answer = reader.client.request(api, create.into()).await.unwrap();
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(answer.contains("JetStream not enabled for account"), "{answer}");
        let get = "$JS.API.STREAM.MSG.GET.TONGHOP_EVENTS";
        let body = r#"{"seq":1}"#;
        reader.client.publish_with_reply(get, OTHER, body.into()).await.unwrap();
        reader.client.flush().await.unwrap();
        for api in ["STREAM.PURGE", "STREAM.DELETE", "STREAM.UPDATE", "STREAM.MSG.DELETE"] {
            let api = format!("$JS.API.{api}.TONGHOP_EVENTS");
            reader.client.publish(api.clone(), "{}".into()).await.unwrap();
            reader.is_told_no(&api).await;
        }
    }
    assert_eq!(auditor.log().await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_the_streams_can_neither_change_nor_empty_them() {
    let province = Province::start("identity-provisioner").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let before = province.auditor.log().await;
    add(data, &["--role", "provisioner"]).await;
    let provisioner = Stock::let_in(data, nats, "provisioner").await;
    for (api, body) in [
        (
            "STREAM.UPDATE.TONGHOP_EVENTS",
            r#"{"name":"TONGHOP_EVENTS","subjects":["tonghop.v1.>"],"retention":"limits",
                "storage":"file","discard":"old","num_replicas":1,"max_msgs":1,"max_age":100000000,
                "duplicate_window":100000000,"deny_delete":true,"deny_purge":true}"#,
        ),
        ("STREAM.PURGE.TONGHOP_EVENTS", "{}"),
        ("STREAM.DELETE.TONGHOP_EVENTS", ""),
        ("STREAM.MSG.DELETE.TONGHOP_EVENTS", r#"{"seq":1}"#),
        ("CONSUMER.DELETE.TONGHOP_REFUSED.H41-17", ""),
    ] {
        let api = format!("$JS.API.{api}");
        provisioner.client.publish(api.clone(), body.into()).await.unwrap();
        provisioner.is_told_no(&api).await;
    }
    assert_eq!(province.auditor.log().await, before);
    // What it is for, it does with what is there, and again.
    let creds = data.file("provisioner.nk");
    let again = ["provision", "--nats", nats, "--creds", creds.to_str().unwrap()];
    run(data, &again).await.expect(0);
}
