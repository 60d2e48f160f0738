//! The promises of the contract, one step each: what is sent, and what must be seen of it.

use serde_json::Value;
use tonghop_wire::{to_binary_json, to_protobuf};

use super::events::DAY_OF_LATE;
use super::played::{Answer, Game, now};
use super::server::content_type;
use super::verdict::{Look, Step, Verdict};

/// The steps, in the order in which they are played.
pub(super) const NAMES: &[&str] = &[
    "stored",
    "retry",
    "id-reused",
    "gap",
    "correction",
    "retraction",
    "late",
    "encodings",
    "heartbeat",
    "unit-mismatch",
    "time-in-future",
    "type-unknown",
    "unknown-field",
    "missing-field",
    "size-exceeded",
    "unreadable",
    "batch",
    "token",
];

/// What a refused event must be answered with.
struct Spoilt {
    name: &'static str,
    what: &'static str,
    /// What is changed of a good event.
    change: (&'static str, fn() -> Value),
    answer: &'static str,
    /// The status where it comes alone over HTTP.
    status: u16,
    mend: &'static str,
}

const SPOILT: &[Spoilt] = &[
    Spoilt {
        name: "unit-mismatch",
        what: "an event that speaks for another unit",
        change: ("unit", || Value::from("Z99")),
        answer: "refused unit.mismatch",
        status: 403,
        mend: "nobody may speak for another unit: tell the office at once",
    },
    Spoilt {
        name: "time-in-future",
        what: "an event of tomorrow",
        change: ("time", || {
            let tomorrow = now().unix_ms() + 86_400_000;
            Value::from(tonghop_core::day::Instant::from_unix_ms(tomorrow).to_string())
        }),
        answer: "refused time.in_future",
        status: 422,
        mend: "set the clocks of both machines (NTP), then run it again",
    },
    Spoilt {
        name: "type-unknown",
        what: "a kind that the contract does not have",
        change: ("type", || Value::from("vn.tonghop.document.eaten.v1")),
        answer: "refused type.unknown",
        status: 422,
        mend: "the server takes kinds that its contract does not have: report it",
    },
    Spoilt {
        name: "unknown-field",
        what: "data with a field that the message does not have",
        change: ("data.colour", || Value::from("red")),
        answer: "refused data.unknown_field",
        status: 422,
        mend: "fields that are not read must not be lost in silence: report it",
    },
    Spoilt {
        name: "missing-field",
        what: "data without a field that is required",
        change: ("data.kind", || Value::Null),
        answer: "refused data.missing_field",
        status: 422,
        mend: "an event that says too little must not count: report it",
    },
    Spoilt {
        name: "size-exceeded",
        what: "an event of more than 256 KiB",
        change: ("padding", || Value::from("x".repeat(300 * 1024))),
        answer: "refused size.exceeded",
        status: 413,
        mend: "look whether a proxy between changes or cuts what is sent",
    },
];

/// Plays a step.
pub(super) async fn play(game: &mut Game, name: &'static str) -> anyhow::Result<Step> {
    if let Some(spoilt) = SPOILT.iter().find(|spoilt| spoilt.name == name) {
        return refused(game, spoilt).await;
    }
    match name {
        "stored" => stored(game).await,
        "retry" => retry(game).await,
        "id-reused" => id_reused(game).await,
        "gap" => gap(game).await,
        "correction" => correction(game).await,
        "retraction" => retraction(game).await,
        "late" => late(game).await,
        "encodings" => encodings(game).await,
        "heartbeat" => heartbeat(game).await,
        "unreadable" => unreadable(game).await,
        "batch" => batch(game).await,
        _ => token(game).await,
    }
}

async fn stored(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.figures().await?);
    let number = game.number();
    let answer = game.say(&game.script.document("a").numbered(number)).await?;
    look.at("answer", "stored", answer.shown("stored"));
    look.at("with a position:", true, answer.position.is_some());
    let after = game.figures().await?;
    look.at("documents.issued grows by", 1, after.issued - before.issued);
    look.at("and those signed by", 1, after.signed - before.signed);
    Ok(look.step(
        "stored",
        "a new event is stored, and counts",
        "run `tonghop doctor` at the server: is a projector folding?",
    ))
}

