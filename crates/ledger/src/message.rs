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

/// An encoded message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The NATS subject that it is stored under.
    pub subject: &'a str,
    /// The NATS headers, by name; the values of one name in their order.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The payload, byte for byte.
    pub payload: &'a [u8],
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no message")]
pub struct NoMessage;

impl<'a> Decoded<'a> {
    /// Reads what [`Message::encode`] wrote, and nothing else.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NoMessage> {
        let mut from = Bytes(bytes);
        let subject = from.text()?;
        let count = from.count()?;
        let headers = (0..count)
            .map(|_| Ok((from.text()?, from.text()?)))
            .collect::<Result<Vec<_>, NoMessage>>()?;
        let payload = from.sized()?;
        let sorted = headers.is_sorted_by_key(|(name, _)| *name);
        let whole = sorted && from.0.is_empty();
        whole.then_some(Self { subject, headers, payload }).ok_or(NoMessage)
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn count(&mut self) -> Result<u32, NoMessage> {
        let (count, rest) = self.0.split_first_chunk().ok_or(NoMessage)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*count))
    }

    fn sized(&mut self) -> Result<&'a [u8], NoMessage> {
        let count = usize::try_from(self.count()?).map_err(|_| NoMessage)?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NoMessage)?;
        self.0 = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<&'a str, NoMessage> {
        std::str::from_utf8(self.sized()?).map_err(|_| NoMessage)
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
    fn a_message_is_read_as_it_was_written_and_no_other_bytes_are() {
        let bytes = encoded(&[("a", "2"), ("a", "1"), ("b", "")]);
        let read = Decoded::read(&bytes).unwrap();
        assert_eq!(read.headers, [("a", "2"), ("a", "1"), ("b", "")]);
        assert_eq!((read.subject, read.payload), ("a.b", &b"{}"[..]));
        for end in 0..bytes.len() {
            assert_eq!(Decoded::read(&bytes[..end]), Err(NoMessage), "{end}");
        }
        assert_eq!(Decoded::read(&[bytes.as_slice(), &[0]].concat()), Err(NoMessage));
        let mut swapped = bytes;
        swapped[15] = b'c';
        assert_eq!(Decoded::read(&swapped), Err(NoMessage));
        assert_eq!(Decoded::read(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), Err(NoMessage));
    }

    #[test]
    fn another_salt_is_another_commitment() {
        let message = encoded(&[]);
        assert_ne!(commitment(&[0; 32], &message), commitment(&[1; 32], &message));
    }
}
