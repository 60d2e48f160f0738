//! Keeps the rules of the house: who may depend on whom, how long a file is, what it may be called.
//!
//! A rule is a function from what stands in the tree to a list of problems, each with its place;
//! every rule has a test that shows it a bad sample, because a rule that cannot fail keeps nothing.
//! Nothing here builds, changes or fetches anything.
//!
//! **Invariant TIDY-1:** a crate reaches nothing that its row of the layering table forbids.
//! **Invariant TIDY-2:** no Rust file is longer than [`RUST_LINES_MAX`] lines.
//! **Invariant TIDY-3:** no file or folder has a name that says nothing about what is in it.
//! **Invariant TIDY-4:** `core` uses no map whose order differs between runs.
//! **Invariant TIDY-5:** nothing in the tree names one particular machine or package mirror.
//! **Invariant TIDY-6:** every decision has its own number and says when it would be reopened.
//! **Invariant TIDY-7:** the documents that a stranger looks for first are there, and short.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const RUST_LINES_MAX: usize = 600;
const ARCHITECTURE_LINES_MAX: usize = 249;

/// What each crate must not reach through its normal dependencies, however indirectly.
///
/// The table of ARCHITECTURE.md in the names of crates; a crate that has no row is a problem too.
/// `iana-time-zone` stands for the clock: it is what chrono brings along to read one.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "tonghop-core",
        &[
            "async-nats",
            "axum",
            "futures",
            "getrandom",
            "iana-time-zone",
            "log",
            "prost",
            "rand",
            "serde",
            "serde_json",
            "sled",
            "tokio",
            "tonghop-node",
            "tonghop-store",
            "tonghop-wire",
            "tracing",
        ],
    ),
    (
        "tonghop-wire",
        &["async-nats", "iana-time-zone", "sled", "tokio", "tonghop-node", "tonghop-store"],
    ),
    ("tonghop-ledger", &["async-nats", "sled", "tokio", "tonghop-node", "tonghop-store"]),
    ("tonghop-store", &["async-nats", "prost", "tokio", "tonghop-node", "tonghop-wire"]),
    ("tonghop-report", &["async-nats", "sled", "tokio", "tonghop-node", "tonghop-store"]),
    ("tonghop-client", &["tonghop-ledger", "tonghop-node", "tonghop-report", "tonghop-store"]),
    ("tonghop-node", &[]),
    ("tonghop-tests", &[]),
];

/// Who alone may name these in its manifest, tests aside.
///
/// The client publishes from an agency's own process, so it awaits NATS as the node does.
const RESERVED: &[(&str, &[&str])] = &[
    ("async-nats", &["tonghop-node", "tonghop-client"]),
    ("sled", &["tonghop-store"]),
    ("tokio", &["tonghop-node", "tonghop-client"]),
];

const VAGUE_NAMES: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

const UNORDERED: &[&str] = &["HashMap", "HashSet"];

/// Written in halves, so that this file may name them.
const MACHINE_MARKS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("arti", "factory")];

/// A file that git tracks, or would with the next `git add`.
struct File {
    /// From the root of the repository, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The lines with their numbers as an editor shows them.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

// ---- The rules ----

/// TIDY-1, of one crate: `reached` is every crate that it reaches, itself included.
fn forbidden_reached(package: &str, reached: &[String]) -> Vec<String> {
    let manifest = manifest_of(package);
    let Some((_, forbidden)) = FORBIDDEN.iter().find(|(name, _)| *name == package) else {
        return vec![format!("{manifest}:1: {package} has no row in the layering table")];
    };
    forbidden
        .iter()
        .filter(|name| reached.iter().any(|other| other == *name))
        .map(|name| {
            format!(
                "{manifest}:1: {package} reaches {name}; see `cargo tree -p {package} -i {name}`"
            )
        })
        .collect()
}

/// TIDY-1, of the manifests: what `cargo metadata` says each package declares.
fn reserved_declared(metadata: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for package in array(metadata, "packages") {
        let name = text(package, "name");
        for dependency in array(package, "dependencies") {
            let other = text(dependency, "name");
            let for_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            let owners = RESERVED.iter().find(|(reserved, _)| *reserved == other);
            if let Some((_, owners)) = owners.filter(|(_, o)| !o.contains(&name) && !for_tests) {
                let (manifest, owners) = (manifest_of(name), owners.join(" and "));
                problems.push(format!("{manifest}:1: {name} names {other}; only {owners} may"));
            }
        }
    }
    problems
}

/// TIDY-2.
fn long_files(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        if lines > RUST_LINES_MAX {
            let path = &file.path;
            problems.push(format!("{path}:{lines}: longer than {RUST_LINES_MAX} lines"));
        }
    }
    problems
}

/// TIDY-3.
fn vague_names(files: &[File]) -> Vec<String> {
    let vague = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part);
        VAGUE_NAMES.contains(&stem.to_ascii_lowercase().as_str())
    };
    files
        .iter()
        .filter(|file| file.path.split('/').any(vague))
        .map(|file| format!("{}:1: the name does not say what is in it", file.path))
        .collect()
}