async fn retry(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.issued(super::events::DAY).await?);
    let event = game.script.document("retry");
    let number = game.number();
    let event = event.numbered(number);
    let first = game.say(&event).await?;
    look.at("first answer", "stored", first.shown("stored"));
    for _ in 0..2 {
        let again = game.send(&event).await?;
        look.at("again", "duplicate", again.shown("duplicate"));
    }
    let after = game.issued(super::events::DAY).await?;
    look.at("documents.issued grows by", 1, after - before);
    Ok(look.step(
        "retry",
        "the same event three times counts once",
        "send it again byte for byte with the same id; a new id is a new event",
    ))
}

async fn id_reused(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.figures().await?);
    let event = game.script.document("a").with("data.organisationSignature", false);
    let answer = game.send(&event).await?;
    look.at("answer", "refused id.reused", answer.shown(""));
    in_the_list(game, &mut look, &answer, "id.reused").await?;
    look.at("figures are unchanged:", true, game.figures().await? == before);
    Ok(look.step(
        "id-reused",
        "an id that was used for other content is refused",
        "an id belongs to one content for ever; a change has a new id and `replaces`",
    ))
}

/// What was refused with a position stands in the list of refusals.
async fn in_the_list(
    game: &Game,
    look: &mut Look,
    answer: &Answer,
    code: &str,
) -> anyhow::Result<()> {
    if let Some(position) = answer.position {
        let listed = game.refusal(position).await?.unwrap_or_else(|| "nothing".to_owned());
        look.at("/v1/refusals has", code, listed);
    }
    Ok(())
}

async fn gap(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.heard().await?.missing);
    let (left_out, next) = (game.fresh(), game.fresh());
    let later = game.say(&game.script.document("gap-2").numbered(next)).await?;
    look.at("answer", "stored", later.shown("stored"));
    let heard = game.heard().await?;
    look.at("missing numbers grow by", 1, heard.missing.saturating_sub(before));
    let named = heard.ranges.iter().any(|(from, to)| (*from..=*to).contains(&left_out));
    look.at("the one left out is named:", true, named);
    let filled = game.say(&game.script.document("gap-1").numbered(left_out)).await?;
    look.at("filled", "stored", filled.shown("stored"));
    let heard = game.heard().await?;
    look.at("and nothing more is missing:", true, heard.missing == before);
    Ok(look.step(
        "gap",
        "a number that is left out is missed, until it comes",
        "number the events of one source 1, 2, 3 … in `sequence`, as texts",
    ))
}

async fn correction(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.figures().await?);
    let (wrong, right) = (game.script.document("wrong"), game.script.document("right"));
    let right = right
        .with("subject", wrong.text("subject"))
        .with("replaces", wrong.text("id"))
        .with("data.organisationSignature", false);
    let number = game.number();
    let answer = game.send(&wrong.numbered(number)).await?;
    look.at("the wrong one", "stored", answer.shown("stored"));
    let between = game.figures().await?;
    look.at("signed documents grow by", 1, between.signed - before.signed);
    let number = game.number();
    let answer = game.say(&right.numbered(number)).await?;
    look.at("its correction", "stored", answer.shown("stored"));
    let after = game.figures().await?;
    look.at("signed documents are as before:", true, after.signed == before.signed);
    look.at("documents.issued grows by", 1, after.issued - before.issued);
    Ok(look.step(
        "correction",
        "an event with `replaces` takes the place of the wrong one",
        "a correction has a new id, and the same source, unit, family and subject",
    ))
}

