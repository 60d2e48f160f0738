//! One unit over time: what it is called, what it belongs to, and on which days it exists.

use crate::contribution::Contributions;
use crate::day::Day;
use crate::event::{Body, Statement};
use crate::family::unit::{Change, Event, Part};
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;
use crate::words::Level;

/// A value that holds from a day on.
pub type Since<T> = (Day, T);

/// Days without a gap on which a unit exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The day of its registration.
    pub from: Day,
    /// The first day on which it is no more; none while it goes on.
    pub until: Option<Day>,
    /// Who goes on with what it did when it is no more; nobody: it stays under its parent.
    pub heirs: Box<[Part]>,
    /// Splits that it outlived: who goes on with which fields, since when.
    pub shed: Vec<Since<Box<[Part]>>>,
}

impl Life {
    /// Whether it is over on the day.
    pub fn is_over(&self, day: Day) -> bool {
        self.until.is_some_and(|until| until <= day)
    }
}

/// One unit (cơ quan, đơn vị) over time.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    timeline: Timeline,
    names: Vec<Since<Box<str>>>,
    levels: Vec<Since<Level>>,
    parents: Vec<Since<Option<UnitCode>>>,
    aliases: Vec<Since<UnitCode>>,
    /// In order, and never two on one day.
    lives: Vec<Life>,
    /// The units that its events name as successors, whether they came to be that or not.
    named: Vec<UnitCode>,
}

impl Unit {
    /// The unit that a timeline makes.
    pub(super) fn of(timeline: Timeline) -> Self {
        let mut unit = Self::default();
        for statement in timeline.in_force(&mut Contributions::default()) {
            if let Body::Unit(event) = &statement.body {
                unit.take(statement, event);
            }
        }
        Self { timeline, ..unit }
    }

    /// What it was called on the day; the first name before its registration.
    pub fn name(&self, day: Day) -> &str {
        on(&self.names, day).map_or("", |name| name)
    }

    /// Its level on the day.
    pub fn level(&self, day: Day) -> Option<Level> {
        on(&self.levels, day).copied()
    }

    /// Its parent on the day.
    pub fn parent(&self, day: Day) -> Option<UnitCode> {
        on(&self.parents, day).copied().flatten()
    }

    /// Its parents, with the day since when.
    pub(super) fn parents(&self) -> &[Since<Option<UnitCode>>] {
        &self.parents
    }

    /// The day of its first registration.
    pub fn registered(&self) -> Option<Day> {
        self.lives.first().map(|life| life.from)
    }

    /// The first day on which it is no more, if it does not exist again after that.
    pub fn closed(&self) -> Option<Day> {
        self.lives.last().and_then(|life| life.until)
    }

    /// The days on which it exists, in order.
    pub fn lives(&self) -> &[Life] {
        &self.lives
    }

    /// The life that the day is in or, in a gap, comes after; none before the registration.
    pub fn life(&self, day: Day) -> Option<&Life> {
        let begun = self.lives.partition_point(|life| life.from <= day);
        self.lives.get(begun.checked_sub(1)?)
    }

    /// Whether it exists on the day.
    pub fn exists(&self, day: Day) -> bool {
        self.life(day).is_some_and(|life| !life.is_over(day))
    }

    /// The last day up to `day` on which it exists; `day` itself before its registration, when it
    /// stands where that will put it.
    pub fn last_day(&self, day: Day) -> Day {
        let over = self.life(day).and_then(|life| life.until).filter(|until| *until <= day);
        over.and_then(Day::previous).unwrap_or(day)
    }

    /// Other codes by which it is known, with the day since when.
    pub fn aliases(&self) -> &[Since<UnitCode>] {
        &self.aliases
    }

    /// The units that its events name as successors.
    pub(super) fn named(&self) -> &[UnitCode] {
        &self.named
    }

    /// Its events.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn take(&mut self, statement: &Statement, event: &Event) {
        let day = statement.day;
        self.named.extend(event.change.successors());
        match &event.change {
            Change::Registered { name, level, parent, .. } => {
                self.names.push((day, name.clone()));
                self.levels.push((day, *level));
                self.parents.push((day, *parent));
                self.begin(day);
            }
            Change::Renamed { name } => self.names.push((day, name.clone())),
            Change::Moved { parent } => self.parents.push((day, Some(*parent))),
            Change::CodeAssigned { code } => self.aliases.push((day, *code)),
            Change::Closed { .. } => self.end(day, &[]),
            Change::Merged { into, .. } => {
                self.end(day, &[Part { into: *into, fields: Box::default() }]);
            }
            Change::Split { parts, closes: true } => self.end(day, parts),
            Change::Split { parts, closes: false } => {
                if let Some(life) = self.lives.last_mut()
                    && life.until.is_none()
                {
                    life.shed.push((day, parts.clone()));
                }
            }
        }
    }

    /// Begins a life. Whoever is registered again on the day of its end has not ended.
    fn begin(&mut self, day: Day) {
        match self.lives.last_mut() {
            Some(life) if life.until.is_none() => {}
            Some(life) if life.until == Some(day) => {
                life.until = None;
                life.heirs = Box::default();
            }
            _ => self.lives.push(Life {
                from: day,
                until: None,
                heirs: Box::default(),
                shed: Vec::new(),
            }),
        }
    }

    /// Ends the life. Of several ends the first counts, but the heirs may be named by a later one.
    fn end(&mut self, day: Day, heirs: &[Part]) {
        let Some(life) = self.lives.last_mut() else { return };
        life.until = life.until.or(Some(day));
        if life.heirs.is_empty() {
            life.heirs = heirs.into();
        }
    }
}

/// The last value that holds on the day, or the first of all if none holds yet.
fn on<T>(values: &[Since<T>], day: Day) -> Option<&T> {
    let held = values.partition_point(|(since, _)| *since <= day);
    values.get(held.saturating_sub(1)).map(|(_, value)| value)
}
