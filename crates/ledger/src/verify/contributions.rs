//! The timelines that a figure is made of: each contributes what the closing says, as the fold says
//! it anew, and together they are the value.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::catalogue::Rule;
use tonghop_core::cells::CellKey;
use tonghop_core::contribution::Contribution;
use tonghop_core::day::Day;
use tonghop_core::form::{Sources, figure, figure_of_code};
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::read::{Tree, Value};
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;

use super::needed::{Bundle, Needed};
use super::shown::Part;
use super::stream::{Stop, Stream, misshapen};
use super::verdict::{Check, Code, Made, Verdict};
use crate::bundle::Type;
use crate::closing::{hash, hex};
use crate::contributed::{Contributed, SILENT};
use crate::figure::{Plain, made_of, written};
use crate::tree::{Frontier, Hash, leaf_hash};

/// What figures are read from.
struct Cells<'b> {
    book: Book,
    facets: BTreeMap<FacetKind, FacetBooks>,
    plain: Option<Plain<'b>>,
}

impl<'b> Cells<'b> {
    fn new(needed: &Needed<'b>) -> Self {
        let rule = &needed.indicator.rule;
        let mut kinds: Vec<FacetKind> = rule.facets_read().map(|(kind, _)| kind).collect();
        kinds.extend(needed.id.facet.iter().map(|(kind, _)| *kind));
        if needed.id.tree != Tree::AsWas {
            kinds.push(FacetKind::Field);
        }
        if let Rule::Declared { .. } = rule {
            kinds.push(FacetKind::Declared);
        }
        Self {
            book: Book::default(),
            facets: kinds.into_iter().map(|kind| (kind, FacetBooks::default())).collect(),
            plain: Plain::of(rule, needed.id.facet.as_ref(), &needed.query),
        }
    }

    fn add(&mut self, unit: UnitCode, contribution: &Contribution) {
        let Contribution { measure, facet, day, amount } = contribution;
        // When something was recorded does not count for what is known in the end.
        let key = CellKey {
            unit,
            measure: *measure,
            facet: facet.clone(),
            day: *day,
            recorded: Day::MIN,
        };
        if let Facet::Of(kind, _) = facet {
            if let Some(books) = self.facets.get_mut(kind) {
                books.add(&key, *amount);
            }
        } else {
            self.book.add(&key, *amount);
        }
        if let Some(plain) = &mut self.plain {
            plain.add(contribution);
        }
    }

    fn value(&self, needed: &Needed<'_>, part: &Part) -> Value {
        let registry = part.refold.registry();
        let sources = Sources { registry, book: &self.book, facets: &self.facets };
        match &needed.id.facet {
            None => figure(needed.indicator, needed.query, sources),
            Some((kind, code)) => {
                figure_of_code(needed.indicator, needed.query, sources, *kind, code)
            }
        }
    }
}

/// Checks the timelines, and the value.
pub(super) fn check(
    stream: &mut Stream<'_, impl Read>,
    bundle: &Bundle,
    part: &Part,
    needed: Option<&Needed<'_>>,
    verdict: &mut Verdict,
) -> Result<(), Stop> {
    let mut cells = needed.map(Cells::new);
    let mut shown = BTreeSet::new();
    for line in &bundle.lines.contributions {
        let Some((unit, family, count, root)) = contributions(line) else {
            verdict.fail(Code::ListLine, format!("contributions: {line:?}"));
            continue;
        };
        let is_read = |needed: &Needed<'_>| {
            needed.units.binary_search(&unit).is_ok() && needed.families.contains(&family)
        };
        if !needed.is_none_or(is_read) {
            verdict.fail(Code::ListLine, format!("contributions: {line:?} is not needed"));
        }
        shown.insert((unit, family));
        let held = of_line(stream, (unit, family), part, cells.as_mut(), verdict)?;
        if held != (count, root) {
            let what = format!("{unit} {}: its timelines do not lead to the root", family.word());
            verdict.fail(Code::TimelineRoot, what);
        }
    }
    verdict.reach(Check::Timelines);
    let (Some(needed), Some(mut cells)) = (needed, cells) else { return Ok(()) };
    let root = made_of(bundle.lines.contributions.iter().map(String::as_str));
    if hex(&root) != needed.made_of {
        verdict.fail(Code::MadeOfOther, "the lines that are shown are not those it is made of");
    }
    for (unit, family) in part.refold.families() {
        let is_read =
            needed.units.binary_search(&unit).is_ok() && needed.families.contains(&family);
        if is_read && SILENT.contains(&family) {
            for (_, key) in part.refold.timelines(unit, family) {
                let timeline = part.refold.timeline(key);
                let all = timeline.map(|timeline| timeline.contributions()).unwrap_or_default();
                for contribution in &all {
                    cells.add(unit, contribution);
                }
            }
        } else if is_read && !shown.contains(&(unit, family)) && part.redacted.is_empty() {
            let what = format!("{unit} {}: the closing has no line", family.word());
            verdict.fail(Code::TimelineMissing, what);
        }
    }
    let value = written(cells.value(needed, part));
    if value != needed.value {
        let what = format!("{} was published, and {value} is read", needed.value);
        verdict.fail(Code::ValueOther, what);
    }
    let plain = cells.plain.map(Plain::value);
    if bundle.header.plain != plain.is_some_and(|plain| written(plain) == needed.value) {
        verdict.fail(Code::HeaderOther, "whether the value is a plain sum is said wrong");
    }
    verdict.read = Some(value);
    Ok(())
}

