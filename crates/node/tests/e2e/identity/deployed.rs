//! An installation as `deploy` has it: a NATS server with that configuration, over TLS, and each
//! process with a key of its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::stock::Stock;
use super::{add, refused};
use crate::gateway::agency::{Agency, STRUCTURED, dossier, registered};
use crate::program::{Ended, Running, run, tonghop};
use crate::reading::local_metric;
use crate::world::{Data, free_port, nats_binary, until};

const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/identity/tls");
const CONF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/nats/nats-server.conf");

/// The server of the installation.
struct Nats {
    child: Child,
    url: String,
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The configuration of `deploy`, with the paths of a test instead of those of a machine.
fn conf(data: &Data, port: u16) -> String {
    let here = data.path().to_str().unwrap();
    let mut text = fs::read_to_string(CONF).unwrap();
    for (path, instead) in [
        ("/etc/nats/tls", TLS),
        ("/var/lib/nats", &format!("{here}/log")),
        ("/run/nats", here),
        ("0.0.0.0:4222", &format!("127.0.0.1:{port}")),
    ] {
        assert!(text.contains(path), "{path}");
        text = text.replace(path, instead);
    }
    text
}

async fn start(data: &Data) -> Nats {
    let (port, file) = (free_port(), data.file("nats-server.conf"));
    fs::write(&file, conf(data, port)).unwrap();
    let checked = Command::new(nats_binary()).args(["-t", "-c"]).arg(&file).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let log = fs::File::create(data.file("nats.log")).unwrap();
    let child = Command::new(nats_binary())
        .arg("-c")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let nats = Nats { child, url: format!("tls://localhost:{port}") };
    until("the server", async || Path::new(&data.file("nats-server.pid")).exists().then_some(()))
        .await;
    nats
}

/// A command with the key of somebody.
async fn by(data: &Data, nats: &Nats, who: &str, args: &[&str]) -> Ended {
    let creds = data.file(&format!("{who}.nk"));
    let ca = format!("{TLS}/ca.pem");
    let common = ["--nats", &nats.url, "--tls-ca", &ca, "--creds", creds.to_str().unwrap()];
    run(data, &[args, &common].concat()).await
}

async fn write_accounts(data: &Data) {
    let (file, pid) = (data.file("accounts.conf"), data.file("nats-server.pid"));
    let args = ["agency", "accounts", file.to_str().unwrap()];
    let reload = ["--reload", pid.to_str().unwrap()];
    let reload: &[&str] = if pid.exists() { &reload } else { &[] };
    run(data, &[&args[..], reload].concat()).await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_a_wrong_directory_throw_out_nobody() {
    let (data, other) = (Data::new("identity-accounts"), Data::new("identity-elsewhere"));
    let roles = ["projector", "gateway", "provisioner"];
    for role in roles {
        add(&data, &["--role", role]).await;
    }
    write_accounts(&data).await;
    let file = data.file("accounts.conf");
    let before = fs::read_to_string(&file).unwrap();
    let args = ["agency", "accounts", file.to_str().unwrap()];
    for key in [None, Some("H41.16")] {
        if let Some(unit) = key {
            add(&other, &[unit]).await;
        }
        let ended = run(&other, &args).await.expect(1);
        assert!(ended.err.contains("--data") && ended.err.contains("projector"), "{}", ended.err);
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
    run(&data, &["agency", "revoke", "--role", "projector"]).await.expect(0);
    run(&data, &args).await.expect(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_process_has_an_identity_of_its_own_and_talks_tls() {
    let data = Data::new("identity-deployed");
    for role in ["provisioner", "projector", "gateway", "auditor", "office"] {
        add(&data, &["--role", role]).await;
    }
    write_accounts(&data).await;
    let nats = start(&data).await;
    // The agency comes later: the server is told while it runs.
    let token = add(&data, &["H41.16"]).await;
    write_accounts(&data).await;

    // Only the provisioner makes streams.
    let early = by(&data, &nats, "projector", &["project"]).await.expect(3);
    assert!(early.err.contains("tonghop provision"), "{}", early.err);
    by(&data, &nats, "provisioner", &["provision"]).await.expect(0);
    let ca = format!("{TLS}/ca.pem");
    let key = |who: &str| data.file(&format!("{who}.nk")).to_str().unwrap().to_owned();
    let mut command = tonghop(&data, &["project", "--nats", &nats.url, "--tls-ca", &ca]);
    let keys = ["--creds", &key("projector"), "--gateway-creds", &key("gateway")];
    let mut projector = Running::start(&data, "project", command.args(keys));
    let mut command = tonghop(&data, &["serve", "--http", "127.0.0.1:0"]);
    let serve = Running::start(&data, "serve", &mut command);

    fs::write(data.file("units"), ["H41", "H41.16"].map(registered).join("\n")).unwrap();
    fs::write(data.file("lines"), [dossier("one", 1), refused("two")].join("\n")).unwrap();
    let units = data.file("units");
    until("the projector", async || local_metric(&data, "tonghop_position").await).await;
    let publish = ["publish", "--json", "--strict", units.to_str().unwrap()];
    let told = by(&data, &nats, "office", &publish).await.expect(0).json();
    assert_eq!(told["new"], 2, "{told}");
    let lines = data.file("lines");
    let publish = ["publish", "--json", lines.to_str().unwrap()];
    let told = by(&data, &nats, "H41.16", &publish).await.expect(0).json();
    assert_eq!((&told["new"], &told["refused"]), (&json!(1), &json!(1)), "{told}");
    let http = serve.out().trim().rsplit(' ').next().unwrap().to_owned();
    let http = Agency { token, http };
    let reply = http.post(STRUCTURED, dossier("three", 3).as_bytes()).await;
    assert_eq!(reply.json(), json!({"status": "stored", "position": 5}), "{}", reply.body);
    let doctor = by(&data, &nats, "auditor", &["doctor"]).await.expect(0).out;
    assert!(doctor.contains("1 of 1 refused messages"), "{doctor}");
    assert!(!projector.err().contains("says no"), "{}", projector.err());
    assert!(projector.runs());

    // Whoever does not know the authority does not believe the server, and plain text is no way.
    let args = ["doctor", "--nats", &nats.url, "--creds", &key("auditor")];
    let doctor = run(&data, &args).await.expect(3).out;
    assert!(doctor.contains("unknown log"), "{doctor}");
    let args = ["publish", "--nats", &nats.url, "--creds", &key("H41.16"), publish[2]];
    let untrusted = run(&data, &args).await.expect(3);
    assert!(untrusted.err.contains("--tls-ca"), "{}", untrusted.err);
    let plain = nats.url.replace("tls://", "nats://");
    assert!(async_nats::connect(&plain).await.is_err());

    run(&data, &["agency", "revoke", "H41.16"]).await.expect(0);
    write_accounts(&data).await;
    let ended = by(&data, &nats, "H41.16", &publish).await.expect(3);
    assert!(ended.err.contains("refuses us"), "{}", ended.err);
    Stock::kept_out(&data, &nats.url, "H41.16").await;
}
