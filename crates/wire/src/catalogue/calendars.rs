//! `calendars.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::calendar::{Calendar, DayRule, PeriodName, PeriodRule};

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: Spanned<String>,
    vi: String,
    en: String,
    period: Vec<PeriodRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodRow {
    name: Spanned<String>,
    from: Spanned<String>,
    to: Spanned<String>,
    deadline: Option<Spanned<String>>,
    reform_deadline: Option<Spanned<String>>,
    basis: String,
}

pub(super) fn read(rows: Vec<(Source<'_>, Row)>) -> Result<Vec<Calendar>, CatalogueError> {
    rows.into_iter().map(|(source, row)| calendar(&source, row)).collect()
}

fn calendar(source: &Source<'_>, row: Row) -> Result<Calendar, CatalogueError> {
    source.once(row.period.iter().map(|period| &period.name))?;
    let period = |row| period(source, row);
    Ok(Calendar {
        name: row.name.into_inner(),
        label_vi: row.vi,
        label_en: row.en,
        periods: row.period.into_iter().map(period).collect::<Result<_, _>>()?,
    })
}

fn period(source: &Source<'_>, row: PeriodRow) -> Result<PeriodRule, CatalogueError> {
    let day = |text: &Spanned<String>| source.value(text, "day rule", DayRule::parse);
    let optional = |text: Option<Spanned<String>>| text.as_ref().map(day).transpose();
    // A name that nobody can ask for is no name.
    let name = |name: &str| PeriodName::parse(&format!("2021-{name}")).map(|period| period.name);
    let (from, to) = (day(&row.from)?, day(&row.to)?);
    if from.day(2021) > to.day(2021) {
        return Err(source.error(&row.to.span(), "the period ends before it begins"));
    }
    Ok(PeriodRule {
        name: source.value(&row.name, "period name", name)?,
        from,
        to,
        deadline: optional(row.deadline)?,
        reform_deadline: optional(row.reform_deadline)?,
        basis: row.basis,
    })
}
