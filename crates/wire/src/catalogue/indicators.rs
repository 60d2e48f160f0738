//! `indicators.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Counted, Indicator, Label, Nature, Reading, Rule, Term};
use tonghop_core::measure::{FacetKind, Measure};

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    indicator: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Spanned<String>,
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
    source: String,
}

pub(super) fn read(source: &Source<'_>) -> Result<Vec<Indicator>, CatalogueError> {
    let file: File = source.parse()?;
    source.once(file.indicator.iter().map(|row| &row.id))?;
    file.indicator.into_iter().map(|row| indicator(source, row)).collect()
}

fn indicator(source: &Source<'_>, row: Row) -> Result<Indicator, CatalogueError> {
    let nature = source.value(&row.nature, "nature", Nature::parse)?;
    let rule = rule(source, &row)?;
    if !agree(nature, &rule) {
        let problem = format!("what is read is no {}", nature.word());
        return Err(source.error(&row.nature.span(), problem));
    }
    Ok(Indicator {
        id: row.id.into_inner(),
        label: Label { vi: row.vi, en: row.en },
        counted: Label { vi: row.counted_vi, en: row.counted_en },
        nature,
        rule,
        source: row.source,
    })
}

fn rule(source: &Source<'_>, row: &Row) -> Result<Rule, CatalogueError> {
    match (&row.sum, &row.distinct, &row.of, &row.part, &row.whole) {
        (Some(sum), None, None, None, None) => Ok(Rule::Sum(terms(source, sum)?)),
        (None, Some(facet), Some(of), None, None) => {
            let facet = source.value(facet, "facet", FacetKind::parse)?;
            let kept = |word: &str| Measure::parse(word).filter(|held| held.is_kept_by(facet));
            let what = format!("measure that is kept by {}", facet.word());
            let measure = |text| source.value(text, &what, kept);
            Ok(Rule::Distinct(facet, of.iter().map(measure).collect::<Result<_, _>>()?))
        }
        (None, None, None, Some(part), Some(whole)) => {
            Ok(Rule::Ratio { part: terms(source, part)?, whole: terms(source, whole)? })
        }
        _ => {
            let problem = "an indicator has a sum, or distinct and of, or part and whole";
            Err(source.error(&row.id.span(), problem))
        }
    }
}

fn terms(source: &Source<'_>, texts: &[Spanned<String>]) -> Result<Vec<Term>, CatalogueError> {
    texts.iter().map(|text| source.value(text, "term", Term::parse)).collect()
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
        | (Nature::Ratio, Rule::Ratio { .. }) => true,
        (Nature::Flow | Nature::Stock | Nature::Distinct | Nature::Ratio, _) => false,
    }
}