/// The timelines of one line: how many, and their root.
fn of_line(
    stream: &mut Stream<'_, impl Read>,
    (unit, family): (UnitCode, Family),
    part: &Part,
    mut cells: Option<&mut Cells<'_>>,
    verdict: &mut Verdict,
) -> Result<(u64, Hash), Stop> {
    let of = format!("{unit}\t{}", family.word());
    if stream.expect_text(Type::Timelines)? != of {
        let what = format!("the timelines of {of:?} have to stand here");
        return Err(Stop::Failed(Code::FormatOrder, what));
    }
    let mut folded = part.refold.timelines(unit, family).into_iter().peekable();
    let (mut tree, mut last, mut messages) = (Frontier::new(), 0, 0);
    // The positions of timelines that are taken as they are, for a message of theirs is no more.
    let mut given: BTreeSet<u64> = BTreeSet::new();
    let differs = |position: u64| format!("{unit} {}: the timeline from {position}", family.word());
    while let Some(bytes) = stream.take(Type::Contributed)? {
        tree.push(leaf_hash(&bytes));
        let leaf = Contributed::decode(&bytes)
            .map_err(|error| misshapen(Type::Contributed, &error.to_string()))?;
        let first = leaf.first();
        if first <= last {
            return Err(misshapen(Type::Contributed, "it is out of order"));
        }
        last = first;
        messages += leaf.positions.len();
        if leaf.positions.iter().any(|position| part.redacted.contains(position)) {
            given.extend(&leaf.positions);
        } else {
            while folded.next_if(|(_, key)| is_given(*key, part, &given)).is_some() {}
            let own = folded.next_if(|(held, _)| *held == first);
            let own = own.and_then(|(_, key)| Contributed::of(&part.refold.timeline(key)?));
            if own.as_ref() != Some(&leaf) {
                verdict.fail(Code::TimelineOther, differs(first));
            }
        }
        if let Some(cells) = cells.as_deref_mut() {
            leaf.contributions.iter().for_each(|contribution| cells.add(unit, contribution));
        }
    }
    if let Some((first, _)) = folded.find(|(_, key)| !is_given(*key, part, &given)) {
        verdict.fail(Code::TimelineMissing, differs(first));
    }
    let made = Made {
        unit: unit.to_string(),
        name: name(unit, part),
        family: family.word().to_owned(),
        timelines: tree.size(),
        messages: u64::try_from(messages).unwrap_or(u64::MAX),
    };
    verdict.made_of.push(made);
    Ok((tree.size(), tree.root()))
}

fn name(unit: UnitCode, part: &Part) -> String {
    let unit = part.refold.registry().get(unit);
    unit.map_or("", |unit| unit.name(unit.last_day(Day::MAX))).to_owned()
}

/// Whether a timeline is what is left of one that is taken as it is.
fn is_given(key: u128, part: &Part, given: &BTreeSet<u64>) -> bool {
    let timeline = part.refold.timeline(key);
    timeline.is_some_and(|timeline| {
        timeline.entries().iter().all(|entry| given.contains(&entry.position))
    })
}

fn contributions(line: &str) -> Option<(UnitCode, Family, u64, Hash)> {
    let mut fields = line.split('\t');
    let unit = UnitCode::parse(fields.next()?)?;
    let family = Family::parse(fields.next()?)?;
    let (count, root) = (fields.next()?.parse().ok()?, hash(fields.next()?)?);
    let line_again = crate::line::of_contributions(unit, family, count, &root);
    (line_again.strip_suffix('\n') == Some(line)).then_some((unit, family, count, root))
}
