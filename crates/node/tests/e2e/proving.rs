//! From the sealed log to a proof: what another program reads of a segment, and what the verifier,
//! which has nothing but the bundle, says of a figure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Ended, Up, run, sample, to_end};
use crate::world::Data;

const WINDOW: &str = "from=2021-06-15&to=2021-09-14";
const SQL: &str = "../../docs/examples/sql";

const COUNT: &str = r#"
import duckdb, json, sys
sql = open(sys.argv[1], encoding="utf-8").read().replace("SEGMENTS", sys.argv[2])
print(json.dumps(dict(duckdb.sql(sql).fetchall())))
"#;

/// A closed province: the key's file, and its verifier key.
async fn closed(data: &Data) -> (Up, PathBuf, String) {
    let up = Up::start(data).await;
    let published = up.publish(data, &sample(data, "0.001").await).await;
    up.reaches(published["new"].as_u64().unwrap()).await;
    let key = data.file("log.key");
    let path = key.to_str().unwrap();
    let made = ["audit", "key", "--origin", "nghean.gov.vn/tonghop", "-o", path];
    let verifier = run(data, &made).await.expect(0).out;
    let close = ["close", "--period", "2021-Q3", "--key", path, "--nats", &up.nats];
    run(data, &close).await.expect(0);
    (up, key, verifier)
}

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_counts_in_the_segments_what_the_forms_say() {
    let data = Data::new("segments");
    let (up, ..) = closed(&data).await;
    let packages = data.file("packages");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--require-hashes", "--target"])
        .arg(&packages)
        .args(["-r", &format!("{SQL}/requirements.txt")]);
    to_end(pip).await.expect(0);
    let mut python = Command::new("python3");
    python
        .args(["-c", COUNT, &format!("{SQL}/counts.sql")])
        .arg(data.path().join("archive"))
        .env("PYTHONPATH", &packages);
    let counted = to_end(python).await.expect(0).json();
    let counted = counted.as_object().unwrap();
    assert_eq!(counted.len(), 4);
    for (indicator, count) in counted {
        let path = format!("/v1/figures?indicator={indicator}&{WINDOW}");
        let figure = up.get(&path).await.json();
        assert!(count.as_u64().unwrap() > 0, "{indicator}");
        assert_eq!(&figure["value"], count, "{indicator}");
    }
}

/// The verifier, which stands beside the program.
async fn verify(bundle: &Path, more: &[&str]) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_tonghop")).with_file_name("tonghop-verify");
    assert!(program.is_file(), "build it with: cargo build -p tonghop-ledger --bins");
    let mut command = Command::new(program);
    command.arg(bundle).args(more).stdin(Stdio::null());
    to_end(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_is_proved_to_somebody_who_has_nothing_else() {
    let data = Data::new("proving");
    let (up, key, verifier) = closed(&data).await;
    let forms = up.get(&format!("/v1/forms/bieu-06a?{WINDOW}")).await.json();
    let rows = forms["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["cells"]["c7"]["value"].as_i64() > Some(0)).unwrap();
    let (figure, value) = (&row["cells"]["c7"]["figure"], &row["cells"]["c7"]["value"]);
    let bundle = data.file("figure.bundle");
    let path = bundle.to_str().unwrap();
    // Proving needs no server.
    up.running.stop("TERM").await.expect(0);
    run(&data, &["audit", "prove", figure.as_str().unwrap(), "-o", path]).await.expect(0);

    let keys = ["--key", verifier.trim()];
    let verdict = verify(&bundle, &[&keys[..], &["--json"]].concat()).await.expect(0).json();
    assert_eq!(verdict["holds"], Value::Bool(true), "{verdict}");
    assert_eq!(verdict["published"], value.to_string(), "{verdict}");
    // A key that nobody gave out vouches for nothing.
    let other = data.file("other.key");
    let made = ["audit", "key", "--origin", "elsewhere", "-o", other.to_str().unwrap()];
    let stranger = run(&data, &made).await.expect(0).out;
    verify(&bundle, &["--key", stranger.trim()]).await.expect(1);
    // One byte of an event.
    let mut bytes = fs::read(&bundle).unwrap();
    let at = bytes
        .windows(16)
        .position(|at| at == b"dossier.settled\"")
        .or_else(|| bytes.windows(15).rposition(|at| at == b"dossier.settled"));
    bytes[at.unwrap()] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    verify(&bundle, &keys).await.expect(1);

    // What nobody published is not proved; nor is what the archive has no more as it was.
    let unknown = ["audit", "prove", "documents.issued~H41.16~20210101-20210131", "-o", path];
    let ended = run(&data, &unknown).await.expect(1);
    assert!(ended.err.contains("no closing has published"), "{ended:?}");
    let segment = fs::read_dir(data.path().join("archive/segments")).unwrap().next().unwrap();
    let segment = segment.unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let again = ["audit", "prove", figure.as_str().unwrap(), "-o", path];
    let ended = run(&data, &again).await.expect(3);
    assert!(ended.err.contains(".parquet"), "{ended:?}");
    assert!(key.exists());
}