async fn retraction(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.figures().await?);
    let event = game.script.document("gone");
    let taken = game.script.retraction(event.text("id"), event.text("subject"), "taken");
    let number = game.number();
    let answer = game.send(&event.numbered(number)).await?;
    look.at("the event", "stored", answer.shown("stored"));
    let number = game.number();
    let answer = game.send(&taken.numbered(number)).await?;
    look.at("its retraction", "stored", answer.shown("stored"));
    look.at("figures are as before:", true, game.figures().await? == before);
    Ok(look.step(
        "retraction",
        "an event that is retracted was never said",
        "`retracted` names in `replaces` the id of what it takes away",
    ))
}

async fn late(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, day) = (Look::default(), super::events::DAY);
    let before = (game.issued(day).await?, game.issued(DAY_OF_LATE).await?);
    let event = game.script.document("late").with("time", format!("{DAY_OF_LATE}T23:59:59+07:00"));
    let number = game.number();
    let answer = game.say(&event.numbered(number)).await?;
    look.at("answer", "stored", answer.shown("stored"));
    look.at("its own day grows by", 1, game.issued(DAY_OF_LATE).await? - before.1);
    look.at("the day after by", 0, game.issued(day).await? - before.0);
    Ok(look.step(
        "late",
        "an event that comes late counts on the day on which it happened",
        "`time` is when it happened, with its offset; not when it is sent",
    ))
}

async fn encodings(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.issued(super::events::DAY).await?);
    let event = game.script.document("encodings");
    let number = game.number();
    let event = event.numbered(number);
    let subject = event.nats_subject(game.script.unit);
    let line = event.0.to_string();
    let refused = |why: tonghop_wire::Refused| anyhow::anyhow!("{why}");
    let in_json = to_binary_json(line.as_bytes()).map_err(refused)?;
    let in_protobuf = to_protobuf(line.as_bytes()).map_err(refused)?;
    let answer = game.say(&event).await?;
    look.at("structured JSON", "stored", answer.shown("stored"));
    for (what, message) in [("binary JSON", in_json), ("binary protobuf", in_protobuf)] {
        let answer = game.send_message(&subject, message).await?;
        look.at(what, "duplicate", answer.shown("duplicate"));
    }
    let after = game.issued(super::events::DAY).await?;
    look.at("documents.issued grows by", 1, after - before);
    Ok(look.step(
        "encodings",
        "one event in three encodings is one event",
        "compare headers and payload with the example of the kind in the contract",
    ))
}

async fn heartbeat(game: &mut Game) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.heard().await?.missing);
    let last = game.fresh();
    // Of several the latest counts, and the run before may have been in this very second.
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let answer = game.send(&game.script.heartbeat(last, &at)).await?;
    look.at("heartbeat", "stored", answer.shown("stored"));
    let heard = game.heard().await?;
    look.at("what it promised and never came:", 1, heard.missing.saturating_sub(before));
    let answer = game.say(&game.script.document("promised").numbered(last)).await?;
    look.at("the event", "stored", answer.shown("stored"));
    let heard = game.heard().await?;
    look.at("nothing more is missing:", true, heard.missing == before);
    Ok(look.step(
        "heartbeat",
        "a heartbeat shows events that are missing at the end",
        "`lastSequence` is the highest number given so far; the heartbeat has none itself",
    ))
}

async fn refused(game: &mut Game, spoilt: &Spoilt) -> anyhow::Result<Step> {
    let (mut look, before) = (Look::default(), game.figures().await?);
    let (name, value) = &spoilt.change;
    let mut event = game.script.document(spoilt.name).with(name, value());
    if spoilt.name == "unit-mismatch" {
        event = event.with("source", "/Z99/conformance");
    }
    let answer = game.send(&event).await?;
    look.at("answer", spoilt.answer, answer.shown(""));
    if let Some(status) = answer.status {
        look.at("HTTP", spoilt.status, status);
    }
    let code = spoilt.answer.strip_prefix("refused ").unwrap_or_default();
    in_the_list(game, &mut look, &answer, code).await?;
    look.at("figures are unchanged:", true, game.figures().await? == before);
    Ok(look.step(spoilt.name, spoilt.what, spoilt.mend))
}

