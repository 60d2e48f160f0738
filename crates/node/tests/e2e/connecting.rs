//! A vendor who knows nothing of this project: follows `docs/connect.md` command by command, and
//! runs the complete examples, with stock clients in environments that were empty before.
//!
//! A test says SKIPPED, with the reason, where the runtime of its language is not there; nothing
//! else makes it skip.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tonghop_wire::kind::Kind;

use crate::gateway::agency::Agency;
use crate::gateway::province;
use crate::identity::Province;
use crate::program::{Ended, Up, publish, run, to_end};
use crate::world::Data;

const PYTHON: &str = "docs/examples/python";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether this command can be run; else says what is skipped.
fn has(test: &str, command: &str, arguments: &[&str]) -> bool {
    let mut asked = Command::new(command);
    let answered = asked.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has = answered.is_ok_and(|status| status.success());
    if !has {
        eprintln!("SKIPPED {test}: `{command} {}` does not run here", arguments.join(" "));
    }
    has
}

/// A command in the directory, with the settings of the page.
fn with_settings(data: &Data, up: &Up, command: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_tonghop")).parent().unwrap();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [program.to_owned()].into_iter().chain(std::env::split_paths(&others)),
    );
    let mut command = Command::new(command);
    command
        .current_dir(data.path())
        .stdin(Stdio::null())
        .env("PATH", path.unwrap())
        .env("TONGHOP_UNIT", "H41.16")
        .env("TONGHOP_NATS", &up.nats)
        .env("TONGHOP_URL", &up.http);
    for name in ["TONGHOP_DATA", "TONGHOP_HTTP", "TONGHOP_CREDS", "TONGHOP_TOKEN"] {
        command.env_remove(name);
    }
    command
}

/// What is fetched once, checked by its hash, and then installed from.
async fn wheels(data: &Data) -> PathBuf {
    let wheels = data.file("wheels");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--dest"])
        .arg(&wheels)
        .arg("-r")
        .arg(root().join(PYTHON).join("requirements.txt"));
    to_end(pip).await.expect(0);
    wheels
}

/// A block of the page that is run, and what is printed under it, if the page says.
struct Step {
    script: String,
    prints: Option<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "sh" => steps.push(Step { script: text.to_owned(), prints: None }),
            "text" => steps.last_mut().unwrap().prints = Some(format!("{text}\n")),
            "console" => {}
            other => panic!("the page has a block of {other}"),
        }
    }
    steps
}

/// Every block in one shell, as somebody types them; what each printed goes to a file of its own.
fn script(steps: &[Step]) -> String {
    let mut script = String::from("set -eu\n");
    for (place, step) in steps.iter().enumerate() {
        writeln!(script, "exec > step-{place}.out\n{}", step.script).unwrap();
        if step.script.contains("export TONGHOP_TOKEN=") {
            // A running process looks once a second who has a token.
            script += "until python3 holds.py; do [ $? -eq 7 ]; done\n";
        }
    }
    script
}

const TOKEN_HOLDS: &str = r#"
import os, urllib.error, urllib.request
try:
    urllib.request.urlopen(urllib.request.Request(
        os.environ["TONGHOP_URL"] + "/v1/events", b"", {"Authorization": "Bearer " + os.environ["TONGHOP_TOKEN"]}))
except urllib.error.HTTPError as error:
    raise SystemExit(7 if error.code == 401 else 0)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_python_that_follows_the_page_sees_a_correction_and_a_duplicate() {
    let test = "docs/connect.md in Python";
    if !has(test, "python3", &["-c", "import venv, ensurepip, pip"]) {
        return;
    }
    let page = read("docs/connect.md");
    let steps = steps(&page);
    let program = steps.iter().find(|step| step.script.starts_with("cat > over_nats.py")).unwrap();
    let (_, program) = program.script.split_once('\n').unwrap();
    let kept = read(&format!("{PYTHON}/over_nats.py"));
    assert_eq!(program.strip_suffix("EOF").unwrap(), kept, "the page shows the example");

    let data = Data::new("connecting-page");
    let up = Up::start(&data).await;
    let mut typed = script(&steps);
    for (told, here) in [
        ("127.0.0.1:4222", up.nats.trim_start_matches("nats://")),
        ("127.0.0.1:8080", up.http.trim_start_matches("http://")),
        ("--data playground", &format!("--data {}", data.path().display())),
    ] {
        assert!(typed.contains(told), "the page says {told}");
        typed = typed.replace(told, here);
    }
    fs::write(data.file("holds.py"), TOKEN_HOLDS).unwrap();
    let wheels = wheels(&data).await;
    let mut shell = with_settings(&data, &up, "sh");
    shell.env_remove("TONGHOP_UNIT").env_remove("TONGHOP_NATS").env_remove("TONGHOP_URL");
    shell.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels).arg("-c").arg(typed);
    to_end(shell).await.expect(0);
    for (place, step) in steps.iter().enumerate() {
        let printed = fs::read_to_string(data.file(&format!("step-{place}.out"))).unwrap();
        if let Some(told) = &step.prints {
            assert_eq!(printed, *told, "under {}", step.script);
        }
    }
    assert_eq!(steps.iter().filter(|step| step.prints.is_some()).count(), 2);
    // The three documents that count, as another reader sees them.
    let figure = "/v1/figures?indicator=documents.issued&unit=H41.16&from=2021-07-01&to=2021-07-01";
    assert_eq!(up.get(figure).await.json()["value"], json!(2));
    up.running.stop("TERM").await.expect(0);
}

