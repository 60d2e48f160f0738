//! Refused messages on their way to `TONGHOP_REFUSED`: whole, with code, arguments, original
//! subject and position.

use tonghop_core::day::Instant;
use tonghop_core::refusal::Refusal;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::{Refused, RefusedMessage};

use crate::folder::header_pairs;
use crate::nats::{Batch, Outgoing, Raw};

/// The messages that tell of these refusals. A step that is done again after a crash tells again:
/// readers drop what they have by position.
pub fn messages(batch: &Batch, refusals: &[(u64, Refusal)]) -> Vec<Outgoing> {
    let mut refusals = refusals.iter().peekable();
    let mut messages = Vec::new();
    for raw in &batch.messages {
        if let Some((_, refusal)) = refusals.next_if(|(position, _)| *position == raw.position) {
            messages.push(message(raw, refusal));
        }
    }
    messages
}

fn message(raw: &Raw, refusal: &Refusal) -> Outgoing {
    let headers = header_pairs(raw);
    let original = tonghop_wire::Raw {
        subject: raw.subject.as_str(),
        headers: &headers,
        payload: &raw.payload,
    };
    let refused = Refused::new(refusal.clone(), &original);
    let recorded = Instant::from_unix_ms(raw.recorded_ms);
    let message = RefusedMessage::new(refused, &original, raw.position, recorded);
    Outgoing {
        subject: subject(&raw.subject).into(),
        headers: None,
        payload: message.to_json().into(),
    }
}

/// Where a refusal is told: the third token of the message's subject is the unit by whose
/// permission it came in.
fn subject(original: &str) -> String {
    match original.split('.').nth(2).and_then(UnitCode::parse_token) {
        Some(unit) => format!("tonghop.refused.{}", unit.token()),
        None => "tonghop.refused.unknown".to_owned(),
    }
}
