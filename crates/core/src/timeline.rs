//! A timeline: the set of accepted events of one (unit, family, subject), in canonical order.
//!
//! The order is that of the instants, then of the kinds, then of the identities: it does not
//! depend on the order of arrival. `contributions` is pure and total.
//!
//! **Invariant DUP-1:** an event that the timeline already holds changes nothing.
//! **Invariant ORD-1:** timelines of the same events are equal, whatever order they came in.

use std::collections::BTreeMap;

use crate::anomaly::Anomaly;
use crate::contribution::{Contribution, Contributions};
use crate::day::Day;
use crate::event::{Body, Statement};
use crate::family::{
    account, certificate, deployment, document, dossier, feedback, figure, inspection, meeting,
    narrative, norm, portal, post, procedure, site, staff, task, unit,
};
use crate::fingerprint::Identity;
use crate::pack::{Packer, Unpacker};

/// An accepted event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position in the log.
    pub position: u64,
    /// The recorded day: the local day on which the log stored it.
    pub recorded: Day,
    /// What it says.
    pub statement: Statement,
}

/// What was known: what the log held up to a position and, if a day is given, recorded by its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knowledge {
    /// The last position of the log.
    pub position: u64,
    /// The last recorded day; none: all days.
    pub day: Option<Day>,
}

impl Knowledge {
    /// Whether an event was known.
    pub fn has(self, entry: &Entry) -> bool {
        entry.position <= self.position && self.day.is_none_or(|day| entry.recorded <= day)
    }
}

/// The set of accepted events of one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    entries: Vec<Entry>,
}

impl Timeline {
    /// The events, in canonical order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an event; false if the timeline holds it already.
    pub fn insert(&mut self, entry: Entry) -> bool {
        if self.entries.iter().any(|held| held.statement.identity == entry.statement.identity) {
            return false;
        }
        let place = self.entries.partition_point(|held| order(held) <= order(&entry));
        // Most timelines never have a second event.
        self.entries.reserve_exact(1);
        self.entries.insert(place, entry);
        true
    }

    /// The part of the timeline that was recorded by the end of the day.
    #[must_use]
    pub fn as_known(&self, day: Day) -> Self {
        let entries = self.entries.iter().filter(|entry| entry.recorded <= day).cloned().collect();
        Self { entries }
    }

    /// The part of the timeline that was known.
    #[must_use]
    pub fn known(&self, knowledge: Knowledge) -> Self {
        let entries = self.entries.iter().filter(|entry| knowledge.has(entry)).cloned().collect();
        Self { entries }
    }

    /// The position of its first event in the log; not in the canonical order.
    pub fn first_position(&self) -> Option<u64> {
        self.entries.iter().map(|entry| entry.position).min()
    }

    /// Its cells: what it contributed, and on which recorded day that was booked (BIT-1).
    pub fn booked(&self) -> Vec<(Day, Contribution)> {
        let mut days: Vec<Day> = self.entries.iter().map(|entry| entry.recorded).collect();
        days.sort_unstable();
        days.dedup();
        let mut booked = Vec::new();
        let mut before: Vec<Contribution> = Vec::new();
        for recorded in days {
            let now = self.as_known(recorded).contributions();
            let taken =
                before.into_iter().map(|held| Contribution { amount: -held.amount, ..held });
            let changed = Contributions(now.iter().cloned().chain(taken).collect()).summed();
            booked.extend(changed.into_iter().map(|contribution| (recorded, contribution)));
            before = now;
        }
        booked
    }

    /// The statements that count, after replacements and retractions, in canonical order; what is
    /// odd about the replacements goes to `out`.
    pub fn in_force(&self, out: &mut Contributions) -> Vec<&Statement> {
        if self.entries.iter().all(|entry| entry.statement.replaces.is_none()) {
            return self.entries.iter().map(|entry| &entry.statement).collect();
        }
        let places = Places::of(&self.entries);
        self.entries
            .iter()
            .map(|entry| &entry.statement)
            .filter(|statement| places.counts(statement, out))
            .collect()
    }

    /// What has become of each event, in canonical order.
    pub fn standings(&self) -> Vec<(&Entry, Standing)> {
        let places = Places::of(&self.entries);
        let standing = |entry: &Entry| {
            let statement = &entry.statement;
            let is_lost = statement.replaces.is_some() && !places.holds(statement);
            match places.taken.get(&statement.identity).map(|winner| &winner.body) {
                _ if is_lost => Standing::Contested,
                _ if statement.body == Body::Retracted => Standing::Retraction,
                Some(Body::Retracted) => Standing::Retracted,
                Some(_) => Standing::Replaced,
                None => Standing::InForce,
            }
        };
        self.entries.iter().map(|entry| (entry, standing(entry))).collect()
    }

    /// What the timeline contributes to the cells, summed per key, in canonical order.
    pub fn contributions(&self) -> Vec<Contribution> {
        let mut out = Contributions::default();
        self.contribute(&mut out);
        out.summed()
    }

    /// Lets the events go that come before the last so many. Timelines of the same events that are
    /// cut after each are equal, whatever order they came in (ORD-1).
    pub fn keep_last(&mut self, count: usize) {
        self.entries.drain(..self.entries.len().saturating_sub(count));
    }

