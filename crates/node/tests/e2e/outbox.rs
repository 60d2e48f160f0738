//! Events that go through an outbox: none is lost and none counts twice, whatever is killed, cut
//! back or full.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tonghop_client::outbox::{Outbox, OutboxSettings};
use tonghop_client::sender::{Sender, SenderSettings};
use tonghop_node::nats::{ConnectSettings, connect};
use tonghop_node::socket;

use crate::program::{Ended, Running, run, to_end, tonghop};
use crate::reading::{folded, local_metric};
use crate::world::{Data, Nats, PATIENCE, Seeded, free_port, publish, until};

const SOURCE: &str = "/H41.16/ioffice";
const REGISTRATIONS: u64 = 2;

fn event(id: &str, source: &str, kind: &str, subject: &str, data: &Value) -> String {
    json!({"specversion": "1.0", "id": id, "source": source,
        "type": format!("vn.tonghop.{kind}.v1"), "subject": subject,
        "time": "2021-07-01T08:00:00+07:00", "unit": source.split('/').nth(1), "data": data})
    .to_string()
}

/// A document that counts once, whoever sends it.
fn document_of(source: &str, number: u64) -> String {
    let subject = format!("{number}/CV-{}", source.replace('/', "."));
    let data = json!({"kind": "CV", "electronic": true, "personalSignature": true,
        "organisationSignature": true, "normative": false});
    event(&format!("d{number}"), source, "document.issued", &subject, &data)
}

fn document(number: u64) -> String {
    document_of(SOURCE, number)
}

async fn register(nats: &Nats) {
    let unit = |code: &str, level: &str| {
        let data = json!({"name": code, "level": level});
        let line = event(code, "/H41/office", "unit.registered", code, &data);
        line.replace("2021-07-01", "2000-01-01")
    };
    let lines = [unit("H41", "PROVINCE"), unit("H41.16", "DEPARTMENT")];
    assert_eq!(publish(&nats.client, &lines).await, REGISTRATIONS);
}

/// A projector that is told how often the server makes its log safe.
fn project(data: &Data, nats: &str, name: &str, log_sync: &str) -> Running {
    let args = ["project", "--nats", nats, "--log-sync", log_sync];
    Running::start(data, name, &mut tonghop(data, &args))
}

async fn issued(data: &Data) -> Option<u64> {
    let path = "/v1/figures?indicator=documents.issued&unit=H41.16&from=2021-07-01&to=2021-07-01";
    let reply = socket::ask(data.path(), path).await.ok()?;
    serde_json::from_slice::<Value>(&reply.body).ok()?.get("value")?.as_u64()
}

/// Waits until the projector has folded all of the log, and answers how many documents there are.
async fn issued_in_all(data: &Data, nats: &Nats) -> u64 {
    folded(data, nats.last().await).await;
    issued(data).await.unwrap()
}

/// What is known of the completeness of the source.
async fn account(data: &Data) -> Value {
    let reply = socket::ask(data.path(), "/v1/completeness?unit=H41.16&lang=en").await.unwrap();
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let sources = answer["sources"].as_array().unwrap();
    sources.iter().find(|source| source["source"] == SOURCE).unwrap().clone()
}

fn opened(dir: &Path) -> Arc<Outbox> {
    Arc::new(Outbox::open(dir, OutboxSettings::new()).unwrap())
}

async fn sender(outbox: &Arc<Outbox>, url: &str) -> Sender {
    let client = connect(&ConnectSettings::new(url, "outbox")).await.unwrap();
    Sender::start(Arc::clone(outbox), client, SenderSettings::new()).await.unwrap()
}

