//! The program as a child process: run to its end, or kept running and looked at.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::time::timeout;

use crate::reading::{Reply, get};
use crate::world::{Data, PATIENCE, nats_binary, signal, until};

/// The program with these arguments, in the directory, and nothing of the caller's settings.
pub(crate) fn tonghop(data: &Data, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tonghop"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("TONGHOP_")) {
            command.env_remove(name);
        }
    }
    command
        .env("TONGHOP_NATS_SERVER", nats_binary())
        .env("TONGHOP_DATA", data.path())
        .current_dir(data.path())
        .args(args)
        .stdin(Stdio::null());
    command
}

/// What a command that came to its end has said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Says what was said when the exit code is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        self
    }
}

/// Runs the program to its end.
pub(crate) async fn run(data: &Data, args: &[&str]) -> Ended {
    to_end(tonghop(data, args)).await
}

/// Runs a command to its end.
pub(crate) async fn to_end(mut command: Command) -> Ended {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let mut command = tokio::process::Command::from(command);
    let output = timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("it does not end: {shown}")).unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that runs until it is told to stop, or dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// Starts it; what it says goes to files of this name.
    pub(crate) fn start(data: &Data, name: &str, command: &mut Command) -> Self {
        let (out, err) = (data.file(&format!("{name}.out")), data.file(&format!("{name}.err")));
        let child = command
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        Self { child, out, err }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Standard input, if it was asked for.
    pub(crate) fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, and waits until it has ended.
    pub(crate) async fn stop(self, name: &str) -> Ended {
        signal(self.pid(), name);
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(mut self) -> Ended {
        let what = format!("the end; it said: {}{}", self.out(), self.err());
        let status = until(&what, async || self.child.try_wait().unwrap()).await;
        Ended { code: status.code(), out: self.out(), err: self.err() }
    }

    /// Waits until it has said this on standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        until(&format!("{text:?} in {}", self.err.display()), async || {
            assert!(self.runs() || self.err().contains(text), "it ended: {}", self.err());
            self.err().contains(text).then_some(())
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `tonghop up`, with ports of its own.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) running: Running,
    pub(crate) nats: String,
    pub(crate) http: String,
}

impl Up {
    /// Starts it on free ports, and waits until it says which.
    pub(crate) async fn start(data: &Data) -> Self {
        Self::start_with(data, &[]).await
    }

    /// The same, with options.
    pub(crate) async fn start_with(data: &Data, options: &[&str]) -> Self {
        let mut command = tonghop(data, &["up", "--json", "--nats-port", "0"]);
        command.args(options);
        let mut running = Running::start(data, "up", command.args(["--http", "127.0.0.1:0"]));
        let said = until("the ports of `up`", async || {
            let said = serde_json::from_str::<Value>(&running.out()).ok();
            assert!(said.is_some() || running.runs(), "it ended: {}", running.err());
            said
        })
        .await;
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Self { running, nats: text("nats"), http: text("http") }
    }

    /// Publishes a file; the answer of `publish --json`.
    pub(crate) async fn publish(&self, data: &Data, file: &Path) -> Value {
        publish(data, &self.nats, file).await
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        get(&self.http, target).await
    }

    /// Waits until readers see this position.
    pub(crate) async fn reaches(&self, position: u64) {
        until(&format!("position {position}"), async || {
            (self.metric("tonghop_position").await? >= position).then_some(())
        })
        .await;
    }

    pub(crate) async fn metric(&self, name: &str) -> Option<u64> {
        self.get("/metrics").await.metric(name)
    }
}

/// Publishes a file to this server; the answer of `publish --json`.
pub(crate) async fn publish(data: &Data, nats: &str, file: &Path) -> Value {
    let args = ["publish", "--json", "--nats", nats, file.to_str().unwrap()];
    run(data, &args).await.expect(0).json()
}

/// Starts `tonghop project` on the directory.
pub(crate) fn project(data: &Data, nats: &str, name: &str) -> Running {
    Running::start(data, name, &mut tonghop(data, &["project", "--nats", nats]))
}

/// Writes the sample of this scale to a file.
pub(crate) async fn sample(data: &Data, scale: &str) -> PathBuf {
    let file = data.file(&format!("sample-{scale}.ndjson"));
    let args = ["sample", "--scale", scale, "--output", file.to_str().unwrap()];
    run(data, &args).await.expect(0);
    file
}

/// The lines of the sample of this scale.
pub(crate) async fn sample_lines(data: &Data, scale: &str) -> Vec<String> {
    let text = fs::read_to_string(sample(data, scale).await).unwrap();
    text.lines().map(str::to_owned).collect()
}
