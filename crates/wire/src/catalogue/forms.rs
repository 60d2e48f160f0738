//! `forms.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Form, Indicator, Label, Layout, Slot};
use tonghop_core::measure::FacetKind;

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    form: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Spanned<String>,
    vi: String,
    en: String,
    source: String,
    layout: Spanned<String>,
    slots: Vec<SlotRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotRow {
    key: Spanned<String>,
    indicator: Spanned<String>,
    vi: Option<String>,
    en: Option<String>,
}

pub(super) fn read(
    source: &Source<'_>,
    indicators: &[Indicator],
) -> Result<Vec<Form>, CatalogueError> {
    let file: File = source.parse()?;
    source.once(file.form.iter().map(|row| &row.id))?;
    file.form.into_iter().map(|row| form(source, row, indicators)).collect()
}

fn form(source: &Source<'_>, row: Row, indicators: &[Indicator]) -> Result<Form, CatalogueError> {
    source.once(row.slots.iter().map(|slot| &slot.key))?;
    let layout = source.value(&row.layout, "layout", layout)?;
    let slot = |slot| slot_of(source, slot, indicators, layout);
    Ok(Form {
        id: row.id.into_inner(),
        label: Label { vi: row.vi, en: row.en },
        source: row.source,
        layout,
        slots: row.slots.into_iter().map(slot).collect::<Result<_, _>>()?,
    })
}

fn slot_of(
    source: &Source<'_>,
    row: SlotRow,
    indicators: &[Indicator],
    layout: Layout,
) -> Result<Slot, CatalogueError> {
    let find = |id: &str| indicators.iter().position(|indicator| indicator.id == id);
    let indicator = source.value(&row.indicator, "indicator", find)?;
    if let (Layout::ByFacet(kind), Some(held)) = (layout, indicators.get(indicator))
        && !held.rule.can_be_read_by(kind)
    {
        let problem = format!("{:?} cannot be read by {}", held.id, kind.word());
        return Err(source.error(&row.indicator.span(), problem));
    }
    let known = indicators.get(indicator).map(|indicator| indicator.label.clone());
    let label = match (row.vi, row.en, known) {
        (Some(vi), Some(en), _) => Label { vi, en },
        (None, None, Some(known)) => known,
        _ => return Err(source.error(&row.key.span(), "a slot has vi and en, or neither")),
    };
    Ok(Slot { key: row.key.into_inner(), label, indicator })
}

fn layout(word: &str) -> Option<Layout> {
    match word {
        "by_unit" => Some(Layout::ByUnit),
        "list" => Some(Layout::List),
        _ => match FacetKind::parse(word.strip_prefix("by_")?)? {
            FacetKind::All | FacetKind::Anomaly => None,
            kind @ (FacetKind::Field
            | FacetKind::Procedure
            | FacetKind::Kind
            | FacetKind::System
            | FacetKind::Plan) => Some(Layout::ByFacet(kind)),
        },
    }
}
