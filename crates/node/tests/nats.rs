//! The NATS part against a real nats-server, killed and started again.
//!
//! Every test has its own server, port and directory. A test never skips: without a server it
//! fails and says what to do.

#![allow(clippy::unwrap_used, reason = "a test may; the helpers here are part of the tests")]

#[path = "nats/child.rs"]
mod child;
#[path = "nats/poison.rs"]
mod poison;
#[path = "nats/world.rs"]
mod world;

use std::time::Duration;

use async_nats::jetstream;
use bytes::Bytes;
use futures::StreamExt;
use tokio::time::{sleep, timeout};
use tonghop_node::nats::streams::{self, StreamName, ensure_streams};
use tonghop_node::nats::{
    NatsError, Outgoing, PublishError, Publisher, PublisherSettings, ReaderSettings,
};

use world::{
    Data, PATIENCE, Reading, event, free_port, number, positions, publish, publish_all, ready,
    start,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_read_in_order() {
    let data = Data::new("order");
    let (server, client, context) = ready(&data, 0).await;
    let positions = publish_all(&client, 0..20_000).await;
    assert_eq!(positions, (1..=20_000).collect::<Vec<u64>>());

    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    let all = reading.until(20_000).await;
    assert!(all.iter().map(number).eq(0..20_000));
    assert!(all.iter().all(|raw| raw.subject.as_str() == "tonghop.v1.H41-16.dossier.accepted"));
    let now_ms = chrono::Utc::now().timestamp_millis();
    assert!(all.iter().all(|raw| (now_ms - raw.recorded_ms).abs() < 3_600_000));

    // Live: what comes one by one is there at once, and nothing remains.
    for one in 20_000..20_010 {
        publish_all(&client, one..one + 1).await;
        let batch = reading.next().await.unwrap();
        assert_eq!(batch.messages.iter().map(number).collect::<Vec<_>>(), [one]);
        assert_eq!(batch.pending, 0);
    }
    assert_eq!(reading.end().await.unwrap(), 20_010);

    // From a position in the middle.
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 19_999);
    assert_eq!(number(reading.until(20_010).await.first().unwrap()), 19_999);
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_keep_their_limits() {
    let data = Data::new("limits");
    let (server, client, context) = ready(&data, 0).await;
    publish_all(&client, 0..5_000).await;
    let mut settings = ReaderSettings::new("TONGHOP_EVENTS", 0);
    settings.batch_messages_max = 700;
    settings.batch_bytes_max = 100_000;
    let mut reading = Reading::begin(&context, settings);
    while reading.last < 5_000 {
        let batch = reading.next().await.unwrap();
        assert!(batch.messages.len() <= 700);
        assert!(batch.bytes < 100_000 + 1_000, "{} bytes", batch.bytes);
    }
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_publishing_loses_nothing() {
    let data = Data::new("kill-publish");
    let (mut server, client, context) = ready(&data, free_port()).await;
    let port = server.port();
    let publisher = Publisher::start(client, PublisherSettings::new()).await.unwrap();
    let task = tokio::spawn(async move {
        let receipts = publish(&publisher, 0..30_000).await;
        (receipts, publisher)
    });
    for _ in 0..3 {
        let before = streams::identity(&context, "TONGHOP_EVENTS").await.unwrap().last;
        let more = async {
            while streams::identity(&context, "TONGHOP_EVENTS").await.unwrap().last == before
                && !task.is_finished()
            {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, more).await.expect("publishing goes on after a restart");
        // Dropping kills with SIGKILL.
        drop(server);
        server = start(&data, port).await;
    }
    let (receipts, publisher) = timeout(PATIENCE, task).await.expect("publishing ends").unwrap();
    let positions = positions(receipts).await;
    publisher.finish().await.unwrap();

    let last = streams::identity(&context, "TONGHOP_EVENTS").await.unwrap().last;
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    let stored: Vec<usize> = reading.until(last).await.iter().map(number).collect();
    for (number, position) in positions.into_iter().enumerate() {
        let index = usize::try_from(position - 1).unwrap();
        assert_eq!(stored.get(index), Some(&number), "ACK-1: position {position}");
    }
    println!("{} of 30,000 were stored twice", stored.len() - 30_000);
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_reading_loses_nothing() {
    let data = Data::new("kill-read");
    let (mut server, client, context) = ready(&data, free_port()).await;
    let port = server.port();
    publish_all(&client, 0..60_000).await;
    let mut settings = ReaderSettings::new("TONGHOP_EVENTS", 0);
    settings.batch_messages_max = 4_000;
    let mut reading = Reading::begin(&context, settings);
    for portion in [1, 20_000, 40_000] {
        reading.until(portion).await;
        drop(server);
        server = start(&data, port).await;
    }
    reading.until(60_000).await;

    // Also while there is nothing to read.
    drop(server);
    server = start(&data, port).await;
    publish_all(&client, 60_000..60_100).await;
    let live = reading.until(60_100).await;
    assert!(live.iter().map(number).eq(60_000..60_100));
    assert_eq!(reading.end().await.unwrap(), 60_100);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_deleted_is_made_again() {
    let data = Data::new("deleted");
    let (server, client, context) = ready(&data, 0).await;
    publish_all(&client, 0..100).await;
    let mut reading = Reading::of(&context, "TONGHOP_EVENTS", 0);
    reading.until(100).await;
    let stream = context.get_stream("TONGHOP_EVENTS").await.unwrap();
    stream.delete_consumer(&only_consumer(&stream).await).await.unwrap();
    publish_all(&client, 100..200).await;
    reading.until(200).await;
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

async fn only_consumer(stream: &jetstream::stream::Stream) -> String {
    let mut names: Vec<_> = stream.consumer_names().collect().await;
    assert_eq!(names.len(), 1);
    names.pop().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_hangs_is_made_again() {
    let data = Data::new("hangs");
    let (server, client, context) = ready(&data, 0).await;
    publish_all(&client, 0..100).await;
    let mut settings = ReaderSettings::new("TONGHOP_EVENTS", 0);
    settings.stall = Duration::from_millis(300);
    let mut reading = Reading::begin(&context, settings);
    reading.until(100).await;

    // A paused consumer still sends heartbeats, and no messages.
    let stream = context.get_stream("TONGHOP_EVENTS").await.unwrap();
    let for_long = async_nats::datetime::now() + Duration::from_hours(1);
    stream.pause_consumer(&only_consumer(&stream).await, for_long).await.unwrap();
    publish_all(&client, 100..200).await;
    reading.until(200).await;
    assert!(reading.doubted() > 0);
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_is_no_stall() {
    let data = Data::new("slow");
    let (server, client, context) = ready(&data, 0).await;
    publish_all(&client, 0..20_000).await;
    let mut settings = ReaderSettings::new("TONGHOP_EVENTS", 0);
    settings.batch_messages_max = 1_000;
    settings.stall = Duration::from_millis(300);
    let mut reading = Reading::begin(&context, settings);
    reading.next().await.unwrap();
    // Longer than a request to the server, a heartbeat and the stall put together.
    sleep(Duration::from_secs(7)).await;
    reading.until(20_000).await;
    assert_eq!(reading.doubted(), 0);
    reading.end().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_broken_is_named() {
    let data = Data::new("broken");
    let (server, client, context) = ready(&data, 0).await;
    let config = jetstream::stream::Config {
        name: "HOLES".to_owned(),
        subjects: vec!["holes".to_owned()],
        ..Default::default()
    };
    let stream = context.create_stream(config).await.unwrap();
    let publisher = Publisher::start(client, PublisherSettings::new()).await.unwrap();
    for _ in 0..10 {
        let one = Outgoing { subject: "holes".into(), headers: None, payload: "x".into() };
        publisher.publish(one).await.unwrap().stored().await.unwrap();
    }
    publisher.finish().await.unwrap();
    stream.delete_message(4).await.unwrap();
    stream.delete_message(5).await.unwrap();

    let mut reading = Reading::of(&context, "HOLES", 0);
    reading.until(3).await;
    let error = reading.end_by_itself().await;
    assert!(matches!(error, NatsError::Gap { from: 4, to: 5, .. }), "{error}");

    let error = Reading::of(&context, "HOLES", 11).end_by_itself().await;
    assert!(matches!(error, NatsError::StreamBehind { position: 11, last: 10, .. }), "{error}");

    let mut settings = ReaderSettings::new("HOLES", 5);
    settings.created_ns = Some(1);
    let error = Reading::begin(&context, settings).end_by_itself().await;
    assert!(matches!(error, NatsError::StreamReplaced { expected_ns: 1, .. }), "{error}");

    // Another message than was read stands there: the stream was put back and has grown again.
    let stored = stream.get_raw_message(10).await.unwrap().time;
    let stored_ms = i64::try_from(stored.unix_timestamp_nanos() / 1_000_000).unwrap();
    let mut settings = ReaderSettings::new("HOLES", 10);
    settings.recorded_ms = Some(stored_ms);
    let reading = Reading::begin(&context, settings.clone());
    settings.recorded_ms = Some(stored_ms - 1);
    let error = Reading::begin(&context, settings).end_by_itself().await;
    assert!(matches!(error, NatsError::StreamChanged { position: 10, .. }), "{error}");
    assert_eq!(reading.end().await.unwrap(), 10, "the same message is no doubt");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_said() {
    let data = Data::new("rejected");
    let (server, client, _context) = ready(&data, 0).await;
    let mut settings = PublisherSettings::new();
    settings.give_up_after = Duration::from_millis(500);
    let publisher = Publisher::start(client, settings).await.unwrap();
    let sized = |bytes: usize| Outgoing { payload: Bytes::from(vec![b'x'; bytes]), ..event(0) };
    let sent = |outgoing| async { publisher.publish(outgoing).await.unwrap().stored().await };

    let error = sent(sized(513 * 1024)).await.unwrap_err();
    assert!(matches!(error, PublishError::Rejected { code: 10_054, .. }), "{error}");
    let error = sent(sized(2 * 1024 * 1024)).await.unwrap_err();
    assert!(matches!(error, PublishError::Rejected { code: 0, .. }), "{error}");
    assert_eq!(sent(sized(512 * 1024)).await.unwrap().position, 1);

    let refusal = || Outgoing { subject: "tonghop.refused.H41-16".into(), ..event(1) };
    let first = sent(refusal().with_message_id("1-x")).await.unwrap();
    let again = sent(refusal().with_message_id("1-x")).await.unwrap();
    assert_eq!((first.position, first.duplicate), (1, false));
    println!("the same id again: {again:?}");

    let nowhere = Outgoing { subject: "tonghop.nowhere".into(), ..event(2) };
    let error = sent(nowhere).await.unwrap_err();
    assert!(matches!(error, PublishError::GaveUp { unconfirmed: 1, .. }), "{error}");
    let error = publisher.finish().await.unwrap_err();
    assert!(matches!(error, PublishError::GaveUp { .. }), "{error}");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_setting_is_named() {
    let data = Data::new("settings");
    let (server, _client, context) = ready(&data, 0).await;
    let again = ensure_streams(&context, 1).await.unwrap();
    assert_eq!(again.map(|identity| identity.name), StreamName::ALL.map(|name| name.to_string()));

    let mut config = streams::stated(StreamName::Refused, 1);
    config.max_age = Duration::from_hours(24);
    config.max_messages = 1_000;
    config.description = Some("the operator's own words".to_owned());
    context.update_stream(config).await.unwrap();
    let error = ensure_streams(&context, 1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stream TONGHOP_REFUSED differs from what is stated: max_age is 86400s, and not 0ns; \
         max_msgs is 1000, and not unlimited"
    );
    server.stop().await.unwrap();
}
