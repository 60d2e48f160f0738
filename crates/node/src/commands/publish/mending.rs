//! How to mend what is refused: the words of `proto/refusals.md`.

const PAGE: &str = include_str!("../../../../../proto/refusals.md");

/// What a code means in Vietnamese, and what to do about it in English and in Vietnamese.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mending {
    /// What has happened: lines of Vietnamese.
    pub(super) meaning: &'static str,
    pub(super) english: &'static str,
    pub(super) vietnamese: &'static str,
}

impl Mending {
    /// What the page says of the code.
    pub(super) fn of(code: &str) -> Option<Self> {
        let mut sections = PAGE.split("\n### `").skip(1);
        let section = sections.find_map(|section| {
            let (found, text) = section.split_once('`')?;
            (found == code).then_some(text)
        })?;
        let section = section.split("\n## ").next().unwrap_or(section);
        let after = |mark: &str| section.lines().find_map(|line| line.strip_prefix(mark));
        let (_, behind) = section.split_once("\nMend: ")?;
        let (meaning, _) = behind.split_once("\n\n")?.1.split_once("\nCách sửa: ")?;
        Some(Self { meaning, english: after("Mend: ")?, vietnamese: after("Cách sửa: ")? })
    }
}

#[cfg(test)]
mod tests {
    use tonghop_core::refusal::RefusalCode;

    use super::*;

    #[test]
    fn every_code_can_be_mended() {
        for code in RefusalCode::ALL {
            let mending = Mending::of(code.word()).unwrap_or_else(|| panic!("{}", code.word()));
            let meaning = mending.meaning;
            assert!(meaning.len() > 5 && !meaning.contains("Mend: "), "{mending:?}");
            assert!(!meaning.is_ascii(), "it is Vietnamese: {meaning}");
            assert!(mending.english.len() > 5 && mending.vietnamese.len() > 5, "{mending:?}");
        }
        assert_eq!(Mending::of("no.code"), None);
        let held = Mending::of("id.reused").unwrap();
        assert!(held.english.starts_with("give every event"), "{held:?}");
    }
}
