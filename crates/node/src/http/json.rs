//! JSON written straight into one buffer: a form has twelve thousand cells.

/// JSON at the end of a buffer. Whoever writes puts the commas and braces.
#[derive(Debug)]
pub(super) struct Json(pub(super) Vec<u8>);

impl Json {
    /// An empty buffer for about so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// JSON as it is.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A text, quoted and escaped.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if text.bytes().all(plain) {
            self.raw("\"").raw(text).raw("\"")
        } else {
            let quoted = serde_json::Value::from(text).to_string();
            self.raw(&quoted)
        }
    }

    /// A text, or null.
    pub(super) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.raw("null"),
        }
    }

    /// A key and its colon.
    pub(super) fn key(&mut self, key: &str) -> &mut Self {
        self.text(key).raw(":")
    }

    /// An integer.
    pub(super) fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 {
            self.0.push(b'-');
        }
        self.number(value.unsigned_abs())
    }

    /// An integer that is not negative.
    pub(super) fn number(&mut self, mut value: u64) -> &mut Self {
        let start = self.0.len();
        loop {
            self.0.push(b'0' + u8::try_from(value % 10).unwrap_or(0));
            value /= 10;
            if value == 0 {
                break;
            }
        }
        if let Some(digits) = self.0.get_mut(start..) {
            digits.reverse();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_serde_reads() {
        for text in ["", "Sở TT&TT", "a\"b\\c", "\u{0}\n\u{7f}\u{2028}💥", "{}", "ố"] {
            let mut json = Json::with_capacity(0);
            json.text(text);
            assert_eq!(serde_json::from_slice::<String>(&json.0).unwrap(), text);
        }
        for value in [0, 7, 10, -1, 1_034_859, i64::MAX, i64::MIN] {
            let mut json = Json::with_capacity(0);
            json.int(value);
            assert_eq!(String::from_utf8(json.0).unwrap(), value.to_string());
        }
        let mut json = Json::with_capacity(0);
        json.number(u64::MAX).optional(None);
        assert_eq!(json.0, b"18446744073709551615null");
    }
}
