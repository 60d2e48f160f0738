//! What the office of H41.16 and the units of the province state beside the volumes: tasks, an
//! inspection, normative documents, posts and people, items of the portal, the roll-out of iOffice,
//! accounts and certificates; and the report itself, its declared figures and its texts.
//!
//! The figures of these are the report's, like those of the meetings; each single event is made up.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::agenda::Agenda;
use super::days::{self, Day, day, plus};
use super::event::{Event, Said, Source, System};
use super::text::Text;
use super::totals::{
    CERTIFIED_DEPARTMENTS, INSPECTION, NORMS, PORTAL, PORTAL_ASIDE, PORTAL_POSTED, STAFF,
    TASKS_DONE, TASKS_PLANNED,
};
use super::units::{Level, OWN};
use super::world::{World, pick};

/// The day on which the report was written.
const WRITTEN: Day = day(2021, 9, 6);
/// The period that it is of.
const PERIOD: &str = "2021-Q3";

/// One statement whose payload is written already.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// Family and kind.
    pub(super) kind: &'static str,
    /// The business key.
    pub(super) subject: String,
    /// What stands between the braces of `data`.
    pub(super) data: String,
    source: Source,
    day: Day,
}

/// A section of the report.
#[derive(Debug, Deserialize)]
struct Section {
    number: String,
    paragraphs: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Sections {
    section: Vec<Section>,
}

/// All statements of the report and its office, in no particular order.
pub(super) fn all(units: &BTreeMap<&str, usize>) -> Vec<Statement> {
    let mut told = Vec::new();
    tasks(&mut told);
    norms(&mut told);
    portal(&mut told);
    feedback(&mut told);
    staff(units, &mut told);
    told.push(own(System::Reform, INSPECTION, "inspection.held", "KT-2021-01", |data| {
        data.raw(r#""days":1,"units":1,"findings":0,"fixed":0"#);
    }));
    for (unit, text) in [
        ("H41", include_str!("report/declared-H41.csv")),
        ("H41.16", include_str!("report/declared-H41.16.csv")),
        ("H41.16.1", include_str!("report/declared-H41.16.1.csv")),
    ] {
        declared(place(units, unit), text, &mut told);
    }
    narratives(&mut told);
    told
}

/// Plans the statements, the roll-out, the accounts and the certificates.
pub(super) fn plan(world: &World, agenda: &mut Agenda) {
    for (place, second) in (0..world.statements.len()).zip(10 * 3600..) {
        let Some(statement) = world.statements.get(place) else { continue };
        agenda.put(statement.day, Event::numbered(second, statement.source, Said::Stated(place)));
    }
    let mut second = 14 * 3600;
    for (place, unit) in world.units.iter().enumerate() {
        let deployed = match unit.level {
            Level::Department
            | Level::District
            | Level::Commune
            | Level::School
            | Level::Affiliate => true,
            Level::Province | Level::Outside => false,
        };
        if deployed {
            let source = Source { unit: place, system: System::Rollout };
            agenda.put(days::FIRST, Event::numbered(second, source, Said::Deployed));
            second += 1;
        }
    }
    certificates(world, agenda);
    accounts(world, agenda);
}

/// Accounts in iOffice, dealt to the units that use it over the first days.
fn accounts(world: &World, agenda: &mut Agenda) {
    let users: Vec<usize> = (0..)
        .zip(&world.units)
        .filter(|(_, unit)| {
            matches!(unit.level, Level::Department | Level::District | Level::Commune)
        })
        .map(|(place, _)| place)
        .collect();
    for number in 0..world.volumes.accounts {
        let source = Source { unit: pick(&users, number), system: System::Accounts };
        let second = 15 * 3600 + u32::try_from(number % 7200).unwrap_or(0);
        let on = plus(days::FIRST, 1 + number % 20);
        agenda.put(on, Event::numbered(second, source, Said::AccountOpened(number)));
    }
}

/// Certificates of 20 departments and of all districts, and invented ones of persons.
fn certificates(world: &World, agenda: &mut Agenda) {
    let mut number = 0;
    let mut give = |unit: usize, organisation: bool| {
        number += 1;
        let source = Source { unit, system: System::Certificates };
        let second = 13 * 3600 + u32::try_from(number % 3600).unwrap_or(0);
        let said = Said::Certificate { number, organisation };
        agenda.put(plus(days::FIRST, 30), Event::numbered(second, source, said));
    };
    let of_level = |level| {
        (0_usize..).zip(&world.units).filter(move |(_, unit)| unit.level == level).map(|(at, _)| at)
    };
    let departments: Vec<usize> = of_level(Level::Department).take(CERTIFIED_DEPARTMENTS).collect();
    let districts: Vec<usize> = of_level(Level::District).collect();
    for unit in departments.iter().chain(&districts) {
        give(*unit, true);
    }
    for turn in 0..world.volumes.certificates_of_persons {
        give(pick(&departments, turn), false);
    }
}

fn own(
    system: System,
    day: Day,
    kind: &'static str,
    subject: impl Into<String>,
    data: impl FnOnce(&mut Text),
) -> Statement {
    stated(Source { unit: OWN, system }, day, kind, subject, data)
}

fn stated(
    source: Source,
    day: Day,
    kind: &'static str,
    subject: impl Into<String>,
    data: impl FnOnce(&mut Text),
) -> Statement {
    let mut text = Text::default();
    data(&mut text);
    let data = String::from_utf8(text.0).expect("JSON is UTF-8");
    Statement { kind, subject: subject.into(), data, source, day }
}

/// S007: 19 of the 21 tasks of the year's plan.
fn tasks(told: &mut Vec<Statement>) {
    for number in 1..=TASKS_PLANNED {
        let subject = format!("51-KH-{number:02}");
        told.push(own(System::Reform, day(2021, 1, 15), "task.planned", &subject, |data| {
            data.field(r#""plan":"#, "51/KH-STTTT");
            data.flag(r#","adHoc":"#, false);
            data.optional_day(r#","dueOn":"#, Some(day(2021, 12, 31)));
        }));
        if number <= TASKS_DONE {
            let done = plus(day(2021, 2, 1), number * 11);
            told.push(own(System::Reform, done, "task.done", &subject, |_| {}));
        }
    }
}

/// S024, S025: decisions and directives in force; their numbers are invented.
fn norms(told: &mut Vec<Statement>) {
    for (kind, letters, count) in NORMS {
        for number in 1..=count {
            let subject = format!("{number}/2020/{letters}-UBND");
            told.push(own(System::Reform, day(2020, 12, 15), "norm.effective", subject, |data| {
                data.field(r#""kind":"#, kind);
            }));
        }
    }
}

/// S057: items in the report's window; before and after it some, so that a wrong window shows.
fn portal(told: &mut Vec<Statement>) {
    let length = days::between(PORTAL.from, PORTAL.to) + 1;
    let within = (0..PORTAL_POSTED).map(|turn| plus(PORTAL.from, turn * length / PORTAL_POSTED));
    let aside =
        (1..=PORTAL_ASIDE).flat_map(|turn| [days::minus(PORTAL.from, turn), plus(PORTAL.to, turn)]);
    for (number, on) in (1..).zip(within.chain(aside)) {
        told.push(own(System::Portal, on, "portal.posted", format!("tin-{number:03}"), |_| {}));
    }
}

/// S031: none in the report's window. One before it, answered: a 0 is that of an office that looks.
fn feedback(told: &mut Vec<Statement>) {
    told.push(own(System::Portal, day(2021, 3, 2), "feedback.received", "PA-2021-01", |data| {
        data.field(r#""about":"#, "RULE");
    }));
    told.push(own(System::Portal, day(2021, 3, 9), "feedback.resolved", "PA-2021-01", |_| {}));
}

/// S041, S042: posts filled of the quota; S047: one person moved.
fn staff(units: &BTreeMap<&str, usize>, told: &mut Vec<Statement>) {
    for (unit, filled, quota) in STAFF {
        let source = Source { unit: place(units, unit), system: System::Staff };
        told.push(stated(source, day(2021, 1, 4), "staff.posts", "posts", |data| {
            data.raw(r#""quota":"#);
            data.number(quota);
            data.raw(r#","filled":"#);
            data.number(filled);
        }));
    }
    told.push(own(System::Staff, day(2021, 7, 5), "staff.moved", "DC-2021-01", |data| {
        data.field(r#""kind":"#, "ROTATED");
    }));
}

fn declared(unit: usize, csv: &str, told: &mut Vec<Statement>) {
    let source = Source { unit, system: System::Report };
    for row in csv::Reader::from_reader(csv.as_bytes()).into_deserialize() {
        let row: BTreeMap<String, String> = row.expect("a row of the report");
        let get = |name: &str| row.get(name).filter(|value| !value.is_empty());
        let subject = get("indicator").expect("an indicator");
        told.push(stated(source, WRITTEN, "figure.declared", subject, |data| {
            data.field(r#""qualifier":"#, get("qualifier").expect("a qualifier"));
            for name in ["value", "of"] {
                if let Some(number) = get(name) {
                    data.raw(&format!(",\"{name}\":{number}"));
                }
            }
            for name in ["from", "to", "asOf", "note"] {
                if let Some(text) = get(name) {
                    data.field(&format!(",\"{name}\":"), text);
                }
            }
        }));
    }
}

fn narratives(told: &mut Vec<Statement>) {
    let sections: Sections =
        toml::from_str(include_str!("report/narratives.toml")).expect("the texts of the report");
    for section in sections.section {
        told.push(own(System::Report, WRITTEN, "narrative.submitted", section.number, |data| {
            data.field(r#""text":"#, &section.paragraphs.join("\n"));
            data.field(r#","period":"#, PERIOD);
        }));
    }
}

fn place(units: &BTreeMap<&str, usize>, code: &str) -> usize {
    *units.get(code).expect("a unit of the table")
}
