//! Logs from random bytes, on a domain so narrow that collisions are common.
//!
//! A *messy* log has everything a log can have: redelivery, ids used again, replacements of what is
//! there, missing or elsewhere, unknown and closed units, moves of units, the log's clock going
//! back, messages that no decoder could read. A *clean* log has only events that are acceptable in
//! whatever order they come; they too replace, contest and retract one another.

use tonghop_core::day::{Day, Instant};
use tonghop_core::event::{Body, Event};
use tonghop_core::family::{
    document, dossier, figure, meeting, narrative, post, procedure, site, source, unit,
};
use tonghop_core::fold::Message;
use tonghop_core::measure::Code;
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::words::{
    Channel, Family, HomeLevel, Interlinked, Level, Outcome, Qualifier, Scope, ServiceLevel,
};

use super::administration;
use super::saying::Saying;

/// The bytes of one random fact: unit, family, subject, day, hour, id, source, kind, p, q,
/// replaces, target, sequence, clock.
pub(crate) type Fact = [u8; 14];

/// The first day of every random log: dossiers live in the ten days from here.
pub(crate) const FIRST_DAY: &str = "2021-06-01";
/// The registered units of every random log.
pub(crate) const UNITS: &[(&str, Option<&str>)] =
    &[("H41", None), ("H41.1", Some("H41")), ("H41.2", Some("H41")), ("H41.1.1", Some("H41.1"))];
/// How many messages register them.
pub(crate) const REGISTRATIONS: usize = UNITS.len();

const SPEAKERS: [&str; 16] = [
    "H41.1", "H41.1", "H41.1", "H41.1", "H41.1", "H41.1", "H41.1", "H41.2", "H41.2", "H41.2",
    "H41.2", "H41.1.1", "H41.1.1", "H41.1", "H41", "H41.99",
];
const FAMILIES: [Family; 32] = [
    Family::Source,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Dossier,
    Family::Document,
    Family::Document,
    Family::Document,
    Family::Procedure,
    Family::Procedure,
    Family::Figure,
    Family::Narrative,
    Family::Meeting,
    Family::Site,
    Family::Post,
    Family::Unit,
    Family::Unit,
    Family::Feedback,
    Family::Portal,
    Family::Task,
    Family::Task,
    Family::Inspection,
    Family::Norm,
    Family::Certificate,
    Family::Certificate,
    Family::Account,
    Family::Deployment,
    Family::Staff,
];

/// So many days after the first.
pub(crate) fn day(after: u8) -> Day {
    Day::from_number(super::day(FIRST_DAY).number() + u16::from(after))
}

/// The registrations of the units, recorded long before.
pub(crate) fn registrations() -> Vec<Event> {
    UNITS
        .iter()
        .map(|(code, parent)| {
            let change = unit::Change::Registered {
                name: Box::from(*code),
                level: Level::Department,
                parent: parent.map(super::unit),
                legal_basis: None,
            };
            Saying {
                unit: super::unit("H41"),
                family: Family::Unit,
                subject: (*code).to_owned(),
                at: super::instant(super::day("2000-01-01"), 0),
                source: "/office".to_owned(),
                id: format!("unit-{code}"),
                sequence: None,
                replaces: None,
                body: Body::Unit(Box::new(unit::Event { code: super::unit(code), change })),
            }
            .event()
        })
        .collect()
}

/// A clean log, without the registrations: every id is new, every target is of the same timeline
/// or nowhere, every unit is registered and stays open.
pub(crate) fn clean(facts: &[Fact]) -> Vec<Saying> {
    let mut all: Vec<Saying> = facts
        .iter()
        .enumerate()
        .map(|(n, fact)| {
            let mut saying = plain(fact, format!("n{n}"));
            if saying.unit.as_str() == "H41.99" {
                saying.unit = super::unit("H41.2");
            }
            if saying.family == Family::Unit {
                saying.unit = super::unit("H41");
                saying.body = renamed(fact, &saying.subject);
            }
            saying
        })
        .collect();
    for (n, fact) in facts.iter().enumerate() {
        let peers: Vec<String> = all
            .iter()
            .filter(|peer| same_timeline(peer, &all[n]))
            .map(|peer| peer.id.clone())
            .collect();
        replace(&mut all[n], fact, &peers);
    }
    all
}