    /// Adds the contributions to `out`, neither summed nor sorted.
    pub fn contribute(&self, out: &mut Contributions) {
        let statements = self.in_force(out);
        macro_rules! each {
            ($family:ident :: $body:ident) => {{
                let mut events: Vec<(Day, &$family::Event)> = Vec::with_capacity(statements.len());
                for statement in &statements {
                    if let Body::$body(event) = &statement.body {
                        events.push((statement.day, event));
                    }
                }
                $family::contribute(&events, out);
            }};
        }
        // A timeline has events of one family; the first of its events says which.
        match statements.first().map(|statement| &statement.body) {
            // What sources say of themselves is in no figure.
            None | Some(Body::Retracted | Body::Source(_)) => {}
            Some(Body::Unit(_)) => each!(unit::Unit),
            Some(Body::Procedure(_)) => each!(procedure::Procedure),
            Some(Body::Dossier(_)) => each!(dossier::Dossier),
            Some(Body::Document(_)) => each!(document::Document),
            Some(Body::Meeting(_)) => each!(meeting::Meeting),
            Some(Body::Site(_)) => each!(site::Site),
            Some(Body::Post(_)) => each!(post::Post),
            Some(Body::Feedback(_)) => each!(feedback::Feedback),
            Some(Body::Portal(_)) => each!(portal::Portal),
            Some(Body::Task(_)) => each!(task::Task),
            Some(Body::Inspection(_)) => each!(inspection::Inspection),
            Some(Body::Norm(_)) => each!(norm::Norm),
            Some(Body::Certificate(_)) => each!(certificate::Certificate),
            Some(Body::Account(_)) => each!(account::Account),
            Some(Body::Deployment(_)) => each!(deployment::Deployment),
            Some(Body::Staff(_)) => each!(staff::Staff),
            Some(Body::Figure(_)) => each!(figure::Figure),
            Some(Body::Narrative(_)) => each!(narrative::Narrative),
        }
    }

    /// Writes the timeline as bytes, in canonical order.
    pub fn pack(&self, out: &mut Vec<u8>) {
        let mut packer = Packer(out);
        packer.int(u64::try_from(self.entries.len()).unwrap_or(u64::MAX));
        for entry in &self.entries {
            packer.int(entry.position);
            packer.int(u64::from(entry.recorded.number()));
            entry.statement.pack(&mut packer);
        }
    }

    /// Reads what `pack` wrote; none if the bytes are damaged.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker(bytes);
        let count = usize::try_from(from.int()?).ok()?;
        let mut entries = Vec::with_capacity(count.min(bytes.len()));
        for _ in 0..count {
            entries.push(Entry {
                position: from.int()?,
                recorded: Day::from_number(u16::try_from(from.int()?).ok()?),
                statement: Statement::unpack(&mut from)?,
            });
        }
        from.is_empty().then_some(Self { entries })
    }
}

/// What has become of an event of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    InForce,
    /// Another takes its place.
    Replaced,
    /// It was taken away.
    Retracted,
    /// It takes another away.
    Retraction,
    /// It wanted a place that another has, or that there is none of.
    Contested,
}

/// Who takes whose place among the events of one timeline.
struct Places<'a> {
    held: BTreeMap<Identity, &'a Statement>,
    /// Who takes the place of each event that is replaced: a retraction before all others, then
    /// the higher sequence, then the later time.
    taken: BTreeMap<Identity, &'a Statement>,
}

impl<'a> Places<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let rank = |s: &Statement| (s.body == Body::Retracted, s.sequence, s.at, s.identity);
        let mut places = Self { held: BTreeMap::new(), taken: BTreeMap::new() };
        for statement in entries.iter().map(|entry| &entry.statement) {
            places.held.insert(statement.identity, statement);
            if let Some(target) = statement.replaces {
                let winner = places.taken.entry(target).or_insert(statement);
                if rank(winner) < rank(statement) {
                    *winner = statement;
                }
            }
        }
        places
    }

    fn counts(&self, statement: &Statement, out: &mut Contributions) -> bool {
        if let Some(target) = statement.replaces {
            if !self.held.contains_key(&target) {
                out.note(Anomaly::ReplacesMissing, statement.day);
            }
            if !self.holds(statement) {
                out.note(Anomaly::ReplacesContested, statement.day);
                return false;
            }
        }
        statement.body != Body::Retracted && !self.taken.contains_key(&statement.identity)
    }

    /// Whether the statement holds the place of its target, that one the place of its own, and so
    /// on to one that replaces nothing that is here: who corrects a loser has lost too, and events
    /// in each other's places hold none.
    fn holds(&self, statement: &Statement) -> bool {
        let mut current = statement;
        for _ in 0..self.held.len() {
            let Some(target) = current.replaces else { return true };
            if self.taken.get(&target).is_none_or(|winner| winner.identity != current.identity) {
                return false;
            }
            match self.held.get(&target) {
                Some(replaced) => current = replaced,
                None => return true,
            }
        }
        current.replaces.is_none()
    }
}

fn order(entry: &Entry) -> (crate::day::Instant, u8, Identity) {
    (entry.statement.at, entry.statement.body.rank(), entry.statement.identity)
}
