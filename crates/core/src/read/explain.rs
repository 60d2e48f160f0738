//! What each timeline has in a figure.
//!
//! A reading adds up cells of units; a cell adds up what timelines contribute. So what a figure
//! reads of a unit's cells, it reads of what each of the unit's timelines contributes: here that is
//! a list of *spans* of days, each of one measure. They follow from the trees and the rule, not from
//! any cell, so that a timeline is explained by itself.
//!
//! **Invariant EXP-1:** what all timelines have in a figure adds up to it: a count, a part and a
//! whole, or the codes and units of which there is any.

use std::collections::{BTreeMap, BTreeSet};

use super::chains::Chains;
use super::{Opened, Query, Readings, Scope, Share, Total};
use crate::catalogue::{Counted, Only, Reading, Rule, Term};
use crate::contribution::Contribution;
use crate::day::{Day, Window};
use crate::declared::{Statement, statements};
use crate::event::Body;
use crate::family::figure::Declaration;
use crate::measure::{Code, Facet, FacetKind, Measure};
use crate::registry::Registry;
use crate::timeline::Timeline;
use crate::unit_code::UnitCode;
use crate::words::{Family, Level};

/// What is explained: a rule, or a rule in the cells of one code of a facet.
#[derive(Debug, Clone, Copy)]
pub struct Figure<'a> {
    /// How it is read.
    pub rule: &'a Rule,
    /// The code that it is read for; none: all.
    pub code: Option<(FacetKind, &'a str)>,
}

/// What a figure reads of the cells of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    spans: Vec<Span>,
    /// Whether it counts units, and this one is an office that speaks of them.
    counts_units: bool,
}

impl Reach {
    /// Whether nothing that the unit did is in the figure.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && !self.counts_units
    }
}

/// Cells of one measure that are read, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    measure: Measure,
    cells: Cells,
    from: Day,
    to: Day,
    weight: Share,
    group: Option<Grouped>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cells {
    All,
    Of(FacetKind, Code),
    /// Of any code of the facet.
    Each(FacetKind),
    /// What is declared of an indicator, of days of the window.
    Said(UnitCode, String, Window),
}

/// Amounts that are not added to the figure: it counts of how many there is any.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Grouped {
    /// By the code of the cell.
    ByCode,
    /// By the unit; of several terms that count units, the one with this number.
    By(u8, UnitCode),
}

/// A cell of a timeline that is in a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Of what it counts; none: the unit that the timeline is about is counted itself.
    pub measure: Option<Measure>,
    /// Under which facet it is read.
    pub facet: Facet,
    /// The effective day.
    pub day: Day,
    /// The recorded day.
    pub recorded: Day,
    /// How much the timeline contributed.
    pub amount: i64,
    /// How often that is in the figure: in its part and in its whole, if it is a ratio.
    pub weight: Share,
    /// Of how many of these the figure counts whether there is any: the number of the term, and a
    /// code; none: the amount is added.
    pub group: Option<(u8, Code)>,
}

/// What is added up of parts: of those that are added to the figure, and of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listed {
    /// What they add to the figure, to its part if it is a ratio.
    pub part: i64,
    /// What they add to the whole of a ratio.
    pub whole: i64,
    /// The amounts of which the figure counts whether there are any.
    pub grouped: i64,
}

impl Listed {
    /// Adds a part.
    pub fn add(&mut self, part: &Part) {
        let Share { part: to_part, whole } = part.weight;
        if part.group.is_some() {
            self.grouped += part.amount * (to_part + whole);
        } else {
            self.part += part.amount * to_part;
            self.whole += part.amount * whole;
        }
    }
}

/// All parts of a figure, added up to it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    listed: Listed,
    groups: BTreeMap<(u8, Code), (Share, i64)>,
}

impl Tally {
    /// Adds a part.
    pub fn add(&mut self, part: &Part) {
        self.listed.add(part);
        if let Some(group) = &part.group {
            self.groups.entry(group.clone()).or_insert((part.weight, 0)).1 += part.amount;
        }
    }

    /// What was added.
    pub fn listed(&self) -> Listed {
        self.listed
    }

    /// What it comes to: a count, as a part without a whole, or a ratio.
    pub fn value(&self) -> Share {
        let Listed { part, whole, .. } = self.listed;
        let there = self.groups.values().filter(|(_, amount)| *amount > 0);
        there.fold(Share { part, whole }, |sum, (weight, _)| Share {
            part: sum.part + weight.part,
            whole: sum.whole + weight.whole,
        })
    }
}