/// A messy log with the registrations before it.
pub(crate) fn messy(facts: &[Fact]) -> Vec<Message> {
    let mut events: Vec<Event> = registrations();
    let mut sayings: Vec<Saying> = Vec::new();
    let mut recorded_ms: Vec<i64> = vec![0; REGISTRATIONS];
    let mut clock = super::instant(day(6), 3_600_000).unix_ms();
    let mut unreadable = Vec::new();
    for (n, fact) in facts.iter().enumerate() {
        clock += clock_step(fact[13]);
        recorded_ms.push(clock);
        if fact[13] % 37 == 7 {
            unreadable.push(REGISTRATIONS + n);
        }
        if fact[5] % 8 == 1 && n > 0 {
            let again = sayings[usize::from(fact[11]) % n].clone();
            events.push(again.event());
            sayings.push(again);
            continue;
        }
        let reused = fact[5] % 8 == 2;
        let id = if reused { format!("c{}", fact[5] / 8 % 4) } else { format!("n{n}") };
        let mut saying = plain(fact, id);
        let anywhere = fact[11] % 8 == 7;
        let peers: Vec<String> = sayings
            .iter()
            .filter(|peer| anywhere || same_timeline(peer, &saying))
            .map(|peer| peer.id.clone())
            .collect();
        replace(&mut saying, fact, &peers);
        events.push(saying.event());
        sayings.push(saying);
    }
    (1_u64..)
        .zip(events.into_iter().zip(recorded_ms))
        .map(|(position, (event, ms))| {
            let place = usize::try_from(position).unwrap() - 1;
            let recorded = Instant::from_unix_ms(ms.max(1_000_000_000_000));
            let said = if unreadable.contains(&place) {
                Err(Refusal::new(RefusalCode::DataUnreadable).with("byte", place))
            } else {
                Ok(event)
            };
            Message { position, recorded, said }
        })
        .collect()
}

/// The messages of these events, all recorded at one instant after all of them.
pub(crate) fn recorded_at_once(events: impl IntoIterator<Item = Event>) -> Vec<Message> {
    let recorded = super::instant(day(30), 0);
    (1..)
        .zip(events)
        .map(|(position, event)| Message { position, recorded, said: Ok(event) })
        .collect()
}

/// Mostly within the day, at times to another one, at times back.
fn clock_step(byte: u8) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    match byte % 8 {
        0 => 24 * HOUR_MS,
        1 => -30 * HOUR_MS,
        2 => 50 * HOUR_MS,
        _ => HOUR_MS / 60,
    }
}

fn same_timeline(a: &Saying, b: &Saying) -> bool {
    a.unit == b.unit && a.family == b.family && a.subject == b.subject
}

fn replace(saying: &mut Saying, fact: &Fact, peers: &[String]) {
    if !fact[10].is_multiple_of(3) {
        return;
    }
    saying.replaces = Some(match peers.get(usize::from(fact[11]) % (peers.len() + 1)) {
        Some(peer) => peer.clone(),
        None => "missing".to_owned(),
    });
    if fact[10].is_multiple_of(2) {
        saying.body = Body::Retracted;
    }
}

fn plain(fact: &Fact, id: String) -> Saying {
    let family = FAMILIES[usize::from(fact[1] % 32)];
    let subject = match family {
        Family::Unit => UNITS[1 + usize::from(fact[2] % 3)].0,
        Family::Procedure
        | Family::Dossier
        | Family::Document
        | Family::Meeting
        | Family::Site
        | Family::Post
        | Family::Feedback
        | Family::Portal
        | Family::Task
        | Family::Inspection
        | Family::Norm
        | Family::Certificate
        | Family::Account
        | Family::Deployment
        | Family::Staff
        | Family::Figure
        | Family::Narrative
        | Family::Source => ["S1", "S1", "S1", "S2"][usize::from(fact[2] % 4)],
    };
    let source = if fact[6].is_multiple_of(4) { "/b" } else { "/a" };
    let subject = if family == Family::Source { source } else { subject };
    let speaker = SPEAKERS[usize::from(fact[0] % 16)];
    let speaker = if family == Family::Unit && fact[0] % 16 != 15 { "H41" } else { speaker };
    Saying {
        unit: super::unit(speaker),
        family,
        subject: subject.to_owned(),
        at: super::instant(day(fact[3] % 10), i64::from(fact[4] % 3) * 3_600_000),
        source: source.to_owned(),
        id,
        sequence: (fact[12].is_multiple_of(2)).then(|| u64::from(fact[12] / 2 % 4) + 1),
        replaces: None,
        body: body(family, fact, subject),
    }
}

