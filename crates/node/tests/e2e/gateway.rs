//! An agency that speaks HTTP alone: what it sends is on the log as it would be by NATS, and it is
//! told what became of it; what others send in its name is not.
//!
//! **GATE-1:** an event is answered as stored only when the log has confirmed it.
//! **GATE-2:** what is published speaks for the unit of the token and for no other, and in a family
//! of the office with a token of the office alone.

use async_nats::jetstream;
use serde_json::{Value, json};

use crate::program::{Running, Up, project, run, tonghop};
use crate::reading::{folded, local_metric};
use crate::world::{Data, Nats, free_port, signal, until};

#[path = "gateway/agency.rs"]
pub(crate) mod agency;
#[path = "gateway/hostile.rs"]
mod hostile;

use agency::{Agency, BATCH, STRUCTURED, batch, dossier, registered, token};

/// `up` with three units that the office has registered over HTTP.
pub(crate) async fn province(data: &Data) -> (Up, Agency) {
    let up = Up::start(data).await;
    let office = Agency::of(data, &up.http, &["--office"]).await;
    let units = [registered("H41"), registered("H41.16"), registered("H41.17")];
    let reply = office.post(BATCH, &batch(&units)).await;
    assert_eq!((reply.status, &reply.json()["stored"]), (200, &json!(3)), "{}", reply.body);
    let agency = Agency::of(data, &up.http, &["H41.16", "--label", "iGate"]).await;
    (up, agency)
}

async fn last(up: &Up) -> u64 {
    let log = jetstream::new(async_nats::connect(&up.nats).await.unwrap());
    let mut stream = log.get_stream("TONGHOP_EVENTS").await.unwrap();
    stream.info().await.unwrap().state.last_sequence
}

