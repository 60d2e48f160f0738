//! Documents: what is issued, and by whom each is received.
//!
//! Days share a window's total by their weight, units share a day's. A document goes to a handful
//! of receivers, now and then to many, so that over the window the receipts add up exactly. It is
//! received on the day of issue: documents go over the network.

use super::agenda::Agenda;
use super::apportion::{Wheel, apportion, marks};
use super::days::{self, Day};
use super::event::{Document, DocumentKind, DocumentSaid, Event, Said, Source, System};
use super::rng::Rng;
use super::totals::{self, Window};
use super::units::{Level, PROVINCE, Unit};
use super::world::{World, pick};

const DRAWS: u64 = 1;
const NUMBERS: u64 = 2;

/// How far documents go, against one another, in turn.
const REACH: [u64; 24] = [2, 3, 1, 4, 2, 6, 1, 3, 8, 2, 1, 5, 12, 2, 3, 1, 4, 24, 2, 1, 6, 3, 7, 1];
const REACH_ROUND: u64 = 24;

/// Kinds of document in the proportion in which they are issued.
const KINDS: [DocumentKind; 12] = {
    const fn kind(code: &'static str, letters: &'static str) -> DocumentKind {
        DocumentKind { code, letters }
    }
    let cv = kind("CV", "CV");
    let qd = kind("QD", "QĐ");
    [
        cv,
        qd,
        cv,
        kind("BC", "BC"),
        cv,
        kind("TB", "TB"),
        cv,
        qd,
        cv,
        kind("KH", "KH"),
        cv,
        kind("TTr", "TTr"),
    ]
};

/// One window of documents.
#[derive(Debug)]
struct Batch {
    window: Window,
    issued: u64,
    received: u64,
    signed: u64,
    /// Issued by day of the window.
    by_day: Vec<u64>,
    /// Whether some are recalled.
    recalls: bool,
}

impl Batch {
    fn new(window: Window, issued: u64, received: u64, signed: u64, recalls: bool) -> Self {
        let weights: Vec<u64> =
            days::each(window.from, window.to).map(days::office_weight).collect();
        let by_day = apportion(issued, &weights);
        Self { window, issued, received, signed, by_day, recalls }
    }

    /// How many receive the document `index` of the window.
    fn receivers(&self, index: u64) -> u64 {
        let upto = |end: u64| {
            let reached = u128::from(reach_of_first(end)) * u128::from(self.received);
            reached / u128::from(reach_of_first(self.issued).max(1))
        };
        u64::try_from(upto(index + 1) - upto(index)).unwrap_or(0)
    }
}

fn reach_of_first(count: u64) -> u64 {
    let part = usize::try_from(count % REACH_ROUND).unwrap_or(0);
    let rounds = count / REACH_ROUND * REACH.iter().sum::<u64>();
    rounds + REACH.iter().take(part).sum::<u64>()
}

/// The documents of the sample.
#[derive(Debug)]
pub(super) struct Documents<'w> {
    world: &'w World,
    batches: [Batch; 3],
    issuers: Wheel,
    receivers: Wheel,
    /// The last number that each unit gave in 2021.
    numbers: Vec<u64>,
}

impl<'w> Documents<'w> {
    /// None issued yet; each unit already has given numbers since January.
    pub(super) fn new(world: &'w World) -> Self {
        let volumes = &world.volumes;
        let issued_aside = world.scale.of(totals::DOCUMENTS_ISSUED_ASIDE);
        let received_aside = world.scale.of(totals::DOCUMENTS_RECEIVED_ASIDE);
        let aside = |window, recalls| {
            Batch::new(window, issued_aside, received_aside, issued_aside / 2, recalls)
        };
        let of_report =
            Batch::new(totals::DOCUMENTS, volumes.issued, volumes.received, volumes.signed, false);
        let numbers = (0..world.units.len()).map(|unit| {
            let unit = u64::try_from(unit).unwrap_or(0);
            100 + Rng::at(world.seed, [NUMBERS, unit, 0]).below(900)
        });
        Self {
            world,
            batches: [
                aside(totals::DOCUMENTS_BEFORE, false),
                of_report,
                aside(totals::DOCUMENTS_AFTER, true),
            ],
            issuers: Wheel::new(world.units.iter().map(weight_as_issuer)),
            receivers: Wheel::new(world.units.iter().map(weight_as_receiver)),
            numbers: numbers.collect(),
        }
    }

