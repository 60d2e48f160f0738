//! An event: one statement by one source about one subject of one unit.

use std::sync::Arc;

use crate::day::{Day, Instant};
use crate::family::{
    account, certificate, deployment, document, dossier, feedback, figure, inspection, meeting,
    narrative, norm, portal, post, procedure, site, source, staff, task, unit,
};
use crate::fingerprint::{Content, Identity, TimelineKey};
use crate::pack::{Packer, Unpacker};
use crate::unit_code::UnitCode;
use crate::words::Family;

/// What an event says, by family. The large and rare ones are boxed, so that the others stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Takes the replaced event away; any family.
    Retracted,
    /// About a unit.
    Unit(Box<unit::Event>),
    /// About a procedure.
    Procedure(Box<procedure::Event>),
    /// About a dossier.
    Dossier(dossier::Event),
    /// About a document.
    Document(document::Event),
    /// About a meeting.
    Meeting(meeting::Event),
    /// About a video-conference site.
    Site(site::Event),
    /// About a dossier in the public post.
    Post(post::Event),
    /// About feedback.
    Feedback(feedback::Event),
    /// About an item of the portal.
    Portal(portal::Event),
    /// About a task of a plan.
    Task(task::Event),
    /// About an inspection.
    Inspection(inspection::Event),
    /// About a normative document.
    Norm(norm::Event),
    /// About a certificate of digital signatures.
    Certificate(certificate::Event),
    /// About an account in a system.
    Account(account::Event),
    /// About a system in use.
    Deployment(deployment::Event),
    /// About posts and people.
    Staff(staff::Event),
    /// About a declared figure.
    Figure(Box<figure::Event>),
    /// About a section of a report.
    Narrative(Box<narrative::Event>),
    /// About a source.
    Source(source::Event),
}

impl Body {
    /// Writes the canonical bytes: a byte for the family (0: retracted), one for the kind, the data.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Retracted => out.byte(0),
            Self::Unit(event) => event.pack(tagged(out, Family::Unit)),
            Self::Procedure(event) => event.pack(tagged(out, Family::Procedure)),
            Self::Dossier(event) => event.pack(tagged(out, Family::Dossier)),
            Self::Document(event) => event.pack(tagged(out, Family::Document)),
            Self::Meeting(event) => event.pack(tagged(out, Family::Meeting)),
            Self::Site(event) => event.pack(tagged(out, Family::Site)),
            Self::Post(event) => event.pack(tagged(out, Family::Post)),
            Self::Feedback(event) => event.pack(tagged(out, Family::Feedback)),
            Self::Portal(event) => event.pack(tagged(out, Family::Portal)),
            Self::Task(event) => event.pack(tagged(out, Family::Task)),
            Self::Inspection(event) => event.pack(tagged(out, Family::Inspection)),
            Self::Norm(event) => event.pack(tagged(out, Family::Norm)),
            Self::Certificate(event) => event.pack(tagged(out, Family::Certificate)),
            Self::Account(event) => event.pack(tagged(out, Family::Account)),
            Self::Deployment(event) => event.pack(tagged(out, Family::Deployment)),
            Self::Staff(event) => event.pack(tagged(out, Family::Staff)),
            Self::Figure(event) => event.pack(tagged(out, Family::Figure)),
            Self::Narrative(event) => event.pack(tagged(out, Family::Narrative)),
            Self::Source(event) => event.pack(tagged(out, Family::Source)),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let family = from.byte()?;
        if family == 0 {
            return Some(Self::Retracted);
        }
        Some(match Family::from_byte(family)? {
            Family::Unit => Self::Unit(Box::new(unit::Event::unpack(from)?)),
            Family::Procedure => Self::Procedure(Box::new(procedure::Event::unpack(from)?)),
            Family::Dossier => Self::Dossier(dossier::Event::unpack(from)?),
            Family::Document => Self::Document(document::Event::unpack(from)?),
            Family::Meeting => Self::Meeting(meeting::Event::unpack(from)?),
            Family::Site => Self::Site(site::Event::unpack(from)?),
            Family::Post => Self::Post(post::Event::unpack(from)?),
            Family::Feedback => Self::Feedback(feedback::Event::unpack(from)?),
            Family::Portal => Self::Portal(portal::Event::unpack(from)?),
            Family::Task => Self::Task(task::Event::unpack(from)?),
            Family::Inspection => Self::Inspection(inspection::Event::unpack(from)?),
            Family::Norm => Self::Norm(norm::Event::unpack(from)?),
            Family::Certificate => Self::Certificate(certificate::Event::unpack(from)?),
            Family::Account => Self::Account(account::Event::unpack(from)?),
            Family::Deployment => Self::Deployment(deployment::Event::unpack(from)?),
            Family::Staff => Self::Staff(staff::Event::unpack(from)?),
            Family::Figure => Self::Figure(Box::new(figure::Event::unpack(from)?)),
            Family::Narrative => Self::Narrative(Box::new(narrative::Event::unpack(from)?)),
            Family::Source => Self::Source(source::Event::unpack(from)?),
        })
    }

    /// Where the kind stands among events of one instant: what opens comes before what closes.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Retracted => 255,
            Self::Unit(event) => event.rank(),
            Self::Procedure(event) => event.rank(),
            Self::Dossier(event) => event.rank(),
            Self::Document(event) => event.rank(),
            Self::Meeting(event) => event.rank(),
            Self::Site(event) => event.rank(),
            Self::Post(event) => event.rank(),
            Self::Feedback(event) => event.rank(),
            Self::Portal(event) => event.rank(),
            Self::Task(event) => event.rank(),
            Self::Inspection(event) => event.rank(),
            Self::Norm(event) => event.rank(),
            Self::Certificate(event) => event.rank(),
            Self::Account(event) => event.rank(),
            Self::Deployment(event) => event.rank(),
            Self::Staff(event) => event.rank(),
            Self::Figure(event) => event.rank(),
            Self::Narrative(event) => event.rank(),
            Self::Source(event) => event.rank(),
        }
    }
}

