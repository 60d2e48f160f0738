//! The projector killed, and the NATS server killed, while events are published.
//!
//! What must come out is what an undisturbed run makes of the same log, byte by byte.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tonghop_node::announce::{FOLDED_SUBJECT, Told};
use tonghop_node::compare;

use crate::program::{Ended, Running, project, run, sample_lines, tonghop};
use crate::reading::{folded, local_metric};
use crate::world::{Data, Nats, PATIENCE, Seeded, free_port, publish, signal, until};

const KILLS: usize = 50;
/// Events that are published from one start of the projector to the next.
const ROUND: u64 = 200;
/// The most events that are published at a time, and the pause after them: the projector folds
/// them in as small steps.
const BURST_MAX: u64 = 30;
const PACE: Duration = Duration::from_millis(5);

/// When a projector is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// When it tells that it has folded so many events of its round.
    Told(u64),
    /// When so many events of the round are stored, whatever it does then.
    Stored(u64),
    /// When it has opened its store.
    Opened,
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_of_the_projector_change_no_byte() {
    let data = Data::new("kills");
    let nats = Nats::start(&data, 0).await;
    let mut feed = Feed::start(&nats, troubled(&sample_lines(&data, "0.004").await)).await;
    let mut dice = Seeded(2021);
    let (mut resumed, mut in_the_middle) = (Vec::new(), 0);
    for _ in 0..KILLS {
        let moment = match dice.below(8) {
            0 => Moment::Opened,
            1 => Moment::Stored(1 + dice.below(ROUND)),
            _ => Moment::Told(1 + dice.below(ROUND)),
        };
        let stored_at_kill = feed.stored();
        if let Some(position) = feed.round(&data, &nats, moment).await {
            in_the_middle += usize::from(position > 0 && position < stored_at_kill);
            resumed.push(position);
        }
    }
    assert!(resumed.is_sorted(), "a commit that was done is lost: {resumed:?}");
    let places = resumed.iter().collect::<BTreeSet<_>>().len();
    assert!(places > KILLS / 2, "the kills are too close: {resumed:?}");
    assert!(in_the_middle > KILLS / 4, "only {in_the_middle} were in the middle: {resumed:?}");

    let last = feed.rest().await;
    let running = project(&data, nats.url(), "last");
    folded(&data, last).await;
    assert!(!running.err().contains("rebuilt"), "{}", running.err());
    accounts_close(&data, nats.url()).await;
    running.stop("INT").await.expect(0);
    equals_the_replay(&data, nats.url(), last).await;
    equals_an_undisturbed_run(&data, nats.url(), last).await;
    nats.server.stop().await.unwrap();
}

/// Events with, now and then, one that comes twice, one that uses an id again and one of a unit
/// that does not exist: refusals and duplicates must survive the kills too.
fn troubled(lines: &[String]) -> Vec<String> {
    let mut all = Vec::with_capacity(lines.len() * 9 / 8);
    for (place, line) in lines.iter().enumerate() {
        all.push(line.clone());
        let event: Value = serde_json::from_str(line).unwrap();
        match place % 31 {
            5 => all.push(line.clone()),
            15 => all.push(lines[place / 2].clone()),
            20 => all.push(changed(&event, &json!({"time": "2021-01-02T03:04:05+07:00"}))),
            25 => all.push(changed(
                &event,
                &json!({"unit": "H41.999", "source": "/H41.999/x", "subject": "H41.999",
                    "type": "vn.tonghop.document.issued.v1"}),
            )),
            _ => {}
        }
    }
    all
}

fn changed(event: &Value, changes: &Value) -> String {
    let mut event = event.clone();
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event.to_string()
}

/// Publishes in small bursts, as many as it is allowed to, whatever becomes of the projector.
/// Position and number of a line are the same, for nothing else publishes.
#[derive(Debug)]
struct Feed {
    task: JoinHandle<()>,
    lines: u64,
    allowed: watch::Sender<u64>,
    stored: watch::Receiver<u64>,
    told: async_nats::Subscriber,
    /// The last position that was told.
    heard: u64,
}