impl Figure<'_> {
    /// The families whose timelines may be in it, in order.
    pub fn families(&self) -> BTreeSet<Family> {
        let every = || Family::ALL.iter().copied().filter(|family| *family != Family::Source);
        let mut families = BTreeSet::new();
        for measure in self.rule.measures() {
            match measure.family() {
                Some(family) => {
                    families.insert(family);
                }
                None => families.extend(every()),
            }
        }
        if self.rule.terms().any(|term| term.counted == Counted::Units) {
            families.insert(Family::Unit);
        }
        if let Rule::Declared { .. } = self.rule {
            families.insert(Family::Figure);
        }
        families
    }
}

/// The terms of a rule, each with its number and its weight.
fn weighted(rule: &Rule) -> impl Iterator<Item = (u8, &Term, Share)> {
    let (part, whole): (&[Term], &[Term]) = match rule {
        Rule::Sum(terms) => (terms, &[]),
        Rule::Ratio { part, whole } => (part, whole),
        Rule::Distinct(..) | Rule::Declared { .. } => (&[], &[]),
    };
    let sign = |term: &Term| if term.negative { -1 } else { 1 };
    let part = part.iter().map(move |term| (term, Share { part: sign(term), whole: 0 }));
    let whole = whole.iter().map(move |term| (term, Share { part: 0, whole: sign(term) }));
    (0..).zip(part.chain(whole)).map(|(number, (term, weight))| (number, term, weight))
}

const ONCE: Share = Share { part: 1, whole: 0 };

/// Days of which cells are read, and how often; if a field is named, only cells of the field.
struct Stretch<'a> {
    from: Day,
    to: Day,
    sign: i64,
    field: Option<&'a Code>,
}

impl<'r> Scope<'r> {
    /// The scope of all units that may have cells, whether or not they have.
    pub fn of_all(query: Query, registry: &'r Registry) -> Self {
        Self::new(query, registry, &registry.codes())
    }

    /// What the figure reads of the cells of this unit.
    pub fn reach(&self, figure: &Figure<'_>, unit: UnitCode) -> Reach {
        let mut spans = Vec::new();
        let Ok(place) = self.trees.codes.binary_search(&unit) else { return Reach::default() };
        for (number, term, weight) in weighted(figure.rule) {
            self.add_term(number, term, weight, figure.code, (unit, place), &mut spans);
        }
        match figure.rule {
            Rule::Distinct(kind, measures) => {
                for measure in measures {
                    let all = (*measure, Cells::Each(*kind), ONCE, Some(Grouped::ByCode));
                    self.add_spans(Reading::Flow, None, place, &all, &mut spans);
                }
            }
            Rule::Declared { indicator, .. } if self.shows(place) => spans.push(Span {
                measure: Measure::FigureDeclared,
                cells: Cells::Said(unit, Declaration::prefix(indicator), self.query.window),
                from: Day::MIN,
                to: Day::MAX,
                weight: ONCE,
                group: None,
            }),
            Rule::Sum(_) | Rule::Ratio { .. } | Rule::Declared { .. } => {}
        }
        let counts_units =
            unit.is_level_1() && figure.rule.terms().any(|term| term.counted == Counted::Units);
        Reach { spans, counts_units }
    }

    fn add_term(
        &self,
        number: u8,
        term: &Term,
        weight: Share,
        code: Option<(FacetKind, &str)>,
        (unit, place): (UnitCode, usize),
        spans: &mut Vec<Span>,
    ) {
        let Only { code: of_term, level } = &term.only;
        let cells = match (of_term, code) {
            (Some((kind, code)), _) => Cells::Of(*kind, code.clone()),
            (None, Some((kind, code))) => Cells::Of(kind, Code::from(code)),
            (None, None) => Cells::All,
        };
        match term.counted {
            Counted::Amounts(reading, measure) => {
                self.add_spans(reading, *level, place, &(measure, cells, weight, None), spans);
            }
            Counted::Units => {}
            Counted::UnitsWith(measure) => {
                if self.stands(place, *level) {
                    spans.push(Span {
                        measure,
                        cells,
                        from: Day::MIN,
                        to: self.days.to,
                        weight,
                        group: Some(Grouped::By(number, unit)),
                    });
                }
            }
        }
    }

    /// Whether a unit stands below the root on the last day, with this level.
    fn stands(&self, place: usize, level: Option<Level>) -> bool {
        let standing = self.trees.standing.get_or_init(|| self.standing());
        let found = standing.iter().find(|(held, ..)| *held == place);
        found.is_some_and(|(_, held, _)| level.is_none_or(|level| level == *held))
    }