#[tokio::test(flavor = "multi_thread")]
async fn three_encodings_are_stored_as_a_nats_publisher_would() {
    let data = Data::new("gateway-modes");
    let (up, agency) = province(&data).await;
    // Byte for byte: blanks, order and extensions of the client are its own.
    let line = format!(" {}\n", dossier("one", 1).replace("\":", "\" : "));
    let reply = agency.post("application/cloudevents+json; charset=UTF-8", line.as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json(), json!({"status": "stored", "position": 4}));
    let again = agency.post(STRUCTURED, line.as_bytes()).await;
    assert_eq!(again.json(), json!({"status": "duplicate", "position": 5}));

    let in_json = tonghop_wire::to_binary_json(line.trim().as_bytes()).unwrap();
    let in_protobuf = tonghop_wire::to_protobuf(line.trim().as_bytes()).unwrap();
    for (message, data_type) in
        [(&in_json, "application/json"), (&in_protobuf, "application/protobuf")]
    {
        let reply = agency.binary(message, data_type).await;
        assert_eq!(reply.json()["status"], "duplicate", "one identity: {}", reply.body);
    }
    let retracted = json!({"specversion": "1.0", "id": "gone", "source": "/H41.16/e2e",
        "type": "vn.tonghop.dossier.retracted.v1", "subject": "000.00.16.H41-210906-0009",
        "time": "2021-09-06T08:30:00+07:00", "unit": "H41.16", "replaces": "never"});
    let empty = tonghop_wire::to_protobuf(retracted.to_string().as_bytes()).unwrap();
    let reply = agency.binary(&empty, "").await;
    assert_eq!(reply.json()["status"], "stored", "without data: {}", reply.body);

    let log = jetstream::new(async_nats::connect(&up.nats).await.unwrap());
    let stream = log.get_stream("TONGHOP_EVENTS").await.unwrap();
    let stored = stream.get_raw_message(4).await.unwrap();
    assert_eq!(stored.subject.as_str(), "tonghop.v1.H41-16.dossier.accepted");
    assert!(stored.payload == line.as_bytes());
    assert_eq!(stored.headers.get("Content-Type").unwrap().as_str(), STRUCTURED);
    assert_eq!(stored.headers.len(), 1);
    for (position, message) in [(6, &in_json), (7, &in_protobuf)] {
        let stored = stream.get_raw_message(position).await.unwrap();
        assert!(stored.payload == message.payload.as_slice());
        let mut headers: Vec<(String, String)> = stored
            .headers
            .iter()
            .map(|(name, values)| (name.to_string(), values[0].as_str().to_owned()))
            .collect();
        let mut expected = message.headers.clone();
        headers.sort();
        expected.sort();
        assert_eq!(headers, expected, "and nothing else, the token least of all");
    }
    let figure = up.get("/v1/figures?indicator=dossiers.received_other&unit=H41.16&period=2021-Q3");
    assert_eq!(figure.await.json()["value"], 1);
    assert_eq!(up.metric("tonghop_gateway_events_total{status=\"duplicate\"}").await, Some(3));
    let log = up.running.err();
    assert!(!log.contains(agency.token.strip_prefix("th_").unwrap()), "{log}");
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_speaks_for_itself_and_only_while_its_token_holds() {
    let data = Data::new("gateway-tokens");
    let (up, agency) = province(&data).await;
    let event = dossier("mine", 1);
    let before = last(&up).await;

    let other = Agency::of(&data, &up.http, &["H41.17"]).await;
    let reply = other.post(STRUCTURED, event.as_bytes()).await;
    assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("unit.mismatch")));
    assert!(reply.json().get("position").is_none(), "{}", reply.body);
    let reply = other.post(BATCH, &batch(&[event.clone(), event.clone()])).await;
    assert_eq!((reply.status, &reply.json()["refused"]), (207, &json!(2)));
    let office = Agency::of(&data, &up.http, &["--office"]).await;
    assert_eq!(office.post(STRUCTURED, event.as_bytes()).await.status, 403);
    // The families of the office are the office's, whatever unit the token is of.
    let province = Agency::of(&data, &up.http, &["H41"]).await;
    let renamed = registered("H41.17").replace("unit.registered", "unit.renamed");
    for (agency, event) in [
        (&province, registered("H41.18")),
        (&province, renamed),
        (&agency, registered("H41.16").replace("\"unit\":\"H41\"", "\"unit\":\"H41.16\"")),
    ] {
        let reply = agency.post(STRUCTURED, event.as_bytes()).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("unit.mismatch")));
        assert!(reply.body.contains("tonghop agency add --office"), "{}", reply.body);
    }
    for wrong in ["", "Bearer", "Bearer ", "Bearer th_", "Basic dGg6dGg=", &agency.token] {
        let reply = agency.with_header("authorization", wrong, event.as_bytes()).await;
        assert_eq!((reply.status, reply.kind.as_str()), (401, "application/problem+json"));
        assert!(reply.challenge.starts_with("Bearer"), "{reply:?}");
    }
    assert_eq!(last(&up).await, before, "nothing of it was published");
    assert_eq!(agency.post(STRUCTURED, event.as_bytes()).await.status, 200);

    // A new token holds at once; the old one for as long as it is let.
    let args = ["agency", "rotate", "H41.16", "--grace", "1h", "--json"];
    let new = Agency { token: token(&data, &args).await, http: up.http.clone() };
    until("the new token", async || {
        (new.post(STRUCTURED, event.as_bytes()).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(agency.post(STRUCTURED, event.as_bytes()).await.status, 200);
    let listed = run(&data, &["agency", "list", "--json"]).await.expect(0);
    assert!(!listed.out.contains("th_") && listed.out.contains("iGate"), "{}", listed.out);
    run(&data, &["agency", "revoke", "H41.16"]).await.expect(0);
    until("an end of both tokens", async || {
        let [one, two] = [&agency, &new].map(|agency| agency.post(STRUCTURED, event.as_bytes()));
        (one.await.status == 401 && two.await.status == 401).then_some(())
    })
    .await;
    run(&data, &["agency", "revoke", "H41.16"]).await.expect(0);
    run(&data, &["agency", "revoke", "H41.99"]).await.expect(1);
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_of_a_batch_is_answered_in_its_place() {
    let data = Data::new("gateway-batch");
    let (up, agency) = province(&data).await;
    let late = dossier("late", 2).replace("2021-09-13", "2021-09-01");
    let items = [
        dossier("one", 1),
        "42".to_owned(),
        dossier("two", 3).replace("\"id\"", "\"id\":\"0\",\"id\""),
        late,
        dossier("one", 1),
        dossier("x", 4).replace("H41.16", "H41.17"),
        dossier("y", 5).replace("dossier.accepted", "dossier.eaten"),
        format!("{{\"x\":{}", "[".repeat(50_000) + &"]".repeat(50_000) + "}"),
        dossier("large", 6).replace("buu-chinh", &"x".repeat(300_000)),
    ];
    let reply = agency.post(BATCH, &batch(&items)).await;
    let told = reply.json();
    assert_eq!(reply.status, 207, "{told}");
    let of = |name: &str| -> Vec<Value> {
        told["items"].as_array().unwrap().iter().map(|item| item[name].clone()).collect()
    };
    assert_eq!(
        of("code"),
        [
            json!(null),
            json!("envelope.unreadable"),
            json!("envelope.unreadable"),
            json!("dossier.due_before_accepted"),
            json!(null),
            json!("unit.mismatch"),
            json!("type.unknown"),
            json!("envelope.unreadable"),
            json!("size.exceeded"),
        ],
        "{told}"
    );
    assert_eq!(of("position")[..5], [json!(4), json!(null), json!(null), json!(5), json!(6)]);
    assert_eq!(told["items"][3]["args"]["due_on"], "2021-09-01");
    let counts = ["stored", "duplicate", "refused"].map(|name| told[name].clone());
    assert_eq!(counts, [json!(1), json!(1), json!(7)]);
    let none = agency.post(BATCH, b"[]").await;
    assert_eq!((none.status, &none.json()["items"]), (200, &json!([])));

    // More refusals in one step than the projector tells reasons of.
    let many: Vec<String> =
        (0..200).map(|n| dossier(&format!("m{n}"), n).replace("DIRECT", "BIRD")).collect();
    let told = agency.post(BATCH, &batch(&many)).await.json();
    assert_eq!(told["refused"], 200, "{told}");
    for item in told["items"].as_array().unwrap() {
        assert!(item["code"].as_str().is_some_and(|code| code.starts_with("data.")), "{item}");
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_twice_at_once_counts_once() {
    let data = Data::new("gateway-twice");
    let (up, agency) = province(&data).await;
    for number in 0..20 {
        let event = dossier(&format!("e{number}"), number);
        let post = || agency.post(STRUCTURED, event.as_bytes());
        let (one, other) = tokio::join!(post(), post());
        let mut said =
            [one, other].map(|reply| reply.json()["status"].as_str().unwrap().to_owned());
        said.sort();
        assert_eq!(said, ["duplicate", "stored"]);
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_goes_away_loses_nothing_that_was_answered() {
    let data = Data::new("gateway-outage");
    let port = free_port();
    let nats = Nats::start(&data, port).await;
    let running = project(&data, nats.url(), "project");
    folded(&data, 0).await;
    let serve = &mut tonghop(&data, &["serve", "--http", "127.0.0.1:0"]);
    let serve = Running::start(&data, "serve", serve);
    let http = until("the address of `serve`", async || {
        Some(serve.out().strip_prefix("HTTP at ")?.strip_suffix('\n')?.to_owned())
    })
    .await;
    let office = Agency::of(&data, &http, &["--office"]).await;
    let reply = office.post(BATCH, &batch(&[registered("H41"), registered("H41.16")])).await;
    assert_eq!(reply.status, 200, "through `serve`: {}", reply.body);
    let agency = Agency::of(&data, &http, &["H41.16"]).await;

    let large = agency.post(BATCH, &vec![b' '; 10 * 1024 * 1024]).await;
    assert_eq!(large.status, 413, "through `serve`: {}", large.body);

    // Batch after batch, until the server is killed under one of them.
    let batches: Vec<Vec<String>> = (0..400)
        .map(|b| (0..10).map(|n| dossier(&format!("{b}-{n}"), b * 10 + n)).collect())
        .collect();
    let pid = nats.server.pid();
    let mut answered = 0;
    let mut lost = None;
    for (place, items) in batches.iter().enumerate() {
        if place == 7 {
            tokio::task::spawn_blocking(move || signal(pid, "KILL"));
        }
        let reply = agency.post(BATCH, &batch(items)).await;
        if reply.status == 200 {
            answered += reply.json()["stored"].as_u64().unwrap();
            continue;
        }
        assert_eq!((reply.status, reply.retry_after.as_str()), (503, "5"), "{}", reply.body);
        lost = Some(place);
        break;
    }
    let lost = lost.expect("a batch that the log did not confirm");
    assert_eq!(answered, u64::try_from(lost * 10).unwrap());
    let reply = agency.post(BATCH, &batch(&batches[lost])).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    drop(nats);

    let nats = Nats::start(&data, port).await;
    let told = until("the log again", async || {
        let reply = agency.post(BATCH, &batch(&batches[lost])).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let [stored, duplicate] = ["stored", "duplicate"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(stored + duplicate, 10, "{told}");
    // Answered is stored: every one of them is a duplicate now.
    for items in &batches[..lost] {
        let reply = until("an answer", async || {
            let reply = agency.post(BATCH, &batch(items)).await;
            (reply.status == 200).then_some(reply)
        })
        .await;
        assert_eq!(reply.json()["duplicate"], 10, "{}", reply.body);
    }
    folded(&data, nats.last().await).await;
    let dossiers = u64::try_from((lost + 1) * 10).unwrap();
    assert_eq!(local_metric(&data, "tonghop_folded_total").await, Some(dossiers + 2));
    running.stop("TERM").await.expect(0);
    let reply = agency.post(STRUCTURED, dossier("z", 1).as_bytes()).await;
    assert_eq!(reply.status, 503, "no projector: {}", reply.body);
    assert!(reply.body.contains("tonghop project"), "{}", reply.body);
    serve.stop("TERM").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_is_told_when_to_come_back() {
    let data = Data::new("gateway-limits");
    let settings = "[gateway]\nevents_per_second = 1\nburst_events = 1000\n";
    std::fs::write(data.file("tonghop.toml"), settings).unwrap();
    let (up, agency) = province(&data).await;
    let items: Vec<String> = (0..900).map(|n| dossier(&format!("l{n}"), n)).collect();
    assert_eq!(agency.post(BATCH, &batch(&items)).await.status, 200);
    let reply = agency.post(BATCH, &batch(&items)).await;
    assert_eq!((reply.status, reply.kind.as_str()), (429, "application/problem+json"));
    assert!(reply.retry_after.parse::<u64>().unwrap() > 700, "{reply:?}");
    let other = Agency::of(&data, &up.http, &["H41.17"]).await;
    let one = dossier("other", 1).replace("H41.16", "H41.17");
    assert_eq!(other.post(STRUCTURED, one.as_bytes()).await.status, 200, "another's share");
    assert!(up.metric("tonghop_gateway_limited_total").await.unwrap() > 0);
    std::fs::write(data.file("tonghop.toml"), "[gateway]\nburst_events = 10\n").unwrap();
    let refused = run(&data, &["doctor"]).await.expect(2);
    assert!(refused.err.contains("burst_events"), "{}", refused.err);
    up.running.stop("TERM").await.expect(0);
}
