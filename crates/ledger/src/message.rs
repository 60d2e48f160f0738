//! A message as the log holds it, as bytes; and the commitment to it.
//!
//! ```text
//! message     subject, n: u32, n × (name, value), payload    each with its length before it: u32
//! commitment  SHA-256("tonghop commitment v1\n", salt: 32 bytes, message)
//! ```
//!
//! All integers are big-endian. A NATS client hands over headers without their order, so they are
//! sorted by name, byte by byte; the values of one name keep theirs.

use sha2::{Digest, Sha256};

/// What the commitment is a hash of, before all else: no other hash here begins so.
const COMMITMENT: &[u8] = b"tonghop commitment v1\n";

/// 32 random bytes, known to whoever holds the message.
pub type Salt = [u8; 32];

/// A message as the log holds it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The NATS subject that it is stored under.
    pub subject: &'a str,
    /// The NATS headers; the values of one name in their order.
    pub headers: &'a [(&'a str, &'a str)],
    /// The payload, byte for byte.
    pub payload: &'a [u8],
}

impl Message<'_> {
    /// Writes the message as bytes.
    ///
    /// # Panics
    /// If it is longer than 4 GiB, which no server stores.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut headers = self.headers.to_vec();
        headers.sort_by_key(|(name, _)| *name);
        sized(out, self.subject.as_bytes());
        out.extend(length(headers.len()));
        for (name, value) in headers {
            sized(out, name.as_bytes());
            sized(out, value.as_bytes());
        }
        sized(out, self.payload);
    }
}

/// The commitment to an encoded message.
pub fn commitment(salt: &Salt, message: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(COMMITMENT)
        .chain_update(salt)
        .chain_update(message)
        .finalize()
        .into()
}

fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(length(bytes.len()));
    out.extend(bytes);
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("no message of 4 GiB is stored").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(headers: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        Message { subject: "a.b", headers, payload: b"{}" }.encode(&mut out);
        out
    }

    #[test]
    fn the_order_of_names_does_not_count_and_that_of_values_does() {
        assert_eq!(encoded(&[("b", "1"), ("a", "2")]), encoded(&[("a", "2"), ("b", "1")]));
        assert_ne!(encoded(&[("a", "1"), ("a", "2")]), encoded(&[("a", "2"), ("a", "1")]));
        assert_eq!(
            encoded(&[("a", "2")]),
            b"\0\0\0\x03a.b\0\0\0\x01\0\0\0\x01a\0\0\0\x012\0\0\0\x02{}"
        );
    }

    #[test]
    fn another_salt_is_another_commitment() {
        let message = encoded(&[]);
        assert_ne!(commitment(&[0; 32], &message), commitment(&[1; 32], &message));
    }
}