    fn add_spans(
        &self,
        reading: Reading,
        level: Option<Level>,
        place: usize,
        (measure, cells, weight, group): &(Measure, Cells, Share, Option<Grouped>),
        spans: &mut Vec<Span>,
    ) {
        for Stretch { from, to, sign, field } in self.stretches(reading, level, place) {
            let cells = match (field, cells) {
                (None, cells) => cells.clone(),
                (Some(field), Cells::All | Cells::Each(FacetKind::Field)) => {
                    Cells::Of(FacetKind::Field, field.clone())
                }
                (Some(field), Cells::Of(FacetKind::Field, code)) if code == field => cells.clone(),
                // Cells of another facet do not say of which field they are.
                (Some(_), Cells::Of(..) | Cells::Each(_) | Cells::Said(..)) => continue,
            };
            let weight = Share { part: sign * weight.part, whole: sign * weight.whole };
            let group = group.clone();
            spans.push(Span { measure: *measure, cells, from, to, weight, group });
        }
    }

    /// The days of which a reading reads the cells of the unit at this place.
    fn stretches(&self, reading: Reading, level: Option<Level>, place: usize) -> Vec<Stretch<'_>> {
        let days = self.days;
        let last_level = || level.is_none() || self.last_level(place) == level;
        let stands_on = |day| level.is_none() || self.level_on(place, day) == level;
        let mut found = Vec::new();
        match reading {
            Reading::Flow => {
                let epochs = self.trees.epochs.iter().filter(|_| last_level());
                for epoch in epochs {
                    counted(&epoch.chains, place, epoch.window.from, epoch.window.to, &mut found);
                }
            }
            Reading::Opening => {
                let before = days.from.previous().filter(|day| stands_on(*day));
                if let Some(day) = before {
                    counted(&self.trees.opening, place, Day::MIN, day, &mut found);
                }
            }
            Reading::Closing => {
                let last = self.trees.epochs.last().filter(|_| stands_on(days.to));
                if let Some(last) = last {
                    counted(&last.chains, place, Day::MIN, days.to, &mut found);
                }
            }
            Reading::MovedIn | Reading::MovedOut => {
                let mut was = is_below(&self.trees.opening, place);
                for epoch in &self.trees.epochs {
                    let is = is_below(&epoch.chains, place);
                    let moved = if reading == Reading::MovedIn { is && !was } else { was && !is };
                    let to = epoch.window.from.previous().unwrap_or(Day::MIN);
                    if moved && last_level() {
                        found.push(Stretch { from: Day::MIN, to, sign: 1, field: None });
                    }
                    was = is;
                }
            }
        }
        found
    }

    /// What a timeline has in the figure, in order of what is counted and of day. `reach` is that of
    /// its unit; of the timeline what was known is given.
    pub fn parts(&self, figure: &Figure<'_>, reach: &Reach, timeline: &Timeline) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (recorded, contribution) in timeline.booked() {
            let mut weights: BTreeMap<Option<(u8, Code)>, Share> = BTreeMap::new();
            for span in reach.spans.iter().filter(|span| span.has(&contribution, recorded)) {
                let group = span.group.as_ref().map(|group| match group {
                    Grouped::ByCode => (0, Code::from(contribution.facet.code())),
                    Grouped::By(number, unit) => (*number, Code::from(unit.as_str())),
                });
                let weight = weights.entry(group).or_insert(Share { part: 0, whole: 0 });
                weight.part += span.weight.part;
                weight.whole += span.weight.whole;
            }
            let Contribution { measure, facet, day, amount } = &contribution;
            let counted = weights.into_iter().filter(|(_, w)| (w.part, w.whole) != (0, 0));
            parts.extend(counted.map(|(group, weight)| Part {
                measure: Some(*measure),
                facet: facet.clone(),
                day: *day,
                recorded,
                amount: *amount,
                weight,
                group,
            }));
        }
        parts.extend(self.unit_itself(figure, timeline));
        parts
    }

    /// The unit that the timeline is about, if the figure counts it.
    fn unit_itself(&self, figure: &Figure<'_>, timeline: &Timeline) -> Option<Part> {
        let code = timeline.entries().iter().find_map(|entry| {
            let Body::Unit(about) = &entry.statement.body else { return None };
            Some(about.code)
        })?;
        let place = self.trees.codes.binary_search(&code).ok()?;
        let mut weight = Share { part: 0, whole: 0 };
        for (_, term, of_term) in weighted(figure.rule) {
            if term.counted == Counted::Units && self.stands(place, term.only.level) {
                weight.part += of_term.part;
                weight.whole += of_term.whole;
            }
        }
        let recorded = timeline.entries().iter().map(|entry| entry.recorded).min()?;
        let facet = Facet::All;
        let day = self.days.to;
        let part = Part { measure: None, facet, day, recorded, amount: 1, weight, group: None };
        (part.weight != Share { part: 0, whole: 0 }).then_some(part)
    }

    /// What the parts of all timelines must come to, read from the cells. `book` is that of the
    /// code, if the figure is read for one.
    pub fn expected(&self, figure: &Figure<'_>, book: &Opened<'_>) -> Listed {
        let mut listed = Listed::default();
        let grouped = |term: &Term| matches!(term.counted, Counted::UnitsWith(_));
        for (_, term, weight) in weighted(figure.rule) {
            if grouped(term) {
                listed.grouped += (weight.part + weight.whole) * self.stocks(term, book);
                continue;
            }
            let plain = Term { negative: false, ..term.clone() };
            let Total(sum) = self.sum(&[plain], book, &mut Readings::default());
            listed.part += weight.part * sum;
            listed.whole += weight.whole * sum;
        }
        match figure.rule {
            Rule::Distinct(kind, measures) => {
                listed.grouped += self
                    .of_each_code::<Total>(*kind, measures, book)
                    .map(|Total(amount)| amount)
                    .sum::<i64>();
            }
            Rule::Declared { indicator, .. } => {
                let books = book.facets.get(&FacetKind::Declared);
                let place = |unit: &UnitCode| self.trees.codes.binary_search(unit).ok();
                listed.part += statements(books, Some(indicator), self.query.known)
                    .iter()
                    .filter(|said| said.concerns(self.query.window))
                    .filter(|said| place(&said.unit).is_some_and(|place| self.shows(place)))
                    .map(|said| said.times)
                    .sum::<i64>();
            }
            Rule::Sum(_) | Rule::Ratio { .. } => {}
        }
        listed
    }

    /// The stocks of the units that a term looks at, whether or not there is any.
    fn stocks(&self, term: &Term, book: &Opened<'_>) -> i64 {
        let Counted::UnitsWith(measure) = term.counted else { return 0 };
        let held = match &term.only.code {
            None => Some(book.book),
            Some((kind, code)) => book.facets.get(kind).and_then(|books| books.get(code)),
        };
        let stock = |place: usize| {
            let series = held?.unit(*self.trees.codes.get(place)?)?.series(measure)?;
            Some(series.up_to(self.days.to, self.query.known))
        };
        let level = term.only.level;
        let places = (0..self.trees.codes.len()).filter(|place| self.stands(*place, level));
        places.filter_map(stock).sum()
    }
}

