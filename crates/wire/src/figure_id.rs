//! The id of a figure: all that is needed to read it again, as URL-safe text.
//!
//! ```text
//! dossiers.settled~H41.16~20210615-20210914            as it was, as known now
//!   …~t20250701                                        in the tree of a day
//!   …~k20210914   or   ~p2203144                       as known by a day, or by a position
//!   …~ffield.buu-chinh                                 of one code of a facet
//! ```
//! The parts after the window stand in this order. A byte of a code that is not `0-9 A-Z a-z . -`
//! is written `_` and two hexadecimal digits.
//!
//! **Invariant FIG-1:** an id that is read and written again is the same text.

use std::fmt;

use tonghop_core::day::{Day, Window};
use tonghop_core::limits::CODE_BYTES_MAX;
use tonghop_core::measure::FacetKind;
use tonghop_core::read::Tree;
use tonghop_core::unit_code::UnitCode;

/// Until when something must have been known to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAt {
    /// Everything that is folded.
    Now,
    /// What was recorded by the end of the day.
    Day(Day),
    /// What the log held up to the position.
    Position(u64),
}

/// What a figure is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureId {
    /// The id of the indicator.
    pub indicator: String,
    /// The unit whose subtree is read.
    pub unit: UnitCode,
    /// The days.
    pub window: Window,
    /// The tree.
    pub tree: Tree,
    /// Until when something must have been known.
    pub known_at: KnownAt,
    /// The code of a facet; none: all.
    pub facet: Option<(FacetKind, String)>,
}

impl FigureId {
    /// Reads an id; none if it is not what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('~');
        let indicator = parts.next().filter(|id| is_plain(id))?.to_owned();
        let unit = UnitCode::parse(parts.next()?)?;
        let (from, to) = parts.next()?.split_once('-')?;
        let window = Window::new(day(from)?, day(to)?)?;
        let (mut tree, mut known_at, mut facet) = (Tree::AsWas, KnownAt::Now, None);
        for part in parts {
            if let Some(text) = part.strip_prefix('t') {
                tree = Tree::On(day(text)?);
            } else if let Some(text) = part.strip_prefix('k') {
                known_at = KnownAt::Day(day(text)?);
            } else if let Some(text) = part.strip_prefix('p') {
                known_at = KnownAt::Position(text.parse().ok()?);
            } else {
                let (kind, code) = part.strip_prefix('f')?.split_once('.')?;
                facet = Some((FacetKind::parse(kind)?, unescape(code)?));
            }
        }
        let id = Self { indicator, unit, window, tree, known_at, facet };
        // One figure, one id: neither another order of the parts nor another spelling of a number.
        (id.to_string() == text).then_some(id)
    }

    /// The part after the unit, which all cells of a column have in common; no facet.
    pub fn suffix(window: Window, tree: Tree, known_at: KnownAt) -> String {
        let tree = match tree {
            Tree::AsWas => String::new(),
            Tree::On(day) => format!("~t{}", compact(day)),
        };
        let known_at = match known_at {
            KnownAt::Now => String::new(),
            KnownAt::Day(day) => format!("~k{}", compact(day)),
            KnownAt::Position(position) => format!("~p{position}"),
        };
        format!("~{}-{}{tree}{known_at}", compact(window.from), compact(window.to))
    }

    /// The part for a code of a facet.
    pub fn facet(kind: FacetKind, code: &str) -> String {
        let mut text = format!("~f{}.", kind.word());
        for byte in code.bytes() {
            if is_safe(byte) {
                text.push(char::from(byte));
            } else {
                text.push('_');
                text.extend([byte >> 4, byte & 0xf].map(hex));
            }
        }
        text
    }
}

impl fmt::Display for FigureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.indicator, self.unit)?;
        f.write_str(&Self::suffix(self.window, self.tree, self.known_at))?;
        match &self.facet {
            Some((kind, code)) => f.write_str(&Self::facet(*kind, code)),
            None => Ok(()),
        }
    }
}

const fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

fn hex(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// Whether the id of an indicator can stand in a figure's id.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| is_safe(byte) || byte == b'_')
}

fn compact(day: Day) -> String {
    day.to_string().replace('-', "")
}

fn day(text: &str) -> Option<Day> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'_' {
            let (pair, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*byte);
        }
    }
    if bytes.len() > CODE_BYTES_MAX {
        return None;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back() {
        for text in [
            "dossiers.settled~H41.16~20210615-20210914",
            "post.procedures_used~H41~20210501-20210830~t20250701",
            "dossiers.settled~H41~20210615-20210914~t20250701~k20210914",
            "dossiers.settled~H41~20210615-20210914~p2203144",
            "dossiers.settled~H41~20210615-20210914~k20210914~ffield.buu-chinh",
            "dossiers.settled~H41~20210615-20210914~ffield._C4_91_E1_BA_A5t_20_7E_2F_5F",
        ] {
            let id = FigureId::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn any_code_survives() {
        for code in ["đất đai", "a~b/c?d#e%f_g", "_", "", "\u{0}\n", "=1+1", "..", "💥"] {
            let id = FigureId {
                indicator: "dossiers.to_handle".to_owned(),
                unit: UnitCode::parse("H41").unwrap(),
                window: Window::new(Day::MIN, Day::MAX).unwrap(),
                tree: Tree::On(Day::MAX),
                known_at: KnownAt::Position(u64::MAX),
                facet: Some((FacetKind::Field, code.to_owned())),
            };
            let text = id.to_string();
            let safe = |b: u8| is_safe(b) || b == b'~' || b == b'_';
            assert!(text.bytes().all(safe), "{text}");
            assert_eq!(FigureId::parse(&text), Some(id), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in [
            "",
            "~",
            "~~~",
            "a~H41",
            "a~H41~20210615",
            "a~h41~20210615-20210914",
            "a~H41~20210914-20210615",
            "a~H41~20210615-20211301",
            "a~H41~99990615-99990914",
            "a~H41~20210615-20210914~",
            "a~H41~20210615-20210914~x",
            "a~H41~20210615-20210914~p-1",
            "a~H41~20210615-20210914~p01",
            "a~H41~20210615-20210914~p99999999999999999999",
            "a~H41~20210615-20210914~k20210914~t20210914",
            "a~H41~20210615-20210914~k20210914~k20210914",
            "a~H41~20210615-20210914~fnone.x",
            "a~H41~20210615-20210914~ffield._GG",
            "a~H41~20210615-20210914~ffield._FF",
            "a~H41~20210615-20210914~ffield._41",
            "a~000.00.16.H41~20210615-20210914",
            "a b~H41~20210615-20210914",
        ] {
            assert_eq!(FigureId::parse(text), None, "{text}");
        }
        assert_eq!(FigureId::parse(&"a~".repeat(1_000_000)), None);
        let long = format!("a~H41~20210615-20210914~ffield.{}", "x".repeat(65));
        assert_eq!(FigureId::parse(&long), None);
    }
}
