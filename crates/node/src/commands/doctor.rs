//! `tonghop doctor`: is everything there, and do the accounts close?
//!
//! **Invariant ACC-1**, checked on what runs: every message of the log up to the position was
//! folded, a duplicate, or refused, and every refused one stands in `TONGHOP_REFUSED`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use async_nats::jetstream;
use serde_json::{Value, json};

use super::{DONE, FAILED, NO, grouped, print, stop_signal};
use crate::local;
use crate::log::Log;
use crate::nats::{Identity, StreamIdentity, StreamName, streams, who_am_i};
use crate::refusals;
use crate::settings::Settings;

/// How often the position is looked at again while events wait.
const PROGRESS_LOOKS: u32 = 20;
/// The pause between two such looks.
const PROGRESS_PAUSE: Duration = Duration::from_millis(500);

/// One check.
#[derive(Debug)]
struct Check {
    what: &'static str,
    good: Option<bool>,
    says: String,
}

/// Runs the command.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    // A server that is started for the checks is stopped after them, also when they are broken off.
    let mut stop = stop_signal()?;
    let mut checks = Vec::new();
    let opened = match Log::open(settings, "tonghop doctor").await {
        Ok(opened) => Some(opened),
        Err(error) => {
            checks.push(Check { what: "log", good: None, says: error.to_string() });
            None
        }
    };
    // The counts first: whatever is published meanwhile makes the log longer, not shorter.
    let counts = check_projector(settings, &mut checks).await;
    if let Some(opened) = opened {
        let examined = tokio::select! {
            examined = check_all(settings, &opened, counts, &mut checks) => examined,
            _ = stop.wait_for(|stop| *stop) => Err(anyhow::anyhow!("stopped before the end")),
        };
        opened.close().await?;
        examined?;
    }
    tell(&checks, settings);
    let code = if checks.iter().any(|check| check.good == Some(false)) {
        NO
    } else if checks.iter().any(|check| check.good.is_none()) {
        FAILED
    } else {
        DONE
    };
    Ok(ExitCode::from(code))
}

async fn check_all(
    settings: &Settings,
    opened: &Log,
    counts: Option<Counted>,
    checks: &mut Vec<Check>,
) -> anyhow::Result<()> {
    if let Some((context, events, refused)) = check_log(opened, checks).await
        && let Some(counts) = counts
    {
        check_accounts(&context, &refused, counts, checks).await?;
        check_progress(settings, counts, &events, checks).await;
    }
    Ok(())
}

async fn check_log(
    opened: &Log,
    checks: &mut Vec<Check>,
) -> Option<(jetstream::Context, StreamIdentity, StreamIdentity)> {
    let version = opened.client.server_info().version;
    let says = format!("nats-server {version} at {}", opened.url);
    checks.push(Check { what: "log", good: Some(true), says });
    let who = who_am_i(&opened.client).await;
    checks.push(identity(who.as_ref()));
    if who.as_ref().and_then(Identity::unit).is_some() {
        // An agency sees nothing of the streams.
        return None;
    }
    let context = jetstream::new(opened.client.clone());
    let mut found = Vec::new();
    for name in [StreamName::Events, StreamName::Refused] {
        match streams::look(&context, name).await {
            Ok(stream) => found.push(stream),
            Err(error) => {
                checks.push(Check { what: "streams", good: Some(false), says: error.to_string() });
                return None;
            }
        }
    }
    let refused = found.pop()?;
    let events = found.pop()?;
    let span = events.last.saturating_sub(events.first) + 1;
    let whole = events.messages == 0 || (events.messages == span && events.first <= 1);
    checks.push(Check {
        what: "streams",
        good: Some(whole),
        says: format!(
            "settings as stated; {} events, {} to {}, {}",
            grouped(events.messages),
            grouped(events.first),
            grouped(events.last),
            if whole { "none missing" } else { "SOME MISSING" }
        ),
    });
    Some((context, events, refused))
}

/// Who we are to NATS, and what we may do there: what is not allowed is answered by silence, which
/// many clients show as a timeout.
fn identity(who: Option<&Identity>) -> Check {
    let says = match who {
        None => "NATS does not say who we are".to_owned(),
        Some(who) if who.is_nobody() => {
            "NATS asks nobody who he is: whoever reaches it may publish for every unit".to_owned()
        }
        Some(who) => {
            let (allow, deny) = who.publishes();
            let but = if deny.is_empty() { "" } else { ", but not to " };
            format!(
                "{}, key {}: may publish to {}{but}{}; may hear {}; anything else is not answered",
                who.account,
                who.user,
                allow.join(" "),
                deny.join(" "),
                who.hears().join(" "),
            )
        }
    };
    Check { what: "identity", good: Some(true), says }
}

/// Whether what is published is folded: behind is good only while the position moves.
async fn check_progress(
    settings: &Settings,
    before: Counted,
    events: &StreamIdentity,
    checks: &mut Vec<Check>,
) {
    let mut now = before;
    for _ in 0..PROGRESS_LOOKS {
        if before.position >= events.last || now.position > before.position {
            break;
        }
        tokio::time::sleep(PROGRESS_PAUSE).await;
        now = check_projector(settings, &mut Vec::new()).await.unwrap_or(now);
    }
    let (good, says) = progress(before.position, now.position, events.last);
    checks.push(Check { what: "progress", good: Some(good), says });
}

