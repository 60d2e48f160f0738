//! A `tonghop up` of the bench, and an agency that publishes to it in each way there is.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use futures::{StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Requests of an agency at once: what the contract asks of clients.
const REQUESTS: usize = 4;
/// Messages of the raw client on their way: what `publish` has, too.
const WINDOW: usize = 1_024;
/// How long anything may take to begin.
const BEGIN_MAX: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// No agency is held back: what is measured is the machine.
const SETTINGS: &str = "[gateway]\nevents_per_second = 4000000\nburst_events = 4000000\n";

/// What the rows of a table are.
const MAPPING: &str = r#"[[event]]
type = "document.received"
source = "/{unit}/NAME"
unit = "H41.16"
subject = { column = "Văn bản" }
time = { column = "Ngày đến" }

[event.data]
electronic = true
"#;

/// All on one machine.
#[derive(Debug)]
pub(crate) struct Agency {
    up: Child,
    dir: PathBuf,
    address: String,
    client: async_nats::Client,
    token: String,
}

impl Agency {
    /// Starts it with the unit that publishes.
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Self> {
        let config = dir.join("bench.toml");
        std::fs::write(&config, SETTINGS)?;
        let said = dir.join("up.json");
        let mut up = tonghop(dir);
        up.args(["up", "--json", "--nats-port", "0", "--http", "127.0.0.1:0", "--config"]);
        let mut up = up.arg(&config).stdout(File::create(&said)?).spawn()?;
        let ports: Value = until(|| {
            Ok(std::fs::read(&said).ok().and_then(|text| serde_json::from_slice(&text).ok()))
        })
        .await
        .context("`tonghop up` says no ports")?;
        anyhow::ensure!(up.try_wait()?.is_none(), "`tonghop up` ended");
        let text = |name: &str| ports.get(name).and_then(Value::as_str).unwrap_or_default();
        let address = text("http").trim_start_matches("http://").to_owned();
        let client = async_nats::connect(text("nats")).await?;
        let told = tonghop(dir).args(["agency", "add", "H41.16", "--json"]).output().await?;
        let told: Value = serde_json::from_slice(&told.stdout)?;
        let token = told.get("token").and_then(Value::as_str).context("no token")?.to_owned();
        let agency = Self { up, dir: dir.to_owned(), address, client, token };
        let begun = Instant::now();
        // The streams are made behind the ports; a running process looks for tokens once a second.
        while let Err(error) = agency.is_taken().await {
            anyhow::ensure!(begun.elapsed() < BEGIN_MAX, "nothing is taken: {error:#}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(agency)
    }

    /// Whether the unit is registered and its token known.
    async fn is_taken(&self) -> anyhow::Result<()> {
        self.raw(&units()).await?;
        self.post(&["[]".to_owned()]).await.map(drop)
    }

    /// Publishes with the plain client; returns when all are confirmed.
    pub(crate) async fn raw(&self, lines: &[String]) -> anyhow::Result<Duration> {
        let context = async_nats::jetstream::new(self.client.clone());
        let begun = Instant::now();
        stream::iter(lines)
            .map(async |line| {
                let subject = tonghop_wire::route(line.as_bytes());
                let subject = subject.map_err(|why| anyhow::anyhow!("{why}"))?;
                context.publish(subject, line.clone().into()).await?.await?;
                anyhow::Ok(())
            })
            .buffered(WINDOW)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(begun.elapsed())
    }

    /// Posts bodies with as many requests at once as an agency may have.
    pub(crate) async fn post(&self, bodies: &[String]) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let lanes = (0..REQUESTS).map(|lane| self.lane(bodies.iter().skip(lane).step_by(REQUESTS)));
        futures::future::try_join_all(lanes).await?;
        Ok(begun.elapsed())
    }

    /// One connection: a body after the other, each answered durably before the next is sent.
    async fn lane(&self, bodies: impl Iterator<Item = &String>) -> anyhow::Result<()> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let serving = tokio::spawn(connection);
        for body in bodies {
            sender.ready().await?;
            let request = Request::post("/v1/events")
                .header(HOST, &self.address)
                .header(AUTHORIZATION, format!("Bearer {}", self.token))
                .header(CONTENT_TYPE, "application/cloudevents-batch+json")
                .body(Body::from(body.clone()))?;
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let bytes = answer.into_body().collect().await?.to_bytes();
            let said = String::from_utf8_lossy(&bytes);
            anyhow::ensure!(
                status == 200 && !said.contains("\"folded\":false"),
                "{status}: {said}"
            );
        }
        serving.abort();
        Ok(())
    }

