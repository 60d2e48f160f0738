//! Bytes that were good, and are spoilt.

use super::Random;

/// Texts that broke somebody's decoder once.
pub const HOSTILE: &[&str] = &[
    "",
    "\u{feff}",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{fffd}",
    "\u{10ffff}",
    "So\u{302}\u{309}",
    "Đa\u{323}i ho\u{323}c",
    "ﬁ①Å",
    "=1+1",
    "@SUM(A1)",
    "%",
    "%00",
    "%C3",
    "%zz",
    "\"",
    "\\",
    "../../etc",
    "tonghop.v1.H41-17.dossier.accepted",
    "H41.17",
    "000.00.16.H41",
    "000.00.00.000",
    "2021-02-29T24:00:00Z",
    "2021-09-06T08:30:00.99999999999999999999999999+23:59",
    "9999-12-31T23:59:59-23:59",
    "-0",
    "1e400",
    "18446744073709551616",
    "99999999999999999999",
    "NaN",
];

/// The bytes with a few places changed, repeated, moved or cut, or with a piece of others in them.
pub fn mutated(random: &mut Random, bytes: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    const PLAIN: &[u8] = b"\"\\{}[]:,0-9. \x00\xff\xc3u%\n\r\t;=+eE\x80\x7f";
    let mut out = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(out.len() + 1);
        let end = (at + 1 + random.below(24)).min(out.len());
        match random.below(9) {
            0 | 1 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = random.byte();
                }
            }
            2 => {
                let place = random.below(PLAIN.len());
                out.insert(at, PLAIN.get(place).copied().unwrap_or(0));
            }
            3 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            4 => drop(out.drain(at..end)),
            5 => {
                let piece = out.get(at..end).unwrap_or_default().to_vec();
                let times_max = if random.once_in(50) { 2_000 } else { 4 };
                let times = 1 + random.below(times_max);
                out.splice(at..at, piece.repeat(times));
            }
            6 => {
                let text = random.one_of(HOSTILE);
                out.splice(at..end, text.bytes());
            }
            7 if random.once_in(4) => out.truncate(at),
            _ => {
                let other = random.below(others.len());
                let other = others.get(other).map_or(&[][..], Vec::as_slice);
                let from = random.below(other.len() + 1);
                let upto = (from + random.below(40)).min(other.len());
                let piece = other.get(from..upto).unwrap_or_default().to_vec();
                out.splice(at..end, piece);
            }
        }
    }
    out
}

/// A text as a careless client percent-encodes it.
pub fn percent_garbage(random: &mut Random, text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match random.below(12) {
            0 => out.extend(['%', '4', letter]),
            1 => out.extend(['%', letter]),
            2 => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    if random.once_in(5) { format!("\"{out}\"") } else { out }
}
