//! A verdict as JSON, for programs.

use serde_json::{Value, json};

use super::verdict::{Check, Outcome, Signed, Verdict};

/// The verdict as one JSON object, with its end of line.
pub fn json(verdict: &Verdict) -> String {
    let checks: Vec<Value> = Check::ALL
        .iter()
        .map(|check| {
            let outcome = match verdict.outcome(*check) {
                Outcome::Holds => "holds",
                Outcome::Fails => "fails",
                Outcome::Unreached => "unreached",
            };
            json!({"check": check.word(), "outcome": outcome})
        })
        .collect();
    let signers = verdict.signers.iter().map(|(signed, key)| match signed {
        Signed::Closing => json!({"signed": "closing", "key": key}),
        Signed::Checkpoint => json!({"signed": "checkpoint", "key": key}),
        Signed::Witness(at) => json!({"signed": "witness", "key": key, "unixSeconds": at}),
    });
    let failures = verdict.failures.iter().map(
        |held| json!({"code": held.code.word(), "about": held.code.about(), "detail": held.detail}),
    );
    let made_of = verdict.made_of.iter().map(|made| {
        json!({
            "unit": made.unit, "name": made.name, "family": made.family,
            "timelines": made.timelines, "messages": made.messages,
        })
    });
    let redacted = verdict.redacted.iter().map(|(position, redaction)| {
        json!({"position": position, "decision": redaction.decision, "day": redaction.day})
    });
    let log = verdict
        .log
        .as_ref()
        .map(|(origin, size, root)| json!({"origin": origin, "size": size, "root": root}));
    let closing = verdict.closing.as_ref().map(|closing| {
        json!({
            "id": closing.id, "closedAt": closing.closed_at, "position": closing.position,
            "program": closing.program, "fold": closing.fold, "despite": closing.despite,
        })
    });
    let (shown, open) = verdict.leaves;
    let whole = json!({
        "holds": verdict.holds(),
        "vouched": verdict.is_vouched,
        "figure": verdict.figure,
        "published": verdict.published,
        "read": verdict.read,
        "closing": closing,
        "log": log,
        "checks": checks,
        "failures": failures.collect::<Vec<_>>(),
        "failuresLeftOut": verdict.more,
        "signers": signers.collect::<Vec<_>>(),
        "leaves": {"shown": shown, "open": open},
        "madeOf": made_of.collect::<Vec<_>>(),
        "redacted": redacted.collect::<Vec<_>>(),
    });
    whole.to_string() + "\n"
}
