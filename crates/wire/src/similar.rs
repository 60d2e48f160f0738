//! Did you mean …? The known name that needs the fewest changes of characters.

/// Characters of a name; longer ones are not compared.
const CHARS_MAX: usize = 64;

/// The most similar of the known names, if it is similar at all.
pub fn most_similar<'a>(given: &str, known: &'a [String]) -> Option<&'a str> {
    let given: Vec<char> = given.chars().take(CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    if given.is_empty() || given.len() > CHARS_MAX {
        return None;
    }
    let best = known
        .iter()
        .filter(|name| name.len() <= 4 * CHARS_MAX)
        .map(|name| (distance(&given, name), name))
        .min()?;
    (best.0 * 3 <= given.len().max(3)).then_some(best.1)
}

/// How many characters must be put in, taken out or changed (Levenshtein).
fn distance(given: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (line, wanted) in name.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, have) in row.iter().skip(1).zip(given) {
            let changed = diagonal + usize::from(*have != wanted);
            left = changed.min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest() {
        let known = ["documents.issued", "documents.received", "meetings.online"].map(String::from);
        let check = |given: &str, expected| assert_eq!(most_similar(given, &known), expected);
        check("document.issued", Some("documents.issued"));
        check("DOCUMENTS.ISSUED", Some("documents.issued"));
        check("meeting.onlin", Some("meetings.online"));
        check("xyz", None);
        check("", None);
        check(&"d".repeat(10_000), None);
    }

    #[test]
    fn counts_changes() {
        let check = |a: &str, b: &str, expected| {
            assert_eq!(distance(&a.chars().collect::<Vec<_>>(), b), expected, "{a} {b}");
        };
        check("kitten", "sitting", 3);
        check("abc", "abc", 0);
        check("", "abc", 3);
        check("hồ sơ", "hô sơ", 1);
    }
}
