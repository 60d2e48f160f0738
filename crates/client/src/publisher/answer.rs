//! Reads what the server answers to a published message.

use async_nats::{Message, StatusCode};
use serde::Deserialize;

use super::Stored;

/// What the server says about a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is stored.
    Stored(Stored),
    /// It will not be stored, however often it is sent.
    Never { code: u64, description: String },
    /// It is not stored, and may be another time.
    NotNow(String),
}

#[derive(Deserialize)]
struct Body {
    seq: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: u64,
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// The class of errors that are the message's own fault: too large, stream sealed, wrong header.
const BAD_REQUEST: u64 = 400;

pub(super) fn read(message: &Message) -> Answer {
    match message.status {
        Some(StatusCode::NO_RESPONDERS) => {
            Answer::NotNow("no stream takes this subject now".to_owned())
        }
        Some(status) => Answer::NotNow(format!("status {status}")),
        None => body(&message.payload),
    }
}

fn body(payload: &[u8]) -> Answer {
    match serde_json::from_slice(payload) {
        Ok(Body { error: Some(failure), .. }) => {
            let Failure { code, err_code, description } = failure;
            if code == BAD_REQUEST {
                return Answer::Never { code: err_code, description };
            }
            Answer::NotNow(format!("{description} ({err_code})"))
        }
        Ok(Body { seq: Some(position), duplicate, error: None }) if position > 0 => {
            Answer::Stored(Stored { position, duplicate })
        }
        Ok(Body { .. }) => Answer::NotNow("an answer without a position".to_owned()),
        Err(error) => Answer::NotNow(format!("an unreadable answer: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Stored, body};

    #[test]
    fn answers() {
        assert_eq!(
            body(br#"{"stream":"TONGHOP_EVENTS", "seq":7}"#),
            Answer::Stored(Stored { position: 7, duplicate: false })
        );
        assert_eq!(
            body(br#"{"stream":"S","domain":"hub","seq":7,"duplicate":true}"#),
            Answer::Stored(Stored { position: 7, duplicate: true })
        );
        assert_eq!(
            body(br#"{"error":{"code":400,"err_code":10054,"description":"too large"},"stream":"S","seq":0}"#),
            Answer::Never { code: 10_054, description: "too large".to_owned() }
        );
        assert!(matches!(
            body(br#"{"error":{"code":503,"err_code":10008,"description":"later"}}"#),
            Answer::NotNow(_)
        ));
        for odd in [&b""[..], b"{}", b"[]", br#"{"seq":0}"#, b"-ERR"] {
            assert!(matches!(body(odd), Answer::NotNow(_)), "{odd:?}");
        }
    }
}
