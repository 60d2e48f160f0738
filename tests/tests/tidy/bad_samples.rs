//! A bad sample for every rule, and beside it a good one that the rule lets pass.

use serde_json::json;

use super::*;

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn tidy_1_sees_what_is_reached() {
    let reached = ["tonghop-core", "chrono", "tokio"].map(str::to_owned);
    let problem = "crates/core/Cargo.toml:1: tonghop-core reaches tokio; \
                   see `cargo tree -p tonghop-core -i tokio`";
    assert_eq!(forbidden_reached("tonghop-core", &reached), [problem]);
    none(&forbidden_reached("tonghop-node", &reached));
    let unknown = "crates/new/Cargo.toml:1: tonghop-new has no row in the layering table";
    assert_eq!(forbidden_reached("tonghop-new", &[]), [unknown]);
}

#[test]
fn tidy_1_sees_what_is_declared() {
    let package = |name: &str, kind: Value| {
        let dependencies = json!([{"name": "tokio", "kind": kind}, {"name": "csv", "kind": null}]);
        json!({"packages": [{"name": name, "dependencies": dependencies}]})
    };
    let problem = "crates/wire/Cargo.toml:1: tonghop-wire names tokio; only tonghop-node and \
                   tonghop-client may";
    assert_eq!(reserved_declared(&package("tonghop-wire", Value::Null)), [problem]);
    assert_eq!(reserved_declared(&package("tonghop-wire", json!("build"))), [problem]);
    none(&reserved_declared(&package("tonghop-wire", json!("dev"))));
    none(&reserved_declared(&package("tonghop-node", Value::Null)));
}

#[test]
fn tidy_2_sees_a_long_file() {
    let long = "\n".repeat(RUST_LINES_MAX + 1);
    let found = long_files(&[file("a.rs", &long), file("a.md", &long)]);
    assert_eq!(found, ["a.rs:601: longer than 600 lines"]);
    none(&long_files(&[file("a.rs", &"\n".repeat(RUST_LINES_MAX))]));
}

#[test]
fn tidy_3_sees_a_vague_name() {
    let names = ["crates/a/src/utils.rs", "tests/common/mod.rs", "deploy/Helpers.test.sh"];
    let found = vague_names(&names.map(|name| file(name, "")));
    assert_eq!(found, names.map(|name| format!("{name}:1: the name does not say what is in it")));
    none(&vague_names(&[file("crates/core/src/uncommon.rs", "")]));
}

#[test]
fn tidy_4_sees_an_unordered_map() {
    let code = "// no HashMap here\nlet cells: HashMap<u8, u8>;\n";
    let found = unordered_maps(&[file("crates/core/src/cell.rs", code)]);
    assert_eq!(found, ["crates/core/src/cell.rs:2: HashMap in core: its order is chance"]);
    none(&unordered_maps(&[file("crates/node/src/cell.rs", code)]));
}

#[test]
fn tidy_5_sees_a_machine() {
    for mark in MACHINE_MARKS {
        let text = format!("fine\nsee {}here\n", mark.to_ascii_uppercase());
        let found = machine_marks(&[file("README.md", &text)]);
        assert_eq!(found, [format!("README.md:2: `{mark}` names one machine")]);
    }
    none(&machine_marks(&[file("README.md", "at work, root of the tree\n")]));
}

#[test]
fn tidy_6_sees_a_loose_record() {
    let good = "# It is so\n\nBecause.\n\nWe would reopen this if it were not.\n";
    let record = |name: &str, text: &str| file(&format!("docs/decisions/{name}"), text);
    none(&loose_records(&[record("001-a.md", good), record("002-b.md", good)]));

    let twice = loose_records(&[record("001-a.md", good), record("001-b.md", good)]);
    assert_eq!(twice, ["docs/decisions/001-b.md:1: its number is that of 001-a.md"]);
    for name in ["01-a.md", "abc-a.md", "001.md", "001-.md", "001-a.txt"] {
        let problem = format!("docs/decisions/{name}:1: not named NNN-what-was-decided.md");
        assert_eq!(loose_records(&[record(name, good)]), [problem]);
    }
    let open = "It is so\n\nWe would reopen this if it were not.\n\nBut then.\n";
    let found = loose_records(&[record("001-a.md", open)]);
    let title = "docs/decisions/001-a.md:1: does not open with the decision as its title";
    let end = "docs/decisions/001-a.md:5: does not end with \"We would reopen this if …\"";
    assert_eq!(found, [title, end]);
}

#[test]
fn tidy_7_sees_a_closed_door() {
    let long = "a\n".repeat(ARCHITECTURE_LINES_MAX + 1);
    let found = front_door(&[
        file("ARCHITECTURE.md", &long),
        file("README.md", " \n"),
        file("LICENSE", "Apache"),
    ]);
    let problems = [
        "ARCHITECTURE.md:250: longer than 249 lines",
        "CHANGELOG.md:1: is missing",
        "README.md:1: is empty",
    ];
    assert_eq!(found, problems);
}