async fn unreadable(game: &mut Game) -> anyhow::Result<Step> {
    let mut look = Look::default();
    let subject = game.script.document("x").nats_subject(game.script.unit);
    let answer = game.send_bytes(&subject, br#"{"specversion":"1.0","id":"#).await?;
    look.at("answer", "refused envelope.unreadable", answer.shown(""));
    in_the_list(game, &mut look, &answer, "envelope.unreadable").await?;
    Ok(look.step(
        "unreadable",
        "what is no event is refused, and told",
        "the answer must name the code: look whether a proxy between rewrites it",
    ))
}

async fn batch(game: &mut Game) -> anyhow::Result<Step> {
    let what = "a batch is answered item by item";
    if game.is_over_nats() {
        return Ok(skipped("batch", what));
    }
    let mut look = Look::default();
    let number = game.number();
    let good = game.script.document("batch").numbered(number);
    let bad = game.script.document("batch-bad").with("data.colour", "red");
    let body = format!("[{},{},{}]", good.0, good.0, bad.0);
    let kind = content_type("application/cloudevents-batch+json");
    let reply = game.server.post(&kind, body.as_bytes()).await?;
    look.at("HTTP", 207, reply.status);
    let items = reply.body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let answers: Vec<Answer> =
        items.iter().map(|item| Answer::of_item(item, reply.status)).collect();
    let words: Vec<String> = answers.iter().map(|answer| answer.shown("")).collect();
    look.at("items", "stored, duplicate, refused data.unknown_field", words.join(", "));
    if answers.first().is_some_and(|answer| !answer.is_refused()) {
        game.standing.push((good.text("id").to_owned(), good.text("subject").to_owned()));
    }
    for answer in answers {
        game.heard_of(answer);
    }
    let reply = game.server.post(&kind, br#"{"no":"list"}"#).await?;
    look.at("what is no list: HTTP", 400, reply.status);
    Ok(look.step("batch", what, "read `items` in the order of the batch; 207 says: look at each"))
}

async fn token(game: &mut Game) -> anyhow::Result<Step> {
    let what = "a token that is unknown is not let in";
    if game.is_over_nats() {
        return Ok(skipped("token", what));
    }
    let mut look = Look::default();
    let event = game.script.document("token").0.to_string();
    let kind = content_type("application/cloudevents+json");
    let reply = game.server.post_as("th_unknown", &kind, event.as_bytes()).await?;
    look.at("HTTP", 401, reply.status);
    Ok(look.step("token", what, "anybody can publish for this unit: tell the office at once"))
}

fn skipped(name: &'static str, what: &'static str) -> Step {
    let came = "it is of HTTP alone".to_owned();
    Step { name, what, verdict: Verdict::Skip, expected: String::new(), came, mend: "" }
}

/// Takes back all that stands, and looks whether the figures are what they were.
pub(super) async fn taken_back(game: &mut Game, missing: u64) -> anyhow::Result<Step> {
    let mut look = Look::default();
    let standing = std::mem::take(&mut game.standing);
    let mut taken = 0;
    for (place, (id, subject)) in standing.iter().enumerate() {
        let number = game.number();
        let event = game.script.retraction(id, subject, &format!("back-{place}"));
        let answer = game.send(&event.numbered(number)).await?;
        taken += usize::from(!answer.is_refused());
    }
    look.at("retractions stored:", standing.len(), taken);
    let (start, end) = (game.start, game.figures().await?);
    look.at("documents.issued is", start.issued, end.issued);
    look.at("signed documents are", start.signed, end.signed);
    let left = game.heard().await?.missing;
    look.at("no more is missing than before:", true, left <= missing);
    Ok(look.step(
        "taken-back",
        "all of it is retracted, and the figures are what they were",
        "retract what is left by hand: the ids begin with cf-",
    ))
}