    /// Publishes a file with `tonghop publish`, the start of its process included.
    pub(crate) async fn file(&self, lines: &[String]) -> anyhow::Result<Duration> {
        let path = self.dir.join("rows.ndjson");
        std::fs::write(&path, lines.join("\n"))?;
        self.publish(&[path.as_os_str()]).await
    }

    /// The same through an outbox: every event is on its disk before it is sent.
    pub(crate) async fn outbox(&self, lines: &[String]) -> anyhow::Result<Duration> {
        let (path, outbox) = (self.dir.join("rows.ndjson"), self.dir.join("outbox"));
        std::fs::write(&path, lines.join("\n"))?;
        self.publish(&["--outbox".as_ref(), outbox.as_os_str(), path.as_os_str()]).await
    }

    /// Publishes so many rows of a table by a mapping.
    pub(crate) async fn table(&self, name: &str, count: u64) -> anyhow::Result<Duration> {
        let (path, map) = (self.dir.join("rows.csv"), self.dir.join("rows.toml"));
        let row = |number: u64| format!("\"H41,2021-07-01,{number}/{name}\";01/07/2021 09:00\n");
        std::fs::write(
            &path,
            format!("Văn bản;Ngày đến\n{}", (1..=count).map(row).collect::<String>()),
        )?;
        std::fs::write(&map, MAPPING.replace("NAME", name))?;
        self.publish(&["--map".as_ref(), map.as_os_str(), path.as_os_str()]).await
    }

    async fn publish(&self, arguments: &[&OsStr]) -> anyhow::Result<Duration> {
        let url = format!("nats://127.0.0.1:{}", self.client.server_info().port);
        let begun = Instant::now();
        let mut publish = tonghop(&self.dir);
        let publish = publish.args(["publish", "--json", "--no-wait", "--nats", &url]);
        let ended = publish.args(arguments).output().await?;
        let took = begun.elapsed();
        let (out, err) = (&ended.stdout, &ended.stderr);
        let said = [String::from_utf8_lossy(out), String::from_utf8_lossy(err)].concat();
        anyhow::ensure!(ended.status.success(), "{said}");
        Ok(took)
    }

    /// Stops it and removes its files.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.up.id().context("`tonghop up` has ended")?;
        Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().await?;
        self.up.wait().await?;
        Ok(std::fs::remove_dir_all(self.dir)?)
    }
}

fn tonghop(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tonghop"));
    command.arg("--data").arg(dir.join("data")).env("TONGHOP_LOG", "error");
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

async fn until<T>(mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        anyhow::ensure!(begun.elapsed() < BEGIN_MAX, "it takes too long");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn units() -> Vec<String> {
    let unit = |code: &str, level: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"u-{code}","source":"/H41/bench","type":"vn.tonghop.unit.registered.v1","subject":"{code}","time":"2010-01-01T00:00:00+07:00","unit":"H41","data":{{"name":"{code}","level":"{level}"}}}}"#
        )
    };
    vec![unit("H41", "PROVINCE"), unit("H41.16", "DEPARTMENT")]
}

/// So many documents that came in, none like those of another name.
pub(crate) fn documents(name: &str, count: u64) -> Vec<String> {
    let one = |number: u64| {
        format!(
            r#"{{"specversion":"1.0","id":"{name}-{number}","source":"/H41.16/{name}","type":"vn.tonghop.document.received.v1","subject":"H41,2021-07-01,{number}/{name}","time":"2021-07-01T09:00:00+07:00","unit":"H41.16","sequence":"{number}","data":{{"electronic":true}}}}"#
        )
    };
    (1..=count).map(one).collect()
}
