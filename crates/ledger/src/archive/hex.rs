//! Hashes and frontiers as hexadecimal text in the manifest.

use std::fmt::Write;

/// Two digits for each byte.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, odd) = text.as_bytes().as_chunks();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
    if odd.is_empty() { bytes.collect() } else { None }
}

pub(super) mod fixed {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<S: Serializer>(
        hash: &[u8; 32],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::encode(hash))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let bytes = super::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| D::Error::custom("a hash is 64 hexadecimal digits"))
    }
}

pub(super) mod frontier {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::tree::Frontier;

    pub(in super::super) fn serialize<S: Serializer>(
        frontier: &Frontier,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::encode(&frontier.encode()))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Frontier, D::Error> {
        let text = String::deserialize(from)?;
        let frontier = super::decode(&text).and_then(|bytes| Frontier::decode(&bytes).ok());
        frontier.ok_or_else(|| D::Error::custom("the frontier is none"))
    }
}