/// What an example has to print, the first to be run on the log.
fn told(status: [&str; 3], refused: &str) -> String {
    let [published, again, corrected] = status;
    format!(
        "before:     no data\n\
         published:  {published}1 issued, 0 of them signed\n\
         sent again: {again}1 issued, 0 of them signed\n\
         corrected:  {corrected}1 issued, 1 of them signed\n\
         refused:    data.unknown_field {refused}\n"
    )
}

const OVER_NATS: [&str; 3] = [""; 3];
const OVER_HTTP: [&str; 3] = ["stored, ", "duplicate, ", "stored, "];

async fn over_http(name: &str, command: &str, example: &str) -> Ended {
    let data = Data::new(name);
    let (up, Agency { token, .. }) = province(&data).await;
    let mut example_run = with_settings(&data, &up, command);
    example_run.arg(root().join("docs/examples").join(example)).env("TONGHOP_TOKEN", token);
    let ended = to_end(example_run).await.expect(0);
    up.running.stop("TERM").await.expect(0);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_example_over_http_needs_nothing_but_python() {
    if has("docs/examples/python/over_http.py", "python3", &["--version"]) {
        let ended = over_http("connecting-python", "python3", "python/over_http.py").await;
        assert_eq!(ended.out, told(OVER_HTTP, "{'field': 'organizationSignature'}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_java_example_over_http_needs_nothing_but_a_jdk() {
    if has("docs/examples/java/OverHttp.java", "javac", &["--version"]) {
        let ended = over_http("connecting-java", "java", "java/OverHttp.java").await;
        assert_eq!(ended.out, told(OVER_HTTP, "{\"field\":\"organizationSignature\"}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_example_over_nats_needs_the_stock_client_alone() {
    let test = "docs/examples/node/over_nats.mjs";
    let version = "process.exit(Number(process.versions.node.split('.')[0]) < 18)";
    if !has(test, "npm", &["--version"]) || !has(test, "node", &["-e", version]) {
        return;
    }
    // A server that lets nobody in without a key.
    let Province { data, up, .. } = Province::start("connecting-node").await;
    for file in ["package.json", "package-lock.json", "over_nats.mjs"] {
        fs::copy(root().join("docs/examples/node").join(file), data.file(file)).unwrap();
    }
    let mut install = with_settings(&data, &up, "npm");
    install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    to_end(install).await.expect(0);
    let mut example = with_settings(&data, &up, "node");
    example.arg("over_nats.mjs").env("TONGHOP_CREDS", data.file("H41.16.nk"));
    assert_eq!(
        to_end(example).await.expect(0).out,
        told(OVER_NATS, "{ field: 'organizationSignature' }")
    );
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_prints_can_be_published_and_checked() {
    let data = Data::new("connecting-event");
    let listed = run(&data, &["event", "--json"]).await.expect(0).json();
    let kinds: Vec<&str> =
        listed.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>());
    let plain = run(&data, &["event"]).await.expect(0).out;
    assert!(plain.lines().any(|line| line.ends_with(" Tiếp nhận hồ sơ")), "{plain}");

    let (up, _) = province(&data).await;
    let example = run(&data, &["event", "dossier.accepted"]).await.expect(0).out;
    let file = data.file("event.ndjson");
    fs::write(&file, &example).unwrap();
    assert_eq!(publish(&data, &up.nats, &file).await["new"], json!(1));
    let schema = run(&data, &["event", "dossier.accepted", "--schema"]).await.expect(0).json();
    assert_eq!(up.get("/schemas/dossier.accepted").await.json(), schema);
    let example: Value = serde_json::from_str(&example).unwrap();
    assert_eq!(schema["examples"], json!([example["data"]]));

    let wrong = run(&data, &["event", "dossier.acepted"]).await.expect(2);
    assert!(wrong.err.contains("did you mean dossier.accepted?"), "{}", wrong.err);
    let wrong = run(&data, &["event", "meals"]).await.expect(2);
    assert!(wrong.err.contains("`tonghop event` lists them"), "{}", wrong.err);
    up.running.stop("TERM").await.expect(0);
}