impl Feed {
    async fn start(nats: &Nats, lines: Vec<String>) -> Self {
        let told = nats.client.subscribe(FOLDED_SUBJECT).await.unwrap();
        let (allowed, mut may) = watch::channel(0);
        let (progress, stored) = watch::channel(0);
        let (client, count) = (nats.client.clone(), u64::try_from(lines.len()).unwrap());
        let mut dice = Seeded(41);
        let task = tokio::spawn(async move {
            let mut done = 0;
            while done < count {
                let until = *may.wait_for(|allowed| *allowed > done).await.unwrap();
                let next = (done + 1 + dice.below(BURST_MAX)).min(until);
                let (from, to) = (usize::try_from(done).unwrap(), usize::try_from(next).unwrap());
                assert_eq!(publish(&client, &lines[from..to]).await, next);
                done = next;
                progress.send_replace(done);
                sleep(PACE).await;
            }
        });
        Self { task, lines: count, allowed, stored, told, heard: 0 }
    }

    fn stored(&self) -> u64 {
        *self.stored.borrow()
    }

    /// Starts a projector, publishes on, kills the projector at this moment; the position that it
    /// went on from, if it came so far.
    async fn round(&mut self, data: &Data, nats: &Nats, moment: Moment) -> Option<u64> {
        let base = *self.allowed.borrow();
        assert!(base + ROUND < self.lines, "{} events are too few", self.lines);
        let promised = self.heard;
        let mut running = project(data, nats.url(), "project");
        if matches!(moment, Moment::Told(_)) {
            // It follows live, in small steps; otherwise it first catches up.
            running.says("store").await;
        }
        self.allowed.send_replace(base + ROUND);
        match moment {
            Moment::Told(count) => self.tells(base + count).await,
            Moment::Stored(count) => {
                let stored = self.stored.wait_for(|stored| *stored >= base + count);
                timeout(PATIENCE, stored).await.unwrap().unwrap();
            }
            Moment::Opened => running.says("store").await,
        }
        running.kill();
        while let Some(Some(message)) = self.told.next().now_or_never() {
            self.hear(&message);
        }
        let said = running.err();
        assert!(!said.contains("rebuilt") && !said.contains("damaged"), "{said}");
        let resumed = resumed(&said);
        assert!(resumed.is_none_or(|from| from >= promised), "ACK-1: {promised} was told: {said}");
        resumed
    }

    async fn tells(&mut self, position: u64) {
        let told = async {
            while self.heard < position {
                let message = self.told.next().await.unwrap();
                self.hear(&message);
            }
        };
        timeout(PATIENCE, told).await.expect("the projector tells how far it is");
    }

    fn hear(&mut self, message: &async_nats::Message) {
        let told: Told = serde_json::from_slice(&message.payload).unwrap();
        self.heard = self.heard.max(told.position);
    }

    /// Publishes what is left; the last position.
    async fn rest(self) -> u64 {
        self.allowed.send_replace(self.lines);
        self.task.await.unwrap();
        self.lines
    }
}

/// The position that a projector said it goes on from.
pub(crate) fn resumed(said: &str) -> Option<u64> {
    let (_, after) = said.split_once("goes on from its position position=")?;
    after.split_whitespace().next()?.parse().ok()
}

async fn accounts_close(data: &Data, nats: &str) {
    let checks = run(data, &["doctor", "--json", "--nats", nats]).await.expect(0).json();
    let checks = checks.as_array().unwrap();
    assert!(checks.len() >= 5 && checks.iter().all(|check| check["good"] == true), "{checks:?}");
}

async fn equals_the_replay(data: &Data, nats: &str, last: u64) {
    let args = ["replay", "--compare", "--json", "--nats", nats];
    let replay = run(data, &args).await.expect(0).json();
    assert_eq!(replay["position"], last);
    assert_eq!(replay["compared"]["differences"], 0, "{replay}");
    assert!(replay["compared"]["cells"].as_u64().unwrap() > 1_000, "{replay}");
    for kind in ["folded", "duplicates", "refused"] {
        assert!(replay[kind].as_u64().unwrap() > 100, "too few {kind}: {replay}");
    }
}

