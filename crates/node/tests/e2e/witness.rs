//! The keys of the log and of a witness, and a witness that sees a log grow, go back and fork.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::log::Log;
use tonghop_ledger::note::{Note, SigningKey, VerifierKey};
use tonghop_ledger::tree::{Frontier, Hash, leaf_hash};
use tonghop_node::http;
use tonghop_node::reading::Reading;

use crate::program::{Ended, run};
use crate::world::Data;

/// A log in a directory, and the witness that looks at it.
struct Played {
    data: Data,
    log_key: String,
    witness_key: String,
}

impl Played {
    async fn new(name: &str) -> Self {
        let data = Data::new(name);
        let key = ["audit", "key", "--origin", "h41.example/log", "-o", "log.key"];
        let log_key = run(&data, &key).await.expect(0).out.trim_end().to_owned();
        let key = ["witness", "key", "--name", "w.example/1", "-o", "witness.key"];
        let witness_key = run(&data, &key).await.expect(0).out.trim_end().to_owned();
        Self { data, log_key, witness_key }
    }

    fn signing_key(&self) -> SigningKey {
        let secret = fs::read_to_string(self.data.file("log.key")).unwrap();
        SigningKey::parse(secret.trim_end()).unwrap()
    }

    fn log_key(&self) -> VerifierKey {
        VerifierKey::parse(&self.log_key).unwrap()
    }

    /// Seals and signs a log of so many leaves; the odd one, if any, is another than elsewhere.
    fn sealed(&self, dir: &str, sizes: &[u64], odd: Option<u64>) -> PathBuf {
        let dir = self.data.file(dir);
        let log = Log::open(&dir).unwrap();
        let mut frontier = Frontier::new();
        for size in sizes {
            let leaf = |index: u64| {
                let turned = if Some(index) == odd { !index } else { index };
                leaf_hash(&turned.to_be_bytes())
            };
            let leaves: Vec<Hash> = (frontier.size()..*size).map(leaf).collect();
            log.append(&mut frontier, &leaves).unwrap();
        }
        log.sign(&frontier, &self.signing_key(), &[]).unwrap();
        dir
    }

    async fn cosign(&self, from: &str, more: &[&str]) -> Ended {
        let args = ["witness", "cosign", from, "--log", &self.log_key, "--key", "witness.key"];
        run(&self.data, &[&args, ["--state", "seen"].as_slice(), more].concat()).await
    }

    /// How far a cosigned checkpoint goes; both have signed it, the witness now.
    fn size(&self, cosigned: &str) -> u64 {
        let (checkpoint, note) = Checkpoint::open(cosigned.as_bytes(), &self.log_key()).unwrap();
        let at = note.verify(&VerifierKey::parse(&self.witness_key).unwrap()).unwrap();
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
        assert!(at.is_some_and(|at| at <= now && now - at < 600), "{at:?}");
        checkpoint.head().size
    }
}