impl Span {
    fn has(&self, contribution: &Contribution, recorded: Day) -> bool {
        let Contribution { measure, facet, day, amount } = contribution;
        if *measure != self.measure || *day < self.from || self.to < *day {
            return false;
        }
        match (&self.cells, facet) {
            (Cells::All, Facet::All) => true,
            (Cells::Of(kind, code), Facet::Of(of, held)) => kind == of && code == held,
            (Cells::Each(kind), Facet::Of(of, _)) => kind == of,
            (Cells::Said(unit, prefix, window), Facet::Of(FacetKind::Declared, code)) => {
                let declaration =
                    code.starts_with(prefix.as_str()).then(|| Declaration::parse(code));
                declaration.flatten().is_some_and(|declaration| {
                    let (unit, day, times) = (*unit, *day, *amount);
                    Statement { declaration, unit, day, recorded, times }.concerns(*window)
                })
            }
            (Cells::All | Cells::Of(..) | Cells::Each(_) | Cells::Said(..), _) => false,
        }
    }
}

fn is_below(chains: &Chains, place: usize) -> bool {
    let found = chains.units.binary_search_by_key(&place, |(held, _)| *held).ok();
    found.and_then(|at| chains.units.get(at)).is_some_and(|(_, chain)| !chain.is_empty())
}

/// What counts below the root in one tree: the rest, without the fields that have gone elsewhere,
/// and the fields that came.
fn counted<'a>(chains: &'a Chains, place: usize, from: Day, to: Day, found: &mut Vec<Stretch<'a>>) {
    if is_below(chains, place) {
        found.push(Stretch { from, to, sign: 1, field: None });
    }
    for detour in chains.detours.iter().filter(|detour| detour.place == place) {
        let field = Some(&detour.field);
        if !detour.from.is_empty() {
            found.push(Stretch { from, to, sign: -1, field });
        }
        if !detour.to.is_empty() {
            found.push(Stretch { from, to, sign: 1, field });
        }
    }
}
