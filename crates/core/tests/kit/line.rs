//! Events in short lines.
//!
//! ```text
//! H41.16 dossier D1 2021-06-01 accepted ONLINE xuat-ban 1.005129 due=2021-06-10
//! H41.16 dossier D1 2021-06-01T14:30 settled APPROVED id=s1 replaces=s0 seq=7 rec=2021-06-02
//! ```
//! unit, family, subject, when (08:00 unless said), kind, then what the kind has; anywhere after
//! that `id=` (`e1` for the first line), `source=`, `seq=`, `replaces=` and `rec=`, the recorded
//! day (2030-01-01 unless said).

use std::collections::{BTreeMap, VecDeque};

use tonghop_core::day::{Day, Instant};
use tonghop_core::event::Body;
use tonghop_core::family::{
    document, dossier, figure, meeting, narrative, post, procedure, site, source, unit,
};
use tonghop_core::fold::Message;
use tonghop_core::measure::Code;
use tonghop_core::words::{
    Channel, Family, HomeLevel, Interlinked, Level, Outcome, Qualifier, Scope, ServiceLevel,
};

use super::administration;
use super::saying::Saying;

/// Units that stand at the start of every table.
pub(crate) const PRELUDE: &str = "
    H41 unit H41 2000-01-01 registered PROVINCE name=Nghe-An id=u1 rec=2000-01-02
    H41 unit H41.16 2000-01-01 registered DEPARTMENT parent=H41 name=So-TTTT id=u2 rec=2000-01-02
    H41 unit H41.17 2000-01-01 registered DEPARTMENT parent=H41 name=So-TC id=u3 rec=2000-01-02
";

/// The messages of these lines, positions from `first` on.
pub(crate) fn messages(lines: &str, first: u64) -> Vec<Message> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    (first..)
        .zip(lines.enumerate())
        .map(|(position, (n, line))| message(line, n + 1, position))
        .collect()
}

/// The saying of one line.
pub(crate) fn saying(line: &str) -> Saying {
    Words::of(line).saying(1)
}

fn message(line: &str, number: usize, position: u64) -> Message {
    let words = Words::of(line);
    let recorded = words.named.get("rec").map_or("2030-01-01", |text| text);
    let recorded = parse_instant(recorded, "12:00");
    Message { position, recorded, said: Ok(words.saying(number).event()) }
}

fn parse_instant(text: &str, time: &str) -> Instant {
    let (day, time) = text.split_once('T').unwrap_or((text, time));
    Instant::parse(&format!("{day}T{time}:00+07:00")).unwrap_or_else(|| panic!("when is {text}?"))
}