fn renamed(fact: &Fact, subject: &str) -> Body {
    let name = format!("N{}", fact[8] % 3).into();
    Body::Unit(Box::new(unit::Event {
        code: super::unit(subject),
        change: unit::Change::Renamed { name },
    }))
}

fn body(family: Family, fact: &Fact, subject: &str) -> Body {
    let (kind, p, q) = (fact[7], fact[8], fact[9]);
    match family {
        Family::Unit => unit_body(fact, subject),
        Family::Procedure => Body::Procedure(Box::new(procedure(kind, p, q))),
        Family::Dossier => Body::Dossier(dossier(kind, p, q)),
        Family::Document => Body::Document(document(kind, p, q)),
        Family::Meeting => Body::Meeting(meeting::Event::Served {
            scope: Scope::ALL[usize::from(p) % Scope::ALL.len()],
            online: q.is_multiple_of(2),
            sites: u32::from(q % 5),
            minutes: u32::from(p % 7) * 30,
        }),
        Family::Site => Body::Site(match kind % 2 {
            0 => site::Event::Opened { name: format!("N{}", p % 2).into() },
            _ => site::Event::Closed,
        }),
        Family::Post => Body::Post(post::Event {
            step: if kind.is_multiple_of(2) { post::Step::Accepted } else { post::Step::Delivered },
            procedure: Code::from(if p.is_multiple_of(2) { "1.001" } else { "1.002" }),
            outside: q.is_multiple_of(2),
        }),
        Family::Feedback
        | Family::Portal
        | Family::Task
        | Family::Inspection
        | Family::Norm
        | Family::Certificate
        | Family::Account
        | Family::Deployment
        | Family::Staff => administration::random(family, [kind, p, q], subject, day)
            .expect("a family of the administration"),
        Family::Figure => Body::Figure(Box::new(figure_event(kind, p, q, subject))),
        Family::Narrative => {
            Body::Narrative(Box::new(narrative::Event::Submitted(narrative::Narrative {
                section: Code::from(subject),
                period: Code::from(["2021-Q2", "2021-Q3"][usize::from(p % 2)]),
                text: format!("T|{}", q % 3).into(),
            })))
        }
        Family::Source => {
            Body::Source(source::Event::Heartbeat { last_sequence: u32::from(p % 9) })
        }
    }
}

fn figure_event(kind: u8, p: u8, q: u8, subject: &str) -> figure::Event {
    if kind.is_multiple_of(4) {
        return figure::Event::Withdrawn;
    }
    figure::Event::Declared(figure::Declaration {
        indicator: Code::from(subject),
        from: p.is_multiple_of(2).then(|| day(p % 5)),
        to: p.is_multiple_of(3).then(|| day(5 + p % 5)),
        as_of: q.is_multiple_of(4).then(|| day(q % 7)),
        value: u32::from(q % 3),
        of: q.is_multiple_of(5).then_some(7),
        qualifier: Qualifier::ALL[usize::from(p) % 5],
        note: q.is_multiple_of(7).then(|| Box::from("mục | A")),
    })
}

