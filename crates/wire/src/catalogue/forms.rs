//! `forms.toml`.

use serde::Deserialize;
use toml::Spanned;
use tonghop_core::catalogue::{Form, Indicator, Label, Layout, Nature, Slot};
use tonghop_core::measure::FacetKind;

use super::{CatalogueError, Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: Spanned<String>,
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
    rows: Vec<(Source<'_>, Row)>,
    indicators: &[Indicator],
) -> Result<Vec<Form>, CatalogueError> {
    rows.into_iter().map(|(source, row)| form(&source, row, indicators)).collect()
}

fn form(source: &Source<'_>, row: Row, indicators: &[Indicator]) -> Result<Form, CatalogueError> {
    source.once(row.slots.iter().map(|slot| &slot.key))?;
    if row.slots.is_empty() {
        return Err(source.error(&row.id.span(), "the form names no indicator"));
    }
    let layouts = ["by_unit", "by_field", "by_procedure", "by_kind", "list"];
    let layout = source.known(&row.layout, "layout", layout, layouts.into_iter())?;
    let by_code = matches!(layout, Layout::ByFacet(_));
    let slot = |slot| slot_of(source, slot, indicators, by_code);
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
    by_code: bool,
) -> Result<Slot, CatalogueError> {
    let find = |id: &str| indicators.iter().position(|indicator| indicator.id == id);
    let known = indicators.iter().map(|indicator| indicator.id.as_str());
    let indicator = source.known(&row.indicator, "indicator", find, known)?;
    let found = indicators.get(indicator);
    if by_code && found.is_some_and(|found| found.nature == Nature::Declared) {
        let problem = format!("{:?} is declared: it is not kept by code", row.indicator.get_ref());
        return Err(source.error(&row.indicator.span(), problem));
    }
    let known = found.map(|indicator| indicator.label.clone());
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
            FacetKind::All | FacetKind::Anomaly | FacetKind::Declared | FacetKind::Narrative => {
                None
            }
            kind @ (FacetKind::Field | FacetKind::Procedure | FacetKind::Kind) => {
                Some(Layout::ByFacet(kind))
            }
        },
    }
}
