//! The contract written out from its one source, the `.proto` files with their comments, and held
//! against what was released.
//!
//! `make contract` writes the files; a test fails when they are not what the source says.
//!
//! **Invariant CON-1:** nothing is broken that was released, its bytes included; what is written
//! out is what the source says.

pub mod asyncapi;
pub mod frozen;
pub mod pages;
pub mod released;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tonghop_wire::kind::Kind;
use tonghop_wire::schema;

/// What rewrites the files.
pub const COMMAND: &str = "make contract";

/// Folders that hold nothing but what is written here.
const FOLDERS: [&str; 2] = ["docs/events", "proto/schema"];

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every file that the source makes, by its path from the root.
pub fn files() -> BTreeMap<String, String> {
    let mut files = pages::all();
    files.insert("proto/asyncapi.json".to_owned(), pretty(&asyncapi::document()));
    files.insert("proto/schema/envelope.json".to_owned(), pretty(&schema::envelope()));
    for kind in Kind::ALL {
        let path = format!("proto/schema/{}.json", kind.name());
        files.insert(path, pretty(&schema::data(*kind)));
    }
    files
}

/// What is not as the source says it: files that differ, are missing, or should not be there.
pub fn stale(root: &Path) -> io::Result<Vec<String>> {
    let files = files();
    let mut stale = Vec::new();
    for (path, text) in &files {
        match std::fs::read_to_string(root.join(path)) {
            Ok(found) if found == *text => {}
            Ok(_) => stale.push(format!("{path} is not what the source says")),
            Err(_) => stale.push(format!("{path} is missing")),
        }
    }
    for path in left_over(root, &files)? {
        stale.push(format!("{path} is made from nothing"));
    }
    Ok(stale)
}

/// Writes the files, and removes those that the source makes no more.
pub fn write(root: &Path) -> io::Result<usize> {
    let files = files();
    for folder in FOLDERS {
        std::fs::create_dir_all(root.join(folder))?;
    }
    for path in left_over(root, &files)? {
        std::fs::remove_file(root.join(path))?;
    }
    for (path, text) in &files {
        std::fs::write(root.join(path), text)?;
    }
    Ok(files.len())
}

fn left_over(root: &Path, files: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in FOLDERS.iter().filter(|folder| root.join(folder).is_dir()) {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = format!("{folder}/{}", entry?.file_name().display());
            if !files.contains_key(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