/// TIDY-4.
fn unordered_maps(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && file.path.starts_with("crates/core/"))
    {
        for (number, line) in file.lines() {
            let code = line.split("//").next().unwrap_or(line);
            for name in UNORDERED.iter().filter(|name| code.contains(**name)) {
                problems
                    .push(format!("{}:{number}: {name} in core: its order is chance", file.path));
            }
        }
    }
    problems
}

/// TIDY-5.
fn machine_marks(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        for (number, line) in file.lines() {
            let line = line.to_ascii_lowercase();
            for mark in MACHINE_MARKS.iter().filter(|mark| line.contains(**mark)) {
                problems.push(format!("{}:{number}: `{mark}` names one machine", file.path));
            }
        }
    }
    problems
}

/// TIDY-6.
fn loose_records(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for file in files {
        let Some(name) = file.path.strip_prefix("docs/decisions/") else { continue };
        let path = &file.path;
        match record_number(name) {
            None => problems.push(format!("{path}:1: not named NNN-what-was-decided.md")),
            Some(number) => {
                if let Some(other) = taken.insert(number, name) {
                    problems.push(format!("{path}:1: its number is that of {other}"));
                }
            }
        }
        if !file.text.starts_with("# ") {
            problems.push(format!("{path}:1: does not open with the decision as its title"));
        }
        let last = file.text.trim_end().rsplit("\n\n").next().unwrap_or_default();
        if !last.trim_start().starts_with("We would reopen this if ") {
            let end = file.text.lines().count().max(1);
            problems.push(format!("{path}:{end}: does not end with \"We would reopen this if …\""));
        }
    }
    problems
}

/// `001` of `001-a-sentence.md`.
fn record_number(name: &str) -> Option<&str> {
    let (number, rest) = name.split_once('-')?;
    let plain = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    let sentence = rest.strip_suffix(".md")?;
    (plain && !sentence.is_empty()).then_some(number)
}

/// TIDY-7.
fn front_door(files: &[File]) -> Vec<String> {
    let mut problems = Vec::new();
    for path in ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md"] {
        match files.iter().find(|file| file.path == path) {
            None => problems.push(format!("{path}:1: is missing")),
            Some(file) if file.text.trim().is_empty() => {
                problems.push(format!("{path}:1: is empty"));
            }
            Some(file) => {
                let lines = file.text.lines().count();
                if path == "ARCHITECTURE.md" && lines > ARCHITECTURE_LINES_MAX {
                    problems.push(format!(
                        "{path}:{lines}: longer than {ARCHITECTURE_LINES_MAX} lines"
                    ));
                }
            }
        }
    }
    problems
}

// ---- What the rules are shown ----

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What a command says on standard output; one that cannot say it is a broken test, no finding.
fn answer(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|why| panic!("{program} could not be run: {why}"));
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {}: {complaint}", arguments.join(" "));
    String::from_utf8(done.stdout).unwrap_or_else(|why| panic!("{program}: {why}"))
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    answer(&cargo, arguments)
}

fn metadata() -> Value {
    let json = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    serde_json::from_str(&json).unwrap_or_else(|why| panic!("cargo metadata: {why}"))
}

/// Every crate that a package reaches through normal dependencies, built by itself.
///
/// `cargo tree` and not the graph in `cargo metadata`, because that one adds up the features that
/// all members ask for: with it core would reach whatever chrono brings along for node.
fn reached(package: &str) -> Vec<String> {
    let tree = ["tree", "-p", package, "--edges", "normal", "--prefix", "none", "--offline"];
    let lines = cargo(&tree);
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn files() -> Vec<File> {
    let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let root = root();
    answer("git", &listed)
        .split_terminator('\0')
        // One that is deleted but not yet committed as such cannot be read, and need not be.
        .filter_map(|path| Some((path, std::fs::read(root.join(path)).ok()?)))
        .map(|(path, bytes)| File {
            path: path.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
        .collect()
}

fn manifest_of(package: &str) -> String {
    match package.strip_prefix("tonghop-") {
        Some("tests") => "tests/Cargo.toml".to_owned(),
        Some(folder) => format!("crates/{folder}/Cargo.toml"),
        None => package.to_owned(),
    }
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

// ---- The tree keeps them ----

#[track_caller]
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn tidy_1_layering_holds() {
    let metadata = metadata();
    let mut problems = reserved_declared(&metadata);
    let packages = array(&metadata, "packages");
    assert!(packages.len() > 1, "cargo metadata names the members of the workspace");
    for package in packages {
        let name = text(package, "name");
        let reached = reached(name);
        assert!(reached.iter().any(|other| other == name), "cargo tree lists {name} itself");
        problems.extend(forbidden_reached(name, &reached));
    }
    none(&problems);
}

#[test]
fn tidy_2_to_7_the_tree_is_tidy() {
    let files = files();
    assert!(files.iter().any(|file| file.path == "tests/tests/tidy.rs"), "git lists this file");
    let rules = [long_files, vague_names, unordered_maps, machine_marks, loose_records, front_door];
    let problems: Vec<String> = rules.iter().flat_map(|rule| rule(&files)).collect();
    none(&problems);
}

// ---- Every rule can fail ----

#[path = "tidy/bad_samples.rs"]
mod bad_samples;