async fn in_time<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// Every message of the log by its id; the positions of each.
async fn ids(nats: &Nats) -> BTreeMap<String, Vec<u64>> {
    let stream = nats.context.get_stream("TONGHOP_EVENTS").await.unwrap();
    let mut ids: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for position in 1..=nats.last().await {
        let message = stream.get_raw_message(position).await.unwrap();
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        let id = format!("{} {}", event["source"].as_str().unwrap(), event["id"].as_str().unwrap());
        ids.entry(id).or_default().push(position);
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_log_that_was_put_back_has_lost_is_sent_again_and_counts_once() {
    put_back("rollback", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn also_where_no_projector_had_seen_what_was_lost() {
    put_back("rollback-unseen", false).await;
}

/// A log that is put back to an earlier state, whether or not the projector has folded what it loses.
async fn put_back(name: &str, seen: bool) {
    let data = Data::new(name);
    let port = free_port();
    let nats = Nats::start(&data, port).await;
    register(&nats).await;
    // What the server confirms is not safe for ten minutes: all of it stays in the outbox.
    let mut running = project(&data, nats.url(), "project", "10m");
    let outbox = opened(&data.file("outbox"));
    let sending = sender(&outbox, nats.url()).await;
    let enter = |numbers: std::ops::Range<u64>| {
        let events: Vec<String> = numbers.map(document).collect();
        outbox.enqueue_all(&events).unwrap();
    };
    enter(0..100);
    in_time("the first", sending.stored()).await.unwrap();
    assert_eq!(issued_in_all(&data, &nats).await, 100);
    nats.server.stop().await.unwrap();
    let (log, earlier) = (data.file("elsewhere/nats/jetstream"), data.file("earlier"));
    copy(&log, &earlier);

    let nats = Nats::start(&data, port).await;
    if !seen {
        running.kill();
    }
    enter(100..300);
    in_time("the others", sending.stored()).await.unwrap();
    if seen {
        assert_eq!(issued_in_all(&data, &nats).await, 300);
    }
    assert_eq!(outbox.status().stored, 300, "nothing is safe yet");
    let before = nats.last().await;
    nats.server.stop().await.unwrap();
    fs::remove_dir_all(&log).unwrap();
    copy(&earlier, &log);

    // Somebody else's events take the positions of those that are lost, and more.
    let nats = Nats::start(&data, port).await;
    assert!(nats.last().await < before, "the log was put back");
    let others: Vec<String> = (0..300).map(|n| document_of("/H41.16/other", n)).collect();
    publish(&nats.client, &others).await;
    if !seen {
        running = project(&data, nats.url(), "project", "10m");
    }
    until("every event again", async || {
        folded(&data, nats.last().await).await;
        (issued(&data).await? == 600).then_some(())
    })
    .await;
    in_time("all stored", sending.stored()).await.unwrap();
    let account = account(&data).await;
    assert_eq!(account["missingCount"], 0, "{account}");
    let held = ids(&nats).await;
    for number in 0..300 {
        assert!(held.contains_key(&format!("{SOURCE} d{number}")), "d{number} is not in the log");
    }
    assert_eq!(outbox.status().events, 300);
    assert_eq!(running.err().contains("put back to an earlier state"), seen, "{}", running.err());

    // A server that makes everything safe at once: they may go.
    running.stop("INT").await.expect(0);
    let running = project(&data, nats.url(), "always", "always");
    in_time("an empty outbox", sending.emptied()).await.unwrap();
    sending.close().await.unwrap();
    assert_eq!(issued_in_all(&data, &nats).await, 600);
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_a_server_that_is_away_and_enter_once() {
    let data = Data::new("away");
    let port = free_port();
    let url = format!("nats://127.0.0.1:{port}");
    let file = data.file("events.ndjson");
    let lines: Vec<String> = (0..50).map(document).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let box_dir = data.file("outbox");
    let (dir, file) = (box_dir.to_str().unwrap(), file.to_str().unwrap());
    let with_file = ["publish", "--outbox", dir, "--nats", &url, file];
    let alone = ["publish", "--json", "--outbox", dir, "--nats", &url];
    for _ in 0..2 {
        let ended = run(&data, &with_file).await.expect(3);
        assert!(ended.err.contains("50 events wait in the outbox"), "{}", ended.err);
    }
    let status = run(&data, &["outbox", dir, "--json"]).await.expect(0).json();
    assert_eq!(status["waiting"], 50, "{status}");
    assert_eq!(status["sources"][0]["next"], 51, "{status}");

    let nats = Nats::start(&data, port).await;
    register(&nats).await;
    let running = project(&data, nats.url(), "project", "always");
    folded(&data, REGISTRATIONS).await;
    let said = run(&data, &alone).await.expect(0).json();
    assert_eq!((&said["stored"], &said["new"]), (&json!(50), &json!(50)), "{said}");
    assert_eq!(said["outbox"]["waiting"], 0, "{said}");
    assert_eq!(issued_in_all(&data, &nats).await, 50);
    let account = account(&data).await;
    assert_eq!((&account["missingCount"], &account["promised"]), (&json!(0), &json!(50)));
    // The same file again: all of it is known.
    let again = run(&data, &[&with_file[..], &["--json"]].concat()).await.expect(0).json();
    assert_eq!((&again["stored"], &again["outbox"]["known"]), (&json!(0), &json!(50)), "{again}");
    // The outbox is lost: the numbers go on after those that the log has.
    fs::remove_dir_all(&box_dir).unwrap();
    fs::write(file, document(50)).unwrap();
    let fresh = run(&data, &[&with_file[..], &["--json"]].concat()).await.expect(0).json();
    assert_eq!(fresh["new"], 1, "{fresh}");
    let status = run(&data, &["outbox", dir, "--json"]).await.expect(0).json();
    assert_eq!(status["sources"][0]["next"], 52, "{status}");
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_outbox_sends_nothing_until_it_is_known_which_numbers_the_log_has() {
    let data = Data::new("unanswered");
    let nats = Nats::start(&data, 0).await;
    register(&nats).await;
    let running = project(&data, nats.url(), "project", "always");
    let dir = data.file("outbox");
    {
        let outbox = opened(&dir);
        let sending = sender(&outbox, nats.url()).await;
        outbox.enqueue_all(&(0..100).map(document).collect::<Vec<_>>()).unwrap();
        in_time("an empty outbox", sending.emptied()).await.unwrap();
        sending.close().await.unwrap();
    }
    running.stop("INT").await.expect(0);
    fs::remove_dir_all(&dir).unwrap();

    // Nobody answers. A system that has numbers of its own comes later, and is not held up.
    let before = nats.last().await;
    {
        let outbox = opened(&dir);
        let sending = sender(&outbox, nats.url()).await;
        outbox.enqueue_all(&(100..150).map(document).collect::<Vec<_>>()).unwrap();
        let other = document_of("/H41.16/other", 1).replacen('{', r#"{"sequence":"1","#, 1);
        outbox.enqueue(other.as_bytes()).unwrap();
        until("the other system's event", async || (nats.last().await > before).then_some(()))
            .await;
        sending.close().await.unwrap();
        let held = ids(&nats).await;
        let sent: Vec<u64> =
            (100..150).filter(|n| held.contains_key(&format!("{SOURCE} d{n}"))).collect();
        assert!(sent.is_empty(), "{sent:?}");
    }

    let running = project(&data, nats.url(), "again", "always");
    let outbox = opened(&dir);
    let sending = sender(&outbox, nats.url()).await;
    in_time("an empty outbox", sending.emptied()).await.unwrap();
    sending.close().await.unwrap();
    assert_eq!(issued_in_all(&data, &nats).await, 151);
    let account = account(&data).await;
    assert_eq!((&account["missingCount"], &account["lastSequence"]), (&json!(0), &json!(150)));
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_is_waited_for() {
    let data = Data::new("gone");
    let port = free_port();
    let nats = Nats::start(&data, port).await;
    register(&nats).await;
    let running = project(&data, nats.url(), "project", "always");
    let outbox = opened(&data.file("outbox"));
    let sending = sender(&outbox, nats.url()).await;
    outbox.enqueue_all(&(0..500).map(document).collect::<Vec<_>>()).unwrap();
    nats.server.stop().await.unwrap();
    outbox.enqueue_all(&(500..600).map(document).collect::<Vec<_>>()).unwrap();
    let nats = Nats::start(&data, port).await;
    in_time("an empty outbox", sending.emptied()).await.unwrap();
    assert_eq!(issued_in_all(&data, &nats).await, 600);
    sending.close().await.unwrap();
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_an_outbox_and_a_full_disk_loses_nothing() {
    let data = Data::new("full-disk");
    let nats = Nats::start(&data, 0).await;
    register(&nats).await;
    let running = project(&data, nats.url(), "project", "always");
    let (box_dir, file) = (data.file("outbox"), data.file("events.ndjson"));
    let lines: Vec<String> = (0..500).map(document).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let (dir, file) = (box_dir.to_str().unwrap(), file.to_str().unwrap());
    let args = ["publish", "--json", "--outbox", dir, "--nats", nats.url(), file];

    let held = opened(&box_dir);
    let refused = run(&data, &args).await.expect(3);
    assert!(refused.err.contains("another process has the outbox"), "{}", refused.err);
    held.enqueue_all(&(500..600).map(document).collect::<Vec<_>>()).unwrap();
    drop(held);

    // No file may become longer than 64 blocks; what does not fit is not taken.
    let command = tonghop(&data, &args);
    let script = r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$@""#;
    let mut limited = std::process::Command::new("sh");
    limited.arg("-c").arg(script).arg(command.get_program()).args(command.get_args());
    limited.current_dir(data.path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let ended = to_end(limited).await.expect(3);
    assert!(ended.err.contains("too large"), "{}", ended.err);
    assert_eq!(Outbox::look(&box_dir).unwrap().events, 100);
    let said = run(&data, &args).await.expect(0).json();
    assert_eq!(said["refused"], 0, "{said}");
    assert_eq!(issued_in_all(&data, &nats).await, 600);
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_of_a_publisher_lose_and_double_nothing() {
    kills("kills-20", 20).await;
}

/// `make sim` runs it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes some minutes"]
async fn a_thousand_kills_of_a_publisher_lose_and_double_nothing() {
    kills("kills-1000", 1_000).await;
}

/// Kills until what was killed is run to its end, and the events that each run has more than the one
/// before it.
const ROUNDS: u64 = 20;
const EVENTS: u64 = 60;

/// When a publisher is killed; it may have ended before.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many milliseconds after its start.
    Begun(u64),
    /// When the outbox has grown, and so many milliseconds after that.
    Entered(u64),
    /// When the log has so many messages more.
    Stored(u64),
    /// When events have left the outbox.
    Left,
}

impl Moment {
    fn any(dice: &mut Seeded) -> Self {
        match dice.below(8) {
            0 => Self::Begun(dice.below(100)),
            1..=3 => Self::Entered(dice.below(4)),
            4..=6 => Self::Stored(1 + dice.below(EVENTS)),
            _ => Self::Left,
        }
    }

    async fn waited(self, data: &Data, nats: &Nats, publishing: &mut Running) {
        let dir = data.file("outbox");
        let held = || Outbox::look(&dir).map_or((0, 0), |held| (held.bytes, held.events));
        let ((bytes, _), last, mut most) = (held(), nats.last().await, 0);
        until("the moment of a kill", async || {
            let (now, events) = held();
            most = most.max(events);
            let is_now = match self {
                Self::Begun(_) => true,
                Self::Entered(_) => now > bytes,
                Self::Stored(more) => nats.last().await >= last + more,
                Self::Left => events < most,
            };
            (is_now || !publishing.runs()).then_some(())
        })
        .await;
        if let Self::Begun(ms) | Self::Entered(ms) = self {
            sleep(Duration::from_millis(ms)).await;
        }
    }
}

async fn kills(name: &str, kills: u64) {
    let data = Data::new(name);
    let nats = Nats::start(&data, 0).await;
    register(&nats).await;
    let running = project(&data, nats.url(), "project", "always");
    folded(&data, REGISTRATIONS).await;
    let box_dir = data.file("outbox");
    let mut dice = Seeded(kills);
    let (mut places, mut taken, mut in_time) = (Vec::new(), 0, 0);
    let mut round = 0;
    // One that had ended before was not killed.
    while in_time < kills {
        let file = data.file("events.ndjson");
        let first = round / ROUNDS * ROUNDS * EVENTS;
        let lines: Vec<String> = (first..(round + 1) * EVENTS).map(document).collect();
        fs::write(&file, lines.join("\n")).unwrap();
        let mut publishing = Running::start(&data, "publish", &mut command(&data, &nats, &file));
        Moment::any(&mut dice).waited(&data, &nats, &mut publishing).await;
        in_time += u64::from(publishing.runs());
        publishing.kill();
        let status = Outbox::look(&box_dir).map_or((0, 0), |held| {
            (held.events, held.sources.get(SOURCE).map_or(0, |source| source.next.unwrap_or(0)))
        });
        assert!(status.1 >= taken, "numbers went back");
        taken = status.1;
        places.push((status, nats.last().await));
        if round % ROUNDS == ROUNDS - 1 || in_time == kills {
            finish(&data, &nats, &file).await;
        }
        round += 1;
    }
    let all = round * EVENTS;
    let different = places.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert!(different > places.len() / 3, "the kills all come at one place: {places:?}");
    in_the_end(&data, &nats, all).await;
    let copies: usize = ids(&nats).await.values().map(|positions| positions.len() - 1).sum();
    eprintln!("{kills} kills in {round} rounds, {different} places: {all} events, {copies} copies");
    running.stop("INT").await.expect(0);
    nats.server.stop().await.unwrap();
}

fn command(data: &Data, nats: &Nats, file: &PathBuf) -> std::process::Command {
    let dir = data.file("outbox");
    let args = ["publish", "--json", "--nats", nats.url(), "--outbox", dir.to_str().unwrap()];
    let mut command = tonghop(data, &args);
    command.arg(file);
    command
}

/// Runs to the end what was killed before.
async fn finish(data: &Data, nats: &Nats, file: &PathBuf) {
    let Ended { code, out, err } = to_end(command(data, nats, file)).await;
    assert_eq!(code, Some(0), "{out}{err}");
}

/// Every event is in the log, has one number, and counts once.
async fn in_the_end(data: &Data, nats: &Nats, all: u64) {
    assert_eq!(issued_in_all(data, nats).await, all);
    assert_eq!(local_metric(data, "tonghop_refused_total").await.unwrap_or(0), 0);
    let account = account(data).await;
    assert_eq!((&account["missingCount"], &account["lastSequence"]), (&json!(0), &json!(all)));
    let held = ids(nats).await;
    for number in 0..all {
        assert!(held.contains_key(&format!("{SOURCE} d{number}")), "d{number}");
    }
    let left = Outbox::look(data.file("outbox")).unwrap();
    assert_eq!(left.events, 0, "{left:?}");
}
