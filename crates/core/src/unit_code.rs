//! The code of an administrative unit (mã định danh), Quyết định 20/2020/QĐ-TTg.

use std::fmt;

use crate::limits::UNIT_CODE_CHARS_MAX;

/// A unit code, level-1 group first: `H41`, `H41.16`; groups of 0-9 A-Z joined by dots.
///
/// The older form of QCVN 102:2016 (`000.00.16.H41`) is read and becomes the newer one.
#[derive(Clone, Copy, Eq)]
pub struct UnitCode {
    len: u8,
    bytes: [u8; UNIT_CODE_CHARS_MAX],
}

impl UnitCode {
    /// Reads a code in either official form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.is_empty() || bytes.len() > UNIT_CODE_CHARS_MAX {
            return None;
        }
        // What the first group and the last one begin with.
        let (mut first, mut last, mut after_dot) = (None, b'.', true);
        for byte in bytes {
            match byte {
                b'0'..=b'9' | b'A'..=b'Z' => {
                    if after_dot {
                        last = *byte;
                        first.get_or_insert(last);
                    }
                    after_dot = false;
                }
                b'.' if !after_dot => after_dot = true,
                _ => return None,
            }
        }
        if after_dot {
            return None;
        }
        // The older form ends with the level-1 group, which alone begins with a letter.
        let is_reversed =
            first.is_some_and(|byte| byte.is_ascii_digit()) && last.is_ascii_uppercase();
        if is_reversed { Self::from_reversed(text) } else { Self::new(text) }
    }

    /// Reads the code as a NATS token writes it: `H41-16`.
    pub fn parse_token(token: &str) -> Option<Self> {
        if token.contains('.') {
            return None;
        }
        Self::parse(&token.replace('-', "."))
    }

    fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; UNIT_CODE_CHARS_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { len: u8::try_from(text.len()).ok()?, bytes })
    }

    fn from_reversed(text: &str) -> Option<Self> {
        let mut groups: Vec<&str> = text.split('.').collect();
        groups.reverse();
        while groups.len() > 1 && groups.last().is_some_and(|group| is_zero(group)) {
            groups.pop();
        }
        Self::new(&groups.join("."))
    }

    /// The code as text, level-1 group first.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The code as one token of a NATS subject: `H41-16`.
    pub fn token(&self) -> String {
        self.as_str().replace('.', "-")
    }

    /// Whether this is a code of level 1: a province or a ministry.
    pub fn is_level_1(&self) -> bool {
        !self.as_str().contains('.')
    }

    /// The code of level 1 that this one begins with.
    #[must_use]
    pub fn level_1(&self) -> Self {
        let first = self.as_str().split('.').next().unwrap_or_default();
        Self::new(first).unwrap_or(*self)
    }
}

fn is_zero(group: &str) -> bool {
    group.bytes().all(|byte| byte == b'0')
}

impl PartialEq for UnitCode {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl std::hash::Hash for UnitCode {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl PartialOrd for UnitCode {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnitCode {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Unused bytes are zero, so that this is the order of the texts. Nearly always the first
        // sixteen bytes decide, in one comparison of integers.
        let head = |code: &Self| code.bytes.first_chunk().map_or(0, |b| u128::from_be_bytes(*b));
        head(self).cmp(&head(other)).then_with(|| self.bytes.cmp(&other.bytes))
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
