//! Who may do what on NATS, tried with a stock client and the key of an agency.
//!
//! **PERM-1:** an agency publishes below `tonghop.v1.<its unit>` and nowhere else, never in a
//! family of the office, and reads nothing but what is told of its own events.

use serde_json::json;

use crate::gateway::agency::{Agency, STRUCTURED, dossier, registered};
use crate::program::{Up, run, to_end, tonghop};
use crate::world::{Data, until};

#[path = "identity/attacks.rs"]
mod attacks;
#[path = "identity/deployed.rs"]
mod deployed;
#[path = "identity/kept.rs"]
mod kept;
#[path = "identity/stock.rs"]
mod stock;

use stock::Stock;

/// `up --secure` with two agencies, the office and the auditor, and the units registered.
pub(crate) struct Province {
    pub(crate) data: Data,
    pub(crate) up: Up,
    office: Stock,
    auditor: Stock,
}

impl Province {
    pub(crate) async fn start(name: &str) -> Self {
        let data = Data::new(name);
        let up = Up::start_with(&data, &["--secure"]).await;
        for who in [&["H41.16"][..], &["H41.17"], &["--office"], &["--role", "auditor"]] {
            add(&data, who).await;
        }
        let office = Stock::let_in(&data, &up.nats, "office").await;
        let auditor = Stock::let_in(&data, &up.nats, "auditor").await;
        let units = ["H41", "H41.16", "H41.17"].map(registered).join("\n");
        let told = publish(&data, &up.nats, "office", &units).await;
        assert_eq!((&told["stored"], &told["new"]), (&json!(3), &json!(3)), "{told}");
        Self { data, up, office, auditor }
    }

    async fn agency(&self, unit: &str) -> Stock {
        Stock::let_in(&self.data, &self.up.nats, unit).await
    }
}

/// Gives somebody a key; its file is named after him.
async fn add(data: &Data, who: &[&str]) -> String {
    let name = who.last().unwrap().trim_start_matches("--");
    let file = data.file(&format!("{name}.nk"));
    let args = [&["agency", "add", "--json", "--creds-out", file.to_str().unwrap()], who].concat();
    let told = run(data, &args).await.expect(0).json();
    told["token"].as_str().unwrap_or_default().to_owned()
}

/// Publishes lines by the command line with somebody's key; its answer.
async fn publish(data: &Data, nats: &str, who: &str, lines: &str) -> serde_json::Value {
    let (file, creds) = (data.file("lines.ndjson"), data.file(&format!("{who}.nk")));
    std::fs::write(&file, lines).unwrap();
    let (file, creds) = (file.to_str().unwrap(), creds.to_str().unwrap());
    let mut ended = run(data, &["publish", "--json", "--nats", nats, "--creds", creds, file]).await;
    ended.code = None;
    ended.json()
}

