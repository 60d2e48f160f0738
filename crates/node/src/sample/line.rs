//! One event, one line: a `CloudEvent` in structured JSON, with the attributes of the contract.
//!
//! The JSON is written by hand because the volume asks for it. Names and reasons go through
//! [`Text::string`], which escapes; all else here is codes and digits.

use std::io::{self, Write};

use super::Summary;
use super::data;
use super::days::Day;
use super::event::{Code, Document, DocumentSaid, Event, Said, Source, System};
use super::text::Text;
use super::units::OWN;
use super::world::World;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// Writes lines, numbers each source's events, and counts.
#[derive(Debug)]
pub(super) struct Pen<'a, W> {
    world: &'a World,
    out: &'a mut W,
    text: Text,
    /// The last number of each source, by unit and system.
    sequences: Vec<u64>,
    day: Day,
    summary: Summary,
}

impl<'a, W: Write> Pen<'a, W> {
    /// Nothing written yet.
    pub(super) fn new(world: &'a World, out: &'a mut W) -> Self {
        Self {
            world,
            out,
            text: Text(Vec::with_capacity(BUFFER + 4096)),
            sequences: vec![0; world.units.len() * System::COUNT],
            day: super::days::FIRST,
            summary: Summary::default(),
        }
    }

    /// The effective day of the events that follow.
    pub(super) fn turn_to(&mut self, day: Day) {
        self.day = day;
    }

    /// One line.
    pub(super) fn event(&mut self, event: &Event) -> io::Result<()> {
        let place = event.source.unit * System::COUNT + event.source.system.place();
        let sequence = self.sequences.get_mut(place).expect("a source in the table");
        *sequence += 1;
        let line = Line { world: self.world, day: self.day, event, sequence: *sequence };
        line.write(&mut self.text);
        *self.summary.events.entry(event.said.kind(self.world)).or_default() += 1;
        if self.text.0.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes what is left and says what was written.
    pub(super) fn finish(mut self) -> io::Result<Summary> {
        self.flush()?;
        self.out.flush()?;
        Ok(self.summary)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text.0)?;
        self.summary.bytes += u64::try_from(self.text.0.len()).unwrap_or(0);
        self.text.0.clear();
        Ok(())
    }
}

/// An event with what is known only when it is written.
struct Line<'a> {
    world: &'a World,
    day: Day,
    event: &'a Event,
    sequence: u64,
}

impl Line<'_> {
    fn write(&self, out: &mut Text) {
        let Event { second, source, ref said, step, replaces } = *self.event;
        out.raw(r#"{"specversion":"1.0","id":""#);
        self.id(step, out);
        out.raw(r#"","source":""#);
        self.source(source, out);
        out.raw(r#"","type":"vn.tonghop."#);
        out.raw(said.kind(self.world));
        out.raw(r#".v1","subject":""#);
        self.subject(said, out);
        out.raw(r#"","time":""#);
        out.instant(self.day, second);
        out.raw(r#"","unit":""#);
        out.raw(&self.world.unit(source.unit).code);
        out.raw(r#"","sequence":""#);
        out.number(self.sequence);
        if replaces.is_some() {
            out.raw(r#"","replaces":""#);
            self.id(replaces, out);
        }
        out.raw(r#"","data":{"#);
        data::write(self.world, said, out);
        out.raw("}}\n");
    }

    /// A step of a dossier has the dossier's code in its id, any other event its number.
    fn id(&self, step: Option<u8>, out: &mut Text) {
        out.raw(self.event.source.system.prefix());
        if let (Some(step), Said::Dossier(code, _)) = (step, self.event.said) {
            self.code(code, out);
            out.raw("-");
            out.number(u64::from(step));
        } else {
            out.number(self.sequence);
        }
    }

    fn source(&self, source: Source, out: &mut Text) {
        let stated_by_the_report = match source.system {
            System::Units
            | System::Meetings
            | System::Post
            | System::Reform
            | System::Staff
            | System::Portal
            | System::Rollout
            | System::Report => true,
            System::Procedures | System::Igate => source.unit == OWN,
            System::Ioffice | System::Accounts | System::Certificates => false,
        };
        out.raw("/");
        out.raw(&self.world.unit(source.unit).code);
        out.raw(if stated_by_the_report { "/" } else { "/minh-hoa/" });
        out.raw(source.system.path());
    }

    fn subject(&self, said: &Said, out: &mut Text) {
        match *said {
            Said::UnitRegistered(place) => out.raw(&self.world.unit(place).code),
            Said::Procedure(place, _) => out.raw(&self.world.procedure(place).code),
            Said::Dossier(code, _) | Said::Post(code, _) => self.code(code, out),
            Said::Document(document, DocumentSaid::Received) => {
                out.raw(&self.world.unit(document.issuer).code);
                out.raw(",");
                out.day(document.day);
                out.raw(",");
                self.document(document, out);
            }
            Said::Document(document, DocumentSaid::Issued { .. } | DocumentSaid::Recalled) => {
                self.document(document, out);
            }
            Said::MeetingServed(number, _) => {
                out.raw("HTT-2021-");
                out.padded(u64::from(number), 3);
            }
            Said::SiteOpened(number) => {
                out.raw("DC-");
                out.padded(u64::from(number), 2);
            }
            Said::Stated(place) => out.raw(&self.world.statement(place).subject),
            Said::Deployed => out.raw(data::IOFFICE),
            Said::AccountOpened(number) => {
                out.raw("tk-");
                out.padded(number, 5);
            }
            Said::Certificate { number, .. } => {
                out.raw("5401");
                out.padded(number, 6);
            }
        }
    }

    fn code(&self, code: Code, out: &mut Text) {
        out.raw(&self.world.unit(code.unit).dossier_prefix);
        out.raw("-");
        out.short_day(code.day);
        out.raw("-");
        out.padded(code.serial, 4);
    }

    fn document(&self, document: Document, out: &mut Text) {
        out.number(document.number);
        out.raw("/");
        if document.normative {
            out.number(super::days::year(document.day));
            out.raw("/");
        }
        out.raw(document.kind.letters);
        out.raw("-");
        out.raw(self.world.unit(document.issuer).symbol);
    }
}