fn checkpoint(dir: &std::path::Path) -> String {
    fs::read_to_string(dir.join("checkpoint")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_once_for_its_owner_alone_and_not_shown() {
    let played = Played::new("witness-keys").await;
    let path = played.data.file("log.key");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(&path).unwrap();
    assert_eq!(played.signing_key().verifier(), &played.log_key());

    let again = ["audit", "key", "--origin", "h41.example/log", "-o", "log.key"];
    let ended = run(&played.data, &again).await.expect(3);
    assert!(ended.err.contains("is never overwritten") && ended.out.is_empty(), "{ended:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), secret);
    let bad = ["audit", "key", "--origin", "two words", "-o", "other.key"];
    let ended = run(&played.data, &bad).await.expect(2);
    assert!(ended.err.contains("`two words`") && !played.data.file("other.key").exists());
    let json = ["audit", "key", "--origin", "h41.example/log", "-o", "other.key", "--json"];
    let made = run(&played.data, &json).await.expect(0).json();
    let other = VerifierKey::parse(made["verifierKey"].as_str().unwrap()).unwrap();
    assert_ne!(other, played.log_key(), "every key is another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_cosigns_a_log_that_grows() {
    let played = Played::new("witness-grows").await;
    played.sealed("log", &[300], None);
    let cosigned = played.cosign("log", &[]).await.expect(0).out;
    assert_eq!(played.size(&cosigned), 300);
    // The same again is cosigned again, and so is what goes on from it.
    assert_eq!(played.size(&played.cosign("log", &[]).await.expect(0).out), 300);
    played.sealed("log", &[300, 70_000], None);
    let ended = played.cosign("log", &["-o", "cosigned"]).await.expect(0);
    assert!(ended.out.starts_with("cosigned size 70000 and root "), "{ended:?}");
    let written = fs::read_to_string(played.data.file("cosigned")).unwrap();
    assert_eq!(played.size(&written), 70_000);
    let json = played.cosign("log", &["--json"]).await.expect(0).json();
    assert_eq!(played.size(json["checkpoint"].as_str().unwrap()), 70_000);

    // What strangers wrote into the checkpoint is not passed on.
    let stranger = SigningKey::new("stranger", tonghop_ledger::note::Kind::Note, &[1; 32]).unwrap();
    let path = played.data.file("log").join("checkpoint");
    let mut note = Note::decode(&fs::read(&path).unwrap()).unwrap();
    note.sign(&stranger);
    fs::write(&path, note.to_string()).unwrap();
    let cosigned = played.cosign("log", &[]).await.expect(0).out;
    assert!(!cosigned.contains("stranger"), "{cosigned}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_reads_the_log_over_http() {
    let played = Played::new("witness-http").await;
    let reading = Arc::new(Reading::new().unwrap().with_sealed_log(played.data.path()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let serving = tokio::spawn(http::serve(listener, Arc::clone(&reading), stopped));

    let url = format!("http://{address}/log/");
    let ended = played.cosign(&url, &[]).await.expect(3);
    assert!(ended.err.contains("has no checkpoint yet"), "{ended:?}");
    for size in [300, 70_000] {
        let log = played.sealed("archive/log", &[size], None);
        assert_eq!(played.size(&played.cosign(&url, &[]).await.expect(0).out), size);
        fs::remove_dir_all(log).unwrap();
    }
    let log = played.sealed("archive/log", &[80_000], Some(299));
    let ended = played.cosign(&url, &[]).await.expect(1);
    assert!(ended.out.contains("two logs: it has size 70000"), "{ended:?}");

    let router = http::router(&http::Api::new(reading));
    let asked = async |path: &str| http::ask(&router, path).await.unwrap();
    let shown = asked("/log/checkpoint").await;
    assert_eq!((shown.status.as_u16(), &shown.body[..]), (200, checkpoint(&log).as_bytes()));
    let tile = asked("/log/tile/1/001.p/56").await;
    let held = fs::read(log.join("tile/1/001.p/56")).unwrap();
    assert_eq!((tile.status.as_u16(), &tile.body[..]), (200, &held[..]));
    fs::write(log.join("new"), "not for anybody").unwrap();
    for path in
        ["1/000.p/56", "1/1", "0/../../new", "0/..%2F..%2Fnew", "entries/000", "..%2Fnew", "0"]
    {
        let reply = asked(&format!("/log/tile/{path}")).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
    }
    serving.abort();
}

/// WIT-1.
#[tokio::test(flavor = "multi_thread")]
async fn a_witness_refuses_a_fork_and_shows_both_checkpoints() {
    let played = Played::new("witness-forks").await;
    let log = played.sealed("log", &[500], None);
    let cosigned = played.cosign("log", &[]).await.expect(0).out;
    let text = cosigned.split("\n\n").next().unwrap();

    let back = played.sealed("back", &[400], None);
    let same_size = played.sealed("same", &[500], Some(17));
    let forked = played.sealed("forked", &[800], Some(17));
    for (dir, why) in [
        (&back, "the tree here is at an earlier state, with size 400"),
        (&same_size, "two logs: it has size 500 and root"),
        (&forked, "two logs: it has size 500 and root"),
    ] {
        let ended = played.cosign(dir.to_str().unwrap(), &["-o", "never"]).await.expect(1);
        assert!(ended.out.contains(why), "{ended:?}");
        assert!(ended.out.contains(text) && ended.out.contains(&checkpoint(dir)), "{ended:?}");
        let json = played.cosign(dir.to_str().unwrap(), &["--json"]).await.expect(1).json();
        assert_eq!(json["cosigned"], false);
        assert_eq!(json["shown"], checkpoint(dir));
        assert_eq!(played.size(json["last"].as_str().unwrap()), 500);
    }
    assert!(!played.data.file("never").exists());
    played.sealed("log", &[500, 501], None);
    assert_eq!(played.size(&played.cosign("log", &[]).await.expect(0).out), 501);

    // Of another key, whatever it says.
    let other = checkpoint(&log).replace("\n501\n", "\n502\n");
    fs::write(log.join("checkpoint"), &other).unwrap();
    let ended = played.cosign("log", &[]).await.expect(1);
    assert!(ended.out.contains("is not of this text") && ended.out.contains(&other), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_does_not_judge_what_it_cannot_read() {
    let played = Played::new("witness-unread").await;
    let ended = played.cosign("nothing", &[]).await.expect(3);
    assert!(ended.err.contains("nothing has no checkpoint yet"), "{ended:?}");
    let log = played.sealed("log", &[300], None);
    played.cosign("log", &[]).await.expect(0);

    let tile = log.join("tile/0/001.p/44");
    let good = fs::read(&tile).unwrap();
    fs::write(&tile, [&[0], &good[1..]].concat()).unwrap();
    let ended = played.cosign("log", &[]).await.expect(3);
    assert!(ended.err.contains("the tiles are incomplete or damaged"), "{ended:?}");
    fs::remove_file(&tile).unwrap();
    let ended = played.cosign("log", &[]).await.expect(3);
    assert!(ended.err.contains("tile/0/001.p/44 is missing"), "{ended:?}");
    fs::write(&tile, good).unwrap();
    played.cosign("log", &[]).await.expect(0);

    // Who exchanges the memory of the witness is found out.
    let seen = fs::read_dir(played.data.file("seen")).unwrap();
    let seen = seen.map(|entry| entry.unwrap().path());
    let seen = seen.into_iter().find(|path| !path.ends_with("lock")).unwrap();
    fs::copy(log.join("checkpoint"), &seen).unwrap();
    let ended = played.cosign("log", &[]).await.expect(3);
    assert!(ended.err.contains("is not what the witness cosigned last"), "{ended:?}");
    let key = played.witness_key.as_str();
    let of_witness = ["witness", "cosign", "log", "--log", key, "--key", "x", "--state", "s"];
    let ended = run(&played.data, &of_witness);
    assert!(ended.await.expect(2).err.contains("this is the key of a witness"));
}