fn refused(id: &str) -> String {
    dossier(id, 7).replace("DIRECT", "BY_PIGEON")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_publishes_is_told_what_became_of_it_and_reads_its_own_refusals() {
    let province = Province::start("identity").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let one = province.agency("H41.16").await;
    let other = province.agency("H41.17").await;
    let mut live = one.client.subscribe("tonghop.refused.H41-16").await.unwrap();
    let mut told = one.client.subscribe("tonghop.folded.v1.H41-16").await.unwrap();
    one.client.flush().await.unwrap();

    let subject = "tonghop.v1.H41-16.dossier.accepted";
    assert_eq!(one.acked(subject, &dossier("one", 1)).await, 4);
    assert_eq!(one.acked(subject, &refused("two")).await, 5);
    let refusal = stock::json(&stock::next(&mut live).await);
    assert_eq!((&refusal["position"], &refusal["id"]), (&json!(5), &json!("two")), "{refusal}");
    let mut seen = 0;
    while seen < 5 {
        let step = stock::json(&stock::next(&mut told).await);
        assert!(step.get("folded").is_none(), "no word of others: {step}");
        seen = step["position"].as_u64().unwrap();
    }
    // The past, by a pull consumer that is there already, as any client pulls.
    let pulled = one.pull_refusals("H41-16", 1).await;
    assert_eq!(stock::json(&pulled[0])["position"], 5);
    assert!(other.pull_refusals("H41-17", 0).await.is_empty());

    let lines = [dossier("one", 1), dossier("three", 3), refused("four"), registered("H41.18")];
    let told = publish(data, nats, "H41.16", &lines.join("\n")).await;
    let counts = ["stored", "new", "duplicate", "refused", "unsendable"].map(|name| &told[name]);
    assert_eq!(counts, [3, 1, 1, 1, 1].map(serde_json::Value::from).each_ref(), "{told}");
    assert!(told["notSent"][0]["why"].as_str().unwrap().contains("H41-16 may not"), "{told}");

    // The same figures by HTTP, whose gateway and projector have identities of their own.
    let token = run(data, &["agency", "add", "--json", "H41.16"]).await.expect(0).json();
    let token = token["token"].as_str().unwrap().to_owned();
    let http = Agency { token, http: province.up.http.clone() };
    until("the token", async || (http.post("text/plain", b"").await.status != 401).then_some(()))
        .await;
    let reply = http.post(STRUCTURED, dossier("five", 5).as_bytes()).await;
    assert_eq!(reply.json(), json!({"status": "stored", "position": 9}), "{}", reply.body);
    let reply = http.post(STRUCTURED, refused("six").as_bytes()).await;
    assert_eq!(reply.json()["status"], "refused", "{}", reply.body);
    let report = run(
        data,
        &["report", "--json", "--form", "bieu-06a", "--from", "2021-06-15", "--to", "2021-09-14"],
    )
    .await
    .expect(0)
    .json();
    assert_eq!(report["rows"][0]["cells"]["c3"]["value"], 3, "{report}");

    // Why nothing answers is said by the server itself.
    let creds = data.file("H41.16.nk");
    let creds = ["doctor", "--nats", nats, "--creds", creds.to_str().unwrap()];
    let doctor = run(data, &creds).await.expect(0).out;
    assert!(doctor.contains("H41-16, key U"), "{doctor}");
    // The server tells them in any order.
    let (_, denied) = doctor.split_once("but not to ").unwrap();
    assert!(denied.contains("tonghop.v1.H41-16.calendar.>"), "{doctor}");

    // The auditor sees everything, and may write nothing.
    let creds = data.file("auditor.nk");
    let creds = ["--nats", nats, "--creds", creds.to_str().unwrap()];
    let doctor = run(data, &[&["doctor"][..], &creds].concat()).await.expect(0);
    assert!(doctor.out.contains("3 of 3 refused messages"), "{}", doctor.out);
    let compared = run(data, &[&["replay"][..], &creds].concat()).await.expect(0);
    assert!(compared.out.contains("10"), "{}", compared.out);
    assert_eq!(province.auditor.log().await.len(), 10);
    province.office.said_nothing();

    // An outbox of the agency gets its receipts, too.
    let (outbox, creds) = (data.file("outbox"), data.file("H41.16.nk"));
    std::fs::write(data.file("lines.ndjson"), dossier("seven", 7)).unwrap();
    let kept = ["publish", "--json", "--nats", nats, "--outbox", outbox.to_str().unwrap()];
    let file = data.file("lines.ndjson");
    let with = ["--creds", creds.to_str().unwrap(), file.to_str().unwrap()];
    let told = run(data, &[&kept[..], &with].concat()).await.expect(0).json();
    assert_eq!((&told["stored"], &told["outbox"]["waiting"]), (&json!(1), &json!(0)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_lists_its_own_refusals_by_command() {
    let province = Province::start("identity-refusals").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let told = publish(data, nats, "H41.16", &refused("two")).await;
    assert_eq!(told["refused"], 1, "{told}");
    let refusals = async |who: &str, more: &[&str]| {
        let creds = data.file(&format!("{who}.nk"));
        let with = ["--json", "--nats", nats, "--creds", creds.to_str().unwrap()];
        run(data, &[&["refusals"][..], more, &with].concat()).await
    };
    let positions = async |who: &str, more: &[&str]| {
        let told = refusals(who, more).await.expect(0).json();
        let rows = told["refusals"].as_array().unwrap();
        rows.iter().map(|row| row["position"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    // What is only looked at stays, for whoever looks.
    for who in ["H41.16", "H41.16", "office", "auditor"] {
        assert_eq!(positions(who, &[]).await, [4], "{who}");
    }
    assert!(positions("H41.17", &[]).await.is_empty());
    assert!(positions("H41.16", &["--code", "unit.unknown"]).await.is_empty());
    let shown = refusals("H41.16", &["show", "4"]).await.expect(0).json();
    assert_eq!((&shown["position"], &shown["id"]), (&json!(4), &json!("two")), "{shown}");
    let other = refusals("H41.16", &["--unit", "H41.17"]).await.expect(1);
    assert!(other.err.contains("the refusals of H41.16 alone"), "{}", other.err);
    add(data, &["--role", "provisioner"]).await;
    let denied = until("the key of the provisioner", async || {
        let ended = refusals("provisioner", &[]).await;
        (ended.code != Some(3)).then_some(ended)
    })
    .await;
    let denied = denied.expect(1);
    assert!(denied.err.contains("may not read refusals: give --creds"), "{}", denied.err);

    // What its own system has not acknowledged is there for it; what was acknowledged is gone.
    assert_eq!(positions("H41.16", &["--acknowledge"]).await, [4]);
    assert!(positions("H41.16", &[]).await.is_empty());
    assert!(province.agency("H41.16").await.pull_refusals("H41-16", 0).await.is_empty());
    publish(data, nats, "H41.16", &refused("three")).await;
    assert_eq!(positions("H41.16", &[]).await, [5]);
    province.agency("H41.16").await.pull_refusals("H41-16", 1).await;
    assert!(positions("H41.16", &[]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_sent_again_with_the_key_of_the_gateway() {
    let province = Province::start("identity-requeue").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let one = province.agency("H41.16").await;
    let subject = "tonghop.v1.H41-16.dossier.accepted";
    let position = one.acked(subject, &refused("two")).await;
    province.up.reaches(position).await;
    std::fs::write(data.file("mended"), dossier("two", 7)).unwrap();
    let (position, mended) = (position.to_string(), data.file("mended"));
    let requeue = async |who: &str| {
        let creds = data.file(&format!("{who}.nk"));
        let args = ["refusals", "requeue", &position, "--payload", mended.to_str().unwrap()];
        let with = ["--json", "--nats", nats, "--creds", creds.to_str().unwrap()];
        run(data, &[&args[..], &with].concat()).await
    };
    for who in ["office", "auditor"] {
        let ended = requeue(who).await.expect(1);
        assert!(ended.err.contains("--role gateway"), "{}", ended.err);
    }
    add(data, &["--role", "gateway"]).await;
    Stock::let_in(data, nats, "gateway").await;
    let told = requeue("gateway").await.expect(0).json();
    assert_eq!(told["requeued"][0]["status"], "stored", "{told}");
    let told = requeue("gateway").await.expect(1).json();
    assert_eq!(told["already"][0]["position"], 5, "once: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated_or_revoked_lets_nobody_in() {
    let province = Province::start("identity-ended").await;
    let (data, nats) = (&province.data, &province.up.nats);
    let (one, other) = (province.agency("H41.16").await, province.agency("H41.17").await);
    let file = data.file("new.nk");
    let rotate = ["agency", "rotate", "H41.16", "--grace", "0s"];
    let without = run(data, &rotate).await.expect(1);
    assert!(without.err.contains("--creds-out"), "{}", without.err);
    let with = [&rotate[..], &["--creds-out", file.to_str().unwrap()]].concat();
    run(data, &with).await.expect(0);
    run(data, &["agency", "revoke", "H41.17"]).await.expect(0);
    for (ended, unit) in [(one, "H41.16"), (other, "H41.17")] {
        ended.is_put_out().await;
        Stock::kept_out(data, nats, unit).await;
    }
    let new = Stock::let_in(data, nats, "new").await;
    new.acked("tonghop.v1.H41-16.dossier.accepted", &dossier("one", 1)).await;
    let listed = run(data, &["agency", "list"]).await.expect(0).out;
    assert_eq!(listed.lines().filter(|line| line.contains(" nkey ")).count(), 4, "{listed}");
    // Nothing of what it wrote holds a seed.
    std::fs::write(data.file("listed"), listed).unwrap();
    for path in ["listed", "agencies.json", "nats/accounts.conf", "nats/nats-server.log", "up.err"]
    {
        let text = std::fs::read_to_string(data.file(path)).unwrap();
        for who in ["H41.16", "H41.17", "office", "auditor", "new"] {
            let seed = std::fs::read_to_string(data.file(&format!("{who}.nk"))).unwrap();
            assert!(!text.contains(seed.trim()), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_the_same_whether_nats_asks_who_one_is_or_not() {
    let data = Data::new("identity-turns");
    for (turn, options) in [(1, &[][..]), (2, &["--secure"]), (3, &[])] {
        let up = Up::start_with(&data, options).await;
        if turn == 1 {
            std::fs::write(data.file("units"), registered("H41")).unwrap();
            assert_eq!(up.publish(&data, &data.file("units")).await["new"], 1);
        }
        up.reaches(1).await;
        up.running.stop("TERM").await;
        // Who reads a log that is kept with credentials needs none where it lies.
        let doctor = run(&data, &["doctor"]).await.expect(0);
        assert!(doctor.out.contains("1 events, 1 to 1"), "{}", doctor.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_is_played_over_nats_with_the_key_of_an_agency() {
    let province = Province::start("identity-conformance").await;
    let (data, up) = (&province.data, &province.up);
    let token = run(data, &["agency", "add", "--json", "H41.16"]).await.expect(0).json();
    let token = token["token"].as_str().unwrap().to_owned();
    let http = Agency { token: token.clone(), http: up.http.clone() };
    until("the token", async || (http.post("text/plain", b"").await.status != 401).then_some(()))
        .await;
    let creds = data.file("H41.16.nk");
    let mut command = tonghop(data, &["conformance", "--as", "H41.16", "--json"]);
    command.args(["--http", up.http.strip_prefix("http://").unwrap(), "--nats", &up.nats]);
    command.arg("--creds").arg(creds).env("TONGHOP_TOKEN", token);
    let ended = to_end(command).await.expect(0);
    assert!(!ended.err.contains("ermissions"), "it hears what it may: {ended:?}");
    let report = ended.json();
    assert_eq!((&report["conforms"], &report["skipped"]), (&json!(true), &json!(2)), "{report}");
}
