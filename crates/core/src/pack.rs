//! The canonical bytes of an event: what is hashed to know its content, and kept in a timeline.
//!
//! Integers are unsigned LEB128 varints; texts are their length, then UTF-8; an optional value is
//! a byte 0 or 1, then the value. Reading never fails loudly: damaged bytes give `None`.

use crate::day::Day;

/// Writes canonical bytes at the end of a buffer.
#[derive(Debug)]
pub struct Packer<'a>(pub &'a mut Vec<u8>);

impl Packer<'_> {
    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// An unsigned integer.
    pub fn int(&mut self, mut value: u64) {
        loop {
            let low = u8::try_from(value & 0x7f).unwrap_or(0);
            value >>= 7;
            if value == 0 {
                self.0.push(low);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    /// A signed integer, zigzag.
    pub fn signed(&mut self, value: i64) {
        let zigzag = ((value << 1) ^ (value >> 63)).cast_unsigned();
        self.int(zigzag);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.int(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.raw(text.as_bytes());
    }

    /// A truth value.
    pub fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    /// A day, if there is one.
    pub fn day(&mut self, day: Option<Day>) {
        self.int(day.map_or(0, |day| u64::from(day.number()) + 1));
    }

    /// A text, if there is one.
    pub fn optional_text(&mut self, text: Option<&str>) {
        self.flag(text.is_some());
        if let Some(text) = text {
            self.text(text);
        }
    }
}

/// Reads canonical bytes from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub struct Unpacker<'a>(pub &'a [u8]);

impl<'a> Unpacker<'a> {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// So many bytes as they are.
    pub fn raw(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// An array of bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    /// An unsigned integer.
    pub fn int(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A signed integer, zigzag.
    pub fn signed(&mut self) -> Option<i64> {
        let zigzag = self.int()?;
        Some((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.int()?).ok()?;
        std::str::from_utf8(self.raw(len)?).ok()
    }

    /// A truth value.
    pub fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A day, if there is one.
    pub fn day(&mut self) -> Option<Option<Day>> {
        match self.int()? {
            0 => Some(None),
            number => u16::try_from(number - 1).ok().map(|days| Some(Day::from_number(days))),
        }
    }

    /// A text, if there is one.
    pub fn optional_text(&mut self) -> Option<Option<&'a str>> {
        if self.flag()? { self.text().map(Some) } else { Some(None) }
    }
}

/// A closed set of words that an event may use, with the byte that stands for each.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $about:literal])+ $variant:ident = $byte:literal $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $about])+ $variant),+ }

        impl $name {
            /// Every word of the set.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the contract writes it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What the word means, in a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),+).trim_ascii_start()),+ }
            }

            /// Reads the word as the contract writes it.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The byte that stands for the word in canonical bytes.
            pub const fn byte(self) -> u8 {
                match self { $(Self::$variant => $byte),+ }
            }

            /// The word that the byte stands for.
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($byte => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests;
