//! A NATS client as others write it: the library alone, a key, and what the server says to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::{self, consumer::pull};
use async_nats::{Client, ConnectOptions, Message, Subscriber};
use futures::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use crate::world::{Data, PATIENCE, until};

/// A connection with somebody's key.
pub(crate) struct Stock {
    pub(crate) client: Client,
    said: Arc<Mutex<Vec<String>>>,
}

impl Stock {
    async fn connect(data: &Data, nats: &str, who: &str) -> Result<Self, async_nats::ConnectError> {
        let seed = std::fs::read_to_string(data.file(&format!("{who}.nk"))).unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let options = ConnectOptions::with_nkey(seed.trim().to_owned())
            .request_timeout(Some(Duration::from_secs(30)))
            .event_callback(move |event| {
                kept.lock().unwrap().push(event.to_string());
                async {}
            });
        Ok(Self { client: options.connect(nats).await?, said })
    }

    /// Connects once the server knows the key, and its account is there.
    pub(crate) async fn let_in(data: &Data, nats: &str, who: &str) -> Self {
        let stock = until(&format!("a connection of {who}"), async || {
            Self::connect(data, nats, who).await.ok()
        })
        .await;
        // The server is told of new accounts twice.
        let unit = who.starts_with("H41.");
        let probe = format!("$JS.API.CONSUMER.INFO.TONGHOP_REFUSED.{}", who.replace('.', "-"));
        let probe = if unit { probe } else { "$JS.API.STREAM.INFO.TONGHOP_EVENTS".to_owned() };
        until(&format!("the account of {who}"), async || {
            if who == "new" {
                return Some(());
            }
            stock.client.request(probe.clone(), "".into()).await.ok().map(drop)
        })
        .await;
        stock
    }

    /// Waits until the server does not know the key any more.
    pub(crate) async fn kept_out(data: &Data, nats: &str, who: &str) {
        until(&format!("no connection of {who}"), async || {
            Self::connect(data, nats, who).await.err()
        })
        .await;
    }

    /// Waits until the server has closed the connection.
    pub(crate) async fn is_put_out(&self) {
        until("the end of a connection", async || {
            self.said().iter().any(|text| text.contains("disconnected")).then_some(())
        })
        .await;
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn said_nothing(&self) {
        let said = self.said();
        assert!(said.iter().all(|text| text == "connected"), "{said:?}");
    }

    /// Publishes to the log; the position that it confirms.
    pub(crate) async fn acked(&self, subject: &str, payload: &str) -> u64 {
        let log = jetstream::new(self.client.clone());
        let sent = log.publish(subject.to_owned(), payload.to_owned().into()).await.unwrap();
        timeout(PATIENCE, sent.into_future()).await.expect("an acknowledgement").unwrap().sequence
    }

    /// Waits until the server has said no to this.
    pub(crate) async fn is_told_no(&self, about: &str) {
        let about = format!("\"{about}\"").to_lowercase();
        until(&format!("a no to {about}"), async || {
            let said = self.said();
            let no = |text: &&String| {
                let text = text.to_lowercase();
                text.contains("permissions violation") && text.contains(&about)
            };
            said.iter().find(no).map(drop)
        })
        .await;
    }

    /// Pulls from the consumer of this name, and acknowledges.
    pub(crate) async fn pull_refusals(&self, name: &str, count: usize) -> Vec<Vec<u8>> {
        let log = jetstream::new(self.client.clone());
        let consumer: jetstream::consumer::Consumer<pull::Config> =
            log.get_consumer_from_stream(name, "TONGHOP_REFUSED").await.unwrap();
        let mut found = Vec::new();
        let mut messages = consumer.fetch().max_messages(10).messages().await.unwrap();
        while let Some(message) = timeout(PATIENCE, messages.next()).await.unwrap() {
            let message = message.unwrap();
            message.double_ack().await.unwrap();
            found.push(message.payload.to_vec());
        }
        assert_eq!(found.len(), count);
        found
    }

    /// Every message of the log, as subject and payload.
    pub(crate) async fn log(&self) -> Vec<(String, String)> {
        let context = jetstream::new(self.client.clone());
        let stream = context.get_stream("TONGHOP_EVENTS").await.unwrap();
        let mut all = Vec::new();
        for position in 1..=stream.cached_info().state.last_sequence {
            let message = stream.get_raw_message(position).await.unwrap();
            let payload = String::from_utf8_lossy(&message.payload).into_owned();
            all.push((message.subject.to_string(), payload));
        }
        all
    }
}

pub(crate) async fn next(subscriber: &mut Subscriber) -> Message {
    timeout(PATIENCE, subscriber.next()).await.expect("a message in time").unwrap()
}

pub(crate) fn json(message: &impl Payload) -> Value {
    serde_json::from_slice(message.bytes()).unwrap()
}

pub(crate) trait Payload {
    fn bytes(&self) -> &[u8];
}

impl Payload for Message {
    fn bytes(&self) -> &[u8] {
        &self.payload
    }
}

impl Payload for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}
