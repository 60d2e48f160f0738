//! `serve`, `report` and the rest of the command line: what is said with and without a projector.

use std::fs;

use serde_json::Value;

use crate::program::{Ended, Running, project, run, sample_lines, tonghop};
use crate::reading::{folded, get};
use crate::world::{Data, Nats, free_port, publish, until};

const FORM: &str = "/v1/forms/bieu-06a?unit=H41&from=2021-06-15&to=2021-09-14";
const REPORT: [&str; 7] =
    ["report", "--form", "bieu-06a", "--from", "2021-06-15", "--to", "2021-09-14"];

#[tokio::test(flavor = "multi_thread")]
async fn serve_stands_in_front_of_a_projector_that_comes_and_goes() {
    let data = Data::new("serve");
    let nats = Nats::start(&data, 0).await;
    let last = publish(&nats.client, &sample_lines(&data, "0.001").await).await;
    let serve = &mut tonghop(&data, &["serve", "--http", "127.0.0.1:0"]);
    let mut serve = Running::start(&data, "serve", serve);
    let http = until("the address of `serve`", async || {
        assert!(serve.runs(), "{}", serve.err());
        Some(serve.out().strip_prefix("HTTP at ")?.strip_suffix('\n')?.to_owned())
    })
    .await;

    serve.says("no projector runs on this data directory yet").await;
    nobody_answers(&http).await;
    let running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    assert_eq!(get(&http, "/healthz").await.json()["position"], last);
    let form = get(&http, FORM).await.json();
    assert_eq!(form["position"], last);
    assert_eq!(get(&http, "/readyz").await.status, 200);
    assert_eq!(get(&http, "/v1/forms/nonsense?period=2021-Q3").await.status, 404);
    running.stop("INT").await.expect(0);
    nobody_answers(&http).await;

    // Killed, a projector leaves its socket behind; the next one takes it over.
    let mut running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    running.kill();
    nobody_answers(&http).await;
    let running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    assert_eq!(get(&http, FORM).await.json(), form);
    running.stop("TERM").await.expect(0);
    serve.stop("TERM").await.expect(0);
    nats.server.stop().await.unwrap();
}

