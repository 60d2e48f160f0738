//! `replay`: the log folded afresh, up to a position or an instant.

use std::fs;

use serde_json::Value;

use crate::program::{project, run, sample_lines};
use crate::reading::folded;
use crate::world::{Data, Nats, publish, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_ends_at_a_position_or_an_instant() {
    let data = Data::new("until");
    let nats = Nats::start(&data, 0).await;
    let lines = sample_lines(&data, "0.001").await;
    let (before, after) = lines.split_at(2_000);
    publish(&nats.client, before).await;
    // The clock of the log counts milliseconds; what follows must be recorded in a later one.
    let last_before = recorded_ms(&nats, 2_000).await;
    until("the next millisecond", async || {
        (chrono::Utc::now().timestamp_millis() > last_before + 1).then_some(())
    })
    .await;
    publish(&nats.client, after).await;
    let refused = publish(&nats.client, &[lines[0].replace("Nghệ An", "Hà Tĩnh")]).await;
    publish(&nats.client, &lines[..10]).await;
    let last = nats.last().await;
    assert_eq!(last, refused + 10);

    let instant = chrono::DateTime::from_timestamp_millis(last_before).unwrap();
    let instant = instant.to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
    let all = u64::try_from(lines.len()).unwrap();
    for (until, [position, folded, duplicates, refused]) in [
        ("0", [0, 0, 0, 0]),
        ("1", [1, 1, 0, 0]),
        ("1234", [1_234, 1_234, 0, 0]),
        (instant.as_str(), [2_000, 2_000, 0, 0]),
        ("1999-12-31T23:59:59+07:00", [0, 0, 0, 0]),
        ("2099-12-31T23:59:59+07:00", [last, all, 10, 1]),
        ("99999999", [last, all, 10, 1]),
    ] {
        let replay =
            run(&data, &["replay", "--json", "--nats", nats.url(), "--until", until]).await;
        let replay = replay.expect(0).json();
        let counts = ["position", "folded", "duplicates", "refused"].map(|name| &replay[name]);
        assert_eq!(
            counts,
            [position, folded, duplicates, refused].map(Value::from).each_ref(),
            "until {until}"
        );
        assert_eq!(replay["cells"] == 0, position < 734, "until {until}: {replay}");
        assert_eq!(replay["compared"], Value::Null);
    }
    for wrong in [["--until", "someday"], ["--until", "-1"]] {
        run(&data, &[&["replay", "--nats", nats.url()], &wrong[..]].concat()).await.expect(2);
    }
    assert_eq!(replay_directories(&data), 0, "a replay leaves nothing behind");
    nats.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_use_is_not_compared_and_one_that_rests_is() {
    let data = Data::new("compare");
    let nats = Nats::start(&data, 0).await;
    let last = publish(&nats.client, &sample_lines(&data, "0.001").await).await;
    let args = ["replay", "--compare", "--json", "--nats", nats.url()];
    let nothing = run(&data, &args).await.expect(3);
    assert!(nothing.err.contains("store"), "nothing to compare with: {}", nothing.err);

    let running = project(&data, nats.url(), "project");
    folded(&data, last).await;
    let refused = run(&data, &args).await.expect(3);
    assert!(refused.err.contains(&running.pid().to_string()), "who has it: {}", refused.err);
    running.stop("INT").await.expect(0);

    let compared = run(&data, &args).await.expect(0).json();
    assert_eq!(compared["compared"]["differences"], 0, "{compared}");
    assert_eq!(compared["compared"]["first"], serde_json::json!([]));
    assert!(compared["compared"]["entries"].as_u64() > Some(last), "{compared}");
    let alone = run(&data, &["replay", "--json", "--nats", nats.url()]).await.expect(0).json();
    assert_eq!(alone["digest"], compared["digest"]);
    let words = run(&data, &["replay", "--compare", "--nats", nats.url()]).await.expect(0);
    assert!(words.out.contains("no difference"), "{}", words.out);
    assert_eq!(replay_directories(&data), 0, "a replay leaves nothing behind");
    nats.server.stop().await.unwrap();
}

async fn recorded_ms(nats: &Nats, position: u64) -> i64 {
    let stream = nats.context.get_stream("TONGHOP_EVENTS").await.unwrap();
    let message = stream.get_raw_message(position).await.unwrap();
    i64::try_from(message.time.unix_timestamp_nanos() / 1_000_000).unwrap()
}

fn replay_directories(data: &Data) -> usize {
    let names = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().unwrap().starts_with("replay-")).count()
}
