//! The text of the lines, as bytes.

use chrono::Datelike;

use super::days::{self, Day};

/// Text that grows.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Vec<u8>);

impl Text {
    /// Text that needs no escape: constants, codes, digits.
    pub(super) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Any text, as a JSON string in quotes.
    pub(super) fn string(&mut self, text: &str) {
        self.0.push(b'"');
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                0..0x20 => {
                    self.raw(r"\u00");
                    self.0.push(hex_digit(byte >> 4));
                    self.0.push(hex_digit(byte & 0xf));
                }
                _ => self.0.push(byte),
            }
        }
        self.0.push(b'"');
    }

    /// A name with its colon, and its value as a JSON string.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.raw(name);
        self.string(value);
    }

    /// A name with its colon, and a boolean.
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.raw(name);
        self.raw(if value { "true" } else { "false" });
    }

    /// A name with its colon, and a day; nothing where there is none.
    pub(super) fn optional_day(&mut self, name: &str, day: Option<Day>) {
        if let Some(day) = day {
            self.raw(name);
            self.raw("\"");
            self.day(day);
            self.raw("\"");
        }
    }

    /// A number in decimal digits.
    pub(super) fn number(&mut self, number: u64) {
        self.padded(number, 1);
    }

    /// The same with at least so many digits.
    pub(super) fn padded(&mut self, number: u64, digits: usize) {
        let mut reversed = [b'0'; 20];
        let mut written = 0;
        let mut rest = number;
        for digit in &mut reversed {
            if rest == 0 && written >= digits {
                break;
            }
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            written += 1;
        }
        self.0.extend(reversed.iter().take(written).rev());
    }

    /// A day: `2021-06-01`.
    pub(super) fn day(&mut self, day: Day) {
        self.padded(days::year(day), 4);
        self.raw("-");
        self.padded(u64::from(day.month()), 2);
        self.raw("-");
        self.padded(u64::from(day.day()), 2);
    }

    /// A day as in a dossier's code: `210601`.
    pub(super) fn short_day(&mut self, day: Day) {
        self.padded(days::year(day) % 100, 2);
        self.padded(u64::from(day.month()), 2);
        self.padded(u64::from(day.day()), 2);
    }

    /// A local instant: `2021-06-01T08:30:00+07:00`.
    pub(super) fn instant(&mut self, day: Day, second: u32) {
        self.day(day);
        self.raw("T");
        self.padded(u64::from(second / 3600), 2);
        self.raw(":");
        self.padded(u64::from(second / 60 % 60), 2);
        self.raw(":");
        self.padded(u64::from(second % 60), 2);
        self.raw("+07:00");
    }
}

const fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..10 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}
