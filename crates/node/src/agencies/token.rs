//! A token: 32 bytes of the system's randomness, of which the registry knows the SHA-256 alone.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every token begins with, so that one is known for what it is wherever it turns up.
const PREFIX: &str = "th_";
/// Bytes of a token's secret.
const SECRET_BYTES: usize = 32;
/// Characters of a fingerprint as it is shown.
const SHOWN_CHARS: usize = 12;

/// A secret in the form in which an agency keeps it: `th_` and 64 hexadecimal digits. It is told
/// once, and is not written to any log: its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut secret = [0_u8; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{PREFIX}{}", hex(&secret))))
    }

    /// The text that the agency sends.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The SHA-256 of a token, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of what somebody gave as a token.
    pub fn of(token: &str) -> Self {
        Self(hex(&Sha256::digest(token.as_bytes())))
    }

    /// Of what a registry holds.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one =
            text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// Whether they are the same, in the same time whatever they are.
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// All of it, for the registry.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As much of it as a person needs to tell two apart.
    pub fn short(&self) -> String {
        self.0.chars().take(SHOWN_CHARS).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_never_the_same_and_not_shown() {
        let (one, other) = (Token::new().unwrap(), Token::new().unwrap());
        assert_eq!(one.secret().len(), 67);
        assert!(one.secret().starts_with("th_") && one != other);
        assert!(!format!("{one:?}").contains(one.secret().strip_prefix("th_").unwrap()));
        assert!(Fingerprint::of(one.secret()).is(&Fingerprint::of(one.secret())));
        assert!(!Fingerprint::of(one.secret()).is(&Fingerprint::of(other.secret())));
    }

    #[test]
    fn a_fingerprint_is_the_sha_256() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Fingerprint::of("abc").as_str(), known);
        assert_eq!(Fingerprint::parse(known), Some(Fingerprint::of("abc")));
        assert_eq!(Fingerprint::of("abc").short(), "ba7816bf8f01");
        for bad in ["", "ba78", &known.to_uppercase()] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }
}
