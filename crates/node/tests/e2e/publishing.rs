//! `publish`: every way in, and what it says about what became of the events.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Ended, Running, Up, run, sample, sample_lines, to_end, tonghop};
use crate::world::{Data, Nats, free_port, signal, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_is_interrupted_goes_on_where_it_was() {
    let data = Data::new("interrupted");
    let up = Up::start(&data).await;
    let file = sample(&data, "0.01").await;
    let lines = u64::try_from(line_count(&file)).unwrap();
    let slowly = ["publish", "--json", "--window", "1", "--nats", &up.nats, file.to_str().unwrap()];
    let first = Running::start(&data, "first", &mut tonghop(&data, &slowly));
    up.reaches(500).await;
    let first = first.stop("INT").await.expect(3);
    let told = first.json();
    let stored = told["stored"].as_u64().unwrap();
    assert!(told["interrupted"] == true && (500..lines).contains(&stored), "{told}");
    assert!(first.err.contains("goes on from here"), "{}", first.err);

    assert_eq!(bookmark(&data), stored, "what is written down is what is stored");

    // Killed, it has written down less than it has done: what it sends again is a duplicate.
    let mut second = Running::start(&data, "second", &mut tonghop(&data, &slowly));
    until("a bookmark farther on", async || (bookmark(&data) > stored).then_some(())).await;
    second.kill();
    assert!(second.err().contains("going on after line"), "{}", second.err());

    let third =
        run(&data, &["publish", "--json", "--nats", &up.nats, file.to_str().unwrap()]).await;
    let third = third.expect(0);
    assert!(third.err.contains("going on after line"), "{}", third.err);
    let rest = third.json()["stored"].as_u64().unwrap();
    assert!(0 < rest && rest < lines - stored, "it neither begins anew nor was done: {rest}");
    until("all of the file", async || {
        (up.metric("tonghop_folded_total").await? == lines).then_some(())
    })
    .await;

    // A file that is published whole begins anew.
    let again = up.publish(&data, &file).await;
    assert_eq!((&again["stored"], &again["duplicate"]), (&json!(lines), &json!(lines)), "{again}");
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_lines_that_cannot_be_sent_are_told() {
    let data = Data::new("strict");
    let up = Up::start(&data).await;
    let mut lines = sample_lines(&data, "0.001").await;
    lines.truncate(800);
    lines.insert(300, "this is no event".to_owned());
    lines.insert(600, String::new());
    lines.insert(700, lines[5].replace("\"time\":\"2020", "\"time\":\"2019"));
    let file = data.file("some-bad.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();

    let path = file.to_str().unwrap();
    let lenient = run(&data, &["publish", "--json", "--nats", &up.nats, path]).await.expect(1);
    let lenient = lenient.json();
    assert_eq!(counts(&lenient), [801, 800, 0, 1, 1], "{lenient}");
    let [refusal] = lenient["refusals"].as_array().unwrap().as_slice() else { panic!("{lenient}") };
    assert_eq!((&refusal["line"], &refusal["code"]), (&json!(701), &json!("id.reused")));
    assert_eq!((&refusal["file"], &refusal["position"]), (&json!(path), &json!(699)));
    assert_eq!(refusal["args"], json!({"first_position": "6"}));
    assert_eq!(lenient["notSent"][0]["line"], 301, "{lenient}");
    let strict = run(&data, &["publish", "--strict", "--nats", &up.nats, path]).await.expect(1);
    let said = &strict.out;
    for part in ["stored 801", "new 0", "duplicate 800", "refused 1", "not sent 1"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for told in [
        "line 301: not sent: envelope.unreadable",
        "line 701: refused: id.reused (first_position: 6)",
        "tonghop refusals",
    ] {
        assert!(strict.err.contains(told), "{told} in {}", strict.err);
    }
    let good = data.file("good.ndjson");
    fs::write(&good, lines[..10].join("\n")).unwrap();
    let args = ["publish", "--strict", "--nats", &up.nats, good.to_str().unwrap()];
    run(&data, &args).await.expect(0);
    // A refusal is a no to who asked for one only.
    let bad = data.file("bad.ndjson");
    fs::write(&bad, &lines[700]).unwrap();
    for (strict, code) in [(&[][..], 0), (&["--strict"], 1)] {
        let args = ["publish", "--nats", &up.nats, bad.to_str().unwrap()];
        let ended = run(&data, &[&args[..], strict].concat()).await.expect(code);
        let last = ended.out.lines().last().unwrap();
        assert!(last.starts_with("stored 1 · new 0 · duplicate 0 · refused 1 · "), "{last}");
    }
    // A file that is something else is told in a sentence, and not line by line.
    let log = data.file("server.log");
    fs::write(&log, "2021-09-06 INFO started\n".repeat(30)).unwrap();
    for more in [&[][..], &["--dry-run"], &["--outbox", "outbox"]] {
        let args = ["publish", "--nats", &up.nats, log.to_str().unwrap()];
        let ended = run(&data, &[&args[..], more].concat()).await.expect(1);
        assert!(ended.err.contains("line 1 is no JSON object"), "{}", ended.err);
        assert!(!ended.err.contains("not sent"), "{}", ended.err);
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_from_standard_input_and_from_csv() {
    let data = Data::new("ways-in");
    let up = Up::start(&data).await;
    let lines = fs::read_to_string(sample(&data, "0.001").await).unwrap();
    let told = from_stdin(&data, &up.nats, &lines).await.expect(0).json();
    let count = u64::try_from(lines.lines().count()).unwrap();
    assert_eq!(counts(&told), [count, count, 0, 0, 0]);

    let csv = data.file("dossiers.csv");
    let row = |id: u32, channel: &str, due: &str| {
        format!(
            "csv-{id},/H41.16/excel,vn.tonghop.dossier.accepted.v1,000.00.16.H41-211001-{id:04},\
             2021-10-01T09:00:00+07:00,H41.16,1.005129,buu-chinh,{channel},{due}\n"
        )
    };
    let header =
        "id,source,type,subject,time,unit,data.procedure,data.field,data.channel,data.dueOn\n";
    let rows = [row(1, "DIRECT", "2021-10-08"), row(2, "ONLINE", ""), row(3, "BY_HAND", "")];
    fs::write(&csv, header.to_owned() + &rows.concat() + "csv-4,too,short\n").unwrap();
    let args = ["publish", "--json", "--nats", &up.nats, csv.to_str().unwrap()];
    let told = run(&data, &args).await.expect(1).json();
    assert_eq!(counts(&told), [3, 2, 0, 1, 1], "{told}");
    assert_eq!(told["refusals"][0]["line"], 4, "the row of BY_HAND: {told}");
    up.reaches(count + 3).await;
    let target = "/v1/forms/bieu-06a?unit=H41.16&from=2021-10-01&to=2021-10-01";
    let form = up.get(target).await.json();
    let total = &form["rows"].as_array().unwrap().last().unwrap()["cells"];
    assert_eq!((&total["c4"]["value"], &total["c5"]["value"]), (&json!(1), &json!(1)));

    let args = ["publish", "--nats", &up.nats, csv.to_str().unwrap(), "nowhere.ndjson"];
    let missing = run(&data, &args).await.expect(3);
    let said = &missing.err;
    assert!(said.contains("nothing was published: nowhere.ndjson"), "{said}");
    assert_eq!(up.metric("tonghop_position").await, Some(count + 3), "and nothing was");
    run(&data, &["publish", "--nats", &up.nats]).await.expect(2);
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_said_by_its_line() {
    let data = Data::new("wrong-files");
    let up = Up::start(&data).await;
    let mut lines = sample_lines(&data, "0.001").await;
    lines.truncate(800);
    let good = data.file("good.ndjson");
    fs::write(&good, lines.join("\n")).unwrap();
    up.publish(&data, &good).await;

    // More refusals than are named: the first twenty, and how many more.
    let changed = |line: &String| line.replace("\"time\":\"2020", "\"time\":\"2019");
    let bad: Vec<String> = lines[..100].iter().map(changed).collect();
    let refused = data.file("refused.ndjson");
    fs::write(&refused, bad.join("\n") + "\n").unwrap();
    let paths = [good.to_str().unwrap(), refused.to_str().unwrap()];
    let args = ["publish", "--nats", &up.nats, paths[0], paths[1]];
    let told = run(&data, &args).await.expect(0);
    assert!(told.out.contains("refused 100"), "{}", told.out);
    let named = told.err.lines().filter(|line| line.contains(": refused: ")).count();
    assert!(named == 20 && told.err.contains("and 80 more that were refused"), "{}", told.err);
    let first = format!("{}: line 1: refused: id.reused (first_position: 1)", paths[1]);
    assert!(told.err.contains(&first), "{first} in {}", told.err);

    let wrong = data.file("wrong.ndjson");
    for (text, code, says) in [
        (String::new(), 0, "no events in"),
        ("\n\n".to_owned(), 0, "no events in"),
        (format!("[{}]", lines[..3].join(",")), 1, "begins with `[`"),
        ("{\n  \"id\": \"1\"\n}\n".to_owned(), 1, "over several lines"),
    ] {
        fs::write(&wrong, text).unwrap();
        let args = ["publish", "--nats", &up.nats, wrong.to_str().unwrap()];
        let told = run(&data, &args).await.expect(code);
        assert!(told.err.contains(says), "{says} in {}", told.err);
        assert!(told.err.lines().count() == 1 && told.out.contains("stored 0"), "{told:?}");
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_ends_it_with_what_is_stored() {
    let data = Data::new("gone");
    let told = abandoned(&data, "1", None).await;
    assert!(told.err.contains("has been gone for 1 s; "), "{}", told.err);
    assert!(told.err.contains("the same command goes on from here"), "{}", told.err);
    let repeated = told.err.lines().filter(|line| line.contains("NATS client")).count();
    assert!(repeated <= 4, "the same again is said once: {}", told.err);

    // Told to stop, it does not wait for a server that is not there.
    let told = abandoned(&data, "100000", Some("INT")).await;
    assert!(told.err.contains("stopped; "), "{}", told.err);
}

/// Publishes to a server that dies for good in the middle; then a signal, if one is named.
async fn abandoned(data: &Data, patience: &str, name: Option<&str>) -> Ended {
    let mut nats = Nats::start(data, 0).await;
    let file = sample(data, "0.01").await;
    let mut args = vec!["publish", "--json", "--window", "1", "--nats", nats.url()];
    args.extend(["--patience", patience, file.to_str().unwrap()]);
    let mut running = Running::start(data, "publish", &mut tonghop(data, &args));
    let before = nats.last().await;
    until("some of it", async || (nats.last().await > before + 100).then_some(())).await;
    signal(nats.server.pid(), "KILL");
    nats.server.died().await;
    running.says("disconnected from NATS").await;
    let ended = match name {
        Some(name) => running.stop(name).await,
        None => running.ended().await,
    };
    let ended = ended.expect(3);
    let told = ended.json();
    let stored = told["stored"].as_u64().unwrap();
    assert!(told["interrupted"] == true && stored > 0, "{told}");
    assert!(ended.err.contains(&format!("{stored} stored; ")), "{}", ended.err);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_it_also_while_it_waits_for_input() {
    let data = Data::new("stdin-open");
    let up = Up::start(&data).await;
    let line = sample_lines(&data, "0.001").await.remove(0);
    let mut command = tonghop(&data, &["publish", "-", "--json", "--nats", &up.nats]);
    let mut running = Running::start(&data, "publish", command.stdin(Stdio::piped()));
    let mut input = running.stdin();
    writeln!(input, "{line}").unwrap();
    up.reaches(1).await;
    let told = running.stop("INT").await.expect(3).json();
    assert_eq!((&told["stored"], &told["interrupted"]), (&json!(1), &json!(true)));
    drop(input);
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_projector_or_without_nats_it_says_so() {
    let data = Data::new("alone");
    let nats = Nats::start(&data, 0).await;
    let file = sample(&data, "0.001").await;
    let path = file.to_str().unwrap();
    let args = ["publish", "--wait", "1", "--nats", nats.url(), path];
    let alone = run(&data, &args).await.expect(0);
    assert!(alone.out.contains("no projector has said"), "{}", alone.out);
    assert_eq!(nats.last().await, u64::try_from(line_count(&file)).unwrap());
    let args = ["publish", "--no-wait", "--json", "--nats", nats.url(), path];
    let told = run(&data, &args).await.expect(0).json();
    let words = run(&data, &["publish", "--no-wait", "--nats", nats.url(), path]).await.expect(0);
    assert!(words.out.contains("not waited for"), "{}", words.out);
    assert_eq!((&told["new"], &told["refused"]), (&Value::Null, &Value::Null), "{told}");
    nats.server.stop().await.unwrap();

    let url = format!("nats://127.0.0.1:{}", free_port());
    for command in ["publish", "replay"] {
        let mut args = vec![command, "--nats", &url];
        args.extend((command == "publish").then_some(path));
        let ended = run(&data, &args).await.expect(3);
        let said = ended.err.lines().last().unwrap();
        assert!(said.contains("no NATS server answers at") && said.contains("--nats"), "{said}");
    }
}

/// The lines that the bookmark of the one file counts as stored.
fn bookmark(data: &Data) -> u64 {
    let kept = fs::read_dir(data.file("publish")).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let texts: Vec<String> = kept.map(|path| fs::read_to_string(path).unwrap()).collect();
    let [text] = texts.as_slice() else { panic!("not one bookmark: {texts:?}") };
    serde_json::from_str::<Value>(text).unwrap()["lines"].as_u64().unwrap()
}

fn counts(told: &Value) -> [u64; 5] {
    ["stored", "new", "duplicate", "refused", "unsendable"]
        .map(|name| told[name].as_u64().unwrap_or_else(|| panic!("{name} of {told}")))
}

fn line_count(file: &Path) -> usize {
    fs::read_to_string(file).unwrap().lines().count()
}

async fn from_stdin(data: &Data, nats: &str, lines: &str) -> Ended {
    let file = data.file("stdin.ndjson");
    fs::write(&file, lines).unwrap();
    let mut command = tonghop(data, &["publish", "-", "--json", "--nats", nats]);
    command.stdin(fs::File::open(&file).unwrap());
    to_end(command).await
}
