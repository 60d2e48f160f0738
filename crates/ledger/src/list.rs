//! A list: lines of text under one root, so that some of them can be shown without the others.
//!
//! ```text
//! list    line "\n" line "\n" …              UTF-8; fields of a line are separated by a tab
//! root    of the tree whose leaves are the lines, each without its "\n"
//! ```

use crate::tree::{Frontier, Hash, leaf_hash};

/// How many lines a list has, and their root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// How many.
    pub lines: u64,
    /// The root of the tree of the lines.
    pub root: Hash,
}

/// Counts and hashes the lines of a list; none if the last does not end.
pub fn listed(list: &str) -> Option<Listed> {
    let whole = list.is_empty() || list.ends_with('\n');
    whole.then(|| {
        let mut tree = Frontier::new();
        list.lines().for_each(|line| tree.push(leaf_hash(line.as_bytes())));
        Listed { lines: tree.size(), root: tree.root() }
    })
}

/// A line of these fields, with its end. A tab or an end of line inside a field is written as a
/// space: no code, source or id has one.
pub fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for field in fields {
        if !line.is_empty() {
            line.push('\t');
        }
        line.extend(field.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_more_or_another_line_is_another_root() {
        let root = |text| listed(text).map(|listed| listed.root);
        assert_eq!(listed("").map(|listed| listed.lines), Some(0));
        assert_eq!(listed("a\nb\n").map(|listed| listed.lines), Some(2));
        assert_ne!(root("a\nb\n"), root("b\na\n"));
        assert_ne!(root("a\n"), root("a\n\n"));
        assert_eq!(root("a\nb"), None);
    }

    #[test]
    fn no_field_can_be_taken_for_two() {
        assert_eq!(line(["H41", "a\tb\nc"]), "H41\ta b c\n");
    }
}
