//! An event on its way into the outbox: whose it is, by which subject it goes, and its number.

use tonghop_core::limits::PAYLOAD_BYTES_MAX;
use tonghop_wire::Head;

/// Why an event cannot be published at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is longer than any event may be.
    #[error("size.exceeded: the event has {bytes} bytes, {PAYLOAD_BYTES_MAX} are the most")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// It is no event in structured JSON, lacks what its subject is made of, or its `source` or
    /// `sequence` cannot be one.
    #[error("{0}")]
    Refused(String),
}

/// Reads an event in structured JSON.
pub(crate) fn read(event: &[u8]) -> Result<Head, Unfit> {
    // With room for the number that it may get.
    if event.len() + NUMBER_BYTES_MAX > PAYLOAD_BYTES_MAX {
        return Err(Unfit::TooLong { bytes: event.len() });
    }
    tonghop_wire::head(event).map_err(|why| Unfit::Refused(why.to_string()))
}

/// The most bytes by which a number makes an event longer.
const NUMBER_BYTES_MAX: usize = r#","sequence":"18446744073709551615""#.len();

/// The event with its number behind all that it says; nothing else of it is changed.
pub(crate) fn numbered(event: &[u8], number: u64) -> Vec<u8> {
    let text = event.trim_ascii_end();
    let Some((b'}', body)) = text.split_last() else { return event.to_vec() };
    let mut out = Vec::with_capacity(body.len() + NUMBER_BYTES_MAX + 1);
    out.extend_from_slice(body.trim_ascii_end());
    out.extend_from_slice(format!(r#","sequence":"{number}"}}"#).as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/H41.16/igate","type":"vn.tonghop.dossier.returned.v1","subject":"a","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","data":{"channel":"DIRECT"}}"#;

    #[test]
    fn an_event_gets_its_number_and_nothing_else() {
        let head = read(EVENT.as_bytes()).unwrap();
        assert_eq!((head.source.as_str(), head.sequence), ("/H41.16/igate", None));
        assert_eq!(head.subject, "tonghop.v1.H41-16.dossier.returned");
        for ending in ["", "\n", " \r\n"] {
            let with = numbered(format!("{EVENT}{ending}").as_bytes(), 42);
            let read = read(&with).unwrap();
            assert_eq!(read.sequence, Some(42));
            let text = String::from_utf8(with).unwrap();
            assert_eq!(text.replace(r#","sequence":"42""#, ""), EVENT);
        }
    }

    #[test]
    fn what_cannot_be_numbered_or_sent_is_unfit() {
        let with = |member: &str| EVENT.replacen('{', &format!("{{{member},"), 1);
        for (event, says) in [
            (with(r#""sequence":"0""#), "sequence"),
            (with(r#""sequence":"x""#), "sequence"),
            (with(r#""sequence":"+5""#), "sequence"),
            (with(r#""sequence":"18446744073709551615""#), "sequence"),
            (EVENT.replace("/H41.16/igate", "H41.16/igate"), "source"),
            (EVENT.replace("/H41.16/igate", "/igate"), "source"),
            (EVENT.replace("/H41.16/igate", "/H41.17/igate"), "unit.mismatch"),
            (EVENT.replace("/H41.16/igate", "/H41.16/i gate"), "source"),
            (with(r#""sequence":7"#), "sequence"),
            (with(r#""sequence":"""#), "sequence"),
            (with(r#""sequence":null"#), "sequence"),
            ("{".to_owned(), "envelope.unreadable"),
            (EVENT.replace(r#""unit":"H41.16","#, ""), "unit"),
            (format!("{EVENT}{}", " ".repeat(PAYLOAD_BYTES_MAX)), "size.exceeded"),
        ] {
            let why = read(event.as_bytes()).unwrap_err().to_string();
            assert!(why.contains(says), "{why}: {says}");
        }
    }
}
