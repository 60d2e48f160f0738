//! The sample: the events of Nghệ An whose fold gives the figures of the seed report.
//!
//! `tonghop sample nghean-2021-q3` writes them as newline-delimited JSON, one structured
//! `CloudEvent` a line, from 1 December 2020 to 14 September 2021 in order of effective day, within
//! a day in order of time. Each source numbers its events from 1 without gaps.
//!
//! **What is real and what is invented.** The report states totals, not events: every single event
//! here is made up so that the totals come out. A source whose path has no `minh-hoa` ("for
//! illustration") adds up to figures that the report states for that very unit: the units, the
//! dossiers and procedures of Sở Thông tin và Truyền thông (H41.16), the meetings, the post office.
//! In a source with `minh-hoa` (`/H41.05/minh-hoa/igate`) the unit's share is invented as well,
//! even where the total of the province is the report's (documents, procedures by post).
//! Units and procedures whose names are invented carry "(minh họa)" in them. All codes of units
//! below the province other than H41.16, and all procedure codes (`1.900000` on), are invented.
//!
//! **What it never does:** keep the events in memory. It holds the registry (units, procedures),
//! the plan of one day, and the steps still to come of dossiers that are open: a few megabytes at
//! scale 1, whatever is written.
//!
//! **Invariant SAM-1:** at every scale the events hold exactly the figures of [`expected`].
//! **Invariant SAM-2:** the same scale and seed give the same bytes; the seed changes no figure.
//! **Invariant SAM-3:** a source's sequence has no gap, its ids do not repeat, and an event that
//! corrects another comes after it.

mod agenda;
mod apportion;
mod data;
mod days;
mod documents;
mod dossiers;
mod event;
mod expected;
mod life;
mod line;
mod meetings;
mod own_dossiers;
mod post;
mod procedures;
mod rng;
mod stated;
mod text;
mod totals;
mod units;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use agenda::Agenda;
use days::{FIRST, LAST};
use documents::Documents;
use dossiers::Dossiers;
use line::Pen;
use post::Post;
use world::World;

pub use expected::{Expected, Value, expected};

/// The only sample there is.
pub const NAME: &str = "nghean-2021-q3";

/// What to write: with the same options the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much of the volume.
    pub scale: Scale,
    /// Where the invented parts start from.
    pub seed: u64,
}

/// The share of the true volume, in parts per million: more than 0, at most 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(u64);

/// A text that is no scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleError(String);

impl fmt::Display for ScaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no scale: a decimal above 0, at most 1, with at most 6 decimals", self.0)
    }
}

impl std::error::Error for ScaleError {}

impl Scale {
    /// The true volume.
    pub const WHOLE: Self = Self(1_000_000);

    /// Reads a decimal such as `0.01`, `.5` or `1`.
    pub fn parse(text: &str) -> Result<Self, ScaleError> {
        let refuse = || ScaleError(text.to_owned());
        let (units, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let empty = units.is_empty() && decimals.is_empty();
        if empty || !digits(units) || !digits(decimals) || decimals.len() > 6 {
            return Err(refuse());
        }
        let whole: u64 = format!("0{units}").parse().map_err(|_| refuse())?;
        let millionths: u64 = format!("{decimals:0<6}").parse().map_err(|_| refuse())?;
        match whole {
            0 if millionths > 0 => Ok(Self(millionths)),
            1 if millionths == 0 => Ok(Self::WHOLE),
            _ => Err(refuse()),
        }
    }

    /// Parts per million.
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// A total at this scale: rounded half up, never less than 1.
    pub const fn of(self, total: u64) -> u64 {
        let scaled = (total * self.0 + 500_000) / 1_000_000;
        if scaled == 0 { 1 } else { scaled }
    }
}

impl std::str::FromStr for Scale {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events by kind: `document.received`.
    pub events: BTreeMap<&'static str, u64>,
    /// Bytes, line ends included.
    pub bytes: u64,
}

impl Summary {
    /// All events together: the number of lines.
    pub fn total(&self) -> u64 {
        self.events.values().sum()
    }
}

/// Writes the sample, a line an event, and flushes.
pub fn write(options: &Options, out: &mut impl Write) -> io::Result<Summary> {
    let world = World::new(options);
    let mut agenda = Agenda::new();
    units::plan(&world, &mut agenda);
    procedures::plan(&world, &mut agenda);
    meetings::plan(&world, &mut agenda);
    own_dossiers::plan(&world, &mut agenda);
    stated::plan(&world, &mut agenda);
    let mut documents = Documents::new(&world);
    let post = Post::new(&world);
    let dossiers = Dossiers::new(&world);
    let mut pen = Pen::new(&world, out);
    for day in days::each(FIRST, LAST) {
        documents.plan(day, &mut agenda);
        post.plan(day, &mut agenda);
        dossiers.plan(day, &mut agenda);
        pen.turn_to(day);
        for event in agenda.take(day) {
            pen.event(&event)?;
        }
    }
    pen.finish()
}

#[cfg(test)]
mod tests;
