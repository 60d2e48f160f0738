//! What was refused is sent again once its cause is mended, whole, and once.
//!
//! **REQ-1:** what was sent again is sent again once more only if it was refused again.

use async_nats::{HeaderMap, jetstream};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::gateway::agency::{Agency, Reply, STRUCTURED, dossier, registered};
use crate::gateway::province;
use crate::program::{Up, run};
use crate::world::Data;

const FIGURE: &str = "/v1/figures?indicator=dossiers.received_other&unit=H41.20&period=2021-Q3";

async fn requeue(by: &Agency, position: u64) -> Reply {
    by.post_to(&format!("/v1/refusals/{position}/requeue"), &[], b"").await
}

async fn refusals(data: &Data, up: &Up, args: &[&str], code: i32) -> Value {
    let args = [&["refusals", "--json", "--nats", &up.nats], args].concat();
    run(data, &args).await.expect(code).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_registered_late_loses_nothing() {
    let data = Data::new("requeue");
    let (up, agency) = province(&data).await;
    let late = Agency::of(&data, &up.http, &["H41.20"]).await;
    let office = Agency::of(&data, &up.http, &["--office"]).await;
    let line = format!("{} ", dossier("late", 1).replace("H41.16", "H41.20"));
    let reply = late.post(STRUCTURED, line.as_bytes()).await;
    assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("unit.unknown")));
    assert_eq!(reply.json()["position"], 4);

    let shown = refusals(&data, &up, &["show", "4"], 0).await;
    assert_eq!(shown["code"], "unit.unknown");
    let payload = BASE64.decode(shown["message"]["payload"].as_str().unwrap()).unwrap();
    assert!(payload == line.as_bytes());
    let words = run(&data, &["refusals", "show", "4", "--nats", &up.nats]).await.expect(0).out;
    assert!(words.contains("unit.unknown") && words.contains("\"late\""), "{words}");
    run(&data, &["refusals", "show", "3", "--nats", &up.nats]).await.expect(1);

    assert_eq!(requeue(&late, 4).await.status, 403, "an agency sends nothing again");
    let nobody = Agency { token: "th_0".to_owned(), http: up.http.clone() };
    assert_eq!(requeue(&nobody, 4).await.status, 401);
    assert_eq!(requeue(&office, 3).await.status, 404);
    let body = office.post_to("/v1/refusals/4/requeue", &[], b"{}").await;
    assert_eq!(body.status, 400, "{}", body.body);

    // Too early: refused again, it may be sent again.
    for position in [5, 6] {
        let reply = requeue(&office, 4).await;
        assert_eq!((reply.status, &reply.json()["code"]), (422, &json!("unit.unknown")));
        assert_eq!((&reply.json()["of"], &reply.json()["position"]), (&json!(4), &json!(position)));
    }
    let told = office.post(STRUCTURED, registered("H41.20").as_bytes()).await;
    assert_eq!(told.json(), json!({"status": "stored", "position": 7}));
    assert_eq!(up.get(FIGURE).await.json()["missing"], true);

    let other = refusals(&data, &up, &["requeue", "--unit", "H41.17"], 0).await;
    assert_eq!(other["requeued"], json!([]));
    let none = refusals(&data, &up, &["requeue", "--since", "2999-01-01"], 0).await;
    assert_eq!(none["requeued"], json!([]));
    let args = ["requeue", "--code", "unit.unknown", "--unit", "H41.20", "--since", "2021-01-01"];
    let told = refusals(&data, &up, &args, 0).await;
    assert_eq!(told["requeued"], json!([{"of": 6, "position": 8, "status": "stored"}]), "{told}");
    let before = json!([{"of": 4, "position": 6}, {"of": 5, "position": 6}]);
    assert_eq!(told["already"], before);
    assert_eq!(up.get(FIGURE).await.json()["value"], 1);

    // It is on the log as it was, and says of what it is.
    let log = jetstream::new(async_nats::connect(&up.nats).await.unwrap());
    let stored = log.get_stream("TONGHOP_EVENTS").await.unwrap().get_raw_message(8).await.unwrap();
    assert_eq!(stored.subject.as_str(), "tonghop.v1.H41-20.dossier.accepted");
    assert!(stored.payload == line.as_bytes());
    let header = |name: &str| stored.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Content-Type"), STRUCTURED);
    assert_eq!(header("Tonghop-Requeued"), "4");
    assert_eq!(header("Tonghop-Recorded"), shown["recordedAt"].as_str().unwrap());

    for position in [4, 5, 6] {
        let reply = requeue(&office, position).await;
        assert_eq!(reply.status, 409);
        assert!(reply.body.contains("already requeued at position 8"), "{}", reply.body);
    }
    let told = refusals(&data, &up, &args, 1).await;
    assert_eq!((&told["requeued"], told["already"].as_array().unwrap().len()), (&json!([]), 3));

    a_mended_payload_counts(&data, &up, &agency).await;
    a_forged_header_links_nothing(&data, &up).await;
    run(&data, &["refusals", "requeue", "--nats", &up.nats]).await.expect(2);
    run(&data, &["doctor", "--nats", &up.nats]).await.expect(0);
    up.running.stop("TERM").await.expect(0);
}

async fn a_mended_payload_counts(data: &Data, up: &Up, agency: &Agency) {
    let good = dossier("wrong", 2);
    let bad = agency.post(STRUCTURED, good.replace("DIRECT", "BIRD").as_bytes()).await;
    let position = bad.json()["position"].as_u64().unwrap().to_string();
    let file = data.file("mended.json");
    std::fs::write(&file, &good).unwrap();
    let args = ["requeue", &position, "--payload", file.to_str().unwrap()];
    let told = refusals(data, up, &args, 0).await;
    assert_eq!(told["requeued"][0]["status"], "stored", "{told}");
    let again = agency.post(STRUCTURED, good.as_bytes()).await;
    assert_eq!(again.json()["status"], "duplicate", "{}", again.body);
}

/// Who has NATS can write any header: it makes nothing of another's refusal.
async fn a_forged_header_links_nothing(data: &Data, up: &Up) {
    let log = jetstream::new(async_nats::connect(&up.nats).await.unwrap());
    let mut headers = HeaderMap::new();
    headers.insert("Tonghop-Requeued", "4");
    headers.insert("Tonghop-Recorded", "1999-01-01T00:00:00+07:00");
    let line = dossier("forged", 3).replace("DIRECT", "BIRD");
    let subject = "tonghop.v1.H41-16.dossier.accepted";
    let sent = log.publish_with_headers(subject, headers, line.into()).await.unwrap();
    let position = sent.await.unwrap().sequence;
    up.reaches(position).await;
    let told = refusals(data, up, &["requeue", &position.to_string()], 1).await;
    let again = told["requeued"][0]["position"].as_u64().unwrap();
    let events = log.get_stream("TONGHOP_EVENTS").await.unwrap();
    let stored = events.get_raw_message(again).await.unwrap();
    let header = |name: &str| stored.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Tonghop-Requeued"), position.to_string());
    assert!(!header("Tonghop-Recorded").starts_with("1999"));
}
