//! What a source says of how far it has come: so that events that are missing at the end are seen.
//!
//! A heartbeat has no number of its own and is kept nowhere: the next one says the same.

use std::collections::BTreeSet;

use serde_json::json;
use tonghop_core::day::Instant;
use tonghop_wire::unit_of_source;

use crate::outbox::State;
use crate::outbox::contents::{Contents, Numbering};
use crate::publisher::Outgoing;

/// The sources whose events are all stored, and the number of the last one.
pub(crate) fn due(held: &Contents) -> Vec<(String, u64)> {
    let unsent = |state: &State| matches!(state, State::Waiting | State::Sent);
    let busy: BTreeSet<usize> = held
        .entries
        .values()
        .filter(|entry| unsent(&entry.state))
        .map(|entry| entry.source)
        .collect();
    let sources = held.sources.iter().enumerate().filter(|(place, _)| !busy.contains(place));
    let numbered = sources.filter_map(|(_, source)| match source.numbering {
        Numbering::Ours { next } if source.begun && next > 1 => {
            Some((source.name.to_string(), next - 1))
        }
        Numbering::Ours { .. } | Numbering::Theirs => None,
    });
    numbered.collect()
}

/// The heartbeat of a source; none if it cannot be one.
pub(crate) fn event(source: &str, last: u64, now_ms: i64) -> Option<Outgoing> {
    let last = u32::try_from(last).ok()?;
    let unit = unit_of_source(source)?;
    let event = json!({
        "specversion": "1.0",
        "id": format!("heartbeat-{last}-{now_ms}"),
        "source": source,
        "type": "vn.tonghop.source.heartbeat.v1",
        "subject": source,
        "time": Instant::from_unix_ms(now_ms).to_string(),
        "unit": unit.as_str(),
        "data": {"lastSequence": last},
    });
    let payload = event.to_string();
    let subject = tonghop_wire::route(payload.as_bytes()).ok()?;
    Some(Outgoing { subject: subject.into(), headers: None, payload: payload.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_an_event_of_the_contract() {
        let outgoing = event("/H41.16/igate", 123, 1_630_900_800_000).unwrap();
        let subject = outgoing.subject.as_str();
        assert_eq!(subject, "tonghop.v1.H41-16.source.heartbeat");
        let raw = tonghop_wire::Raw { subject, headers: &[], payload: &outgoing.payload };
        let said = tonghop_wire::Decoder::new().decode(&raw).unwrap();
        assert_eq!(&*said.source, "/H41.16/igate");
        assert!(event("igate", 1, 0).is_none());
    }
}
