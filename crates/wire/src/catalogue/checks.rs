//! `[[rule]]`: what must hold between figures.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Indicator, Label};
use tonghop_core::checks::{Check, Operand, Quantity, Relation, Severity, WhenMissing};

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: Spanned<String>,
    vi: String,
    en: String,
    left: Spanned<String>,
    op: Spanned<String>,
    right: Spanned<String>,
    when_missing: Spanned<String>,
    severity: Spanned<String>,
}

pub(super) fn read(
    rows: Vec<(Source<'_>, Row)>,
    indicators: &[Indicator],
) -> Result<Vec<Check>, CatalogueError> {
    rows.into_iter().map(|(source, row)| check(source, row, indicators)).collect()
}

fn check(source: Source<'_>, row: Row, indicators: &[Indicator]) -> Result<Check, CatalogueError> {
    let relation =
        |sign: &str| Relation::ALL.iter().copied().find(|relation| relation.sign() == sign);
    let severity =
        |word: &str| Severity::ALL.iter().copied().find(|severity| severity.word() == word);
    let when_missing = |word: &str| match word {
        "skip" => Some(WhenMissing::Skip),
        "zero" => Some(WhenMissing::Zero),
        _ => None,
    };
    let (left, right) =
        (side(source, &row.left, indicators)?, side(source, &row.right, indicators)?);
    if left.iter().chain(&right).all(|operand| operand.term.indicator().is_none()) {
        return Err(source.error(&row.left.span(), "a rule names an indicator"));
    }
    Ok(Check {
        left,
        right,
        relation: source.known(&row.op, "relation", relation, ["=", "<=", ">="].into_iter())?,
        when_missing: source.known(
            &row.when_missing,
            "way to take what is missing",
            when_missing,
            ["skip", "zero"].into_iter(),
        )?,
        severity: source.known(
            &row.severity,
            "severity",
            severity,
            Severity::ALL.iter().map(|severity| severity.word()),
        )?,
        id: row.id.into_inner(),
        label: Label { vi: row.vi, en: row.en },
    })
}

/// `a.b + whole(c.d) - e.f? - 1`: parts with `+` or `-` between blanks; `?` marks an optional one.
fn side(
    source: Source<'_>,
    text: &Spanned<String>,
    indicators: &[Indicator],
) -> Result<Vec<Operand>, CatalogueError> {
    let mut operands = Vec::new();
    let (mut negative, mut wants_term) = (false, true);
    for word in text.get_ref().split_whitespace() {
        match (word, wants_term) {
            ("+" | "-", false) => (negative, wants_term) = (word == "-", true),
            (_, true) => {
                let optional = word.strip_suffix('?');
                let term = term(source, text, optional.unwrap_or(word), indicators)?;
                operands.push(Operand { negative, optional: optional.is_some(), term });
                wants_term = false;
            }
            (_, false) => return Err(no_sum(source, text)),
        }
    }
    if wants_term { Err(no_sum(source, text)) } else { Ok(operands) }
}

fn no_sum(source: Source<'_>, text: &Spanned<String>) -> CatalogueError {
    let problem = format!(
        "{:?} is no sum: write parts with + or - between blanks, such as \"a.b + whole(c.d) + 1\"",
        text.get_ref()
    );
    source.error(&text.span(), problem)
}

fn term(
    source: Source<'_>,
    text: &Spanned<String>,
    word: &str,
    indicators: &[Indicator],
) -> Result<Quantity, CatalogueError> {
    if word.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = word.parse()
    {
        return Ok(Quantity::Number(number));
    }
    let of_whole = word.strip_prefix("whole(").and_then(|rest| rest.strip_suffix(')'));
    let id = Spanned::new(text.span(), of_whole.unwrap_or(word).to_owned());
    let find = |id: &str| indicators.iter().position(|indicator| indicator.id == id);
    let known = indicators.iter().map(|indicator| indicator.id.as_str());
    let place = source.known(&id, "indicator", find, known)?;
    Ok(if of_whole.is_some() { Quantity::Whole(place) } else { Quantity::Of(place) })
}