async fn nobody_answers(http: &str) {
    let alive = get(http, "/healthz").await;
    assert_eq!((alive.status, &alive.json()["status"]), (200, &Value::from("alive")));
    assert_eq!(get(http, "/readyz").await.status, 503);
    let reply = get(http, FORM).await;
    assert_eq!((reply.status, reply.kind.as_str()), (503, "application/problem+json"));
    let problem: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(problem["status"], 503);
    assert!(problem["detail"].as_str().unwrap().contains("tonghop project"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_read_with_a_projector_and_without() {
    let data = Data::new("report");
    let nats = Nats::start(&data, 0).await;
    let nothing = run(&data, &REPORT).await.expect(3);
    assert!(nothing.err.contains("no projector runs"), "{}", nothing.err);

    let last = publish(&nats.client, &sample_lines(&data, "0.002").await).await;
    let running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    let formats = [&["--format", "csv"][..], &["--json"], &["--by-level"], &["--lang", "en"]];
    let mut with = Vec::new();
    for format in formats {
        with.push(report(&data, format).await.expect(0).out);
    }
    running.stop("INT").await.expect(0);
    for (format, with) in formats.into_iter().zip(&with) {
        let without = report(&data, format).await.expect(0).out;
        assert!(without == *with, "{format:?}: {with}\n{without}");
        assert!(with.lines().count() > 3, "{with}");
    }
    let file = data.file("form.csv");
    let to_file = ["--format", "csv", "--output", file.to_str().unwrap()];
    assert_eq!(report(&data, &to_file).await.expect(0).out, "");
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written.strip_prefix('\u{feff}'), Some(&*with[0]), "Excel sees that it is UTF-8");
    for (name, begins) in [("a.xlsx", &b"PK"[..]), ("a.docx", b"PK"), ("a.pdf", b"%PDF-")] {
        let file = data.file(name);
        assert_eq!(report(&data, &["-o", file.to_str().unwrap()]).await.expect(0).out, "");
        assert!(fs::read(&file).unwrap().starts_with(begins), "{name}");
    }
    let old = report(&data, &["-o", data.file("a.xls").to_str().unwrap()]).await.expect(2);
    assert!(old.err.contains(".xlsx"), "{}", old.err);
    let both = report(&data, &["--by-level", "--format", "csv"]).await.expect(2);
    assert!(both.err.contains("--by-level"), "{}", both.err);

    for (wrong, said) in [
        (&["report", "--form", "nonsense", "--period", "2021-Q3"][..], "without --form"),
        (&["report", "--form", "bieu-06", "--period", "2021-Q3"], "did you mean"),
        (&["report", "--form", "bieu-06a", "--period", "2021-Q9"], "period"),
        (&["report", "--form", "bieu-06a"], "period"),
        (&["report", "--form", "bieu-06a", "--period", "2021-Q3", "--unit", "H99"], "H99"),
        (&["report", "--form", "bieu-06a", "--from", "2021-06-15"], "--to"),
    ] {
        let ended = run(&data, wrong).await.expect(2);
        assert!(ended.err.contains(said), "{said} in {}", ended.err);
    }
    let listed = run(&data, &["report"]).await.expect(0).out;
    assert!(listed.contains("bieu-06a") && listed.contains("post"), "{listed}");
    doctor_reads_the_store_and_misses_nats(&data, &nats).await;
    nats.server.stop().await.unwrap();
}

async fn doctor_reads_the_store_and_misses_nats(data: &Data, nats: &Nats) {
    let good = run(data, &["doctor", "--nats", nats.url()]).await.expect(0).out;
    assert!(good.contains("not running; its store"), "{good}");
    let url = format!("nats://127.0.0.1:{}", free_port());
    let bad = run(data, &["doctor", "--nats", &url]).await.expect(3).out;
    assert!(bad.contains("no NATS server answers at"), "{bad}");
}

async fn report(data: &Data, more: &[&str]) -> Ended {
    run(data, &[&REPORT[..], more].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_explains_itself() {
    let data = Data::new("usage");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&data, &["completions", shell]).await.expect(0).out;
        assert!(script.contains("tonghop") && script.contains("nats-port"), "{shell}: {script}");
    }
    let help = run(&data, &["--help"]).await.expect(0).out;
    for command in
        ["up", "publish", "project", "serve", "report", "replay", "sample", "doctor", "refusals"]
    {
        assert!(help.contains(command), "{command} in {help}");
        run(&data, &[command, "--help"]).await.expect(0);
        let wrong = run(&data, &[command, "--no-such-flag"]).await.expect(2);
        assert!(wrong.err.contains("--no-such-flag") && wrong.out.is_empty(), "{}", wrong.err);
    }
    for wrong in [
        &[][..],
        &["fold"],
        &["sample", "elsewhere"],
        &["sample", "--scale", "2"],
        &["serve", "--http", "nowhere"],
        &["serve", "--http", "8080"],
        &["doctor", "--config", "none.toml"],
        &["doctor", "--nats", "not a url"],
        &["up", "--sync", "sometimes"],
        &["up", "--nats", "nats://127.0.0.1:4222"],
        &["--creds", "file", "up"],
        &["completions", "bash", "--creds", "file"],
        &["replay", "--http", "127.0.0.1:0"],
        &["sample", "--http", "127.0.0.1:0"],
        &["--http", "127.0.0.1:0", "sample"],
        &["refusals", "--unit", "a b"],
        &["refusals", "--code", "data.missing"],
    ] {
        let ended = run(&data, wrong).await.expect(2);
        assert!(!ended.err.is_empty() && !ended.err.contains("panicked"), "{}", ended.err);
    }
    let up = run(&data, &["up", "--nats", "nats://127.0.0.1:4222"]).await.expect(2);
    assert!(up.err.contains("`up` starts its own NATS; use `project` and `serve`"), "{}", up.err);
    let help = run(&data, &["report", "--help"]).await.expect(0).out;
    let (own, common) = help.split_once("Common options:").unwrap();
    assert!(own.contains("--form") && own.contains("legal, "), "{own}");
    assert!(common.contains("--data") && !help.contains("--nats"), "{help}");
    // A common option may stand in front of the command too.
    let dir = data.path().to_str().unwrap();
    let report = run(&data, &["--json", "--data", dir, "report"]).await.expect(3);
    assert!(report.err.contains("no projector runs"), "{}", report.err);
    let version = run(&data, &["--version"]).await.expect(0).out;
    assert!(version.starts_with("tonghop "), "{version}");
    let files = fs::read_dir(data.path()).unwrap().count();
    assert_eq!(files, 0, "asking leaves nothing behind");
}