fn tagged<'p, 'v>(out: &'p mut Packer<'v>, family: Family) -> &'p mut Packer<'v> {
    out.byte(family.byte());
    out
}

/// The part of an event that its timeline keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who the event is.
    pub identity: Identity,
    /// The event of the same source whose place this one takes.
    pub replaces: Option<Identity>,
    /// The source's own number of the event.
    pub sequence: Option<u64>,
    /// When it happened.
    pub at: Instant,
    /// The effective day: the local day of `at`.
    pub day: Day,
    /// What happened.
    pub body: Body,
}

impl Statement {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        out.raw(&self.identity.0.to_be_bytes());
        out.signed(self.at.unix_ms());
        out.int(self.sequence.map_or(0, |number| number.saturating_add(1)));
        out.flag(self.replaces.is_some());
        if let Some(replaces) = self.replaces {
            out.raw(&replaces.0.to_be_bytes());
        }
        self.body.pack(out);
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let identity = Identity(u128::from_be_bytes(from.array()?));
        let at = Instant::from_unix_ms(from.signed()?);
        let sequence = from.int()?.checked_sub(1);
        let replaces =
            if from.flag()? { Some(Identity(u128::from_be_bytes(from.array()?))) } else { None };
        let body = Body::unpack(from)?;
        Some(Self { identity, replaces, sequence, at, day: at.day()?, body })
    }
}

/// An event as decoded and found well formed; whether it is accepted depends on what came before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The unit that speaks.
    pub unit: UnitCode,
    /// The system that speaks.
    pub source: Arc<str>,
    /// The family.
    pub family: Family,
    /// The timeline it belongs to.
    pub timeline: TimelineKey,
    /// All that it says, in 64 bits.
    pub content: Content,
    /// What its timeline keeps of it.
    pub statement: Statement,
}

/// What a decoder has read, before fingerprints are taken.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// The source system.
    pub source: Arc<str>,
    /// The event's id, unique for its source.
    pub id: &'a str,
    /// The unit that speaks.
    pub unit: UnitCode,
    /// The family.
    pub family: Family,
    /// The business key.
    pub subject: &'a str,
    /// When it happened.
    pub at: Instant,
    /// The local day of `at`.
    pub day: Day,
    /// The source's own number of the event.
    pub sequence: Option<u64>,
    /// The id of the event whose place this one takes.
    pub replaces: Option<&'a str>,
    /// What happened.
    pub body: Body,
    /// The kind, as the contract writes it: `accepted`.
    pub kind: &'a str,
    /// All that the payload says, in one canonical encoding; only its fingerprint is kept.
    pub data: &'a [u8],
}

impl Reading<'_> {
    /// Takes the fingerprints. `scratch` is a buffer whose content does not matter.
    pub fn into_event(self, scratch: &mut Vec<u8>) -> Event {
        let identity = Identity::of(&self.source, self.id, scratch);
        let replaces = self.replaces.map(|id| Identity::of(&self.source, id, scratch));
        let timeline = TimelineKey::of(self.unit, self.family, self.subject, scratch);
        let statement = Statement {
            identity,
            replaces,
            sequence: self.sequence,
            at: self.at,
            day: self.day,
            body: self.body,
        };
        scratch.clear();
        let mut packer = Packer(scratch);
        packer.raw(&timeline.0.to_be_bytes());
        packer.text(self.kind);
        packer.signed(statement.at.unix_ms());
        packer.int(statement.sequence.map_or(0, |number| number.saturating_add(1)));
        packer.optional_text(self.replaces);
        packer.raw(self.data);
        let content = Content::of(scratch);
        Event {
            unit: self.unit,
            source: self.source,
            family: self.family,
            timeline,
            content,
            statement,
        }
    }
}
