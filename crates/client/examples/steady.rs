//! A system that issues a document now and then, and tells the province of each.
//!
//! ```console
//! $ tonghop up &
//! $ cargo run -p tonghop-client --example steady -- /tmp/outbox 20
//! ```
//! Kill it, cut the network, stop the server: what `enqueue` has taken arrives when it can.

#![allow(clippy::print_stdout, reason = "it is a program for people")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tonghop_client::{Outbox, OutboxSettings, Sender, SenderSettings, async_nats};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("name a directory for the outbox")?;
    let count: u32 = args.next().map_or(Ok(10), |count| count.parse())?;
    let url = std::env::var("TONGHOP_NATS").unwrap_or("nats://127.0.0.1:4222".to_owned());

    let outbox = Arc::new(Outbox::open(dir, OutboxSettings::new())?);
    // Reconnects for ever, also when the server is not there yet.
    let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
    let client = options.connect(url).await?;
    let sender = Sender::start(Arc::clone(&outbox), client, SenderSettings::new()).await?;

    for number in 1..=count {
        outbox.enqueue(document(number).as_bytes())?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        println!("{:?}", outbox.status());
    }
    tokio::select! {
        emptied = sender.emptied() => emptied?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    sender.close().await?;
    println!("{} events wait for the next run", outbox.status().events);
    Ok(())
}

fn document(number: u32) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"steady-{number}","source":"/H41.16/steady",
        "type":"vn.tonghop.document.issued.v1","subject":"{number}/TB-STTTT",
        "time":"2021-07-01T09:00:00+07:00","unit":"H41.16",
        "data":{{"kind":"TB","electronic":true,"personalSignature":true,
        "organisationSignature":true,"normative":false}}}}"#
    )
}
