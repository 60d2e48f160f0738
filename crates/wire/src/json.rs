//! A strict JSON reader (RFC 8259) that borrows, for messages of which every field is known.
//!
//! It is there for speed: an event passes it once, without a copy of what has no escapes.
//! What it accepts, `serde_json` accepts, with the same meaning; a test holds it to that.
//!
//! **Invariant JSON-1:** nesting deeper than [`DEPTH_MAX`] is malformed, so that no input can
//! exhaust the stack.

use std::borrow::Cow;

/// Objects and arrays inside one another.
const DEPTH_MAX: u32 = 32;

/// The text is not JSON, or nested too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A value that is not looked into further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A text, without its escapes.
    Text(Cow<'a, str>),
    /// An object or an array as it is written.
    Nested(&'a str),
}

/// Reads a JSON text from its front.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Steps into an object; false if it is empty, and then also out of it.
    pub(crate) fn object(&mut self) -> Result<bool, Malformed> {
        self.take(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// The name of the next member, and its colon.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.take(b'"')?;
        let name = self.string()?;
        self.take(b':')?;
        Ok(name)
    }

    /// Whether the next member has this name; if so, goes on to its value.
    #[inline]
    pub(crate) fn named(&mut self, name: &str) -> bool {
        if self.peek() != Some(b'"') {
            return false;
        }
        let start = self.at + 1;
        let end = start + name.len();
        let bytes = self.text.as_bytes();
        if bytes.get(end) != Some(&b'"') || bytes.get(start..end) != Some(name.as_bytes()) {
            return false;
        }
        let before = self.at;
        self.at = end + 1;
        if self.take(b':').is_ok() {
            return true;
        }
        self.at = before;
        false
    }

    /// Whether another member follows in this object; if not, steps out of it.
    pub(crate) fn more(&mut self) -> Result<bool, Malformed> {
        self.more_until(b'}')
    }

    /// Steps into an array; false if it is empty, and then also out of it.
    pub(crate) fn array(&mut self) -> Result<bool, Malformed> {
        self.take(b'[')?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether another item follows in this array; if not, steps out of it.
    pub(crate) fn next_item(&mut self) -> Result<bool, Malformed> {
        self.more_until(b']')
    }

    /// Whatever comes next.
    #[allow(clippy::inline_always, reason = "its result is used where it is made, not moved there")]
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Scalar<'a>, Malformed> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string().map(Scalar::Text)
            }
            Some(b'{' | b'[') => {
                let start = self.at;
                self.skip_nested(DEPTH_MAX)?;
                self.since(start).map(Scalar::Nested)
            }
            Some(b't') => self.word("true", Scalar::Flag(true)),
            Some(b'f') => self.word("false", Scalar::Flag(false)),
            Some(b'n') => self.word("null", Scalar::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Scalar::Number),
            _ => Err(Malformed),
        }
    }

    /// Nothing but white space follows.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        if self.peek().is_none() { Ok(()) } else { Err(Malformed) }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space, which is left where it is.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte()?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn more_until(&mut self, close: u8) -> Result<bool, Malformed> {
        let byte = self.peek().ok_or(Malformed)?;
        self.at += 1;
        match byte {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(Malformed),
        }
    }

    fn since(&self, start: usize) -> Result<&'a str, Malformed> {
        self.text.get(start..self.at).ok_or(Malformed)
    }

    fn word(&mut self, word: &str, value: Scalar<'a>) -> Result<Scalar<'a>, Malformed> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err(Malformed);
        }
        self.at = end;
        Ok(value)
    }

    /// A string whose opening quote was read.
    #[allow(clippy::inline_always, reason = "its result is used where it is made, not moved there")]
    #[inline(always)]
    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let start = self.at;
        let end = self.special_from(start);
        self.at = end;
        match self.byte() {
            Some(b'"') => {
                self.at = end + 1;
                self.text.get(start..end).map(Cow::Borrowed).ok_or(Malformed)
            }
            Some(b'\\') => self.escaped(start).map(Cow::Owned),
            _ => Err(Malformed),
        }
    }

    /// Where the next quote, backslash or control character is.
    #[inline]
    fn special_from(&self, mut at: usize) -> usize {
        let mut rest = self.text.as_bytes().get(at..).unwrap_or_default();
        while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                return at + usize::try_from(found.trailing_zeros() / 8).unwrap_or(0);
            }
            at += 8;
            rest = tail;
        }
        let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
        at + rest.iter().take_while(plain).count()
    }

    #[cold]
    fn escaped(&mut self, start: usize) -> Result<String, Malformed> {
        let mut out = String::from(self.since(start)?);
        loop {
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(Malformed),
            }
            let plain = self.at;
            self.at = self.special_from(plain);
            out.push_str(self.since(plain)?);
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let byte = self.byte().ok_or(Malformed)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(Malformed),
        })
    }

    fn unicode(&mut self) -> Result<char, Malformed> {
        let unit = self.hex()?;
        if !(0xd800..0xe000).contains(&unit) {
            return char::from_u32(unit).ok_or(Malformed);
        }
        if self.text.get(self.at..self.at + 2) != Some("\\u") {
            return Err(Malformed);
        }
        self.at += 2;
        let low = self.hex()?;
        if unit >= 0xdc00 || !(0xdc00..0xe000).contains(&low) {
            return Err(Malformed);
        }
        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).ok_or(Malformed)
    }

    fn hex(&mut self) -> Result<u32, Malformed> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Malformed)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Malformed);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| Malformed)
    }

    fn number(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        self.accept(b"-");
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.accept(b".") {
            self.digits()?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits()?;
        }
        self.since(start)
    }

    fn accept(&mut self, bytes: &[u8]) -> bool {
        let found = self.byte().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Malformed) }
    }

    /// An object or array that was peeked at.
    fn skip_nested(&mut self, depth: u32) -> Result<(), Malformed> {
        let depth = depth.checked_sub(1).ok_or(Malformed)?;
        let (is_object, close) = match self.byte() {
            Some(b'{') => (true, b'}'),
            _ => (false, b']'),
        };
        self.at += 1;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            if is_object {
                self.name()?;
            }
            match self.peek() {
                Some(b'{' | b'[') => self.skip_nested(depth)?,
                _ => drop(self.value()?),
            }
            if !self.more_until(close)? {
                return Ok(());
            }
        }
    }
}

/// Eight bytes at once: the high bit of the first quote, backslash or control character is set.
/// Bits above it mean nothing.
#[inline]
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(word ^ (ONES * 0x22));
    let backslash = zero(word ^ (ONES * 0x5c));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & HIGHS
}

#[cfg(test)]
mod tests;