pub(crate) struct Words<'a> {
    plain: VecDeque<&'a str>,
    named: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        let mut words = Self { plain: VecDeque::new(), named: BTreeMap::new() };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => {
                    words.named.insert(name, value);
                }
                None => words.plain.push_back(word),
            }
        }
        words
    }

    fn saying(mut self, number: usize) -> Saying {
        let unit = super::unit(self.next());
        let family = word(self.next(), Family::parse);
        let subject = self.next().to_owned();
        let at = parse_instant(self.next(), "08:00");
        let kind = self.next();
        let body = self.body(family, kind, &subject);
        assert!(self.plain.is_empty(), "words that mean nothing: {:?}", self.plain);
        Saying {
            unit,
            family,
            subject,
            at,
            source: self.text("source").unwrap_or("/test").to_owned(),
            id: self.text("id").map_or_else(|| format!("e{number}"), str::to_owned),
            sequence: self.text("seq").map(|n| n.parse().expect("a number")),
            replaces: self.text("replaces").map(str::to_owned),
            body,
        }
    }

    pub(crate) fn next(&mut self) -> &'a str {
        self.plain.pop_front().expect("one more word")
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.plain.len();
        self.plain.retain(|word| *word != name);
        self.plain.len() < before
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.named.get(name).copied()
    }

    pub(crate) fn due(&self) -> Option<Day> {
        self.text("due").map(super::day)
    }

    pub(crate) fn number(&self, name: &str) -> u32 {
        self.text(name).map_or(0, |n| n.parse().expect("a number"))
    }

    fn body(&mut self, family: Family, kind: &str, subject: &str) -> Body {
        if kind == "retracted" {
            return Body::Retracted;
        }
        match family {
            Family::Unit => Body::Unit(Box::new(self.unit(kind, subject))),
            Family::Procedure => Body::Procedure(Box::new(self.procedure(kind))),
            Family::Dossier => Body::Dossier(self.dossier(kind)),
            Family::Document => Body::Document(self.document(kind)),
            Family::Meeting => Body::Meeting(self.meeting(kind)),
            Family::Site => Body::Site(self.site(kind)),
            Family::Post => Body::Post(self.post(kind)),
            Family::Feedback
            | Family::Portal
            | Family::Task
            | Family::Inspection
            | Family::Norm
            | Family::Certificate
            | Family::Account
            | Family::Deployment
            | Family::Staff => administration::of_line(self, family, kind, subject)
                .unwrap_or_else(|| panic!("{}.{kind}?", family.word())),
            Family::Figure => Body::Figure(Box::new(self.figure(kind, subject))),
            Family::Narrative => Body::Narrative(Box::new(self.narrative(kind, subject))),
            Family::Source => {
                assert_eq!(kind, "heartbeat");
                Body::Source(source::Event::Heartbeat { last_sequence: self.number("last") })
            }
        }
    }

    fn unit(&mut self, kind: &str, subject: &str) -> unit::Event {
        let name = || Box::from(self.text("name").unwrap_or("?"));
        let parent = self.text("parent").map(super::unit);
        let change = match kind {
            "renamed" => unit::Change::Renamed { name: name() },
            "moved" => unit::Change::Moved { parent: parent.expect("a parent") },
            "closed" => unit::Change::Closed { legal_basis: None },
            "merged" => {
                let into = super::unit(self.text("into").expect("a successor"));
                unit::Change::Merged { into, legal_basis: None }
            }
            "split" => {
                let closes = self.flag("closes");
                unit::Change::Split { parts: self.plain.drain(..).map(part).collect(), closes }
            }
            "code_assigned" => {
                unit::Change::CodeAssigned { code: super::unit(self.text("code").expect("a code")) }
            }
            "registered" => {
                let name = name();
                let level = word(self.next(), Level::parse);
                unit::Change::Registered { name, level, parent, legal_basis: None }
            }
            _ => panic!("unit.{kind}?"),
        };
        unit::Event { code: super::unit(subject), change }
    }

    fn procedure(&mut self, kind: &str) -> procedure::Event {
        let attributes = procedure::Attributes {
            name: self.text("name").map(Box::from),
            field: self.text("field").map(Code::from),
            service_level: self.text("level").map(|text| word(text, ServiceLevel::parse)),
            one_stop: self.text("one_stop").map(|text| text == "yes"),
            interlinked: self.text("interlinked").map(|text| word(text, Interlinked::parse)),
            home_level: self.text("home").map(|text| word(text, HomeLevel::parse)),
            by_post: self.text("by_post").map(|text| text == "yes"),
        };
        match kind {
            "published" => procedure::Event::Published(attributes),
            "changed" => procedure::Event::Changed(attributes),
            "withdrawn" => procedure::Event::Withdrawn,
            _ => panic!("procedure.{kind}?"),
        }
    }

    fn dossier(&mut self, kind: &str) -> dossier::Event {
        use dossier::Event;
        match kind {
            "accepted" => {
                let channel = word(self.next(), Channel::parse);
                let (field, procedure) = (Code::from(self.next()), Code::from(self.next()));
                let submitted = self.text("submitted").map(super::day);
                Event::Accepted { procedure, field, channel, submitted, due: self.due() }
            }
            "transferred_in" => {
                let (field, procedure) = (Code::from(self.next()), Code::from(self.next()));
                Event::TransferredIn { procedure, field, due: self.due() }
            }
            "promised" => Event::Promised { due: self.due() },
            "supplement_requested" => Event::SupplementRequested,
            "supplemented" => Event::Supplemented,
            "fee_paid" => Event::FeePaid { online: self.flag("online") },
            "digitised" => Event::Digitised {
                components: self.flag("components"),
                result: self.flag("result"),
            },
            "settled" => Event::Settled { outcome: word(self.next(), Outcome::parse) },
            "returned" => Event::Returned { channel: word(self.next(), Channel::parse) },
            "withdrawn" => Event::Withdrawn,
            "stopped" => Event::Stopped,
            "reopened" => Event::Reopened,
            "transferred_out" => Event::TransferredOut,
            _ => panic!("dossier.{kind}?"),
        }
    }

    fn document(&mut self, kind: &str) -> document::Event {
        match kind {
            "issued" => document::Event::Issued {
                kind: Code::from(self.next()),
                electronic: self.flag("electronic"),
                personal_signature: self.flag("personal"),
                organisation_signature: self.flag("organisation"),
                normative: self.flag("normative"),
            },
            "received" => document::Event::Received { electronic: self.flag("electronic") },
            "recalled" => document::Event::Recalled,
            _ => panic!("document.{kind}?"),
        }
    }

    fn meeting(&mut self, kind: &str) -> meeting::Event {
        assert_eq!(kind, "served");
        let scope = word(self.next(), Scope::parse);
        let online = self.flag("online");
        let (sites, minutes) = (self.number("sites"), self.number("minutes"));
        meeting::Event::Served { scope, online, sites, minutes }
    }

    fn site(&mut self, kind: &str) -> site::Event {
        match kind {
            "opened" => site::Event::Opened { name: self.text("name").unwrap_or("?").into() },
            "closed" => site::Event::Closed,
            _ => panic!("site.{kind}?"),
        }
    }

    fn post(&mut self, kind: &str) -> post::Event {
        let step = match kind {
            "accepted" => post::Step::Accepted,
            "delivered" => post::Step::Delivered,
            _ => panic!("post.{kind}?"),
        };
        post::Event { step, procedure: Code::from(self.next()), outside: self.flag("outside") }
    }

    fn figure(&mut self, kind: &str, subject: &str) -> figure::Event {
        match kind {
            "declared" => figure::Event::Declared(figure::Declaration {
                indicator: Code::from(subject),
                from: self.text("from").map(super::day),
                to: self.text("to").map(super::day),
                as_of: self.text("asOf").map(super::day),
                qualifier: word(self.next(), Qualifier::parse),
                value: self.number("value"),
                of: self.text("of").map(|of| of.parse().expect("a number")),
                note: self.text("note").map(Box::from),
            }),
            "withdrawn" => figure::Event::Withdrawn,
            _ => panic!("figure.{kind}?"),
        }
    }

    fn narrative(&mut self, kind: &str, subject: &str) -> narrative::Event {
        assert_eq!(kind, "submitted");
        narrative::Event::Submitted(narrative::Narrative {
            section: Code::from(subject),
            period: Code::from(self.next()),
            text: Box::from(self.text("text").expect("a text")),
        })
    }
}

/// `H41.17` takes the rest, `H41.17:f1,f2` two fields.
fn part(word: &str) -> unit::Part {
    let (into, fields) = word.split_once(':').unwrap_or((word, ""));
    let fields = fields.split(',').filter(|field| !field.is_empty()).map(Code::from).collect();
    unit::Part { into: super::unit(into), fields }
}

pub(crate) fn word<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> T {
    parse(text).unwrap_or_else(|| panic!("{text} is not in the list"))
}
