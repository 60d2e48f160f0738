//! nats-server as a child (CHD-1), and what it refuses to start on.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use async_nats::jetstream;
use tokio::time::{sleep, timeout};
use tonghop_node::nats::{
    ConnectSettings, NatsError, NatsServer, ServerSettings, connect, streams,
};

use crate::world::{
    Data, PATIENCE, binary, client, free_port, publish_all, ready, settings, start,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_refused() {
    let data = Data::new("port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = NatsServer::start(&settings(&data, port).await).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&port.to_string()) && text.contains("--nats-port 0"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_use_is_refused() {
    let data = Data::new("in-use");
    let server = start(&data, 0).await;
    let error = NatsServer::start(&settings(&data, 0).await).await.unwrap_err();
    assert!(matches!(error, NatsError::DataInUse { .. }), "{error}");
    client(&server).await;
    server.stop().await.unwrap();
    start(&data, 0).await.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_left_behind_is_stopped_first() {
    let data = Data::new("stale");
    let (server, client, _context) = ready(&data, 0).await;
    publish_all(&client, 0..10).await;
    server.stop().await.unwrap();

    // What a killed parent leaves: the server runs, and nobody holds the lock.
    let mut left = Command::new(binary().await)
        .arg("--config")
        .arg(data.0.join("nats/nats-server.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid_file = data.0.join("nats/nats-server.pid");
    let written = async {
        while std::fs::read_to_string(&pid_file).unwrap_or_default() != left.id().to_string() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, written).await.expect("the server writes its process id");

    let server = start(&data, 0).await;
    let ended = left.try_wait().unwrap();
    left.kill().ok();
    assert!(ended.is_some_and(|status| status.code().is_some()), "CHD-1: it was told to stop");
    assert_ne!(server.pid(), left.id());
    let context = jetstream::new(crate::world::client(&server).await);
    assert_eq!(streams::identity(&context, "TONGHOP_EVENTS").await.unwrap().last, 10);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_is_reported() {
    let data = Data::new("death");
    let mut server = start(&data, 0).await;
    Command::new(binary().await)
        .arg("--signal")
        .arg(format!("stop={}", server.pid()))
        .status()
        .unwrap();
    let error = timeout(PATIENCE, server.died()).await.expect("the death is seen");
    assert!(error.to_string().contains("signal: 9"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_from_the_terminal_does_not_reach_the_server() {
    let data = Data::new("group");
    let server = start(&data, 0).await;
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap();
    assert_eq!(group, server.pid().to_string(), "it has a process group of its own");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_binary_that_will_not_do_is_refused() {
    let data = Data::new("binary");
    let old = data.0.join("nats-server");
    std::fs::write(&old, "#!/bin/sh\necho nats-server: v2.9.25\n").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = ServerSettings::new(&data.0, 0);
    settings.binary = Some(old);
    let text = NatsServer::start(&settings).await.unwrap_err().to_string();
    assert!(text.contains("v2.9.25") && text.contains("too old"), "{text}");

    settings.binary = Some(data.0.join("none"));
    let error = NatsServer::start(&settings).await.unwrap_err();
    assert!(matches!(error, NatsError::BinaryMissing { .. }), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_said_in_a_sentence() {
    let url = format!("nats://user:secret@127.0.0.1:{}", free_port());
    let mut settings = ConnectSettings::new(url, "test");
    settings.wait_max = Duration::from_millis(300);
    let text = connect(&settings).await.unwrap_err().to_string();
    assert!(text.starts_with("no NATS server answers at nats://127.0.0.1:"), "{text}");
    assert!(text.contains("--nats") && !text.contains("secret"), "{text}");
}
