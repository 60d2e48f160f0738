//! Administrative procedures (thủ tục hành chính): in force from publication to withdrawal, with
//! attributes that change on the way.
//!
//! **Invariant PROC-1:** a procedure in force is at one service level, and in one home level.

use crate::anomaly::Anomaly;
use crate::contribution::Contributions;
use crate::day::Day;
use crate::measure::{Code, Measure};
use crate::pack::{Packer, Unpacker};
use crate::words::{HomeLevel, Interlinked, ServiceLevel};

/// What is known of a procedure, as far as the event says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// What it is called.
    pub name: Option<Box<str>>,
    /// Its field (lĩnh vực).
    pub field: Option<Code>,
    /// How well it is served online.
    pub service_level: Option<ServiceLevel>,
    /// Whether it goes through the one-stop counter.
    pub one_stop: Option<bool>,
    /// Whether it passes through several bodies.
    pub interlinked: Option<Interlinked>,
    /// Who decides it.
    pub home_level: Option<HomeLevel>,
    /// Whether it is offered through the public post.
    pub by_post: Option<bool>,
}

/// What an event says about a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is in force from this day.
    Published(Attributes),
    /// The attributes that are given are new from this day.
    Changed(Attributes),
    /// It is out of force from this day.
    Withdrawn,
}

impl Event {
    /// Writes canonical bytes.
    pub fn pack(&self, out: &mut Packer<'_>) {
        match self {
            Self::Published(attributes) => {
                out.byte(1);
                attributes.pack(out);
            }
            Self::Changed(attributes) => {
                out.byte(2);
                attributes.pack(out);
            }
            Self::Withdrawn => out.byte(3),
        }
    }

    /// Reads canonical bytes.
    pub fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(match from.byte()? {
            1 => Self::Published(Attributes::unpack(from)?),
            2 => Self::Changed(Attributes::unpack(from)?),
            3 => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Place among events of one instant.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Published(_) => 1,
            Self::Changed(_) => 2,
            Self::Withdrawn => 3,
        }
    }
}

impl Attributes {
    fn pack(&self, out: &mut Packer<'_>) {
        out.optional_text(self.name.as_deref());
        out.optional_text(self.field.as_deref());
        out.byte(self.service_level.map_or(0, ServiceLevel::byte));
        out.byte(self.one_stop.map_or(0, |yes| 1 + u8::from(yes)));
        out.byte(self.interlinked.map_or(0, Interlinked::byte));
        out.byte(self.home_level.map_or(0, HomeLevel::byte));
        out.byte(self.by_post.map_or(0, |yes| 1 + u8::from(yes)));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            name: from.optional_text()?.map(Into::into),
            field: from.optional_text()?.map(Code::from),
            service_level: ServiceLevel::from_byte(from.byte()?),
            one_stop: flag_of(from.byte()?),
            interlinked: Interlinked::from_byte(from.byte()?),
            home_level: HomeLevel::from_byte(from.byte()?),
            by_post: flag_of(from.byte()?),
        })
    }

    fn overlay(&mut self, newer: &Self) {
        let Self { name, field, service_level, one_stop, interlinked, home_level, by_post } = newer;
        take(&mut self.name, name.as_ref());
        take(&mut self.field, field.as_ref());
        take(&mut self.service_level, service_level.as_ref());
        take(&mut self.one_stop, one_stop.as_ref());
        take(&mut self.interlinked, interlinked.as_ref());
        take(&mut self.home_level, home_level.as_ref());
        take(&mut self.by_post, by_post.as_ref());
    }

    fn measures(&self) -> impl Iterator<Item = Measure> {
        let level = self.service_level.map(|level| match level {
            ServiceLevel::Level1 => Measure::ProcedureLevel1,
            ServiceLevel::Level2 => Measure::ProcedureLevel2,
            ServiceLevel::Level3 => Measure::ProcedureLevel3,
            ServiceLevel::Level4 => Measure::ProcedureLevel4,
            ServiceLevel::Partial => Measure::ProcedurePartial,
            ServiceLevel::Full => Measure::ProcedureFull,
        });
        let home = self.home_level.map(|home| match home {
            HomeLevel::Province => Measure::ProcedureHomeProvince,
            HomeLevel::District => Measure::ProcedureHomeDistrict,
            HomeLevel::Commune => Measure::ProcedureHomeCommune,
        });
        let one_stop = (self.one_stop == Some(true)).then_some(Measure::ProcedureOneStop);
        let by_post = (self.by_post == Some(true)).then_some(Measure::ProcedureByPost);
        let interlinked = self
            .interlinked
            .is_some_and(|kind| kind != Interlinked::None)
            .then_some(Measure::ProcedureInterlinked);
        [Some(Measure::ProcedurePublished), level, home, one_stop, by_post, interlinked]
            .into_iter()
            .flatten()
    }
}

fn take<T: Clone>(old: &mut Option<T>, newer: Option<&T>) {
    if newer.is_some() {
        *old = newer.cloned();
    }
}

fn flag_of(byte: u8) -> Option<bool> {
    match byte {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

/// What one procedure contributes.
pub fn contribute(events: &[(Day, &Event)], out: &mut Contributions) {
    let mut in_force: Option<Attributes> = None;
    for (day, event) in events {
        let before = in_force.clone();
        match (event, &mut in_force) {
            (Event::Published(attributes), None) => in_force = Some(attributes.clone()),
            (Event::Published(attributes), Some(current)) => {
                out.note(Anomaly::ProcedurePublishedTwice, *day);
                current.overlay(attributes);
            }
            (Event::Changed(attributes), Some(current)) => current.overlay(attributes),
            (Event::Withdrawn, Some(_)) => in_force = None,
            (Event::Changed(_) | Event::Withdrawn, None) => {
                out.note(Anomaly::ProcedureNotPublished, *day);
            }
        }
        for measure in before.iter().flat_map(Attributes::measures) {
            out.add(measure, *day, -1);
        }
        for measure in in_force.iter().flat_map(Attributes::measures) {
            out.add(measure, *day, 1);
        }
    }
}
