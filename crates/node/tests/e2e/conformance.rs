//! A vendor's system is played against the real server, and against one that breaks a promise.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::gateway::agency::{Agency, STRUCTURED, dossier};
use crate::gateway::province;
use crate::program::{Ended, Up, to_end, tonghop};
use crate::world::Data;

const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/identity/tls");

/// Plays H41.16 with these arguments.
async fn played(data: &Data, agency: &Agency, http: &str, args: &[&str]) -> Ended {
    let mut command = tonghop(data, &["conformance", "--as", "H41.16"]);
    command.args(["--http", http.strip_prefix("http://").unwrap()]);
    command.env("TONGHOP_TOKEN", &agency.token).args(args);
    to_end(command).await
}

/// The verdict of each step.
fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps.map(|step| (text(step, "step"), text(step, "verdict"))).collect()
}

fn with_verdict<'a>(verdicts: &'a BTreeMap<String, String>, verdict: &str) -> Vec<&'a str> {
    let steps = verdicts.iter().filter(|(_, said)| *said == verdict);
    steps.map(|(step, _)| step.as_str()).collect()
}

/// Everything that a reader sees of the units.
async fn form(up: &Up) -> Value {
    let mut rows = Vec::new();
    for target in [
        "/v1/forms/documents?unit=H41&from=1990-01-01&to=2099-12-31",
        "/v1/forms/bieu-06a?unit=H41&from=2021-01-01&to=2021-12-31",
    ] {
        rows.push(up.get(target).await.json()["rows"].clone());
    }
    json!(rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_over_http_and_over_nats_and_again() {
    let data = Data::new("conformance");
    let (up, agency) = province(&data).await;
    let before = form(&up).await;
    let file = data.file("report.docx");
    let args = ["--json", "-o", file.to_str().unwrap()];
    let first = played(&data, &agency, &up.http, &args).await.expect(0).json();
    assert_eq!((&first["conforms"], &first["failed"]), (&json!(true), &json!(0)), "{first}");
    assert_eq!(with_verdict(&verdicts(&first), "pass").len(), 19, "{first}");
    assert!(std::fs::read(&file).unwrap().starts_with(b"PK"));
    assert_eq!(form(&up).await, before, "nobody's figures have changed");

    // Again, and by the other way: the numbers go on, and nothing is missing in the end.
    let over_nats = played(&data, &agency, &up.http, &["--json", "--nats", &up.nats]).await;
    let over_nats = over_nats.expect(0).json();
    assert_eq!(with_verdict(&verdicts(&over_nats), "skip"), ["batch", "token"], "{over_nats}");
    let told = played(&data, &agency, &up.http, &[]).await.expect(0).out;
    assert!(told.contains("Conforms: 19 passed, 0 failed, 0 skipped."), "{told}");
    let known = up.get("/v1/completeness?unit=H41.16").await.json();
    assert_eq!(known["sources"][0]["source"], "/H41.16/conformance");
    assert_eq!(
        (&known["missingCount"], &known["sources"][0]["reusedNumbers"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(form(&up).await, before);

    // Where others publish it asks first, and then still changes nothing.
    assert_eq!(agency.post(STRUCTURED, dossier("real", 1).as_bytes()).await.status, 200);
    let before = form(&up).await;
    let refused = played(&data, &agency, &up.http, &[]).await.expect(2);
    assert!(
        refused.err.contains("/H41.16/e2e") && refused.err.contains("--on-live"),
        "{refused:?}"
    );
    played(&data, &agency, &up.http, &["--on-live"]).await.expect(0);
    assert_eq!(form(&up).await, before);

    let stranger = Agency { token: "th_nobody".to_owned(), http: up.http.clone() };
    let refused = played(&data, &stranger, &up.http, &["--on-live"]).await.expect(2);
    assert!(refused.err.contains("401"), "{refused:?}");
    let mut no_token = tonghop(&data, &["conformance", "--as", "H41.16"]);
    no_token.env_remove("TONGHOP_TOKEN");
    assert!(to_end(no_token).await.expect(2).err.contains("agency add"));
    up.running.stop("TERM").await.expect(0);
    played(&data, &agency, &up.http, &[]).await.expect(3);
}

/// A proxy that hands everything on, and changes one text of the answers.
async fn proxy(to: &str, change: (&'static str, &'static str)) -> String {
    let to: Arc<str> = Arc::from(to.strip_prefix("http://").unwrap());
    let hand_on = async move |request: Request| -> Response<Body> {
        let stream = TcpStream::connect(&*to).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap().replace(change.0, change.1);
        Response::builder().status(status).body(Body::from(body)).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = axum::serve(listener, Router::new().fallback(hand_on));
    tokio::spawn(async { serve.await });
    format!("http://{address}")
}

/// A proxy with TLS, as it stands before HTTP in an installation.
async fn with_tls(to: &str) -> u16 {
    let to = to.strip_prefix("http://").unwrap().to_owned();
    let certificates = CertificateDer::pem_file_iter(format!("{TLS}/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{TLS}/server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let certificates = certificates.collect::<Result<Vec<_>, _>>().unwrap();
    let config = config.with_single_cert(certificates, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, to) = (acceptor.clone(), to.clone());
            tokio::spawn(async move {
                // Who does not trust it goes away.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut plain = TcpStream::connect(&to).await.unwrap();
                tokio::io::copy_bidirectional(&mut stream, &mut plain).await.ok();
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_played_through_a_proxy_with_tls_and_printed_for_the_terminal() {
    let data = Data::new("conformance-tls");
    let (up, agency) = province(&data).await;
    let url = format!("https://localhost:{}", with_tls(&up.http).await);
    let play = async |more: &[&str]| {
        let mut command = tonghop(&data, &["conformance", "--as", "H41.16"]);
        command.env("TONGHOP_TOKEN", &agency.token).env("TONGHOP_URL", &url).args(more);
        to_end(command).await
    };
    let ca = format!("{TLS}/ca.pem");
    let told = play(&["--tls-ca", &ca]).await.expect(0).out;
    assert!(told.starts_with("This is no certificate: "), "{told}");
    assert!(told.contains(&format!("played over HTTP at {url}.")), "{told}");
    assert!(told.ends_with("Conforms: 19 passed, 0 failed, 0 skipped.\n"), "{told}");
    let table = told.lines().filter(|line| line.starts_with(['┌', '│', '╞', '└']));
    let widths: Vec<usize> = table.map(|line| line.chars().count()).collect();
    assert!(widths.len() > 20 && widths.iter().all(|width| *width <= 100), "{told}");
    let distrusted = play(&[]).await.expect(3);
    assert!(distrusted.err.contains("invalid peer certificate"), "{distrusted:?}");
    // What is typed for this call is meant.
    let typed = play(&["--http", up.http.strip_prefix("http://").unwrap()]).await.expect(0);
    assert!(typed.out.contains("played over HTTP at http://127.0.0.1"), "{typed:?}");
    let wrong = play(&["--url", "127.0.0.1:8080"]).await.expect(2);
    assert!(wrong.err.contains("give https://HOST"), "{wrong:?}");
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_is_broken_is_named() {
    let data = Data::new("conformance-broken");
    let (up, agency) = province(&data).await;
    for (change, failed) in [
        (("\"duplicate\"", "\"stored\""), &["batch", "encodings", "retry"][..]),
        (("id.reused", "id.unknown"), &["id-reused"]),
        (("\"missingCount\":1,", "\"missingCount\":0,"), &["gap", "heartbeat"]),
        (("size.exceeded", "envelope.unreadable"), &["size-exceeded"]),
        (("", ""), &[]),
    ] {
        let http = proxy(&up.http, change).await;
        let ended = played(&data, &agency, &http, &["--json"]).await;
        let ended = ended.expect(i32::from(!failed.is_empty())).json();
        let verdicts = verdicts(&ended);
        assert_eq!(with_verdict(&verdicts, "fail"), failed, "{change:?}: {ended}");
        for step in ended["steps"].as_array().unwrap() {
            let told = step["mend"].as_str().is_some_and(|mend| !mend.is_empty());
            assert_eq!(told, step["verdict"] == "fail", "{step}");
        }
    }
    up.running.stop("TERM").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_system_has_written_is_checked_without_a_server() {
    let data = Data::new("conformance-check");
    let good = data.file("good.ndjson");
    let lines: Vec<String> = (1..=3)
        .map(|n| dossier(&format!("e{n}"), n).replacen('{', &format!("{{\"sequence\":\"{n}\","), 1))
        .collect();
    std::fs::write(&good, lines.join("\n")).unwrap();
    let bad = data.file("bad.ndjson");
    std::fs::write(&bad, format!("{}\n{}\n", lines[0], lines[2])).unwrap();
    let check = async |file: &std::path::Path, more: &[&str]| {
        let file = file.to_str().unwrap();
        let args = [&["conformance", "--check", file, "--json"], more].concat();
        to_end(tonghop(&data, &args)).await
    };
    let told = check(&good, &[]).await.expect(0).json();
    assert_eq!(with_verdict(&verdicts(&told), "pass").len(), 7, "{told}");
    let told = check(&bad, &["--as", "H41.16"]).await.expect(1).json();
    assert_eq!(with_verdict(&verdicts(&told), "fail"), ["numbers"], "{told}");
    let told = check(&good, &["--as", "H41.17"]).await.expect(1).json();
    assert_eq!(with_verdict(&verdicts(&told), "fail"), ["unit"], "{told}");
    check(&data.file("none.ndjson"), &[]).await.expect(3);
    check(&good, &["-o", "report.html"]).await.expect(2);
}
