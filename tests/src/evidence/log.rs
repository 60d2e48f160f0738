//! Logs: one that tells a small story, and any number that are made of random bytes.

use sha2::{Digest, Sha256};
use tonghop_ledger::closing::hex;

/// A message as the log stored it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The NATS subject.
    pub subject: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// When it was stored, by a clock that may go back.
    pub recorded_ms: i64,
}

/// A log.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Its messages.
    pub messages: Vec<Stored>,
    clock_ms: i64,
}

/// One random message: unit, kind, subject, day, id, number, replaces, clock.
pub type Fact = [u8; 8];

const DAY_MS: i64 = 86_400_000;
/// 1 June 2021 in the middle of the day.
const FIRST_MS: i64 = 1_622_520_000_000;
const UNITS: [&str; 5] = ["H41.1", "H41.1.1", "H41.1.2", "H41.2", "H41.9"];

/// What a test says.
#[derive(Debug, Clone, Default)]
pub struct Saying<'a> {
    /// The unit that speaks.
    pub unit: &'a str,
    /// `dossier.accepted`.
    pub kind: &'a str,
    /// The business key.
    pub subject: &'a str,
    /// Days after 1 June 2021.
    pub day: u16,
    /// The id.
    pub id: String,
    /// The number, 0 for none.
    pub sequence: u64,
    /// The id of what it replaces.
    pub replaces: Option<String>,
    /// The data.
    pub data: String,
}

pub(super) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()).into())
}

fn day(after: u16) -> String {
    let (month, day) = match after {
        0..30 => (6, after + 1),
        30..61 => (7, after - 29),
        61..92 => (8, after - 60),
        _ => (9, (after - 91).min(30)),
    };
    format!("2021-{month:02}-{day:02}")
}

impl Log {
    /// A log of which nothing is stored yet.
    pub fn new() -> Self {
        Self { messages: Vec::new(), clock_ms: FIRST_MS + 120 * DAY_MS }
    }

    /// The units of a small province; one of them moves inside the third quarter.
    #[must_use]
    pub fn with_units(mut self) -> Self {
        let units = [
            ("H41", "Tỉnh Nghệ An", "PROVINCE", ""),
            ("H41.1", "Huyện Anh Sơn", "DISTRICT", "H41"),
            ("H41.1.1", "Xã Cẩm Sơn", "COMMUNE", "H41.1"),
            ("H41.1.2", "Xã Đỉnh Sơn", "COMMUNE", "H41.1"),
            ("H41.2", "Huyện Con Cuông", "DISTRICT", "H41"),
        ];
        for (number, (code, name, level, parent)) in (1..).zip(units) {
            let parent =
                if parent.is_empty() { String::new() } else { format!(",\"parent\":\"{parent}\"") };
            self.say(&Saying {
                unit: "H41",
                kind: "unit.registered",
                subject: code,
                id: format!("u{number}"),
                sequence: number,
                data: format!("\"name\":\"{name}\",\"level\":\"{level}\"{parent}"),
                ..Saying::default()
            });
        }
        self
    }

    /// The log of the story.
    pub fn story() -> Self {
        let mut log = Self::new().with_units();
        for (place, unit) in UNITS.iter().take(4).enumerate() {
            for n in 0..6_u16 {
                let subject = format!("HS-{n}");
                let (accepted, settled) = (10 + 7 * n, 17 + 9 * n);
                let said = |kind, day, id, sequence, data: String| Saying {
                    unit,
                    kind,
                    subject: &subject,
                    day,
                    id,
                    sequence,
                    data,
                    ..Saying::default()
                };
                let due = day(accepted + 10);
                let data = format!(
                    "\"procedure\":\"1.005129\",\"field\":\"dat-dai\",\"channel\":\"ONLINE\",\"dueOn\":\"{due}\""
                );
                let sequence = u64::from(n) * 2 + 1;
                log.say(&said("dossier.accepted", accepted, format!("a{n}"), sequence, data));
                if usize::from(n) != place {
                    let data = "\"outcome\":\"APPROVED\"".to_owned();
                    log.say(&said("dossier.settled", settled, format!("s{n}"), sequence + 1, data));
                }
                let data = "\"kind\":\"KH\",\"electronic\":true,\"personalSignature\":true,\"organisationSignature\":true,\"normative\":false";
                log.say(&said("document.issued", settled, format!("d{n}"), 0, data.to_owned()));
            }
            log.say(&Saying {
                unit,
                kind: "source.heartbeat",
                subject: &format!("/{unit}/a"),
                day: 100,
                id: "h".to_owned(),
                data: "\"lastSequence\":13".to_owned(),
                ..Saying::default()
            });
        }
        log
    }

    /// A log of random messages: repeated, reused, corrected, of unknown units, and unreadable.
    pub fn random(facts: &[Fact]) -> Self {
        let mut log = Self::new().with_units();
        for (number, fact) in facts.iter().enumerate() {
            log.random_message(number, *fact);
        }
        log
    }

