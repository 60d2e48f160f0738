//! The two programs that verify: ours, and a second one that knows `docs/bundle.md` alone.

use std::path::Path;
use std::process::{Command, Output};

use tonghop_tests::evidence::{Log, Province};

use super::{WINDOW, figures};

struct Files {
    dir: tempfile::TempDir,
    province: Province,
    figure: String,
}

fn files() -> Files {
    let log = Log::story();
    let all = figures(u64::try_from(log.messages.len()).unwrap());
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    let province = Province::of(&log, &ids);
    let dir = tempfile::tempdir().unwrap();
    let figure = format!("dossiers.settled~H41.1~{WINDOW}~p{}", province.position());
    std::fs::write(dir.path().join("bundle"), province.bundle(&figure)).unwrap();
    Files { dir, province, figure }
}

fn ours(words: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tonghop-verify"));
    command.args(words).current_dir(dir).output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(both).unwrap()
}

#[test]
fn the_program_says_whether_it_holds() {
    let Files { dir, province, figure } = files();
    std::fs::write(dir.path().join("keys"), province.keys.join("\n") + "\n").unwrap();
    let output = ours(&["bundle", "--key", "keys", "--page", "page.html"], dir.path());
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(&figure) && text.contains("it holds"), "{text}");
    assert!(!text.contains("NOBODY VOUCHES"), "{text}");
    let page = std::fs::read_to_string(dir.path().join("page.html")).unwrap();
    assert!(page.contains("Huyện Anh Sơn") && page.contains("Số liệu được chứng minh"));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));

    let output = ours(&["--json", "bundle"], dir.path());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((&json["holds"], &json["vouched"]), (&true.into(), &false.into()));
    assert_eq!(json["read"], json["published"]);
    assert!(said(&ours(&["bundle"], dir.path())).contains("NOBODY VOUCHES"));

    let mut bytes = std::fs::read(dir.path().join("bundle")).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(dir.path().join("other"), bytes).unwrap();
    let output = ours(&["other", "--lang", "en", "--page=page.html"], dir.path());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("IT DOES NOT HOLD"));
    let page = std::fs::read_to_string(dir.path().join("page.html")).unwrap();
    assert!(page.contains("The figure is NOT proved") && page.contains("✗"));
}

#[test]
fn wrong_words_and_missing_files_have_codes_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    for words in
        [&[][..], &["a", "b"], &["--force", "a"], &["a", "--key", "x"], &["a", "--lang=fr"]]
    {
        let output = ours(words, dir.path());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
    }
    assert_eq!(ours(&["nowhere"], dir.path()).status.code(), Some(3));
    let help = ours(&["--help"], dir.path());
    assert_eq!(help.status.code(), Some(0));
    assert!(said(&help).contains("Exit codes"));
}

/// The specification is enough: a program in another language that was written from it agrees.
#[test]
fn a_second_verifier_agrees() {
    if Command::new("python3").args(["-c", "import tomllib"]).output().is_err() {
        eprintln!("python3 is not here: the second verifier was not asked");
        return;
    }
    let Files { dir, province, .. } = files();
    let script =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/python/verify_bundle.py");
    let path = dir.path().join("second");
    let second = |bytes: &[u8], keys: &[String]| {
        std::fs::write(&path, bytes).unwrap();
        let mut command = Command::new("python3");
        command.arg(script).arg(&path);
        for key in keys {
            command.args(["--key", key]);
        }
        command.output().unwrap()
    };
    for figure in figures(province.position()) {
        let output = second(&province.bundle(&figure), &province.keys);
        assert_eq!(output.status.code(), Some(0), "{figure}: {}", said(&output));
    }
    let figure = format!("dossiers.settled~H41.1~{WINDOW}~p{}", province.position());
    let bundle = province.bundle(&figure);
    assert!(said(&second(&bundle, &[])).contains("NOBODY VOUCHES"));
    assert_eq!(second(&bundle, &province.keys[2..]).status.code(), Some(1));
    // Here and there a byte; what only folding tells is left to ours.
    for part in 1..12 {
        let mut bytes = bundle.clone();
        let at = bytes.len() * part / 12;
        bytes[at] ^= 1;
        let output = second(&bytes, &province.keys);
        assert_eq!(output.status.code(), Some(1), "byte {at}: {}", said(&output));
    }
    let cut = second(&bundle[..bundle.len() - 3], &province.keys);
    assert!(said(&cut).contains("format.truncated"), "{}", said(&cut));
}
