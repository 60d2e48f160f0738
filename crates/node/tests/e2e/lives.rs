//! How `up` and `project` begin and end: told to stop, killed, in each other's way.

use std::fs;
use std::net::TcpListener;

use crate::program::{Ended, Up, project, run, sample, to_end, tonghop};
use crate::reading::folded;
use crate::world::{Data, Nats, free_port, publish, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_projector_on_a_directory_is_refused_with_the_pid_of_the_first() {
    let data = Data::new("second");
    let nats = Nats::start(&data, 0).await;
    let first = project(&data, nats.url(), "first");
    folded(&data, 0).await;
    let second = project(&data, nats.url(), "second").ended().await.expect(3);
    assert!(second.err.contains(&format!("{}", first.pid())), "{}", second.err);
    assert!(!second.err.contains("panicked"), "{}", second.err);

    // The first one goes on as if nothing had been.
    let lines = fs::read_to_string(sample(&data, "0.001").await).unwrap();
    let lines: Vec<String> = lines.lines().take(100).map(str::to_owned).collect();
    folded(&data, publish(&nats.client, &lines).await).await;
    first.stop("TERM").await.expect(0);
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_in_use_are_refused_and_nothing_is_left_running() {
    let data = Data::new("ports");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (port, address) = (port.to_string(), format!("127.0.0.1:{port}"));
    let free = free_port().to_string();

    let args = ["up", "--nats-port", &free, "--http", &address];
    let said = run(&data, &args).await.expect(3).err;
    assert!(said.contains(&address) && said.contains("--http"), "{said}");
    assert!(!said.contains("--nats-port"), "{said}");
    let said = run(&data, &["up", "--nats-port", &port, "--http", &address]).await.expect(3).err;
    assert!(said.contains("--http") && said.contains("--nats-port"), "both at once: {said}");
    assert_eq!(data.nats_pid(), None, "no nats-server is left");

    let args = ["up", "--nats-port", &port, "--http", "127.0.0.1:0"];
    let said = run(&data, &args).await.expect(3).err;
    assert!(said.contains(&port) && said.contains("--nats-port 0"), "{said}");
    assert_eq!(data.nats_pid(), None, "no nats-server is left");

    let up = Up::start(&data).await;
    // That it runs already is said before anything about ports.
    let second = run(&data, &["up", "--nats-port", &port, "--http", &address]).await.expect(3);
    let says =
        format!("`up` already runs on {} (process {})", data.path().display(), up.running.pid());
    assert!(second.err.contains(&says), "{says} in {}", second.err);
    let doctor = without_nats(&data, &["doctor"]).await.expect(3);
    assert!(doctor.out.contains("`up` runs one on"), "{}", doctor.out);
    let pid = data.nats_pid().expect("the first one's nats-server");
    assert!(up.get("/healthz").await.status == 200, "the first one goes on");
    let ended = up.running.stop("TERM").await.expect(0);
    assert!(!ended.err.contains("WARN"), "nothing to warn of: {}", ended.err);
    assert!(!runs(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn up_stops_when_told_to_and_goes_on_the_next_time() {
    let data = Data::new("stops");
    let file = sample(&data, "0.001").await;
    let mut stored = 0;
    for (round, signal) in ["INT", "TERM", "INT"].into_iter().enumerate() {
        let up = Up::start(&data).await;
        up.reaches(stored).await;
        let said = up.running.err();
        assert_eq!(said.contains("goes on from its position"), round > 0, "{said}");
        assert!(!said.contains("rebuilt"), "{said}");
        stored += up.publish(&data, &file).await["stored"].as_u64().unwrap();
        up.reaches(stored).await;
        let nats = data.nats_pid().expect("a nats-server");
        let ended = up.running.stop(signal).await.expect(0);
        assert!(!runs(nats), "nats-server {nats} is left after {signal}: {}", ended.err);
        assert!(!data.file("read.sock").exists(), "the socket is left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn up_that_is_killed_can_be_started_again() {
    let data = Data::new("killed");
    let mut up = Up::start(&data).await;
    let stored = up.publish(&data, &sample(&data, "0.001").await).await["stored"].as_u64().unwrap();
    up.reaches(stored).await;
    up.running.kill();
    let left = data.nats_pid().expect("its nats-server goes on, as kill -9 is");

    let up = Up::start(&data).await;
    up.reaches(stored).await;
    assert_ne!(data.nats_pid(), Some(left));
    assert!(!runs(left), "the one left behind was stopped first");
    let again = up.publish(&data, &sample(&data, "0.001").await).await;
    assert_eq!((&again["duplicate"], &again["new"]), (&stored.into(), &0.into()), "{again}");
    up.running.stop("INT").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_up_left_is_examined_and_compared_while_nothing_runs() {
    let data = Data::new("rests");
    let up = Up::start(&data).await;
    let stored = up.publish(&data, &sample(&data, "0.001").await).await["stored"].as_u64().unwrap();
    up.reaches(stored).await;
    up.running.stop("INT").await.expect(0);
    let compared = without_nats(&data, &["replay", "--compare", "--json"]).await.expect(0);
    assert_eq!(compared.json()["compared"]["differences"], 0, "{compared:?}");
    assert_eq!(compared.json()["position"], stored);
    assert_eq!(data.nats_pid(), None, "the server it started is stopped");
    let doctor = without_nats(&data, &["doctor"]).await.expect(0);
    assert!(!doctor.err.contains("WARN"), "{}", doctor.err);
    assert_eq!(data.nats_pid(), None, "the server it started is stopped");

    // Named for this very call, no other server will do.
    let url = format!("nats://127.0.0.1:{}", free_port());
    let doctor = run(&data, &["doctor", "--nats", &url]).await.expect(3);
    assert!(doctor.out.contains("no NATS server answers at"), "{}", doctor.out);
    let refusals = without_nats(&data, &["refusals"]).await.expect(0);
    assert!(refusals.err.contains("nothing was refused"), "{}", refusals.err);
}

/// Runs the program where no NATS server answers, without naming one for this very call.
async fn without_nats(data: &Data, args: &[&str]) -> Ended {
    let mut command = tonghop(data, args);
    command.env("TONGHOP_NATS", format!("nats://127.0.0.1:{}", free_port()));
    to_end(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_dies_ends_up_with_a_sentence() {
    let data = Data::new("orphan");
    let mut up = Up::start(&data).await;
    crate::world::signal(data.nats_pid().unwrap(), "KILL");
    until("the end of `up`", async || (!up.running.runs()).then_some(())).await;
    let ended = up.running.ended().await.expect(3);
    assert!(ended.err.contains("nats-server ended by itself"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_waits_for_nats_and_can_be_stopped_while_it_waits() {
    let data = Data::new("waits");
    let url = format!("nats://127.0.0.1:{}", free_port());
    let mut running = project(&data, &url, "project");
    running.says("no NATS server answers yet").await;
    let ended = running.stop("INT").await.expect(0);
    assert!(ended.err.contains("stopping"), "{}", ended.err);
}

/// Whether a process lives; one that has ended and is not waited for does not.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}
