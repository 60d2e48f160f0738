use super::*;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_replaced_and_nothing_is_left_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bieu.xlsx");
    replace(&path, b"one").unwrap();
    let mut old = File::open(&path).unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    let mut held = String::new();
    std::io::Read::read_to_string(&mut old, &mut held).unwrap();
    assert_eq!(held, "one", "who has it open keeps what was there");
    assert_eq!(names(dir.path()), ["bieu.xlsx"]);
}

#[test]
fn a_link_stays_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("a.pdf"), dir.path().join("b.pdf"));
    replace(&path, b"one").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    replace(&link, b"two").unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
}

#[test]
fn what_is_no_file_is_not_replaced() {
    replace(Path::new("/dev/null"), b"gone").unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let dir = tempfile::tempdir().unwrap();
    assert!(replace(dir.path(), b"no").is_err());
    assert!(replace(&dir.path().join("none").join("a.pdf"), b"no").is_err());
    assert!(names(dir.path()).is_empty());
}