fn unit_body(fact: &Fact, subject: &str) -> Body {
    let parent = super::unit(UNITS[usize::from(fact[8]) % UNITS.len()].0);
    let into = super::unit(UNITS[usize::from(fact[9]) % UNITS.len()].0);
    let change = match fact[7] % 8 {
        0 => return renamed(fact, subject),
        1 => unit::Change::Closed { legal_basis: None },
        2 => unit::Change::CodeAssigned { code: super::unit("H41.9") },
        3 => unit::Change::Registered {
            name: "again".into(),
            level: Level::District,
            parent: Some(parent),
            legal_basis: Some("QD 1".into()),
        },
        6 => unit::Change::Merged { into, legal_basis: None },
        7 => unit::Change::Split { parts: parts(fact), closes: fact[4].is_multiple_of(2) },
        _ => unit::Change::Moved { parent },
    };
    Body::Unit(Box::new(unit::Event { code: super::unit(subject), change }))
}

/// One or two parts, with a field, with none, or both with the same.
pub(crate) fn parts(fact: &Fact) -> Box<[unit::Part]> {
    let part = |into: u8, fields: u8| unit::Part {
        into: super::unit(UNITS[usize::from(into) % UNITS.len()].0),
        fields: ["f1", "f2"].into_iter().take(usize::from(fields % 3)).map(Code::from).collect(),
    };
    let parts = [part(fact[9], fact[8]), part(fact[9] / 4, fact[8] / 3)];
    parts.into_iter().take(1 + usize::from(fact[12] % 2)).collect()
}

fn procedure(kind: u8, p: u8, q: u8) -> procedure::Event {
    let attributes = procedure::Attributes {
        name: (p.is_multiple_of(2)).then(|| Box::from("name")),
        field: (p.is_multiple_of(3)).then(|| Code::from("f1")),
        service_level: (!p.is_multiple_of(4)).then(|| ServiceLevel::ALL[usize::from(q) % 6]),
        one_stop: (!p.is_multiple_of(5)).then_some(q.is_multiple_of(2)),
        interlinked: (!p.is_multiple_of(7)).then(|| Interlinked::ALL[usize::from(q) % 3]),
        home_level: (p % 3 != 1).then(|| HomeLevel::ALL[usize::from(q) % 3]),
        by_post: (p % 2 == 1).then_some(q.is_multiple_of(3)),
    };
    match kind % 5 {
        0 | 1 => procedure::Event::Published(attributes),
        2 | 3 => procedure::Event::Changed(attributes),
        _ => procedure::Event::Withdrawn,
    }
}

/// A dossier's event; half of them bring it in, promise or settle.
pub(crate) fn dossier(kind: u8, p: u8, q: u8) -> dossier::Event {
    use dossier::Event;
    let due = (!q.is_multiple_of(5)).then(|| day(q % 13));
    let field = Code::from(if p.is_multiple_of(2) { "f1" } else { "f2" });
    let procedure = Code::from(if p.is_multiple_of(3) { "1.001" } else { "1.002" });
    let channel = Channel::ALL[usize::from(p) % 3];
    match kind % 20 {
        0..=2 => Event::Accepted { procedure, field, channel, submitted: None, due },
        3 => Event::TransferredIn { procedure, field, due },
        4 | 5 => Event::Promised { due },
        6 => Event::SupplementRequested,
        7 => Event::Supplemented,
        8 => Event::FeePaid { online: q.is_multiple_of(2) },
        9 => Event::Digitised { components: p.is_multiple_of(2), result: q.is_multiple_of(2) },
        10 | 11 => Event::TransferredOut,
        12..=14 => Event::Settled {
            outcome: if q.is_multiple_of(3) { Outcome::Refused } else { Outcome::Approved },
        },
        15 => Event::Withdrawn,
        16 => Event::Stopped,
        17 => Event::Returned { channel },
        _ => Event::Reopened,
    }
}

fn document(kind: u8, p: u8, q: u8) -> document::Event {
    match kind % 5 {
        0 | 1 => document::Event::Issued {
            kind: Code::from(["QD", "KH", "XX"][usize::from(p % 3)]),
            electronic: q.is_multiple_of(2),
            personal_signature: q.is_multiple_of(3),
            organisation_signature: !q.is_multiple_of(5),
            normative: q.is_multiple_of(7),
        },
        2 => document::Event::Received { electronic: q.is_multiple_of(2) },
        _ => document::Event::Recalled,
    }
}