/// What is said of the moment at which the projector was at `before` and the log ended at `last`;
/// that the position has come to `now` since shows only that it moves.
fn progress(before: u64, now: u64, last: u64) -> (bool, String) {
    let behind = last.saturating_sub(before);
    if behind == 0 {
        (true, "all that was published is folded".to_owned())
    } else if now > before {
        (true, format!("{} events wait, and the position moves", grouped(behind)))
    } else {
        (false, format!("{} EVENTS WAIT, AND NOTHING MOVES", grouped(behind)))
    }
}

/// What the projector says of itself.
#[derive(Debug, Clone, Copy)]
struct Counted {
    position: u64,
    folded: u64,
    duplicates: u64,
    refused: u64,
}

async fn check_projector(settings: &Settings, checks: &mut Vec<Check>) -> Option<Counted> {
    let answered = match local::get(settings, "/metrics", &[]).await {
        Ok(answered) => answered,
        Err(error) => {
            checks.push(Check { what: "projector", good: None, says: format!("{error:#}") });
            return None;
        }
    };
    let text = String::from_utf8_lossy(&answered.body);
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|number| number.parse::<u64>().ok())
    };
    let (Some(position), Some(folded), Some(duplicates), Some(refused)) = (
        number("tonghop_position"),
        number("tonghop_folded_total"),
        number("tonghop_duplicates_total"),
        number("tonghop_refused_total"),
    ) else {
        let says = "it has not opened its store yet".to_owned();
        checks.push(Check { what: "projector", good: None, says });
        return None;
    };
    let running = if answered.from_store { "not running; its store" } else { "running" };
    checks.push(Check {
        what: "projector",
        good: Some(true),
        says: format!("{running}: at position {}", grouped(position)),
    });
    if let (Some(sources), Some(numbered), Some(incomplete), Some(missing)) = (
        number("tonghop_sources"),
        number("tonghop_sources_numbered"),
        number("tonghop_sources_incomplete"),
        number("tonghop_events_missing"),
    ) {
        let says = completeness(sources, numbered, incomplete, missing);
        checks.push(Check { what: "sources", good: Some(true), says });
    }
    Some(Counted { position, folded, duplicates, refused })
}

/// What is said of what never came: it is the senders' to mend, and no fault of what runs here.
fn completeness(sources: u64, numbered: u64, incomplete: u64, missing: u64) -> String {
    let (sources, numbered) = (grouped(sources), grouped(numbered));
    if incomplete == 0 {
        return format!("of {sources} sources {numbered} number their events: nothing is missing");
    }
    format!(
        "of {sources} sources {numbered} number their events: {} are missing from {}; \
         `tonghop report --form completeness` names them",
        grouped(missing),
        grouped(incomplete)
    )
}

async fn check_accounts(
    context: &jetstream::Context,
    refused: &StreamIdentity,
    counts: Counted,
    checks: &mut Vec<Check>,
) -> anyhow::Result<()> {
    let total = counts.folded + counts.duplicates + counts.refused;
    checks.push(Check {
        what: "accounts",
        good: Some(total == counts.position),
        says: format!(
            "published up to the position {} = folded {} + duplicates {} + refused {}{}",
            grouped(counts.position),
            grouped(counts.folded),
            grouped(counts.duplicates),
            grouped(counts.refused),
            if total == counts.position { "" } else { " DOES NOT HOLD" }
        ),
    });
    let positions = refused_positions(context, refused, counts.position).await?;
    let found = u64::try_from(positions.len()).unwrap_or(u64::MAX);
    checks.push(Check {
        what: "refused",
        good: Some(found == counts.refused),
        says: format!(
            "{} of {} refused messages stand in TONGHOP_REFUSED",
            grouped(found),
            grouped(counts.refused)
        ),
    });
    Ok(())
}

/// The positions, up to this one, that the stream of refusals speaks of.
async fn refused_positions(
    context: &jetstream::Context,
    stream: &StreamIdentity,
    up_to: u64,
) -> anyhow::Result<BTreeSet<u64>> {
    let mut positions = BTreeSet::new();
    refusals::for_each(context, stream, |payload| {
        let about: Value = serde_json::from_slice(payload).unwrap_or_default();
        let position = about.get("position").and_then(Value::as_u64);
        positions.extend(position.filter(|position| *position <= up_to));
    })
    .await?;
    Ok(positions)
}

fn tell(checks: &[Check], settings: &Settings) {
    if settings.json {
        let rows: Vec<Value> = checks
            .iter()
            .map(|check| json!({"check": check.what, "good": check.good, "says": check.says}))
            .collect();
        print(&format!("{}\n", Value::from(rows)));
        return;
    }
    for check in checks {
        let mark = match check.good {
            Some(true) => "ok     ",
            Some(false) => "WRONG  ",
            None => "unknown",
        };
        print(&format!("{mark} {:<10} {}\n", check.what, check.says));
    }
}

#[cfg(test)]
mod tests {
    use super::progress;

    #[test]
    fn progress_is_told_of_one_moment() {
        for (before, now, last, good, says) in [
            (100, 100, 100, true, "all that was published is folded"),
            (100, 140, 90, true, "all that was published is folded"),
            (100, 140, 140, true, "40 events wait, and the position moves"),
            (100, 120, 1_140, true, "1,040 events wait, and the position moves"),
            (100, 100, 140, false, "40 EVENTS WAIT, AND NOTHING MOVES"),
        ] {
            assert_eq!(
                progress(before, now, last),
                (good, says.to_owned()),
                "{before} {now} {last}"
            );
        }
    }
}