async fn equals_an_undisturbed_run(data: &Data, nats: &str, last: u64) {
    let calm = Data::new("kills-calm");
    let running = project(&calm, nats, "project");
    folded(&calm, last).await;
    running.stop("INT").await.expect(0);
    equal(data.path(), calm.path());
}

/// Every cell, entry and record of two stores, which nobody has open, is the same.
pub(crate) fn equal(one: &Path, other: &Path) {
    let stores = [one, other].map(|data| compare::open_in_use(data).unwrap());
    let [one, other] = &stores;
    let compared = compare::compare(one, other).unwrap();
    assert_eq!(compared.differences, 0, "{compared}");
    assert!(compared.cells > 1_000 && compared.entries > 1_000, "{compared}");
    assert_eq!(compare::digest(one).unwrap().hex, compare::digest(other).unwrap().hex);
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_nats_server_lose_nothing() {
    let data = Data::new("nats-kills");
    let mut nats = Nats::start(&data, free_port()).await;
    let (port, url) = (nats.server.port(), nats.url().to_owned());
    let mut projector = project(&data, &url, "project");
    let lines = sample_lines(&data, "0.005").await;
    let count = lines.len();
    let publishing = Publishing::start(&data, &url);
    let mut dice = Seeded(5);
    for part in lines.chunks(count / 4 + 1) {
        // Some of a part goes out, then the server dies under the rest of it.
        let before = local_metric(&data, "tonghop_folded_total").await.unwrap_or(0);
        publishing.feed(part);
        let point = before + 1 + dice.below(u64::try_from(part.len() / 2).unwrap());
        until("a point in the middle", async || {
            (local_metric(&data, "tonghop_folded_total").await? >= point).then_some(())
        })
        .await;
        signal(nats.server.pid(), "KILL");
        timeout(PATIENCE, nats.server.died()).await.unwrap();
        drop(nats.server);
        nats = Nats::start(&data, port).await;
    }
    let ended = publishing.ended().await.expect(0);
    assert!(ended.err.contains("disconnected from NATS"), "it felt the kills: {}", ended.err);
    let told = ended.json();
    assert_eq!(told["stored"], count, "PUB-1: {told}");
    folded(&data, nats.last().await).await;
    assert!(projector.runs(), "the projector lives through it: {}", projector.err());
    let folded = local_metric(&data, "tonghop_folded_total").await.unwrap();
    assert_eq!(folded, u64::try_from(count).unwrap(), "each event was folded once");
    accounts_close(&data, &url).await;
    projector.stop("TERM").await.expect(0);
    let args = ["replay", "--compare", "--nats", &url];
    run(&data, &args).await.expect(0);
    nats.server.stop().await.unwrap();
}

/// `tonghop publish -`, fed from a thread of its own, for it stops reading while it cannot send.
#[derive(Debug)]
struct Publishing {
    running: Running,
    parts: std::sync::mpsc::Sender<Vec<u8>>,
}

impl Publishing {
    fn start(data: &Data, nats: &str) -> Self {
        let mut command = tonghop(data, &["publish", "-", "--json", "--nats", nats]);
        command.args(["--window", "64"]).stdin(Stdio::piped());
        let mut running = Running::start(data, "publish", &mut command);
        let mut input = running.stdin();
        let (parts, received) = std::sync::mpsc::channel::<Vec<u8>>();
        std::thread::spawn(move || {
            for part in received {
                input.write_all(&part).unwrap();
            }
        });
        Self { running, parts }
    }

    fn feed(&self, lines: &[String]) {
        self.parts.send((lines.join("\n") + "\n").into_bytes()).unwrap();
    }

    /// Ends the input, and waits until all of it is stored.
    async fn ended(self) -> Ended {
        drop(self.parts);
        self.running.ended().await
    }
}
