//! `indicators.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Counted, Indicator, Label, Nature, Reading, Rule, Term};
use tonghop_core::day::Day;
use tonghop_core::limits::CODE_BYTES_MAX;
use tonghop_core::measure::{FacetKind, Measure};

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: Spanned<String>,
    vi: String,
    en: String,
    counted_vi: String,
    counted_en: String,
    nature: Spanned<String>,
    sum: Option<Vec<Spanned<String>>>,
    distinct: Option<Spanned<String>>,
    of: Option<Vec<Spanned<String>>>,
    part: Option<Vec<Spanned<String>>>,
    whole: Option<Vec<Spanned<String>>>,
    declared: Option<Spanned<String>>,
    source: String,
    valid_from: Option<Spanned<String>>,
    valid_to: Option<Spanned<String>>,
}

pub(super) fn read(rows: Vec<(Source<'_>, Row)>) -> Result<Vec<Indicator>, CatalogueError> {
    rows.into_iter().map(|(source, row)| indicator(&source, row)).collect()
}

fn indicator(source: &Source<'_>, row: Row) -> Result<Indicator, CatalogueError> {
    let plain = |id: &str| is_plain(id).then_some(());
    source.value(&row.id, "id: 1 to 64 of a-z A-Z 0-9 . _ -", plain)?;
    let nature = source.known(&row.nature, "nature", Nature::parse, NATURES.iter().copied())?;
    let rule = rule(source, &row)?;
    if !agree(nature, &rule) {
        let problem = format!("what is read is no {}", nature.word());
        return Err(source.error(&row.nature.span(), problem));
    }
    let (valid_from, valid_to) = validity(source, &row)?;
    Ok(Indicator {
        valid_from,
        valid_to,
        id: row.id.into_inner(),
        label: Label { vi: row.vi, en: row.en },
        counted: Label { vi: row.counted_vi, en: row.counted_en },
        nature,
        rule,
        source: row.source,
    })
}

/// Whether the id can stand in a path, in a declaration and in a rule.
fn is_plain(id: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn rule(source: &Source<'_>, row: &Row) -> Result<Rule, CatalogueError> {
    if let Some(nature) = &row.declared {
        return declared(source, row, nature);
    }
    match (&row.sum, &row.distinct, &row.of, &row.part, &row.whole) {
        (Some(sum), None, None, None, None) => Ok(Rule::Sum(terms(source, sum)?)),
        (None, Some(facet), Some(of), None, None) => {
            let facets = FacetKind::ALL.iter().map(|kind| kind.word());
            let facet = source.known(facet, "facet", FacetKind::parse, facets)?;
            let kept = |word: &str| Measure::parse(word).filter(|held| held.is_kept_by(facet));
            let what = format!("measure that is kept by {}", facet.word());
            let measure = |text| source.known(text, &what, kept, measures());
            Ok(Rule::Distinct(facet, of.iter().map(measure).collect::<Result<_, _>>()?))
        }
        (None, None, None, Some(part), Some(whole)) => {
            Ok(Rule::Ratio { part: terms(source, part)?, whole: terms(source, whole)? })
        }
        _ => {
            let problem =
                "an indicator has a sum, or distinct and of, or part and whole, or declared";
            Err(source.error(&row.id.span(), problem))
        }
    }
}

/// An indicator that no system emits: `declared` says how its figure may be added.
fn declared(
    source: &Source<'_>,
    row: &Row,
    nature: &Spanned<String>,
) -> Result<Rule, CatalogueError> {
    let computed = [&row.sum, &row.of, &row.part, &row.whole].iter().any(|list| list.is_some());
    if computed || row.distinct.is_some() {
        let problem = "what is declared is not computed: leave the measures out";
        return Err(source.error(&nature.span(), problem));
    }
    let parse = |word: &str| Nature::parse(word).filter(|nature| *nature != Nature::Declared);
    let known = NATURES.iter().filter(|word| **word != Nature::Declared.word());
    let nature = source.known(nature, "nature", parse, known.copied())?;
    Ok(Rule::Declared { indicator: row.id.get_ref().clone(), nature })
}

fn validity(source: &Source<'_>, row: &Row) -> Result<(Option<Day>, Option<Day>), CatalogueError> {
    let day = |text: &Option<Spanned<String>>| {
        text.as_ref().map(|text| source.value(text, "day (YYYY-MM-DD)", Day::parse)).transpose()
    };
    let (from, to) = (day(&row.valid_from)?, day(&row.valid_to)?);
    match &row.valid_to {
        Some(text) if to < from => {
            Err(source.error(&text.span(), "valid_to lies before valid_from"))
        }
        Some(_) | None => Ok((from, to)),
    }
}

fn terms(source: &Source<'_>, texts: &[Spanned<String>]) -> Result<Vec<Term>, CatalogueError> {
    texts.iter().map(|text| term(source, text)).collect()
}

const NATURES: &[&str] = &[
    Nature::Flow.word(),
    Nature::Stock.word(),
    Nature::Distinct.word(),
    Nature::Ratio.word(),
    Nature::Declared.word(),
];

fn measures() -> impl Iterator<Item = &'static str> {
    Measure::ALL.iter().map(|measure| measure.word())
}

/// A term; if it is none, what is wrong in it: its reading, its measure, or what it is narrowed to.
fn term(source: &Source<'_>, text: &Spanned<String>) -> Result<Term, CatalogueError> {
    let written = text.get_ref();
    if let Some(term) = Term::parse(written) {
        return Ok(term);
    }
    let bare = written.trim_start_matches('-');
    let (counted, narrowed) = bare.split_once('[').map_or((bare, false), |(head, _)| (head, true));
    let part = |part: &str| Spanned::new(text.span(), part.to_owned());
    if let Some((reading, measure)) = counted.split_once(':') {
        if reading != "units_with" {
            let readings = ["flow", "opening", "closing", "moved_in", "moved_out", "units_with"];
            source.known(&part(reading), "reading", Reading::parse, readings.into_iter())?;
        }
        source.known(&part(measure), "measure", Measure::parse, measures())?;
    }
    let hint = if narrowed {
        "narrow it to [level=DEPARTMENT], or to one code of a facet that its measure is kept by, \
         such as [system=ioffice]"
    } else {
        "write reading:measure, such as flow:document.issued"
    };
    Err(source.error(&text.span(), format!("{written:?} is no term: {hint}")))
}

/// Whether something that is read like this may be added as the nature says.
fn agree(nature: Nature, rule: &Rule) -> bool {
    match (nature, rule) {
        (Nature::Flow, Rule::Sum(terms)) => terms.iter().all(|term| match term.counted {
            Counted::Amounts(reading, _) => !matches!(reading, Reading::Opening | Reading::Closing),
            Counted::Units | Counted::UnitsWith(_) => false,
        }),
        (Nature::Stock, Rule::Sum(_))
        | (Nature::Distinct, Rule::Distinct(..))
        | (Nature::Ratio, Rule::Ratio { .. })
        | (Nature::Declared, Rule::Declared { .. }) => true,
        (Nature::Flow | Nature::Stock | Nature::Distinct | Nature::Ratio | Nature::Declared, _) => {
            false
        }
    }
}