    /// Plans the documents of a day.
    pub(super) fn plan(&mut self, day: Day, agenda: &mut Agenda) {
        let Self { world, batches, issuers, receivers, numbers } = self;
        let of_day = |batch: &&Batch| batch.window.from <= day && day <= batch.window.to;
        let Some(batch) = batches.iter().find(of_day) else { return };
        let days_past = usize::try_from(days::between(batch.window.from, day)).unwrap_or(0);
        let count = batch.by_day.get(days_past).copied().unwrap_or(0);
        let first: u64 = batch.by_day.iter().take(days_past).sum();
        let mut rng = Rng::at(world.seed, [DRAWS, days::number(day), 0]);
        let offset = rng.below(issuers.circumference());
        let mut slots: Vec<(usize, u32)> = issuers
            .deal(count, offset)
            .map(|issuer| (issuer, rng.second(days::OPENS, days::LAST_CALL)))
            .collect();
        slots.sort_unstable();
        for (index, (issuer, second)) in (first..).zip(slots) {
            let Some(number) = numbers.get_mut(issuer) else { continue };
            *number += 1;
            let slot = Slot { day, second, issuer, number: *number, index };
            issue(world, batch, receivers, slot, agenda);
        }
    }
}

/// When a document is issued, by whom, and which one it is.
#[derive(Clone, Copy)]
struct Slot {
    day: Day,
    second: u32,
    issuer: usize,
    number: u64,
    index: u64,
}

fn issue(world: &World, batch: &Batch, wheel: &Wheel, slot: Slot, agenda: &mut Agenda) {
    let Slot { day, second, issuer, number, index } = slot;
    let mut rng = Rng::at(world.seed, [DRAWS, days::number(day), index + 1]);
    let organisation = marks(index, batch.signed, batch.issued) == 1;
    let kind = pick(&KINDS, rng.next());
    let legislates = matches!(world.unit(issuer).level, Level::Province | Level::District);
    let document = Document {
        issuer,
        day,
        number,
        kind,
        normative: legislates && kind.code == "QD" && rng.chance(30),
        electronic: organisation || rng.chance(850),
    };
    let personal = document.electronic && rng.chance(800);
    let at_issuer = Source { unit: issuer, system: System::Ioffice };
    let issued = Said::Document(document, DocumentSaid::Issued { personal, organisation });
    agenda.put(day, Event::numbered(second, at_issuer, issued));
    for unit in receivers(wheel, issuer, batch.receivers(index), &mut rng) {
        let at_receiver = Source { unit, system: System::Ioffice };
        let received = second + rng.second(60, 3600);
        let said = Said::Document(document, DocumentSaid::Received);
        agenda.put(day, Event::numbered(received, at_receiver, said));
    }
    if batch.recalls && index % 40 == 1 {
        let recalled = days::workday_from(days::plus(day, 1));
        let said = Said::Document(document, DocumentSaid::Recalled);
        agenda.put(recalled, Event::numbered(9 * 3600, at_issuer, said));
    }
}

/// So many different units, none of them the issuer.
fn receivers(wheel: &Wheel, issuer: usize, count: u64, rng: &mut Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for mut unit in wheel.deal(count, rng.below(wheel.circumference())) {
        while unit == issuer || chosen.contains(&unit) {
            unit = (unit + 1) % wheel.len();
        }
        chosen.push(unit);
    }
    chosen
}

/// How much a unit issues; the province's own documents are those of its committee.
fn weight_as_issuer(unit: &Unit) -> u64 {
    match unit.level {
        Level::Province => 400,
        Level::Department => 300,
        Level::District => 250,
        Level::Commune => 25,
        Level::Affiliate => 15,
        Level::School | Level::Outside => 0,
    }
}

fn weight_as_receiver(unit: &Unit) -> u64 {
    match unit.level {
        Level::Province => 60,
        Level::Department => 150,
        Level::District => 200,
        Level::Commune => 40,
        Level::Affiliate => 15,
        Level::School | Level::Outside => 0,
    }
}

const _: () = assert!(PROVINCE == 0 && REACH.len() == 24 && REACH_ROUND == 24);