    fn random_message(&mut self, number: usize, fact: Fact) {
        let [unit, kind, subject, day_of, id, sequence, replaces, clock] = fact;
        let pick = |byte: u8, of: usize| usize::from(byte) % of;
        match clock % 16 {
            0 => self.clock_ms += DAY_MS,
            1 => self.clock_ms -= 2 * DAY_MS,
            2 => {
                let again = self.messages.get(pick(id, self.messages.len())).cloned();
                return self.messages.extend(again);
            }
            3 => {
                let subject = ["tonghop.v1.H41-1", "elsewhere", "tonghop.v1.H41-1.odd"];
                let subject = subject.get(pick(id, 3)).copied().unwrap_or_default();
                return self.store(subject, b"{}".to_vec());
            }
            _ => {}
        }
        let unit = UNITS.get(pick(unit, 5)).copied().unwrap_or_default();
        let procedure = ["1.1", "1.2"].get(pick(subject, 2)).copied().unwrap_or_default();
        let (kind, data) = match kind % 16 {
            0..4 => (
                "dossier.accepted",
                format!("\"procedure\":\"{procedure}\",\"field\":\"dat-dai\",\"channel\":\"ONLINE\""),
            ),
            4..7 => ("dossier.settled", "\"outcome\":\"APPROVED\"".to_owned()),
            7..9 => (
                "document.issued",
                "\"kind\":\"KH\",\"electronic\":true,\"personalSignature\":true,\"organisationSignature\":true,\"normative\":false".to_owned(),
            ),
            9 => ("post.accepted", format!("\"procedure\":\"{procedure}\",\"outside\":false")),
            10 => (
                "figure.declared",
                format!("\"from\":\"2021-06-15\",\"to\":\"2021-09-14\",\"value\":{subject},\"qualifier\":\"EXACT\""),
            ),
            11 => ("source.heartbeat", format!("\"lastSequence\":{}", sequence % 16)),
            12 => ("dossier.retracted", String::new()),
            13 => ("unit.moved", "\"parent\":\"H41.2\"".to_owned()),
            14 => ("document.retracted", String::new()),
            _ => ("dossier.accepted", "\"broken\":".to_owned()),
        };
        let source = if subject % 7 == 0 { "b" } else { "a" };
        let subject = match kind {
            "unit.moved" => {
                ["H41.1.1", "H41.1.2"].get(pick(subject, 2)).copied().unwrap_or_default().to_owned()
            }
            "source.heartbeat" => format!("/{unit}/{source}"),
            "figure.declared" => "documents.conclusion_notices".to_owned(),
            _ => format!("S{}", subject % 4),
        };
        let unit = if kind == "unit.moved" { "H41" } else { unit };
        let said = Saying {
            unit,
            kind,
            subject: &subject,
            day: u16::from(day_of % 110),
            id: if id % 4 == 0 { format!("c{}", id % 5) } else { format!("n{number}") },
            sequence: u64::from(sequence % 16),
            replaces: (replaces % 3 == 0 || kind.ends_with("retracted"))
                .then(|| format!("n{}", usize::from(replaces) % (number + 1))),
            data,
        };
        self.say_of(source, &said);
    }

    /// Stores an event of the source `a` of its unit.
    pub fn say(&mut self, said: &Saying<'_>) {
        self.say_of("a", said);
    }

    fn say_of(&mut self, source: &str, said: &Saying<'_>) {
        let Saying { unit, kind, subject, day: after, id, sequence, replaces, data } = said;
        let sequence =
            if *sequence > 0 { format!(",\"sequence\":\"{sequence}\"") } else { String::new() };
        let replaces =
            replaces.as_ref().map(|id| format!(",\"replaces\":\"{id}\"")).unwrap_or_default();
        let day = day(*after);
        let payload = format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/{unit}/{source}\",\
             \"type\":\"vn.tonghop.{kind}.v1\",\"subject\":\"{subject}\",\
             \"time\":\"{day}T08:30:00+07:00\",\"unit\":\"{unit}\"{sequence}{replaces},\
             \"data\":{{{data}}}}}"
        );
        let token = unit.replace('.', "-");
        self.store(&format!("tonghop.v1.{token}.{kind}"), payload.into_bytes());
    }

    /// The same log, stored so many days earlier.
    #[must_use]
    pub fn earlier(mut self, days: i64) -> Self {
        for message in &mut self.messages {
            message.recorded_ms -= days * DAY_MS;
        }
        self
    }

    /// Stores a message.
    pub fn store(&mut self, subject: &str, payload: Vec<u8>) {
        self.clock_ms += 1_000;
        let recorded_ms = self.clock_ms;
        self.messages.push(Stored { subject: subject.to_owned(), payload, recorded_ms });
    }
}
